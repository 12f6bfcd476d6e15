import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import { randomEntryTest, type StrategyEntry } from '../../src/evaluation/random-entry.ts'
import { FixedHorizon, fixedBracket, TripleBarrier } from '../../src/labels/index.ts'
import type { Candle } from '../../src/market.ts'

const T0 = 1.6e12 - (1.6e12 % 86_400_000)
const HOUR = 3_600_000

/** A random walk of hourly candles; `drift` says how much the bar that opens at an hour of the day rises, in deviations. */
const walk = (rng: SeededRng, n: number, symbol = 'A', drift: (i: number) => number = () => 0): Candle[] => {
  let price = 100
  return Array.from({ length: n }, (_, i) => {
    const open = price
    price *= Math.exp(0.01 * (drift(i) + drawNormal(rng)))
    const [high, low] = [Math.max(open, price) * 1.001, Math.min(open, price) * 0.999]
    return { symbol, time: T0 + i * HOUR, open, high, low, close: price }
  })
}
const holding = (bars: number) => ({
  labeler: () => new FixedHorizon({ bars, costs: 0.001 }),
  open: <E>(entry: E): E => entry,
})
const every = (candles: readonly Candle[], nth: number, first = 1): StrategyEntry[] =>
  candles
    .filter((_, i) => i >= first && (i - first) % nth === 0)
    .map(({ symbol, time }) => ({ symbol, side: 'long', time }))

/** Entries after a fall over the last ten bars: they come in bursts, as most signals do. */
const afterFalls = (candles: readonly Candle[]): StrategyEntry[] =>
  candles.flatMap(({ symbol, time }, i): StrategyEntry[] =>
    i > 10 && candles[i - 1]!.close < 0.97 * candles[i - 11]!.close ? [{ symbol, side: 'long', time }] : [],
  )

describe('randomEntryTest', () => {
  /** p-values of a strategy without timing, over many random walks. */
  const pValues = (
    moves: 'together' | 'apart',
    strategy: (candles: readonly Candle[], rng: SeededRng) => StrategyEntry[],
  ) =>
    Array.from({ length: 200 }, (_, seed) => {
      const rng = new SeededRng(seed)
      const candles = walk(rng.fork('walk'), 400)
      const entries = strategy(candles, rng.fork('entries'))
      return randomEntryTest(candles, entries, { ...holding(8), rng: rng.fork('draws'), draws: 199, moves }).p
    }).filter((p) => !Number.isNaN(p))
  const shareBelow = (values: readonly number[], limit: number): number =>
    values.filter((p) => p <= limit).length / values.length
  const anywhere = (candles: readonly Candle[], rng: SeededRng): StrategyEntry[] =>
    candles
      .slice(1)
      .flatMap(({ symbol, time }): StrategyEntry[] =>
        rng.next() < 0.1 ? [{ symbol, side: rng.next() < 0.5 ? 'long' : 'short', time }] : [],
      )

  test.each(['together', 'apart'] as const)('p-values of random entries moved %s are uniform', (moves) => {
    const values = pValues(moves, anywhere)
    // four deviations of a share of 200
    for (const limit of [0.05, 0.25, 0.5, 0.75, 0.95]) {
      expect(Math.abs(shareBelow(values, limit) - limit)).toBeLessThan(4 * Math.sqrt((limit * (1 - limit)) / 200))
    }
  })

  test('bursts without timing pass for skill where entries are moved apart, and not together', () => {
    const [apart, together] = [pValues('apart', afterFalls), pValues('together', afterFalls)]
    expect(apart.length).toBeGreaterThan(150)
    expect(shareBelow(apart, 0.05)).toBeGreaterThan(0.12)
    expect(shareBelow(together, 0.05)).toBeLessThan(0.12)
  })

  test.each(['together', 'apart'] as const)('finds a planted edge of timing, entries moved %s', (moves) => {
    let found = 0
    for (let seed = 0; seed < 20; seed++) {
      // the bar after every 13th rises half a deviation
      const candles = walk(new SeededRng(seed), 1300, 'A', (i) => (i % 13 === 1 ? 0.5 : 0))
      const options = { ...holding(1), rng: new SeededRng(seed), draws: 199, moves }
      const report = randomEntryTest(candles, every(candles, 13, 14), options)
      expect(report.quantile).toBeGreaterThan(0.5)
      if (report.p <= 0.05) found++
    }
    expect(found).toBeGreaterThanOrEqual(19)
  })

  test('a market that only rises gives no credit for being long', () => {
    const candles = walk(new SeededRng(3), 1000, 'A', () => 0.3)
    const report = randomEntryTest(candles, every(candles, 17), { ...holding(5), rng: new SeededRng(1) })
    expect(report.expectancy).toBeGreaterThan(0.005)
    expect(report.randomExpectancy).toBeCloseTo(report.expectancy, 2)
    expect(report.p).toBeGreaterThan(0.05)
  })

  test('matched by hour, what every trade of that hour earns is no timing', () => {
    // each day's bar from 3 to 4 o'clock rises, whoever holds it
    const candles = walk(new SeededRng(4), 2400, 'A', (i) => (i % 24 === 3 ? 1 : 0))
    const entries = every(candles, 48, 27)
    const options = { ...holding(1), rng: new SeededRng(1), draws: 499 }
    expect(randomEntryTest(candles, entries, options).p).toBeLessThan(0.01)
    for (const moves of ['together', 'apart'] as const) {
      expect(randomEntryTest(candles, entries, { ...options, moves, match: 'symbol and hour' }).p).toBeGreaterThan(0.05)
    }
  })

  test('symbols keep to their own candles, and sides to their side', () => {
    const [a, b] = [walk(new SeededRng(5), 300, 'A', () => 1), walk(new SeededRng(6), 300, 'B', () => -1)]
    const candles = a.flatMap((candle, i) => [candle, b[i]!])
    const entries = [...every(a, 10), ...every(b, 10).map((entry) => ({ ...entry, side: 'short' as const }))]
    for (const moves of ['together', 'apart'] as const) {
      const { randomExpectancy, p } = randomEntryTest(candles, entries, { ...holding(1), rng: new SeededRng(1), moves })
      // one deviation a bar, less costs
      expect(randomExpectancy).toBeCloseTo(0.009, 2)
      expect(p).toBeGreaterThan(0.01)
    }
  })

  test('the expectancy is that of the labeler, entries standing before the candle of their time', () => {
    const candles = walk(new SeededRng(7), 200)
    const entries = every(candles, 7)
    const options = {
      labeler: () => new TripleBarrier({ maxBars: 6, costs: 0.002 }),
      open: (entry: Parameters<typeof fixedBracket>[0]) => fixedBracket(entry, { stop: 0.02, target: 0.03 }),
      rng: new SeededRng(1),
      draws: 50,
    }
    const report = randomEntryTest(candles, entries, options)
    const labeler = options.labeler()
    const returns: number[] = []
    for (const [i, candle] of candles.entries()) {
      if (entries.some(({ time }) => time === candle.time)) {
        labeler.open(
          options.open({ id: String(i), symbol: 'A', side: 'long', time: candle.time, price: candles[i - 1]!.close }),
        )
      }
      for (const { netReturn } of labeler.advance(candle)) returns.push(netReturn)
    }
    expect(report.have).toBe(returns.length)
    expect(report.leftOut).toBe(entries.length - returns.length)
    expect(report.expectancy).toBeCloseTo(returns.reduce((sum, x) => sum + x, 0) / returns.length, 12)
    expect(report.distribution).toHaveLength(50)
    expect(report.distribution).toEqual(report.distribution.toSorted((x, y) => x - y))
    expect(randomEntryTest(candles, entries, { ...options, rng: new SeededRng(1) })).toEqual(report)
  })

  test('says what it needs, and leaves out what could not be', () => {
    const candles = walk(new SeededRng(8), 100)
    const options = { ...holding(3), rng: new SeededRng(1) }
    expect(randomEntryTest(candles, every(candles, 10), options)).toMatchObject({
      p: NaN,
      expectancy: NaN,
      have: 10,
      needs: 20,
      distribution: [],
    })
    // before the first candle's close, in the last bars, and after the end
    const outside = [T0, T0 + 98 * HOUR, T0 + 500 * HOUR].map((time) => ({ symbol: 'A', side: 'long' as const, time }))
    expect(randomEntryTest(candles, [...every(candles, 4), ...outside], options)).toMatchObject({
      leftOut: 3,
      have: 25,
    })
    const closed = { ...options, open: () => undefined }
    expect(randomEntryTest(candles, every(candles, 4), closed)).toMatchObject({ have: 0, leftOut: 25, p: NaN })
  })

  test('entries at one place, and a market that stands still, give a sound p-value', () => {
    const candles = walk(new SeededRng(9), 100)
    const twice = every(candles, 5).flatMap((entry) => [entry, entry])
    const still = candles.map(({ symbol, time }) => ({ symbol, time, open: 1, high: 1, low: 1, close: 1 }))
    for (const moves of ['together', 'apart'] as const) {
      const options = { ...holding(1), rng: new SeededRng(1), draws: 99, moves }
      const { p } = randomEntryTest(candles, twice, options)
      expect(p >= 0.01 && p <= 1).toBe(true)
      expect(randomEntryTest(still, every(still, 4), options)).toMatchObject({ p: 1, quantile: 0.5 })
    }
  })

  test('refuses what does not fit, naming the row; reports progress and stops when told', () => {
    const candles = walk(new SeededRng(10), 100)
    const entries = every(candles, 4)
    const options = { ...holding(1), rng: new SeededRng(1) }
    expect(() => randomEntryTest([], entries, options)).toThrow('"candles" must have at least one row')
    expect(() => randomEntryTest(candles, [], options)).toThrow('"entries" must have at least one row')
    expect(() => randomEntryTest(candles, [...entries, { ...entries[0]!, symbol: 'Z' }], options)).toThrow(
      '"entries[25].symbol"',
    )
    expect(() => randomEntryTest(candles, [{ ...entries[0]!, time: 5 }], options)).toThrow('"entries[0].time"')
    expect(() => randomEntryTest(candles, [{ ...entries[0]!, side: 'up' as 'long' }], options)).toThrow(
      '"entries[0].side"',
    )
    expect(() => randomEntryTest(candles.toReversed(), entries, options)).toThrow('A candle from the past')
    expect(() => randomEntryTest(candles, entries, { ...options, signal: { aborted: true } })).toThrow(
      'aborted after 0 of 1000',
    )
    const seen: number[] = []
    randomEntryTest(candles, entries, { ...options, draws: 250, onProgress: ({ done }) => seen.push(done) })
    expect(seen).toEqual([0, 100, 200, 250])
  })
})
