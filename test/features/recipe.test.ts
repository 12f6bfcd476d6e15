import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { barStart, type Timeframe } from '../../src/core/timeframe.ts'
import { FeatureEngineer, rsi, tradeSide } from '../../src/features/index.ts'
import { lagged } from '../../src/features/lagged.ts'
import { onTimeframe } from '../../src/features/on-timeframe.ts'
import { expand, type Recipe } from '../../src/features/recipe.ts'
import type { Candle } from '../../src/market.ts'
import { HOUR, START, walk } from './candles.ts'

const recipe: Recipe = {
  timeframe: '1h',
  indicators: { rsi: [7, 14], macd: [[12, 26, 9]] },
  timeframes: ['4h'],
  shifts: [1, 2],
  references: ['SPY', 'BTC/USDT'],
}

describe('a recipe', () => {
  test('makes indicators x parameters x timeframes x shifts x symbols, and names tell so', () => {
    const { schema } = new FeatureEngineer(expand(recipe))
    // (2 RSI of one number + 1 MACD of three) x 2 timeframes x (now and 2 shifts) x 3 symbols
    expect(schema.size).toBe((2 + 3) * 2 * 3 * 3)
    for (const name of [
      'rsi_7',
      'rsi_14.lag2',
      'rsi_14_4h',
      'macd_12_26_9.signal',
      'macd_12_26_9_4h.signal_lag1',
      'SPY_rsi_14_4h.lag2',
      'BTC-USDT_macd_12_26_9.line',
    ]) {
      expect(schema.names).toContain(name)
    }
    expect(schema.kinds[schema.names.indexOf('rsi_14_4h.lag2')]).toBe('lagged(rsi(14), 1, 2) on 4h of 1h')
    expect(schema.kinds[schema.names.indexOf('macd_12_26_9.line')]).toMatch(/^directed /)
  })

  test('is the schema fingerprint: equal recipes give equal ones however they are written, others do not', () => {
    const fingerprint = (given: Recipe): string => new FeatureEngineer(expand(given)).schema.fingerprint
    const { timeframe, indicators, timeframes, shifts, references } = recipe as Required<Recipe>
    const { rsi: own, macd } = indicators
    const reordered = { references, shifts, timeframes, indicators: { macd, rsi: own }, timeframe } as Recipe
    expect(Object.keys(reordered.indicators)).not.toEqual(Object.keys(indicators))
    expect(fingerprint(reordered)).toBe(fingerprint(recipe))
    expect(fingerprint({ ...recipe, shifts: [1] })).not.toBe(fingerprint(recipe))
    expect(fingerprint({ ...recipe, references: ['SPY', 'QQQ'] })).not.toBe(fingerprint(recipe))
  })

  test('stands beside other features, and a snapshot goes back into the same recipe only', () => {
    const declared = { ...expand(recipe), signal: { side: tradeSide() } }
    const engineer = new FeatureEngineer(declared)
    for (const candle of walk(80)) engineer.update(candle)
    const json = JSON.parse(JSON.stringify(engineer))
    const restored = new FeatureEngineer(declared).codec().fromJSON(json, () => engineer)
    expect(JSON.stringify(restored)).toBe(JSON.stringify(engineer))
    const other = new FeatureEngineer({ ...expand({ ...recipe, shifts: [1] }), signal: { side: tradeSide() } })
    expect(() => other.codec().fromJSON(json, () => engineer)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_MISMATCH', message: expect.stringContaining('rsi_7') }),
    )
  })

  test.each([
    ['no object', 5],
    ['an unknown key', { ...recipe, period: 5 }],
    ['no timeframe', { indicators: { rsi: [14] } }],
    ['an unknown indicator', { ...recipe, indicators: { rsj: [14] } }],
    ['an indicator of the prototype', { ...recipe, indicators: { constructor: [14] } }],
    ['no parameters', { ...recipe, indicators: { rsi: [] } }],
    ['a parameter that is none', { ...recipe, indicators: { rsi: ['14'] } }],
    ['a parameter that the indicator refuses', { ...recipe, indicators: { rsi: [0] } }],
    ['the same twice', { ...recipe, indicators: { rsi: [14, 14] } }],
    ['a shorter timeframe', { ...recipe, timeframes: ['30m'] }],
    ['a timeframe that does not fit', { ...recipe, timeframe: '45m', timeframes: ['1h'] }],
    ['a shift of 0', { ...recipe, shifts: [0] }],
    ['two symbols with one name', { ...recipe, references: ['BTC/USD', 'BTC-USD'] }],
    ['nothing', { ...recipe, indicators: {} }],
    ['far too much', { ...recipe, shifts: Array.from({ length: 600 }, (_, i) => i + 1) }],
  ])('with %s is refused', (_name, bad) => {
    expect(() => expand(bad as Recipe)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('longer timeframes', () => {
  /** Whole bars of a timeframe, as plain as can be; those that the candles do not reach the end of are left out. */
  function bars(candles: readonly Candle[], timeframe: Timeframe, until: number): Candle[] {
    const groups = new Map<number, Candle[]>()
    for (const candle of candles) {
      const start = barStart(candle.time, timeframe)
      groups.set(start, [...(groups.get(start) ?? []), candle])
    }
    const length = timeframe === '1d' ? 24 * HOUR : 4 * HOUR
    return [...groups]
      .filter(([start], i) => start + length <= until && (i > 0 || groups.get(start)![0]!.time === start))
      .map(([start, own]) => ({
        symbol: 'AAPL',
        time: start,
        open: own[0]!.open,
        high: Math.max(...own.map(({ high }) => high)),
        low: Math.min(...own.map(({ low }) => low)),
        close: own.at(-1)!.close,
        ...(own.every(({ volume }) => volume !== undefined) && {
          volume: own.reduce((sum, { volume }) => sum + volume!, 0),
        }),
      }))
  }

  test.each(['4h', '1d'] as const)('%s: the numbers are those of the whole bars that have closed', (timeframe) => {
    const seen: Candle[] = []
    const spy = {
      kind: 'spy',
      outputs: ['value'] as const,
      init: () => ({ n: 0 }),
      update: (_state: { n: number }, candle: Candle) => void seen.push({ ...candle }),
      read: () => {},
    }
    const market = walk(24 * 8).map((candle, i) =>
      i % 50 === 7 ? { ...candle, volume: undefined } : candle,
    ) as Candle[]
    fc.assert(
      fc.property(fc.subarray(market, { minLength: 5 }), (candles) => {
        seen.length = 0
        const indicator = onTimeframe(timeframe, spy, '1h')
        const state = indicator.init()
        let until = 0
        for (const candle of candles) {
          // at the moment of this candle's opening, what ended before is known to be closed
          indicator.update(state, candle)
          until = candle.time + HOUR
          expect(seen).toEqual(
            bars(
              candles.filter(({ time }) => time <= candle.time),
              timeframe,
              until,
            ),
          )
        }
      }),
      { numRuns: 25 },
    )
  })

  test('bars are cut in UTC: days at midnight, weeks on Monday, months on the first', () => {
    const at = Date.UTC(2024, 1, 15, 13, 45)
    expect(barStart(at, '1h')).toBe(Date.UTC(2024, 1, 15, 13))
    expect(barStart(at, '4h')).toBe(Date.UTC(2024, 1, 15, 12))
    expect(barStart(at, '1d')).toBe(Date.UTC(2024, 1, 15))
    expect(barStart(at, '1w')).toBe(Date.UTC(2024, 1, 12))
    expect(barStart(at, '1M')).toBe(Date.UTC(2024, 1, 1))
    expect(barStart(at, '3M')).toBe(Date.UTC(2024, 0, 1))
    expect(barStart(Date.UTC(1969, 11, 31, 23), '1d')).toBe(Date.UTC(1969, 11, 31))
  })

  test('a lag on a longer timeframe counts the longer bars', () => {
    const own = onTimeframe('4h', lagged(rsi(3), 1), '1h')
    const plain = rsi(3)
    const [state, bare] = [own.init(), plain.init()]
    const candles = walk(80)
    const values: number[] = []
    const out = new Float64Array(2)
    for (const bar of bars(candles, '4h', START + 80 * HOUR)) {
      plain.update(bare, bar)
      plain.read(bare, out, 0)
      values.push(out[0]!)
    }
    for (const candle of candles) own.update(state, candle)
    own.read(state, out, 0)
    expect([...out]).toEqual([values.at(-1), values.at(-2)])
  })
})

test('a lag is what the indicator said so many candles ago, and missing before', () => {
  const candles = walk(40)
  const [plain, late] = [rsi(5), lagged(rsi(5), 1, 4)]
  const [bare, state] = [plain.init(), late.init()]
  const past: number[] = []
  const out = new Float64Array(3)
  for (const candle of candles) {
    plain.update(bare, candle)
    late.update(state, candle)
    plain.read(bare, out, 0)
    past.push(out[0]!)
    late.read(state, out, 0)
    expect([...out]).toEqual([past.at(-1), past.at(-2) ?? Number.NaN, past.at(-5) ?? Number.NaN])
  }
  expect(late.outputs).toEqual(['value', 'lag1', 'lag4'])
  for (const lags of [[0], [1, 1], [1.5], [1e9]] as const) {
    expect(() => lagged(rsi(5), ...(lags as unknown as [number]))).toThrow('"lags"')
  }
})
