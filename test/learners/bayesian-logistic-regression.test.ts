import { describe, expect, test } from 'vitest'
import type { Learner } from '../../src/contracts.ts'
import { logLossOf } from '../../src/core/math.ts'
import { BaseRate } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { createUD, projectUD, updateUD } from '../../src/learners/ud-covariance.ts'
import { aucOf, logisticStream, meanOf, type Row, reread } from './helpers.ts'

const features = 20
const take = (draw: (sign?: number) => Row, n: number, sign = 1): Row[] => Array.from({ length: n }, () => draw(sign))
const aucOn = (learner: Learner, rows: readonly Row[]): number =>
  aucOf(
    rows.map(({ x }) => learner.predict(x)),
    rows.map(({ y }) => y),
  )
const lossOn = (learner: Learner, rows: readonly Row[]): number =>
  meanOf(rows.map(({ x, y }) => logLossOf(y, learner.predict(x))))
const learnAll = (learner: Learner, rows: readonly Row[]): void => {
  for (const { x, y } of rows) learner.learn(x, y)
}
const seeds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

describe('BayesianLogisticRegression', () => {
  test('after 300 labels on correlated features it is much nearer the best AUC than descent, at any rate', () => {
    // few checks of AUC after 300 labels agree, so many seeds; rates from far too slow to far too fast
    const rates = [0.01, 0.03, 0.1]
    const gaps = Array.from({ length: 60 }, (_, seed) => {
      const draw = logisticStream(`race ${seed}`, features, 2, 0.6)
      const [train, check] = [take(draw, 300), take(draw, 1000)]
      const best = aucOf(
        check.map(({ p }) => p),
        check.map(({ y }) => y),
      )
      const descents = rates.map((learningRate) => new LogisticRegression({ features, learningRate }))
      return [new BayesianLogisticRegression({ features }), ...descents].map((learner) => {
        learnAll(learner, train)
        return best - aucOn(learner, check)
      })
    })
    const [bayes, byDefault, tuned, fast] = [0, 1, 2, 3].map((k) => meanOf(gaps.map((row) => row[k]!)))
    expect(bayes).toBeGreaterThan(0)
    expect(bayes).toBeLessThan(0.6 * byDefault!)
    expect(bayes).toBeLessThan(0.75 * tuned!)
    expect(bayes).toBeLessThan(0.75 * fast!)
  })

  test('on independent features its probabilities are truer than those of descent', () => {
    const losses = seeds.map((seed) => {
      const draw = logisticStream(seed, features, 2)
      const [train, check] = [take(draw, 300), take(draw, 2000)]
      const [bayes, descent] = [new BayesianLogisticRegression({ features }), new LogisticRegression({ features })]
      learnAll(bayes, train)
      learnAll(descent, train)
      return [lossOn(bayes, check), lossOn(descent, check)] as const
    })
    expect(meanOf(losses.map(([bayes]) => bayes))).toBeLessThan(meanOf(losses.map(([, descent]) => descent)) - 0.02)
  })

  test('after the weights flip it recovers', () => {
    const aucs = seeds.slice(0, 4).map((seed) => {
      const draw = logisticStream(seed, features, 2, 0.6)
      const learner = new BayesianLogisticRegression({ features, halfLife: 250 })
      learnAll(learner, take(draw, 1000))
      const flipped = take(draw, 1000, -1)
      const check = take(draw, 2000, -1)
      const before = aucOn(learner, check)
      learnAll(learner, flipped)
      return [before, aucOn(learner, check)] as const
    })
    expect(meanOf(aucs.map(([before]) => before))).toBeLessThan(0.25)
    expect(meanOf(aucs.map(([, after]) => after))).toBeGreaterThan(0.8)
  })

  test('told of the flip, it recovers faster', () => {
    const aucs = seeds.slice(0, 4).map((seed) => {
      const draw = logisticStream(seed, features, 2, 0.6)
      const told = new BayesianLogisticRegression({ features })
      learnAll(told, take(draw, 1000))
      const untold = reread(told, [BayesianLogisticRegression])
      told.forget(30)
      const [flipped, check] = [take(draw, 200, -1), take(draw, 2000, -1)]
      learnAll(told, flipped)
      learnAll(untold, flipped)
      return [aucOn(told, check), aucOn(untold, check)] as const
    })
    expect(meanOf(aucs.map(([told]) => told))).toBeGreaterThan(meanOf(aucs.map(([, untold]) => untold)) + 0.1)
  })

  test('on noise it loses to the base rate, by less than 0.015 nats a label over 2000', () => {
    const n = 2000
    const excess = seeds.slice(0, 5).map((seed) => {
      const draw = logisticStream(`noise ${seed}`, features, 0)
      const [bayes, base] = [new BayesianLogisticRegression({ features }), new BaseRate({ features })]
      let sum = 0
      for (const { x, y } of take(draw, n)) {
        sum += logLossOf(y, bayes.predict(x)) - logLossOf(y, base.predict(x))
        bayes.learn(x, y)
        base.learn(x, y)
      }
      return sum / n
    })
    expect(meanOf(excess)).toBeGreaterThan(0)
    expect(meanOf(excess)).toBeLessThan(0.015)
  })

  test('features that stay constant cannot make the covariance grow past the prior', () => {
    const priorVariance = 0.5
    const learner = new BayesianLogisticRegression({ features: 4, halfLife: 20, priorVariance })
    for (let i = 0; i < 20_000; i++) learner.learn(Float64Array.of(0, 1, NaN, (i % 3) - 1), (i >> 1) % 2)
    const { mean, ...covariance } = stateOf(learner)
    for (let i = 0; i < 5; i++) {
      const unit = Float64Array.from({ length: 5 }, (_, k) => (k === i ? 1 : 0))
      const variance = projectUD(covariance, unit, new Float64Array(5))
      expect(variance).toBeGreaterThan(0)
      expect(variance).toBeLessThan(1.1 * (i < 4 ? priorVariance : 4))
      expect(Math.abs(mean[i]!)).toBeLessThan(2)
    }
  })

  test('a weight of 3 teaches more than one and not quite as much as three labels one after the other', () => {
    const x = Float64Array.of(1)
    const learners = [1, 2, 3].map(() => new BayesianLogisticRegression({ features: 1, halfLife: Infinity }))
    const [single, heavy, triple] = learners as [BayesianLogisticRegression, ...BayesianLogisticRegression[]]
    single.learn(x, 1)
    heavy!.learn(x, 1, 3)
    for (let i = 0; i < 3; i++) triple!.learn(x, 1)
    expect(heavy!.predict(x)).toBeGreaterThan(single.predict(x))
    expect(Math.abs(heavy!.predict(x) - triple!.predict(x))).toBeLessThan(0.02)
  })

  test('one label moves it to the peak of the posterior', () => {
    // prior N(0, 4) on the intercept and N(0, v) on the weight, one 1 at x: m = P x (1 - σ(m·x))
    const v = 2
    const x = 3
    const learner = new BayesianLogisticRegression({ features: 1, halfLife: Infinity, priorVariance: v })
    learner.learn(Float64Array.of(x), 1)
    const [weight, intercept] = learner.weights as unknown as [number, number]
    const miss = 1 / (1 + Math.exp(weight * x + intercept))
    expect(weight).toBeCloseTo(v * x * miss, 10)
    expect(intercept).toBeCloseTo(4 * miss, 10)
  })

  test('the contributions and the intercept sum to the log-odds of the prediction', () => {
    const learner = new BayesianLogisticRegression({ features })
    learnAll(learner, take(logisticStream('parts', features, 1), 100))
    const { x } = logisticStream('probe', features, 1)()
    const parts = learner.explain(x)
    const alone = learner.weights[features]!
    const whole = Math.log(learner.predict(x) / (1 - learner.predict(x)))
    const margin = learner.weights.slice(0, features).reduce((sum, w, i) => sum + w * x[i]!, alone)
    const sum = parts.reduce((total, { amount }) => total + amount, 0)
    // all shrink by the same factor
    expect(sum / (margin - alone)).toBeCloseTo(whole / margin, 9)
    expect(parts).toHaveLength(features)
  })

  test('wild values leave it finite and able to learn', () => {
    const learner = new BayesianLogisticRegression({ features: 2, halfLife: 10 })
    const values = [1e308, -1e308, 1e12, 5e-324, 0, -3, NaN]
    for (let i = 0; i < 3000; i++) {
      const x = Float64Array.of(values[i % 7]!, values[(3 * i + 1) % 7]!)
      learner.learn(x, i % 2, i % 5 === 0 ? 1e308 : 1)
      expect(Number.isFinite(learner.predict(x))).toBe(true)
    }
    expect(learner.weights.every(Number.isFinite)).toBe(true)
    for (let i = 0; i < 300; i++) learner.learn(Float64Array.of(i % 2 ? 1 : -1, 0), i % 2)
    expect(learner.predict(Float64Array.of(1, 0))).toBeGreaterThan(learner.predict(Float64Array.of(-1, 0)))
  })

  test('options that make no sense are refused', () => {
    expect(() => new BayesianLogisticRegression({ features: 0 })).toThrow(/"features"/)
    expect(() => new BayesianLogisticRegression({ features: 1, halfLife: 0.5 })).toThrow(
      /"halfLife" must be a number of at least 1/,
    )
    expect(() => new BayesianLogisticRegression({ features: 1, priorVariance: 0 })).toThrow(/"priorVariance"/)
  })
})

describe('the factored covariance', () => {
  test('is what the plain matrix update gives, and stays positive where that fails', () => {
    const n = 4
    const variances = Float64Array.of(1, 2, 0.5, 4)
    const covariance = createUD(variances)
    const plain = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? variances[i]! : 0)),
    )
    const projected = new Float64Array(n)
    const spread = new Float64Array(n)
    for (let step = 0; step < 50; step++) {
      const x = Float64Array.from({ length: n }, (_, i) => Math.sin(3 * step + i * i))
      const precision = 0.25 + (step % 3)
      const wanted = plain.map((row) => row.reduce((sum, p, j) => sum + p * x[j]!, 0))
      const variance = wanted.reduce((sum, p, i) => sum + p * x[i]!, 0)
      expect(projectUD(covariance, x, projected)).toBeCloseTo(variance, 12)
      updateUD(covariance, projected, precision, spread)
      for (let i = 0; i < n; i++) {
        expect(spread[i]).toBeCloseTo(wanted[i]!, 12)
        for (let j = 0; j < n; j++) plain[i]![j]! -= (precision * wanted[i]! * wanted[j]!) / (1 + precision * variance)
      }
    }
    for (let step = 0; step < 1000; step++) {
      const x = Float64Array.from({ length: n }, (_, i) => 1e9 * Math.cos(step + i))
      projectUD(covariance, x, projected)
      updateUD(covariance, projected, 1e6, spread)
    }
    expect(covariance.diagonal.every((d) => d > 0)).toBe(true)
  })
})

function stateOf(learner: BayesianLogisticRegression): {
  readonly mean: Float64Array
  readonly diagonal: Float64Array
  readonly factor: Float64Array
} {
  const { mean, diagonal, factor } = learner.toJSON().state as unknown as { [name: string]: { data: string } }
  const unpack = ({ data }: { data: string }): Float64Array =>
    new Float64Array(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)).buffer)
  return { mean: unpack(mean!), diagonal: unpack(diagonal!), factor: unpack(factor!) }
}
