import { describe, expect, test } from 'vitest'
import { drawInteger } from '../../../src/core/draw.ts'
import { logLossOf } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  type CustomLoss,
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import { drawDataSet, drawSpecial, FEATURES } from './data.ts'
import { drawRows, mean, refitted, vector } from './support.ts'

type More = Partial<Omit<GradientBoostingInput, 'features'>>
const { rows, y } = drawDataSet('binary', 11, 1000, 1).train
const stopping = { trees: 200, earlyStoppingRounds: 8, learningRate: 0.2, maxLeaves: 16 } as const
const fitted = (
  more: More = {},
  table: readonly Float64Array[] = rows,
  labels: readonly number[] = y,
  weights?: number[],
) => {
  const model = new GradientBoosting({ features: FEATURES, ...stopping, ...more })
  model.fit(table, labels, weights)
  return model
}
/** Mean log loss on the newest 200 rows after the first, the second, ... tree; at 0 before any. */
const tailLosses = (model: GradientBoosting, labels: readonly number[] = y): number[] => {
  const none = 1 / (1 + Math.exp(-model.forest.base[0]!))
  const staged = rows.slice(800).map((x) => [none, ...model.staged(x)])
  return staged[0]!.map((_, t) => mean(staged.map((p, i) => logLossOf(labels[800 + i]!, p[t]!))))
}

describe('early stopping', () => {
  test('trains on the older rows alone: the trees are the first of those', () => {
    for (const more of [{}, { rowFraction: 0.5, columnFraction: 0.5 }, { sampling: 'goss' as const }]) {
      const model = fitted(more)
      const old = fitted({ ...more, earlyStoppingRounds: 0 }, rows.slice(0, 800), y.slice(0, 800))
      const n = model.trees.length
      expect(n).toBeGreaterThan(3)
      expect(n).toBeLessThan(150)
      expect(model.trees).toEqual(old.trees.slice(0, n))
      expect(model.forest.base).toEqual(old.forest.base)
    }
  })

  test('other features in the watched rows change nothing but the number of trees', () => {
    const noise = drawRows('noise', 200, FEATURES)
    const [a, b] = [fitted(), fitted({}, [...rows.slice(0, 800), ...noise])]
    const common = Math.min(a.trees.length, b.trees.length)
    expect(b.trees.length).not.toBe(a.trees.length)
    expect(b.trees.slice(0, common)).toEqual(a.trees.slice(0, common))
  })

  test('keeps the trees of the lowest loss on the watched rows, and looks so many rounds further', () => {
    const model = fitted()
    const n = model.trees.length
    const all = tailLosses(fitted({ earlyStoppingRounds: 0 }, rows.slice(0, 800), y.slice(0, 800)))
    expect(all.length).toBe(201)
    const looked = all.slice(0, n + 9)
    expect(looked.indexOf(Math.min(...looked))).toBe(n)
  })

  test('stops training, not only the model', () => {
    const count = (more: More): number => {
      const model = new GradientBoosting({ features: FEATURES, ...stopping, ...more })
      for (const [i, x] of rows.entries()) model.learn(x, y[i]!)
      return [...model.refit()].length
    }
    expect(count({ earlyStoppingRounds: 0 })).toBe(FEATURES + 199)
    expect(count({})).toBe(FEATURES + fitted().trees.length + 7)
  })

  test('labels that are noise leave next to no tree', () => {
    const rng = new SeededRng('coin')
    const coins = rows.map(() => drawInteger(rng, 2))
    expect(fitted({}, rows, coins).trees.length).toBeLessThan(8)
  })

  test('rows that are too few to watch any train all trees', () => {
    const table = rows.slice(0, 4)
    const input = { minSamples: 1, minSamplesLeaf: 1, trees: 3 }
    expect(fitted(input, table, [0, 1, 0, 1]).forest).toEqual(
      fitted({ ...input, earlyStoppingRounds: 0 }, table, [0, 1, 0, 1]).forest,
    )
  })

  test('weights count among the watched rows', () => {
    // only every other one of them counts; their labels are turned round where they do not
    const turned = y.map((label, i) => (i >= 800 && i % 2 ? 1 - label : label))
    const weights = y.map((_, i) => (i >= 800 && i % 2 ? 1e-9 : 1))
    const half = y.map((_, i) => (i >= 800 && i % 2 ? 1e-9 : 1))
    const [right, wrong] = [fitted({}, rows, turned, weights), fitted({}, rows, turned)]
    expect(right.trees).toEqual(fitted({}, rows, y, half).trees)
    expect(right.trees.length).not.toBe(wrong.trees.length)
  })

  test.each([
    ['squared', { task: 'regression', loss: 'squared' }],
    ['huber', { task: 'regression', loss: 'huber' }],
    ['poisson', { task: 'regression', loss: 'poisson' }],
    ['quantile', { task: 'regression', loss: 'quantile', quantiles: [0.3] }],
  ] as const)('works with the %s loss', (_, more) => {
    const part = drawSpecial(more.loss === 'poisson' ? 'counts' : 'heavy-tailed', 3, 1000, 1).train
    const model = fitted(more, part.rows, part.y)
    expect(model.trees.length).toBeGreaterThan(2)
    expect(model.trees.length).toBeLessThan(150)
  })

  test('of several outputs keeps whole rounds', () => {
    const [classes, values] = [drawSpecial('classes', 3, 1000, 1).train, drawSpecial('heavy-tailed', 3, 1000, 1).train]
    for (const input of [
      { loss: 'softmax', classes: 3 },
      { loss: 'quantile', quantiles: [0.2, 0.5, 0.8] },
    ] as const) {
      const model = new MultiGradientBoosting({ features: FEATURES, ...stopping, ...input })
      const part = input.loss === 'softmax' ? classes : values
      model.fit(part.rows, part.y)
      const { output } = model.forest
      expect(output.length).toBeGreaterThan(3)
      expect(output.length).toBeLessThan(400)
      expect(output.length % 3).toBe(0)
      expect(Array.from(output)).toEqual(Array.from(output, (_, t) => t % 3))
    }
  })

  test('appended trees are kept only so far as they help', () => {
    const rng = new SeededRng('append')
    const model = fitted({ strategy: 'appendTrees', appended: 30, recent: 400 })
    const before = model.trees
    for (const x of rows.slice(0, 400)) model.learn(x, drawInteger(rng, 2))
    refitted(model)
    expect(model.trees.slice(0, before.length)).toEqual(before)
    expect(model.trees.length).toBeLessThan(before.length + 15)
  })

  test('trees that are not kept leave no sets of categories behind', () => {
    const rng = new SeededRng('sets')
    const xs = rows.map((x) => vector(...x.subarray(0, 2), drawInteger(rng, 30)))
    const model = new GradientBoosting({
      features: 3,
      categorical: [2],
      ...stopping,
      strategy: 'appendTrees',
      refit: 'inline',
      recent: 400,
    })
    for (const [i, x] of xs.entries()) model.learn(x, x[2]! % 7 < 3 ? y[i]! : drawInteger(rng, 2))
    const { set, sets } = model.forest
    const used = Array.from(set).filter((at) => at >= 0)
    expect(used.length).toBeGreaterThan(2)
    expect(sets.length).toBe(used.reduce((sum, at) => sum + 1 + sets[at]!, 0))
  })

  test('needs a share of rows, no dropout, and the loss of one row', () => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' })
    for (const earlyStoppingFraction of [0, 1, -0.1, Number.NaN]) {
      expect(() => fitted({ earlyStoppingFraction })).toThrow(refused)
    }
    expect(() => fitted({ earlyStoppingRounds: -1 })).toThrow(refused)
    expect(() => fitted({ dropout: 0.1 })).toThrow(refused)
    const blind: CustomLoss = {
      name: 'blind',
      base: () => 0,
      derive: (labels, margins, g, h) => {
        for (let i = 0; i < g.length; i++) g[i] = margins[i]! - labels[i]!
        h.fill(1)
      },
    }
    const options = { features: 1, task: 'regression', loss: 'blind', earlyStoppingRounds: 3 } as const
    expect(() => new GradientBoosting(options, blind)).toThrow(refused)
  })
})
