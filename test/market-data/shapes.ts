import type { Candle } from '../../src/market.ts'
import type { ToCandleOptions } from '../../src/market-data/index.ts'

/** One bar, and how each source would send it. Volumes are left out where the source has none. */
export const BAR: Candle = {
  symbol: 'BTC/USD',
  time: Date.UTC(2024, 0, 2, 15),
  open: 42_000.5,
  high: 42_400.25,
  low: 41_900,
  close: 42_100.75,
  volume: 123.456,
}

const { time, open: o, high: h, low: l, close: c, volume: v } = BAR
const [seconds, iso] = [time / 1000, '2024-01-02T15:00:00Z']
const [O, H, L, C, V] = ['42000.50', '42400.25', '41900', '42100.75', '123.456']

/** A field value of a big-number library. */
class Big {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  valueOf(): string {
    return this.#text
  }
}

export const SHAPES: readonly (readonly [string, unknown, ToCandleOptions?])[] = [
  ['ccxt', [time, o, h, l, c, v]],
  ['ccxt with a count', [time, o, h, l, c, v, 17]],
  [
    'Binance REST',
    [time, O, H, L, C, V, time + 3_599_999, '5197000.1', 4321, '60.1', '2530000.2', '0'],
    { source: 'binance' },
  ],
  ['Binance REST, no source', [time, O, H, L, C, V, time + 3_599_999, '5197000.1', 4321, '60.1', '2530000.2', '0']],
  [
    'Binance stream',
    {
      e: 'kline',
      E: time + 3_600_001,
      s: 'BTC/USD',
      k: {
        ...{ t: time, T: time + 3_599_999, s: 'BTC/USD', i: '1h', f: 1, L: 9, o: O, c: C, h: H, l: L, v: V },
        ...{ n: 4321, x: true, q: '1', V: '60.1', Q: '2', B: '0' },
      },
    },
  ],
  [
    'Binance stream, formatted',
    {
      eventType: 'kline',
      symbol: 'BTC/USD',
      kline: {
        startTime: time,
        endTime: time + 3_599_999,
        symbol: 'BTC/USD',
        interval: '1h',
        final: true,
        open: o,
        high: h,
        low: l,
        close: c,
        volume: v,
      },
    },
  ],
  ['Alpaca raw', { T: 'b', S: 'BTC/USD', o, h, l, c, v, t: iso, n: 4321, vw: 42_050 }],
  [
    'Alpaca SDK',
    {
      Symbol: 'BTC/USD',
      ...{
        OpenPrice: o,
        HighPrice: h,
        LowPrice: l,
        ClosePrice: c,
        Volume: v,
        Timestamp: iso,
        VWAP: 42_050,
        TradeCount: 9,
      },
    },
  ],
  [
    'Alpaca crypto',
    { Timestamp: iso, Exchange: 'CBSE', Open: o, High: h, Low: l, Close: c, Volume: v, TradeCount: 9, VWAP: 1 },
  ],
  ['Alpaca legacy', { startEpochTime: seconds, openPrice: o, highPrice: h, lowPrice: l, closePrice: c, volume: v }],
  ['Polygon REST', { v, vw: 42_050.1, o, c, h, l, t: time, n: 4321 }],
  [
    'Polygon stream',
    {
      ev: 'AM',
      sym: 'BTC/USD',
      v,
      av: 9000,
      op: 41_000,
      vw: 42_050,
      o,
      c,
      h,
      l,
      a: 42_010,
      z: 3,
      s: time,
      e: time + 60_000,
    },
  ],
  ['Bybit REST', [String(time), O, H, L, C, V, '5197000.1'], { source: 'bybit' }],
  [
    'Bybit stream',
    {
      start: time,
      end: time + 3_599_999,
      interval: '60',
      open: O,
      close: C,
      high: H,
      low: L,
      volume: V,
      turnover: '1',
      confirm: true,
      timestamp: time + 3_600_003,
    },
  ],
  ['OKX', [String(time), O, H, L, C, V, '1', '2', '1'], { source: 'okx' }],
  ['OKX, no source', [String(time), O, H, L, C, V, '1', '2', '1']],
  ['Kraken spot', [seconds, O, H, L, C, '42050.1', V, 4321], { source: 'kraken' }],
  ['Kraken spot, no source', [seconds, O, H, L, C, '42050.1', V, 4321]],
  ['Kraken futures', { time, open: O, high: H, low: L, close: C, volume: V }],
  [
    'Kraken stream',
    {
      symbol: 'BTC/USD',
      open: o,
      high: h,
      low: l,
      close: c,
      vwap: 42_050,
      trades: 9,
      volume: v,
      interval_begin: '2024-01-02T15:00:00.000000000Z',
      interval: 60,
    },
  ],
  ['Coinbase Exchange', [seconds, l, h, o, c, v], { source: 'coinbase' }],
  ['Coinbase Advanced', { start: String(seconds), low: L, high: H, open: O, close: C, volume: V }],
  ['Bitfinex', [time, o, c, h, l, v], { source: 'bitfinex' }],
  ['Yahoo', { date: new Date(time), open: o, high: h, low: l, close: c, adjClose: 41_000, volume: v }],
  [
    'Gekko, Moment',
    { start: { valueOf: () => time }, open: o, high: h, low: l, close: c, vwp: 42_050, volume: v, trades: 9 },
  ],
  [
    'Zenbot',
    { period_id: 'h1', size: '1h', time, open: o, high: h, low: l, close: c, volume: v, close_time: time + 1 },
  ],
  [
    'typedtrader',
    {
      open: new Big(O!),
      high: new Big(H!),
      low: new Big(L!),
      close: new Big(C!),
      volume: new Big(V!),
      base: 'BTC',
      counter: 'USD',
      openTimeInISO: iso,
      openTimeInMillis: time,
      sizeInMillis: 3_600_000,
    },
  ],
  ['backtest-kit', { timestamp: time, open: o, high: h, low: l, close: c, volume: v }],
  ['candles in seconds', { time: seconds, open: o, high: h, low: l, close: c, volume: v }],
  [
    'a row of PostgreSQL',
    {
      symbol: 'BTC/USD',
      interval: '1h',
      open_time: new Date(time),
      open: O,
      high: H,
      low: L,
      close: C,
      volume: V,
      close_time: new Date(time + 1),
    },
  ],
  ['Superalgos', { begin: time, end: time + 3_599_999, open: o, close: c, min: l, max: h, volume: v }],
  ['microseconds', { time: time * 1000, open: o, high: h, low: l, close: c, volume: v }],
  ['nanoseconds', { time: BigInt(time) * 1_000_000n, open: o, high: h, low: l, close: c, volume: v }],
  ['a local time', { time: '2024-01-02 10:00:00 -05:00', open: o, high: h, low: l, close: c, volume: v }],
]
