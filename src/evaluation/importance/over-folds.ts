import { addMoment, createMoments, variance } from '../../core/moments.ts'
import { studentQuantile } from '../../core/quantiles.ts'
import type { Estimate } from '../compare.ts'

/** Fewest folds for a mean over folds: with 2, Student's interval is 13 deviations wide. */
export const FOLDS_FOR_MEAN = 3
/** Fewest folds for a trend: a line through 3 or 4 points fits almost anything. */
export const FOLDS_FOR_TREND = 5

/** Mean over folds with Student's interval, and the standard deviation between folds; NaN folds are left out. */
export function meanOverFolds(
  values: readonly number[],
  coverage: number,
): { readonly mean: Estimate; readonly deviation: number } {
  const moments = createMoments()
  for (const value of values) if (!Number.isNaN(value)) addMoment(moments, value)
  const { n } = moments
  const deviation = Math.sqrt(variance(moments))
  const enough = n >= FOLDS_FOR_MEAN
  const half = enough ? (studentQuantile((1 - coverage) / 2, n - 1) * deviation) / Math.sqrt(n) : NaN
  const value = enough ? moments.mean : NaN
  return { mean: { value, low: value - half, high: value + half, have: n, needs: FOLDS_FOR_MEAN }, deviation }
}

/**
 * Slope of the least-squares line of values over the number of their fold, with Student's interval; NaN folds are left
 * out.
 */
export function trendOverFolds(values: readonly number[], coverage: number): Estimate {
  const points = values.map((value, fold) => ({ value, fold })).filter(({ value }) => !Number.isNaN(value))
  const n = points.length
  if (n < FOLDS_FOR_TREND) return { value: NaN, low: NaN, high: NaN, have: n, needs: FOLDS_FOR_TREND }
  const meanFold = points.reduce((sum, { fold }) => sum + fold, 0) / n
  const mean = points.reduce((sum, { value }) => sum + value, 0) / n
  let [square, product] = [0, 0]
  for (const { value, fold } of points) {
    square += (fold - meanFold) * (fold - meanFold)
    product += (fold - meanFold) * (value - mean)
  }
  const slope = product / square
  let rest = 0
  for (const { value, fold } of points) {
    const miss = value - mean - slope * (fold - meanFold)
    rest += miss * miss
  }
  const half = studentQuantile((1 - coverage) / 2, n - 2) * Math.sqrt(rest / (n - 2) / square)
  return { value: slope, low: slope - half, high: slope + half, have: n, needs: FOLDS_FOR_TREND }
}
