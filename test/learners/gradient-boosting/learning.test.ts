import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  type CustomLoss,
  GradientBoosting,
  type GradientBoostingInput,
} from '../../../src/learners/gradient-boosting/index.ts'

const rng = new SeededRng('learning')
const stream = Array.from({ length: 1300 }, () => {
  const x = Float64Array.of(rng.next(), rng.next())
  return { x, y: x[0]! + rng.next(), weight: 0.5 + rng.next() }
})
const textOf = (model: object): string => JSON.stringify(model)
const base: GradientBoostingInput = { features: 2, trees: 4, maxLeaves: 3, task: 'regression', loss: 'counted' }

/** Squared error that counts how often its base is asked for, and fails when told. */
function countedLoss(): { readonly loss: CustomLoss; bases: number; failsIn: 'nothing' | 'base' | 'derive' } {
  const counted = {
    bases: 0,
    failsIn: 'nothing' as 'nothing' | 'base' | 'derive',
    loss: {
      name: 'counted',
      base(y: Float64Array): number {
        counted.bases++
        if (counted.failsIn === 'base') throw new Error('no base')
        return y.reduce((sum, value) => sum + value, 0) / y.length
      },
      derive(y: Float64Array, margins: Float64Array, g: Float64Array, h: Float64Array): void {
        if (counted.failsIn === 'derive') throw new Error('no derivatives')
        for (let i = 0; i < y.length; i++) g[i] = margins[i]! - y[i]!
        h.fill(1)
      },
    },
  }
  return counted
}

describe('an observation that fails', () => {
  // before the window is full, while its arrays grow (16), and once the oldest observation falls out
  test.each([0, 1, 15, 16, 17, 29, 30, 31, 45])('in the base, after %i others, has not been learned', (count) => {
    const counted = countedLoss()
    const model = new GradientBoosting({ ...base, window: 30, minSamples: 30, refitEvery: 1 }, counted.loss)
    for (const { x, y, weight } of stream.slice(0, count)) model.learn(x, y, weight)
    const before = textOf(model)
    const prediction = model.predict(stream[0]!.x)
    counted.failsIn = 'base'
    for (const { x, y, weight } of stream.slice(100, 103)) expect(() => model.learn(x, y, weight)).toThrow('no base')
    expect(textOf(model)).toBe(before)
    expect(model.predict(stream[0]!.x)).toBe(prediction)
    // and it goes on as if nothing had been
    counted.failsIn = 'nothing'
    const untouched = GradientBoosting.codec(counted.loss).fromJSON(JSON.parse(before), () => model)
    for (const { x, y, weight } of stream.slice(count, count + 40)) {
      model.learn(x, y, weight)
      untouched.learn(x, y, weight)
    }
    expect(textOf(model)).toBe(textOf(untouched))
  })

  test.each([40, 60, 80])('in a refit that runs inline, as the %ith, has not been learned', (at) => {
    const counted = countedLoss()
    const input = { ...base, window: 70, minSamples: 40, refitEvery: 20, refit: 'inline' } as const
    const model = new GradientBoosting(input, counted.loss)
    for (const { x, y } of stream.slice(0, at - 1)) model.learn(x, y)
    const before = textOf(model)
    counted.failsIn = 'derive'
    for (const { x, y } of stream.slice(500, 503)) expect(() => model.learn(x, y)).toThrow('no derivatives')
    expect(textOf(model)).toBe(before)
    counted.failsIn = 'nothing'
    const whole = new GradientBoosting(input, counted.loss)
    for (const { x, y } of stream.slice(0, at)) whole.learn(x, y)
    model.learn(stream[at - 1]!.x, stream[at - 1]!.y)
    expect(textOf(model)).toBe(textOf(whole))
  })

  test('in the base of what forget keeps leaves all of it', () => {
    const counted = countedLoss()
    const model = new GradientBoosting(base, counted.loss)
    for (const { x, y } of stream.slice(0, 20)) model.learn(x, y)
    const before = textOf(model)
    counted.failsIn = 'base'
    expect(() => model.forget(5)).toThrow('no base')
    expect(textOf(model)).toBe(before)
  })
})

describe('before the first trees', () => {
  test('the base follows each of the first labels, and then a constant number of times for each doubling', () => {
    const counted = countedLoss()
    const model = new GradientBoosting({ ...base, minSamples: 1300 }, counted.loss)
    const asked = stream.map(({ x, y }) => {
      const before = counted.bases
      model.learn(x, y)
      return counted.bases - before
    })
    const total = (from: number, to: number): number => asked.slice(from, to).reduce((sum, n) => sum + n, 0)
    expect(total(0, 127)).toBe(127)
    for (const from of [128, 256, 512]) expect(total(from, 2 * from)).toBe(16)
    // what is said is never far from the mean of all labels
    const mean = stream.reduce((sum, { y }) => sum + y, 0) / 1300
    expect(Math.abs(model.predict(stream[0]!.x) - mean)).toBeLessThan(0.02)
  })

  test('a full window is followed at every refitEvery observations', () => {
    const counted = countedLoss()
    const model = new GradientBoosting({ ...base, window: 50, minSamples: 50, refitEvery: 25 }, counted.loss)
    for (const { x, y } of stream.slice(0, 50)) model.learn(x, y)
    const before = counted.bases
    for (const { x, y } of stream.slice(50, 150)) model.learn(x, y)
    expect(counted.bases - before).toBe(4)
  })

  test.each([100, 131, 250, 400])('a life restored after %i observations gives the bits of one that was not', (at) => {
    const input = { features: 2, task: 'regression', loss: 'huber', minSamples: 450, window: 450 } as const
    const whole = new GradientBoosting(input)
    let parts = new GradientBoosting(input)
    for (const [i, { x, y, weight }] of stream.slice(0, 500).entries()) {
      if (i === at) parts = GradientBoosting.fromJSON(JSON.parse(textOf(parts)))
      if (i === 300) for (const model of [whole, parts]) model.forget(120)
      whole.learn(x, y, weight)
      parts.learn(x, y, weight)
    }
    expect(textOf(parts)).toBe(textOf(whole))
  })
})
