import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/index.ts'
import { ImportedModel, readLightGBM, readXGBoost, writeLightGBM } from '../../src/interop/index.ts'
import { marginsInto } from '../../src/learners/forest/margins.ts'
import { GradientBoosting, OnlineCalibration } from '../../src/learners/index.ts'
import { learnerLaws } from '../../src/testing/index.ts'
import { randomForest, randomRows } from './random-forest.ts'

type Golden = { readonly models: readonly { readonly name: string; readonly text: string }[] }
const textOf = (origin: string, name: string): string => {
  const golden = readFileSync(join(import.meta.dirname, `../golden/interop-${origin}.json`), 'utf8')
  return (JSON.parse(golden) as Golden).models.find((model) => model.name === name)!.text
}

describe.each<[string, () => ImportedModel]>([
  ['LightGBM, binary', () => readLightGBM(textOf('lightgbm', 'binary'))],
  ['LightGBM, regression with categories', () => readLightGBM(textOf('lightgbm', 'regression with categories'))],
  ['LightGBM, zero as missing', () => readLightGBM(textOf('lightgbm', 'zero as missing'))],
  ['XGBoost, binary', () => readXGBoost(textOf('xgboost', 'logistic 1.7'))],
  ['XGBoost, Poisson', () => readXGBoost(textOf('xgboost', 'dart 1.7'))],
  ['XGBoost, hinge', () => readXGBoost(textOf('xgboost', 'hinge 2.x'))],
  ['LightGBM, Poisson', () => readLightGBM(textOf('lightgbm', 'poisson'))],
  ['LightGBM, square root', () => readLightGBM(textOf('lightgbm', 'square root'))],
  ['LightGBM, random forest', () => readLightGBM(textOf('lightgbm', 'random forest'))],
])('%s', (_, create) => {
  const { features } = create()
  for (const { name, run } of learnerLaws(create, ImportedModel, { features, learnsFromX: false })) test(name, run)
})

describe('ImportedModel', () => {
  const text = textOf('lightgbm', 'binary')

  test('a model of several outputs, and one with linear leaves, come back from JSON as they were', () => {
    for (const name of ['three classes', 'linear leaves', 'random forest']) {
      const model = readLightGBM(textOf('lightgbm', name))
      const copy = restore(JSON.parse(JSON.stringify(model)) as Snapshot, [ImportedModel])
      expect(JSON.stringify(copy)).toBe(JSON.stringify(model))
      for (const x of randomRows('copies', 4, 3, 50)) {
        const [a, b] = [model, copy].map((m) => Array.from(m.predictInto(x, new Float64Array(m.outputs))))
        expect(b).toEqual(a)
      }
    }
  })

  test('a snapshot whose trees were tampered with is refused as a snapshot', () => {
    const model = readLightGBM(text)
    const json = JSON.parse(JSON.stringify(model)) as { options: { features: number }; state: { leaf: unknown } }
    const other = JSON.parse(JSON.stringify(readLightGBM(textOf('lightgbm', 'three classes')))) as typeof json
    const wrong = [
      { ...json, options: { ...json.options, features: 3 } },
      { ...json, options: { ...json.options, stride: 2 } },
      { ...json, options: { ...json.options, link: { name: 'magic', slope: 1, divisor: 1 } } },
      { ...json, state: { ...json.state, leaf: other.state.leaf } },
    ]
    for (const bad of wrong) {
      expect(() => restore(bad as unknown as Snapshot, [ImportedModel])).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
      )
    }
  })

  test('it stands under a calibration, and learns nothing itself', () => {
    const model = readLightGBM(text)
    const rows = randomRows('calibration', 4, 3, 200)
    const before = rows.map((x) => model.predict(x))
    const calibrated = new OnlineCalibration({ learner: model })
    for (const x of rows) calibrated.learn(x, x[0]! > 0 ? 0 : 1)
    expect(rows.map((x) => model.predict(x))).toEqual(before)
    expect(model.seen).toBe(200)
    expect(Number.isFinite(calibrated.predict(rows[0]!))).toBe(true)
  })

  test('vectors and results of other lengths are refused', () => {
    const model = readLightGBM(text)
    const x = new Float64Array(4)
    const bad: (() => unknown)[] = [
      () => model.predict(new Float64Array(3)),
      () => model.predict([0, 0, 0, 0] as unknown as Float64Array),
      () => model.predict(Float64Array.of(0, 0, 0, Infinity)),
      () => model.marginInto(new Float64Array(5), new Float64Array(1)),
      () => model.marginInto(x, new Float64Array(2)),
      () => model.leavesInto(x, new Int32Array(2)),
      () => model.shapInto(x, new Float64Array(4)),
      () => model.explain(x, 1),
    ]
    for (const act of bad) expect(act).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  test('a feature that LightGBM reads in two ways gets a second column, and one SHAP value', () => {
    // tree 0 takes zeros of feature a for missing, tree 1 does not
    const section = (i: number, type: number): string =>
      [
        `Tree=${i}`,
        'num_leaves=2',
        'num_cat=0',
        'split_feature=0',
        'threshold=-1',
        `decision_type=${type}`,
        'left_child=-1',
        'right_child=-2',
        'leaf_value=1 3',
        'leaf_count=1 1',
        'shrinkage=1',
        '',
      ].join('\n')
    const mixed = readLightGBM(
      `tree\nversion=v4\nnum_tree_per_iteration=1\nmax_feature_idx=1\nfeature_names=a b\n\n${section(0, 4 + 2)}\n${section(1, 8)}\nend of trees\n`,
    )
    const margin = (a: number): number => mixed.marginInto(Float64Array.of(a, 0), new Float64Array(1))[0]!
    expect(mixed.forest.features).toBe(3)
    expect([margin(0), margin(Number.NaN), margin(-2), margin(5)]).toEqual([4, 4, 2, 6])
    expect(Array.from(mixed.shapInto(Float64Array.of(0, 0), new Float64Array(3)))).toEqual([0, 0, 4])
    expect(Array.from(mixed.shapInto(Float64Array.of(5, 0), new Float64Array(3)))).toEqual([2, 0, 4])
  })
})

describe('writeLightGBM', () => {
  const options = { features: 3, trees: 5, depth: 4, base: [0.5], categoriesFrom: 2, outputOf: () => 0 }

  test('what it writes is read back with the same margins to the bit', () => {
    for (let i = 0; i < 30; i++) {
      const forest = randomForest({ ...options, seed: `again ${i}` })
      const text = writeLightGBM(forest, { objective: 'custom', names: ['a', 'b', 'c'] })
      const model = readLightGBM(text)
      expect(model.names).toEqual(['a', 'b', 'c'])
      const again = readLightGBM(writeLightGBM(model.forest, { objective: 'custom' }))
      const wanted = new Float64Array(1)
      for (const x of randomRows(`rows ${i}`, 3, 2, 40)) {
        marginsInto(forest, x, 0, wanted)
        expect(model.marginInto(x, new Float64Array(1))).toEqual(wanted)
        expect(again.marginInto(x, new Float64Array(1))).toEqual(wanted)
      }
    }
  })

  test('a model that was trained here leaves and comes back, categories and missing values included', () => {
    // infinities and huge values aside, which training refuses or bins apart
    const rows = randomRows('trained', 4, 2, 600).map((x) =>
      x.map((v, f) => (Math.abs(v) > 1e6 ? Number.NaN : f < 2 ? v : Math.max(0, Math.trunc(v)) % 9)),
    )
    const y = rows.map((x) => Number((x[0]! || 0) + (x[2]! % 3 === 1 ? 1 : 0) > 0.3))
    const trained = new GradientBoosting({ features: 4, trees: 10, categorical: [2, 3] })
    trained.fit(rows, y)
    expect(trained.forest.sets.length).toBeGreaterThan(0)
    const model = readLightGBM(writeLightGBM(trained.forest, { objective: 'binary' }))
    const wanted = new Float64Array(1)
    for (const x of rows) {
      marginsInto(trained.forest, x, 0, wanted)
      expect(model.marginInto(x, new Float64Array(1))).toEqual(wanted)
      expect(model.predict(x)).toBeCloseTo(trained.predict(x), 14)
    }
  })

  test('refuses what LightGBM cannot do, and names that it cannot read', () => {
    const forest = randomForest({ ...options, seed: 'refused' })
    const branch = forest.set.findIndex((start) => start >= 0)
    const left = { ...forest, missingLeft: forest.missingLeft.map((m, i) => (i === branch ? 1 : m)) }
    expect(() => writeLightGBM(left, { objective: 'binary' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_MODEL' }),
    )
    for (const names of [
      ['a', 'b'],
      ['a', 'b', 'b'],
      ['a', 'b', 'c d'],
      ['a', 'b', ''],
    ]) {
      expect(() => writeLightGBM(forest, { objective: 'binary', names })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
    for (const objective of ['multiclass', 'magic']) {
      expect(() => writeLightGBM(forest, { objective: objective as 'multiclass' })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
  })
})
