import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import { normalQuantile } from '../../src/core/math.ts'
import {
  type Effect,
  minimumDetectableEffect,
  powerOf,
  sampleSize,
  type UnknownEffect,
} from '../../src/significance/index.ts'

describe('sampleSize', () => {
  test.each([
    [{ kind: 'winRates', from: 0.45, to: 0.495 }, 1931],
    [{ kind: 'winRates', from: 0.45, to: 0.52 }, 800],
    [{ kind: 'winRates', from: 0.45, to: 0.58 }, 231],
    [{ kind: 'means', difference: 0.1, deviation: 1 }, 1570],
    [{ kind: 'means', difference: 0.2, deviation: 1 }, 393],
    [{ kind: 'means', difference: 0.02, deviation: 0.1 }, 393],
  ] as const)('of %o is %d in each group', (effect, first) => {
    expect(sampleSize(effect)).toEqual({ first, second: first, total: 2 * first })
  })

  test('a quarter in one group takes a third more in all', () => {
    const effect = { kind: 'means', difference: 0.1, deviation: 1 } as const
    expect(sampleSize(effect, { ratio: 3 }).total / sampleSize(effect).total).toBeCloseTo(1.33, 2)
  })

  test('one group against a known figure takes a quarter of what two take in all', () => {
    const [one, two] = [
      sampleSize({ kind: 'mean', difference: 0.1, deviation: 1 }),
      sampleSize({ kind: 'means', difference: 0.1, deviation: 1 }),
    ]
    expect(one.second).toBe(0)
    expect(two.total / one.total).toBeCloseTo(4, 1)
  })

  test('no effect takes for ever', () => {
    expect(sampleSize({ kind: 'winRates', from: 0.5, to: 0.5 }).first).toBe(Infinity)
    expect(sampleSize({ kind: 'mean', difference: 0, deviation: 1 }).total).toBe(Infinity)
  })

  const effects: fc.Arbitrary<Effect> = fc.oneof(
    fc.record({
      kind: fc.constantFrom('winRate' as const, 'winRates' as const),
      from: fc.double({ min: 0.2, max: 0.5, noNaN: true }),
      to: fc.double({ min: 0.55, max: 0.8, noNaN: true }),
    }),
    fc.record({
      kind: fc.constantFrom('mean' as const, 'means' as const),
      difference: fc.double({ min: 0.05, max: 2, noNaN: true }),
      deviation: fc.double({ min: 0.5, max: 2, noNaN: true }),
    }),
    fc.record({
      kind: fc.constant('correlation' as const),
      correlation: fc.double({ min: 0.02, max: 0.9, noNaN: true }),
    }),
    fc.record({
      kind: fc.constant('auc' as const),
      auc: fc.double({ min: 0.52, max: 0.9, noNaN: true }),
      wins: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
    }),
  )

  test('is the least with the wanted power', () => {
    fc.assert(
      fc.property(effects, fc.double({ min: 0.6, max: 0.95, noNaN: true }), (effect, power) => {
        const { first } = sampleSize(effect, { power })
        expect(powerOf(effect, first, { power })).toBeGreaterThanOrEqual(power)
        if (first > 1) expect(powerOf(effect, first - 1, { power })).toBeLessThan(power)
      }),
    )
  })

  test('the smallest effect that it finds is the one that it was made for', () => {
    const cases: readonly (readonly [UnknownEffect, Effect, number])[] = [
      [{ kind: 'winRates', from: 0.45 }, { kind: 'winRates', from: 0.45, to: 0.52 }, 0.52],
      [{ kind: 'winRate', from: 0.5 }, { kind: 'winRate', from: 0.5, to: 0.6 }, 0.6],
      [{ kind: 'means', deviation: 2 }, { kind: 'means', difference: 0.3, deviation: 2 }, 0.3],
      [{ kind: 'correlation' }, { kind: 'correlation', correlation: 0.1 }, 0.1],
      [{ kind: 'auc', wins: 0.4 }, { kind: 'auc', auc: 0.55, wins: 0.4 }, 0.55],
    ]
    for (const [unknown, effect, size] of cases) {
      expect(minimumDetectableEffect(unknown, sampleSize(effect).first)).toBeCloseTo(size, 3)
      expect(minimumDetectableEffect(unknown, sampleSize(effect).first)).toBeLessThanOrEqual(size)
    }
    expect(minimumDetectableEffect({ kind: 'winRates', from: 0.9 }, 3)).toBeNaN()
  })
})

describe('powerOf', () => {
  test('is how often a test of drawn win rates finds the difference', () => {
    const rng = new SeededRng(1)
    const z = normalQuantile(0.975)
    let found = 0
    for (let i = 0; i < 1000; i++) {
      const wins = [0.45, 0.58].map((rate) =>
        Array.from({ length: 231 }, () => Number(rng.next() < rate)).reduce((a, b) => a + b),
      )
      const [a, b] = wins.map((count) => count / 231) as [number, number]
      const pooled = (a + b) / 2
      if (Math.abs(a - b) > z * Math.sqrt((2 * pooled * (1 - pooled)) / 231)) found++
    }
    expect(found / 1000).toBeGreaterThan(0.76)
    expect(found / 1000).toBeLessThan(0.84)
  })

  test('is about how often an AUC of drawn scores passes its test', () => {
    const auc = 0.6
    const shift = Math.SQRT2 * normalQuantile(auc)
    const z = normalQuantile(0.975)
    const [ones, zeros] = [60, 90]
    let found = 0
    for (let seed = 0; seed < 400; seed++) {
      const rng = new SeededRng(seed)
      const high = Array.from({ length: ones }, () => shift + drawNormal(rng))
      const low = Array.from({ length: zeros }, () => drawNormal(rng))
      const wins = high.reduce((sum, x) => sum + low.filter((y) => y < x).length, 0)
      if (Math.abs(wins / (ones * zeros) - 0.5) > z * Math.sqrt(151 / (12 * ones * zeros))) found++
    }
    expect(Math.abs(found / 400 - powerOf({ kind: 'auc', auc, wins: 0.4 }, 150))).toBeLessThan(0.08)
  })

  test('is alpha where there is no effect, and refuses effects that cannot be', () => {
    expect(powerOf({ kind: 'correlation', correlation: 0 }, 100)).toBe(0.05)
    expect(powerOf({ kind: 'correlation', correlation: 0.5 }, 2)).toBe(0)
    expect(() => powerOf({ kind: 'winRates', from: 0, to: 0.5 }, 10)).toThrow('"effect.from"')
    expect(() => powerOf({ kind: 'means', difference: 1, deviation: 0 }, 10)).toThrow('"effect.deviation"')
    expect(() => powerOf({ kind: 'correlation', correlation: 1 }, 10)).toThrow('"effect.correlation"')
    expect(() => powerOf({ kind: 'odds' } as unknown as Effect, 10)).toThrow('"effect.kind"')
    expect(() => powerOf({ kind: 'correlation', correlation: 0.1 }, 0)).toThrow('"n"')
    expect(() => sampleSize({ kind: 'correlation', correlation: 0.1 }, { ratio: 0 })).toThrow('"ratio"')
  })
})
