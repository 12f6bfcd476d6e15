import { describe, expect, test } from 'vitest'
import { logLossOf } from '../../../src/core/math.ts'
import { ALMA } from '../../../src/learners/linear/alma.ts'
import { PassiveAggressiveClassifier } from '../../../src/learners/linear/passive-aggressive-classifier.ts'
import { PassiveAggressiveRegressor } from '../../../src/learners/linear/passive-aggressive-regressor.ts'
import { logisticStream } from '../helpers.ts'

const logOdds = (p: number): number => Math.log(p / (1 - p))

describe('PassiveAggressiveClassifier', () => {
  test('PA with the intercept as a feature lands on a margin of exactly 1, and does not move beyond it', () => {
    const learner = new PassiveAggressiveClassifier({ features: 2, step: 'PA' })
    const x = Float64Array.of(0.01, -0.02)
    learner.learn(x, 1)
    expect(logOdds(learner.predict(x))).toBeCloseTo(1, 12)
    const { weights } = learner
    learner.learn(x, 1)
    learner.learn(Float64Array.of(1, -2), 1)
    expect(learner.weights).toEqual(weights)
  })

  test('a free intercept overshoots where x is short, as River does', () => {
    const learner = new PassiveAggressiveClassifier({ features: 2, step: 'PA', intercept: 'free' })
    const x = Float64Array.of(0.01, -0.02)
    learner.learn(x, 1)
    expect(learner.predict(x)).toBeGreaterThan(1 - 1e-12)
    expect(learner.intercept).toBeCloseTo(1 / 5e-4, 6)
  })

  test.each([1, 2, 4])('a free intercept foresees noisy labels worse, strength of the signal %d', (strength) => {
    const [feature, free] = (['feature', 'free'] as const).map((intercept) => {
      const draw = logisticStream('intercept', 5, strength)
      const learner = new PassiveAggressiveClassifier({ features: 5, intercept })
      let loss = 0
      for (let i = 0; i < 5000; i++) {
        const { x, y } = draw()
        loss += logLossOf(y, learner.predict(x)) / 5000
        learner.learn(x, y)
      }
      return loss
    })
    expect(feature).toBeLessThan(free! - 0.02)
  })

  test('C bounds what one label may do, and a weight of 2 doubles it', () => {
    const x = Float64Array.of(0.1)
    const moved = (weight: number): number => {
      const learner = new PassiveAggressiveClassifier({ features: 1, aggressiveness: 0.2, intercept: 'none' })
      learner.learn(x, 0, weight)
      return learner.weights[0]!
    }
    expect(moved(1)).toBeCloseTo(-0.02, 12)
    expect(moved(2)).toBeCloseTo(-0.04, 12)
  })

  test('PA-II goes less far the larger 1 / C is', () => {
    const x = Float64Array.of(1)
    const margins = [0.1, 1, 10].map((aggressiveness) => {
      const learner = new PassiveAggressiveClassifier({ features: 1, step: 'PA-II', aggressiveness, intercept: 'none' })
      learner.learn(x, 1)
      return logOdds(learner.predict(x))
    })
    for (const [i, wanted] of [1 / 6, 1 / 1.5, 1 / 1.05].entries()) expect(margins[i]).toBeCloseTo(wanted, 12)
  })
})

describe('PassiveAggressiveRegressor', () => {
  test('lands within its tolerance and no nearer', () => {
    const learner = new PassiveAggressiveRegressor({ features: 1, step: 'PA', tolerance: 0.25 })
    const x = Float64Array.of(2)
    learner.learn(x, 10)
    expect(learner.predict(x)).toBeCloseTo(9.75, 12)
    learner.learn(x, 9.6)
    expect(learner.predict(x)).toBeCloseTo(9.75, 12)
    learner.learn(x, -3)
    expect(learner.predict(x)).toBeCloseTo(-2.75, 12)
  })

  test('finds a line', () => {
    const learner = new PassiveAggressiveRegressor({ features: 1, tolerance: 0.001 })
    for (let i = 0; i < 3000; i++) learner.learn(Float64Array.of((i % 5) - 2), 5 + 2 * ((i % 5) - 2))
    expect(learner.predict(Float64Array.of(2))).toBeCloseTo(9, 1)
  })
})

describe('ALMA', () => {
  test('keeps its weights within length 1, also where values are missing', () => {
    const draw = logisticStream('alma', 4, 3)
    const learner = new ALMA({ features: 4 })
    for (let i = 0; i < 2000; i++) {
      const { x, y } = draw()
      if (i % 3 === 0) x[i % 4] = NaN
      learner.learn(x, y)
      expect(Math.hypot(...learner.weights)).toBeLessThanOrEqual(1 + 1e-12)
    }
    let hits = 0
    for (let i = 0; i < 2000; i++) {
      const { x, y } = draw()
      hits += Number(learner.predict(x) > 0.5 === (y === 1))
    }
    expect(hits / 2000).toBeGreaterThan(0.75)
  })
})

test('broken snapshots are refused with a code', () => {
  const classifier = new PassiveAggressiveClassifier({ features: 2 }).toJSON()
  const alma = new ALMA({ features: 2 }).toJSON()
  const long = new ALMA({ features: 3 }).toJSON().state['weights']!
  const corrupt = expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' })
  for (const change of [{ seen: -1 }, { weights: long }]) {
    const read = (json: typeof alma) => ({ ...json, state: { ...json.state, ...change } })
    expect(() => PassiveAggressiveClassifier.fromJSON(read(classifier))).toThrow(corrupt)
    expect(() => ALMA.fromJSON(read(alma))).toThrow(corrupt)
  }
  const step = { ...classifier, options: { ...classifier.options, step: 'PA-III' } }
  expect(() => PassiveAggressiveClassifier.fromJSON(step)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
