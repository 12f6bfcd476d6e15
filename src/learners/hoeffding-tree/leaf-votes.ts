import type { Grown, Kernel } from './growth.ts'
import { asksBayes, FARTHEST, LARGEST, SMALLEST } from './leaf-prediction.ts'
import { categoryCell } from './leaf-statistics.ts'

/** Scratch paper of one number a class; nothing learnt. */
export type Votes = {
  /** Twice the log of what speaks for a class, up to a common summand; then its probability. */
  readonly shares: Float64Array
  /** Of the feature in hand the variance, 0 where a class has no spread to go by. */
  readonly variances: Float64Array
  /** Products of variances that wait for their logarithm, so that one does for many. */
  readonly products: Float64Array
}

/** Scratch paper for so many classes. */
export function createVotes(classes: number): Votes {
  const numbers = (): Float64Array => new Float64Array(classes)
  return { shares: numbers(), variances: numbers(), products: numbers() }
}

/** Leaves the probability of each class at a leaf in `votes.shares`, and returns them. O(features x classes). */
export function sharesAt(kernel: Kernel, grown: Grown, leaf: number, x: Float64Array, votes: Votes): Float64Array {
  const { tree, leaves } = grown
  const { classes } = kernel.layout
  const { shares } = votes
  if (!asksBayes(kernel.options.leafPrediction, leaves, tree.place[leaf]!) || !isMixed(tree.counts, classes, leaf)) {
    return majorityShares(tree.counts, classes, leaf, shares)
  }
  weighEvidence(kernel, grown, leaf, x, votes)
  let most = -Infinity
  for (let c = 0; c < classes; c++) if (shares[c]! > most) most = shares[c]!
  let total = 0
  for (let c = 0; c < classes; c++) total += shares[c] = Math.exp(0.5 * (shares[c]! - most))
  for (let c = 0; c < classes; c++) shares[c]! /= total
  return shares
}

/**
 * Keeps the score of majority and naive Bayes where a leaf chooses between the two; in an empty leaf the majority gets
 * the point. As `scoreLeaf`, for any number of classes.
 */
export function scoreVotes(
  kernel: Kernel,
  grown: Grown,
  leaf: number,
  x: Float64Array,
  y: number,
  weight: number,
  votes: Votes,
): void {
  const { tree, leaves } = grown
  const { classes } = kernel.layout
  const at = tree.place[leaf]!
  if (at < 0 || kernel.options.leafPrediction === 'majority') return
  const first = classes * leaf
  let total = 0
  let heaviest = 0
  for (let c = 0; c < classes; c++) {
    total += tree.counts[first + c]!
    if (tree.counts[first + c]! > tree.counts[first + heaviest]!) heaviest = c
  }
  const empty = total === 0
  if (heaviest === y || empty) leaves.majorityRight[at]! += weight
  if (empty) return
  let likeliest = heaviest
  if (isMixed(tree.counts, classes, leaf)) {
    const { shares } = votes
    weighEvidence(kernel, grown, leaf, x, votes)
    likeliest = 0
    for (let c = 1; c < classes; c++) if (shares[c]! > shares[likeliest]!) likeliest = c
  }
  if (likeliest === y) leaves.bayesRight[at]! += weight
}

/** Whether a node has seen two classes or more. */
function isMixed(counts: Float64Array, classes: number, node: number): boolean {
  let present = 0
  for (let c = 0; c < classes; c++) if (counts[classes * node + c]! > 0) present++
  return present > 1
}

/** The shares of the classes in the weight of a node; equal ones while there is none. */
export function majorityShares(counts: Float64Array, classes: number, node: number, out: Float64Array): Float64Array {
  const first = classes * node
  let total = 0
  let most = 0
  for (let c = 0; c < classes; c++) {
    const n = counts[first + c]!
    total += n
    if (n > most) most = n
  }
  if (total > 0 && total < Infinity) {
    for (let c = 0; c < classes; c++) out[c] = counts[first + c]! / total
    return out
  }
  // no weight yet, or more than doubles hold: the heaviest share alike
  let heaviest = 0
  for (let c = 0; c < classes; c++) if (counts[first + c] === most) heaviest++
  for (let c = 0; c < classes; c++) out[c] = counts[first + c] === most ? 1 / heaviest : 0
  return out
}

/**
 * Twice the log of each class's weight times the densities of the values in it, by naive Bayes as in `bayesLogOdds`;
 * -Infinity for classes that the leaf has not seen. The leaf must have seen two.
 *
 * A class without a spread in a feature is taken to look like the others together there, so that it gains and loses
 * nothing by it: one row of a rare class silences no feature, and for two classes the feature is left out.
 */
function weighEvidence(kernel: Kernel, grown: Grown, leaf: number, x: Float64Array, votes: Votes): void {
  const { layout } = kernel
  const { classes, slots, width, nominals } = layout
  const { counts, place } = grown.tree
  const { cells, categories, feature, used } = grown.leaves
  const { shares, variances, products } = votes
  const at = place[leaf]!
  const own = classes * leaf
  const stride = slots * width
  const perClass = nominals * layout.categories
  for (let c = 0; c < classes; c++) {
    // weights beyond doubles must not make one of two infinities
    shares[c] = 2 * Math.log(Math.min(counts[own + c]!, Number.MAX_VALUE))
    products[c] = 1
  }

  for (let slot = 0; slot < used[at]!; slot++) {
    const f = feature[at * slots + slot]!
    const value = x[f]!
    if (value !== value) continue
    let i = (at * classes * slots + slot) * width

    if (nominals > 0 && layout.nominalAt[f]! >= 0) {
      let cell = categoryCell(layout, at, 0, f, value)
      for (let c = 0; c < classes; c++, i += stride, cell += perClass) {
        const share = (cells[i]! + 1) / (categories[cell]! + 0.5)
        multiply(votes, c, share * share)
      }
      continue
    }

    let seen = 0
    let sighted = 0
    for (let c = 0, j = i; c < classes; c++, j += stride) {
      const variance = cells[j + 2]! / (cells[j]! - 1)
      // with a weight up to 1 it comes out as NaN or not above 0
      const hasSpread = counts[own + c]! > 0 && variance > 0 && variance < Infinity
      variances[c] = hasSpread ? variance : 0
      if (counts[own + c]! > 0) seen++
      if (hasSpread) sighted++
    }
    // what only one class can tell tells nothing
    if (sighted < 2) continue
    if (sighted < seen) addBlindly(kernel, grown, leaf, i, value, votes)
    for (let c = 0; c < classes; c++, i += stride) {
      const variance = variances[c]!
      if (variance === 0) continue
      const from = value - cells[i + 1]!
      const far = (from * from) / variance
      shares[c]! -= far < FARTHEST ? far : FARTHEST
      multiply(votes, c, variance)
    }
  }
  for (let c = 0; c < classes; c++) shares[c]! -= Math.log(products[c]!)
}

/** Takes the log of a factor off twice the log of what speaks for a class, now or later. */
function multiply({ shares, products }: Votes, c: number, factor: number): void {
  if (factor > SMALLEST && factor < LARGEST) products[c]! *= factor
  // weights beyond doubles make no factor
  else if (factor > 0 && factor < Infinity) shares[c]! -= Math.log(factor)
  if (products[c]! > SMALLEST && products[c]! < LARGEST) return
  shares[c]! -= Math.log(products[c]!)
  products[c] = 1
}

/** Gives the classes without a spread the density that the others have together, by their weights. */
function addBlindly(
  { layout }: Kernel,
  { tree, leaves }: Grown,
  leaf: number,
  first: number,
  value: number,
  { shares, variances }: Votes,
): void {
  const { classes, slots, width } = layout
  const { cells } = leaves
  const { counts } = tree
  // a running sum of e^(log - most), anew at every greater one
  let most = -Infinity
  let sum = 0
  let weights = 0
  for (let c = 0, i = first; c < classes; c++, i += slots * width) {
    const variance = variances[c]!
    if (variance === 0) continue
    const from = value - cells[i + 1]!
    const far = (from * from) / variance
    const log = -0.5 * ((far < FARTHEST ? far : FARTHEST) + Math.log(variance))
    const weight = Math.min(counts[classes * leaf + c]!, Number.MAX_VALUE / classes)
    weights += weight
    if (log > most) {
      sum *= Math.exp(most - log)
      most = log
    }
    sum += weight * Math.exp(log - most)
  }
  const mean = most + Math.log(sum / weights)
  for (let c = 0; c < classes; c++) {
    if (variances[c] === 0 && counts[classes * leaf + c]! > 0) shares[c]! += 2 * mean
  }
}
