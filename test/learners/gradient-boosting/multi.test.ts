import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { restore } from '../../../src/core/snapshot.ts'
import { ForestModel } from '../../../src/learners/forest/forest-model.ts'
import {
  GradientBoosting,
  MultiGradientBoosting,
  type MultiGradientBoostingInput,
} from '../../../src/learners/gradient-boosting/index.ts'
import { column, drawRows, expectSound, finish, refitted, vector } from './support.ts'

type Row = { readonly x: Float64Array; readonly y: number; readonly weight: number }
const rng = new SeededRng('multi')
const rows = drawRows('multi', 400, 3, 0.1)
const common = { features: 3, trees: 8, window: 200, minSamples: 40, refitEvery: 30 } as const
const CASES: {
  readonly [name: string]: { input: MultiGradientBoostingInput; stream: readonly Row[]; outputs: number }
} = {
  softmax: {
    input: { ...common, loss: 'softmax', classes: 3 },
    stream: rows.map((x) => ({ x, y: (x[0] || 0) > 0.5 ? 2 : (x[1] || 0) > 0 ? 1 : 0, weight: 0.5 + rng.next() })),
    outputs: 3,
  },
  quantile: {
    input: { ...common, loss: 'quantile', quantiles: [0.1, 0.5, 0.8, 0.95] },
    stream: rows.map((x) => ({ x, y: (x[0] || 0) + drawNormal(rng), weight: 0.5 + rng.next() })),
    outputs: 4,
  },
}
const learnAll = (model: MultiGradientBoosting, stream: readonly Row[]): MultiGradientBoosting => {
  for (const { x, y, weight } of stream) model.learn(x, y, weight)
  return model
}
const fitted = (input: MultiGradientBoostingInput, stream: readonly Row[]): MultiGradientBoosting => {
  const model = new MultiGradientBoosting(input)
  model.fit(
    stream.map(({ x }) => x),
    stream.map(({ y }) => y),
    stream.map(({ weight }) => weight),
  )
  return model
}
const textOf = (model: object): string => JSON.stringify(model)

describe.each(Object.keys(CASES))('several outputs of %s', (name) => {
  const { input, stream, outputs } = CASES[name]!
  const ask = (model: MultiGradientBoosting, x: Float64Array): number[] => [
    ...model.predictInto(x, new Float64Array(outputs)),
  ]

  test('are finite from the start, and written into the array that is given', () => {
    const model = new MultiGradientBoosting(input)
    expect(model.outputs).toBe(outputs)
    expect(ask(model, vector(1, 2, 3)).every(Number.isFinite)).toBe(true)
    const out = new Float64Array(outputs)
    expect(model.predictInto(vector(1, 2, 3), out)).toBe(out)
  })

  test('asking changes nothing, neither the model nor the vector', () => {
    const model = refitted(learnAll(new MultiGradientBoosting(input), stream))
    const [before, x] = [textOf(model), vector(0.3, Number.NaN, -1)]
    const first = ask(model, x)
    expect(ask(model, x)).toEqual(first)
    expect(textOf(model)).toBe(before)
    expect([...x]).toEqual([0.3, Number.NaN, -1])
  })

  test('learning neither changes nor keeps the vector', () => {
    const [kept, copied] = [new MultiGradientBoosting(input), new MultiGradientBoosting(input)]
    const shared = new Float64Array(3)
    for (const { x, y } of stream.slice(0, 60)) {
      shared.set(x)
      kept.learn(shared, y)
      expect([...shared]).toEqual([...x])
      shared.fill(99)
      copied.learn(x, y)
    }
    expect(textOf(refitted(kept))).toBe(textOf(refitted(copied)))
  })

  test('what does not fit is refused and leaves the model as it was', () => {
    const model = refitted(learnAll(new MultiGradientBoosting(input), stream))
    const before = textOf(model)
    const x = vector(1, 2, 3)
    const refused = expect.objectContaining({ code: 'INVALID_INPUT' })
    for (const act of [
      () => model.predictInto(x, new Float64Array(outputs + 1)),
      () => model.predictInto(vector(1), new Float64Array(outputs)),
      () => model.predictInto(vector(1, Infinity, 3), new Float64Array(outputs)),
      () => model.marginsInto(x, new Float64Array(1)),
      () => model.learn(vector(1, 2), 1),
      () => model.learn(x, Number.NaN),
      () => model.learn(x, 1, 0),
      () => model.learn(vector(1, -Infinity, 2), 1),
      () => model.fit([x, x], [1]),
      () => model.forget(-1),
    ]) {
      expect(act).toThrow(refused)
      expect(textOf(model)).toBe(before)
    }
  })

  test('a refit is fit on the window, bit for bit, wherever it is done', () => {
    const window = stream.slice(-200)
    const model = learnAll(new MultiGradientBoosting(input), window)
    const work = model.beginRefit()
    const job = structuredClone(work.job)
    expect(job).toEqual(work.job)
    refitted(model)
    expect(textOf(model)).toBe(textOf(fitted(input, window)))
    const elsewhere = new MultiGradientBoosting(input)
    const beginning = finish(
      elsewhere.beginFit(
        window.map(({ x }) => x),
        window.map(({ y }) => y),
        window.map(({ weight }) => weight),
      ),
    )
    expect(beginning.kind).toBe('gradient-boosting')
    const steps = beginning.run()
    let step = steps.next()
    while (!step.done) step = steps.next()
    beginning.adopt(step.value)
    expect(textOf(elsewhere)).toBe(textOf(model))
  })

  test('a life with restores in it gives the bits of one without', () => {
    const live = (restoring: boolean): string => {
      let model = new MultiGradientBoosting({ ...input, refit: 'inline', rowFraction: 0.7, columnFraction: 0.7 })
      for (const [i, { x, y, weight }] of stream.entries()) {
        model.learn(x, y, weight)
        if (i === 150) model.forget(50)
        if (restoring && i % 29 === 0) model = restore(JSON.parse(textOf(model)), [MultiGradientBoosting])
      }
      expectSound(model.forest)
      return textOf(model)
    }
    expect(live(true)).toBe(live(false))
  })

  test('a snapshot with other outputs, labels or trees than its options allow is refused', () => {
    const whole = JSON.parse(textOf(fitted(input, stream)))
    const corrupt = expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' })
    const fewer = { ...whole, options: { ...whole.options, classes: 2, quantiles: [0.5] } }
    expect(() => MultiGradientBoosting.fromJSON(fewer)).toThrow(corrupt)
    expect(() => MultiGradientBoosting.fromJSON({ ...whole, state: { ...whole.state, forest: {} } })).toThrow(corrupt)
    expect(() => GradientBoosting.fromJSON(whole)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SNAPSHOT' }))
  })

  test('sampling draws the same rows for all outputs of a round', () => {
    const model = fitted({ ...input, rowFraction: 0.5 }, stream)
    const { roots, cover, output } = model.forest
    expect(new Set(output).size).toBe(outputs)
    for (const root of roots) expect(cover[root]).toBe(200)
    expectSound(model.forest)
  })
})

describe('one output and several', () => {
  test('one quantile is the same in both classes', () => {
    const { stream } = CASES['quantile']!
    const one = new GradientBoosting({ ...common, task: 'regression', loss: 'quantile', quantiles: [0.3] })
    const multi = new MultiGradientBoosting({ ...common, loss: 'quantile', quantiles: [0.3] })
    for (const { x, y } of stream) for (const model of [one, multi]) model.learn(x, y)
    for (const model of [one, multi]) refitted(model)
    expect(multi.forest).toEqual(one.forest)
  })

  test('each of several quantiles has the trees that it has alone', () => {
    const { stream } = CASES['quantile']!
    const several = fitted({ ...common, loss: 'quantile', quantiles: [0.2, 0.9] }, stream)
    for (const [k, q] of [0.2, 0.9].entries()) {
      const alone = fitted({ ...common, loss: 'quantile', quantiles: [q] }, stream)
      for (const { x } of stream.slice(0, 50)) {
        const [both, own] = [several.marginsInto(x, new Float64Array(2)), alone.marginsInto(x, new Float64Array(1))]
        expect(both[k]).toBe(own[0])
      }
    }
  })

  test('softmax of two classes says what log loss says', () => {
    const { stream } = CASES['softmax']!
    const y = stream.map((row) => Number(row.y > 0))
    const xs = stream.map(({ x }) => x)
    const softmax = new MultiGradientBoosting({ features: 3, loss: 'softmax', classes: 2, trees: 60 })
    const logistic = new GradientBoosting({ features: 3, trees: 60 })
    softmax.fit(xs, y)
    logistic.fit(xs, y)
    for (const x of xs) {
      expect(Math.abs(softmax.predictInto(x, new Float64Array(2))[1]! - logistic.predict(x))).toBeLessThan(0.12)
    }
  })

  test('classes that no row has get next to no probability', () => {
    const model = new MultiGradientBoosting({ features: 1, loss: 'softmax', classes: 4, minSamples: 10 })
    const xs = Array.from({ length: 100 }, (_, i) => i)
    model.fit(
      column(...xs),
      xs.map((x) => (x < 50 ? 0 : 2)),
    )
    const p = model.predictInto(vector(10), new Float64Array(4))
    expect(p[0]!).toBeGreaterThan(0.95)
    expect(p[1]! > 0 && p[1]! < 0.02 && p[3]! > 0 && p[3]! < 0.02).toBe(true)
  })

  test('options that do not suit are refused', () => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' })
    const bad: object[] = [
      { loss: 'softmax' },
      { loss: 'softmax', classes: 1 },
      { loss: 'squared' },
      { loss: 'quantile', quantiles: [] },
      { loss: 'quantile', quantiles: [0.5, 0.5] },
      { loss: 'quantile', quantiles: [0.9, 0.1] },
      { loss: 'quantile', quantiles: [0, 0.5] },
    ]
    for (const more of bad) {
      expect(() => new MultiGradientBoosting({ features: 2, ...more } as MultiGradientBoostingInput)).toThrow(refused)
    }
    expect(() => new GradientBoosting({ features: 2, task: 'regression', loss: 'softmax', classes: 3 })).toThrow(
      refused,
    )
    expect(
      () => new GradientBoosting({ features: 2, task: 'regression', loss: 'quantile', quantiles: [0.1, 0.9] }),
    ).toThrow(refused)
  })
})

describe('looking into a model with several outputs', () => {
  const rows = Array.from({ length: 300 }, (_, i) => vector((i * 37) % 100, (i * 61) % 100, (i * 17) % 10))
  const models = {
    softmax: new MultiGradientBoosting({ features: 3, loss: 'softmax', classes: 3, trees: 12 }),
    quantile: new MultiGradientBoosting({ features: 3, loss: 'quantile', quantiles: [0.2, 0.8], trees: 12 }),
  }
  const y = { softmax: rows.map(([a]) => Math.floor(a! / 34)), quantile: rows.map(([a, b]) => a! - b!) }
  for (const name of ['softmax', 'quantile'] as const) {
    const model = models[name]
    model.fit(rows, y[name])
    const { outputs } = model
    const x = vector(50, Number.NaN, 3)

    test(`${name}: base value and parts add up to the margin of each output, of a model from a file too`, () => {
      const margins = model.marginsInto(x, new Float64Array(outputs))
      const filed = ForestModel.fromBytes(model.toForestModel().toBytes())
      for (let k = 0; k < outputs; k++) {
        for (const one of [model, filed]) {
          const sum = one.explain(x, k).reduce((total, { amount }) => total + amount, one.baseValue(x, k))
          expect(sum).toBeCloseTo(margins[k]!, 10)
        }
      }
      for (const output of [-1, 0.5, outputs]) {
        expect(() => model.explain(x, output)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
        expect(() => filed.explain(x, output)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
      }
    })

    test(`${name}: many predictions are those one by one, the last stage is the prediction, leaves add up to margins`, () => {
      const one = model.predictInto(x, new Float64Array(outputs))
      expect([...model.predictMany([rows[0]!, x]).subarray(outputs)]).toEqual([...one])
      expect([...model.staged(x).subarray(-outputs)]).toEqual([...one])
      const margins = [...model.forest.base]
      const { roots, feature, value, output } = model.forest
      model.leaves(x).forEach((leaf, t) => {
        const nodes = Array.from({ length: (roots[t + 1] ?? feature.length) - roots[t]! }, (_, i) => roots[t]! + i)
        const ends = nodes.filter((node) => feature[node]! < 0)
        margins[output[t]!]! += value[ends[leaf]!]!
      })
      expect(model.trees).toHaveLength(roots.length)
      const exact = model.marginsInto(x, new Float64Array(outputs))
      for (let k = 0; k < outputs; k++) expect(margins[k]).toBeCloseTo(exact[k]!, 12)
    })
  }
})
