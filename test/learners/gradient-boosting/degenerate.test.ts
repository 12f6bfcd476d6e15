import { describe, expect, test } from 'vitest'
import { drawInteger } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import { drawRows, expectSound, refitted, vector } from './support.ts'

type Input = Partial<Omit<GradientBoostingInput, 'features'>>
type Model = GradientBoosting | MultiGradientBoosting
type Table = { readonly rows: Float64Array[]; readonly y: number[]; readonly weights?: number[]; readonly more?: Input }

const { NaN: missing } = Number
const rng = new SeededRng('degenerate')
const normal = drawRows('degenerate', 120, 3)
const coins = normal.map(() => drawInteger(rng, 2))
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Tables that are odd in one way each; labels are 0 and 1, which suits every loss. */
const TABLES: { readonly [name: string]: Table } = {
  'constant features': { rows: normal.map(() => vector(1, 0, -7)), y: coins },
  'all missing': { rows: normal.map(() => vector(missing, missing)), y: coins },
  'one label': { rows: normal, y: normal.map(() => 1) },
  'all labels 0': { rows: normal, y: normal.map(() => 0) },
  'two rows': { rows: [vector(1), vector(2)], y: [0, 1] },
  'two equal rows': { rows: [vector(1), vector(1)], y: [0, 1] },
  'one row': { rows: [vector(1)], y: [1] },
  'no rows': { rows: [], y: [] },
  'features of 1e300': { rows: normal.map((x) => x.map((v) => v * 1e300)), y: coins },
  'features at the ends of doubles': {
    rows: coins.map((c, i) => vector(c ? Number.MAX_VALUE : -Number.MAX_VALUE, i % 2 ? 5e-324 : -5e-324, c ? 0 : -0)),
    y: coins,
  },
  'columns that are copies': { rows: normal.map((x) => vector(x[0]!, x[0]!, x[0]!)), y: coins },
  'rows that are copies': { rows: normal.map((_, i) => normal[i % 5]!), y: coins },
  'weights of 1e-12': { rows: normal, y: coins, weights: coins.map(() => 1e-12) },
  'weights of 1e300': { rows: normal, y: coins, weights: coins.map(() => 1e300) },
  'weights from 1e-12 to 1e12': { rows: normal, y: coins, weights: upTo(120).map((i) => 10 ** ((i % 25) - 12)) },
  'one feature': { rows: normal.map((x) => vector(x[0]!)), y: coins },
  '1000 features and 5 rows': { rows: drawRows('wide', 5, 1000), y: [0, 1, 1, 0, 1] },
  '255 bins of 120 values': { rows: normal, y: coins, more: { bins: 255 } },
  'two bins': { rows: normal, y: coins, more: { bins: 2 } },
  'leaves for far more rows': { rows: normal, y: coins, more: { maxLeaves: 65_536 } },
  'no penalty': { rows: normal, y: coins, more: { l2: 0, minHessianLeaf: 1e-300 } },
  'a penalty of 1e300': { rows: normal, y: coins, more: { l2: 1e300 } },
  'a learning rate of 1e6': { rows: normal, y: coins, more: { learningRate: 1e6 } },
  'steps of 1e300': { rows: normal, y: coins, more: { maxDeltaStep: 1e300, learningRate: 1e300 } },
  'a base of 1e300': { rows: normal, y: coins, more: { baseScore: 1e300 } },
  'as many categories as rows': { rows: upTo(120).map((i) => vector(i)), y: coins, more: { categorical: [0] } },
  'categories that are all missing': { rows: coins.map(() => vector(missing)), y: coins, more: { categorical: [0] } },
  'categories that are no whole numbers': { rows: normal, y: coins, more: { categorical: [0, 1, 2] } },
  '70,000 categories': {
    rows: upTo(1400).map((i) => vector((i * 50) % 70_000)),
    y: upTo(1400).map((i) => i % 2),
    more: { categorical: [0], bins: 255 },
  },
}
const tiny = { minSamples: 1, minSamplesLeaf: 1, trees: 6, maxLeaves: 6 } as const
const { baseScore: _, ...plain } = { ...TABLES['a base of 1e300']!.more }

const MODELS: { readonly [name: string]: (features: number, more: Input) => Model } = {
  logistic: (features, { baseScore, ...more }) =>
    new GradientBoosting({ features, ...tiny, ...more, ...(baseScore ? { baseScore: 1 - 1e-16 } : {}) }),
  squared: (features, more) => new GradientBoosting({ features, task: 'regression', ...tiny, ...more }),
  huber: (features, more) => new GradientBoosting({ features, task: 'regression', loss: 'huber', ...tiny, ...more }),
  poisson: (features, { baseScore, ...more }) =>
    new GradientBoosting({
      features,
      task: 'regression',
      loss: 'poisson',
      ...tiny,
      ...more,
      ...(baseScore ? { baseScore: 1e20 } : {}),
    }),
  quantile: (features, more) =>
    new MultiGradientBoosting({
      features,
      ...tiny,
      ...plain,
      ...(more as object),
      loss: 'quantile',
      quantiles: [0.1, 0.9],
    }),
  softmax: (features, more) =>
    new MultiGradientBoosting({ features, ...tiny, ...(more as object), loss: 'softmax', classes: 3 }),
  constrained: (features, more) =>
    new GradientBoosting({
      features,
      task: 'regression',
      ...tiny,
      ...more,
      l1: 0.01,
      maxDeltaStep: 10,
      ...(more.categorical ? {} : { monotone: { increasing: [0] } }),
    }),
  sampled: (features, more) =>
    new GradientBoosting({
      features,
      ...tiny,
      sampling: 'goss',
      columnFraction: 0.5,
      learningRate: 0.9,
      ...without(more),
    }),
  dropped: (features, more) =>
    new GradientBoosting({ features, ...tiny, dropout: 0.5, rowFraction: 0.3, ...without(more) }),
  stopped: (features, more) =>
    new GradientBoosting({ features, ...tiny, earlyStoppingRounds: 2, halfLife: 3, ...without(more) }),
}

/** A base that suits log loss. */
function without({ baseScore, ...more }: Input): Input {
  return baseScore === undefined ? more : { ...more, baseScore: 1e-16 }
}

const predictionsOf = (model: Model, x: Float64Array): number[] =>
  'predictInto' in model ? [...model.predictInto(x, new Float64Array(model.outputs))] : [model.predict(x)]

describe.each(Object.keys(MODELS))('%s', (name) => {
  test.each(Object.keys(TABLES))('of %s is a model of numbers', (table) => {
    const { rows, y, weights, more = {} } = TABLES[table]!
    const features = rows[0]?.length ?? 2
    const model = MODELS[name]!(features, more)
    model.fit(rows, y, weights)
    const asked = [...rows, new Float64Array(features).fill(missing), new Float64Array(features).fill(-1e308)]
    const sound = (): void => {
      expectSound(model.forest)
      for (const x of asked) expect(predictionsOf(model, x).every(Number.isFinite)).toBe(true)
      const codec = 'predictInto' in model ? MultiGradientBoosting : GradientBoosting
      const again = codec.fromJSON(JSON.parse(JSON.stringify(model)))
      expect(JSON.stringify(again)).toBe(JSON.stringify(model))
    }
    sound()
    for (const [i, x] of rows.slice(0, 30).entries()) model.learn(x, y[i]!, weights?.[i] ?? 1)
    refitted(model)
    sound()
  })
})

describe('the answers are right as well', () => {
  const fitted = (rows: Float64Array[], y: number[], more: Input & { weights?: number[] } = {}): GradientBoosting => {
    const { weights, ...input } = more
    const model = new GradientBoosting({ features: rows[0]!.length, task: 'regression', ...tiny, ...input })
    model.fit(rows, y, weights)
    return model
  }

  test('copies of a column change nothing', () => {
    const y = normal.map((x) => x[0]!)
    const one = fitted(
      normal.map((x) => vector(x[0]!)),
      y,
    )
    const three = fitted(
      normal.map((x) => vector(x[0]!, x[0]!, x[0]!)),
      y,
    )
    for (const x of normal) expect(three.predict(vector(x[0]!, x[0]!, x[0]!))).toBe(one.predict(vector(x[0]!)))
  })

  test('two rows are told apart', () => {
    const model = fitted([vector(1), vector(2)], [-1, 1], { trees: 200 })
    expect(model.predict(vector(1))).toBeCloseTo(-1, 3)
    expect(model.predict(vector(2))).toBeCloseTo(1, 3)
  })

  test('all weights alike count as none, where penalties shrink with them', () => {
    const y = normal.map((x) => x[1]!)
    const plain = fitted(normal, y)
    for (const weight of [2 ** -40, 2 ** 40]) {
      const model = fitted(normal, y, {
        weights: y.map(() => weight),
        l2: weight,
        minHessianLeaf: 0.001 * weight,
      })
      expect(Array.from(model.forest.value)).toEqual(Array.from(plain.forest.value, (v) => expect.closeTo(v, 9)))
      expect(model.forest.threshold).toEqual(plain.forest.threshold)
    }
  })

  test('rows of next to no weight do not move the others', () => {
    const y = normal.map((x) => x[1]!)
    const wild = y.map((value, i) => (i % 2 ? 1e6 : value))
    const weights = y.map((_, i) => (i % 2 ? 1e-12 : 1))
    const model = fitted(normal, wild, { weights, trees: 50 })
    const half = fitted(
      normal.filter((_, i) => i % 2 === 0),
      y.filter((_, i) => i % 2 === 0),
      { trees: 50 },
    )
    for (const [i, x] of normal.entries())
      if (i % 2 === 0) expect(Math.abs(model.predict(x) - half.predict(x))).toBeLessThan(0.5)
  })

  test('labels of any scale give the same trees', () => {
    const y = normal.map((x) => x[1]! + x[2]!)
    const plain = fitted(normal, y)
    for (const scale of [2 ** -100, 2 ** -30, 2 ** 30, 2 ** 200]) {
      const { forest } = fitted(
        normal,
        y.map((value) => value * scale),
      )
      expect(forest.feature).toEqual(plain.forest.feature)
      expect(forest.threshold).toEqual(plain.forest.threshold)
      expect(Array.from(forest.value, (v) => v / scale)).toEqual(
        Array.from(plain.forest.value, (v) => expect.closeTo(v, 9)),
      )
    }
  })

  test('values at the ends of doubles are told apart', () => {
    const rows = coins.map((c) => vector(c ? Number.MAX_VALUE : -Number.MAX_VALUE))
    const model = fitted(rows, coins, { trees: 100 })
    expect(model.predict(vector(Number.MAX_VALUE))).toBeCloseTo(1, 2)
    expect(model.predict(vector(-Number.MAX_VALUE))).toBeCloseTo(0, 2)
  })

  test('of 1000 features and 5 rows the one that knows the label is found', () => {
    const rows = drawRows('needle', 5, 1000).map((x, i) => x.map((v, f) => (f === 777 ? i : Math.abs(v) < 9 ? 0 : v)))
    const model = fitted(rows, [0, 0, 0, 5, 5], { trees: 100 })
    expect(new Set(Array.from(model.forest.feature).filter((f) => f >= 0))).toEqual(new Set([777]))
    for (const [i, x] of rows.entries()) expect(model.predict(x)).toBeCloseTo(i < 3 ? 0 : 5, 1)
  })
})
