import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { drawFlag, drawNormal } from '../../src/core/draw.ts'
import { logit, sigmoid } from '../../src/core/math.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { wilsonEnds } from '../../src/core/wilson.ts'
import { ReliabilityBound } from '../../src/learners/index.ts'
import { errorOf } from '../lifecycle/helpers.ts'

/** The true rate where `q` is predicted, of label `t`. */
type World = (q: number, t: number) => number

/** How often the truth lay below the bound, how far above it on average, and how often something was said. */
function coverage(world: World, spread: number, confidence: number) {
  let [asked, said, missed, gap] = [0, 0, 0, 0]
  for (let life = 0; life < 30; life++) {
    const rng = new SeededRng(`life ${life}`)
    const bound = new ReliabilityBound({ confidence })
    for (let t = 0; t < 2000; t++) {
      const q = sigmoid(0.1 + spread * drawNormal(rng))
      const truth = world(q, t)
      if (t > 100 && t % 20 === 0) {
        asked++
        const low = bound.lowerBound(q)
        if (!Number.isNaN(low)) {
          said++
          gap += truth - low
          if (low > truth) missed++
        }
      }
      bound.learn(q, drawFlag(rng, truth) ? 1 : 0)
    }
  }
  return { missed: missed / said, gap: gap / said, said: said / asked }
}

const calibrated: World = (q) => q
const worlds: readonly (readonly [string, World])[] = [
  ['twice too sure', (q) => sigmoid(0.5 * logit(q))],
  ['five times too sure', (q) => sigmoid(0.2 * logit(q))],
  ['ten points too hopeful', (q) => sigmoid(logit(q) - 0.4)],
  ['too timid', (q) => sigmoid(2 * logit(q))],
  ['without any skill', () => 0.5],
]

describe('the truth lies below the bound', () => {
  test.each(worlds)('in no more questions than its confidence allows, of a model that is %s', (_, world) => {
    for (const spread of [0.3, 0.8]) {
      for (const confidence of [0.9, 0.975]) {
        const { missed, said } = coverage(world, spread, confidence)
        // 30 lives of 95 questions, of which those near each other are not independent
        expect(missed, `${spread} ${confidence}`).toBeLessThan((1 - confidence) * 1.2)
        expect(said).toBeGreaterThan(0.85)
      }
    }
  })

  test('never, of a model that is calibrated: nothing above its word is believed, and little below is lost', () => {
    const { missed, gap } = coverage(calibrated, 0.3, 0.9)
    expect(missed).toBe(0)
    expect(gap).toBeGreaterThan(0.02)
    expect(gap).toBeLessThan(0.07)
  })

  test('hardly more often while the rate falls by ten points in 2,000 labels, or swings', () => {
    const falling = coverage((q, t) => sigmoid(logit(q) - 0.4 * Math.min(1, t / 2000)), 0.3, 0.9)
    expect(falling.missed).toBeLessThan(0.15)
    expect(coverage((q, t) => sigmoid(logit(q) + 0.3 * Math.sin(t / 400)), 0.3, 0.9).missed).toBeLessThan(0.1)
  })

  test('so that a model without skill is not believed, and the less the more it promises', () => {
    const rng = new SeededRng('promises')
    const bound = new ReliabilityBound()
    for (let t = 0; t < 1000; t++) bound.learn(0.3 + 0.5 * rng.next(), drawFlag(rng, 0.5) ? 1 : 0)
    for (const p of [0.6, 0.7, 0.75]) expect(bound.lowerBound(p)).toBeLessThan(0.5)
  })
})

describe('ReliabilityBound', () => {
  test('is Wilson of the weighted share where all predictions are one', () => {
    const bound = new ReliabilityBound({ confidence: 0.9, halfLife: 100 })
    const p = sigmoid(0.4)
    let [sum, square, won] = [0, 0, 0]
    const decay = 2 ** (-1 / 100)
    for (let i = 0; i < 200; i++) {
      bound.learn(p, i % 2)
      ;[sum, square, won] = [sum * decay + 1, square * decay * decay + 1, won * decay + (i % 2)]
    }
    const [low] = wilsonEnds(won / sum, (sum * sum) / square, 1.2815515655446004)
    expect(bound.lowerBound(p)).toBeCloseTo(low, 12)
  })

  test('knows nothing before there is enough, nor where nothing like it was predicted', () => {
    const bound = new ReliabilityBound({ minSamples: 20, halfLife: 1e6 })
    for (let i = 0; i < 19; i++) bound.learn(0.6, i % 2)
    expect(bound.lowerBound(0.6)).toBeNaN()
    for (let i = 0; i < 2; i++) bound.learn(0.6, i % 2)
    expect(bound.lowerBound(0.6)).toBeGreaterThan(0)
    expect(bound.lowerBound(0.9)).toBeNaN()
    expect(bound.seen).toBe(21)
  })

  test('is from 0 to the probability, changes nothing by being asked, and takes the ends of the scale', () => {
    const pair = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1))
    const edges = fc.tuple(fc.constantFrom(0, 1, 1e-300, 1 - 1e-16), fc.constantFrom(0, 1))
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pair, edges), { maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (pairs, p) => {
          const bound = new ReliabilityBound({ minSamples: 1 })
          for (const [q, y] of pairs) bound.learn(q, y)
          const before = JSON.stringify(bound)
          for (const q of [p, ...pairs.map(([q]) => q)]) {
            const low = bound.lowerBound(q)
            expect(Number.isNaN(low) || (low >= 0 && low <= q)).toBe(true)
          }
          expect(JSON.stringify(bound)).toBe(before)
          const again = restore(JSON.parse(before) as Snapshot, [ReliabilityBound]) as ReliabilityBound
          expect(JSON.stringify(again)).toBe(before)
          for (const one of [bound, again]) one.learn(0.5, 1)
          expect(again.lowerBound(p)).toEqual(bound.lowerBound(p))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('holds neighbours that were given another probability against that one', () => {
    const bound = new ReliabilityBound({ bandwidth: 1 })
    for (let i = 0; i < 500; i++) bound.learn(0.6, i % 5 < 3 ? 1 : 0)
    const here = bound.lowerBound(0.6)
    // a model that keeps its word there is believed as much a little above, but for what is not known
    expect(bound.lowerBound(0.63) - here).toBeCloseTo(0.03, 2)
    expect(bound.lowerBound(0.57) - here).toBeCloseTo(-0.03, 2)
  })

  test('counts less of the past after it was told to forget', () => {
    const bound = new ReliabilityBound({ halfLife: 1e6 })
    for (let i = 0; i < 1000; i++) bound.learn(0.6, i % 5 < 3 ? 1 : 0)
    const before = bound.lowerBound(0.6)
    bound.forget(2000)
    expect(bound.lowerBound(0.6)).toBe(before)
    bound.forget(50)
    expect(bound.lowerBound(0.6)).toBeCloseTo(wilsonEnds(0.6, 50, 1.2815515655446004)[0], 3)
    for (let i = 0; i < 50; i++) bound.learn(0.6, 0)
    expect(bound.lowerBound(0.6)).toBeLessThan(0.3)
    bound.forget(0)
    expect(bound.lowerBound(0.6)).toBeNaN()
  })

  test('refuses what cannot be, and stays as it was', () => {
    for (const options of [
      { confidence: 1 },
      { confidence: 0 },
      { halfLife: 0 },
      { bandwidth: 0 },
      { minSamples: 0 },
    ]) {
      expect(errorOf(() => new ReliabilityBound(options)).code).toBe('INVALID_OPTION')
    }
    const bound = new ReliabilityBound()
    bound.learn(0.5, 1)
    const before = JSON.stringify(bound)
    for (const act of [
      () => bound.learn(1.1, 1),
      () => bound.learn(Number.NaN, 1),
      () => bound.learn(0.5, 0.5),
      () => bound.lowerBound(-1),
      () => bound.forget(-1),
    ]) {
      expect(errorOf(act).code).toBe('INVALID_INPUT')
    }
    expect(JSON.stringify(bound)).toBe(before)
  })

  test('refuses a snapshot whose sums cannot be', () => {
    const bound = new ReliabilityBound()
    for (let i = 0; i < 30; i++) bound.learn(0.5, 1)
    const whole = bound.toJSON()
    for (const state of [
      { ...whole.state, seen: 0 },
      { ...whole.state, ones: whole.state['said']!, said: whole.state['ones']!, weights: whole.state['said']! },
      { ...whole.state, seen: 1.5 },
      { ...whole.state, weights: { $: 'Float64Array', data: '' } },
    ]) {
      expect(errorOf(() => ReliabilityBound.fromJSON({ ...whole, state })).code).toBe('CORRUPT_SNAPSHOT')
    }
  })
})
