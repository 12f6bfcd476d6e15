import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultFeatures, FeatureEngineer } from '../../src/features/index.ts'
import type { Candle } from '../../src/market.ts'
import { CandleInspector, type NormalizeSeriesOptions, normalizeSeries } from '../../src/market-data/index.ts'
import { walk } from '../features/candles.ts'

const T0 = Date.UTC(2024, 0, 2)
const HOUR = 3_600_000
const tuple = (i: number, close = 100 + i): number[] => [T0 + i * HOUR, close, close + 2, close - 2, close + 1, 10 + i]
const rows = Array.from({ length: 6 }, (_, i) => tuple(i))
const options = { symbol: 'X', timeframe: '1h' } as const
const sound = normalizeSeries(rows, options).candles

describe('however it comes, a series is the same', () => {
  const column = (at: number): number[] => rows.map((row) => row[at]!)
  const columns = {
    time: column(0),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  }
  const objects = rows.map(([t, o, h, l, c, v]) => ({ t, o, h, l, c, v }))
  test.each<[string, unknown, NormalizeSeriesOptions?]>([
    ['newest first', [...rows].reverse()],
    ['shuffled', [3, 0, 5, 1, 4, 2].map((i) => rows[i])],
    ['with doubles', [...rows, ...rows.slice(2, 4)]],
    ['in columns', columns],
    ['in typed columns', { ...columns, close: Float64Array.from(columns.close) }],
    [
      'in columns of one letter',
      { t: column(0), o: column(1), h: column(2), l: column(3), c: column(4), v: column(5) },
    ],
    ['from Bybit', { retCode: 0, result: { symbol: 'X', category: 'spot', list: [...rows].reverse() } }],
    ['from OKX', { code: '0', data: [...rows].reverse().map((row) => [...row, '0', '0', '1']) }],
    [
      'from Kraken',
      { error: [], result: { X: rows.map(([t, o, h, l, c, v]) => [t! / 1000, o, h, l, c, c, v, 1]), last: 1 } },
    ],
    ['from Polygon', { ticker: 'X', results: objects, status: 'OK' }],
    ['from Alpaca', { bars: { X: objects }, next_page_token: null }],
    [
      'from Yahoo',
      {
        meta: {},
        quotes: objects.map(({ t, o, h, l, c, v }) => ({
          date: new Date(t!),
          open: o,
          high: h,
          low: l,
          close: c,
          volume: v,
        })),
      },
    ],
    ['from Coinbase', rows.map(([t, o, h, l, c, v]) => [t! / 1000, l, h, o, c, v]), { source: 'coinbase' }],
  ])('%s', (_name, input, more = {}) => {
    expect(normalizeSeries(input, { ...options, ...more }).candles).toEqual(sound)
  })

  test('symbols that rows or envelopes name are kept apart', () => {
    const { candles } = normalizeSeries({ bars: { A: objects, B: objects } }, { timeframe: '1h' })
    expect(candles.map(({ symbol }) => symbol).join('')).toBe('ABABABABABAB')
  })
})

test('the bar that is still open is left out and reported', () => {
  const { candles, issues } = normalizeSeries(rows, { ...options, now: T0 + 5.5 * HOUR })
  expect(candles).toEqual(sound.slice(0, 5))
  expect(issues).toEqual([{ code: 'OPEN_CANDLE', row: 5, message: expect.stringContaining('still open') }])
})

test('order, doubles, conflicts, gaps and bad rows are told, and nothing is repaired', () => {
  const changed = tuple(4, 500)
  const series = normalizeSeries([rows[0], rows[4], null, rows[1], rows[1], changed], options)
  expect(series.order).toBe('mixed')
  expect(series.candles).toEqual([sound[0], sound[1]])
  expect(series.issues.map(({ code, row }) => [row, code])).toEqual([
    [1, 'CONFLICTING_CANDLES'],
    [2, 'INVALID_CANDLE'],
    [4, 'DUPLICATE_CANDLE'],
    [5, 'CONFLICTING_CANDLES'],
  ])
  const last = normalizeSeries([rows[0], rows[4], changed], { ...options, conflicts: 'last' })
  expect(last.candles.map(({ open }) => open)).toEqual([100, 500])
  expect(last.issues.map(({ code, row }) => [row, code])).toEqual([[1, 'DUPLICATE_CANDLE']])
  expect(last.gaps).toEqual([{ symbol: 'X', after: T0, before: T0 + 4 * HOUR, missing: 3 }])
})

test('one tuple in another order is a bad row, most of them are another source', () => {
  const swapped = (row: readonly number[]): unknown[] => [row[0], row[3], row[2], row[1], row[4], row[5]]
  const { issues } = normalizeSeries([...rows.slice(1), swapped(rows[0]!)], options)
  expect(issues.map(({ code }) => code)).toEqual(['AMBIGUOUS_CANDLE'])
  expect(() => normalizeSeries(rows.map(swapped), options)).toThrow(
    expect.objectContaining({ code: 'AMBIGUOUS_CANDLE', message: expect.stringContaining('coinbase') }),
  )
})

test.each([
  ['a number', 5],
  ['nothing', null],
  ['no rows', { a: 1 }],
  ['columns of different length', { time: [1, 2], close: [1] }],
])('%s is no series', (_name, input) => {
  expect(() => normalizeSeries(input, options)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
})

describe('properties', () => {
  const market = walk(60, { seed: 'series' })
  const raw = market.map(({ time, open, high, low, close, volume }) => [time, open, high, low, close, volume])
  const features = (candles: readonly Candle[]): Float64Array => {
    const engineer = new FeatureEngineer(defaultFeatures())
    for (const candle of candles) engineer.update(candle)
    const { symbol, time } = candles.at(-1)!
    return engineer.vector({ symbol, side: 'long', time })
  }
  const { symbol } = market[0]!
  const wanted = features(market)

  test('any permutation with any duplication gives the same features', () => {
    const mess = fc
      .tuple(fc.array(fc.nat(raw.length - 1), { maxLength: 40 }), fc.infiniteStream(fc.nat()))
      .map(([doubles, keys]) => {
        const all = [...raw, ...doubles.map((i) => raw[i]!)]
        const order = all.map((row, i) => ({ row, key: keys.next().value as number, i }))
        return order.sort((a, b) => a.key - b.key || a.i - b.i).map(({ row }) => row)
      })
    fc.assert(
      fc.property(mess, (input) => {
        const { candles, issues } = normalizeSeries(input, { symbol })
        expect(features(candles)).toEqual(wanted)
        expect(issues.length).toBe(input.length - raw.length)
      }),
      { numRuns: 60 },
    )
  })

  test('fed as they come, candles out of order and doubles are coded errors that change nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(market.length - 1), { minLength: 1, maxLength: 80 }), (order) => {
        const engineer = new FeatureEngineer(defaultFeatures())
        const clean = new FeatureEngineer(defaultFeatures())
        let newest = -1
        for (const i of order) {
          if (i > newest) {
            engineer.update(market[i]!)
            clean.update(market[i]!)
            newest = i
          } else {
            const code = i === newest ? 'DUPLICATE_CANDLE' : 'OUT_OF_ORDER'
            expect(() => engineer.update(market[i]!)).toThrow(expect.objectContaining({ code }))
          }
        }
        expect(JSON.stringify(engineer)).toBe(JSON.stringify(clean))
      }),
      { numRuns: 40 },
    )
  })

  test('a gap is told, and the candles around it are those that were there', () => {
    fc.assert(
      fc.property(fc.subarray(raw, { minLength: 2 }), (kept: (number | undefined)[][]) => {
        const { candles, gaps, issues } = normalizeSeries(kept, { symbol, timeframe: '1h' })
        expect(candles.length).toBe(kept.length)
        expect(issues).toEqual([])
        const span = (kept.at(-1)![0]! - kept[0]![0]!) / HOUR + 1
        expect(gaps.reduce((sum, { missing }) => sum + missing, 0)).toBe(span - kept.length)
      }),
    )
  })
})

const data = join(import.meta.dirname, '../../../shared/data/market')
const read = (file: string): { [name: string]: string }[] => {
  const [header, ...lines] = readFileSync(join(data, file), 'utf8').trim().split(/\r?\n/)
  const names = header!.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])))
}

describe.skipIf(!existsSync(data))('real series with known faults', () => {
  const codes = (issues: readonly { code: string }[]): { [code: string]: number } => {
    const counts: { [code: string]: number } = {}
    for (const { code } of issues) counts[code] = (counts[code] ?? 0) + 1
    return counts
  }
  const flagsOf = (candles: readonly Candle[]): string[] => {
    const inspector = new CandleInspector()
    return candles.flatMap((candle) =>
      inspector.update(candle).map(({ code, time }) => `${new Date(time).toISOString().slice(0, 10)} ${code}`),
    )
  }

  test('bad quotes: every broken row is reported, the others are read, what stands still or jumps is flagged', () => {
    const broken = read('bad_quotes.csv')
    const { candles, issues } = normalizeSeries(broken, { symbol: 'BAD', dateOrder: 'month/day/year' })
    // 50 rows without a date; and of those with one: 51 of zeros, 50 blank, 14 with a negative or inconsistent field
    expect(codes(issues)).toEqual({ INVALID_TIME: 50, INVALID_CANDLE: 115 })
    expect(candles.length + issues.length).toBe(broken.length)
    expect(flagsOf(candles)).toEqual([
      '2017-03-30 FLAT',
      '2017-05-26 JUMP',
      '2017-08-08 JUMP',
      '2018-01-09 JUMP',
      '2018-03-14 JUMP',
      '2018-12-28 JUMP',
    ])
  })

  test('VIX: its 47 inconsistent rows are reported', () => {
    const { candles, issues } = normalizeSeries(read('vix_1d.csv'), { symbol: 'VIX' })
    expect(codes(issues)).toEqual({ INVALID_CANDLE: 47 })
    expect(candles.length).toBe(9235 - 47)
  })

  test('GOOG: the split that nobody adjusted for and the bad print are found', () => {
    const { candles, issues } = normalizeSeries(read('goog_1d.csv'), { symbol: 'GOOG' })
    expect(issues).toEqual([])
    const flags = flagsOf(candles)
    expect(flags).toContain('2014-04-03 POSSIBLE_SPLIT')
    expect(flags).toContain('2008-09-30 SPIKE')
    expect(flags.length).toBeLessThan(10)
  })

  test('adjusted series are left in peace', () => {
    for (const [file, most] of [
      ['spy_1d.csv', 0],
      ['qqq_1d.csv', 1],
      ['aapl_1d.csv', 1],
    ] as const) {
      expect(flagsOf(normalizeSeries(read(file), { symbol: 'X' }).candles).length).toBeLessThanOrEqual(most)
    }
  })
})
