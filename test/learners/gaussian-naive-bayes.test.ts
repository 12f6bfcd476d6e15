import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { packState, unpackState } from '../../src/core/state.ts'
import { GaussianNaiveBayes } from '../../src/learners/gaussian-naive-bayes.ts'
import { reread } from './helpers.ts'

type Labelled = { readonly x: Float64Array; readonly y: number; readonly weight: number }

/** Two numeric features of different spread in the two classes and a nominal one; some values are missing. */
function labelled(n: number, seed: string): Labelled[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => {
    const y = Number(rng.next() < 0.4)
    const x = Float64Array.of(
      y + (1 + y) * drawNormal(rng),
      1000 * (drawNormal(rng) - y),
      Math.floor((rng.next() + y) * 2),
    )
    if (rng.next() < 0.2) x[Math.floor(rng.next() * 3)] = NaN
    return { x, y, weight: 0.5 + rng.next() }
  })
}

/** The same rules over all rows at once. */
function plain(
  rows: readonly Labelled[],
  x: Float64Array,
  { fade, categories, most }: { readonly fade: number; readonly categories: number; readonly most: number },
): number {
  const bounded = (evidence: number): number => Math.max(-most, Math.min(most, evidence))
  const weightOf = (i: number): number => rows[i]!.weight * fade ** (rows.length - 1 - i)
  const total = (y: number, feature: number, keep: (value: number) => boolean): number =>
    rows.reduce((sum, row, i) => sum + (row.y === y && keep(row.x[feature]!) ? weightOf(i) : 0), 0)
  const all = (y: number): number => rows.reduce((sum, row, i) => sum + (row.y === y ? weightOf(i) : 0), 0)
  let odds = Math.log((all(1) + 1) / (all(0) + 1))
  for (let f = 0; f < 2; f++) {
    if (Number.isNaN(x[f])) continue
    const n = [0, 1].map((y) => total(y, f, (value) => !Number.isNaN(value)))
    const of = (y: number, g: (value: number) => number): number =>
      rows.reduce((sum, row, i) => sum + (row.y === y && !Number.isNaN(row.x[f]!) ? weightOf(i) * g(row.x[f]!) : 0), 0)
    const means = [0, 1].map((y) => of(y, (value) => value) / n[y]!)
    const mean = (means[0]! * n[0]! + means[1]! * n[1]!) / (n[0]! + n[1]!)
    const pooled = [0, 1].reduce((sum, y) => sum + of(y, (v) => (v - mean) ** 2), 0) / (n[0]! + n[1]!)
    const log = [0, 1].map((y) => {
      const variance = (of(y, (v) => (v - means[y]!) ** 2) + pooled) / n[y]!
      return -((x[f]! - means[y]!) ** 2) / (2 * variance) - Math.log(variance) / 2
    })
    odds += bounded(log[1]! - log[0]!)
  }
  const present = (y: number): number => total(y, 2, (value) => !Number.isNaN(value))
  if (!Number.isNaN(x[2]) && present(0) > 0 && present(1) > 0) {
    const share = (y: number): number => (total(y, 2, (value) => value === x[2]) + 1) / (present(y) + categories)
    odds += bounded(Math.log(share(1) / share(0)))
  }
  return 1 / (1 + Math.exp(-odds))
}

describe('the probability', () => {
  test.each([
    [Infinity, 5],
    [40, 5],
    [40, 0.7],
    [Infinity, Infinity],
  ])('is that of the formulae over all rows, half-life %s, evidence up to %s', (halfLife, maxEvidence) => {
    const rows = labelled(150, 'formulae')
    const learner = new GaussianNaiveBayes({ features: 3, nominal: [2], categories: 8, halfLife, maxEvidence })
    for (const { x, y, weight } of rows) learner.learn(x, y, weight)
    const rule = { fade: 2 ** (-1 / halfLife), categories: 8, most: maxEvidence }
    for (const { x } of labelled(30, 'asked')) {
      expect(learner.predict(x)).toBeCloseTo(plain(rows, x, rule), 10)
    }
  })

  test('is not decided by one stray value where the others disagree', () => {
    const [bounded, textbook] = [5, Infinity].map(
      (maxEvidence) => new GaussianNaiveBayes({ features: 4, maxEvidence }),
    ) as [GaussianNaiveBayes, GaussianNaiveBayes]
    const rng = new SeededRng('stray')
    for (let i = 0; i < 1000; i++) {
      const side = i % 2 === 1 ? 1 : -1
      const x = Float64Array.from({ length: 4 }, () => 1.5 * side + drawNormal(rng))
      // the first feature varies a little more in class 1
      x[0] = side === 1 ? 1.2 * drawNormal(rng) : drawNormal(rng)
      for (const learner of [bounded, textbook]) learner.learn(x, i % 2)
    }
    const stray = Float64Array.of(12, -1.5, -1.5, -1.5)
    expect(textbook.predict(stray)).toBeGreaterThan(0.9)
    expect(bounded.predict(stray)).toBeLessThan(0.1)
    expect(Math.abs(bounded.explain(stray).find(({ feature }) => feature === 0)!.amount)).toBeCloseTo(5, 12)
  })

  test('of many features neither overflows nor stops at half', () => {
    const features = 2000
    const learner = new GaussianNaiveBayes({ features })
    const rng = new SeededRng('many')
    for (let i = 0; i < 60; i++) {
      const y = i % 2
      learner.learn(
        Float64Array.from({ length: features }, () => (y === 1 ? 1e-3 : 1e3) * drawNormal(rng)),
        y,
      )
    }
    const narrow = Float64Array.from({ length: features }, () => 1e-3 * drawNormal(rng))
    expect(learner.predict(narrow)).toBe(1)
    expect(learner.predict(narrow.map((value) => value * 1e6))).toBe(0)
  })

  test('owes nothing to a feature that stays the same for long, whatever its last bits', () => {
    const learner = new GaussianNaiveBayes({ features: 1 })
    for (let i = 0; i < 5000; i++) learner.learn(Float64Array.of(0.003467), Number(i % 3 === 0), 0.1 + (i % 7))
    expect(learner.explain(Float64Array.of(0.003467))[0]!.amount).toBe(0)
    expect(learner.explain(Float64Array.of(1))[0]!.amount).toBe(0)
  })

  test('is the base rate where nothing is known of x', () => {
    const learner = new GaussianNaiveBayes({ features: 1 })
    for (let i = 0; i < 8; i++) learner.learn(Float64Array.of(i), Number(i < 2))
    expect(learner.predict(Float64Array.of(NaN))).toBeCloseTo(3 / 10, 12)
  })

  test('takes no evidence from a feature that one class alone has shown', () => {
    const learner = new GaussianNaiveBayes({ features: 2 })
    for (let i = 0; i < 20; i++) learner.learn(Float64Array.of(i % 3, i % 2 ? i : NaN), i % 2)
    const x = Float64Array.of(1, NaN)
    const without = learner.predict(x)
    expect(learner.predict(Float64Array.of(1, 1e6))).toBe(without)
  })

  test('takes no evidence from how often a nominal feature is missing', () => {
    const learner = new GaussianNaiveBayes({ features: 1, nominal: [0], categories: 2 })
    const rng = new SeededRng('missing')
    for (let i = 0; i < 20_000; i++) {
      const category = Number(rng.next() < 0.5)
      const isMissing = i % 2 === 1 && rng.next() < 0.9
      learner.learn(Float64Array.of(isMissing ? NaN : category), i % 2)
    }
    // both categories are as common in either class
    for (const category of [0, 1]) expect(learner.predict(Float64Array.of(category))).toBeCloseTo(0.5, 1)
  })

  test('takes no evidence from a nominal feature that one class alone has shown', () => {
    const learner = new GaussianNaiveBayes({ features: 1, nominal: [0], categories: 4 })
    for (let i = 0; i < 20; i++) learner.learn(Float64Array.of(i % 2 ? 1 : NaN), i % 2)
    expect(learner.predict(Float64Array.of(1))).toBe(learner.predict(Float64Array.of(NaN)))
  })

  test('learns from nominal features what numeric ones cannot say', () => {
    const mixed = new GaussianNaiveBayes({ features: 1, nominal: [0], categories: 4 })
    const numeric = new GaussianNaiveBayes({ features: 1 })
    // class 1 is categories 0 and 3, class 0 is 1 and 2
    for (let i = 0; i < 400; i++) {
      const x = Float64Array.of(i % 4)
      for (const learner of [mixed, numeric]) learner.learn(x, Number(i % 4 === 0 || i % 4 === 3))
    }
    const said = [0, 1, 2, 3].map((value) => mixed.predict(Float64Array.of(value)))
    expect(said.map((p) => p > 0.95)).toEqual([true, false, false, true])
    expect(mixed.predict(Float64Array.of(17))).toBe(mixed.predict(Float64Array.of(3)))
    expect(mixed.predict(Float64Array.of(0.5))).toBe(mixed.predict(Float64Array.of(3)))
  })
})

test('forgetting leaves the answer and makes new labels count more', () => {
  const [keeping, forgetting] = [0, 1].map(() => new GaussianNaiveBayes({ features: 1 }))
  for (let i = 0; i < 1000; i++) {
    const x = Float64Array.of((i % 2 ? 1 : -1) + ((i * 7) % 5) / 5)
    for (const learner of [keeping, forgetting]) learner!.learn(x, i % 2)
  }
  forgetting!.forget(20)
  const x = Float64Array.of(1.2)
  expect(forgetting!.predict(x)).toBeGreaterThan(0.9)
  for (let i = 0; i < 100; i++) for (const learner of [keeping, forgetting]) learner!.learn(x, 0)
  expect(forgetting!.predict(x)).toBeLessThan(keeping!.predict(x))
})

test('the base value and each feature by itself add up to the log-odds', () => {
  const learner = new GaussianNaiveBayes({ features: 3, nominal: [2], categories: 8 })
  for (const { x, y } of labelled(200, 'explained')) learner.learn(x, y)
  const x = Float64Array.of(0.5, NaN, 1)
  const parts = learner.explain(x)
  const sum = parts.reduce((total, { amount }) => total + amount, learner.baseValue(x))
  expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(learner.predict(x), 12)
  expect(parts.find(({ feature }) => feature === 1)!.amount).toBe(0)
})

test('no stream, however wild, makes a prediction NaN', () => {
  const wild = fc.oneof(
    fc.constantFrom(1e308, -1e308, 1e60, 1e-60, 5e-324, 0, NaN),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
  )
  const row = fc.record({
    x: fc.array(wild, { minLength: 3, maxLength: 3 }).map((values) => Float64Array.from(values)),
    y: fc.constantFrom(0, 1),
    weight: fc.oneof(fc.constant(1), fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true })),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), fc.constantFrom(1, 30, Infinity), (rows, halfLife) => {
      const learner = new GaussianNaiveBayes({ features: 3, nominal: [1], halfLife })
      for (const { x, y, weight } of rows) {
        learner.learn(x, y, weight)
        const p = learner.predict(x)
        expect(p >= 0 && p <= 1).toBe(true)
      }
      expect(JSON.stringify(reread(learner, [GaussianNaiveBayes]))).toBe(JSON.stringify(learner))
    }),
  )
})

test('a snapshot of version 1 is read: no limit of the evidence, and nominal weights from the counts', () => {
  const learner = new GaussianNaiveBayes({ features: 3, nominal: [2], categories: 8, maxEvidence: Infinity })
  for (const { x, y } of labelled(300, 'version 1')) learner.learn(x, y)
  const { options, state, ...json } = JSON.parse(JSON.stringify(learner)) as Snapshot
  const { maxEvidence: _, ...then } = options
  const weights = unpackState(state['weights'], new Float64Array(6))
  weights.fill(0, 4)
  const old = { ...json, version: 1, options: then, state: { ...state, weights: packState(weights) } }
  expect(JSON.stringify(GaussianNaiveBayes.fromJSON(old))).toBe(JSON.stringify(learner))
})

test('options and snapshots that make no sense are refused with a code', () => {
  const option = expect.objectContaining({ code: 'INVALID_OPTION' })
  expect(() => new GaussianNaiveBayes({ features: 2, nominal: [2] })).toThrow(option)
  expect(() => new GaussianNaiveBayes({ features: 2, nominal: 'all' as never })).toThrow(option)
  expect(() => new GaussianNaiveBayes({ features: 2, smoothing: 0 })).toThrow(option)
  const nominal = Array.from({ length: 60_000 }, (_, i) => i)
  expect(() => new GaussianNaiveBayes({ features: 60_000, nominal, categories: 60_000 })).toThrow(option)
  const json = new GaussianNaiveBayes({ features: 2 }).toJSON()
  const other = new GaussianNaiveBayes({ features: 2, nominal: [1] }).toJSON().state
  for (const change of [{ counts: other['counts'] }, { held: -1 }, { seen: 0.5 }, { means: other['counts'] }]) {
    const broken = { ...json, state: { ...json.state, ...change } } as typeof json
    expect(() => GaussianNaiveBayes.fromJSON(broken)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  }
})
