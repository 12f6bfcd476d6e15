import { clamp, sigmoid } from '../../core/math.ts'
import {
  type Committee,
  type Kernel,
  LEAST_HESSIAN,
  leavePlace,
  mostOf,
  placeWidth,
  TOTALS,
  takePlace,
} from './committee.ts'
import { areRough, borderAfter, type FeatureBins, rebin } from './feature-bins.ts'

/** What is kept of a memory's loss from one row to the next: the last 200 rows or so decide which one is asked. */
const FADE_MEMORY = 0.995
/** The same for the two trees that a stage has while it is renewed: 500 rows. */
const FADE_TREE = 0.998
/** Rows on either side of a split, at least: as River's trees. */
const LEAST_ROWS = 5
/** Share of a leaf's sum of squares below which what is left is rounding. */
const ROUNDING = 1e-10

/** The leaf of a tree that `x` falls into, counted over all trees; missing values go left. O(depth). */
export function leafOf({ feature, threshold, child }: Committee, from: number, x: Float64Array): number {
  let node = from
  while (feature[node]! >= 0) {
    const left = from + child[node]!
    node = x[feature[node]!]! > threshold[node]! ? left + 1 : left
  }
  return node
}

/** The sum of the stages' answers. O(stages x depth). */
export function scoreOf({ options, room, memories }: Kernel, committee: Committee, x: Float64Array): number {
  const { order, choice, memory } = committee
  const { stages, learningRate, l2 } = options
  let score = 0
  for (let m = 0; m < stages; m++) {
    const slot = order[m]!
    const at = 2 * (leafOf(committee, slot * room, x) * memories + choice[slot]!)
    const hessian = memory[at + 1]! + l2
    if (hessian > 0) score += (learningRate * memory[at]!) / hessian
  }
  return score
}

/**
 * Teaches every stage what those before it leave over, and the tree that grows beside one of them. The row's bins stand in
 * the kernel. O(stages x (depth + features)), and O(features x bins) for each attempt to split.
 */
export function boost(
  kernel: Kernel,
  committee: Committee,
  bins: FeatureBins,
  x: Float64Array,
  y: number,
  weight: number,
): void {
  const { options, slice, room, memories, rowDecays, codes } = kernel
  const { stages, learningRate, l2, gracePeriod, task, bins: width } = options
  const { order, choice, missed, memory, totals, place, slices, losses, renewing } = committee
  const binary = task === 'binary'
  const rival = options.renewEvery < Infinity ? order[stages]! : -1
  let score = 0
  for (let m = 0; m < stages; m++) {
    // what is left over
    const p = binary ? sigmoid(score) : 0
    const hessian = binary ? Math.max(p * (1 - p), LEAST_HESSIAN) : 1
    const gradient = y - (binary ? p : score)
    const z = gradient / hessian
    const h = weight * hessian
    const g = weight * gradient

    const own = order[m]!
    for (let slot = own; ; slot = rival) {
      const node = leafOf(committee, slot * room, x)

      // which memory foresaw it best?
      let best = 0
      let least = Infinity
      let answer = 0
      for (let k = 0; k < memories; k++) {
        const at = 2 * (node * memories + k)
        const before = memory[at + 1]! + l2
        const miss = z - (before > 0 ? memory[at]! / before : 0)
        if (k === choice[slot]!) {
          const which = slot === own ? 0 : 1
          if (m === renewing) losses[which] = FADE_TREE * losses[which]! + h * miss * miss
        }
        const loss = FADE_MEMORY * missed[slot * memories + k]! + h * miss * miss
        missed[slot * memories + k] = loss
        memory[at] = memory[at]! * rowDecays[k]! + g
        memory[at + 1] = memory[at + 1]! * rowDecays[k]! + h
        if (loss < least) {
          least = loss
          best = k
          const after = memory[at + 1]! + l2
          answer = after > 0 ? memory[at]! / after : 0
        }
      }
      choice[slot] = best
      if (slot === own) score += learningRate * answer

      // take it in
      const at = place[node]!
      if (at >= 0) {
        const sum = node * TOTALS
        totals[sum] = totals[sum]! + weight
        totals[sum + 1] = totals[sum + 1]! + h
        totals[sum + 2] = totals[sum + 2]! + g
        totals[sum + 3] = totals[sum + 3]! + g * z
        const { sums } = committee
        const first = slot * slice
        let bin = at * slice * width
        for (let j = 0; j < slice; j++, bin += width) {
          const i = 2 * (bin + codes[slices[first + j]!]!)
          sums[i] = sums[i]! + h
          sums[i + 1] = sums[i + 1]! + g
        }
        if (totals[sum]! - totals[sum + 4]! >= gracePeriod) tryToSplit(kernel, committee, bins, slot, node)
      }
      if (m !== renewing || rival < 0 || slot !== own) break
    }
  }
}

/** Searches the split of a leaf that leaves least over, and splits where it is good enough. */
function tryToSplit(kernel: Kernel, committee: Committee, bins: FeatureBins, slot: number, node: number): void {
  const { slice, options } = kernel
  const { bins: width, confidence, task } = options
  const { totals, slices, place, sums } = committee
  const sum = node * TOTALS
  const rows = totals[sum]!
  const allHessian = totals[sum + 1]!
  const allGradient = totals[sum + 2]!
  totals[sum + 4] = rows
  const squares = totals[sum + 3]!
  const spread = squares - (allGradient * allGradient) / allHessian
  // of gains that count: half of them times the spread of one row is what the log-likelihood wins; that spread is 1 for
  // probabilities that are right, more where they are not, and has to be estimated for values
  if (!(spread > ROUNDING * squares)) return
  const perRow = task === 'binary' ? Math.max(1, spread / rows) : spread / rows
  let bestGain = -2 * Math.log(confidence) * perRow
  let bestFeature = -1
  let bestCode = 0
  let leftHessian = 0
  let leftGradient = 0
  const base = (allGradient * allGradient) / allHessian
  const share = LEAST_ROWS / rows
  for (let j = 0; j < slice; j++) {
    let h = 0
    let g = 0
    const first = 2 * (place[node]! * slice + j) * width
    for (let c = 0; c < width - 1; c++) {
      const more = sums[first + 2 * c]!
      if (!(more > 0)) continue
      h += more
      g += sums[first + 2 * c + 1]!
      const rest = allHessian - h
      if (h < share * allHessian) continue
      if (rest < share * allHessian) break
      const gain = (g * g) / h + ((allGradient - g) * (allGradient - g)) / rest - base
      if (gain > bestGain) {
        bestGain = gain
        bestFeature = slices[slot * slice + j]!
        bestCode = c
        leftHessian = h
        leftGradient = g
      }
    }
  }
  if (bestFeature < 0) return
  split(kernel, committee, slot, node, bestFeature, borderAfter(bins, width, bestFeature, bestCode))
  const left = slot * kernel.room + committee.child[node]!
  inherit(kernel, committee, node, left, leftHessian / allHessian, leftGradient / leftHessian)
  const rightHessian = allHessian - leftHessian
  inherit(kernel, committee, node, left + 1, rightHessian / allHessian, (allGradient - leftGradient) / rightHessian)
}

/** Turns a leaf into a branch; a tree that is full gives up its histograms. */
function split(
  kernel: Kernel,
  committee: Committee,
  slot: number,
  node: number,
  feature: number,
  threshold: number,
): void {
  const from = slot * kernel.room
  const left = committee.nodes[slot]!
  committee.feature[node] = feature
  committee.threshold[node] = threshold
  committee.child[node] = left
  committee.nodes[slot] = left + 2
  committee.leaves[slot]!++
  leavePlace(committee, node)
  if (committee.leaves[slot]! < kernel.options.maxLeaves) {
    takePlace(kernel, committee, from + left)
    takePlace(kernel, committee, from + left + 1)
  } else for (let i = from; i < from + left; i++) leavePlace(committee, i)
}

/** Starts a leaf with its share of the branch's memories, and the mean of what the branch saw on its side. */
function inherit(
  { memories, options }: Kernel,
  { memory }: Committee,
  node: number,
  to: number,
  share: number,
  mean: number,
): void {
  const most = mostOf(options)
  const answer = clamp(mean, -most, most)
  for (let k = 0; k < memories; k++) {
    const hessian = memory[2 * (node * memories + k) + 1]! * share
    memory[2 * (to * memories + k)] = hessian * answer
    memory[2 * (to * memories + k) + 1] = hessian
  }
}

/** Carries all histograms over to a feature's new borders; those by the first, rough ones start anew. */
export function moveBorders(
  kernel: Kernel,
  committee: Committee,
  bins: FeatureBins,
  moved: number,
  old: Float64Array,
  low: number,
  high: number,
): void {
  const { slice, room, options, scratch } = kernel
  const { slices, nodes, place, sums } = committee
  const width = options.bins
  const fresh = bins.borders.subarray(moved * (width - 2), (moved + 1) * (width - 2))
  for (let slot = 0; slot < nodes.length; slot++) {
    const j = slices.subarray(slot * slice, (slot + 1) * slice).indexOf(moved)
    if (j < 0) continue
    for (let node = slot * room; node < slot * room + nodes[slot]!; node++) {
      if (place[node]! < 0) continue
      const at = place[node]! * placeWidth(kernel)
      const from = at + 2 * j * width
      if (areRough(bins)) {
        sums.fill(0, at, at + placeWidth(kernel))
        committee.totals.fill(0, node * TOTALS, (node + 1) * TOTALS)
      } else rebin(sums, from, 2, 2, old, fresh, low, high, scratch)
    }
  }
}
