import { describe, expect, test } from 'vitest'
import type { Refittable } from '../../src/contracts.ts'
import { StandardScaler } from '../../src/features/transformers/standard-scaler.ts'
import { isExplainable, isForgetful, isRefittable } from '../../src/learners/abilities.ts'
import { BaseRate, LastLabel } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { Pipeline } from '../../src/learners/pipeline.ts'
import { Lazy, reread } from './helpers.ts'

const scaler = (): StandardScaler => new StandardScaler({ features: 1 })

describe('Pipeline', () => {
  test('teaches the model what it would have said about, and only then the scale', () => {
    const inner = new LogisticRegression({ features: 1, learningRate: 1 })
    const pipeline = new Pipeline({ transformer: scaler(), learner: inner })
    for (const value of [10, 20]) pipeline.learn(Float64Array.of(value), 1)
    // of no value and of one the deviation is 0, so both scaled to 0 and moved no weight
    expect(inner.weights[0]).toBe(0)
    const before = pipeline.predict(Float64Array.of(25))
    pipeline.learn(Float64Array.of(25), 1)
    // with 10 and 20 seen, 25 scales to 2, whatever it does to the scale itself
    expect(inner.weights[0]).toBeCloseTo(2 * (1 - before), 12)
  })

  test('has exactly the abilities of its parts', () => {
    const lazy = new Pipeline({ transformer: scaler(), learner: new Lazy({ features: 1, start: 0.5 }) })
    expect([isRefittable(lazy), isForgetful(lazy), isExplainable(lazy)]).toEqual([true, false, false])
    const bayes = new Pipeline({ transformer: scaler(), learner: new BayesianLogisticRegression({ features: 1 }) })
    expect([isRefittable(bayes), isForgetful(bayes), isExplainable(bayes)]).toEqual([false, true, true])
    const base = new Pipeline({ transformer: scaler(), learner: new BaseRate({ features: 1 }) })
    expect([isRefittable(base), isForgetful(base), isExplainable(base)]).toEqual([false, true, false])
    expect('refit' in reread(lazy, [Pipeline, StandardScaler, Lazy])).toBe(true)
    expect('refit' in reread(base, [Pipeline, StandardScaler, BaseRate])).toBe(false)
    expect(Object.keys(lazy)).toEqual(['transformer', 'learner'])
  })

  test('passes abilities on to its learner', () => {
    const lazy = new Pipeline({ transformer: scaler(), learner: new Lazy({ features: 1, start: 0.5 }) })
    for (let i = 0; i < 10; i++) lazy.learn(Float64Array.of(i), 1)
    const refittable = lazy as Pipeline & Refittable
    expect(refittable.refitDue).toBe(true)
    for (const _ of refittable.refit()) expect(lazy.predict(Float64Array.of(1))).toBe(0.5)
    expect(lazy.predict(Float64Array.of(1))).toBe(11 / 12)
    expect(refittable.refitDue).toBe(false)

    const last = new Pipeline({ transformer: scaler(), learner: new LastLabel({ features: 1 }) })
    last.learn(Float64Array.of(1), 1)
    if (isForgetful(last)) last.forget(0)
    expect(last.predict(Float64Array.of(1))).toBe(0.5)
  })

  test('explains the scaled features', () => {
    const learner = new LogisticRegression({ features: 1, learningRate: 1 })
    const pipeline = new Pipeline({ transformer: scaler(), learner })
    for (let i = 0; i < 20; i++) pipeline.learn(Float64Array.of(1000 + (i % 2)), i % 2)
    const parts = isExplainable(pipeline) ? pipeline.explain(Float64Array.of(1001)) : []
    expect(parts[0]!.amount).toBeCloseTo(learner.weights[0]!, 9)
  })

  test('a value that overflows on the way is no error', () => {
    const pipeline = new Pipeline({ transformer: scaler(), learner: new LogisticRegression({ features: 1 }) })
    pipeline.learn(Float64Array.of(1), 1)
    pipeline.learn(Float64Array.of(1 + 1e-9), 0)
    expect(Number.isFinite(pipeline.predict(Float64Array.of(1e308)))).toBe(true)
  })

  test('parts that take vectors of different lengths refuse them before either has learned', () => {
    for (const width of [1, 2]) {
      const pipeline = new Pipeline({ transformer: scaler(), learner: new LogisticRegression({ features: 2 }) })
      const before = JSON.stringify(pipeline)
      expect(() => pipeline.learn(new Float64Array(width).fill(10), 1)).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT' }),
      )
      expect(JSON.stringify(pipeline)).toBe(before)
    }
  })

  test('a snapshot that holds something else in a place is refused', () => {
    const pipeline = new Pipeline({ transformer: scaler(), learner: new BaseRate({ features: 1 }) })
    const json = JSON.parse(JSON.stringify(pipeline))
    const swapped = { ...json, state: { transformer: json.state.learner, learner: json.state.transformer } }
    expect(() => reread({ toJSON: () => swapped }, [Pipeline, StandardScaler, BaseRate])).toThrow(
      /must hold a transformer, got "base-rate"/,
    )
  })
})
