import { normalCdf } from '../../core/math.ts'
import type { LeafStatistics } from './leaf-statistics.ts'

/** The best split of a leaf, written over by every search. */
export type Candidate = {
  /** Feature and threshold of the best split; -1 where nothing can be split. */
  feature: number
  threshold: number
  /** Information gain of the best split, and of the best split on another feature, in bits. */
  gain: number
  runnerUp: number
  /** Estimated class weights at and below the threshold, and above it. */
  left0: number
  left1: number
  right0: number
  right1: number
}

/** No split yet. */
export function createCandidate(): Candidate {
  return { feature: -1, threshold: 0, gain: 0, runnerUp: 0, left0: 0, left1: 0, right0: 0, right1: 0 }
}

/** Hoeffding's bound ε = sqrt(R² ln(1/δ) / 2n): the mean of n numbers of range R strays farther with probability δ. */
export function hoeffdingBound(range: number, confidence: number, n: number): number {
  return Math.sqrt((range * range * Math.log(1 / confidence)) / (2 * n))
}

/** Entropy of two class weights, in bits. */
export function entropy(a: number, b: number): number {
  const total = a + b
  if (!(a > 0 && b > 0)) return 0
  return (total * Math.log2(total) - a * Math.log2(a) - b * Math.log2(b)) / total
}

/**
 * Finds the best split of a leaf: for every feature, `thresholds` evenly spaced points inside its range are tried,
 * with the class weights on both sides read off the classes' normal distributions. Of equal gains the lower feature
 * wins, then the lower threshold.
 *
 * A feature's gain is what it tells about the observations where it was known, times their share of all.
 *
 * O(features x thresholds).
 */
export function findSplit(
  stats: LeafStatistics,
  leaf: number,
  features: number,
  thresholds: number,
  minBranchFraction: number,
  best: Candidate,
): void {
  const { n, min, max, arrived } = stats
  best.feature = -1
  best.gain = 0
  best.runnerUp = 0
  for (let f = 0; f < features; f++) {
    const i = 2 * leaf * features + f
    const j = i + features
    const n0 = n[i]!
    const n1 = n[j]!
    const total = n0 + n1
    if (total === 0) continue

    // candidate thresholds lie evenly inside the range of both classes
    const low = n1 === 0 ? min[i]! : n0 === 0 ? min[j]! : Math.min(min[i]!, min[j]!)
    const high = n1 === 0 ? max[i]! : n0 === 0 ? max[j]! : Math.max(max[i]!, max[j]!)
    const step = (high - low) / (thresholds + 1)

    // the one that leaves the least entropy
    let least = Infinity
    let at = 0
    for (let k = 1; k <= thresholds; k++) {
      const threshold = low + step * k
      if (!(low < threshold && threshold < high)) continue
      const left0 = weightUpTo(stats, i, threshold)
      const left1 = weightUpTo(stats, j, threshold)
      const left = left0 + left1
      const right = total - left
      if (!(left > minBranchFraction * total && right > minBranchFraction * total)) continue
      const remaining = (left * entropy(left0, left1) + right * entropy(n0 - left0, n1 - left1)) / total
      if (remaining < least) {
        least = remaining
        at = threshold
      }
    }
    if (least === Infinity) continue

    // first and second place
    const gain = (entropy(n0, n1) - least) * Math.min(1, total / arrived[leaf]!)
    if (gain > best.gain) {
      best.runnerUp = best.gain
      best.gain = gain
      best.feature = f
      best.threshold = at
    } else if (gain > best.runnerUp) best.runnerUp = gain
  }
  if (best.feature < 0) return

  // the class weights that the children start with
  const i = 2 * leaf * features + best.feature
  const j = i + features
  best.left0 = weightUpTo(stats, i, best.threshold)
  best.left1 = weightUpTo(stats, j, best.threshold)
  best.right0 = n[i]! - best.left0
  best.right1 = n[j]! - best.left1
}

/** Estimated weight of one class at and below a threshold: exact outside its range, by its normal distribution inside. */
function weightUpTo({ n, mean, m2, min, max }: LeafStatistics, i: number, threshold: number): number {
  const weight = n[i]!
  if (weight === 0 || threshold < min[i]!) return 0
  if (threshold >= max[i]!) return weight
  // weights below 1 can add up to less than the one degree of freedom that the mean takes
  const variance = m2[i]! / (weight > 1 ? weight - 1 : weight)
  return weight * normalCdf((threshold - mean[i]!) / Math.sqrt(variance))
}
