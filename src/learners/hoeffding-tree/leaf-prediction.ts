import { sigmoid } from '../../core/math.ts'
import type { Layout } from './layout.ts'
import { categoryCell, type LeafStatistics } from './leaf-statistics.ts'
import type { LeafPrediction } from './options.ts'

/**
 * The most that a squared deviation counts, in variances: at 37 standard deviations a normal density leaves the range
 * of doubles. Values beyond it for both classes speak for neither.
 */
export const FARTHEST = 1400

/** Ratios of densities are multiplied while they and their product stay in this range, so that one logarithm does. */
export const SMALLEST = 1e-100
export const LARGEST = 1e100

/** P(y = 1) in a leaf whose classes have the given weights. */
export function leafProbability(
  how: LeafPrediction,
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  x: Float64Array,
  negative: number,
  positive: number,
): number {
  return negative > 0 && positive > 0 && asksBayes(how, stats, place)
    ? sigmoid(bayesLogOdds(layout, stats, place, x, negative, positive))
    : majorityProbability(negative, positive)
}

/**
 * Whether a leaf answers by naive Bayes; an adaptive one does unless the majority was right more often, and one without
 * statistics never.
 */
export function asksBayes(how: LeafPrediction, { bayesRight, majorityRight }: LeafStatistics, place: number): boolean {
  if (place < 0) return false
  return how === 'adaptive' ? bayesRight[place]! >= majorityRight[place]! : how === 'naive-bayes'
}

/** P(y = 1) by the class weights alone; 0.5 while there are none. */
export function majorityProbability(negative: number, positive: number): number {
  const total = negative + positive
  return total > 0 ? positive / total : 0.5
}

/**
 * The log-odds of class 1 by naive Bayes: those of the class weights, both above 0, plus what every value adds, the log
 * of the ratio of the two classes' densities. These are normal, or of a nominal feature (n + ½) / (N + 1) where n of
 * its N known values were the category (the estimate of Krichevsky and Trofimov). 0 where the value is missing or a
 * class has no spread to go by: the density of one class alone would depend on the feature's unit. O(features).
 */
export function bayesLogOdds(
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  x: Float64Array,
  negative: number,
  positive: number,
): number {
  return Math.log(positive / negative) + evidence(layout, stats, place, x, 0, stats.used[place]!)
}

/** What the values in the slots from `from` to `to` add to the log-odds. */
export function evidence(
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  x: Float64Array,
  from: number,
  to: number,
): number {
  const { cells, feature } = stats
  const { slots, width, nominals } = layout
  const first = place * slots
  const stride = slots * width
  let i = (2 * first + from) * width
  // of all features whose values are all known the weights are the same, and so what is divided by them
  let n0 = 0
  let n1 = 0
  let per0 = 0
  let per1 = 0
  let squares = 0
  let product = 1
  let logs = 0
  for (let slot = first + from; slot < first + to; slot++, i += width) {
    const f = feature[slot]!
    const value = x[f]!
    if (value !== value) continue
    let ratio: number
    if (nominals > 0 && layout.nominalAt[f]! >= 0) {
      const at = categoryCell(layout, place, 0, f, value)
      const other = at + nominals * layout.categories
      const { categories } = stats
      const share1 = (categories[other]! + 0.5) / (cells[i + stride]! + 1)
      ratio = share1 / ((categories[at]! + 0.5) / (cells[i]! + 1))
      ratio *= ratio
    } else {
      const j = i + stride
      if (cells[i] !== n0) {
        n0 = cells[i]!
        per0 = 1 / (n0 - 1)
      }
      if (cells[j] !== n1) {
        n1 = cells[j]!
        per1 = 1 / (n1 - 1)
      }
      const variance0 = cells[i + 2]! * per0
      const variance1 = cells[j + 2]! * per1
      // with a weight up to 1 the variances come out as NaN or not above 0
      if (!(variance0 > 0 && variance1 > 0)) continue
      ratio = variance0 / variance1
      if (!(ratio > 0 && ratio < Infinity)) continue
      const from0 = value - cells[i + 1]!
      const from1 = value - cells[j + 1]!
      const far0 = (from0 * from0) / variance0
      const far1 = (from1 * from1) / variance1
      squares += (far0 < FARTHEST ? far0 : FARTHEST) - (far1 < FARTHEST ? far1 : FARTHEST)
    }
    if (ratio > SMALLEST && ratio < LARGEST) product *= ratio
    else if (ratio > 0 && ratio < Infinity) logs += Math.log(ratio)
    if (!(product > SMALLEST && product < LARGEST)) {
      logs += Math.log(product)
      product = 1
    }
  }
  return 0.5 * (squares + logs + Math.log(product))
}
