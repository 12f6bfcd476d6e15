import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Learner } from '../../src/contracts.ts'
import { LinearRegression } from '../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import golden from '../golden/river-linear.json'
import { readRecord, readRows, recorded } from './helpers.ts'
import { ScaledAsRiver } from './linear/scaled-as-river.ts'

type Recorded = {
  readonly models: readonly {
    readonly name: string
    readonly checkpoints: readonly (readonly [number, number])[]
    readonly sampled: readonly (readonly [number, number | { readonly True: number }])[]
    readonly label_sequence: string
    readonly weights: { readonly [name: string]: number }
    readonly intercept: number
  }[]
}
const scaled = (features: number, learner: Learner): ScaledAsRiver => new ScaledAsRiver(features, learner)

function expectWeights(actual: Float64Array, wanted: { readonly [name: string]: number }): void {
  for (const [i, weight] of Object.values(wanted).entries()) expect(actual[i]).toBeCloseTo(weight, 9)
}

describe.skipIf(!recorded)('number for number as River', () => {
  test.each([
    ['SS|LogisticRegression_default', {}],
    ['SS|LogReg_SGD.05_l2.001', { learningRate: 0.05, l2: 0.001 }],
  ])('%s on 8000 rows with two drifts', (name, options) => {
    const wanted = readRecord<Recorded>('trees/binary_drift.json').models.find((model) => model.name === name)!
    const model = new LogisticRegression({ features: 10, ...options })
    const pipeline = scaled(10, model)
    let hits = 0
    let labels = ''
    const accuracies: [number, number][] = []
    const probabilities: number[] = []
    for (const [i, { x, y }] of readRows('binary_drift.csv').entries()) {
      const p = pipeline.predict(x)
      if (i % 50 === 0) probabilities.push(p)
      labels += p > 0.5 ? '1' : '0'
      if (p > 0.5 === (y === 1)) hits++
      if ((i + 1) % 500 === 0) accuracies.push([i + 1, hits / (i + 1)])
      pipeline.learn(x, y)
    }
    expect(labels).toBe(wanted.label_sequence)
    expect(accuracies).toEqual(wanted.checkpoints)
    for (const [k, [, answer]] of wanted.sampled.entries()) {
      expect(probabilities[k]).toBeCloseTo((answer as { True: number }).True, 9)
    }
    expectWeights(model.weights, wanted.weights)
    expect(model.intercept).toBeCloseTo(wanted.intercept, 9)
  })

  test('SS|LinearRegression on 6000 rows with drift', () => {
    const wanted = readRecord<Recorded>('trees/regression_drift.json').models.find(
      ({ name }) => name === 'SS|LinearRegression',
    )!
    const model = new LinearRegression({ features: 6 })
    const pipeline = scaled(6, model)
    let errors = 0
    for (const [i, { x, y }] of readRows('regression_drift.csv').entries()) {
      const answer = pipeline.predict(x)
      if (i % 50 === 0) expect(answer).toBeCloseTo(wanted.sampled[i / 50]![1] as number, 8)
      errors += Math.abs(answer - y)
      if ((i + 1) % 500 === 0) expect(errors / (i + 1)).toBeCloseTo(wanted.checkpoints[(i + 1) / 500 - 1]![1], 9)
      pipeline.learn(x, y)
    }
    expectWeights(model.weights, wanted.weights)
    expect(model.intercept).toBeCloseTo(wanted.intercept, 8)
  })

  test('the weights along the way', () => {
    type Trace = readonly (readonly [number, { readonly [name: string]: number }, number])[]
    const record = readRecord<{ optimizers_LinearRegression: { results: { SGD: Trace } } }>('misc/misc.json')
    const trace = new Map(record.optimizers_LinearRegression.results.SGD.map(([at, ...rest]) => [at, rest]))
    const model = new LinearRegression({ features: 6 })
    const pipeline = scaled(6, model)
    let compared = 0
    for (const [i, { x, y }] of readRows('regression_drift.csv').entries()) {
      pipeline.learn(x, y)
      const row = trace.get(i)
      if (!row) continue
      expectWeights(model.weights, row[0])
      expect(model.intercept).toBeCloseTo(row[1], 9)
      compared++
    }
    expect(compared).toBe(trace.size)
  })
})

test("the first ten rows give River's weights", () => {
  const model = new LinearRegression({ features: 6 })
  const pipeline = scaled(6, model)
  const weights = golden.rows.map(({ x, y }) => {
    pipeline.learn(Float64Array.from(x), y)
    return [...model.weights, model.intercept]
  })
  for (const row of golden.trace) {
    const wanted = [...row.weights, row.intercept]
    for (const [k, weight] of wanted.entries()) expect(weights[row.after]![k]).toBeCloseTo(weight, 12)
  }
})

describe('LogisticRegression', () => {
  test('the contributions and the intercept sum to the log-odds, largest first', () => {
    const learner = new LogisticRegression({ features: 3, learningRate: 0.5 })
    for (let i = 0; i < 50; i++) learner.learn(Float64Array.of(i % 2, (i % 3) - 1, 1), i % 2)
    const x = Float64Array.of(1, NaN, -2)
    const parts = learner.explain(x)
    const sum = parts.reduce((total, { amount }) => total + amount, learner.intercept)
    expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(learner.predict(x), 12)
    expect(parts.map(({ feature }) => feature).sort()).toEqual([0, 1, 2])
    expect(parts.at(-1)).toEqual({ feature: 1, amount: 0 })
    expect(Math.abs(parts[0]!.amount)).toBeGreaterThanOrEqual(Math.abs(parts[1]!.amount))
  })

  test('a missing value moves no weight of its own', () => {
    const learner = new LogisticRegression({ features: 2, learningRate: 0.1 })
    for (let i = 0; i < 20; i++) learner.learn(Float64Array.of(1, NaN), 1)
    expect(learner.weights[0]).toBeGreaterThan(0)
    expect(learner.weights[1]).toBe(0)
  })

  test('forgetting all gives the weights of a fresh one, forgetting twice is forgetting once', () => {
    const learner = new LogisticRegression({ features: 1, learningRate: 0.1 })
    for (let i = 0; i < 100; i++) learner.learn(Float64Array.of(1), 1)
    const before = learner.weights[0]!
    learner.forget(10)
    const once = learner.weights[0]!
    expect(once).toBeGreaterThan(0)
    expect(once).toBeLessThan(before)
    learner.forget(10)
    expect(learner.weights[0]).toBe(once)
    learner.forget(0)
    expect(learner.predict(Float64Array.of(1))).toBe(0.5)
  })

  test('a penalty that would throw weights across zero is refused', () => {
    expect(() => new LogisticRegression({ features: 1, learningRate: 2, l2: 1 })).toThrow(/"learningRate \* l2"/)
  })
})

const wild = fc.oneof(
  fc.constantFrom(1e308, -1e308, 1e150, -1e150, 5e-324, 0, NaN),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
)
const wildRow = fc.record({
  x: fc.array(wild, { minLength: 3, maxLength: 3 }).map((values) => Float64Array.from(values)),
  y: fc.double({ noDefaultInfinity: true, noNaN: true }),
  weight: fc.oneof(fc.constant(1), fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true })),
})

test('no stream, however wild, makes a prediction or a weight infinite', () => {
  fc.assert(
    fc.property(fc.array(wildRow, { minLength: 1, maxLength: 30 }), (rows) => {
      const line = new LinearRegression({ features: 3, l2: 0.1 })
      const odds = new LogisticRegression({ features: 3, l2: 0.1 })
      for (const { x, y, weight } of rows) {
        line.learn(x, y, weight)
        odds.learn(x, y > 0 ? 1 : 0, weight)
        for (const learner of [line, odds]) {
          expect(Number.isFinite(learner.predict(x))).toBe(true)
          expect([...learner.weights, learner.intercept].every(Number.isFinite)).toBe(true)
        }
      }
    }),
  )
})

describe('LinearRegression', () => {
  test('learns unscaled features and targets of wild size without diverging', () => {
    for (const size of [1e-9, 1, 1e9]) {
      const learner = new LinearRegression({ features: 1 })
      for (let i = 0; i < 5000; i++) learner.learn(Float64Array.of(50_000 + (i % 7)), size * (2 + (i % 7)))
      expect(Math.abs(learner.predict(Float64Array.of(50_003)) - 5 * size)).toBeLessThan(4 * size)
    }
  })

  test('a step never carries the prediction past the target', () => {
    const learner = new LinearRegression({ features: 2 })
    const x = Float64Array.of(1e6, -3e4)
    learner.learn(x, 7)
    expect(learner.predict(x)).toBeCloseTo(7, 6)
  })

  test('finds a line', () => {
    const learner = new LinearRegression({ features: 1 })
    for (let i = 0; i < 3000; i++) learner.learn(Float64Array.of((i % 5) - 2), 5 + 2 * ((i % 5) - 2))
    expect(learner.predict(Float64Array.of(2))).toBeCloseTo(9, 6)
    expect(learner.explain(Float64Array.of(2))[0]!.amount).toBeCloseTo(4, 6)
  })
})
