import { show, TradeLearnError } from '../core/errors.ts'
import { barEnd, type Timeframe, timeframeMs } from '../core/timeframe.ts'
import type { Candle } from '../market.ts'
import { columnsOf } from './sources.ts'
import { type ToCandleOptions, toCandle } from './to-candle.ts'

/** Options of {@link normalizeSeries}. */
export type NormalizeSeriesOptions = ToCandleOptions & {
  /**
   * What to do with rows of one time that differ: leave them all out, or keep the one that came last, as where a page
   * of a poll ends with a bar that was still open and the next begins with the same bar closed. @defaultValue "refuse"
   */
  readonly conflicts?: 'refuse' | 'last'
}

/** What was wrong with a row. */
export type SeriesIssueCode =
  | 'AMBIGUOUS_CANDLE'
  | 'INVALID_CANDLE'
  | 'INVALID_TIME'
  | 'OPEN_CANDLE'
  | 'DUPLICATE_CANDLE'
  | 'CONFLICTING_CANDLES'

/** A row that is not among the candles, and why. */
export type SeriesIssue = {
  readonly code: SeriesIssueCode
  /** Position in what was given, from 0. */
  readonly row: number
  readonly message: string
}

/** Time without candles where there should have been some. */
export type SeriesGap = {
  readonly symbol: string
  /** Open time of the last candle before it. */
  readonly after: number
  /** Open time of the first candle after it. */
  readonly before: number
  /** How many candles are missing. */
  readonly missing: number
}

/** What {@link normalizeSeries} found. */
export type NormalizedSeries = {
  /** Sound closed candles, each symbol's oldest first; those of one time in the order of their symbols. */
  readonly candles: readonly Candle[]
  /** Rows that were left out, in the order in which they came. */
  readonly issues: readonly SeriesIssue[]
  /** Where candles are missing, if a timeframe is given; markets that close have a gap each night. */
  readonly gaps: readonly SeriesGap[]
  /** How the rows came. */
  readonly order: 'oldest first' | 'newest first' | 'mixed'
}

/** Keys under which APIs wrap their rows. */
const ENVELOPES = ['candles', 'bars', 'results', 'quotes', 'data', 'list', 'result'] as const
/** Deep enough for `{ result: { list: [...] } }`. */
const DEEPEST = 3

/**
 * A series of sound candles, oldest first, from whatever an API returned, with a list of all that was wrong with it.
 *
 * Takes arrays of the rows that {@link toCandle} reads, objects of column arrays (`{ time, open, high, low, close,
 * volume }`), and the envelopes that APIs put around either. Nothing is repaired and nothing is filled: a row that is no
 * candle is left out and reported, exact duplicates count once, bars that are still open are left out, gaps are listed.
 * The result does not depend on the order of the rows, except for `conflicts: 'last'`.
 *
 * A whole series of tuples in another order is refused rather than reported row by row. O(n log n).
 *
 * @throws `AMBIGUOUS_CANDLE` where most rows are in the order of another source, `INVALID_INPUT` for what is no series
 *
 * @example
 * ```ts
 * const rows = await exchange.fetchOHLCV('BTC/USDT', '1h') // ccxt; the last one is still open
 * const { candles, issues, gaps } = normalizeSeries(rows, { symbol: 'BTC/USDT', timeframe: '1h', now: Date.now() })
 * ```
 */
export function normalizeSeries(input: unknown, options: NormalizeSeriesOptions = {}): NormalizedSeries {
  const rows = rowsOf(input)
  const issues: SeriesIssue[] = []
  const read: Read[] = []
  for (let row = 0; row < rows.length; row++) {
    try {
      const symbol = options.symbol ?? rows.symbolAt(row)
      read.push({ candle: toCandle(rows.at(row), symbol === undefined ? options : { ...options, symbol }), row })
    } catch (error) {
      const { code, message } = error as TradeLearnError
      if (!isIssue(code)) throw error
      issues.push({ code, row, message })
    }
  }
  refuseOrder(issues, rows.length)
  const order = orderOf(read)
  const candles = withoutDoubles(read, options.conflicts ?? 'refuse', issues)
  issues.sort((a, b) => a.row - b.row)
  return { candles, issues, gaps: gapsIn(candles, options.timeframe), order }
}

type Read = { readonly candle: Candle; readonly row: number }
/** Rows by position, and the symbol that they are filed under, if any. */
type Rows = { readonly length: number; at(row: number): unknown; symbolAt(row: number): string | undefined }
type Fields = { readonly [name: string]: unknown }

/** The rows in an array, an object of columns, an envelope around either, or an object of arrays by symbol. */
function rowsOf(input: unknown, depth = 0): Rows {
  if (Array.isArray(input)) return rowsOfArray(input, undefined)
  if (typeof input === 'object' && input !== null && depth < DEEPEST) {
    const columns = columnsOf(input)
    if (columns !== undefined) return rowsOfColumns(columns)
    const fields = input as Fields
    const key = ENVELOPES.find((name) => typeof fields[name] === 'object' && fields[name] !== null)
    if (key !== undefined) return rowsOf(fields[key], depth + 1)
    // Kraken files the rows under the name of the pair, Alpaca under each symbol's
    const filed = Object.entries(fields).filter(([, value]) => Array.isArray(value)) as [string, unknown[]][]
    if (filed.length > 0) return joined(filed.map(([symbol, rows]) => rowsOfArray(rows, symbol)))
  }
  throw new TradeLearnError(
    'INVALID_INPUT',
    `A series must be an array of rows or an object of column arrays, got ${show(input)}.`,
  )
}

const rowsOfArray = (rows: readonly unknown[], symbol: string | undefined): Rows => ({
  length: rows.length,
  at: (row) => rows[row],
  symbolAt: () => symbol,
})

function joined(parts: readonly Rows[]): Rows {
  const rows = parts.flatMap((part) =>
    Array.from({ length: part.length }, (_, row) => ({ row: part.at(row), symbol: part.symbolAt(row) })),
  )
  return { length: rows.length, at: (row) => rows[row]!.row, symbolAt: (row) => rows[row]!.symbol }
}

function rowsOfColumns(columns: { readonly [name: string]: ArrayLike<unknown> }): Rows {
  const { length } = columns['time']!
  for (const [name, column] of Object.entries(columns)) {
    if (column.length !== length) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `Column "${name}" must have ${length} values like "time", got ${column.length}.`,
      )
    }
  }
  const entries = Object.entries(columns)
  const at = (row: number): Fields => Object.fromEntries(entries.map(([name, column]) => [name, column[row]]))
  return { length, at, symbolAt: () => undefined }
}

const ISSUES: readonly string[] = ['AMBIGUOUS_CANDLE', 'INVALID_CANDLE', 'INVALID_TIME', 'OPEN_CANDLE']
const isIssue = (code: string): code is SeriesIssueCode => ISSUES.includes(code)

/** One tuple in another order is a bad row; most of them are another source. */
function refuseOrder(issues: readonly SeriesIssue[], rows: number): void {
  const ambiguous = issues.filter(({ code }) => code === 'AMBIGUOUS_CANDLE')
  if (ambiguous.length <= rows / 2) return
  throw new TradeLearnError(
    'AMBIGUOUS_CANDLE',
    `${ambiguous.length} of ${rows} rows; row ${ambiguous[0]!.row}: ${ambiguous[0]!.message}`,
  )
}

/** How each symbol's times run. */
function orderOf(read: readonly Read[]): NormalizedSeries['order'] {
  const newest = new Map<string, number>()
  let [up, down] = [0, 0]
  for (const { candle } of read) {
    const before = newest.get(candle.symbol) ?? candle.time
    if (candle.time > before) up++
    else if (candle.time < before) down++
    newest.set(candle.symbol, candle.time)
  }
  if (down === 0) return 'oldest first'
  return up === 0 ? 'newest first' : 'mixed'
}

/** Sorted, with one candle a symbol and time. */
function withoutDoubles(read: readonly Read[], conflicts: 'refuse' | 'last', issues: SeriesIssue[]): Candle[] {
  const sorted = [...read].sort(
    ({ candle: a, row: i }, { candle: b, row: j }) =>
      a.time - b.time || (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : i - j),
  )
  const kept: Candle[] = []
  for (let from = 0; from < sorted.length; ) {
    const { candle: first, row } = sorted[from]!
    let to = from + 1
    while (to < sorted.length && sameBar(sorted[to]!.candle, first)) to++
    const group = sorted.slice(from, to)
    from = to
    const differ = group.some(({ candle }) => !sameValues(candle, first))
    if (differ && conflicts === 'refuse') {
      const message = `Rows ${group.map((each) => each.row).join(', ')} must agree about ${first.symbol} at ${first.time}, got different values.`
      for (const each of group) issues.push({ code: 'CONFLICTING_CANDLES', row: each.row, message })
      continue
    }
    kept.push(differ ? group.at(-1)!.candle : first)
    const [stays, ...doubles] = differ ? [...group].reverse() : group
    for (const double of doubles) {
      const message = `Row ${double.row} must be of another time than row ${stays!.row ?? row}, got ${first.time} twice.`
      issues.push({ code: 'DUPLICATE_CANDLE', row: double.row, message })
    }
  }
  return kept
}

const sameBar = (a: Candle, b: Candle): boolean => a.time === b.time && a.symbol === b.symbol
const sameValues = (a: Candle, b: Candle): boolean =>
  a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume

function gapsIn(candles: readonly Candle[], timeframe: Timeframe | undefined): SeriesGap[] {
  if (timeframe === undefined) return []
  const length = timeframeMs(timeframe)
  const newest = new Map<string, number>()
  const gaps: SeriesGap[] = []
  for (const { symbol, time } of candles) {
    const before = newest.get(symbol)
    newest.set(symbol, time)
    if (before === undefined) continue
    // a bar that begins late, as of a market that opens at half past, is no gap
    const missing = Math.floor((time - barEnd(before, timeframe)) / length)
    if (missing > 0) gaps.push({ symbol, after: before, before: time, missing })
  }
  return gaps
}
