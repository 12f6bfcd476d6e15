import { studentQuantile } from '../../core/quantiles.ts'
import type { Interval } from '../../market.ts'
import { MIN_BLOCKS } from '../block-bootstrap.ts'
import { overlappingMean } from '../overlap.ts'

/** A value with the interval that should hold the truth; the interval is NaN where too little fits side by side. */
export type MeanValue = Interval & {
  readonly value: number
  /** Standard error. */
  readonly error: number
}

/**
 * The mean of one value a row, whose error counts two of them together while the labels of both are open: what one move of
 * the market does to five open trades is one piece of evidence. O(n log n).
 */
export function meanValue(
  values: Float64Array,
  times: ArrayLike<number>,
  labelEnds: ArrayLike<number>,
  coverage: number,
): MeanValue {
  const value = averageOf(values)
  const { error, spans } = overlappingMean(
    values.map((one) => one - value),
    times,
    labelEnds,
  )
  const half = spans < MIN_BLOCKS ? NaN : error * studentQuantile((1 - coverage) / 2, spans - 1)
  return { value, low: value - half, high: value + half, coverage, error }
}

/** The mean; NaN of nothing. */
export function averageOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
