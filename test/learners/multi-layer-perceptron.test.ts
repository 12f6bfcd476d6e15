import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { unpackState } from '../../src/core/state.ts'
import { MultiLayerPerceptron, type MultiLayerPerceptronOptions } from '../../src/learners/multi-layer-perceptron.ts'
import { reread } from './helpers.ts'

type State = { weights: Float64Array; first: Float64Array; mean: number; squares: number; n: number }

const stateOf = (learner: MultiLayerPerceptron): State => unpackState(learner.toJSON().state, null) as unknown as State

/** The network's answer for given weights, layer by layer. */
function answerOf(options: MultiLayerPerceptronOptions, weights: ArrayLike<number>, x: Float64Array): number {
  let said = [...x]
  let at = 0
  const sizes = [...options.hidden, 1]
  for (const [layer, units] of sizes.entries()) {
    said = Array.from({ length: units }, () => {
      let sum = 0
      for (const value of said) sum += weights[at++]! * value
      sum += weights[at++]!
      if (layer === sizes.length - 1) return sum
      return options.activation === 'tanh' ? Math.tanh(sum) : Math.max(0, sum)
    })
  }
  return said[0]!
}

describe.each([
  ['relu', [4]],
  ['tanh', [4]],
  ['relu', [5, 3]],
  ['tanh', [3, 4]],
] as const)('%s of layers %j', (activation, hidden) => {
  const trained = (task: 'binary' | 'regression'): MultiLayerPerceptron => {
    const learner = new MultiLayerPerceptron({ features: 3, task, activation, hidden, seed: 3, learningRate: 0.01 })
    const rng = new SeededRng('gradient')
    for (let i = 0; i < 50; i++) {
      const x = Float64Array.from({ length: 3 }, () => drawNormal(rng))
      learner.learn(x, task === 'binary' ? Number(x[0]! * x[1]! > 0) : 5 + x[0]! * x[1]!)
    }
    return learner
  }

  test('answers as its weights say', () => {
    const learner = trained('binary')
    const x = Float64Array.of(0.3, -1.2, 0.7)
    const answer = answerOf(learner.options, stateOf(learner).weights, x)
    expect(learner.predict(x)).toBeCloseTo(1 / (1 + Math.exp(-answer)), 12)
  })

  test.each(['binary', 'regression'] as const)(
    'steps along the slope of the loss, measured in differences: %s',
    (task) => {
      const learner = trained(task)
      const before = stateOf(learner)
      const x = Float64Array.of(0.3, -1.2, 0.7)
      const y = task === 'binary' ? 1 : 6.5
      const weight = 1.7
      learner.learn(x, y, weight)
      const after = stateOf(learner)
      const deviation = Math.sqrt(after.squares / after.n)
      const loss = (weights: Float64Array): number => {
        const answer = answerOf(learner.options, weights, x)
        if (task === 'binary') return weight * Math.log1p(Math.exp(-answer))
        return (weight * (answer - (y - after.mean) / deviation) ** 2) / 2
      }
      for (let i = 0; i < before.weights.length; i++) {
        const [up, down] = [1e-6, -1e-6].map((by) => {
          const moved = before.weights.slice()
          moved[i]! += by
          return loss(moved)
        })
        // Adam's running mean took in a tenth of the slope
        const slope = (after.first[i]! - 0.9 * before.first[i]!) / 0.1
        expect(slope).toBeCloseTo((up! - down!) / 2e-6, 6)
      }
    },
  )
})

test('learns what no weighted sum of features can say', () => {
  const learner = new MultiLayerPerceptron({ features: 2, hidden: [16], learningRate: 0.01 })
  const rng = new SeededRng('xor')
  let hits = 0
  for (let i = 0; i < 6000; i++) {
    const x = Float64Array.of(drawNormal(rng), drawNormal(rng))
    const y = Number(x[0]! * x[1]! > 0)
    if (i >= 4000) hits += Number(learner.predict(x) > 0.5 === (y === 1))
    learner.learn(x, y)
  }
  expect(hits / 2000).toBeGreaterThan(0.9)
})

test('fits a curve, whatever the unit of y', () => {
  for (const unit of [1e-4, 1e5]) {
    const learner = new MultiLayerPerceptron({
      features: 1,
      task: 'regression',
      activation: 'tanh',
      learningRate: 0.01,
    })
    const rng = new SeededRng('curve')
    let squares = 0
    for (let i = 0; i < 8000; i++) {
      const x = Float64Array.of(2 * drawNormal(rng))
      const y = unit * (7 + Math.sin(x[0]!))
      if (i >= 7000) squares += ((learner.predict(x) - y) / unit) ** 2
      learner.learn(x, y)
    }
    // the sine's own deviation is 0.7
    expect(Math.sqrt(squares / 1000)).toBeLessThan(0.2)
  }
})

test('starts at half and at the mean, and another seed is another network', () => {
  const options = { features: 2, hidden: [8] }
  expect(new MultiLayerPerceptron(options).predict(Float64Array.of(3, -4))).toBe(0.5)
  const numbers = new MultiLayerPerceptron({ ...options, task: 'regression' })
  numbers.learn(Float64Array.of(1, 1), 42)
  expect(numbers.predict(Float64Array.of(3, -4))).toBe(42)
  const [a, b] = [1, 2].map((seed) => stateOf(new MultiLayerPerceptron({ ...options, seed })).weights)
  expect(a).not.toEqual(b)
  const { weights } = stateOf(new MultiLayerPerceptron({ features: 100, hidden: [50], activation: 'relu' }))
  const bound = Math.sqrt(6 / 100)
  expect(Math.max(...weights)).toBeGreaterThan(0.99 * bound)
  expect(Math.max(...weights)).toBeLessThanOrEqual(bound)
})

test('a missing value counts as 0', () => {
  const learner = new MultiLayerPerceptron({ features: 2 })
  for (let i = 0; i < 50; i++) learner.learn(Float64Array.of(i % 3, (i % 5) - 2), i % 2)
  expect(learner.predict(Float64Array.of(1, NaN))).toBe(learner.predict(Float64Array.of(1, 0)))
})

test('no stream, however wild, makes a prediction infinite', () => {
  const wild = fc.oneof(
    fc.constantFrom(1e308, -1e308, 1e150, 5e-324, 0, NaN),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
  )
  const row = fc.record({
    x: fc.array(wild, { minLength: 2, maxLength: 2 }).map((values) => Float64Array.from(values)),
    y: fc.double({ noDefaultInfinity: true, noNaN: true }),
    weight: fc.oneof(fc.constant(1), fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true })),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.constantFrom('relu', 'tanh'), (rows, activation) => {
      const options = { features: 2, activation, hidden: [4, 3], learningRate: 0.9 } as const
      const classes = new MultiLayerPerceptron(options)
      const numbers = new MultiLayerPerceptron({ ...options, task: 'regression' })
      for (const { x, y, weight } of rows) {
        classes.learn(x, Number(y > 0), weight)
        numbers.learn(x, y, weight)
        for (const learner of [classes, numbers]) expect(Number.isFinite(learner.predict(x))).toBe(true)
      }
      expect(JSON.stringify(reread(numbers, [MultiLayerPerceptron]))).toBe(JSON.stringify(numbers))
    }),
  )
})

test('what a dead unit remembers of its gradients decays to 0, not to the smallest numbers, which are slow', () => {
  const learner = new MultiLayerPerceptron({ features: 1, hidden: [1] })
  for (let i = 0; i < 100; i++) learner.learn(Float64Array.of(i % 2), i % 2 ? 1 : 0)
  // the input's weight has no gradient any more; 0.999 to this is below the smallest double
  for (let i = 0; i < 800_000; i++) learner.learn(Float64Array.of(0), i % 2 ? 1 : 0)
  const { first, second } = (learner as unknown as { toJSON(): { state: Record<string, { data: string }> } }).toJSON()
    .state
  for (const { data } of [first!, second!]) {
    const numbers = new Float64Array(new Uint8Array(Buffer.from(data, 'base64')).buffer)
    expect(numbers[0]).toBe(0)
  }
})

test('options and snapshots that make no sense are refused with a code', () => {
  const option = expect.objectContaining({ code: 'INVALID_OPTION' })
  for (const hidden of [[], [0], [4, 4, 4], [2000], 'many']) {
    expect(() => new MultiLayerPerceptron({ features: 2, hidden: hidden as number[] })).toThrow(option)
  }
  expect(() => new MultiLayerPerceptron({ features: 2, learningRate: 0.5, l2: 3 })).toThrow(option)
  expect(() => new MultiLayerPerceptron({ features: 60_000, hidden: [1024] })).toThrow(option)
  const json = JSON.parse(JSON.stringify(new MultiLayerPerceptron({ features: 2 }))) as Snapshot
  const negative = { $: 'Float64Array', data: btoa(String.fromCharCode(...new Uint8Array(65 * 8).fill(0xbf))) }
  for (const change of [{ seen: 0.5 }, { n: -1 }, { weights: { $: 'NaN' } }, { second: negative }]) {
    const broken = { ...json, state: { ...json.state, ...change } } as Snapshot
    expect(() => MultiLayerPerceptron.fromJSON(broken)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  }
})
