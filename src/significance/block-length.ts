import { checkSeries } from './check-series.ts'

/** Mean lengths of blocks for two kinds of bootstrap, from 1 up; not rounded. */
export type BlockLengths = {
  /** For blocks of random length, as {@link stationaryBootstrap} draws them. */
  readonly stationary: number
  /** For blocks of one length on a circle. */
  readonly circular: number
}

/**
 * How long the blocks of a bootstrap should be for the mean of a series, by what its autocovariances R(k) say.
 *
 * Long blocks keep the dependence, many blocks keep the variety. The length best for the variance of the mean is
 *
 *     length = (2 g² n / d)^(1/3)      g = sum of h(k/m) |k| R(k),   s = sum of h(k/m) R(k),   |k| <= m
 *                                      d = 2 s² (stationary) or 4/3 s² (circular)
 *
 * with h flat to a half and falling to 0 at 1. m is twice the first lag from which on as many correlations as
 * max(5, log10 n) lie within ±2 sqrt(log10(n) / n). Never above min(3 sqrt(n), n / 3). For another statistic than
 * the mean give what each row contributes to it. O(n^1.5) time.
 *
 * @throws `INVALID_INPUT` naming the first value that is not finite
 * @see D. N. Politis, H. White (2004), "Automatic block-length selection for the dependent bootstrap", Econometric
 *   Reviews 23
 * @see A. Patton, D. N. Politis, H. White (2009), "Correction to automatic block-length selection for the dependent
 *   bootstrap", Econometric Reviews 28
 *
 * @example
 * ```ts
 * optimalBlockLength(returns).stationary // 5.2
 * ```
 */
export function optimalBlockLength(values: ArrayLike<number>): BlockLengths {
  checkSeries('values', values)
  const n = values.length
  const centred = standardised(values)
  if (n < 3 || centred === undefined) return { stationary: 1, circular: 1 }

  // 5 and log10, as in Patton's program and arch
  const run = Math.max(5, Math.floor(Math.log10(n)))
  const furthest = Math.min(n - 1, Math.ceil(Math.sqrt(n)) + run)
  const covariances = Float64Array.from({ length: furthest + 1 }, (_, lag) => autocovariance(centred, lag))
  const m = Math.min(furthest, 2 * (firstQuietLag(covariances, run, n) ?? furthest))

  let g = 0
  let s = covariances[0]!
  for (let k = 1; k <= m; k++) {
    const h = Math.min(1, 2 * (1 - k / m))
    g += 2 * h * k * covariances[k]!
    s += 2 * h * covariances[k]!
  }
  const most = Math.ceil(Math.min(3 * Math.sqrt(n), n / 3))
  const length = (d: number): number => {
    const best = Math.cbrt((2 * g * g * n) / (d * s * s))
    // a long-run variance of 0 tells nothing of the length
    return Number.isNaN(best) ? 1 : Math.max(1, Math.min(most, best))
  }
  return { stationary: length(2), circular: length(4 / 3) }
}

/** Distances from the mean, in units of the largest; `undefined` where nothing moves. */
function standardised(values: ArrayLike<number>): Float64Array | undefined {
  let mean = 0
  for (let i = 0; i < values.length; i++) mean += (values[i]! - mean) / (i + 1)
  const centred = Float64Array.from(values, (value) => value - mean)
  const scale = centred.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  // what is left of equal numbers is rounding
  return scale > 1e-14 * Math.abs(mean) ? centred.map((value) => value / scale) : undefined
}

function autocovariance(centred: Float64Array, lag: number): number {
  let sum = 0
  for (let i = lag; i < centred.length; i++) sum += centred[i]! * centred[i - lag]!
  return sum / centred.length
}

/**
 * The first lag from 1 on that begins a run of `run` correlations that could be chance; `undefined` where none does.
 */
function firstQuietLag(covariances: Float64Array, run: number, n: number): number | undefined {
  const band = 2 * Math.sqrt(Math.log10(n) / n) * covariances[0]!
  let quiet = 0
  for (let lag = 1; lag < covariances.length; lag++) {
    quiet = Math.abs(covariances[lag]!) < band ? quiet + 1 : 0
    if (quiet === run) return lag - run + 1
  }
  return undefined
}
