import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { BayesianLinearRegression } from '../../../src/learners/linear/bayesian-linear-regression.ts'
import { reread } from '../helpers.ts'

/** Solves a x = b by elimination with pivots. */
function solve(a: number[][], b: number[]): number[] {
  const n = b.length
  const m = a.map((row, i) => [...row, b[i]!])
  for (let k = 0; k < n; k++) {
    const pivot = m.slice(k).reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(m[best]![k]!) ? i + k : best), k)
    ;[m[k], m[pivot]] = [m[pivot]!, m[k]!]
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = m[i]![k]! / m[k]![k]!
      for (let j = k; j <= n; j++) m[i]![j]! -= factor * m[k]![j]!
    }
  }
  return m.map((row, i) => row[n]! / row[i]!)
}

/** The same posterior by normal equations, which know no tricks: precision and precision times mean. */
class Dense {
  readonly precision: number[][]
  readonly pulled: number[]
  turn = 0

  readonly variances: readonly number[]

  constructor(variances: readonly number[]) {
    this.variances = variances
    this.precision = variances.map((v, i) => variances.map((_, j) => (i === j ? 1 / v : 0)))
    this.pulled = variances.map(() => 0)
  }

  fade(share: number, turns: number): void {
    const n = this.variances.length
    for (const row of this.precision) for (let j = 0; j < n; j++) row[j]! *= share
    for (let i = 0; i < n; i++) this.pulled[i]! *= share
    for (let k = 0; k < turns; k++) {
      this.precision[this.turn]![this.turn]! += (1 - share ** (n / turns)) / this.variances[this.turn]!
      this.turn = (this.turn + 1) % n
    }
  }

  learn(x: readonly number[], y: number, weight: number): void {
    for (let i = 0; i < x.length; i++) {
      for (let j = 0; j < x.length; j++) this.precision[i]![j]! += weight * x[i]! * x[j]!
      this.pulled[i]! += weight * x[i]! * y
    }
  }

  get mean(): number[] {
    return solve(this.precision, this.pulled)
  }

  variance(x: readonly number[]): number {
    return solve(this.precision, [...x]).reduce((sum, value, i) => sum + value * x[i]!, 0)
  }
}

test('the variance of the noise does not depend on the unit of the weights', () => {
  const noiseBy = (weight: number, times: number): number => {
    const learner = new BayesianLinearRegression({ features: 1 })
    const rng = new SeededRng('weighted')
    for (let i = 0; i < 400; i++) {
      const x = Float64Array.of(drawNormal(rng))
      const y = 2 * x[0]! + 0.5 * drawNormal(rng)
      for (let k = 0; k < times; k++) learner.learn(x, y, weight)
    }
    return learner.noiseVariance
  }
  expect(noiseBy(1, 1)).toBeCloseTo(0.25, 1)
  // as the same row four times, but for what the first of them teaches about the others
  expect(noiseBy(4, 1) / noiseBy(1, 4)).toBeCloseTo(1, 1)
  for (const weight of [0.25, 4, 1e6]) expect(noiseBy(weight, 1)).toBeCloseTo(0.25, 1)
})

describe('the posterior', () => {
  test.each([Infinity, 300, 20, 3])('is that of the normal equations with half-life %s', (halfLife) => {
    const rng = new SeededRng('dense')
    const options = { features: 3, halfLife, priorVariance: 2, interceptVariance: 50, noiseVariance: 0.5 }
    const learner = new BayesianLinearRegression(options)
    const dense = new Dense([2, 2, 2, 50])
    const turns = Math.min(4, Math.ceil(32 / halfLife))
    for (let i = 0; i < 200; i++) {
      const x = Float64Array.from({ length: 3 }, () => (rng.next() < 0.1 ? NaN : drawNormal(rng)))
      const known = [...x.map((value) => (Number.isNaN(value) ? 0 : value)), 1]
      const y = 7 + 2 * known[0]! - known[1]! + drawNormal(rng)
      const weight = 0.2 + rng.next()
      if (halfLife < Infinity) dense.fade(2 ** (-1 / halfLife), turns)
      dense.learn(known, y, weight)
      learner.learn(x, y, weight)
      for (const [k, mean] of dense.mean.entries()) expect(learner.weights[k]).toBeCloseTo(mean, 9)
      expect(learner.predictVariance(x)).toBeCloseTo(0.5 * (1 + dense.variance(known)), 9)
    }
  })

  test('states intervals that hold as often as they say, whatever the unit of y', () => {
    for (const unit of [1e-4, 1, 1e6]) {
      const rng = new SeededRng('coverage')
      const learner = new BayesianLinearRegression({ features: 4 })
      let inside = 0
      for (let i = 0; i < 3000; i++) {
        const x = Float64Array.from({ length: 4 }, () => drawNormal(rng))
        const y = unit * (3 + x[0]! - 0.5 * x[1]! + 0.7 * drawNormal(rng))
        if (i >= 100) inside += Number(Math.abs(y - learner.predict(x)) <= 1.96 * Math.sqrt(learner.predictVariance(x)))
        learner.learn(x, y)
      }
      expect(inside / 2900).toBeGreaterThan(0.94)
      expect(inside / 2900).toBeLessThan(0.96)
      expect(Math.sqrt(learner.noiseVariance) / unit).toBeCloseTo(0.7, 1)
    }
  })

  test('is in more doubt where it has never been', () => {
    const learner = new BayesianLinearRegression({ features: 1 })
    for (let i = 0; i < 100; i++) learner.learn(Float64Array.of(i % 3), 5 + 2 * (i % 3) + ((i * 7) % 5) / 100)
    expect(learner.predict(Float64Array.of(2))).toBeCloseTo(9, 1)
    const [near, far] = [1, 50].map((value) => learner.predictVariance(Float64Array.of(value)))
    expect(far).toBeGreaterThan(2 * near!)
  })

  test('cannot say how noisy before the first label', () => {
    expect(new BayesianLinearRegression({ features: 1 }).predictVariance(Float64Array.of(0))).toBe(Infinity)
  })
})

describe('forgetting', () => {
  test('follows a change within a few half-lives', () => {
    const rng = new SeededRng('change')
    const [keeping, forgetting] = [Infinity, 50].map(
      (halfLife) => new BayesianLinearRegression({ features: 2, halfLife }),
    )
    let [stale, fresh] = [0, 0]
    for (let i = 0; i < 2000; i++) {
      const x = Float64Array.of(drawNormal(rng), drawNormal(rng))
      const y = (i < 1000 ? 1 : -1) * x[0]! + 0.1 * drawNormal(rng)
      if (i >= 1300) {
        stale += Math.abs(keeping!.predict(x) - y)
        fresh += Math.abs(forgetting!.predict(x) - y)
      }
      keeping!.learn(x, y)
      forgetting!.learn(x, y)
    }
    expect(fresh).toBeLessThan(0.2 * stale)
  })

  test('of a stream that looks one way for ever leaves the doubt of the other ways near the prior', () => {
    const learner = new BayesianLinearRegression({ features: 3, halfLife: 10, noiseVariance: 1, interceptVariance: 0 })
    const x = Float64Array.of(1, 1, 1)
    for (let i = 0; i < 20_000; i++) learner.learn(x, 5)
    // the prior pulls by a label's worth of the 15 that are remembered
    expect(Math.abs(learner.predict(x) - 5)).toBeLessThan(0.2)
    const across = learner.predictVariance(Float64Array.of(1, -1, 0))
    expect(across).toBeGreaterThan(2)
    // the noise and twice the prior's variance, a tenth more at most
    expect(across).toBeLessThan(1 + 2 * 1.1)
  })

  test('all at once leaves a fresh one', () => {
    const learner = new BayesianLinearRegression({ features: 1 })
    for (let i = 0; i < 50; i++) learner.learn(Float64Array.of(i % 3), i % 3)
    const before = learner.predictVariance(Float64Array.of(1)) / learner.noiseVariance
    learner.forget(10)
    expect(learner.predictVariance(Float64Array.of(1)) / learner.noiseVariance).toBeGreaterThan(before)
    learner.forget(0)
    expect(learner.weights).toEqual(new Float64Array(2))
  })
})

test('no stream, however wild, makes a prediction or a variance NaN', () => {
  const wild = fc.oneof(
    fc.constantFrom(1e308, -1e308, 1e150, 5e-324, 0, NaN, 1),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
  )
  const row = fc.record({
    x: fc.array(wild, { minLength: 3, maxLength: 3 }).map((values) => Float64Array.from(values)),
    y: fc.double({ noDefaultInfinity: true, noNaN: true }),
    weight: fc.oneof(fc.constant(1), fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true })),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.constantFrom(1, 20, Infinity), (rows, halfLife) => {
      const learner = new BayesianLinearRegression({ features: 3, halfLife })
      for (const { x, y, weight } of rows) {
        learner.learn(x, y, weight)
        expect(Number.isFinite(learner.predict(x))).toBe(true)
        expect(learner.predictVariance(x)).toBeGreaterThanOrEqual(0)
        expect(learner.weights.every(Number.isFinite)).toBe(true)
      }
      expect(JSON.stringify(reread(learner, [BayesianLinearRegression]))).toBe(JSON.stringify(learner))
    }),
  )
})

test('a snapshot with a broken number is refused with a code', () => {
  const learner = new BayesianLinearRegression({ features: 2 })
  learner.learn(Float64Array.of(1, 2), 3)
  const json = learner.toJSON()
  for (const change of [{ turn: 3 }, { turn: -0.5 }, { held: { $: 'NaN' } }, { squares: -1 }, { seen: 'x' }]) {
    const broken = { ...json, state: { ...json.state, ...change } }
    expect(() => BayesianLinearRegression.fromJSON(broken)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
    )
  }
  const other = { ...json, options: { ...json.options, noiseVariance: 'unknown' } }
  expect(() => BayesianLinearRegression.fromJSON(other)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
