import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { defaultFeatures, FeatureEngineer } from '../../src/features/index.ts'
import type { Candle } from '../../src/market.ts'
import { type CandleSource, type ToCandleOptions, toCandle } from '../../src/market-data/index.ts'
import { walk } from '../features/candles.ts'
import { BAR, SHAPES } from './shapes.ts'

const { symbol, volume: _, ...prices } = BAR
const noVolume = { symbol, ...prices }

test.each(SHAPES)('%s gives the canonical candle', (_name, row, options = {}) => {
  expect(toCandle(row, { symbol, ...(options as ToCandleOptions) })).toEqual(BAR)
  const frozen = JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
  toCandle(row, { symbol, ...(options as ToCandleOptions) })
  expect(JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? String(value) : value))).toBe(frozen)
})

describe('volume', () => {
  test.each([
    ['left out', { timestamp: BAR.time, ...prices }],
    ['null', { ...prices, volume: null }],
    ['NaN', { ...prices, volume: Number.NaN }],
    ['empty', { ...prices, volume: '' }],
    ['of a tuple without one', [BAR.time, BAR.open, BAR.high, BAR.low, BAR.close]],
    ['of a tuple with undefined', [BAR.time, BAR.open, BAR.high, BAR.low, BAR.close, undefined]],
  ])('%s is missing, not 0', (_name, row) => {
    expect(toCandle(row, { symbol })).toEqual(noVolume)
  })

  test('of 0 stays 0', () => expect(toCandle({ ...prices, volume: '0' }, { symbol }).volume).toBe(0))
})

describe('a tuple in another order', () => {
  const { time, open: o, high: h, low: l, close: c, volume: v } = BAR

  test.each([
    ['coinbase', [time / 1000, l, h, o, c, v]],
    ['bitfinex', [time, o, c, h, l, v]],
  ] as const)("is refused with %s's name, and read when that is given", (source, row) => {
    expect(() => toCandle(row, { symbol })).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS_CANDLE', message: expect.stringContaining(source) }),
    )
    expect(toCandle(row, { symbol, source })).toEqual(BAR)
  })

  test('that makes a candle both ways makes the same one', () => {
    const price = fc.integer({ min: 1, max: 6 })
    fc.assert(
      fc.property(price, price, price, price, (a, b, d, e) => {
        const row = [time, a, b, d, e, 1]
        let plain: unknown
        try {
          plain = toCandle(row, { symbol })
        } catch {
          return
        }
        for (const source of ['coinbase', 'bitfinex'] as const) {
          let other: unknown = plain
          try {
            other = toCandle(row, { symbol, source })
          } catch {}
          expect(other).toEqual(plain)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test.each([4, 10, 11, 13])('of %i fields is refused without a source', (length) => {
    expect(() => toCandle(Array(length).fill(1), { symbol })).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS_CANDLE' }),
    )
  })
})

describe('a candle that is still open', () => {
  const kline = SHAPES.find(([name]) => name === 'Binance stream')![1] as { k: object }
  test.each([
    ['Binance', { ...kline, k: { ...kline.k, x: false } }],
    ['OKX', [String(BAR.time), BAR.open, BAR.high, BAR.low, BAR.close, 1, 1, 1, '0']],
    ['Bybit', { start: BAR.time, ...prices, time: undefined, confirm: false }],
  ])('says so itself: %s', (_name, row) => {
    const { time: _time, ...rest } = row as { time?: unknown }
    expect(() => toCandle(Array.isArray(row) ? row : rest, { symbol })).toThrow(
      expect.objectContaining({ code: 'OPEN_CANDLE' }),
    )
  })

  test('is known by its timeframe and the time now', () => {
    const at = (now: number): unknown => toCandle(BAR, { timeframe: '1h', now })
    expect(() => at(BAR.time + 3_599_999)).toThrow(expect.objectContaining({ code: 'OPEN_CANDLE' }))
    expect(at(BAR.time + 3_600_000)).toEqual(BAR)
    const month = { ...BAR, time: Date.UTC(2024, 1, 1) }
    expect(() => toCandle(month, { timeframe: '1M', now: Date.UTC(2024, 2, 1) - 1 })).toThrow('still open')
    expect(toCandle(month, { timeframe: '1M', now: Date.UTC(2024, 2, 1) })).toEqual(month)
  })
})

test.each([
  ['2024-01-02', Date.UTC(2024, 0, 2)],
  ['2024-01-02T15:04', Date.UTC(2024, 0, 2, 15, 4)],
  ['2024-01-02 15:04:05.678', Date.UTC(2024, 0, 2, 15, 4, 5, 678)],
  ['2024-01-02T15:04:05+02:00', Date.UTC(2024, 0, 2, 13, 4, 5)],
  ['2024-01-02T15:04:05-0530', Date.UTC(2024, 0, 2, 20, 34, 5)],
  ['1704207600', Date.UTC(2024, 0, 2, 15)],
  [1_704_207_600.123, Date.UTC(2024, 0, 2, 15) + 123],
  [-631_152_000, Date.UTC(1950, 0, 1)],
])('the time %s is read in UTC', (time, wanted) => {
  expect(toCandle({ ...prices, time }, { symbol }).time).toBe(wanted)
})

test('dates with slashes are refused until their order is said', () => {
  const row = { ...prices, time: '02/03/2017' }
  expect(() => toCandle(row, { symbol })).toThrow(expect.objectContaining({ code: 'INVALID_TIME' }))
  expect(toCandle(row, { symbol, dateOrder: 'month/day/year' }).time).toBe(Date.UTC(2017, 1, 3))
  expect(toCandle(row, { symbol, dateOrder: 'day/month/year' }).time).toBe(Date.UTC(2017, 2, 2))
})

test.each([
  ['no row', null, 'INVALID_CANDLE'],
  ['text', 'x', 'INVALID_CANDLE'],
  ['no symbol', { ...prices, symbol: '' }, 'INVALID_CANDLE'],
  ['a null price, as of Yahoo on a holiday', { ...prices, close: null }, 'INVALID_CANDLE'],
  ['a price with thousands', { ...prices, close: '42,100.75' }, 'INVALID_CANDLE'],
  ['a hexadecimal price', { ...prices, close: '0x10' }, 'INVALID_CANDLE'],
  ['an object for a price', { ...prices, close: {} }, 'INVALID_CANDLE'],
  [
    'a price that throws',
    {
      ...prices,
      close: {
        valueOf: () => {
          throw new Error('x')
        },
      },
    },
    'INVALID_CANDLE',
  ],
  ['a negative price', { ...prices, open: -1 }, 'INVALID_CANDLE'],
  ['a high below the low', { ...prices, high: 1 }, 'INVALID_CANDLE'],
  ['a negative volume', { ...prices, volume: -1 }, 'INVALID_CANDLE'],
  ['no time', { ...prices, time: undefined }, 'INVALID_TIME'],
  ['a day that does not exist', { ...prices, time: '2023-02-29' }, 'INVALID_TIME'],
  ['a time in words', { ...prices, time: 'yesterday' }, 'INVALID_TIME'],
  ['an invalid Date', { ...prices, time: new Date(Number.NaN) }, 'INVALID_TIME'],
] as const)('%s is refused', (_name, row, code) => {
  expect(() => toCandle(row, _name === 'no symbol' ? {} : { symbol })).toThrow(expect.objectContaining({ code }))
})

test('options that make no sense are refused', () => {
  expect(() => toCandle(BAR, { source: 'mtgox' as CandleSource })).toThrow('"source"')
  expect(() => toCandle(BAR, { timeframe: '0h', now: 0 })).toThrow('"timeframe"')
  expect(() => toCandle([1, 2, 3, 4, 5, 6], { source: 'yahoo', symbol })).toThrow('yahoo sends objects')
})

test('random bad rows of any shape give coded errors or sound candles', () => {
  const junk = fc.oneof(
    fc.constantFrom(undefined, null, NaN, Infinity, -1, 0, 1, 1e308, '', 'x', '1e999', '12', true, [], {}, BAR.time),
    fc.double(),
    fc.string({ maxLength: 5 }),
  )
  const field = fc.constantFrom(
    'time',
    't',
    'open',
    'o',
    'high',
    'h',
    'low',
    'l',
    'close',
    'c',
    'volume',
    'k',
    's',
    'x',
  )
  const row = fc.oneof(fc.array(junk, { maxLength: 13 }), fc.dictionary(field, junk), junk)
  fc.assert(
    fc.property(row, (value) => {
      try {
        const { open, high, low, close, time } = toCandle(value, { symbol: 'X' })
        expect(low > 0 && low <= open && low <= close && open <= high && close <= high).toBe(true)
        expect(Number.isSafeInteger(time)).toBe(true)
      } catch (error) {
        expect(error).toMatchObject({ name: 'TradeLearnError' })
      }
    }),
    { numRuns: 20_000 },
  )
})

test('a million random bad rows give coded errors only and change nothing', () => {
  const engineer = new FeatureEngineer(defaultFeatures())
  for (const candle of walk(60)) engineer.update(candle)
  const before = JSON.stringify(engineer)
  const rng = new SeededRng('a million')
  const pick = <T>(from: readonly T[]): T => from[Math.floor(rng.next() * from.length)]!
  const { symbol: known, time: newest } = walk(60).at(-1)!
  const bad = [undefined, null, NaN, Infinity, -Infinity, -1, 0, '', 'x', '1e999', '1,5', true, [], {}, () => 1]
  const good = [1, 2, 1e-9, 1e9, newest + 1, newest - 1, '7']
  const names = ['symbol', 'time', 'open', 'high', 'low', 'close', 'volume']
  let refused = 0
  for (let i = 0; i < 1_000_000; i++) {
    const row: { [name: string]: unknown } = { symbol: known, time: newest + 1, open: 5, high: 6, low: 4, close: 5 }
    for (let k = 0; k < 3; k++) row[pick(names)] = pick(rng.next() < 0.3 ? good : bad)
    // at least this much is wrong with it
    row[pick(['open', 'high', 'low', 'close'])] = pick(bad)
    const given = i % 3 === 0 ? Object.values(row) : row
    try {
      if (i % 2 === 0) toCandle(given, { symbol: known })
      else engineer.update(given as Candle)
    } catch (error) {
      if ((error as Error).name !== 'TradeLearnError') throw error
      refused++
    }
  }
  // a few tuples happen to be candles of another order of fields
  expect(refused).toBeGreaterThan(990_000)
  expect(JSON.stringify(engineer)).toBe(before)
}, 60_000)
