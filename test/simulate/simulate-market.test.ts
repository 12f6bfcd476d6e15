import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkCandle } from '../../src/core/check-candle.ts'
import { fnv1a } from '../../src/core/hash.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { bayesAuc, type SimulatedMarket, simulateMarket, simulateRandomWalk } from '../../src/simulate/index.ts'

/** The outcome of each signal, found out from the candles by brute force; NaN where there is none within `maxBars`. */
function labels({ candles, signals }: SimulatedMarket, maxBars: number): { y: number; gain: number }[] {
  const series = new Map<string, typeof candles>()
  for (const symbol of new Set(candles.map((candle) => candle.symbol))) {
    series.set(
      symbol,
      candles.filter((candle) => candle.symbol === symbol),
    )
  }
  return signals.map(({ symbol, side, time, price, stop, target }) => {
    const after = series.get(symbol)!.filter((candle) => candle.time >= time)
    for (const { low, high } of after.slice(0, maxBars)) {
      const hit = (barrier: number): boolean => low <= barrier && barrier <= high
      if (hit(stop!) && hit(target!)) return { y: NaN, gain: NaN }
      if (hit(stop!)) return { y: 0, gain: (side === 'long' ? 1 : -1) * (stop! / price! - 1) }
      if (hit(target!)) return { y: 1, gain: (side === 'long' ? 1 : -1) * (target! / price! - 1) }
    }
    return { y: NaN, gain: NaN }
  })
}

const large = simulateMarket({ seed: 'large', signals: 10_000 })

describe('simulateMarket', () => {
  test('candles are sane and strictly ascending per symbol, each opening at the close before', () => {
    const last = new Map<string, { time: number; close: number }>()
    for (const candle of large.candles) {
      const previous = last.get(candle.symbol)
      checkCandle(candle, previous?.time)
      if (candle.open !== (previous?.close ?? 100) || !(candle.volume! > 0)) expect.fail(JSON.stringify(candle))
      last.set(candle.symbol, candle)
    }
    expect(last.size).toBe(4)
    expect(large.candles.every(({ time }, i, all) => i === 0 || time >= all[i - 1]!.time)).toBe(true)
  })

  test('every signal stands at the newest close of its symbol, in order of time', () => {
    const closes = new Map(large.candles.map(({ symbol, time, close }) => [`${symbol} ${time + 3_600_000}`, close]))
    for (const { symbol, time, price } of large.signals) expect(price).toBe(closes.get(`${symbol} ${time}`))
    expect(large.signals.every(({ time }, i, all) => i === 0 || time >= all[i - 1]!.time)).toBe(true)
  })

  test('the triple-barrier label of every signal is its drawn outcome, with a gain that outlasts costs', () => {
    const market = simulateMarket({ seed: 'labels', signals: 1200, symbols: ['A', 'B', 'C'] })
    for (const [i, { y, gain }] of labels(market, 20).entries()) {
      expect(y).toBe(market.truth[i]!.y)
      expect(Math.abs(gain)).toBeGreaterThan(0.0074)
      expect(Math.sign(gain)).toBe(y === 1 ? 1 : -1)
    }
  })

  test('labels equal outcomes under any sensible options', () => {
    const options = fc.record({
      seed: fc.integer(),
      symbols: fc.integer({ min: 1, max: 5 }).map((n) => Array.from({ length: n }, (_, i) => `S${i}`)),
      signals: fc.integer({ min: 1, max: 40 }),
      spacing: fc.integer({ min: 31, max: 60 }),
      maxBars: fc.constant(30),
      warmup: fc.integer({ min: 21, max: 60 }),
      stop: fc.double({ min: 1, max: 3.5, noNaN: true }),
      target: fc.double({ min: 1, max: 3.5, noNaN: true }),
      strength: fc.double({ min: 0, max: 4, noNaN: true }),
      changeAt: fc.double({ min: 0, max: 1, noNaN: true }),
      change: fc.constantFrom('flip', 'redraw', 'vanish', 'none'),
    })
    fc.assert(
      fc.property(options, (given) => {
        const market = simulateMarket(given)
        expect(labels(market, 30).map(({ y }) => y)).toEqual(market.truth.map(({ y }) => y))
        expect(market.signals.length).toBe(given.signals)
        expect(market.candles.length % given.symbols.length).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  test('outcomes come as often as their probabilities say', () => {
    const bins = Array.from({ length: 10 }, () => ({ n: 0, expected: 0, wins: 0, variance: 0 }))
    for (const { probability: p, y } of large.truth) {
      const bin = bins[Math.floor(p * 10)]!
      bin.n++
      bin.expected += p
      bin.wins += y
      bin.variance += p * (1 - p)
    }
    expect(bins.filter(({ n }) => n > 100).length).toBeGreaterThanOrEqual(6)
    // 4 deviations are 6 in 100,000 a bin
    for (const { expected, wins, variance } of bins) {
      expect(Math.abs(wins - expected)).toBeLessThanOrEqual(4 * Math.sqrt(variance))
    }
  })

  test('the Bayes AUC is 0.70 before and after the change, and grows with the strength', () => {
    // the standard error of an AUC of 0.7 from 5,000 signals is 0.0073
    const { overall, before, after } = bayesAuc(large.truth)
    for (const auc of [overall, before, after]) expect(Math.abs(auc - 0.7)).toBeLessThan(0.025)
    expect(Math.abs(bayesAuc(simulateMarket({ signals: 8000, strength: 0.5 }).truth).overall - 0.61)).toBeLessThan(
      0.025,
    )
    expect(Math.abs(bayesAuc(simulateMarket({ signals: 8000, strength: 2 }).truth).overall - 0.82)).toBeLessThan(0.025)
  })

  test('at the change what was good becomes bad', () => {
    const confident = large.signals.flatMap(({ meta }, i) =>
      meta!.source === 'ai' && meta!.aiConfidence > 0.7 && meta!.confirmations >= 3 ? [large.truth[i]!] : [],
    )
    const rate = (changed: boolean): number => {
      const some = confident.filter((one) => one.changed === changed)
      return some.reduce((sum, { y }) => sum + y, 0) / some.length
    }
    expect(rate(false)).toBeGreaterThan(0.7)
    expect(rate(true)).toBeLessThan(0.3)
    expect(large.truth.filter(({ changed }) => !changed).length).toBe(5000)
    expect(large.changeTime).toBe(large.signals[5000]!.time)
  })

  test('that vanishes leaves nothing to know', () => {
    const { truth } = simulateMarket({ seed: 3, signals: 2000, change: 'vanish', winRate: 0.45 })
    expect(bayesAuc(truth).before).toBeGreaterThan(0.65)
    for (const { probability } of truth.slice(1000)) expect(probability).toBeCloseTo(0.45, 12)
  })

  test('change "none" never changes, "redraw" keeps the Bayes AUC', () => {
    const still = simulateMarket({ signals: 200, change: 'none' })
    expect(still.truth.some(({ changed }) => changed)).toBe(false)
    expect(still.changeTime).toBeNaN()
    const { before, after } = bayesAuc(simulateMarket({ seed: 3, signals: 8000, change: 'redraw' }).truth)
    expect(Math.abs(before - 0.7)).toBeLessThan(0.03)
    expect(Math.abs(after - 0.7)).toBeLessThan(0.03)
  })

  test('momentum is part of the truth', () => {
    // before the change, signals along the last ten bars win more often
    const closes = new Map(large.candles.map(({ symbol, time, close }) => [`${symbol} ${time}`, close]))
    const along = large.signals.slice(0, 5000).map(({ symbol, side, time, price }, i) => {
      const past = closes.get(`${symbol} ${time - 11 * 3_600_000}`)!
      return { along: (side === 'long') === price! > past, y: large.truth[i]!.y }
    })
    const rate = (with_: boolean): number => {
      const some = along.filter((one) => one.along === with_)
      return some.reduce((sum, { y }) => sum + y, 0) / some.length
    }
    expect(rate(true) - rate(false)).toBeGreaterThan(0.06)
  })

  test('equal seeds give equal markets, other seeds others, whatever was drawn from a given rng before', () => {
    const digest = (market: SimulatedMarket): string => fnv1a(JSON.stringify(market))
    const small = { signals: 40 } as const
    const rng = new SeededRng('market')
    rng.next()
    expect(digest(simulateMarket({ ...small, seed: 'market' }))).toBe(digest(simulateMarket(small)))
    expect(digest(simulateMarket({ ...small, rng }))).toBe(digest(simulateMarket(small)))
    expect(digest(simulateMarket({ ...small, seed: 'other' }))).not.toBe(digest(simulateMarket(small)))
    // to 9 digits only: the last bit of Math.cos, which normal numbers are drawn with, differs between engines
    expect(simulateMarket(small).candles.at(-1)!.close).toBeCloseTo(100.2797218193795, 7)
  })

  test('returns look like a random walk’s: no drift, the usual deviation, calm and hot times', () => {
    const returns = large.candles.map(({ open, close }) => Math.log(close / open))
    const n = returns.length
    const mean = returns.reduce((sum, r) => sum + r, 0) / n
    const deviation = Math.sqrt(returns.reduce((sum, r) => sum + r * r, 0) / n)
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(n))
    expect(Math.abs(deviation / 0.006 - 1)).toBeLessThan(0.06)
    // a normal distribution's kurtosis is 3; varying volatility makes it larger
    const kurtosis =
      returns.reduce((sum, r) => sum + r * r * r * r, 0) / n / (deviation * deviation) / (deviation * deviation)
    expect(kurtosis).toBeGreaterThan(3.1)
    expect(kurtosis).toBeLessThan(6)
  })

  test.each([
    [{ spacing: 20 }, '"spacing" must be above "maxBars" (20), got 20.'],
    [{ warmup: 20 }, '"warmup" must be a whole number of at least 21, got 20.'],
    [{ symbols: ['A', 'A'] }, '"symbols" must be all different, got the same one twice.'],
    [{ symbols: [] }, '"symbols.length" must be a whole number of at least 1, got 0.'],
    [{ signals: 0 }, '"signals" must be a whole number of at least 1, got 0.'],
    [{ volatility: NaN }, '"volatility" must be a positive number, got NaN.'],
    [{ stop: 40, target: 40 }, '"stop" and "target" must be within reach in 20 bars'],
  ])('refuses %j', (options, message) => {
    expect(() => simulateMarket(options)).toThrow(message)
  })
})

describe('simulateRandomWalk', () => {
  const market = simulateRandomWalk({ signals: 10_000 })

  test('nothing can be known: every signal wins with probability one half', () => {
    expect(new Set(market.truth.map(({ probability }) => probability))).toEqual(new Set([0.5]))
    expect(bayesAuc(market.truth).overall).toBe(0.5)
    expect(Math.abs(market.truth.reduce((sum, { y }) => sum + y, 0) / 10_000 - 0.5)).toBeLessThan(0.02)
  })

  test('with a far target the default win rate is that of a fair game', () => {
    const { truth } = simulateRandomWalk({ signals: 50, stop: 2, target: 3, spacing: 31, maxBars: 30 })
    expect(truth[0]!.probability).toBeCloseTo(0.4, 12)
  })

  test('neither meta nor momentum tells wins from losses', () => {
    const closes = new Map(market.candles.map(({ symbol, time, close }) => [`${symbol} ${time}`, close]))
    const traits = market.signals.map(({ symbol, side, time, price, meta }) => {
      const along = (side === 'long' ? 1 : -1) * (price! - closes.get(`${symbol} ${time - 11 * 3_600_000}`)!) > 0
      return [meta!.aiConfidence > 0.5, meta!.confirmations > 2, meta!.source === 'ai', along]
    })
    for (let k = 0; k < 4; k++) {
      const rate = (trait: boolean): number => {
        const some = market.truth.filter((_, i) => traits[i]![k] === trait)
        return some.reduce((sum, { y }) => sum + y, 0) / some.length
      }
      // the standard error of the difference of two win rates of 5,000 is 0.01
      expect(Math.abs(rate(true) - rate(false))).toBeLessThan(0.04)
    }
  })
})

describe('bayesAuc', () => {
  const truth = (rows: readonly (readonly [number, 0 | 1])[]) =>
    rows.map(([probability, y]) => ({ probability, y, changed: false }))

  test('is the share of rightly ordered pairs, ties counting half', () => {
    const rows = [
      [0.1, 0],
      [0.4, 1],
      [0.4, 0],
      [0.35, 0],
      [0.8, 1],
      [0.8, 1],
      [0.9, 0],
    ] as const
    let right = 0
    for (const [p, y] of rows) for (const [q, z] of rows) if (y === 1 && z === 0) right += p > q ? 1 : p === q ? 0.5 : 0
    expect(bayesAuc(truth(rows)).overall).toBeCloseTo(right / 12, 12)
  })

  test('is NaN while one class is missing', () => {
    expect(bayesAuc([])).toEqual({ overall: NaN, before: NaN, after: NaN })
    expect(bayesAuc(truth([[0.3, 1]])).overall).toBeNaN()
  })
})
