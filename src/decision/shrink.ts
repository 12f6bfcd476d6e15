import { clamp } from '../core/math.ts'
import type { Plan } from '../market.ts'
import { largest, resize } from './apply-limits.ts'

/**
 * A share of a plan between another stop and target, made so small that no more is lost at the new stop than at the old one:
 *
 *     size'  = size share min(1, distance / distance')
 *
 * Size, quantity, and what each of them loses at the stop are at most what they were, exactly, in floating point. So
 * whatever limits the plan obeyed, it still does. Anything but a share from 0 to 1 counts as the nearer of the two, and what
 * is no number as 0. Pure, O(1).
 */
export function shrink(
  plan: Plan,
  { stop, target }: Pick<Plan, 'stop' | 'target'>,
  share: number,
  equity: number,
): Plan {
  const { price, size, quantity } = plan
  const before = Math.abs(price - plan.stop)
  const after = Math.abs(price - stop)
  const wished = size * clamp(share || 0, 0, 1)
  const sized = largest(after > before ? wished * (before / after) : wished, (s) => s * after <= size * before)
  const smaller = resize({ ...plan, stop, target }, sized, equity, [])
  const units = largest(Math.min(smaller.quantity, quantity), (q) => q * after <= quantity * before)
  // what is too small for a number is no order
  return units > 0 ? { ...smaller, quantity: units } : resize(smaller, 0, equity, [])
}
