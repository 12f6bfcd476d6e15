import { sigmoid } from '../../core/math.ts'
import type { LeafStatistics } from './leaf-statistics.ts'

/** How a leaf turns what it has seen into a probability. */
export type LeafPrediction = 'majority' | 'naive-bayes' | 'adaptive'

/**
 * The most that a squared deviation counts, in variances: at 37 standard deviations a normal density leaves the range
 * of doubles. Values beyond it for both classes speak for neither.
 */
const FARTHEST = 1400

/** P(y = 1) in a leaf whose classes have the given weights. */
export function leafProbability(
  how: LeafPrediction,
  stats: LeafStatistics,
  leaf: number,
  x: Float64Array,
  negative: number,
  positive: number,
): number {
  return asksBayes(how, stats, leaf)
    ? bayesProbability(stats, leaf, x, negative, positive)
    : majorityProbability(negative, positive)
}

/** Whether a leaf answers by naive Bayes; an adaptive one does unless the majority was right more often. */
export function asksBayes(how: LeafPrediction, { bayesRight, majorityRight }: LeafStatistics, leaf: number): boolean {
  return how === 'adaptive' ? bayesRight[leaf]! >= majorityRight[leaf]! : how === 'naive-bayes'
}

/** P(y = 1) by the class weights alone; 0.5 while there are none. */
export function majorityProbability(negative: number, positive: number): number {
  const total = negative + positive
  return total > 0 ? positive / total : 0.5
}

/** P(y = 1) by Gaussian naive Bayes: the log-odds of the class weights plus the {@link evidence} of every value. */
export function bayesProbability(
  stats: LeafStatistics,
  leaf: number,
  x: Float64Array,
  negative: number,
  positive: number,
): number {
  if (!(negative > 0 && positive > 0)) return majorityProbability(negative, positive)
  let logOdds = Math.log(positive / negative)
  for (let f = 0; f < x.length; f++) logOdds += evidence(stats, leaf, x, f)
  return sigmoid(logOdds)
}

/**
 * What the value of feature `f` adds to the log-odds of class 1: the log of the ratio of the two classes' normal
 * densities. 0 where the value is missing, or where a class has no spread to go by: the density of one class alone
 * would depend on the feature's unit.
 */
export function evidence({ n, mean, m2 }: LeafStatistics, leaf: number, x: Float64Array, f: number): number {
  const value = x[f]!
  const i = 2 * leaf * x.length + f
  const j = i + x.length
  const variance0 = m2[i]! / (n[i]! - 1)
  const variance1 = m2[j]! / (n[j]! - 1)
  // with a weight up to 1 the variances come out as NaN or not above 0
  if (value !== value || !(variance0 > 0 && variance1 > 0)) return 0
  const ratio = variance0 / variance1
  if (!(ratio > 0 && ratio < Infinity)) return 0
  const from0 = value - mean[i]!
  const from1 = value - mean[j]!
  const far0 = Math.min((from0 * from0) / variance0, FARTHEST)
  const far1 = Math.min((from1 * from1) / variance1, FARTHEST)
  return 0.5 * (far0 - far1 + Math.log(ratio))
}
