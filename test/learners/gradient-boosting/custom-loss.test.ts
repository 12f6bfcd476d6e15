import { describe, expect, test } from 'vitest'
import { logit, sigmoid } from '../../../src/core/math.ts'
import { restore } from '../../../src/core/snapshot.ts'
import {
  type CustomLoss,
  GradientBoosting,
  type GradientBoostingInput,
} from '../../../src/learners/gradient-boosting/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import { drawDataSet, FEATURES } from './data.ts'
import { finish, mean, refitted, vector } from './support.ts'

const squares: CustomLoss = {
  name: 'squares',
  base: (y, weights) => y.reduce((sum, label, i) => sum + weights[i]! * label, 0) / weights.reduce((a, b) => a + b, 0),
  derive(y, margins, g, h) {
    for (let i = 0; i < y.length; i++) g[i] = margins[i]! - y[i]!
    h.fill(1)
  },
  lossOf: (y, margin) => ((margin - y) * (margin - y)) / 2,
}
const logs: CustomLoss = {
  name: 'logs',
  base: (y, weights) => {
    const n = weights.reduce((a, b) => a + b, 0)
    return logit((y.reduce((sum, label, i) => sum + weights[i]! * label, 0) + 0.5) / (n + 1))
  },
  derive(y, margins, g, h) {
    for (let i = 0; i < y.length; i++) {
      const p = sigmoid(margins[i]!)
      g[i] = p - y[i]!
      h[i] = p * (1 - p)
    }
  },
  lossOf: (y, margin) => -Math.log(y === 1 ? sigmoid(margin) : 1 - sigmoid(margin)),
  predict: sigmoid,
}
const binary = drawDataSet('binary', 21, 600, 100)
const number = drawDataSet('regression', 21, 600, 100)
const input = { features: FEATURES, trees: 25 } as const
const custom = { ...input, task: 'regression', loss: 'squares' } as const
const refused = expect.objectContaining({ code: 'INVALID_OPTION' })

const trained = (model: GradientBoosting, { train }: typeof binary, weights?: number[]): GradientBoosting => {
  model.fit(train.rows, train.y, weights)
  return model
}

/** Derivatives that are the same for all rows. */
const filling =
  (gradient: number, hessian: number): CustomLoss['derive'] =>
  (_y, _margins, g, h) => {
    g.fill(gradient)
    h.fill(hessian)
  }

describe('a loss of the user’s own', () => {
  for (const { name, run } of learnerLaws(
    () => new GradientBoosting({ features: 3, task: 'regression', loss: 'squares', trees: 8, refitEvery: 40 }, squares),
    GradientBoosting.codec(squares),
  )) {
    test(name, run)
  }

  test.each<[string, Partial<GradientBoostingInput>]>([
    ['plainly', {}],
    ['with rows and columns drawn', { rowFraction: 0.5, columnFraction: 0.5 }],
    ['with rows by gradient', { sampling: 'goss', learningRate: 0.3 }],
    ['with dropout', { dropout: 0.2 }],
    ['with early stopping', { earlyStoppingRounds: 4 }],
  ])('that is one of ours gives its trees: %s', (_, more) => {
    const weights = binary.train.y.map((_, i) => 0.5 + (i % 4))
    const expectAlike = (own: GradientBoosting, ours: GradientBoosting): void => {
      for (const key of ['feature', 'threshold', 'missingLeft'] as const)
        expect(own.forest[key]).toEqual(ours.forest[key])
      for (const key of ['value', 'base'] as const) {
        expect([...own.forest[key]]).toEqual(Array.from(ours.forest[key], (v) => expect.closeTo(v, 9)))
      }
    }
    const squared = trained(new GradientBoosting({ ...input, ...more, task: 'regression' }), number, weights)
    const ownSquared = trained(
      new GradientBoosting({ ...input, ...more, task: 'regression', loss: 'squares' }, squares),
      number,
      weights,
    )
    expect(squared.trees.length).toBeGreaterThan(2)
    expectAlike(ownSquared, squared)
    const logistic = trained(new GradientBoosting({ ...input, ...more }), binary, weights)
    const ownLogistic = trained(new GradientBoosting({ ...input, ...more, loss: 'logs' }, logs), binary, weights)
    expectAlike(ownLogistic, logistic)
    for (const x of binary.test.rows) expect(ownLogistic.predict(x)).toBeCloseTo(logistic.predict(x), 9)
  })

  test('starts from 0 before the first label, even where its base is a mean', () => {
    const model = new GradientBoosting(custom, squares)
    expect(model.predict(new Float64Array(FEATURES))).toBe(0)
    model.learn(new Float64Array(FEATURES), 3)
    expect(model.predict(new Float64Array(FEATURES))).toBe(3)
  })

  test('is named in snapshots, which are read where it is given', () => {
    const model = trained(new GradientBoosting(custom, squares), number)
    const json = JSON.parse(JSON.stringify(model))
    const again = restore(json, [GradientBoosting.codec(squares)])
    expect(JSON.stringify(again)).toBe(JSON.stringify(model))
    for (const [i, x] of number.test.rows.entries()) {
      expect(again.predict(x)).toBe(model.predict(x))
      for (const one of [again, model]) one.learn(x, number.test.y[i]!)
    }
    expect(JSON.stringify(refitted(again))).toBe(JSON.stringify(refitted(model)))
    expect(() => GradientBoosting.fromJSON(json)).toThrow(refused)
    expect(() => restore(json, [GradientBoosting.codec(logs)])).toThrow(refused)
  })

  test('a codec that knows it reads models with a loss of ours all the same', () => {
    const model = trained(new GradientBoosting(input), binary)
    const again = restore(JSON.parse(JSON.stringify(model)), [GradientBoosting.codec(squares)])
    expect(JSON.stringify(again)).toBe(JSON.stringify(model))
  })

  test('must be given where it is named, and named where it is given', () => {
    expect(() => new GradientBoosting({ ...input, loss: 'squares' })).toThrow(refused)
    expect(() => new GradientBoosting({ ...input, loss: 'squares' }, logs)).toThrow(refused)
    expect(() => new GradientBoosting(input, squares)).toThrow(refused)
    expect(() => new GradientBoosting({ ...custom, loss: 'squared' }, { ...squares, name: 'squared' })).toThrow(refused)
  })

  test('cannot leave its thread', () => {
    const model = new GradientBoosting(custom, squares)
    expect(model.beginRefit().kind).toBe('local')
    const { rows, y } = number.train
    const work = finish(model.beginFit(rows, y))
    expect(work.kind).toBe('local')
    const steps = work.run()
    let step = steps.next()
    while (!step.done) step = steps.next()
    work.adopt(step.value)
    expect(JSON.stringify(model)).toBe(JSON.stringify(trained(new GradientBoosting(custom, squares), number)))
  })

  test.each<[string, Partial<CustomLoss>]>([
    ['a gradient that is not a number', { derive: filling(Number.NaN, 1) }],
    ['an infinite hessian', { derive: filling(1, Infinity) }],
    ['a negative hessian', { derive: filling(1, -1) }],
    ['a base that is not a number', { base: () => Number.NaN }],
    ['a loss that is not a number', { lossOf: () => Number.NaN }],
  ])('that gives %s is refused, and the model stays as it was', (_, wrong) => {
    const model = new GradientBoosting({ ...custom, earlyStoppingRounds: 3 }, { ...squares, ...wrong })
    const before = JSON.stringify(model)
    expect(() => trained(model, number)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(JSON.stringify(model)).toBe(before)
  })

  test('that does not bend still ends in numbers', () => {
    const flat: CustomLoss = {
      name: 'flat',
      base: mean,
      derive(y, margins, g, h) {
        for (let i = 0; i < y.length; i++) g[i] = Math.sign(margins[i]! - y[i]!)
        h.fill(0)
      },
    }
    const model = trained(new GradientBoosting({ ...custom, loss: 'flat' }, flat), number)
    expect(Number.isFinite(model.predict(vector(...number.test.rows[0]!)))).toBe(true)
  })
})
