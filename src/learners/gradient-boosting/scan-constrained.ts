import { gainOf, leastGain, outputOf } from './constraints.ts'
import { leastHessian } from './scan-free.ts'
import type { Candidate, Node, Packed, Search } from './split.ts'

/**
 * Walks one numeric feature's bins for its best question, where leaf values are not free: under l1, a step
 * limit, or bounds from monotone constraints. Gains are those of the values that the two leaves may take, and a split
 * whose values stand in the wrong order for the feature's direction is passed over.
 */
export function scanConstrained(
  best: Candidate,
  histogram: Float64Array,
  base: number,
  bins: number,
  feature: number,
  node: Node,
  { options, units, constraints }: Search,
): void {
  const { total, rows, lowest, highest } = node
  const { l2 } = options
  const missing = histogram[base]!
  const hessian = total - Math.floor(total)
  const least = leastHessian(options.minHessianLeaf * units.perHessian, options.minSamplesLeaf, hessian, rows)
  const direction = constraints.direction[feature]!
  const perGain = (units.perGradient * units.perGradient) / units.perHessian
  const gradientOf = (sum: Packed): number => Math.floor(sum) / units.perGradient
  const hessianOf = (sum: Packed): number => (sum - Math.floor(sum)) / units.perHessian
  const whole = outputOf(gradientOf(total), hessianOf(total), l2, options, lowest, highest)
  const unsplit = gainOf(gradientOf(total), hessianOf(total), l2, options, whole)
  const enough = leastGain(options, unsplit)

  const consider = (left: Packed, bin: number, missingLeft: boolean): void => {
    const share = left - Math.floor(left)
    if (share < least || share > hessian - least) return
    const [gl, hl] = [gradientOf(left), hessianOf(left)]
    const [gr, hr] = [gradientOf(total - left), hessianOf(total - left)]
    const wl = outputOf(gl, hl, l2, options, lowest, highest)
    const wr = outputOf(gr, hr, l2, options, lowest, highest)
    if (direction * (wr - wl) < 0) return
    const gain = gainOf(gl, hl, l2, options, wl) + gainOf(gr, hr, l2, options, wr) - unsplit
    // in single precision, so that mirror images are equal and the lower threshold stays
    if (!(gain > enough && Math.fround(gain * perGain) > Math.fround(best.gain))) return
    best.gain = gain * perGain
    best.feature = feature
    best.bin = bin
    best.missingLeft = missingLeft
    best.left = left
    best.set = []
    best.extraL2 = 0
  }
  let sum = 0
  for (let bin = 1; bin <= (missing === 0 ? bins - 1 : bins); bin++) {
    const cell = histogram[base + bin]!
    if (cell === 0) continue
    sum += cell
    consider(sum, bin, false)
    if (missing !== 0) consider(sum + missing, bin, true)
  }
}
