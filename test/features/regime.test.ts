import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restore } from '../../src/core/snapshot.ts'
import { createSortedWindow, pushSorted } from '../../src/core/sorted-window.ts'
import { FeatureEngineer } from '../../src/features/index.ts'
import { adx } from '../../src/features/indicators/adx.ts'
import { percentile, rankOf } from '../../src/features/indicators/percentile.ts'
import { type RegimeOptions, regime } from '../../src/features/indicators/regime.ts'
import { volatility } from '../../src/features/indicators/volatility.ts'
import type { Candle } from '../../src/market.ts'
import { anyBars, candlesOf, flat, HOUR, hasSpy, START, spy, walk } from './candles.ts'

const coded = (code: string) => expect.objectContaining({ code })
const NAMES = ['trending', 'ranging', 'volatile'] as const
type Regime = (typeof NAMES)[number] | null

/** The regime after each candle. */
function regimes(candles: readonly Candle[], options: Partial<RegimeOptions> = {}): Regime[] {
  const feature = regime(options)
  const state = feature.init()
  const out = new Float64Array(3)
  return candles.map((candle) => {
    feature.update(state, candle)
    feature.read(state, out, 0)
    if (out.every(Number.isNaN)) return null
    expect([...out].sort()).toEqual([0, 0, 1])
    return NAMES[out.indexOf(1)]!
  })
}

/** The rules, once more, over whole series. */
function byRules(candles: readonly Candle[], { period, bars, window, dwell }: RegimeOptions): Regime[] {
  const column = (feature: ReturnType<typeof adx> | ReturnType<typeof volatility>): number[] => {
    const state = feature.init() as never
    const out = new Float64Array(3)
    return candles.map((candle) => {
      feature.update(state, candle)
      feature.read(state, out, 0)
      return out[0]!
    })
  }
  const [strength, spread] = [column(adx(period)), column(volatility(bars))]
  const trends: boolean[] = []
  const storms: boolean[] = []
  const found: Regime[] = []
  let since = 0
  candles.forEach((_, i) => {
    trends.push(strength[i]! > 25 || (!(strength[i]! < 20) && (trends[i - 1] ?? false)))
    const past = spread.slice(Math.max(0, i + 1 - window), i + 1)
    const whole = past.length === window && past.every((value) => !Number.isNaN(value))
    const below = past.filter((value) => value < spread[i]!).length
    const equal = past.filter((value) => value === spread[i]!).length - 1
    const rank = whole ? (below + equal / 2) / (window - 1) : NaN
    storms.push(rank > 0.8 || (!(rank < 0.6) && (storms[i - 1] ?? false)))
    const wanted = storms[i] ? 'volatile' : trends[i] ? 'trending' : 'ranging'
    const now = found[i - 1] ?? null
    const stays = now !== null && (now === wanted || i - since < dwell)
    if (!stays) since = i
    found.push(!whole || Number.isNaN(strength[i]) ? null : stays ? now : wanted)
  })
  return found
}

const defaults: RegimeOptions = {
  period: 14,
  trendAbove: 25,
  trendBelow: 20,
  bars: 20,
  window: 250,
  volatileAbove: 0.8,
  volatileBelow: 0.6,
  dwell: 5,
}
const small = { ...defaults, period: 3, bars: 2, window: 8, dwell: 3 }

describe('the regime', () => {
  test('follows its rules, candle by candle', () => {
    fc.assert(
      fc.property(anyBars(10, 80), (bars) => {
        expect(regimes(candlesOf(bars), small)).toEqual(byRules(candlesOf(bars), small))
      }),
      { numRuns: 150 },
    )
    const long = walk(1200)
    const found = regimes(long)
    expect(found).toEqual(byRules(long, defaults))
    expect(new Set(found)).toEqual(new Set([null, ...NAMES]))
    expect(found.findIndex((value) => value !== null)).toBe(269)
  })

  test('of a straight rise is trending, of a quiet market ranging, of one that breaks loose volatile', () => {
    const rise = Array.from({ length: 300 }, (_, i) => 100 * Math.exp(0.001 * i))
    const bars = rise.map((close) => ({ open: close, high: close * 1.001, low: close * 0.999, close }))
    expect(regimes(candlesOf(bars)).at(-1)).toBe('trending')
    expect(regimes(candlesOf(flat(300))).at(-1)).toBe('ranging')
    const loose = Array.from({ length: 30 }, (_, i) => (i % 2 ? 110 : 90)).map((close) => {
      return { open: 100, high: 115, low: 85, close }
    })
    expect(regimes(candlesOf([...flat(300), ...loose])).at(-1)).toBe('volatile')
  })

  test('lasts at least its dwell', () => {
    for (const dwell of [1, 5, 12]) {
      const found = regimes(walk(2000, { seed: 'dwell' }), { window: 30, bars: 5, dwell }).filter(
        (value) => value !== null,
      )
      const lengths: number[] = []
      found.forEach((value, i) => {
        if (value === found[i - 1]) lengths[lengths.length - 1]!++
        else lengths.push(1)
      })
      // the last may still be going on
      const shortest = Math.min(...lengths.slice(0, -1))
      expect(lengths.length).toBeGreaterThan(20)
      expect(shortest).toBeGreaterThanOrEqual(dwell)
    }
  })

  test('does not change with the candles that follow, and survives a restart at any of them', () => {
    fc.assert(
      fc.property(anyBars(15, 50), fc.nat(), (bars, at) => {
        const make = () => new FeatureEngineer({ candles: { regime: regime(small) } })
        const engineer = make()
        let copy = make()
        const whole = regimes(candlesOf(bars), small)
        candlesOf(bars).forEach((candle, i) => {
          engineer.update(candle)
          copy.update(candle)
          if (i === at % bars.length) copy = restore(JSON.parse(JSON.stringify(engineer)), [make().codec()])
          const x = copy.vector({ symbol: 'AAPL', side: 'long', time: candle.time })
          expect(x).toEqual(engineer.vector({ symbol: 'AAPL', side: 'long', time: candle.time }))
          expect(whole[i]).toBe(Number.isNaN(x[0]) ? null : NAMES[x.indexOf(1)])
        })
        expect(JSON.stringify(copy)).toBe(JSON.stringify(engineer))
      }),
      { numRuns: 40 },
    )
  })

  test('comes back after a flat stretch, at any price', () => {
    for (const price of [1e-8, 1e7]) {
      const bars = [...flat(300, price), ...walk(600).map((bar) => ({ ...bar, symbol: '' }))].map((bar, i) => {
        const scale = i < 300 ? 1 : price / 100
        return { open: bar.open * scale, high: bar.high * scale, low: bar.low * scale, close: bar.close * scale }
      })
      const found = regimes(candlesOf(bars))
      expect(found.slice(300)).not.toContain(null)
      expect(new Set(found.slice(300)).size).toBe(3)
    }
  })

  test('says in its kind what it goes by, and refuses marks that cross', () => {
    expect(regime().kind).toBe('regime(14,25,20,20,250,0.8,0.6,5)')
    for (const options of [
      { trendAbove: 10 },
      { trendBelow: -1 },
      { volatileAbove: 2 },
      { volatileBelow: 0.9 },
      { window: 1 },
      { bars: 1 },
      { dwell: 0 },
      { period: 0 },
      { trendAbove: Infinity },
      { trendAbove: NaN },
    ]) {
      expect(() => regime(options), JSON.stringify(options)).toThrow(coded('INVALID_OPTION'))
    }
  })

  test.skipIf(!hasSpy)('of SPY takes each of its three values, for weeks at a time', () => {
    const found = regimes(spy()).filter((value) => value !== null)
    const changes = found.filter((value, i) => value !== found[i - 1]).length
    for (const name of NAMES) expect(found.filter((value) => value === name).length / found.length).toBeGreaterThan(0.1)
    expect(found.length / changes).toBeGreaterThan(10)
  })
})

describe('a percentile', () => {
  test('ranks the newest number as a sort of the window does', () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ noNaN: true }))
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.array(value, { maxLength: 60, size: 'max' }),
        (window, values) => {
          const sorted = createSortedWindow(window)
          values.forEach((each, i) => {
            pushSorted(sorted, each)
            const newest = values.slice(Math.max(0, i + 1 - window), i + 1)
            expect(Array.from(sorted.sorted.slice(0, sorted.size), (v) => v + 0)).toEqual(
              newest.map((v) => v + 0).sort((a, b) => a - b),
            )
            const below = newest.filter((other) => other < each).length
            const equal = newest.filter((other) => other === each).length - 1
            const rank = newest.length < window ? NaN : (below + equal / 2) / (window - 1)
            expect(rankOf(sorted, each)).toBe(rank)
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  test('is that of the close', () => {
    const engineer = new FeatureEngineer({ candles: { rank: percentile(3) } })
    const ranks = [5, 7, 6, 6, 6, 9, 1].map((close, i) => {
      engineer.update({ symbol: 'A', time: START + i * HOUR, open: close, high: close, low: close, close })
      return engineer.vector({ symbol: 'A', side: 'long', time: START + i * HOUR })[0]
    })
    expect(ranks).toEqual([NaN, NaN, 0.5, 0.25, 0.5, 1, 0])
  })
})
