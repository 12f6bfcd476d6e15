import { describe, expect, test } from 'vitest'
import { BaseRate, LastLabel, MeanTarget } from '../../src/learners/baseline.ts'

const x = Float64Array.of(NaN)

describe('BaseRate', () => {
  test('is one half before anything is seen, then (ones + 1) / (labels + 2)', () => {
    const learner = new BaseRate({ features: 1 })
    expect(learner.predict(x)).toBe(0.5)
    for (const y of [1, 1, 0, 1]) learner.learn(x, y)
    expect(learner.predict(x)).toBeCloseTo(4 / 6, 12)
  })

  test('counts weights as labels', () => {
    const learner = new BaseRate({ features: 1 })
    learner.learn(x, 1, 3)
    learner.learn(x, 0, 1)
    expect(learner.predict(x)).toBeCloseTo(4 / 6, 12)
  })

  test('a half-life makes it follow a rate that moves', () => {
    const learner = new BaseRate({ features: 1, halfLife: 10 })
    for (let i = 0; i < 100; i++) learner.learn(x, 1)
    for (let i = 0; i < 10; i++) learner.learn(x, 0)
    const total = (1 - 2 ** -11) / (1 - 2 ** -0.1)
    const ones = total / 2
    expect(learner.predict(x)).toBeCloseTo((ones + 1) / (total + 2), 2)
  })

  test('forgetting keeps the rate but little trust in it, and forgetting all starts anew', () => {
    const learner = new BaseRate({ features: 1 })
    for (let i = 0; i < 100; i++) learner.learn(x, 1)
    learner.forget(2)
    expect(learner.predict(x)).toBeCloseTo(3 / 4, 12)
    learner.forget(0)
    expect(learner.predict(x)).toBe(0.5)
    expect(learner.seen).toBe(100)
  })

  test('stays a probability under the largest weights', () => {
    const learner = new BaseRate({ features: 1 })
    for (const y of [1, 0, 1]) learner.learn(x, y, Number.MAX_VALUE)
    expect(learner.predict(x)).toBeGreaterThanOrEqual(0)
    expect(learner.predict(x)).toBeLessThanOrEqual(1)
  })
})

describe('MeanTarget', () => {
  test('is 0 before anything is seen, then the weighted mean', () => {
    const learner = new MeanTarget({ features: 1 })
    expect(learner.predict(x)).toBe(0)
    learner.learn(x, 1, 3)
    learner.learn(x, 5, 1)
    expect(learner.predict(x)).toBeCloseTo(2, 12)
  })

  test('the largest targets do not overflow it', () => {
    const learner = new MeanTarget({ features: 1 })
    for (const y of [1, -1, 1, -1]) learner.learn(x, y * Number.MAX_VALUE)
    expect(Math.abs(learner.predict(x))).toBeLessThan(Number.MAX_VALUE)
  })
})

describe('LastLabel', () => {
  test('repeats the last label', () => {
    const learner = new LastLabel({ features: 1 })
    expect(learner.predict(x)).toBe(0.5)
    learner.learn(x, 1)
    expect(learner.predict(x)).toBe(1)
    learner.learn(x, 0)
    expect(learner.predict(x)).toBe(0)
    learner.forget(1)
    expect(learner.predict(x)).toBe(0)
    learner.forget(0)
    expect(learner.predict(x)).toBe(0.5)
  })

  test('an unknown task is refused', () => {
    expect(() => new LastLabel({ features: 1, task: 'ranking' as 'binary' })).toThrow(/"task" must be one of/)
  })
})
