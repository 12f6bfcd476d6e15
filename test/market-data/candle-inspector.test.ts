import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import type { Candle } from '../../src/market.ts'
import { CandleInspector } from '../../src/market-data/index.ts'

const HOUR = 3_600_000
/** A quiet market of 1 % a bar, with what `change` does to a bar. */
function market(n: number, change: (close: number, i: number) => number = (close) => close): Candle[] {
  const rng = new SeededRng('inspector')
  let level = 100
  return Array.from({ length: n }, (_, i) => {
    level *= Math.exp(0.01 * drawNormal(rng))
    const close = change(level, i)
    return {
      symbol: 'X',
      time: 1.7e12 + i * HOUR,
      open: close,
      high: close * 1.005,
      low: close * 0.995,
      close,
      volume: 5,
    }
  })
}
const flags = (candles: readonly Candle[], inspector = new CandleInspector()): string[] =>
  candles.flatMap((candle) => inspector.update(candle).map(({ code, time }) => `${(time - 1.7e12) / HOUR} ${code}`))

describe('CandleInspector', () => {
  test('leaves a quiet market in peace', () => expect(flags(market(3000))).toEqual([]))

  test('tells a jump, a bad print and a split apart', () => {
    expect(flags(market(200, (close, i) => (i >= 100 ? close * 1.27 : close)))).toEqual(['100 JUMP'])
    expect(flags(market(200, (close, i) => (i === 100 ? close * 1.27 : close)))).toEqual(['100 JUMP', '100 SPIKE'])
    for (const ratio of [1 / 2, 1 / 20, 2 / 3, 10]) {
      expect(flags(market(200, (close, i) => (i >= 100 ? close * ratio : close)))).toEqual(['100 POSSIBLE_SPLIT'])
    }
  })

  test('a bad print does not hide the next', () => {
    const found = flags(market(300, (close, i) => (i % 40 === 0 && i >= 80 ? close * 1.5 : close)))
    expect(found.filter((flag) => flag.endsWith('SPIKE')).length).toBe(6)
  })

  test('tells once that a feed stands still or has lost its volume', () => {
    const still = market(200).map((candle, i) =>
      i >= 100 ? { ...candle, open: 100, high: 100, low: 100, close: 100 } : candle,
    )
    expect(flags(still).filter((flag) => flag.endsWith('FLAT'))).toEqual(['110 FLAT'])
    const silent = market(200).map((candle, i) => (i >= 100 ? { ...candle, volume: 0 } : candle))
    expect(flags(silent)).toEqual(['109 NO_VOLUME'])
    const without = market(200).map(({ volume: _, ...candle }) => candle)
    expect(flags(without)).toEqual([])
  })

  test('restored from its snapshot it goes on to the bit', () => {
    const candles = market(400, (close, i) => (i % 50 === 49 ? close * 1.4 : close))
    for (const stop of [0, 1, 149, 150, 200]) {
      const steady = new CandleInspector()
      flags(candles.slice(0, stop), steady)
      const restored = restore(JSON.parse(JSON.stringify(steady)), [CandleInspector])
      expect(flags(candles.slice(stop), restored)).toEqual(flags(candles.slice(stop), steady))
      expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
    }
  })

  test('refuses what makes no sense and stays as it was', () => {
    const inspector = new CandleInspector({ maxSymbols: 1 })
    const [first, second] = market(2) as [Candle, Candle]
    inspector.update(second)
    const before = JSON.stringify(inspector)
    for (const bad of [
      first,
      second,
      { ...second, symbol: 'Y' },
      { ...second, close: -1 },
      null as unknown as Candle,
    ]) {
      expect(() => inspector.update(bad)).toThrow(expect.objectContaining({ name: 'TradeLearnError' }))
      expect(JSON.stringify(inspector)).toBe(before)
    }
    expect(() => new CandleInspector({ threshold: 0 })).toThrow('"threshold"')
    const damaged = JSON.parse(before.replace(/"usual":[^,]+/, '"usual":-1'))
    expect(() => restore(damaged, [CandleInspector])).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  })
})
