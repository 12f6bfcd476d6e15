import { HESSIAN_UNIT } from './histogram.ts'
import { sumOf, sumOfMagnitudes } from './partition.ts'
import type { Units } from './split.ts'
import { partOf, type Team } from './team.ts'

/** Gradients add up to no more than this in magnitude, so that 53 bits hold any sum. */
const MOST_GRADIENTS = 1 / HESSIAN_UNIT
/** Hessians, and l2 on both sides of a split, stay below a half. */
const MOST_HESSIANS = MOST_GRADIENTS / 2

/**
 * Rounds the derivatives of the given rows to whole numbers and writes each row's pair into one double, for histograms.
 *
 * The scales are powers of two, chosen so that all gradients together, and all hessians, just fit: with 10,000 rows a
 * gradient keeps 12 bits beside its sign, with a million 5, which is finer than the 4 bits at which the accuracy of
 * boosting begins to suffer. Leaf values come from the unrounded derivatives.
 *
 * @see Y. Shi et al. (2022), "Quantized training of gradient boosting decision trees", NeurIPS
 */
export function packDerivatives(
  g: Float64Array,
  h: Float64Array,
  rows: Int32Array,
  count: number,
  l2: number,
  packed: Float64Array,
  team: Team,
): Units {
  // nobody writes while another member still reads the last tree's
  team.meet()
  const gradients = sumOfMagnitudes(g, rows, count)
  const hessians = sumOf(h, rows, 0, count)
  // rounding may add a half to each
  const perGradient = scaleFor(gradients, MOST_GRADIENTS - count)
  const hessianUnits = scaleFor(hessians + 2 * l2, MOST_HESSIANS - count)
  const [start, end] = partOf(team, count)
  pack(g, h, rows, start, end, perGradient, hessianUnits, packed)
  team.meet()
  const lambda = Math.floor(l2 * hessianUnits + 0.5) * HESSIAN_UNIT
  return { perGradient, perHessian: hessianUnits * HESSIAN_UNIT, lambda }
}

function pack(
  g: Float64Array,
  h: Float64Array,
  rows: Int32Array,
  start: number,
  end: number,
  perGradient: number,
  hessianUnits: number,
  packed: Float64Array,
): void {
  for (let i = start; i < end; i++) {
    const row = rows[i]!
    packed[row] = Math.floor(g[row]! * perGradient + 0.5) + Math.floor(h[row]! * hessianUnits + 0.5) * HESSIAN_UNIT
  }
}

/** The largest power of two that brings `sum` to no more than `most`; 1 for sums of 0. */
function scaleFor(sum: number, most: number): number {
  let scale = 1
  if (!(sum > 0)) return scale
  while (sum * scale > most) scale /= 2
  while (sum * scale * 2 <= most) scale *= 2
  return scale
}
