import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { OPTIMIZERS } from '../../../src/learners/linear/optimizer.ts'
import { LinearRegression } from '../../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'
import golden from '../../golden/linear-v1.json'
import { aucOf, logisticStream, reread } from '../helpers.ts'

const vectorOf = (x: readonly (number | null)[]): Float64Array => Float64Array.from(x, (value) => value ?? NaN)

describe('rates that fall for ever', () => {
  const wild = [1e12, -1e300, 1, 0, 1e-300]
  test.each(OPTIMIZERS)('never make a weight NaN by %s', (optimizer) => {
    for (const options of [
      { decayPower: 10, decayAfter: 1e-300 },
      { learningRate: 1e-300 },
      { learningRate: 5e-324 },
    ]) {
      const learner = new LinearRegression({ features: 2, optimizer, l1: 0.001, ...options })
      for (let i = 0; i < 500; i++) learner.learn(Float64Array.of(wild[i % 5]!, wild[(i * 3) % 4]!), wild[i % 4]!)
      expect([...learner.weights].every(Number.isFinite)).toBe(true)
      expect(reread(learner, [LinearRegression]).weights).toEqual(learner.weights)
    }
  })

  test('powers, rates and penalties beyond all use are refused', () => {
    for (const options of [{ decayPower: 50 }, { learningRate: 1e60, optimizer: 'adam' }, { l1: 1e60 }] as const) {
      expect(() => new LinearRegression({ features: 1, ...options })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
  })
})

describe('a snapshot of version 1', () => {
  test('goes on to the bit as that version did, and is written as version 2', () => {
    const logistic = LogisticRegression.fromJSON(golden.logistic.snapshot as Snapshot)
    const linear = LinearRegression.fromJSON(golden.linear.snapshot as Snapshot)
    for (const { x, y, weight } of golden.rows.slice(40)) {
      logistic.learn(vectorOf(x), y > 0 ? 1 : 0, weight)
      linear.learn(vectorOf(x), y, weight)
    }
    expect([...logistic.weights, logistic.intercept]).toEqual(golden.logistic.after)
    expect([...linear.weights, linear.intercept]).toEqual(golden.linear.after)
    expect(logistic.toJSON().version).toBe(2)
    expect(reread(linear, [LinearRegression]).weights).toEqual(linear.weights)
  })

  test('from nothing the present version learns what version 1 had learnt', () => {
    const options = { features: 3, learningRate: 0.05, l2: 0.01, interceptLearningRate: 0.02 }
    const logistic = new LogisticRegression(options)
    const linear = new LinearRegression(options)
    for (const [i, { x, y, weight }] of golden.rows.entries()) {
      if (i === 40) for (const learner of [logistic, linear]) learner.forget(30)
      logistic.learn(vectorOf(x), y > 0 ? 1 : 0, weight)
      linear.learn(vectorOf(x), y, weight)
    }
    expect([...logistic.weights, logistic.intercept]).toEqual(golden.logistic.after)
    expect([...linear.weights, linear.intercept]).toEqual(golden.linear.after)
  })
})

describe.each(OPTIMIZERS)('%s', (optimizer) => {
  test('ranks nearly as well as the truth on a stationary logistic stream', () => {
    const draw = logisticStream('optimizers', 8, 2)
    const learner = new LogisticRegression({ features: 8, optimizer })
    for (let i = 0; i < 5000; i++) {
      const { x, y } = draw()
      learner.learn(x, y)
    }
    const rows = Array.from({ length: 2000 }, () => draw())
    const labels = rows.map(({ y }) => y)
    const ours = aucOf(
      rows.map(({ x }) => learner.predict(x)),
      labels,
    )
    const best = aucOf(
      rows.map(({ p }) => p),
      labels,
    )
    expect(ours).toBeGreaterThan(best - 0.01)
  })

  test('a missing value moves no weight of its own', () => {
    const learner = new LinearRegression({ features: 2, optimizer })
    for (let i = 0; i < 20; i++) learner.learn(Float64Array.of(1, NaN), 1)
    expect(learner.weights[0]).toBeGreaterThan(0)
    expect(learner.weights[1]).toBe(0)
  })

  test('a penalty on sizes holds useless weights at 0 and lets useful ones be', () => {
    const learner = new LinearRegression({ features: 3, optimizer, l1: optimizer === 'ftrl' ? 50 : 1 })
    const draw = logisticStream('sparse', 3, 1)
    let zeros = 0
    for (let i = 0; i < 3000; i++) {
      const { x } = draw()
      learner.learn(x, 3 * x[0]!)
      if (i >= 1000) zeros += Number(learner.weights[1] === 0) + Number(learner.weights[2] === 0)
    }
    for (const k of [1, 2]) expect(Math.abs(learner.weights[k]!)).toBeLessThan(0.01)
    // averages of zeros and small numbers are small
    if (optimizer !== 'averaged') expect(zeros).toBeGreaterThan(300)
    expect(learner.weights[0]).toBeGreaterThan(2)
  })

  test('forgetting all gives the weights of a fresh one, forgetting twice is forgetting once', () => {
    const learner = new LogisticRegression({ features: 2, optimizer })
    const fresh = new LogisticRegression({ features: 2, optimizer })
    for (let i = 0; i < 100; i++) learner.learn(Float64Array.of(1, (i % 3) - 1), i % 5 === 0 ? 0 : 1)
    const before = learner.weights[0]!
    learner.forget(10)
    const once = JSON.stringify(learner)
    expect(learner.weights[0]).toBeGreaterThan(0)
    expect(learner.weights[0]).toBeLessThan(before)
    learner.forget(10)
    expect(JSON.stringify(learner)).toBe(once)
    learner.forget(0)
    for (const one of [learner, fresh]) one.learn(Float64Array.of(1, -1), 1)
    expect(learner.weights).toEqual(fresh.weights)
  })

  test('no stream, however wild, makes a prediction or a weight infinite', () => {
    const wild = fc.oneof(
      fc.constantFrom(1e308, -1e308, 1e150, -1e150, 5e-324, 0, NaN),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
    )
    const row = fc.record({
      x: fc.array(wild, { minLength: 3, maxLength: 3 }).map((values) => Float64Array.from(values)),
      y: fc.double({ noDefaultInfinity: true, noNaN: true }),
      weight: fc.oneof(fc.constant(1), fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true })),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
        const line = new LinearRegression({ features: 3, optimizer, l1: 0.1, l2: 0.1 })
        const odds = new LogisticRegression({ features: 3, optimizer, l1: 0.1, l2: 0.1 })
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

  test('a snapshot with a broken number or a wrong length is refused with a code', () => {
    const learner = new LogisticRegression({ features: 2, optimizer })
    for (let i = 0; i < 9; i++) learner.learn(Float64Array.of(i, -i), i % 2)
    const json = JSON.parse(JSON.stringify(learner)) as Snapshot
    const long = new LogisticRegression({ features: 40, optimizer: 'adam' }).toJSON().state
    const bad: { [key: string]: unknown }[] = [
      { held: -1 },
      { held: 1e300 },
      { intercept: { $: 'NaN' } },
      { weights: long['weights'] },
      { memory: long['memory'] },
      { seen: 0.5 },
    ]
    for (const change of bad) {
      const broken = { ...json, state: { ...json.state, ...change } } as Snapshot
      expect(() => LogisticRegression.fromJSON(broken)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    }
    const huge = { ...json, options: { ...json.options, features: 1e9 } } as Snapshot
    expect(() => LogisticRegression.fromJSON(huge)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('a schedule', () => {
  test('of power 1 with the intercept alone gives the running mean', () => {
    // η 0.5 / (1 + t) on a gradient of 2 (w - y) for x = 1 is the mean of the targets
    const learner = new LinearRegression({ features: 1, learningRate: 0.5, decayPower: 1, interceptLearningRate: 0 })
    const targets = [3, 5, 1, 7, 4]
    for (const y of targets) learner.learn(Float64Array.of(1), y)
    expect(learner.weights[0]).toBeCloseTo(4, 12)
  })

  test('that begins later falls later', () => {
    const early = new LogisticRegression({ features: 1, learningRate: 0.1, decayPower: 1 })
    const late = new LogisticRegression({ features: 1, learningRate: 0.1, decayPower: 1, decayAfter: 1000 })
    for (let i = 0; i < 500; i++) for (const learner of [early, late]) learner.learn(Float64Array.of(1), 1)
    expect(late.weights[0]).toBeGreaterThan(2 * early.weights[0]!)
  })
})

describe('averages', () => {
  test('of the weights wobble less than the weights, and follow a change once there is a bound on them', () => {
    const draw = logisticStream('averages', 4, 1)
    const plain = new LogisticRegression({ features: 4, learningRate: 0.1 })
    const all = new LogisticRegression({ features: 4, learningRate: 0.1, optimizer: 'averaged' })
    const some = new LogisticRegression({ features: 4, learningRate: 0.1, optimizer: 'averaged', averageOver: 200 })
    const learn = (n: number, sign: number): void => {
      for (let i = 0; i < n; i++) {
        const { x, y } = draw(sign)
        for (const learner of [plain, all, some]) learner.learn(x, y)
      }
    }
    const distance = (learner: LogisticRegression, sign: number): number => {
      let sum = 0
      for (let i = 0; i < 1000; i++) {
        const { x, p } = draw(sign)
        sum += Math.abs(learner.predict(x) - p)
      }
      return sum / 1000
    }
    learn(4000, 1)
    expect(distance(all, 1)).toBeLessThan(0.5 * distance(plain, 1))
    learn(1500, -1)
    expect(distance(some, -1)).toBeLessThan(0.5 * distance(all, -1))
  })
})

test('options that make no sense are refused by name', () => {
  const bad = [
    [{ optimizer: 'newton' }, '"optimizer"'],
    [{ learningRate: 0 }, '"learningRate"'],
    [{ l1: -1 }, '"l1"'],
    [{ decayPower: NaN }, '"decayPower"'],
    [{ decayAfter: 0 }, '"decayAfter"'],
    [{ averageOver: 0 }, '"averageOver"'],
    [{ features: 1e6 }, '"features"'],
  ] as const
  for (const [options, name] of bad) {
    expect(() => new LinearRegression({ features: 1, ...options } as { features: number })).toThrow(name)
  }
})
