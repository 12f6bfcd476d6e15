import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Learner, Snapshot, Vector } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { logLossOf } from '../../src/core/math.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { isForgetful, isRefittable } from '../../src/learners/abilities.ts'
import { BaseRate, LastLabel, MeanTarget } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import { Hedge } from '../../src/learners/hedge.ts'
import { LinearRegression } from '../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { Lazy, logisticStream } from './helpers.ts'

/** An expert that says what stands in its column. */
function reader(column: number): Learner {
  let seen = 0
  return {
    task: 'binary',
    get seen() {
      return seen
    },
    predict: (x: Vector) => x[column]!,
    learn: () => void seen++,
    toJSON: (): Snapshot => ({ type: 'reader', version: 1, options: {}, state: {} }),
  }
}

/** The least total loss of any sequence of experts with at most `switches` changes, by dynamic programming. */
function bestSequence(losses: readonly (readonly number[])[], switches: number): number {
  const n = losses[0]!.length
  let best = Array.from({ length: switches + 1 }, () => new Array<number>(n).fill(0))
  for (const row of losses) {
    best = best.map((byExpert, k) =>
      byExpert.map((stay, i) => {
        const come = k > 0 ? Math.min(...best[k - 1]!) : Infinity
        return Math.min(stay, come) + row[i]!
      }),
    )
  }
  return Math.min(...best.flat())
}

const probability = fc.double({ min: 0, max: 1, noNaN: true })

describe('Hedge', () => {
  test('loses no more than the stated regret to any sequence of experts with up to 3 switches', () => {
    const row = fc.record({
      advice: fc.array(probability, { minLength: 3, maxLength: 3 }),
      y: fc.constantFrom(0, 1),
    })
    const streams = fc.array(row, { minLength: 1, maxLength: 60 })
    const shares = fc.constantFrom(0.002, 0.02, 0.2)
    fc.assert(
      fc.property(streams, shares, (rows, share) => {
        const n = 3
        const hedge = new Hedge({ learners: [reader(0), reader(1), reader(2)], share })
        let total = 0
        const losses: number[][] = []
        for (const { advice, y } of rows) {
          const x = Float64Array.from(advice)
          total += logLossOf(y, hedge.predict(x))
          losses.push(advice.map((p) => logLossOf(y, Math.min(Math.max(p, 1e-6), 1 - 1e-6))))
          hedge.learn(x, y)
        }
        for (let k = 0; k <= Math.min(3, rows.length - 1); k++) {
          const cost = k * Math.log((n - 1) / share) - (rows.length - k - 1) * Math.log(1 - share)
          expect(total).toBeLessThanOrEqual(bestSequence(losses, k) + Math.log(n) + cost + 1e-9)
        }
      }),
    )
  })

  test('weights sum to 1 and are never 0', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(probability, fc.constantFrom(0, 1)), { maxLength: 50 }), (rows) => {
        const hedge = new Hedge({ learners: [reader(0), reader(1)] })
        for (const [p, y] of rows) hedge.learn(Float64Array.of(p, 1 - p), y, 1e300)
        const [a, b] = hedge.weights
        expect(a! + b!).toBeCloseTo(1, 12)
        expect(Math.min(a!, b!)).toBeGreaterThan(0)
      }),
    )
  })

  test('on pure noise its log loss is within 0.01 of the base rate', () => {
    const features = 10
    const draw = logisticStream('hedge on noise', features, 0)
    const base = new BaseRate({ features })
    const hedge = new Hedge({
      learners: [
        new BaseRate({ features }),
        new LastLabel({ features }),
        new LogisticRegression({ features, learningRate: 0.5 }),
        new BayesianLogisticRegression({ features, halfLife: 50 }),
      ],
    })
    let excess = 0
    const n = 2000
    for (let i = 0; i < n; i++) {
      const { x, y } = draw()
      excess += logLossOf(y, hedge.predict(x)) - logLossOf(y, base.predict(x))
      hedge.learn(x, y)
      base.learn(x, y)
    }
    expect(Math.abs(excess / n)).toBeLessThan(0.01)
    expect(hedge.weights[0]).toBeGreaterThan(0.5)
  })

  test('where there is signal it leans on the expert that finds it', () => {
    const features = 5
    const draw = logisticStream('hedge on signal', features, 1.5)
    const hedge = new Hedge({ learners: [new BaseRate({ features }), new BayesianLogisticRegression({ features })] })
    for (let i = 0; i < 500; i++) {
      const { x, y } = draw()
      hedge.learn(x, y)
    }
    expect(hedge.weights[1]).toBeGreaterThan(0.9)
  })

  test('changes its mind within 20 labels after 1000 labels of the other expert being right', () => {
    const hedge = new Hedge({ learners: [reader(0), reader(1)] })
    const x = Float64Array.of(0.8, 0.2)
    for (let i = 0; i < 1000; i++) hedge.learn(x, i % 5 === 0 ? 0 : 1)
    expect(hedge.weights[0]).toBeGreaterThan(0.95)
    for (let i = 0; i < 20; i++) hedge.learn(x, i % 5 === 0 ? 1 : 0)
    expect(hedge.weights[1]).toBeGreaterThan(0.95)
  })

  test('weighs regressions the same whatever the unit of y', () => {
    const weightsAt = (unit: number): Float64Array => {
      const rng = new SeededRng('unit')
      const hedge = new Hedge({ learners: [new MeanTarget({ features: 1 }), new LinearRegression({ features: 1 })] })
      for (let i = 0; i < 400; i++) {
        const x = Float64Array.of(drawNormal(rng))
        hedge.learn(x, unit * (x[0]! + 0.5 * drawNormal(rng)))
      }
      return hedge.weights
    }
    const wanted = weightsAt(1)
    expect(wanted[1]).toBeGreaterThan(0.9)
    for (const unit of [2 ** -20, 2 ** 20]) expect(weightsAt(unit)).toEqual(wanted)
  })

  test('forgetting takes back what the weights have earned, once', () => {
    const hedge = new Hedge({ learners: [reader(0), reader(1)] })
    for (let i = 0; i < 100; i++) hedge.learn(Float64Array.of(0.9, 0.1), 1)
    if (!isForgetful(hedge)) throw new Error('cannot forget')
    hedge.forget(50)
    const half = hedge.weights[0]!
    expect(half).toBeCloseTo(0.75, 2)
    hedge.forget(50)
    expect(hedge.weights[0]).toBe(half)
    hedge.forget(0)
    expect([...hedge.weights]).toEqual([0.5, 0.5])
  })

  test('refits one due expert a run, and stays due while another is', () => {
    const lazies = [new Lazy({ features: 2, start: 0.3 }), new Lazy({ features: 2, start: 0.4 })]
    const hedge = new Hedge({ learners: [reader(0), ...lazies] })
    const x = Float64Array.of(0.5, 0)
    for (let i = 0; i < 10; i++) hedge.learn(x, 1)
    if (!isRefittable(hedge)) throw new Error('cannot refit')
    const before = hedge.predict(x)
    for (const _ of hedge.refit()) expect(hedge.predict(x)).toBe(before)
    expect(lazies.map((lazy) => lazy.predict(x))).toEqual([11 / 12, 0.4])
    expect(hedge.refitDue).toBe(true)
    for (const _ of hedge.refit());
    expect(lazies.map((lazy) => lazy.predict(x))).toEqual([11 / 12, 11 / 12])
    expect(hedge.refitDue).toBe(false)
    expect('refit' in new Hedge({ learners: [reader(0)] })).toBe(false)
  })

  test('experts that cannot be mixed are refused', () => {
    const base = new BaseRate({ features: 1 })
    expect(() => new Hedge({ learners: [] })).toThrow(/at least one learner/)
    expect(() => new Hedge({ learners: [base, base] })).toThrow(/their own object/)
    expect(() => new Hedge({ learners: [base, new MeanTarget({ features: 1 })] })).toThrow(/share one task/)
    expect(() => new Hedge({ learners: [base], share: 0 })).toThrow(/"share"/)
  })
})
