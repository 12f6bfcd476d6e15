import { type Bins, binCount } from './binning.ts'
import { bestSet } from './categorical-split.ts'
import type { Constraints } from './constraints.ts'
import type { Matrix } from './histogram.ts'
import type { TreeOptions } from './options.ts'
import { scanConstrained } from './scan-constrained.ts'
import { scanFree } from './scan-free.ts'

/**
 * Sums over the rows of a node as they travel in histograms: gradients whole, hessians behind the point (see
 * histogram.ts). `Math.floor(sum)` is the gradient, the rest the hessian.
 */
export type Packed = number

/** The best question found so far about a feature or for a node; changed in place during the search. */
export type Candidate = {
  /** How much better than no split; in whatever unit, but the same for all of one tree's nodes. */
  gain: number
  /** -1 while nothing gains. */
  feature: number
  /** The last bin that goes left; of a set -1. */
  bin: number
  /** Whether missing values go left. */
  missingLeft: boolean
  /** What goes left. */
  left: Packed
  /** The bins that go left at a categorical question, else empty. */
  set: readonly number[]
  /** What is added to l2 in the leaves of a categorical question. */
  extraL2: number
}

/** What the search for a node's best question knows of the node. */
export type Node = {
  readonly total: Packed
  /** Rows, as counted. */
  readonly rows: number
  /** Bounds on the outputs below, from monotone constraints further up. */
  readonly lowest: number
  readonly highest: number
  /** Features asked for on the way here, where interactions are restricted. */
  readonly path: readonly number[]
}

/** What the search keeps at hand; made once a tree. */
export type Search = {
  readonly bins: Bins
  readonly matrix: Matrix
  /** Bins of each column of the matrix. */
  readonly counts: Int32Array
  /** Cells between two columns of a histogram. */
  readonly width: number
  readonly options: TreeOptions
  readonly constraints: Constraints
  /** What one gradient and one hessian in a histogram are worth. */
  readonly units: Units
}

/** What the whole numbers of a histogram stand for. */
export type Units = {
  /** A gradient of 1 is so many. */
  readonly perGradient: number
  /** A hessian of 1 is so much behind the point. */
  readonly perHessian: number
  /** The option l2 behind the point, rounded so that sums with it stay exact. */
  readonly lambda: number
}

/** A candidate that any split beats. */
export function noCandidate(): Candidate {
  return { gain: 0, feature: -1, bin: 0, missingLeft: false, left: 0, set: [], extraL2: 0 }
}

/**
 * Finds the best question for a node in its histogram; `feature` is -1 in the result where none gains enough.
 *
 * With leaf values -G / (H + λ), the value of cutting a node in two is
 *
 *     gain = GL² / (HL + λ) + GR² / (HR + λ) - G² / (H + λ)
 *
 * Every feature's bins are walked once from low to high, with the missing values tried on the right and on the left.
 * Equal gains fall to the lower feature, then the lower threshold, then missing values on the right. Where a node has no
 * missing values, later ones go with the majority.
 *
 * @see T. Chen, C. Guestrin (2016), "XGBoost: a scalable tree boosting system", KDD
 */
export function findSplit(histogram: Float64Array, node: Node, search: Search): Candidate {
  const { bins, matrix, counts, width, constraints } = search
  let best = noCandidate()
  let own = noCandidate()
  const scan = constraints.free ? scanFree : scanConstrained
  for (let c = 0; c < matrix.columns.length; c++) {
    const feature = matrix.columns[c]!
    if (counts[c]! < 2 || !constraints.allows(node.path, feature)) continue
    const base = c * width
    own.gain = 0
    own.feature = -1
    if (bins.columns[feature]!.categories) bestSet(own, histogram, base, counts[c]!, feature, node, search)
    else scan(own, histogram, base, counts[c]! - 1, feature, node, search, best.gain)
    if (isBetter(own, best)) [best, own] = [own, best]
  }
  if (best.feature >= 0 && best.set.length === 0) settleMissing(best, histogram, node, search)
  return best
}

/**
 * Whether a feature's best question is better than that of a feature before it. Gains are compared in single precision:
 * what differs less is equal but for rounding, and the lower feature stays, in whatever order and by whichever thread
 * the two were found.
 */
export function isBetter(later: Candidate, earlier: Candidate): boolean {
  return later.feature >= 0 && Math.fround(later.gain) > Math.fround(earlier.gain)
}

/** Decides where missing values go that this node has not seen. */
function settleMissing(
  best: Candidate,
  histogram: Float64Array,
  { total }: Node,
  { bins, matrix, width }: Search,
): void {
  const missing = histogram[matrix.columns.indexOf(best.feature) * width]!
  if (missing === 0) {
    const left = best.left - Math.floor(best.left)
    const all = total - Math.floor(total)
    best.missingLeft = 2 * left >= all
  } else if (!best.missingLeft && best.left + missing === total) {
    // a question about missingness alone must hold for values that this node has not seen
    best.bin = binCount(bins.columns[best.feature]!) - 1
  }
}
