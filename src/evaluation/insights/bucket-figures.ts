import { normalQuantile } from '../../core/math.ts'
import { studentQuantile } from '../../core/quantiles.ts'
import { wilsonEnds } from '../../core/wilson.ts'
import { MIN_BLOCKS } from '../block-bootstrap.ts'
import type { Estimate } from '../compare.ts'
import type { Dataset } from '../dataset.ts'
import { overlappingMean } from '../overlap.ts'

/** Fewest trades for any figure, as for a win rate elsewhere. */
export const TRADES_NEEDED = 20
/** Fewest trades of a bucket in one half of the time, to say whether something holds there. */
const HALF_NEEDED = TRADES_NEEDED / 2

/** A bucket in the first or second half of all rows. */
export type HalfFigures = {
  readonly trades: number
  /** Mean net return minus that of the rest in this half; NaN below 10 trades in either. */
  readonly difference: number
}

/** Counts and means of one bucket. */
export type BucketFigures = {
  readonly trades: number
  readonly won: number
  /** Trades that would know as much if no labels overlapped. */
  readonly effective: number
  /** Share that won, with Wilson's interval for the effective number of trades. */
  readonly winRate: Estimate
  /** Mean net return, as a fraction of the entry price. */
  readonly meanReturn: Estimate
  /** Mean net return minus that of all other rows that the dimension knows. */
  readonly difference: Estimate
  readonly halves: readonly [HalfFigures, HalfFigures]
}

type Columns = Pick<Dataset, 'y' | 'netReturns' | 'times' | 'labelEnds'>

/** Rows of a bucket, all other rows that its dimension knows, and both together; each ascending. */
export type BucketRows = { readonly rows: Uint32Array; readonly others: Uint32Array; readonly known: Uint32Array }

/**
 * Counts and means of the rows in a bucket, beside the rest.
 *
 * The errors of means count the products of all trades whose labels overlap (`overlappingMean`), so that twenty copies of
 * one trade are not taken for twenty trades; no block length has to be chosen. That of a difference counts overlaps between
 * bucket and rest too. Where all returns are alike, or fewer than 10 labels fit one after another, there is no interval:
 * nothing tells how much they could differ.
 *
 * @param middle the first row of the second half
 */
export function bucketFigures(
  columns: Columns,
  { rows, others, known }: BucketRows,
  middle: number,
  coverage: number,
): BucketFigures {
  const { y, netReturns } = columns
  const [have, rest] = [rows.length, others.length]
  const won = rows.reduce((sum, row) => sum + y[row]!, 0)
  const [share, mean, restMean] = [won / have, averageOf(netReturns, rows), averageOf(netReturns, others)]
  const size = known.reduce((most, row) => Math.max(most, Math.abs(netReturns[row]!)), 0)
  const wins = errorOf(columns, rows, 1, (row) => y[row]! - share)
  const returns = errorOf(columns, rows, size, (row) => netReturns[row]! - mean)
  const mine = new Set(rows)
  const [weight, restWeight] = [known.length / have, known.length / rest]
  const gap = errorOf(columns, known, size, (row) =>
    mine.has(row) ? weight * (netReturns[row]! - mean) : restWeight * (restMean - netReturns[row]!),
  )
  // where all won or all lost no deviation tells; then only labels that fit one after another count
  const effective = wins.error > 0 ? Math.min(have, (share * (1 - share)) / (wins.error * wins.error)) : wins.spans
  const [low, high] = wilsonEnds(share, effective, normalQuantile((1 + coverage) / 2))
  const half = ({ error, spans }: Sureness): number =>
    error > 0 && spans >= MIN_BLOCKS ? error * studentQuantile((1 - coverage) / 2, spans - 1) : NaN
  // the bucket's own overlap decides how well the error itself is known
  const gapHalf = half({ error: gap.error, spans: Math.min(returns.spans, gap.spans) })
  return {
    trades: have,
    won,
    effective,
    winRate: floored(share, low, high, have),
    meanReturn: floored(mean, mean - half(returns), mean + half(returns), have),
    difference: floored(mean - restMean, mean - restMean - gapHalf, mean - restMean + gapHalf, Math.min(have, rest)),
    halves: [
      halfOf(columns, rows, others, (row) => row < middle),
      halfOf(columns, rows, others, (row) => row >= middle),
    ],
  }
}

const floored = (value: number, low: number, high: number, have: number): Estimate =>
  have >= TRADES_NEEDED
    ? { value, low, high, have, needs: TRADES_NEEDED }
    : { value: NaN, low: NaN, high: NaN, have, needs: TRADES_NEEDED }

type Sureness = { readonly error: number; readonly spans: number }

/** Deviations this small beside the values are rounding. */
const ROUNDING = 1e-12

/** How sure a mean of deviations of some rows is: 0 where all are alike, beside values of some size. */
function errorOf(
  { times, labelEnds }: Columns,
  rows: Uint32Array,
  size: number,
  deviation: (row: number) => number,
): Sureness {
  const deviations = Float64Array.from(rows, deviation)
  // in units of the largest, so that no square overflows
  const largest = deviations.reduce((most, each) => Math.max(most, Math.abs(each)), 0)
  const scale = largest > ROUNDING * size ? largest : 0
  const { error, spans } = overlappingMean(
    deviations.map((each) => (scale > 0 ? each / scale : 0)),
    Float64Array.from(rows, (row) => times[row]!),
    Float64Array.from(rows, (row) => labelEnds[row]!),
  )
  return { error: scale * error, spans }
}

function halfOf(
  { netReturns }: Columns,
  rows: Uint32Array,
  others: Uint32Array,
  within: (row: number) => boolean,
): HalfFigures {
  const [mine, rest] = [rows.filter(within), others.filter(within)]
  const enough = mine.length >= HALF_NEEDED && rest.length >= HALF_NEEDED
  return {
    trades: mine.length,
    difference: enough ? averageOf(netReturns, mine) - averageOf(netReturns, rest) : NaN,
  }
}

const averageOf = (column: ArrayLike<number>, rows: Uint32Array): number =>
  rows.length > 0 ? rows.reduce((sum, row) => sum + column[row]!, 0) / rows.length : NaN
