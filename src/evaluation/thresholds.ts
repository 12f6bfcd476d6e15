import { studentQuantile } from '../core/quantiles.ts'
import type { Estimate } from './compare.ts'
import type { Dataset } from './dataset.ts'
import { overlappingMean } from './overlap.ts'
import type { OutOfSample } from './validate.ts'

/** What would have come of taking only signals from a probability on. */
export type ThresholdPoint = {
  readonly threshold: number
  /** Share of the signals that is taken. */
  readonly coverage: number
  /** Share of those that won. */
  readonly precision: Estimate
  /** Mean net return of those. */
  readonly expectancy: Estimate
}

/** Trades below which a figure about trades is not given. */
const FLOOR = 20
/** Points of a sweep: every twentieth of the signals. */
const POINTS = 20

/**
 * How coverage is bought with precision: thresholds from the lowest predicted probability up, each with what it would have
 * taken and what came of it.
 *
 * The thresholds are the twentieths of the predictions, so that each step leaves out about as many signals. Intervals
 * respect labels that overlap. The best point of a sweep is the best of twenty looks: choose a threshold here, and it
 * must prove itself on signals that are not in it.
 *
 * O(points x rows).
 */
export function sweepThresholds(
  predictions: readonly OutOfSample[],
  { times, labelEnds }: Pick<Dataset, 'times' | 'labelEnds'>,
  coverage = 0.95,
): readonly ThresholdPoint[] {
  const sorted = predictions.map(({ p }) => p).sort((a, b) => a - b)
  const cuts = Array.from({ length: POINTS }, (_, i) => sorted[Math.floor((i * sorted.length) / POINTS)]!)
  return [...new Set(cuts)]
    .filter((threshold) => threshold !== undefined)
    .map((threshold) => {
      const taken = predictions.filter(({ p }) => p >= threshold)
      const mean = (of: (prediction: OutOfSample) => number): Estimate => {
        const values = taken.map(of)
        const centre = values.reduce((sum, value) => sum + value, 0) / values.length
        const have = taken.length
        if (have < FLOOR) return { value: NaN, low: NaN, high: NaN, have, needs: FLOOR }
        const { error, spans } = overlappingMean(
          values.map((value) => value - centre),
          taken.map(({ row }) => times[row]!),
          taken.map(({ row }) => labelEnds[row]!),
        )
        const half = spans < 2 ? NaN : error * studentQuantile((1 - coverage) / 2, spans - 1)
        return { value: centre, low: centre - half, high: centre + half, have, needs: FLOOR }
      }
      return {
        threshold,
        coverage: taken.length / predictions.length,
        precision: mean(({ y }) => y),
        expectancy: mean(({ netReturn }) => netReturn),
      }
    })
}
