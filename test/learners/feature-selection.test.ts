import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Codec, Forgetful, JsonObject, Learner, Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { sigmoid } from '../../src/core/math.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { BaseRate } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import {
  correlationOf,
  createCorrelations,
  learnCorrelations,
} from '../../src/learners/feature-selection/correlation.ts'
import { FeatureSelection } from '../../src/learners/feature-selection/index.ts'
import { createInformation, informationOf, learnInformation } from '../../src/learners/feature-selection/information.ts'
import { selectBest } from '../../src/learners/feature-selection/select-best.ts'
import { LinearRegression } from '../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { learnerLaws } from '../../src/testing/index.ts'
import { Lazy, meanOf } from './helpers.ts'

const features = 3
const codecs: readonly Codec[] = [BaseRate, BayesianLogisticRegression, LinearRegression, LogisticRegression, Lazy]
const often = { features, best: 1, minSamples: 50, every: 20 } as const
const bayes = (): Learner => new BayesianLogisticRegression({ features })
const kinds: readonly [string, () => Learner, learnsFromX: boolean][] = [
  ['by correlation', () => new FeatureSelection({ learner: bayes(), ...often }), true],
  ['by information', () => new FeatureSelection({ learner: bayes(), ...often, score: 'information' }), true],
  ['of a regression', () => new FeatureSelection({ learner: new LinearRegression({ features }), ...often }), true],
  [
    'of one that can refit',
    () => new FeatureSelection({ learner: new Lazy({ features, start: 0.5 }), ...often }),
    false,
  ],
]
describe.each(kinds)('FeatureSelection %s', (_, create, learnsFromX) => {
  for (const { name, run } of learnerLaws(create, FeatureSelection, { features, codecs, learnsFromX })) test(name, run)
})

/** Forty features of which two, later two others, tell the label. */
function* stream(n: number, turnAt = Infinity): Generator<{ x: Float64Array; y: number }> {
  const rng = new SeededRng('forty')
  for (let i = 0; i < n; i++) {
    const x = Float64Array.from({ length: 40 }, () => drawNormal(rng))
    const score = i < turnAt ? x[7]! - x[30]! : x[3]! + x[12]!
    yield { x, y: Number(rng.next() < sigmoid(1.5 * score)) }
  }
}
const pick = (options: object = {}): FeatureSelection =>
  new FeatureSelection({ learner: new BaseRate({ features: 40 }), features: 40, best: 2, ...options })

describe('FeatureSelection', () => {
  test.each(['correlation', 'information'] as const)('finds the two features of forty that matter, by %s', (score) => {
    const selection = pick({ score })
    expect(selection.selected.length).toBe(40)
    for (const { x, y } of stream(1500)) selection.learn(x, y)
    expect(selection.selected).toEqual([7, 30])
  })

  test.each(['correlation', 'information'] as const)('changes to others when they matter, by %s', (score) => {
    const selection = pick({ score, halfLife: 500 })
    for (const { x, y } of stream(4000, 2000)) selection.learn(x, y)
    expect(selection.selected).toEqual([3, 12])
  })

  test('information sees what is no line; correlation does not', () => {
    const rng = new SeededRng('bent')
    const [line, bins] = (['correlation', 'information'] as const).map((score) => pick({ score, best: 1 }))
    for (let i = 0; i < 2000; i++) {
      const x = Float64Array.from({ length: 40 }, () => drawNormal(rng))
      const y = Number(Math.abs(x[5]!) > 0.6745)
      line!.learn(x, y)
      bins!.learn(x, y)
    }
    expect(bins!.selected).toEqual([5])
    expect(bins!.scores[5]).toBeGreaterThan(10 * line!.scores[5]!)
  })

  test('a learner that small steps drown in noise predicts better with it', () => {
    const logistic = (): Learner => new LogisticRegression({ features: 40, learningRate: 0.1 })
    const [all, some] = [logistic(), pick({ learner: logistic() })].map((learner) => {
      const rights: number[] = []
      for (const { x, y } of stream(3000)) {
        rights.push(Number(learner.predict(x) >= 0.5 === (y === 1)))
        learner.learn(x, y)
      }
      return meanOf(rights.slice(500))
    })
    expect(some).toBeGreaterThan(all! + 0.01)
  })

  test.each(['correlation', 'information'] as const)(
    'forgets its ratings too, and selects anew from enough labels, by %s',
    (score) => {
      const learner = new BayesianLogisticRegression({ features: 40 })
      const options = { learner, features: 40, best: 2, score, minSamples: 400, every: 50, halfLife: 1e5 } as const
      const selection = new FeatureSelection(options) as FeatureSelection & Forgetful
      let row = 0
      for (const { x, y } of stream(7000, 6000)) {
        if (row === 6000) selection.forget(0)
        if (row === 6000) expect(Math.max(...selection.scores)).toBe(0)
        if (row > 6000 && row < 6399) expect(selection.selected).toEqual([7, 30])
        selection.learn(x, y)
        row++
      }
      // with 6,000 labels of the old world behind the ratings it would still show the old ones
      expect(selection.selected).toEqual([3, 12])
    },
  )

  test('shows all features where it forgets before the first selection, which then comes later', () => {
    const learner = new BayesianLogisticRegression({ features: 40 })
    const selection = new FeatureSelection({ learner, features: 40, best: 2 }) as FeatureSelection & Forgetful
    let row = 0
    for (const { x, y } of stream(1000)) {
      if (row === 150) selection.forget(0)
      if (row === 340) expect(selection.selected.length).toBe(40)
      selection.learn(x, y)
      row++
    }
    expect(selection.selected).toEqual([7, 30])
  })

  test('a snapshot of version 1 is read, with all that was seen behind its ratings', () => {
    const selection = pick()
    for (const { x, y } of stream(300)) selection.learn(x, y)
    const json = JSON.parse(JSON.stringify(selection)) as Snapshot
    const { held, ...state } = json.state
    expect(held).toBe(300)
    const read = restore({ ...json, version: 1, state }, [FeatureSelection, ...codecs])
    expect(JSON.stringify(read)).toBe(JSON.stringify(selection))
  })

  test('a selection uses only labels before it', () => {
    const [a, b] = [pick(), pick()]
    for (const [i, { x, y }] of [...stream(300)].entries()) {
      a.learn(x, y)
      // the label of the row after a selection is another one
      b.learn(x, i < 200 ? y : 1 - y)
      if (i === 199) expect(a.selected.length).toBe(2)
      if (i >= 199 && i < 299) expect(b.selected).toEqual(a.selected)
    }
  })

  test('a feature that is not selected has no influence', () => {
    const selection = pick({ learner: new BayesianLogisticRegression({ features: 40 }) })
    for (const { x, y } of stream(500)) selection.learn(x, y)
    const x = new Float64Array(40).fill(0.5)
    const said = selection.predict(x)
    for (let j = 0; j < 40; j++) {
      const changed = x.with(j, -3)
      if (selection.selected.includes(j)) expect(selection.predict(changed)).not.toBe(said)
      else expect(selection.predict(changed)).toBe(said)
    }
  })

  test('refuses more features than there are, and a learner of other vectors', () => {
    expect(() => pick({ best: 41 })).toThrow(/"best"/)
    expect(() => pick({ features: 39, best: 2 })).toThrow(/features/)
  })

  test('refuses snapshots with ratings that cannot be, or of more features than there are', () => {
    const selection = pick()
    for (const { x, y } of stream(50)) selection.learn(x, y)
    const whole = JSON.parse(JSON.stringify(selection)) as Snapshot
    const ratings = whole.state['ratings'] as { readonly correlation: JsonObject }
    const broken = { correlation: { ...ratings.correlation, total: JSON.parse('{"$":"Float64Array","data":""}') } }
    for (const bad of [
      { ...whole, state: { ...whole.state, ratings: broken } },
      { ...whole, options: { ...whole.options, features: 1e9 } },
    ]) {
      expect(() => restore(bad as Snapshot, [FeatureSelection, BaseRate])).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
      )
    }
  })
})

describe('ratings', () => {
  const pairs = fc.array(
    fc.record({ x: fc.double({ min: -5, max: 5, noNaN: true }), y: fc.double({ min: -5, max: 5, noNaN: true }) }),
    { minLength: 3, maxLength: 40 },
  )

  test('a correlation is the weighted textbook one', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(1, 0.9), (pairs, decay) => {
        const state = createCorrelations(1)
        for (const { x, y } of pairs) learnCorrelations(state, Float64Array.of(x), y, 1, decay)
        const weights = pairs.map((_, i) => decay ** (pairs.length - 1 - i))
        const total = weights.reduce((a, b) => a + b)
        const mean = (f: (pair: { x: number; y: number }) => number): number =>
          pairs.reduce((sum, pair, i) => sum + weights[i]! * f(pair), 0) / total
        const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)]
        const [vx, vy] = [mean(({ x }) => (x - mx) ** 2), mean(({ y }) => (y - my) ** 2)]
        fc.pre(vx > 1e-6 && vy > 1e-6)
        const wanted = Math.abs(mean(({ x, y }) => (x - mx) * (y - my))) / Math.sqrt(vx * vy)
        expect(correlationOf(state, 0)).toBeCloseTo(wanted, 7)
      }),
    )
  })

  test('information is near 0 for noise, and near ln 2 where a feature says all', () => {
    const rng = new SeededRng('information')
    const state = createInformation(2)
    for (let i = 0; i < 5000; i++) {
      const x = Float64Array.of(drawNormal(rng), drawNormal(rng))
      learnInformation(state, x, Number(x[1]! > 0), 1, 0.999)
    }
    expect(informationOf(state, 0)).toBeLessThan(0.01)
    expect(informationOf(state, 1)).toBeGreaterThan(0.9 * Math.LN2)
  })

  test('information fades as fast at the first row as after a million', () => {
    // the unit of the counts is brought back to 1 every 230 rows here
    const rows = Array.from({ length: 700 }, (_, i) => ({ x: Float64Array.of(i % 7), y: i % 3 === 0 ? 1 : 0 }))
    const [long, short] = [createInformation(1), createInformation(1)]
    for (const { x, y } of [...rows, ...rows]) learnInformation(long, x, y, 1, 0.36)
    for (const { x, y } of rows) learnInformation(short, x, y, 1, 0.36)
    expect(informationOf(long, 0)).toBeCloseTo(informationOf(short, 0), 9)
  })

  test('the best are taken, ties to the lower, and nearly equal ones stay where they are', () => {
    const marks = new Uint8Array(5)
    selectBest(Float64Array.of(1, 3, 3, 3, 2), marks, 2, 0.2)
    expect([...marks]).toEqual([0, 1, 1, 0, 0])
    selectBest(Float64Array.of(3.5, 3, 3, 3, 2), marks, 2, 0.2)
    expect([...marks]).toEqual([0, 1, 1, 0, 0])
    selectBest(Float64Array.of(3.7, 3, 3, 3, 9), marks, 2, 0.2)
    expect([...marks]).toEqual([1, 0, 0, 0, 1])
  })
})
