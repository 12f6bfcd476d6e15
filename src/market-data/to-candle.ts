import { checkCandle } from '../core/check-candle.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { readNumber } from '../core/read-number.ts'
import { type DateOrder, readTime } from '../core/read-time.ts'
import { barEnd, type Timeframe } from '../core/timeframe.ts'
import type { Candle } from '../market.ts'
import { type CandleSource, checkSource, ofObject, ofTuple, otherOrders, type RawCandle } from './sources.ts'

/** Options of {@link toCandle}. */
export type ToCandleOptions = {
  /** Where the row comes from; needed for tuples of Coinbase Exchange and Bitfinex, whose order is their own. */
  readonly source?: CandleSource
  /** Symbol of rows that name none. */
  readonly symbol?: string
  /** Length of a bar, which `now` needs: "1m", "4h", "1d". */
  readonly timeframe?: Timeframe
  /** The time now, in epoch milliseconds; a bar that has not ended by then is still open. */
  readonly now?: number
  /** How dates such as 02/03/2017 are meant; without it they are refused. */
  readonly dateOrder?: DateOrder
}

/**
 * A closed candle from a row as an exchange, a broker or a library sends it.
 *
 * Reads tuples and objects of ccxt, Binance (REST and stream), Alpaca (its three spellings), Polygon, Bybit, OKX, Kraken,
 * Coinbase, Bitfinex and Yahoo, and most objects with fields of such names: decimal strings as well as numbers, seconds,
 * milliseconds, microseconds, nanoseconds, ISO 8601 and `Date` as times. Without a volume the candle has none.
 *
 * A tuple says nothing of the order of its columns. Six numbers are taken for time, open, high, low, close, volume, and
 * refused, with the order that would fit, where they make no sense so: they are never guessed at.
 *
 * @throws `AMBIGUOUS_CANDLE` for tuples that need a `source`, `OPEN_CANDLE` for a bar that is not closed yet,
 *   `INVALID_CANDLE`, `INVALID_TIME`, `INVALID_OPTION`
 *
 * @example
 * ```ts
 * toCandle([1_700_000_000_000, '100', '105', '99', '103', '12.5'], { symbol: 'BTC/USDT' })
 * toCandle({ S: 'AAPL', t: '2024-01-02T15:00:00Z', o: 187.1, h: 188.4, l: 183.9, c: 185.6, v: 82488700 })
 * toCandle([1_700_000_000, 99, 105, 100, 103, 12.5], { symbol: 'BTC-USD', source: 'coinbase' })
 * ```
 */
export function toCandle(row: unknown, options: ToCandleOptions = {}): Candle {
  const { source, timeframe, now, dateOrder } = options
  checkSource(source)
  const raw = rawOf(row, source)
  const symbol = raw.symbol ?? options.symbol
  if (typeof symbol !== 'string' || symbol === '') {
    throw new TradeLearnError(
      'INVALID_CANDLE',
      `A candle must name its "symbol", or the options do, got ${show(symbol)}.`,
    )
  }
  const time = readTime('candle.time', raw.time, dateOrder)
  const price = (name: 'open' | 'high' | 'low' | 'close'): number =>
    readNumber(`candle.${name}`, raw[name]) ?? missing(name, raw[name])
  const candle = { symbol, time, open: price('open'), high: price('high'), low: price('low'), close: price('close') }
  const volume = readNumber('candle.volume', raw.volume)
  refuseOrder(row, source, candle)
  const whole = volume === undefined ? candle : { ...candle, volume }
  checkCandle(whole)
  const end = timeframe === undefined || now === undefined ? -Infinity : barEnd(time, timeframe)
  if (!raw.closed || (now !== undefined && end > now)) {
    throw new TradeLearnError(
      'OPEN_CANDLE',
      `A candle must be closed, got one of ${symbol} that opened at ${time} and is still open.`,
    )
  }
  return whole
}

function rawOf(row: unknown, source: CandleSource | undefined): RawCandle {
  if (Array.isArray(row)) return ofTuple(row, source)
  if (typeof row === 'object' && row !== null) return ofObject(row)
  throw new TradeLearnError('INVALID_CANDLE', `A row must be a tuple or an object, got ${show(row)}.`)
}

/** Refuses a tuple that is no candle in the order it was read in, and would be one in another. */
function refuseOrder(row: unknown, source: CandleSource | undefined, { open, high, low, close }: Candle): void {
  if (!Array.isArray(row) || source !== undefined) return
  if (low <= open && low <= close && open <= high && close <= high) return
  const others = otherOrders(row)
  if (others.length === 0) return
  const hint = others.map((name) => `"${name}"`).join(' or ')
  throw new TradeLearnError(
    'AMBIGUOUS_CANDLE',
    `A tuple must be time, open, high, low, close, volume, or come with its "source"; got one that fits the order of ${hint}.`,
  )
}

function missing(name: string, value: unknown): never {
  throw new TradeLearnError('INVALID_CANDLE', `"candle.${name}" must be a positive number, got ${show(value)}.`)
}
