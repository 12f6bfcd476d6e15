import { finite, integer, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { normalCdf, normalQuantile } from '../core/math.ts'
import { checkSeries } from './check-series.ts'

/** A Sharpe ratio a period and what its error depends on. */
export type SharpeMoments = {
  /** Mean over standard deviation of one period's returns, not annualised. */
  readonly sharpe: number
  /** Skewness of the returns ("gamma 3"); 0 of a normal distribution. */
  readonly skewness: number
  /** Raw kurtosis of the returns ("gamma 4"); 3 of a normal distribution. */
  readonly kurtosis: number
  /** Periods that it rests on ("n"). */
  readonly have: number
}

/** A Sharpe ratio with its standard error; both NaN where `have` is below `needs`, and where the returns never move. */
export type SharpeEstimate = SharpeMoments & { readonly error: number; readonly needs: number }

/** Periods below which a Sharpe ratio says nothing: its error is 0.18 at 30. The floor of `TradeStatistics` too. */
const NEEDS = 30

/**
 * The Sharpe ratio of a series of returns, with skewness, raw kurtosis and standard error.
 *
 *     error = sqrt((1 - skewness sharpe + (kurtosis - 1) / 4 sharpe²) / (n - 1))
 *
 * The deviation is that of a sample (n - 1), the higher moments are those of the numbers at hand. Strategies with many
 * small gains and few large losses have negative skewness, and a Sharpe ratio that is less sure than it looks. For
 * returns that do not depend on each other; overlapping trades need {@link stationaryBootstrap}.
 *
 * @throws `INVALID_INPUT` naming the first return that is not finite
 * @see A. W. Lo (2002), "The statistics of Sharpe ratios", Financial Analysts Journal 58; E. Mertens (2002)
 *
 * @example
 * ```ts
 * const estimate = sharpeRatio(dailyReturns)
 * probabilisticSharpeRatio(estimate) // 0.94: P(true Sharpe ratio > 0)
 * ```
 */
export function sharpeRatio(returns: ArrayLike<number>): SharpeEstimate {
  checkSeries('returns', returns)
  const have = returns.length
  let mean = 0
  for (let i = 0; i < have; i++) mean += (returns[i]! - mean) / (i + 1)
  let scale = 0
  for (let i = 0; i < have; i++) scale = Math.max(scale, Math.abs(returns[i]! - mean))
  let [squares, cubes, fourths] = [0, 0, 0]
  for (let i = 0; i < have; i++) {
    // in units of the largest, so that no power overflows
    const gap = (returns[i]! - mean) / scale
    squares += gap * gap
    cubes += gap * gap * gap
    fourths += gap * gap * gap * gap
  }
  // what is left of equal numbers is rounding
  const defined = have >= NEEDS && scale > 1e-14 * Math.abs(mean)
  const moments = {
    sharpe: defined ? mean / scale / Math.sqrt(squares / (have - 1)) : NaN,
    skewness: defined ? (cubes * Math.sqrt(have)) / (squares * Math.sqrt(squares)) : NaN,
    kurtosis: defined ? (fourths * have) / (squares * squares) : NaN,
    have,
  }
  return { ...moments, error: errorOf(moments), needs: NEEDS }
}

/**
 * The probability that the true Sharpe ratio lies above `benchmark`.
 *
 *     PSR = normal cdf of (sharpe - benchmark) sqrt(n - 1) / sqrt(1 - skewness sharpe + (kurtosis - 1) / 4 sharpe²)
 *
 * NaN where the Sharpe ratio is. All figures are a period, none annualised.
 *
 * @see D. H. Bailey, M. López de Prado (2012), "The Sharpe ratio efficient frontier", Journal of Risk 15
 */
export function probabilisticSharpeRatio(estimate: SharpeMoments, benchmark: number = 0): number {
  finite('benchmark', benchmark)
  const error = errorOf(checkMoments(estimate))
  return normalCdf((estimate.sharpe - benchmark) / error)
}

/**
 * Periods after which such a Sharpe ratio would show that the true one lies above `benchmark`.
 *
 *     1 + (1 - skewness sharpe + (kurtosis - 1) / 4 sharpe²) (z / (sharpe - benchmark))²
 *
 * with z the normal quantile of `confidence`; not rounded. Infinity for one that does not lie above it.
 *
 * @see D. H. Bailey, M. López de Prado (2012), "The Sharpe ratio efficient frontier", Journal of Risk 15
 */
export function minimumTrackRecordLength(
  estimate: SharpeMoments,
  benchmark: number = 0,
  confidence: number = 0.95,
): number {
  finite('benchmark', benchmark)
  const z = normalQuantile(openFraction('confidence', confidence))
  const { sharpe } = checkMoments(estimate)
  if (sharpe <= benchmark) return Infinity
  const ratio = z / (sharpe - benchmark)
  return 1 + spreadOf(estimate) * ratio * ratio
}

/** Variance of a Sharpe ratio's estimate, times n - 1. Not below 0 for moments that numbers can have. */
function spreadOf({ sharpe, skewness, kurtosis }: SharpeMoments): number {
  return 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe
}

function errorOf(moments: SharpeMoments): number {
  return Math.sqrt(Math.max(0, spreadOf(moments)) / (moments.have - 1))
}

/** Throws unless numbers can have such moments; a Sharpe ratio of NaN, too few returns, passes. */
export function checkMoments(moments: SharpeMoments): SharpeMoments {
  const { sharpe, skewness, kurtosis, have } = moments
  if (Number.isNaN(sharpe)) return moments
  finite('sharpe', sharpe, 'INVALID_INPUT')
  finite('skewness', skewness, 'INVALID_INPUT')
  finite('kurtosis', kurtosis, 'INVALID_INPUT')
  integer('have', have, 2, 'INVALID_INPUT')
  // Pearson's inequality, with room for rounding
  const least = 1 + skewness * skewness
  if (kurtosis >= least * (1 - 1e-9)) return moments
  throw new TradeLearnError(
    'INVALID_INPUT',
    `"kurtosis" must be raw (3 for a normal distribution), at least 1 + skewness² = ${least}, got ${kurtosis}.`,
  )
}
