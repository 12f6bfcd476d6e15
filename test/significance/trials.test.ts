import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import {
  backtestOverfitting,
  deflatedSharpeRatio,
  effectiveTrials,
  expectedMaximumSharpe,
  meanCorrelation,
  minimumTrackRecordLength,
  probabilisticSharpeRatio,
  sharpeRatio,
} from '../../src/significance/index.ts'

const noise = (rng: SeededRng, n: number, mean = 0): Float64Array =>
  Float64Array.from({ length: n }, () => mean + drawNormal(rng))
const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('sharpeRatio', () => {
  test('says what it needs below 30 returns, and is NaN where they never move', () => {
    expect(sharpeRatio([0.1, 0.2])).toMatchObject({ sharpe: NaN, error: NaN, have: 2, needs: 30 })
    expect(sharpeRatio(Array(40).fill(0.1)).sharpe).toBeNaN()
    expect(probabilisticSharpeRatio(sharpeRatio([]))).toBeNaN()
  })

  test('does not depend on the unit, even an absurd one', () => {
    const returns = noise(new SeededRng(1), 60, 0.2)
    const { error: _, ...wanted } = sharpeRatio(returns)
    for (const unit of [1e-300, 1e-4, 1e300]) {
      const got = sharpeRatio(returns.map((x) => x * unit))
      for (const name of ['sharpe', 'skewness', 'kurtosis'] as const) expect(got[name]).toBeCloseTo(wanted[name], 9)
    }
  })

  test('names the return that is not a number', () => {
    expect(() => sharpeRatio([0.1, Infinity])).toThrow('"returns[1]" must be a finite number, got Infinity')
  })

  test('its probability is right as often as it says', () => {
    // over streams without skill the probability is uniform
    let [below, above] = [0, 0]
    for (let seed = 0; seed < 1000; seed++) {
      const p = probabilisticSharpeRatio(sharpeRatio(noise(new SeededRng(seed), 100)))
      if (p < 0.05) below++
      if (p > 0.95) above++
    }
    // 50 wanted: 4 deviations
    for (const count of [below, above]) expect(Math.abs(count - 50)).toBeLessThan(28)
  })

  test('the track record that it needs is the one at which its probability is the confidence', () => {
    const estimate = { sharpe: 0.12, skewness: -0.8, kurtosis: 5, have: 100 }
    const have = Math.ceil(minimumTrackRecordLength(estimate, 0.02, 0.9))
    expect(probabilisticSharpeRatio({ ...estimate, have }, 0.02)).toBeGreaterThanOrEqual(0.9)
    expect(probabilisticSharpeRatio({ ...estimate, have: have - 1 }, 0.02)).toBeLessThan(0.9)
    expect(minimumTrackRecordLength(estimate, 0.12)).toBe(Infinity)
  })

  test('excess kurtosis in the place of raw kurtosis is refused', () => {
    const estimate = { sharpe: 0.1, skewness: 0, kurtosis: 0, have: 100 }
    expect(() => probabilisticSharpeRatio(estimate)).toThrow('"kurtosis" must be raw')
    expect(() => probabilisticSharpeRatio({ ...estimate, kurtosis: 3, have: 1 })).toThrow('"have"')
  })
})

describe('the best of many', () => {
  test('is as good as the expected maximum, on average', () => {
    for (const trials of [5, 50]) {
      const best = Array.from({ length: 2000 }, (_, seed) =>
        Math.max(...noise(new SeededRng(`${trials} ${seed}`), trials)),
      )
      // the formula is an approximation for many trials: 4 % too low at 5
      expect(average(best) / expectedMaximumSharpe(trials, 1)).toBeGreaterThan(0.95)
      expect(average(best) / expectedMaximumSharpe(trials, 1)).toBeLessThan(1.05)
    }
    expect(expectedMaximumSharpe(1, 1)).toBe(0)
  })

  test('deflated, is rarely called skilled where none is, and plainly where one is', () => {
    const bestOf = (seed: number, skill: number): number => {
      const rng = new SeededRng(seed)
      const estimates = Array.from({ length: 30 }, (_, i) => sharpeRatio(noise(rng, 200, i === 0 ? skill : 0)))
      const best = estimates.reduce((most, estimate) => (estimate.sharpe > most.sharpe ? estimate : most))
      return deflatedSharpeRatio(best, 30, 1 / 200)
    }
    const share = (skill: number): number =>
      average(Array.from({ length: 200 }, (_, seed) => Number(bestOf(seed, skill) > 0.95)))
    expect(share(0)).toBeLessThan(0.05)
    expect(share(0.4)).toBeGreaterThan(0.9)
  })

  test('alike trials count as one, unlike ones as all', () => {
    expect(effectiveTrials(100, 1)).toBe(1)
    expect(effectiveTrials(100, 0)).toBe(100)
    expect(effectiveTrials(100, -0.01)).toBe(100)
    expect(effectiveTrials(10, 0.5)).toBe(5.5)
    expect(() => effectiveTrials(0.5, 0)).toThrow('"trials"')
  })

  test('mean correlation is that of all pairs, a series that never moves being like none', () => {
    const rng = new SeededRng(3)
    const series = noise(rng, 50)
    expect(meanCorrelation([series, series.map((x) => 3 * x + 1)])).toBeCloseTo(1, 12)
    expect(meanCorrelation([series, series.map((x) => -x)])).toBeCloseTo(-1, 12)
    expect(meanCorrelation([series, series, Array(50).fill(0.1)])).toBeCloseTo(1 / 3, 12)
    expect(meanCorrelation([series])).toBe(0)
    expect(() => meanCorrelation([])).toThrow('"trials"')
    expect(() => meanCorrelation([[1, 2], [1]])).toThrow('"trials[1]" must have 2 values, got 1')
    expect(() =>
      meanCorrelation([
        [1, 2],
        [1, NaN],
      ]),
    ).toThrow('"trials[1][1]" must be a finite number, got NaN')
  })
})

describe('backtestOverfitting', () => {
  const trialsOf = (seed: number, skill: number): Float64Array[] => {
    const rng = new SeededRng(seed)
    return Array.from({ length: 10 }, (_, i) => noise(rng, 96, i === 0 ? skill : 0))
  }

  test('is a half where no trial has skill, and near nothing where one has', () => {
    const of = (skill: number): number =>
      average(Array.from({ length: 60 }, (_, seed) => backtestOverfitting(trialsOf(seed, skill), { blocks: 8 }).pbo))
    expect(of(0)).toBeGreaterThan(0.4)
    expect(of(0)).toBeLessThan(0.62)
    expect(of(1)).toBeLessThan(0.01)
  })

  test('the chosen one loses half the time without skill, hardly ever with it', () => {
    const report = backtestOverfitting(trialsOf(3, 1), { blocks: 8 })
    expect(report.lossProbability).toBe(0)
    const idle = Array.from({ length: 60 }, (_, seed) => backtestOverfitting(trialsOf(seed, 0), { blocks: 8 }))
    expect(average(idle.map((r) => r.lossProbability))).toBeGreaterThan(0.35)
    // what is good by chance on one side has used it up on the other
    expect(average(idle.map((r) => r.degradation))).toBeLessThan(0)
  })

  test('a metric of its own gives what the sums of the blocks give', () => {
    const sharpe = (returns: Float64Array): number => {
      const mean = returns.reduce((sum, x) => sum + x, 0) / returns.length
      return mean / Math.sqrt(returns.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / (returns.length - 1))
    }
    for (const n of [97, 200]) {
      const rng = new SeededRng(n)
      const trials = Array.from({ length: 4 }, () => noise(rng, n))
      const [own, blocks] = [
        backtestOverfitting(trials, { metric: sharpe, blocks: 8 }),
        backtestOverfitting(trials, { blocks: 8 }),
      ]
      expect(own.pbo).toBe(blocks.pbo)
      expect(own.logits).toEqual(blocks.logits)
      expect(own.degradation).toBeCloseTo(blocks.degradation, 9)
    }
  })

  test('makes all splits: 70 of 8 blocks, 12,870 of 16', () => {
    const trials = trialsOf(1, 0)
    expect(backtestOverfitting(trials)).toMatchObject({ splits: 70, have: 96, needs: 16, trials: 10 })
    expect(backtestOverfitting(trials, { blocks: 16 }).splits).toBe(12_870)
  })

  test('equal trials share the middle rank, so that their choice is never better than the rest', () => {
    const series = noise(new SeededRng(1), 40)
    const report = backtestOverfitting([series, series, series], { blocks: 4 })
    expect(report.logits).toEqual(Array(6).fill(0))
    expect(report.pbo).toBe(1)
  })

  test('is finite on constants, on halves without a trade, and on 1e300', () => {
    const late = Float64Array.from({ length: 40 }, (_, t) => (t < 20 ? 0 : (t % 3) - 0.5))
    for (const trials of [
      [Array(40).fill(0), Array(40).fill(0.1), Array(40).fill(-0.1)],
      [late, Array(40).fill(0), noise(new SeededRng(1), 40)],
      [late.map((x) => 1e300 * x), late],
    ]) {
      const { pbo, logits, degradation, lossProbability } = backtestOverfitting(trials, { blocks: 4 })
      for (const figure of [pbo, degradation, lossProbability, ...logits]) expect(Number.isFinite(figure)).toBe(true)
    }
  })

  test('does not depend on the order of trials without ties, nor on their unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (seed, unit) => {
        const rng = new SeededRng(seed)
        const trials = Array.from({ length: 3 }, () => noise(rng, 24))
        const { pbo } = backtestOverfitting(trials, { blocks: 4 })
        expect(backtestOverfitting(trials.toReversed(), { blocks: 4 }).pbo).toBe(pbo)
        expect(
          backtestOverfitting(
            trials.map((series) => series.map((x) => x * unit)),
            { blocks: 4 },
          ).pbo,
        ).toBe(pbo)
      }),
      { numRuns: 30 },
    )
  })

  test('says what it needs, and refuses ragged trials, odd blocks and metrics without a value', () => {
    expect(
      backtestOverfitting(
        [
          [1, 2, 3],
          [3, 2, 1],
        ],
        { blocks: 4 },
      ),
    ).toMatchObject({ pbo: NaN, have: 3, needs: 8 })
    expect(backtestOverfitting([[1, 2, 3]])).toMatchObject({ pbo: NaN, needs: Infinity })
    expect(() => backtestOverfitting([])).toThrow('"trials"')
    expect(() =>
      backtestOverfitting([
        [1, 2],
        [1, NaN],
      ]),
    ).toThrow('"trials[1][1]"')
    expect(() => backtestOverfitting([[1], [1]], { blocks: 5 })).toThrow('"blocks" must be even')
    expect(() => backtestOverfitting([[1], [1]], { blocks: 18 })).toThrow('"blocks" must be even and at most 16')
    expect(() => backtestOverfitting(trialsOf(1, 0), { metric: () => NaN })).toThrow('a half of trials[0]')
  })
})
