import type { Rng } from '../contracts.ts'
import { integer, oneOf, openFraction } from '../core/check.ts'
import { drawInteger } from '../core/draw.ts'
import { TradeLearnError } from '../core/errors.ts'
import { addMoment, createMoments, variance } from '../core/moments.ts'
import type { Interval } from '../market.ts'
import { optimalBlockLength } from './block-length.ts'
import { BOOTSTRAP_KINDS, type BootstrapKind, bootstrapInterval } from './bootstrap-interval.ts'
import { checkSeries } from './check-series.ts'

/** Options of {@link stationaryBootstrap}. */
export type StationaryBootstrapOptions = {
  /** The source of chance. */
  readonly rng: Rng
  /** Mean number of neighbours drawn together, at least 1. @defaultValue that of {@link optimalBlockLength} */
  readonly blockLength: number
  /** Times the statistic is computed. @defaultValue 1000 */
  readonly resamples: number
  /** Probability with which the interval should hold the truth. @defaultValue 0.95 */
  readonly coverage: number
  /** How the interval is made. @defaultValue 'percentile' */
  readonly kind: BootstrapKind
}

/** A statistic with the interval that should hold the truth; the interval is NaN where `have` is below `needs`. */
export type BootstrapEstimate = Interval & {
  readonly value: number
  /** Standard error: deviation of the resampled values. */
  readonly error: number
  /** Mean length of the blocks that were drawn. */
  readonly blockLength: number
  /** Rows that it rests on, and the fewest that it needs: ten blocks. */
  readonly have: number
  readonly needs: number
}

/** Blocks that a sample must hold before resampling them says anything about the next sample. */
const MIN_BLOCKS = 10
/** Blocks that are left out in turn at most, for the acceleration: it needs no more digits. */
const MOST_LEFT_OUT = 200

/**
 * An interval for any statistic of a series whose values depend on their neighbours.
 *
 * Blocks of neighbours are drawn until a sample is full, each block of random (geometric) length, on a circle, so that
 * a resample is as stationary as the series; the statistic is computed on each. `'percentile'` takes the outer
 * quantiles, `'basic'` mirrors them about the value, `'bca'` corrects them for bias and skewness, for which it leaves
 * out each block in turn. All are widened for few blocks. Resamples on which the statistic is NaN are left out.
 *
 * Measured on 500 samples, a 95 % interval held the truth about the mean of 100 independent values 94 % of the time, of
 * 100 values with autocorrelation 0.5 90 %, of 400 such 91 %, of 400 with 0.8 90 %: short samples that depend much
 * remain too sure. The kinds differ by 2 % at most there and for Sharpe ratios; for the profit factor of 50 trades
 * `'percentile'` and `'bca'` held 96 %, `'basic'` 89 %.
 *
 * The block length is that for the mean of the values; where the dependence lies in their squares, as of a volatility,
 * give a longer one. Cost: `resamples` times the statistic, and at most 200 times more for `'bca'`.
 *
 * @param statistic must not keep the array, which is filled anew
 * @see D. N. Politis, J. P. Romano (1994), "The stationary bootstrap", JASA 89
 * @see B. Efron (1987), "Better bootstrap confidence intervals", JASA 82
 *
 * @example
 * ```ts
 * const mean = (sample: Float64Array) => sample.reduce((sum, x) => sum + x, 0) / sample.length
 * stationaryBootstrap(returns, mean, { rng: new SeededRng(1) }) // { value, low, high, error, blockLength, ... }
 * ```
 */
export function stationaryBootstrap(
  values: ArrayLike<number>,
  statistic: (sample: Float64Array) => number,
  options: Partial<StationaryBootstrapOptions> & Pick<StationaryBootstrapOptions, 'rng'>,
): BootstrapEstimate {
  const { rng, resamples = 1000, coverage = 0.95, kind = 'percentile' } = options
  checkSeries('values', values)
  integer('resamples', resamples)
  openFraction('coverage', coverage)
  oneOf('kind', kind, BOOTSTRAP_KINDS)
  const n = values.length
  if (n === 0) throw new TradeLearnError('NOT_ENOUGH_DATA', '"values" must have at least one row, got none.')
  const blockLength = checkLength(options.blockLength ?? optimalBlockLength(values).stationary)
  const series = Float64Array.from(values)
  const value = statistic(series.slice())
  const common = { value, blockLength, have: n, needs: Math.ceil(MIN_BLOCKS * blockLength) }
  if (n < common.needs) return { ...common, low: NaN, high: NaN, coverage, error: NaN }

  const rows = new Uint32Array(n)
  const sample = new Float64Array(n)
  const draws = new Float64Array(resamples)
  const spread = createMoments()
  for (let i = 0; i < resamples; i++) {
    drawStationary(rng, blockLength, rows)
    for (let at = 0; at < n; at++) sample[at] = series[rows[at]!]!
    const draw = statistic(sample)
    draws[i] = draw
    if (!Number.isNaN(draw)) addMoment(spread, draw)
  }
  const acceleration = kind === 'bca' ? accelerationOf(series, statistic, blockLength) : 0
  const interval = bootstrapInterval(kind, coverage, { value, draws, blocks: n / blockLength, acceleration })
  return { ...common, ...interval, error: Math.sqrt(variance(spread)) }
}

/**
 * Fills `rows` with blocks of neighbouring row numbers, each row equally likely to begin one, the lengths geometric
 * with mean `blockLength`, the last block cut to fit.
 */
export function drawStationary(rng: Rng, blockLength: number, rows: Uint32Array): void {
  const n = rows.length
  // ln of the chance that a block goes on
  const goesOn = Math.log(1 - 1 / blockLength)
  for (let at = 0; at < n; ) {
    let row = drawInteger(rng, n)
    const length = 1 + Math.floor(Math.log(1 - rng.next()) / goesOn)
    for (const end = Math.min(n, at + length); at < end; at++) {
      rows[at] = row
      row = row + 1 === n ? 0 : row + 1
    }
  }
}

/** A sixth of the skewness of the statistic when each block is left out in turn; 0 where it does not move. */
function accelerationOf(series: Float64Array, statistic: (sample: Float64Array) => number, length: number): number {
  const n = series.length
  const width = Math.max(Math.ceil(length), Math.ceil(n / MOST_LEFT_OUT))
  const without: number[] = []
  for (let from = 0; from + width <= n; from += width) {
    const rest = new Float64Array(n - width)
    rest.set(series.subarray(0, from))
    rest.set(series.subarray(from + width), from)
    const value = statistic(rest)
    if (Number.isFinite(value)) without.push(value)
  }
  const mean = without.reduce((sum, value) => sum + value, 0) / without.length
  // in units of the largest, so that no cube overflows
  const scale = without.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0)
  if (!(scale > 0)) return 0
  let squares = 0
  let cubes = 0
  for (const value of without) {
    const gap = (mean - value) / scale
    squares += gap * gap
    cubes += gap * gap * gap
  }
  return cubes / (6 * squares * Math.sqrt(squares))
}

function checkLength(blockLength: number): number {
  if (Number.isFinite(blockLength) && blockLength >= 1) return blockLength
  throw new TradeLearnError('INVALID_OPTION', `"blockLength" must be a number of at least 1, got ${blockLength}.`)
}
