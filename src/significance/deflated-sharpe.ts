import { finite, nonNegative } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp, normalQuantile } from '../core/math.ts'
import { checkTrials } from './check-series.ts'
import { probabilisticSharpeRatio, type SharpeMoments } from './sharpe-ratio.ts'

/** Euler and Mascheroni's constant, from the mean of a largest normal number. */
const EULER = 0.5772156649015329

/**
 * The Sharpe ratio that the best of `trials` without skill shows on average.
 *
 *     sqrt(variance) ((1 - g) q(1 - 1 / N) + g q(1 - 1 / (N e)))
 *
 * with q the normal quantile, g = 0.5772... and `variance` that of the trials' Sharpe ratios. The best of 100 on a year
 * of daily returns, whose Sharpe ratios have variance 1/252 a day, comes to 2.5 a year. Below 2 trials there was no
 * choice, and it is 0; fractions are fine, as {@link effectiveTrials} gives them.
 *
 * @see D. H. Bailey, M. López de Prado (2014), "The deflated Sharpe ratio", Journal of Portfolio Management 40
 *
 * @example
 * ```ts
 * expectedMaximumSharpe(100, 0.004) // 0.16 a period
 * ```
 */
export function expectedMaximumSharpe(trials: number, variance: number): number {
  atLeastOne('trials', trials)
  nonNegative('variance', variance, 'INVALID_INPUT')
  if (trials < 2) return 0
  const typical = (1 - EULER) * normalQuantile(1 - 1 / trials) + EULER * normalQuantile(1 - 1 / (trials * Math.E))
  return Math.sqrt(variance) * typical
}

/**
 * The probability that the true Sharpe ratio lies above what the best of so many trials shows without any skill.
 *
 *     DSR = PSR(expected maximum of N trials)
 *
 * Count every trial that was looked at, also those of last week. Alike trials count less: {@link effectiveTrials}.
 *
 * @param variance variance of the trials' Sharpe ratios, a period as these are
 * @see D. H. Bailey, M. López de Prado (2014), "The deflated Sharpe ratio", Journal of Portfolio Management 40
 *
 * @example
 * ```ts
 * deflatedSharpeRatio(sharpeRatio(best), effectiveTrials(trials.length, meanCorrelation(trials)), 0.004) // 0.80
 * ```
 */
export function deflatedSharpeRatio(estimate: SharpeMoments, trials: number, variance: number): number {
  return probabilisticSharpeRatio(estimate, expectedMaximumSharpe(trials, variance))
}

/**
 * Independent trials that offer as much choice as `trials` whose returns are correlated.
 *
 *     N = r + (1 - r) M        r mean correlation, kept from 0 to 1, M trials
 *
 * @see D. H. Bailey, M. López de Prado (2014), "The deflated Sharpe ratio", Journal of Portfolio Management 40
 */
export function effectiveTrials(trials: number, meanCorrelation: number): number {
  atLeastOne('trials', trials)
  const r = clamp(finite('meanCorrelation', meanCorrelation, 'INVALID_INPUT'), 0, 1)
  return r + (1 - r) * trials
}

/**
 * The mean correlation of all pairs of series. One that never moves is correlated with none, and counts as 0.
 *
 * Sums the standardised series period by period, so that M series of T values cost O(M T), not O(M² T). 0 for one
 * series.
 *
 * @throws `NOT_ENOUGH_DATA` for no series, `INVALID_INPUT` for series of different length or values that are not finite
 */
export function meanCorrelation(trials: readonly ArrayLike<number>[]): number {
  checkTrials(trials)
  const m = trials.length
  if (m === 1) return 0
  const together = new Float64Array(trials[0]!.length)
  let moving = 0
  for (const series of trials) {
    const unit = unitOf(series)
    if (unit === undefined) continue
    moving++
    for (let t = 0; t < together.length; t++) together[t]! += unit[t]!
  }
  // |sum of unit vectors|² = their number + twice the sum of correlations of pairs
  let square = 0
  for (const sum of together) square += sum * sum
  return (square - moving) / (m * (m - 1))
}

/** The series about its mean, of length 1; `undefined` where it never moves. */
function unitOf(series: ArrayLike<number>): Float64Array | undefined {
  let mean = 0
  for (let t = 0; t < series.length; t++) mean += (series[t]! - mean) / (t + 1)
  const gaps = Float64Array.from(series, (value) => value - mean)
  const scale = gaps.reduce((most, gap) => Math.max(most, Math.abs(gap)), 0)
  // what is left of equal numbers is rounding
  if (!(scale > 1e-14 * Math.abs(mean))) return undefined
  const length = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap / scale) * (gap / scale), 0))
  return gaps.map((gap) => gap / scale / length)
}

function atLeastOne(name: string, value: number): void {
  if (Number.isFinite(value) && value >= 1) return
  throw new TradeLearnError('INVALID_INPUT', `"${name}" must be a number of at least 1, got ${show(value)}.`)
}
