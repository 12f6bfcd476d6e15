import { quantileSorted } from 'simple-statistics'
import type { Rng } from '../contracts.ts'
import { integer, openFraction } from '../core/check.ts'
import { drawInteger } from '../core/draw.ts'
import { normalCdf } from '../core/math.ts'
import { studentQuantile } from '../core/quantiles.ts'
import type { Interval } from '../market.ts'

/** Options of {@link bootstrap}. */
export type BlockBootstrapOptions = {
  /** The source of chance. */
  readonly rng: Rng
  /** Neighbouring rows that are drawn together. @defaultValue 1 */
  readonly blockLength: number
  /** Times the statistic is computed. @defaultValue 1000 */
  readonly resamples: number
  /** Probability with which the interval should hold the truth. @defaultValue 0.95 */
  readonly coverage: number
}

/** Blocks that a sample must hold before resampling them says anything about the next sample. */
export const MIN_BLOCKS = 10

/**
 * An interval for any statistic of rows that depend on their neighbours.
 *
 * Labels that overlap are not independent, and resampling single rows would call the interval far too narrow. So whole
 * blocks of neighbours are drawn, as many as fill a sample, and the statistic is computed on each resample; the interval
 * lies between the outer quantiles, a little further out where blocks are few. The sample is closed to a circle, so that rows at its ends are drawn as often as
 * others. Resamples on which the statistic is NaN are left out; the interval is NaN where they are over a tenth, and
 * where the sample holds fewer than 10 blocks. Dependence that outlasts a block is cut off, so with labels that overlap
 * expect a 95 % interval to hold the truth some 90 % of the time.
 *
 * Cost: `resamples` times the statistic.
 *
 * @see H. R. Künsch (1989), "The jackknife and the bootstrap for general stationary observations", Annals of Statistics
 *   17
 * @see D. N. Politis, J. P. Romano (1992), "A circular block-resampling procedure for stationary data"
 *
 * @example
 * ```ts
 * const meanOf = (rows: Uint32Array) => rows.reduce((sum, row) => sum + returns[row]!, 0) / rows.length
 * blockBootstrap(returns.length, meanOf, { rng: new SeededRng(1), blockLength: 24 }) // { low, high, coverage: 0.95 }
 * ```
 */
export function blockBootstrap(
  n: number,
  statistic: (rows: Uint32Array) => number,
  {
    rng,
    blockLength = 1,
    resamples = 1000,
    coverage = 0.95,
  }: Partial<BlockBootstrapOptions> & Pick<BlockBootstrapOptions, 'rng'>,
): Interval {
  integer('n', n, 0, 'INVALID_INPUT')
  integer('blockLength', blockLength)
  openFraction('coverage', coverage)
  const values = new Float64Array(integer('resamples', resamples))
  if (n < MIN_BLOCKS * blockLength) return { low: NaN, high: NaN, coverage }
  const rows = new Uint32Array(n)
  for (let i = 0; i < resamples; i++) {
    drawBlocks(rng, blockLength, rows)
    values[i] = statistic(rows)
  }
  return percentileInterval(values, coverage, n / blockLength)
}

/** Fills `rows` with blocks of neighbouring row numbers, each row equally likely, the last block cut to fit. */
export function drawBlocks(rng: Rng, blockLength: number, rows: Uint32Array): void {
  const n = rows.length
  for (let at = 0; at < n; ) {
    let row = drawInteger(rng, n)
    for (const end = Math.min(n, at + blockLength); at < end; at++) {
      rows[at] = row
      row = row + 1 === n ? 0 : row + 1
    }
  }
}

/**
 * The central interval of resampled values; NaN where more than a tenth of them are.
 *
 * Resampling k blocks understates the spread as a normal interval with an estimated deviation does, so the quantiles
 * are taken further out, at the normal probability of sqrt(k / (k - 1)) times Student's t with k - 1 degrees of freedom.
 *
 * @see T. C. Hesterberg (2015), "What teachers should know about the bootstrap", The American Statistician 69
 */
export function percentileInterval(values: Float64Array, coverage: number, blocks: number): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  if (sorted.length === 0 || sorted.length < 0.9 * values.length) return { low: NaN, high: NaN, coverage }
  const tail = normalCdf(-Math.sqrt(blocks / (blocks - 1)) * studentQuantile((1 - coverage) / 2, blocks - 1))
  // the library reads any array-like, its types ask for an array
  const at = (q: number): number => quantileSorted(sorted as unknown as number[], q)
  return { low: at(tail), high: at(1 - tail), coverage }
}

/**
 * How many neighbours to draw together: twice the rows that are open at once on average, and at least the cube root of
 * the sample.
 *
 * Blocks as long as the overlap would cut half of the dependence away; the cube root is the rate at which blocks should
 * grow for returns that depend on each other in ways that the labels do not show.
 */
export function blockLengthFor(times: ArrayLike<number>, labelEnds: ArrayLike<number>): number {
  const n = times.length
  let open = 0
  for (let i = 0; i < n; i++) {
    // the first later row that begins when this one has ended
    let low = i + 1
    let high = n
    while (low < high) {
      const middle = (low + high) >>> 1
      if (times[middle]! < labelEnds[i]!) low = middle + 1
      else high = middle
    }
    open += low - i
  }
  return Math.max(1, Math.ceil(Math.cbrt(n)), n > 0 ? Math.ceil((2 * open) / n) : 1)
}
