import { describe, expect, test } from 'vitest'
import { readCatBoost } from '../../src/interop/index.ts'
import { CATBOOST, catboostText } from './catboost-fixtures.ts'

const read = (which: number): ReturnType<typeof readCatBoost> => readCatBoost(catboostText(CATBOOST[which]!.file))
const nan = Number.NaN

describe('symmetric trees', () => {
  const model = read(0)
  // x: rsi, session, spread; leaf = rsi above 30.5 + 2 (spread above 0.5) + 4 (session is -7)
  test.each<[string, number[], number[], number]>([
    ['every answer no', [0.1, 0, 0.5], [0, 0, 0], 0.25 + 0.1 - 1 + 0.05],
    ['every answer yes', [31, -7, 0.6], [7, 1, 0], 0.25 + 0.8 + 1 + 0.05],
    ['a border is not above itself', [30.5, 1234567, 0.5], [0, 1, 0], 0.25 + 0.1 + 1 + 0.05],
    ['missing: one feature below, one above, no category', [nan, nan, nan], [2, 0, 0], 0.25 + 0.3 - 1 + 0.05],
    ['a double that is a border as a float', [30.5 + 1e-9, -7, 0.5], [4, 1, 0], 0.25 + 0.5 + 1 + 0.05],
  ])('%s', (_, x, leaves, margin) => {
    const vector = Float64Array.from(x)
    expect(Array.from(model.leavesInto(vector, new Int32Array(3)))).toEqual(leaves)
    expect(model.marginInto(vector, new Float64Array(1))[0]).toBeCloseTo(margin, 14)
    expect(model.predict(vector)).toBeCloseTo(1 / (1 + Math.exp(-margin)), 14)
    const parts = model.shapInto(vector, new Float64Array(4))
    expect(parts.reduce((a, b) => a + b)).toBeCloseTo(margin, 12)
  })

  test('what is known of it', () => {
    expect(model).toMatchObject({ source: 'catboost', objective: 'Logloss', task: 'binary', features: 3, trees: 3 })
    expect(model.names).toEqual(['rsi', 'session', 'spread'])
  })

  test('SHAP values of a single question are its part and nothing else', () => {
    // the second tree alone is asked about rsi at 0.25: 3 of 4 rows below it
    const { file } = CATBOOST[0]!
    const [, second] = (file as { oblivious_trees: object[] }).oblivious_trees
    const single = readCatBoost(catboostText({ ...file, oblivious_trees: [second] }))
    expect(Array.from(single.shapInto(Float64Array.of(1, 0, 0), new Float64Array(4)))).toEqual([1.5, 0, 0, -0.25])
  })
})

describe('trees that are not symmetric', () => {
  const model = read(1)
  test.each<[number[], number[], number[]]>([
    [
      [1, 9],
      [0, 0],
      [3, 4, 6],
    ],
    [
      [2, 2],
      [1, 0],
      [9, 10, 12],
    ],
    [
      [2, nan],
      [2, 0],
      [15, 16, 18],
    ],
    [
      [nan, 9],
      [0, 0],
      [3, 4, 6],
    ],
  ])('%j', (x, leaves, margins) => {
    const vector = Float64Array.from(x)
    expect(Array.from(model.leavesInto(vector, new Int32Array(2)))).toEqual(leaves)
    expect(Array.from(model.marginInto(vector, new Float64Array(3)))).toEqual(margins)
    expect(model.predictInto(vector, new Float64Array(3)).reduce((a, b) => a + b)).toBeCloseTo(1, 14)
    const parts = model.shapInto(vector, new Float64Array(9))
    margins.forEach((margin, k) => {
      expect(parts.subarray(3 * k, 3 * k + 3).reduce((a, b) => a + b)).toBeCloseTo(margin, 12)
    })
  })

  test('it has three outputs, and no names where features have none', () => {
    expect(model).toMatchObject({ outputs: 3, trees: 2, names: [] })
    expect(() => model.predict(new Float64Array(2))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

describe('what is refused', () => {
  const file = CATBOOST[0]!.file as { oblivious_trees: object[]; features_info: object }
  test.each<[string, object, string]>([
    [
      'statistics of categories',
      { ...file, oblivious_trees: [{ splits: [{ split_type: 'OnlineCtr', border: 1 }], leaf_values: [1, 2] }] },
      'UNSUPPORTED_MODEL',
    ],
    ['texts', { ...file, features_info: { ...file.features_info, text_features: [{}] } }, 'UNSUPPORTED_MODEL'],
    ['too few leaves', { ...file, oblivious_trees: [{ splits: [], leaf_values: [] }] }, 'CORRUPT_MODEL'],
    [
      'leaves for other splits',
      {
        ...file,
        oblivious_trees: [
          { splits: [], leaf_values: [1] },
          { splits: [], leaf_values: [1, 2] },
        ],
      },
      'CORRUPT_MODEL',
    ],
    ['biases for other outputs', { ...file, scale_and_bias: [1, [1, 2]] }, 'CORRUPT_MODEL'],
    ['no scale', { ...file, scale_and_bias: [null, [1]] }, 'CORRUPT_MODEL'],
    ['no features', { ...file, features_info: {} }, 'CORRUPT_MODEL'],
  ])('%s', (_, damaged, code) => {
    expect(() => readCatBoost(catboostText(damaged))).toThrow(expect.objectContaining({ code }))
  })

  test('a chain of nested questions without end', () => {
    const open = '{"split":{"split_type":"FloatFeature","float_feature_index":0,"border":1},"left":'
    const text = `{"features_info":{},"trees":[${open.repeat(20_000)}`
    expect(() => readCatBoost(text)).toThrow(expect.objectContaining({ code: 'CORRUPT_MODEL' }))
  })
})
