import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { restore } from '../../../src/core/snapshot.ts'
import { OPTIMIZERS } from '../../../src/learners/linear/optimizer.ts'
import { SoftmaxRegression } from '../../../src/learners/linear/softmax-regression.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'

type Labelled = { readonly x: Float64Array; readonly y: number; readonly weight: number }

/** Three classes, each likelier in its own direction; one value in twenty is missing. */
function labelled(n: number): Labelled[] {
  const rng = new SeededRng('three classes')
  return Array.from({ length: n }, () => {
    const x = Float64Array.from({ length: 2 }, () => (rng.next() < 0.05 ? NaN : 4 * rng.next() - 2))
    const [a, b] = [x[0]! || 0, x[1]! || 0]
    const powers = [2 * a, 2 * b, -2 * a - 2 * b].map(Math.exp)
    let at = rng.next() * (powers[0]! + powers[1]! + powers[2]!)
    const y = powers.findIndex((power) => (at -= power) < 0)
    return { x, y: Math.max(y, 0), weight: 0.5 + rng.next() }
  })
}
const stateOf = (learner: SoftmaxRegression): string => JSON.stringify(learner)

describe.each(OPTIMIZERS)('by %s', (optimizer) => {
  const create = (): SoftmaxRegression =>
    new SoftmaxRegression({ features: 2, classes: 3, optimizer, learningRate: 0.1, interceptLearningRate: 0.05 })
  const trained = (rows = labelled(3000)): SoftmaxRegression => {
    const learner = create()
    for (const { x, y, weight } of rows) learner.learn(x, y, weight)
    return learner
  }

  test('gives probabilities that add up to 1, for wild vectors too, and starts with equal ones', () => {
    const learner = trained()
    const out = new Float64Array(3)
    expect([...create().predictInto(Float64Array.of(1, 2), out)]).toEqual([1 / 3, 1 / 3, 1 / 3])
    for (const value of [0, NaN, 1e300, -1e300, 5e-324, 0.3]) {
      expect(learner.predictInto(Float64Array.of(value, -value), out)).toBe(out)
      expect(out.every((p) => p >= 0 && p <= 1)).toBe(true)
      expect(out[0]! + out[1]! + out[2]!).toBeCloseTo(1, 12)
    }
  })

  test('names the class that a direction belongs to', () => {
    const learner = trained()
    const out = new Float64Array(3)
    const ways = [Float64Array.of(1.5, 0), Float64Array.of(0, 1.5), Float64Array.of(-1.5, -1.5)]
    for (const [k, x] of ways.entries()) expect(learner.predictInto(x, out)[k]).toBeGreaterThan(0.7)
  })

  test('predicting changes nothing, restored it goes on to the bit, and equal streams give equal states', () => {
    const rows = labelled(200)
    const steady = trained(rows.slice(0, 100))
    const before = stateOf(steady)
    steady.predictInto(rows[0]!.x, new Float64Array(3))
    expect(stateOf(steady)).toBe(before)
    const restored = restore(JSON.parse(before) as Snapshot, [SoftmaxRegression])
    expect(restored.sizeInBytes).toBe(steady.sizeInBytes)
    for (const learner of [steady, restored]) {
      for (const { x, y, weight } of rows.slice(100)) learner.learn(x, y, weight)
    }
    expect(stateOf(restored)).toBe(stateOf(steady))
    expect(stateOf(trained(rows))).toBe(stateOf(steady))
    expect(steady.seen).toBe(200)
  })

  test('with two classes it says what a logistic regression of twice the step says', () => {
    if (optimizer === 'adam' || optimizer === 'adagrad' || optimizer === 'ftrl') return
    const two = new SoftmaxRegression({ features: 2, classes: 2, optimizer })
    const rates = { learningRate: 0.02, interceptLearningRate: 0.02 }
    const one = new LogisticRegression({ features: 2, optimizer, ...rates })
    const out = new Float64Array(2)
    for (const { x, y } of labelled(300)) {
      expect(two.predictInto(x, out)[1]).toBeCloseTo(one.predict(x), 12)
      two.learn(x, Math.min(y, 1))
      one.learn(x, Math.min(y, 1))
    }
  })
})

test('bad input is refused with a code and leaves the state as it was', () => {
  const learner = new SoftmaxRegression({ features: 2, classes: 3 })
  const x = Float64Array.of(1, 2)
  learner.learn(x, 2)
  const before = stateOf(learner)
  const bad = [
    () => learner.learn(x, 3),
    () => learner.learn(x, -1),
    () => learner.learn(x, 0.5),
    () => learner.learn(x, NaN),
    () => learner.learn(x, 1, 0),
    () => learner.learn(Float64Array.of(Infinity, 1), 1),
    () => learner.learn(Float64Array.of(1), 1),
    () => learner.predictInto(x, new Float64Array(2)),
  ]
  for (const act of bad) expect(act).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  expect(stateOf(learner)).toBe(before)
  expect(() => new SoftmaxRegression({ features: 2, classes: 1 })).toThrow('"classes"')
})

test('an out that is no vector is refused with a code', () => {
  const learner = new SoftmaxRegression({ features: 2, classes: 3 })
  for (const out of [null, undefined, [0, 0, 0], new Float64Array(2)]) {
    expect(() => learner.predictInto(new Float64Array(2), out as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  }
})

test('a damaged snapshot is refused with a code', () => {
  const json = new SoftmaxRegression({ features: 2, classes: 3 }).toJSON()
  const sums = json.state['sums'] as unknown as readonly object[]
  const bad = [{ sums: sums.slice(1) }, { sums: 3 }, { sums: [1, 2, 3] }, { seen: -1 }, { extra: 1 }]
  for (const change of bad) {
    const broken = { ...json, state: { ...json.state, ...change } } as unknown as Snapshot
    expect(() => SoftmaxRegression.fromJSON(broken)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  }
  const many = { ...json, options: { ...json.options, classes: 1e9 } }
  expect(() => SoftmaxRegression.fromJSON(many)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
