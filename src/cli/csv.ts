import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { time as checkTime } from '../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import type { Candle, Side, Signal } from '../market.ts'

/** Options of {@link readCandles}. */
export type ReadCandlesOptions = {
  /** Names the candles of a file without a symbol column. @defaultValue the file's name without `.csv` and `.gz` */
  readonly symbol?: string
  /** What to do with rows whose values make no sense. @defaultValue "error" */
  readonly onBadRow?: 'error' | 'skip'
}

/** What {@link readCandles} found. */
export type CandleFile = {
  /** Ascending in time; those of several symbols are merged, equal times in the order of the file. */
  readonly candles: readonly Candle[]
  /** Rows left out under `onBadRow: 'skip'`. */
  readonly skipped: number
  /** What the reader should tell its user, in sentences. */
  readonly notes: readonly string[]
}

/** A row of a candle file as it was found: text under the names of a candle's fields. */
export type RawRow = { readonly [field: string]: string }

/** What {@link readRows} found. */
export type RowFile = {
  readonly rows: readonly RawRow[]
  /** The line of each row, from 1. */
  readonly lines: readonly number[]
  /** Lines that are not as wide as the header, and are no rows. */
  readonly ragged: readonly { readonly line: number; readonly message: string }[]
}

/** What {@link readSignals} found, ascending in time. */
export type SignalFile = { readonly signals: readonly Signal[]; readonly notes: readonly string[] }

/** A line of a file, with its number for error messages. */
type Row = { readonly cells: readonly string[]; readonly line: number }
type Sheet = { readonly file: string; readonly header: readonly string[]; readonly rows: readonly Row[] }
/** A record with the line it came from. */
type Sourced<T> = { readonly item: T; readonly line: number }

const ALIASES = {
  time: ['time', 'timestamp', 'date', 'datetime'],
  symbol: ['symbol', 'ticker'],
  volume: ['volume', 'vol'],
} as const

/**
 * Reads candles from a CSV file, also gzipped.
 *
 * The header names the columns in any order and case: time (or timestamp, date, datetime), open, high, low, close, and
 * if there are any volume (vol) and symbol (ticker); others are ignored. Times are ISO 8601, in UTC where no zone is
 * given, or epoch milliseconds. Files with the newest row first are turned around.
 *
 * @throws a `TradeLearnError` that names file, line, column and value
 */
export function readCandles(path: string, { symbol, onBadRow = 'error' }: ReadCandlesOptions = {}): CandleFile {
  const sheet = readTable(path)
  const at = {
    time: columnOf(sheet, ALIASES.time, 'required'),
    open: columnOf(sheet, ['open'], 'required'),
    high: columnOf(sheet, ['high'], 'required'),
    low: columnOf(sheet, ['low'], 'required'),
    close: columnOf(sheet, ['close'], 'required'),
    volume: columnOf(sheet, ALIASES.volume, 'optional'),
    symbol: columnOf(sheet, ALIASES.symbol, 'optional'),
  }
  const name = symbol ?? basename(path).replace(/(\.csv)?(\.gz)?$/i, '')
  const found: Sourced<Candle>[] = []
  let skipped = 0
  let firstSkipped = ''
  for (const row of sheet.rows) {
    try {
      const own = at.symbol < 0 ? name : textAt(sheet, row, at.symbol, 'INVALID_CANDLE')
      const price = (column: number): number => positiveAt(sheet, row, column, 'INVALID_CANDLE')
      const candle: Candle = {
        symbol: own,
        time: timeAt(sheet, row, at.time),
        open: price(at.open),
        high: price(at.high),
        low: price(at.low),
        close: price(at.close),
        ...volumeAt(sheet, row, at.volume),
      }
      checkRange(sheet, row, candle)
      found.push({ item: candle, line: row.line })
    } catch (error) {
      if (onBadRow === 'error') throw error
      if (skipped++ === 0) firstSkipped = (error as Error).message
    }
  }
  if (found.length === 0) {
    const why = skipped > 0 ? `${skipped} bad ones; the first: ${firstSkipped}` : 'none.'
    throw new TradeLearnError('NOT_ENOUGH_DATA', `${sheet.file}: wanted at least one candle, got ${why}`)
  }
  const { rows, notes } = oldestFirst(sheet, found)
  checkOrder(sheet, rows)
  if (skipped > 0)
    notes.push(`${sheet.file}: skipped ${skipped} of ${sheet.rows.length} rows; the first: ${firstSkipped}`)
  // sort is stable, so symbols with equal times keep the order of the file
  return { candles: rows.map(({ item }) => item).sort((a, b) => a.time - b.time), skipped, notes }
}

/**
 * Reads the rows of a candle file as they are, for who wants to know what is wrong with them: nothing is checked but that
 * the columns of {@link readCandles} are there.
 *
 * @throws `INVALID_INPUT` for a file that cannot be read or lacks a column
 */
export function readRows(path: string): RowFile {
  const sheet = readSheet(path)
  const fields = ['time', 'open', 'high', 'low', 'close', 'volume', 'symbol'] as const
  const columns = fields.flatMap((name) => {
    const aliases = name === 'time' || name === 'volume' || name === 'symbol' ? ALIASES[name] : [name]
    const column = columnOf(sheet, aliases, name === 'volume' || name === 'symbol' ? 'optional' : 'required')
    return column < 0 ? [] : [{ name, column }]
  })
  const whole = sheet.rows.filter((row) => isWhole(sheet, row))
  return {
    rows: whole.map(({ cells }) =>
      Object.fromEntries(
        columns.map(({ name, column }) => [name, name === 'time' ? dashed(cells[column]!) : cells[column]!]),
      ),
    ),
    lines: whole.map(({ line }) => line),
    ragged: sheet.rows
      .filter((row) => !isWhole(sheet, row))
      .map((row) => ({ line: row.line, message: widthProblem(sheet, row) })),
  }
}

/** 2000/01/03 and 20000103, which is a date and no number of seconds, with dashes. */
const dashed = (time: string): string => time.replace(/^(\d{4})([/]?)(\d\d)\2(\d\d)(?!\d)/, '$1-$3-$4')

/**
 * Reads a bot's signals from a CSV file, also gzipped: time, symbol, side (long or short), and if you like price,
 * stop and target. Every other column becomes an entry of `meta`: numbers, true and false, else text; empty is `null`.
 *
 * @throws a `TradeLearnError` that names file, line, column and value
 */
export function readSignals(path: string): SignalFile {
  const sheet = readTable(path)
  const at = {
    time: columnOf(sheet, ALIASES.time, 'required'),
    symbol: columnOf(sheet, ALIASES.symbol, 'required'),
    side: columnOf(sheet, ['side'], 'required'),
    price: columnOf(sheet, ['price'], 'optional'),
    stop: columnOf(sheet, ['stop'], 'optional'),
    target: columnOf(sheet, ['target'], 'optional'),
  }
  const known = new Set<number>(Object.values(at))
  const own = sheet.header.map((_, column) => column).filter((column) => !known.has(column))
  const found = sheet.rows.map((row): Sourced<Signal> => {
    const level = (name: 'price' | 'stop' | 'target') =>
      (row.cells[at[name]] ?? '') === '' ? {} : { [name]: positiveAt(sheet, row, at[name], 'INVALID_SIGNAL') }
    const meta = Object.fromEntries(own.map((column) => [sheet.header[column]!, metaOf(row.cells[column]!)]))
    const item: Signal = {
      symbol: textAt(sheet, row, at.symbol, 'INVALID_SIGNAL'),
      side: sideAt(sheet, row, at.side),
      time: timeAt(sheet, row, at.time),
      ...level('price'),
      ...level('stop'),
      ...level('target'),
      ...(own.length > 0 ? { meta } : {}),
    }
    return { item, line: row.line }
  })
  const { rows, notes } = oldestFirst(sheet, found)
  rows.forEach(({ item, line }, i) => {
    const before = rows[i - 1]
    if (before === undefined || item.time >= before.item.time) return
    refuse(sheet, line, 'OUT_OF_ORDER', `wanted a signal not before that of line ${before.line}, got an earlier one.`)
  })
  return { signals: rows.map(({ item }) => item), notes }
}

// ------------------------------------------------------------------- files

function readSheet(path: string): Sheet {
  const file = basename(path)
  const text = readText(path, file)
  let records: { record: string[]; info: { lines: number } }[]
  try {
    records = parse(text, {
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
    }) as unknown as typeof records
  } catch (error) {
    throw new TradeLearnError('INVALID_INPUT', `${file}: ${(error as Error).message}`)
  }
  const [head, ...body] = records
  if (head === undefined)
    throw new TradeLearnError('INVALID_INPUT', `${file} must have a header line, got an empty file.`)
  const header = head.record
  const twice = header.find((name, i) => name !== '' && header.findIndex((other) => same(other, name)) < i)
  if (twice !== undefined) refuse({ file }, head.info.lines, 'INVALID_INPUT', `there are two columns ${show(twice)}.`)
  return { file, header, rows: body.map(({ record: cells, info: { lines: line } }) => ({ cells, line })) }
}

/** A sheet each of whose rows is as wide as its header. */
function readTable(path: string): Sheet {
  const sheet = readSheet(path)
  for (const row of sheet.rows) {
    if (!isWhole(sheet, row)) refuse(sheet, row.line, 'INVALID_INPUT', widthProblem(sheet, row))
  }
  return sheet
}

const isWhole = ({ header }: Sheet, { cells }: Row): boolean => cells.length === header.length
const widthProblem = ({ header }: Sheet, { cells }: Row): string =>
  `wanted ${header.length} columns as in the header, got ${cells.length}.`

function readText(path: string, file: string): string {
  try {
    const bytes = readFileSync(path)
    // gzip files start with 1f 8b, whatever they are called
    return new TextDecoder().decode(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes)
  } catch (error) {
    throw new TradeLearnError('INVALID_INPUT', `${file} must be a readable file, got: ${(error as Error).message}.`)
  }
}

/** The one of comma, semicolon and tab that the header uses most. */
function delimiterOf(text: string): string {
  const head = text.slice(0, text.search(/\r?\n|$/))
  const count = (sign: string): number => head.split(sign).length
  return [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The position of the column that has one of the names, -1 where an optional one is absent. */
function columnOf({ file, header }: Sheet, names: readonly string[], need: 'required' | 'optional'): number {
  const found = header.flatMap((name, i) => (names.some((wanted) => same(wanted, name)) ? [i] : []))
  if (found.length > 1) {
    const both = found.map((i) => show(header[i])).join(' and ')
    throw new TradeLearnError(
      'INVALID_INPUT',
      `${file} must have one column for the ${names[0]}, got ${both}: rename one.`,
    )
  }
  if (found.length === 0 && need === 'required') {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `${file} must have a column "${names.join('" or "')}", got ${header.map(show).join(', ')}.`,
    )
  }
  return found[0] ?? -1
}

function refuse({ file }: { readonly file: string }, line: number, code: ErrorCode, problem: string): never {
  throw new TradeLearnError(code, `${file}, line ${line}: ${problem}`)
}

/** Refuses one cell. */
function refuseCell({ file, header }: Sheet, row: Row, column: number, code: ErrorCode, wanted: string): never {
  return refuse({ file }, row.line, code, `"${header[column]}" must be ${wanted}, got ${show(row.cells[column])}.`)
}

// ------------------------------------------------------------------- cells

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

function positiveAt(sheet: Sheet, row: Row, column: number, code: ErrorCode): number {
  const cell = row.cells[column]!
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN
  return value > 0 && value < Infinity ? value : refuseCell(sheet, row, column, code, 'a positive number')
}

function volumeAt(sheet: Sheet, row: Row, column: number): { volume?: number } {
  const cell = row.cells[column] ?? ''
  if (cell === '') return {}
  const volume = NUMBER.test(cell) ? Number(cell) : Number.NaN
  if (volume >= 0 && volume < Infinity) return { volume }
  return refuseCell(sheet, row, column, 'INVALID_CANDLE', 'a number of at least 0, or empty')
}

function textAt(sheet: Sheet, row: Row, column: number, code: ErrorCode): string {
  return row.cells[column] || refuseCell(sheet, row, column, code, 'a non-empty text')
}

function sideAt(sheet: Sheet, row: Row, column: number): Side {
  const side = row.cells[column]!.toLowerCase()
  return side === 'long' || side === 'short'
    ? side
    : refuseCell(sheet, row, column, 'INVALID_SIGNAL', '"long" or "short"')
}

function metaOf(cell: string): number | string | boolean | null {
  if (cell === '') return null
  if (NUMBER.test(cell)) return Number(cell)
  const word = cell.toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : cell
}

/** 2000-01-03, 2000/01/03 or 20000103, and if there is one a time of day with or without its zone. */
const DATE =
  /^(\d{4})(?:-(\d\d)-|\/(\d\d)\/|(\d\d))(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[-+]\d\d:?\d\d)?$/i

function timeAt(sheet: Sheet, row: Row, column: number): number {
  const cell = row.cells[column]!
  const date = DATE.exec(cell)
  if (date === null) {
    if (!/^-?\d+$/.test(cell)) refuseCell(sheet, row, column, 'INVALID_TIME', TIME_WANTED)
    try {
      return checkTime(sheet.header[column]!, Number(cell))
    } catch (error) {
      return refuse(sheet, row.line, 'INVALID_TIME', (error as Error).message)
    }
  }
  const [, year, dashed, slashed, bare, day, hour = '0', minute = '0', second = '0', rest = '0', zone = 'Z'] = date
  const fields = [year, dashed ?? slashed ?? bare, day, hour, minute, second].map(Number)
  const [y, m, d, h, min, s] = fields as [number, number, number, number, number, number]
  const millisecond = Math.floor(Number(`0.${rest}`) * 1000)
  const utc = Date.UTC(y, m - 1, d, h, min, s, millisecond)
  // the calendar has no 30th of February: what it rolled over does not read back the same
  const back = new Date(utc)
  const real = back.getUTCMonth() === m - 1 && back.getUTCDate() === d && h < 24 && min < 60 && s < 60
  if (!real) refuseCell(sheet, row, column, 'INVALID_TIME', 'a moment of the calendar')
  return utc - offsetOf(zone)
}

const TIME_WANTED =
  'a date such as 2017-01-03 or 2017-01-03T14:30:00Z, or epoch milliseconds (01/03/2017 can be read in two ways)'

/** Milliseconds that a zone such as +05:30 is ahead of UTC. */
function offsetOf(zone: string): number {
  const parts = /^([-+])(\d\d):?(\d\d)$/.exec(zone)
  if (parts === null) return 0
  const minutes = Number(parts[2]) * 60 + Number(parts[3])
  return (parts[1] === '-' ? -minutes : minutes) * 60_000
}

// -------------------------------------------------------------------- rows

function checkRange(sheet: Sheet, { line }: Row, { open, high, low, close }: Candle): void {
  if (low <= open && low <= close && open <= high && close <= high && low <= high) return
  const got = `open ${open}, high ${high}, low ${low}, close ${close}`
  refuse(sheet, line, 'INVALID_CANDLE', `a candle must have low <= open, close <= high, got ${got}.`)
}

/** Turns a file around whose rows run from the newest to the oldest. */
function oldestFirst<T extends { readonly symbol: string; readonly time: number }>(
  { file }: Sheet,
  rows: readonly Sourced<T>[],
): { rows: readonly Sourced<T>[]; notes: string[] } {
  // within one symbol, as a file may hold one symbol after the other
  const first = rows[0]?.item
  const last = rows.findLast(({ item }) => item.symbol === first?.symbol)?.item
  if (first === undefined || last === undefined || first.time <= last.time) return { rows, notes: [] }
  return {
    rows: rows.toReversed(),
    notes: [`${file}: the newest row comes first; read from the last line to the first.`],
  }
}

/** Times must rise within each symbol. */
function checkOrder(sheet: Sheet, rows: readonly Sourced<Candle>[]): void {
  const newest = new Map<string, Sourced<Candle>>()
  for (const row of rows) {
    const { symbol, time } = row.item
    const before = newest.get(symbol)
    if (before !== undefined && time <= before.item.time) {
      const [code, what] =
        time === before.item.time
          ? (['DUPLICATE_CANDLE', 'the same'] as const)
          : (['OUT_OF_ORDER', 'an earlier'] as const)
      refuse(sheet, row.line, code, `wanted a later time for ${symbol} than on line ${before.line}, got ${what} one.`)
    }
    newest.set(symbol, row)
  }
}
