import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restore } from '../../src/core/snapshot.ts'
import { FixedHorizon, TrendScanning, trendScan } from '../../src/labels/index.ts'
import type { Candle } from '../../src/market.ts'
import { labelerLaws } from '../../src/testing/index.ts'

const T0 = 1_700_000_000_000
const HOUR = 3_600_000
const bar = (i: number, close: number): Candle => ({
  symbol: 'X',
  time: T0 + i * HOUR,
  open: close,
  high: close * 1.01,
  low: close * 0.99,
  close,
})
const entry = (side: 'long' | 'short') => ({ id: 'a', symbol: 'X', side, time: T0, price: 100 }) as const

describe('laws', () => {
  for (const bars of [1, 5]) {
    const create = (): FixedHorizon => new FixedHorizon({ bars })
    for (const { name, run } of labelerLaws(create, FixedHorizon)) test(`${bars} bars: ${name}`, run)
  }
  const create = (): TrendScanning => new TrendScanning({ minBars: 2, maxBars: 6 })
  for (const { name, run } of labelerLaws(create, TrendScanning)) test(`trend scanning: ${name}`, run)
})

test('a fixed horizon counts candles from the entry on and closes at the market', () => {
  for (const side of ['long', 'short'] as const) {
    const labeler = new FixedHorizon({ bars: 2, costs: 0.001 })
    labeler.advance(bar(-1, 90))
    labeler.open(entry(side))
    expect(labeler.advance(bar(0, 104))).toEqual([])
    const [label] = labeler.advance(bar(1, 102))
    const gross = side === 'long' ? 0.02 : -0.02
    expect(label).toMatchObject({ id: 'a', exitReason: 'time', exitPrice: 102, exitTime: T0 + HOUR, bars: 2 })
    expect(label!.netReturn).toBeCloseTo(gross - 0.001, 12)
    expect(label!.y).toBe(side === 'long' ? 1 : 0)
    expect(side === 'long' ? label!.maxFavorable : label!.maxAdverse).toBeCloseTo(0.0504, 12)
    expect(labeler.openCount).toBe(0)
  }
})

/** Ordinary least squares by the textbook, with its t-value. */
function slopeT(prices: readonly number[]): number {
  const n = prices.length
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n
  const steps = prices.map((_, i) => i)
  const [mx, my] = [mean(steps), mean(prices)]
  const xx = steps.reduce((sum, x) => sum + (x - mx) ** 2, 0)
  const slope = steps.reduce((sum, x, i) => sum + (x - mx) * (prices[i]! - my), 0) / xx
  const residuals = prices.map((y, i) => y - my - slope * (i - mx))
  const variance = residuals.reduce((sum, e) => sum + e * e, 0) / (n - 2)
  return slope / Math.sqrt(variance / xx)
}

describe('trend scanning', () => {
  const walk = fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 10, maxLength: 30 })

  test('takes the stretch whose regression has the largest t-value', () => {
    fc.assert(
      fc.property(walk, (changes) => {
        const prices = [100]
        for (const change of changes) prices.push(prices.at(-1)! * (1 + change / 1e4))
        const scanned = trendScan(prices, { minBars: 3, maxBars: 8 })
        for (let start = 0; start + 8 < prices.length; start++) {
          const candidates = [3, 4, 5, 6, 7, 8].map((bars) => slopeT(prices.slice(start, start + bars + 1)))
          const strongest = Math.max(...candidates.map(Math.abs))
          if (!(strongest < 1e4)) continue // a perfect line: which of its stretches is left to rounding
          expect(Math.abs(scanned[start]!.tValue) / strongest).toBeCloseTo(1, 6)
          expect(candidates[scanned[start]!.bars - 3]! / scanned[start]!.tValue).toBeCloseTo(1, 6)
        }
      }),
    )
  })

  test('says nothing of prices that too few follow, and 0 of a price that stands still', () => {
    const flat = trendScan(Array(10).fill(5), { minBars: 2, maxBars: 4 })
    expect(flat.slice(0, 6)).toEqual(Array(6).fill({ tValue: 0, bars: 2 }))
    expect(flat.slice(6)).toEqual(Array(4).fill({ tValue: NaN, bars: 0 }))
  })

  test('a straight line has a huge but finite t-value', () => {
    for (const price of [1e-8, 1, 1e7]) {
      const line = Array.from({ length: 30 }, (_, i) => price * (1 + i / 100))
      const { tValue } = trendScan(line)[0]!
      expect(tValue).toBeGreaterThan(1e6)
      expect(tValue).toBeLessThan(Infinity)
    }
  })

  test('of a position it is seen from its side and known after the longest stretch', () => {
    const closes = [101, 102, 103, 104, 100, 96]
    for (const side of ['long', 'short'] as const) {
      const labeler = new TrendScanning({ minBars: 3, maxBars: 6, costs: 0 })
      labeler.open(entry(side))
      const labels = closes.flatMap((close, i) => labeler.advance(bar(i, close)))
      expect(labels).toHaveLength(1)
      const best = trendScan([100, ...closes], { minBars: 3, maxBars: 6 })[0]!
      expect(labels[0]).toMatchObject({ exitTime: T0 + 5 * HOUR, bars: best.bars })
      expect(labels[0]!.tValue).toBeCloseTo(side === 'long' ? best.tValue : -best.tValue, 9)
      expect(labels[0]!.y).toBe(side === 'long' ? 1 : 0)
    }
  })
})

test('what makes no sense is refused and changes nothing', () => {
  expect(() => new FixedHorizon({ bars: 0 })).toThrow('"bars"')
  expect(() => new TrendScanning({ minBars: 1 })).toThrow('"minBars"')
  expect(() => new TrendScanning({ minBars: 5, maxBars: 4 })).toThrow('"maxBars"')
  expect(() => trendScan([1, Number.NaN])).toThrow('"prices[1]"')
  for (const labeler of [new FixedHorizon(), new TrendScanning()]) {
    labeler.open(entry('long'))
    labeler.advance(bar(0, 100))
    const before = JSON.stringify(labeler)
    expect(() => labeler.open(entry('long'))).toThrow('which is open')
    expect(() => labeler.open({ ...entry('long'), id: 'b', time: T0 - 1 })).toThrow('newest candle')
    expect(() => labeler.open({ ...entry('long'), id: 'b', price: 0 })).toThrow('"bracket.price"')
    expect(() => labeler.advance(bar(0, 100))).toThrow('same time')
    expect(JSON.stringify(labeler)).toBe(before)
  }
})

test('a damaged snapshot gives a coded error or a working labeler', () => {
  const labeler = new TrendScanning({ minBars: 2, maxBars: 4 })
  labeler.open(entry('long'))
  labeler.advance(bar(0, 101))
  const text = JSON.stringify(labeler)
  const damage: readonly (readonly [string, string])[] = [
    ['"bars":1', '"bars":4'],
    ['"bars":1', '"bars":-1'],
    ['"maxBars":4', '"maxBars":9'],
    ['"price":100', '"price":-1'],
    ['"side":"long"', '"side":"up"'],
    ['"maxFavorable":0', '"maxFavorable":-1'],
  ]
  for (const [from, to] of damage) {
    expect(text).toContain(from)
    const snapshot = JSON.parse(text.replace(from, to))
    expect(() => restore(snapshot, [TrendScanning])).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  }
})
