import { corrupt } from './check-sums.ts'

/**
 * A weighted mean of losses, as plain data: two sums of numbers of at least 0.
 *
 * Nothing cancels, so it keeps its digits where a running mean loses some: when a heavy weight follows light ones.
 */
export type Losses = { loss: number; total: number }

/** No losses yet. */
export function createLosses(): Losses {
  return { loss: 0, total: 0 }
}

/** Takes in one loss. O(1). */
export function addLoss(losses: Losses, loss: number, weight: number): void {
  losses.loss += weight * loss
  losses.total += weight
}

/** The mean; NaN of none. */
export function meanLoss({ loss, total }: Losses): number {
  return total > 0 ? loss / total : NaN
}

/** More than all weights can add up to: 2^53 of the largest, 1e50. */
const LARGEST_TOTAL = 1e66
/** Share that rounding may have added. */
const SLACK = 1e-9

/** Throws unless sums that were read back are those of losses from 0 to `most`. */
export function checkLosses(losses: Losses, most: number): Losses {
  const { loss, total } = losses
  if (!(total >= 0 && total <= LARGEST_TOTAL)) corrupt('total', `a sum of weights up to ${LARGEST_TOTAL}`, total)
  const limit = most * total * (1 + SLACK)
  if (!(loss >= 0 && loss <= limit)) corrupt('loss', `from 0 to ${limit}`, loss)
  return losses
}
