import { describe, expect, test } from 'vitest'
import { drawInteger, drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { appendForest } from '../../../src/learners/gradient-boosting/append.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import { expectSound, mean, refitted, vector, visits } from './support.ts'

type More = Partial<Omit<GradientBoostingInput, 'features'>>
type Row = { readonly x: Float64Array; readonly y: number }

/** Labels that follow the first feature, turn round half-way, and know a category. */
function drawStream(seed: string, n: number, turn = n / 2): Row[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, (_, i) => {
    const x = vector(rng.next() < 0.05 ? Number.NaN : drawNormal(rng), drawNormal(rng), drawInteger(rng, 6))
    const effect = (x[0] || 0) * (i < turn ? 1 : -1) + Number(x[2] === 3)
    return { x, y: effect + 0.3 * drawNormal(rng) }
  })
}
const stream = drawStream('strategies', 900)
const options = {
  features: 3,
  task: 'regression',
  categorical: [2],
  trees: 30,
  window: 400,
  minSamples: 60,
  refitEvery: 50,
  recent: 120,
  appended: 8,
} as const
const create = (more: More): GradientBoosting => new GradientBoosting({ ...options, ...more })
const learnAll = (model: GradientBoosting, rows: readonly Row[]): GradientBoosting => {
  for (const { x, y } of rows) model.learn(x, y)
  return model
}
const fitted = (more: More, rows: readonly Row[]): GradientBoosting => {
  const model = create(more)
  model.fit(
    rows.map(({ x }) => x),
    rows.map(({ y }) => y),
  )
  return model
}
const textOf = (model: object): string => JSON.stringify(model)
const STRATEGIES = ['refit', 'appendTrees', 'refreshLeaves'] as const

describe.each(STRATEGIES)('the strategy %s', (strategy) => {
  test('begins with a whole training on the window', () => {
    const first = refitted(learnAll(create({ strategy }), stream.slice(0, 300)))
    expect(first.trees).toHaveLength(30)
    expect(first.forest).toEqual(fitted({}, stream.slice(0, 300)).forest)
  })

  test('is due as any other, and runs inside learn where it is asked to', () => {
    const asked = create({ strategy })
    for (const { x, y } of stream) {
      asked.learn(x, y)
      if (asked.refitDue) refitted(asked)
    }
    const inline = learnAll(create({ strategy, refit: 'inline' }), stream)
    expect(inline.forest).toEqual(asked.forest)
    expect(inline.refitDue).toBe(false)
  })

  test.each<[string, More]>([
    ['plain', {}],
    ['drawn rows and columns', { rowFraction: 0.6, columnFraction: 0.7 }],
    ['rows by gradient', { sampling: 'goss', learningRate: 0.5 }],
    ...(strategy === 'refreshLeaves' ? [] : ([['dropout', { dropout: 0.3 }]] satisfies [string, More][])),
    ['a quantile', { loss: 'quantile', quantiles: [0.8] }],
    ["Huber's loss", { loss: 'huber' }],
    ['weights that fade', { halfLife: 50 }],
    ['early stopping', { earlyStoppingRounds: 3 }],
    ['monotone constraints', { monotone: { increasing: [0] } }],
  ])('a life that is saved and read back now and then gives the bits of one that is not: %s', (_, more) => {
    const live = (restoring: boolean): string => {
      let model = create({ strategy, refit: 'inline', ...more })
      for (const [i, { x, y }] of stream.slice(0, 500).entries()) {
        model.learn(x, y, 0.5 + (i % 3))
        if (i === 300) model.forget(80)
        if (restoring && i % 37 === 0) model = GradientBoosting.fromJSON(JSON.parse(textOf(model)))
      }
      expectSound(model.forest)
      return textOf(model)
    }
    expect(live(true)).toBe(live(false))
  })

  test('after forgetting it trains anew on what is left', () => {
    const model = refitted(learnAll(create({ strategy }), stream.slice(0, 300)))
    model.forget(100)
    expect(model.refitDue).toBe(true)
    refitted(model)
    expect(model.refitDue).toBe(false)
    expect(textOf(model.trees)).toBe(textOf(fitted({}, stream.slice(200, 300)).trees))
  })

  test('dropped at any step it has changed nothing, and overtaken it is of no effect', () => {
    const model = learnAll(refitted(learnAll(create({ strategy }), stream.slice(0, 200))), stream.slice(200, 260))
    const before = textOf(model)
    const steps = [...model.refit()].length
    const done = textOf(model)
    expect(done).not.toBe(before)
    for (const stop of [0, 1, steps - 1]) {
      const again = GradientBoosting.fromJSON(JSON.parse(before))
      const half = again.refit()
      for (let i = 0; i < stop; i++) half.next()
      half.return()
      expect(textOf(again)).toBe(before)
      expect(textOf(refitted(again))).toBe(done)
    }
    const overtaken = GradientBoosting.fromJSON(JSON.parse(before))
    const slow = overtaken.refit()
    slow.next()
    refitted(overtaken)
    while (!slow.next().done);
    expect(textOf(overtaken)).toBe(done)
  })

  test('done elsewhere it gives the same', () => {
    const [here, there] = [1, 2].map(() =>
      learnAll(refitted(learnAll(create({ strategy }), stream.slice(0, 200))), stream.slice(200, 260)),
    )
    refitted(here!)
    const work = there!.beginRefit()
    const sent = structuredClone({ kind: work.kind, job: work.job })
    expect(sent).toEqual({ kind: 'gradient-boosting', job: work.job })
    const steps = work.run()
    let step = steps.next()
    while (!step.done) step = steps.next()
    work.adopt(structuredClone(step.value))
    expect(textOf(there!)).toBe(textOf(here!))
  })

  test('follows labels that have turned round', () => {
    const stale = refitted(learnAll(create({ strategy }), stream.slice(0, 450)))
    const model = GradientBoosting.fromJSON(JSON.parse(textOf(stale)))
    for (const { x, y } of stream.slice(450, 850)) {
      model.learn(x, y)
      if (model.refitDue) refitted(model)
    }
    const errorOf = (one: GradientBoosting): number =>
      mean(stream.slice(850).map(({ x, y }) => (one.predict(x) - y) ** 2))
    expect(errorOf(model)).toBeLessThan(0.5 * errorOf(stale))
  })

  test('goes on with fewer recent observations than the first training needs', () => {
    const model = refitted(learnAll(create({ strategy, recent: 20 }), stream.slice(0, 300)))
    for (let part = 0; part < 3; part++) {
      refitted(learnAll(model, stream.slice(300 + 50 * part, 350 + 50 * part)))
      expect(model.trees).toHaveLength(30)
      expect(model.refitDue).toBe(false)
      expect(GradientBoosting.fromJSON(JSON.parse(textOf(model))).forest).toEqual(model.forest)
    }
  })
})

describe('appendTrees', () => {
  const more: More = { strategy: 'appendTrees', trees: 20, appended: 8, minSamplesLeaf: 5 }
  const first = fitted({ ...more, trees: 10 }, stream.slice(0, 300))

  test('below the cap it keeps all trees, and adds some that are fitted to what those leave over', () => {
    // a model whose cap is raised after its first training
    const { options: saved, ...rest } = first.toJSON()
    const model = GradientBoosting.fromJSON({ ...rest, options: { ...saved, trees: 200 } })
    const before = model.trees
    refitted(learnAll(model, stream.slice(300, 400)))
    expect(model.trees).toHaveLength(18)
    expect(model.trees.slice(0, 10)).toEqual(before)
    expect(model.forest.base).toEqual(first.forest.base)
    // the newest 120 observations: 20 of the first training and 100 new ones
    for (const { rows } of model.trees.slice(10)) expect(rows).toBe(120)
  })

  test('the cap counts, and the base takes over what the dropped trees added on average', () => {
    const model = fitted(more, stream.slice(0, 300))
    expect(model.trees).toHaveLength(20)
    const [base, before] = [model.forest.base[0]!, model.trees]
    refitted(learnAll(model, stream.slice(300, 400)))
    expect(model.trees).toHaveLength(20)
    expect(model.trees.slice(0, 12)).toEqual(before.slice(8))
    const dropped = before.slice(0, 8).reduce((sum, tree) => sum + tree.value, 0)
    expect(model.forest.base[0]!).toBeCloseTo(base + dropped, 12)
    expectSound(model.forest)
  })

  test('over a long stream there are never more trees than the cap, nor sets than they ask for', () => {
    const model = create({ ...more, refit: 'inline' })
    const sizes: number[] = []
    for (const { x, y } of drawStream('long', 3000)) {
      model.learn(x, y)
      expect(model.trees.length).toBeLessThanOrEqual(20)
      sizes.push(model.forest.sets.length)
    }
    expect(model.trees).toHaveLength(20)
    expectSound(model.forest)
    const { set } = model.forest
    expect(model.forest.sets.length).toBe(2 * set.filter((at) => at >= 0).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 20 * 7)
  })

  test('appendForest: the last trees answer as they did', () => {
    const { forest } = first
    for (const most of [10, 7, 1]) {
      const cut = appendForest(forest, most)
      expectSound(cut)
      expect(cut.roots).toHaveLength(most)
      const from = forest.roots[10 - most]!
      const rows = stream.map(({ x }) => x)
      expect([...visits(cut, rows)]).toEqual([...visits(forest, rows)].slice(from))
      expect([...cut.value]).toEqual([...forest.value].slice(from))
    }
    expect(appendForest(forest, 10)).toBe(forest)
  })

  test.each(['squared', 'quantile'])('labels that move away as a whole are followed: %s', (loss) => {
    const model = create({ ...more, loss, categorical: [], trees: 60, refit: 'inline' })
    for (const [i, { x, y }] of drawStream('away', 1500, Infinity).entries()) model.learn(x, y + (i < 400 ? 0 : 50))
    const errors = drawStream('away', 1500, Infinity).slice(1400)
    expect(mean(errors.map(({ x, y }) => Math.abs(model.predict(x) - y - 50)))).toBeLessThan(2)
    expectSound(model.forest)
  })

  test('of several outputs keeps its cap for each', () => {
    const model = new MultiGradientBoosting({
      features: 3,
      loss: 'quantile',
      quantiles: [0.25, 0.75],
      strategy: 'appendTrees',
      trees: 6,
      appended: 4,
      minSamples: 60,
      refitEvery: 40,
      refit: 'inline',
    })
    for (const { x, y } of stream.slice(0, 400)) {
      model.learn(x, y)
      expect(model.forest.roots.length).toBeLessThanOrEqual(12)
    }
    expect(model.forest.roots).toHaveLength(12)
    expectSound(model.forest)
  })
})

describe('refreshLeaves', () => {
  const rows = stream.slice(0, 300)
  const strategy = 'refreshLeaves' as const
  const refreshed = (
    more: More,
    newer: readonly Row[] = stream.slice(450, 560),
  ): [GradientBoosting, GradientBoosting] => {
    const model = fitted({ strategy, ...more }, rows)
    const before = GradientBoosting.fromJSON(JSON.parse(textOf(model)))
    return [before, refitted(learnAll(model, newer))]
  }

  test('keeps every question and moves the leaves', () => {
    const [before, after] = refreshed({})
    const { value, ...structure } = after.forest
    const { value: old, ...was } = before.forest
    expect(structure).toEqual(was)
    expect(value).not.toEqual(old)
    expectSound(after.forest)
  })

  test('a rate of 0 moves nothing', () => {
    const [before, after] = refreshed({ refreshRate: 0 })
    expect(after.forest).toEqual(before.forest)
  })

  test.each<[string, More]>([
    ['squared error', {}],
    ["Huber's loss", { loss: 'huber', huberDelta: 0.8 }],
    ['a quantile', { loss: 'quantile', quantiles: [0.3] }],
    ['l1', { l1: 2 }],
    ['a step limit', { maxDeltaStep: 0.3 }],
    ['a step limit of a quantile', { maxDeltaStep: 0.3, loss: 'quantile' }],
    ['weights that fade', { halfLife: 60 }],
  ])('with a rate of 1 and the rows of the training it changes no value: %s', (_, more) => {
    // without sets of categories, whose more l2 a forest does not remember
    const model = fitted({ strategy, refreshRate: 1, recent: 300, ...more, categorical: [] }, rows)
    const before = Array.from(model.forest.value)
    refitted(model)
    expect(Array.from(model.forest.value)).toEqual(before.map((value) => expect.closeTo(value, 9)))
  })

  test('of classes changes no value either', () => {
    const model = new MultiGradientBoosting({
      features: 3,
      loss: 'softmax',
      classes: 3,
      strategy,
      refreshRate: 1,
      trees: 12,
    })
    const y = rows.map(({ y }) => (y < -0.4 ? 0 : y < 0.6 ? 1 : 2))
    model.fit(
      rows.map(({ x }) => x),
      y,
    )
    const before = Array.from(model.forest.value)
    refitted(model)
    expect(Array.from(model.forest.value)).toEqual(before.map((value) => expect.closeTo(value, 9)))
  })

  test('half the rate goes half the way in the first tree', () => {
    const values = [0, 0.5, 1].map((refreshRate) => refreshed({ refreshRate, trees: 1 })[1].forest.value)
    for (let i = 0; i < values[0]!.length; i++) {
      expect(values[1]![i]!).toBeCloseTo((values[0]![i]! + values[2]![i]!) / 2, 12)
    }
  })

  test('leaves that no recent row reaches stay as they are, and branches have the mean of their leaves', () => {
    const low = stream.slice(450).filter(({ x }) => x[0]! < -0.3)
    const [before, after] = refreshed({ recent: 60, trees: 5 }, low.slice(0, 70))
    const counts = visits(
      after.forest,
      low.slice(10, 70).map(({ x }) => x),
    )
    const { feature, left, right, value, cover } = after.forest
    let still = 0
    for (let node = 0; node < feature.length; node++) {
      if (feature[node]! < 0 && counts[node] === 0) {
        still++
        expect(value[node]).toBe(before.forest.value[node])
      }
      if (feature[node]! < 0) continue
      const [l, r] = [left[node]!, right[node]!]
      expect(value[node]!).toBeCloseTo((value[l]! * cover[l]! + value[r]! * cover[r]!) / cover[node]!, 12)
    }
    expect(still).toBeGreaterThan(0)
  })
})
