import { parse } from 'csv-parse/sync'
import { show, TradeLearnError } from '../core/errors.ts'
import { readNumber } from '../core/read-number.ts'
import { type DateOrder, readTime } from '../core/read-time.ts'
import type { ExitReason, Side, SignalMeta } from '../market.ts'
import { checkPastTrade, type PastTrade } from './past-trade.ts'

/** Options of {@link readTrades}. */
export type ReadTradesOptions = {
  /** Names the trades of a file without a symbol column. */
  readonly symbol?: string
  /** How dates such as 02/03/2017 are meant; without it they are refused. */
  readonly dateOrder?: DateOrder
  /** Columns that are none of the documented ones and still no `meta`, such as notes. @defaultValue none */
  readonly ignore?: readonly string[]
}

/** What a column may be called, in lower case without blanks and underscores. */
const COLUMNS = {
  id: ['id', 'tradeid', 'clientorderid'],
  symbol: ['symbol', 'pair', 'ticker'],
  side: ['side', 'direction'],
  entryTime: ['entrytime', 'opentime', 'opendate', 'entryat'],
  entryPrice: ['entryprice', 'openprice', 'openrate'],
  exitTime: ['exittime', 'closetime', 'closedate', 'exitat'],
  exitPrice: ['exitprice', 'closeprice', 'closerate'],
  exitReason: ['exitreason'],
  fees: ['fees'],
  stop: ['stop', 'stopprice', 'stoploss'],
  target: ['target', 'targetprice', 'takeprofit'],
} as const
type Column = keyof typeof COLUMNS
const NEEDED: readonly Column[] = ['side', 'entryTime', 'entryPrice', 'exitTime', 'exitPrice']

const SIDES: { readonly [word: string]: Side } = { long: 'long', buy: 'long', short: 'short', sell: 'short' }

/**
 * Closed trades from the text of a CSV file.
 *
 * The header names the columns in any order and case, with or without underscores:
 *
 *     symbol       what was traded; may be left out where the options name one
 *     side         long or short (buy or sell)
 *     entry_time   ISO 8601, in UTC where no zone is given, or epoch seconds or milliseconds; open_date
 *     entry_price  mean price of the entry; open_rate
 *     exit_time    close_date
 *     exit_price   close_rate
 *     exit_reason  target, stop, time or exit; anything else is exit; may be left out
 *     fees         of the round trip, as a fraction of the entry value; may be left out
 *     stop, target prices that the trade was entered with; may be left out
 *     id           client order id of the entry; may be left out
 *
 * Every other column is something that the bot knew, and goes into `meta` under its name: as a number where all its
 * cells are numbers or empty, else as text. Rows come back in the order of their entries.
 *
 * @throws `INVALID_INPUT` that names the line
 *
 * @example
 * ```ts
 * const trades = readTrades('symbol,side,entry_time,entry_price,exit_time,exit_price\nBTC,long,2024-01-02,100,2024-01-03,104')
 * ```
 */
export function readTrades(csv: string, { symbol, dateOrder, ignore = [] }: ReadTradesOptions = {}): PastTrade[] {
  if (typeof csv !== 'string') invalid(`Trades must be the text of a CSV file, got ${show(csv)}.`)
  const [header = [], ...rows] = parseRows(csv)
  const at = columnsOf(header)
  for (const column of NEEDED) {
    if (at[column] === undefined) invalid(`The header must have a column "${column}", got ${show(header.join(', '))}.`)
  }
  if (at.symbol === undefined && symbol === undefined) invalid('The header or the options must name a "symbol".')
  const metaOf = metaReader(
    header,
    rows,
    new Set([...Object.values(at), ...ignore.map((name) => header.indexOf(name))]),
  )

  const trades = rows.map((cells, i) => {
    const line = `Line ${i + 2}`
    const cell = (column: Column): string => (at[column] === undefined ? '' : cells[at[column]]!.trim())
    const price = (column: Column): number => readNumber(column, cell(column), 'INVALID_INPUT') ?? Number.NaN
    const maybe = (column: 'fees' | 'stop' | 'target'): { readonly [name: string]: number } =>
      cell(column) === '' ? {} : { [column]: price(column) }
    try {
      const meta = metaOf(cells)
      return checkPastTrade({
        ...(cell('id') !== '' && { id: cell('id') }),
        symbol: cell('symbol') || symbol!,
        side: SIDES[cell('side').toLowerCase()] ?? (cell('side') as Side),
        entryTime: readTime('entryTime', cell('entryTime'), dateOrder),
        entryPrice: price('entryPrice'),
        exitTime: readTime('exitTime', cell('exitTime'), dateOrder),
        exitPrice: price('exitPrice'),
        ...(cell('exitReason') !== '' && { exitReason: reasonOf(cell('exitReason')) }),
        ...maybe('fees'),
        ...maybe('stop'),
        ...maybe('target'),
        ...(meta !== undefined && { meta }),
      })
    } catch (error) {
      return invalid(`${line}: ${(error as Error).message}`)
    }
  })
  return inOrder(trades)
}

/**
 * Closed trades from the JSON that freqtrade's backtesting writes, of one of its strategies.
 *
 * Rates, fees of both sides, the stop, and the reason of the exit are read; `enter_tag` becomes `meta.enterTag`. Open
 * trades are left out. Futures' funding fees are not in the figures that freqtrade writes for each trade, and so not in
 * ours.
 *
 * @param json - the file's text, or what `JSON.parse` made of it
 * @param strategy - which one, where the file holds several
 * @throws `INVALID_INPUT`
 *
 * @example
 * ```ts
 * const trades = readFreqtrade(readFileSync('backtest-result.json', 'utf8'))
 * ```
 */
export function readFreqtrade(json: unknown, strategy?: string): PastTrade[] {
  const file = record(typeof json === 'string' ? parseJson(json) : json)
  const strategies = isRecord(file['strategy']) ? file['strategy'] : { '': file }
  const names = Object.keys(strategies)
  const name = strategy ?? names[0]!
  if (!Object.hasOwn(strategies, name) || (strategy === undefined && names.length > 1)) {
    invalid(`"strategy" must be one of ${names.map(show).join(', ')}, got ${show(strategy)}.`)
  }
  const { trades } = record(strategies[name])
  if (!Array.isArray(trades)) invalid(`A strategy must have an array "trades", got ${show(trades)}.`)
  const closed = (trades as readonly unknown[]).flatMap((row, i) => {
    const trade = record(row)
    return trade['is_open'] === true ? [] : [checkPastTrade(ofFreqtrade(trade, i), `Trade ${i}`)]
  })
  return inOrder(closed)
}

function ofFreqtrade(trade: Fields, i: number): PastTrade {
  const number = (name: string): number => {
    const found = readNumber(name, trade[name], 'INVALID_INPUT')
    return found ?? invalid(`Trade ${i}: "${name}" must be a number, got ${show(trade[name])}.`)
  }
  const side = trade['is_short'] === true ? 'short' : 'long'
  const [entryPrice, exitPrice] = [number('open_rate'), number('close_rate')]
  const stop = readNumber(
    'initial_stop_loss_abs',
    trade['initial_stop_loss_abs'] ?? trade['stop_loss_abs'],
    'INVALID_INPUT',
  )
  const reason = trade['exit_reason'] ?? trade['sell_reason']
  const tag = trade['enter_tag'] ?? trade['buy_tag']
  const fees = number('fee_open') + (number('fee_close') * exitPrice) / entryPrice
  return {
    symbol: trade['pair'] as string,
    side,
    entryTime: readTime('open_date', trade['open_timestamp'] ?? trade['open_date']),
    entryPrice,
    exitTime: readTime('close_date', trade['close_timestamp'] ?? trade['close_date']),
    exitPrice,
    exitReason: typeof reason === 'string' ? reasonOf(reason) : 'exit',
    fees,
    ...(stop !== undefined && stop > 0 && { stop }),
    ...(typeof tag === 'string' && tag !== '' && { meta: { enterTag: tag } }),
  }
}

/** Ours, and freqtrade's `roi`, `stop_loss`, `trailing_stop_loss`, `stoploss_on_exchange`, ... */
function reasonOf(word: string): ExitReason {
  const plain = word.toLowerCase()
  if (plain === 'target' || plain === 'roi' || plain.includes('take_profit')) return 'target'
  if (plain === 'time') return 'time'
  return plain.includes('stop') || plain === 'liquidation' ? 'stop' : 'exit'
}

type Fields = { readonly [name: string]: unknown }

const plainName = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '')

function columnsOf(header: readonly string[]): { [Name in Column]?: number } {
  const names = header.map(plainName)
  const found: { [Name in Column]?: number } = {}
  for (const [column, aliases] of Object.entries(COLUMNS) as [Column, readonly string[]][]) {
    const at = names.findIndex((name) => aliases.includes(name))
    if (at >= 0) found[column] = at
  }
  return found
}

/** Reads the columns that are not documented into `meta`. */
function metaReader(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  taken: ReadonlySet<number | undefined>,
): (cells: readonly string[]) => SignalMeta | undefined {
  const own = header.flatMap((name, at) => {
    if (taken.has(at) || name.trim() === '') return []
    const numeric = rows.every((cells) => cells[at]!.trim() === '' || Number.isFinite(Number(cells[at])))
    return [{ name: name.trim(), at, numeric }]
  })
  if (own.length === 0) return () => undefined
  return (cells) =>
    Object.fromEntries(
      own.map(({ name, at, numeric }) => {
        const cell = cells[at]!.trim()
        return [name, cell === '' ? null : numeric ? Number(cell) : cell]
      }),
    )
}

function parseRows(csv: string): string[][] {
  try {
    return parse(csv, { bom: true, skip_empty_lines: true, relax_column_count: false }) as string[][]
  } catch (error) {
    return invalid(`Trades must be a CSV table: ${(error as Error).message}.`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return invalid(`A backtest must be JSON: ${(error as Error).message}.`)
  }
}

const inOrder = (trades: readonly PastTrade[]): PastTrade[] => [...trades].sort((a, b) => a.entryTime - b.entryTime)

function record(value: unknown): Fields {
  return isRecord(value) ? value : invalid(`A backtest must be an object, got ${show(value)}.`)
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function invalid(message: string): never {
  throw new TradeLearnError('INVALID_INPUT', message)
}
