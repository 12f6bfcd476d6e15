import { describe, expect, test } from 'vitest'
import type { Vector } from '../../src/contracts.ts'
import {
  defaultFeatures,
  emaDistance,
  FeatureEngineer,
  type Indicator,
  onSymbol,
  rsi,
} from '../../src/features/index.ts'
import { assertNoLookahead } from '../../src/lifecycle/assert-no-lookahead.ts'
import { assertWarm } from '../../src/lifecycle/assert-warm.ts'
import type { Candle } from '../../src/market.ts'
import { walk } from '../features/candles.ts'

const candles = walk(400)
const DAY = 86_400_000

/** Prices by time, as an indicator that looks them up: whatever it was made of, it can see. */
function lookup(prices: readonly Candle[], ahead: number): Indicator<{ at: number }, 'value'> {
  const closes = prices.map(({ close }) => close)
  return {
    kind: `lookup(${ahead})`,
    outputs: ['value'],
    init: () => ({ at: -1 }),
    update(state) {
      state.at++
    },
    read({ at }, out: Vector, to: number) {
      out[to] = closes[at + ahead] ?? Number.NaN
    },
  }
}

/** The last candle of each day, as a bar of the day that opens with the first. */
function daily(hours: readonly Candle[]): Candle[] {
  return [...byDay(hours)].map(([day, bars]) => ({
    symbol: 'DAILY',
    time: day * DAY,
    open: bars[0]!.open,
    high: Math.max(...bars.map(({ high }) => high)),
    low: Math.min(...bars.map(({ low }) => low)),
    close: bars.at(-1)!.close,
  }))
}
function byDay(hours: readonly Candle[]): Map<number, Candle[]> {
  const days = new Map<number, Candle[]>()
  for (const hour of hours) {
    const day = Math.floor(hour.time / DAY)
    days.set(day, [...(days.get(day) ?? []), hour])
  }
  return days
}

describe('assertNoLookahead', () => {
  test('passes the default features, of one symbol and with context', () => {
    const report = assertNoLookahead(new FeatureEngineer(defaultFeatures()), candles, { cuts: 10 })
    expect(report.cuts).toBe(10)
    expect(report.features).toBe(28)
    expect(report.compared).toBeGreaterThan(candles.length)
  })

  test('names feature, candle and both values where a feature reads the next candle', () => {
    const leaky = (given: readonly Candle[]): FeatureEngineer =>
      new FeatureEngineer({ candles: { rsi: rsi(14), tomorrow: lookup(given, 1) } })
    expect(() => assertNoLookahead(leaky, candles)).toThrow(
      expect.objectContaining({
        code: 'LOOKAHEAD',
        message: expect.stringMatching(/"tomorrow" must not .* candle \d+ \(AAPL, 2024-.*Z\) it is [\d.]+, and [\d.]+/),
      }),
    )
    const honest = (given: readonly Candle[]): FeatureEngineer =>
      new FeatureEngineer({ candles: { rsi: rsi(14), today: lookup(given, 0) } })
    expect(assertNoLookahead(honest, candles).compared).toBeGreaterThan(0)
  })

  test("finds a day's bar that is fed with the first hour of the day", () => {
    const days = daily(candles)
    const features = (): FeatureEngineer =>
      new FeatureEngineer({ candles: { rsi: rsi(14) }, context: { day: onSymbol('DAILY', emaDistance(2, 3)) } })
    const byOpening = [...candles, ...days].sort((a, b) => a.time - b.time)
    expect(() => assertNoLookahead(features(), byOpening)).toThrow(expect.objectContaining({ code: 'LOOKAHEAD' }))
    // fed when it has closed, with the first hour of the next day
    const closed = days.map((day) => ({ day, at: day.time + DAY }))
    const byClosing: Candle[] = []
    for (const candle of candles) {
      while (closed.length > 0 && closed[0]!.at <= candle.time) byClosing.push(closed.shift()!.day)
      byClosing.push(candle)
    }
    expect(assertNoLookahead(features(), byClosing).compared).toBeGreaterThan(0)
  })

  test('finds state that is kept outside the state record', () => {
    let count = 0
    const impure: Indicator<{ n: number }, 'value'> = {
      kind: 'impure',
      outputs: ['value'],
      init: () => ({ n: 0 }),
      update(state) {
        state.n = ++count
      },
      read({ n }, out, at) {
        out[at] = n
      },
    }
    expect(() => assertNoLookahead(new FeatureEngineer({ candles: { impure } }), candles)).toThrow(
      expect.objectContaining({ code: 'LOOKAHEAD', message: expect.stringContaining('earlier runs') }),
    )
  })

  test('wants fresh features and candles', () => {
    const used = new FeatureEngineer(defaultFeatures())
    used.update(candles[0]!)
    expect(() => assertNoLookahead(used, candles)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(() => assertNoLookahead(new FeatureEngineer(defaultFeatures()), [])).toThrow('"candles"')
  })
})

describe('assertWarm', () => {
  test('counts the candles that each default feature needs', () => {
    const { needed, candles: most } = assertWarm(new FeatureEngineer(defaultFeatures()), walk(900), { within: 600 })
    // windows need exactly their length, averages that are fed back some twenty times theirs
    expect(needed['returns.10']).toBe(11)
    expect(needed['side']).toBe(1)
    expect(needed['rsi']).toBeGreaterThan(100)
    expect(needed['rsi']).toBeLessThan(400)
    expect(most).toBe(Math.max(...Object.values(needed)))
  })

  test('names features that never forget where the series started', () => {
    const total: Indicator<{ sum: number }, 'value'> = {
      kind: 'total',
      outputs: ['value'],
      init: () => ({ sum: 0 }),
      update(state, { close, open }) {
        state.sum += close - open
      },
      read({ sum }, out, at) {
        out[at] = sum
      },
    }
    expect(() => assertWarm(new FeatureEngineer({ candles: { rsi: rsi(5), total } }), candles)).toThrow(
      expect.objectContaining({ code: 'NOT_WARM', message: expect.stringMatching(/after 200 candles.*: total\.$/) }),
    )
  })

  test('wants enough candles', () => {
    const features = new FeatureEngineer({ candles: { rsi: rsi(14) } })
    expect(() => assertWarm(features, candles.slice(0, 20), { within: 30 })).toThrow(
      expect.objectContaining({ code: 'NOT_ENOUGH_DATA' }),
    )
  })
})
