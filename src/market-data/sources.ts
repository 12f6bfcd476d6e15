import { show, TradeLearnError } from '../core/errors.ts'

/** Where candles can come from, where it must be said. */
export type CandleSource =
  | 'ccxt'
  | 'binance'
  | 'alpaca'
  | 'polygon'
  | 'bybit'
  | 'okx'
  | 'kraken'
  | 'coinbase'
  | 'bitfinex'
  | 'yahoo'

/** The fields of one candle as they were found, not yet read. */
export type RawCandle = {
  readonly time: unknown
  readonly open: unknown
  readonly high: unknown
  readonly low: unknown
  readonly close: unknown
  readonly volume: unknown
  readonly symbol: unknown
  /** `false` where the message says that the bar is still open. */
  readonly closed: boolean
}

/** Positions in a tuple. */
type Columns = {
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  /** Position of a flag that says whether the bar is closed. */
  readonly closed?: number
}

const OHLC: Columns = { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5 }
/** Coinbase Exchange: low and high come first. */
const COINBASE: Columns = { time: 0, low: 1, high: 2, open: 3, close: 4, volume: 5 }
/** Bitfinex: the close comes second. */
const BITFINEX: Columns = { time: 0, open: 1, close: 2, high: 3, low: 4, volume: 5 }
/** Kraken: the volume comes after the volume-weighted price. */
const KRAKEN: Columns = { ...OHLC, volume: 6 }
/** OKX: the last field says whether the bar is closed. */
const OKX: Columns = { ...OHLC, closed: 8 }

/** The order of the columns of each source that sends tuples. */
const BY_SOURCE: { readonly [Source in CandleSource]?: Columns } = {
  ccxt: OHLC,
  binance: OHLC,
  bybit: OHLC,
  okx: OKX,
  kraken: KRAKEN,
  coinbase: COINBASE,
  bitfinex: BITFINEX,
}

/** What a tuple of a length is where no source is given: ccxt 5, 6 and 7, Bybit 7, Kraken 8, OKX 9, Binance 12. */
const BY_LENGTH: { readonly [length: number]: Columns } = {
  5: OHLC,
  6: OHLC,
  7: OHLC,
  8: KRAKEN,
  9: OKX,
  12: OHLC,
}

/** Reads a tuple by the order of its source, or by its length where that tells. */
export function ofTuple(row: readonly unknown[], source: CandleSource | undefined): RawCandle {
  const columns = source === undefined ? BY_LENGTH[row.length] : BY_SOURCE[source]
  if (columns === undefined) {
    throw new TradeLearnError(
      'AMBIGUOUS_CANDLE',
      source === undefined
        ? `A tuple of ${row.length} fields must come with a "source" (${Object.keys(BY_SOURCE).join(', ')}), got none.`
        : `${source} sends objects, got a tuple of ${row.length} fields.`,
    )
  }
  const at = (column: number): unknown => row[column]
  return {
    time: at(columns.time),
    open: at(columns.open),
    high: at(columns.high),
    low: at(columns.low),
    close: at(columns.close),
    volume: at(columns.volume),
    symbol: undefined,
    closed: columns.closed === undefined || !isFalse(at(columns.closed)),
  }
}

/** Other orders in which the fields of an inconsistent tuple would make a candle, by the source that has them. */
export function otherOrders(row: readonly unknown[]): CandleSource[] {
  const numbers = row.map(Number)
  return (['coinbase', 'bitfinex'] as const).filter((source) => {
    const { open, high, low, close } = BY_SOURCE[source]!
    const [o, h, l, c] = [open, high, low, close].map((column) => numbers[column]!)
    return l! > 0 && l! <= o! && l! <= c! && o! <= h! && c! <= h!
  })
}

/** What the fields of a candle are called, in the order in which they are looked for. */
const NAMES = {
  // what says that it is the start comes first: Bybit's `timestamp` is that of the message
  time: [
    'openTime',
    'open_time',
    'start',
    'startTime',
    'interval_begin',
    'startEpochTime',
    'openTimeInMillis',
    'openTimeInISO',
    'begin',
    'time',
    'timestamp',
    'Timestamp',
    'date',
    'datetime',
    't',
  ],
  open: ['open', 'o', 'Open', 'OpenPrice', 'openPrice'],
  high: ['high', 'h', 'High', 'HighPrice', 'highPrice', 'max'],
  low: ['low', 'l', 'Low', 'LowPrice', 'lowPrice', 'min'],
  close: ['close', 'c', 'Close', 'ClosePrice', 'closePrice'],
  volume: ['volume', 'v', 'Volume', 'vol'],
  symbol: ['symbol', 'Symbol', 'S', 'sym', 'pair', 'ticker'],
} as const
/** Flags that say whether a bar is closed: Bybit, Binance formatted, OKX, Binance raw. */
const CLOSED = ['confirm', 'final', 'isFinal', 'closed', 'x'] as const

type Fields = { readonly [name: string]: unknown }

/** Reads an object by the names of its fields. */
export function ofObject(row: object): RawCandle {
  const wrapped = (row as Fields)['k'] ?? (row as Fields)['kline']
  // Binance's stream puts the bar into the message
  const fields = (isRecord(wrapped) ? wrapped : row) as Fields
  const binance = fields === wrapped && 'k' in row
  // Polygon's aggregates start at `s`, which is the symbol everywhere else
  const polygon = fields['ev'] === 'AM' || fields['ev'] === 'A'
  const found = (names: readonly string[]): unknown => {
    for (const name of names) if (Object.hasOwn(fields, name)) return fields[name]
    return undefined
  }
  const flag = CLOSED.find((name) => Object.hasOwn(fields, name) && (name !== 'x' || binance))
  return {
    time: polygon ? fields['s'] : found(NAMES.time),
    open: found(NAMES.open),
    high: found(NAMES.high),
    low: found(NAMES.low),
    close: found(NAMES.close),
    volume: found(NAMES.volume),
    symbol: found(NAMES.symbol) ?? (polygon ? undefined : fields['s']),
    closed: flag === undefined || !isFalse(fields[flag]),
  }
}

/** Column arrays under the names of the fields, if that is what an object holds. */
export function columnsOf(value: object): { readonly [name: string]: ArrayLike<unknown> } | undefined {
  const fields = value as Fields
  const column = (names: readonly string[]): ArrayLike<unknown> | undefined => {
    const name = names.find((each) => isColumn(fields[each]))
    return name === undefined ? undefined : (fields[name] as ArrayLike<unknown>)
  }
  const [time, close] = [column(NAMES.time), column(NAMES.close)]
  if (time === undefined || close === undefined) return undefined
  const found: { [name: string]: ArrayLike<unknown> } = { time, close }
  for (const name of ['open', 'high', 'low', 'volume'] as const) {
    const values = column(NAMES[name])
    if (values !== undefined) found[name] = values
  }
  return found
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isColumn = (value: unknown): boolean => Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)
const isFalse = (value: unknown): boolean => value === false || value === 0 || value === '0' || value === 'false'

/** Throws unless `source` is one that is known. */
export function checkSource(source: CandleSource | undefined): void {
  const known = [...Object.keys(BY_SOURCE), 'alpaca', 'polygon', 'yahoo']
  if (source === undefined || known.includes(source)) return
  throw new TradeLearnError('INVALID_OPTION', `"source" must be one of ${known.join(', ')}, got ${show(source)}.`)
}
