import { wilsonEnds } from '../core/wilson.ts'
import type { ScoredWindow } from './scored-window.ts'

/** Where bins are cut: so that each holds the same weight, or into equal ranges of probability. */
export type Binning = 'equal-count' | 'equal-width'

/** One point of the reliability diagram. */
export type ReliabilityBin = {
  /** Mean prediction in the bin. */
  readonly predicted: number
  /** Share of 1s in the bin. */
  readonly observed: number
  /** Sum of the weights in the bin: the number of observations where all weigh 1. */
  readonly count: number
  /** Ends of the Wilson interval that should hold the true share of 1s. */
  readonly low: number
  readonly high: number
}

/** The parts that a Brier score is made of. */
export type BrierParts = {
  /** Mean squared gap between a bin's mean prediction and its share of 1s; 0 is perfectly calibrated. */
  readonly reliability: number
  /** Mean squared gap between the bins' shares of 1s and that of all; larger is better. */
  readonly resolution: number
  /** Variance of the labels: what nobody can do anything about. */
  readonly uncertainty: number
  /** What bins hide: `spread` less twice the `covariance`. */
  readonly within: number
  /** Variance of predictions within their bins. */
  readonly spread: number
  /** Covariance of predictions and labels within their bins: skill that the bins are too coarse to show. */
  readonly covariance: number
  /** The mean squared error itself: reliability - resolution + uncertainty + within. */
  readonly brier: number
}

/** Sums of one bin; `squares` are those of weights. */
type Sums = { predicted: number; ones: number; count: number; squares: number }

/** What falls into each bin, and into which each prediction of the window falls. */
export type Binned = { readonly sums: readonly Sums[]; readonly binOf: Uint32Array; readonly total: number }

/**
 * Cuts a window's predictions into bins, given their ascending `order`. Equal predictions stay together. O(window + bins).
 *
 * Ranges of equal width hold their lower end, the last one also its upper.
 */
export function binScored(
  { predictions, labels, weights, size }: ScoredWindow,
  order: Uint32Array,
  bins: number,
  binning: Binning,
): Binned {
  let total = 0
  for (let i = 0; i < size; i++) total += weights[i]!

  const sums = Array.from({ length: bins }, (): Sums => ({ predicted: 0, ones: 0, count: 0, squares: 0 }))
  const binOf = new Uint32Array(size)
  let below = 0
  for (let first = 0; first < size; ) {
    // one group of equal predictions at a time
    const prediction = predictions[order[first]!]!
    let weight = 0
    let ones = 0
    let squares = 0
    let end = first
    for (; end < size && predictions[order[end]!] === prediction; end++) {
      const at = order[end]!
      weight += weights[at]!
      squares += weights[at]! * weights[at]!
      if (labels[at] === 1) ones += weights[at]!
    }
    // by weight it goes where its middle falls
    const bin =
      binning === 'equal-width'
        ? rangeOf(prediction, bins)
        : Math.min(bins - 1, Math.floor((bins * (below + weight / 2)) / total))
    for (; first < end; first++) binOf[order[first]!] = bin
    below += weight
    const sum = sums[bin]!
    sum.predicted += weight * prediction
    sum.ones += ones
    sum.count += weight
    sum.squares += squares
  }
  return { sums, binOf, total }
}

/** The range of equal width that a probability falls into, to the bit: the product may round it across a border. */
function rangeOf(prediction: number, bins: number): number {
  const bin = Math.min(bins - 1, Math.floor(prediction * bins))
  if (bin + 1 < bins && prediction >= (bin + 1) / bins) return bin + 1
  return prediction < bin / bins ? bin - 1 : bin
}

/** The points of the diagram, ascending; bins that nothing fell into are left out. */
export function reliabilityBins({ sums }: Binned, z: number): ReliabilityBin[] {
  return sums
    .filter(({ count }) => count > 0)
    .map(({ predicted, ones, count, squares }) => {
      const observed = ones / count
      // as many equal weights as would say as much: L. Kish (1965), "Survey Sampling"
      const n = (count / squares) * count
      const [low, high] = wilsonEnds(observed, n, z)
      return { predicted: predicted / count, observed, count, low, high }
    })
}

/** The parts of the Brier score by these bins, each summed up on its own. O(window + bins). */
export function brierPartsOf(
  { predictions, labels, weights, size }: ScoredWindow,
  { sums, binOf, total }: Binned,
): BrierParts {
  let ones = 0
  let brier = 0
  let spread = 0
  let covariance = 0
  for (let i = 0; i < size; i++) {
    const [p, y, weight] = [predictions[i]!, labels[i]!, weights[i]!]
    const sum = sums[binOf[i]!]!
    const off = p - sum.predicted / sum.count
    ones += weight * y
    brier += weight * (p - y) * (p - y)
    spread += weight * off * off
    covariance += weight * off * (y - sum.ones / sum.count)
  }
  const base = ones / total
  let reliability = 0
  let resolution = 0
  for (const sum of sums) {
    if (sum.count === 0) continue
    const [predicted, observed] = [sum.predicted / sum.count, sum.ones / sum.count]
    reliability += sum.count * (predicted - observed) * (predicted - observed)
    resolution += sum.count * (observed - base) * (observed - base)
  }
  return {
    reliability: reliability / total,
    resolution: resolution / total,
    uncertainty: base * (1 - base),
    within: (spread - 2 * covariance) / total,
    spread: spread / total,
    covariance: covariance / total,
    brier: brier / total,
  }
}
