import { describe, expect, test } from 'vitest'
import type { RefitWork } from '../../../src/contracts.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'

const rng = new SeededRng('begin-fit')
const stream = Array.from({ length: 2600 }, () => {
  const x = Float64Array.of(rng.next(), rng.next() < 0.1 ? Number.NaN : rng.next())
  return { x, y: Number(x[0]! > 0.3 + 0.4 * rng.next()) }
})
const table = stream.slice(0, 200)
const later = stream.slice(200)
const rows = table.map(({ x }) => x)
const labels = table.map(({ y }) => y)
const options: GradientBoostingInput = { features: 2, trees: 5, maxLeaves: 4, window: 150, minSamples: 40 }
const learnAll = (model: GradientBoosting, observations: typeof stream): GradientBoosting => {
  for (const { x, y } of observations) model.learn(x, y)
  return model
}
const create = (more: Partial<GradientBoostingInput> = {}): GradientBoosting =>
  learnAll(new GradientBoosting({ ...options, ...more }), later.slice(0, 60))
const textOf = (model: object): string => JSON.stringify(model)
const finish = <T>(steps: Generator<number, T, void>): T => {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}
const adopt = (work: RefitWork): void => work.adopt(finish(work.run()))

describe('a table that is fitted elsewhere', () => {
  test.each([0, 1, 30, 149, 150, 151, 400])(
    'and %i observations learned meanwhile: the model is what fit and then learn would have made of it',
    (count) => {
      const meanwhile = later.slice(0, count)
      const here = create()
      here.fit(rows, labels)
      learnAll(here, meanwhile)
      const there = create()
      const work = finish(there.beginFit(rows, labels))
      learnAll(there, meanwhile)
      adopt(work)
      expect(textOf(there)).toBe(textOf(here))
      expect(there.seen).toBe(200 + count)
      expect(there.refitDue).toBe(here.refitDue)
      // and it goes on alike
      for (const model of [here, there]) finish(learnAll(model, later.slice(400, 430)).refit())
      expect(textOf(there)).toBe(textOf(here))
    },
  )

  test('what is learned between two steps of the copying is kept too', () => {
    const many = stream.slice(0, 2500)
    const [here, there] = [create(), create()]
    const [x, y] = [many.map((one) => one.x), many.map((one) => one.y)]
    here.fit(x, y)
    const steps = there.beginFit(x, y)
    expect(steps.next()).toEqual({ done: false, value: 1667 / 2500 })
    learnAll(there, later.slice(0, 7))
    adopt(finish(steps))
    expect(textOf(there)).toBe(textOf(learnAll(here, later.slice(0, 7))))
  })

  test('too small for trees, it still predicts by all labels that came', () => {
    const here = create()
    here.fit(rows.slice(0, 10), labels.slice(0, 10))
    const there = create()
    const work = finish(there.beginFit(rows.slice(0, 10), labels.slice(0, 10)))
    for (const model of [here, there]) learnAll(model, later.slice(0, 12))
    adopt(work)
    expect(textOf(there)).toBe(textOf(here))
  })

  test.each<[string, (model: GradientBoosting) => void]>([
    ['fit', (model) => model.fit(rows.slice(0, 1), [1])],
    ['forget', (model) => model.forget(20)],
    ['a refit', (model) => finish(model.refit())],
    ['a refit elsewhere', (model) => adopt(model.beginRefit())],
    ['another table elsewhere', (model) => adopt(finish(model.beginFit(rows.slice(50), labels.slice(50))))],
  ])('overtaken by %s it is dropped, whether its table is copied by then or not', (_, overtake) => {
    const begun = create()
    const steps = begun.beginFit(
      stream.slice(0, 2000).map(({ x }) => x),
      stream.slice(0, 2000).map(({ y }) => y),
    )
    steps.next()
    overtake(begun)
    const copied = create()
    const work = finish(copied.beginFit(rows, labels))
    overtake(copied)
    for (const [model, late] of [
      [begun, finish(steps)],
      [copied, work],
    ] as const) {
      const before = textOf(model)
      adopt(late)
      expect(textOf(model)).toBe(before)
    }
  })

  test('taken in once, it is not taken in again', () => {
    const model = create()
    const work = finish(model.beginFit(rows, labels))
    adopt(work)
    learnAll(model, later.slice(0, 5))
    const before = textOf(model)
    adopt(work)
    expect(textOf(model)).toBe(before)
  })

  test('several outputs keep what they learned meanwhile too', () => {
    const make = (): MultiGradientBoosting => new MultiGradientBoosting({ ...options, loss: 'softmax', classes: 2 })
    const [here, there] = [make(), make()]
    here.fit(rows, labels)
    const work = finish(there.beginFit(rows, labels))
    for (const model of [here, there]) for (const { x, y } of later.slice(0, 25)) model.learn(x, y)
    adopt(work)
    expect(textOf(there)).toBe(textOf(here))
  })

  test('where the base fails it leaves the model as it was', () => {
    let failing = false
    const loss = {
      name: 'moody',
      base(y: Float64Array): number {
        if (failing) throw new Error('not now')
        return y[0]!
      },
      derive(y: Float64Array, margins: Float64Array, g: Float64Array, h: Float64Array) {
        for (let i = 0; i < y.length; i++) g[i] = margins[i]! - y[i]!
        h.fill(1)
      },
    }
    const model = new GradientBoosting({ ...options, task: 'regression', loss: loss.name }, loss)
    const work = finish(model.beginFit(rows.slice(0, 5), labels.slice(0, 5)))
    learnAll(model, later.slice(0, 3))
    const result = finish(work.run())
    const before = textOf(model)
    failing = true
    expect(() => work.adopt(result)).toThrow('not now')
    expect(textOf(model)).toBe(before)
  })
})
