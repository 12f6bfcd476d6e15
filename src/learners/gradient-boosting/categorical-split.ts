import { gainOf, leastGain, outputOf } from './constraints.ts'
import { leastHessian } from './scan-free.ts'
import type { Candidate, Node, Packed, Search } from './split.ts'

/** Up to so many bins each category is tried against all others, as in LightGBM ("max_cat_to_onehot"). */
const MOST_ONE_AGAINST_REST = 4
/** Rows added to each category's share when categories are put in order, so that rare ones stay in the middle. */
const SMOOTHING = 10
/** More l2 for sets of categories, which have many ways to fit noise. */
export const SET_L2 = 10
/** Categories in the smaller set, at most. */
const MOST_IN_SET = 32
/** Rows by which a set must grow before it is worth another look, and which the other side must keep. */
const LEAST_IN_GROUP = 100

/**
 * Looks for the set of one feature's categories that makes its best question.
 *
 * Among two groups of categories the best by squared error is always a cut through the list that is sorted by mean. So
 * categories are sorted by G / (H + smoothing) and the list is cut from both ends; few categories are tried one by one.
 * Bin 0, missing and rare values, always goes right. The constants are LightGBM's defaults.
 *
 * @see W. D. Fisher (1958), "On grouping for maximum homogeneity", JASA 53
 */
export function bestSet(
  best: Candidate,
  histogram: Float64Array,
  base: number,
  bins: number,
  feature: number,
  node: Node,
  search: Search,
): void {
  const { options, units } = search
  const { total, rows } = node
  const hessian = total - Math.floor(total)
  const least = leastHessian(options.minHessianLeaf * units.perHessian, options.minSamplesLeaf, hessian, rows)
  const rowsOf = (sum: Packed): number => Math.round(((sum - Math.floor(sum)) * rows) / hessian)
  const offer = offerer(best, feature, node, search)

  if (bins <= MOST_ONE_AGAINST_REST) {
    for (let b = 1; b < bins; b++) {
      const left = histogram[base + b]!
      const share = left - Math.floor(left)
      if (share >= least && hessian - share >= least) offer(left, [b], 0)
    }
    return
  }
  const order: number[] = []
  for (let b = 1; b < bins; b++) if (rowsOf(histogram[base + b]!) >= SMOOTHING) order.push(b)
  const smoothing = SMOOTHING * units.perHessian
  const level = (b: number): number => {
    const sum = histogram[base + b]!
    const g = Math.floor(sum)
    return g / (sum - g + smoothing)
  }
  order.sort((a, b) => level(a) - level(b) || a - b)
  for (const from of [order, order.slice().reverse()]) {
    let left = 0
    let fresh = 0
    const most = Math.min(MOST_IN_SET, Math.floor((order.length + 1) / 2))
    for (let i = 0; i < most; i++) {
      const sum = histogram[base + from[i]!]!
      left += sum
      fresh += rowsOf(sum)
      const share = left - Math.floor(left)
      if (share < least) continue
      if (hessian - share < least || rows - rowsOf(left) < LEAST_IN_GROUP) break
      if (fresh < LEAST_IN_GROUP) continue
      fresh = 0
      offer(left, from.slice(0, i + 1), SET_L2)
    }
  }
}

/** Weighs a set that goes left and takes it where it is better. */
function offerer(best: Candidate, feature: number, { total, lowest, highest }: Node, { options, units }: Search) {
  const perGain = (units.perGradient * units.perGradient) / units.perHessian
  const score = (sum: Packed, l2: number): number => {
    const g = Math.floor(sum) / units.perGradient
    const h = (sum - Math.floor(sum)) / units.perHessian
    return gainOf(g, h, l2, options, outputOf(g, h, l2, options, lowest, highest))
  }
  const unsplit = score(total, options.l2)
  const enough = leastGain(options, unsplit)
  return (left: Packed, set: readonly number[], extraL2: number): void => {
    const l2 = options.l2 + extraL2
    const gain = score(left, l2) + score(total - left, l2) - unsplit
    if (!(gain > enough && Math.fround(gain * perGain) > Math.fround(best.gain))) return
    best.gain = gain * perGain
    best.feature = feature
    best.bin = -1
    best.missingLeft = false
    best.left = left
    best.set = [...set].sort((a, b) => a - b)
    best.extraL2 = extraL2
  }
}
