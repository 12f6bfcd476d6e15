import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ImportedModel, readLightGBM, readXGBoost, writeLightGBM } from '../../src/interop/index.ts'
import { marginsInto } from '../../src/learners/forest/margins.ts'
import { toUbjson } from './to-ubjson.ts'
import { FORESTS, rowsOf } from './written-forests.ts'

type Packed = readonly (number | null | 'inf' | '-inf')[]
type Model = {
  readonly name: string
  readonly text: string
  readonly raw: Packed
  readonly margin: Packed
  readonly pred?: Packed
  readonly leaf: readonly number[]
  readonly contrib?: Packed
}
type Golden = { readonly rows: Packed; readonly models: readonly Model[] }

const goldenOf = (name: string): Golden =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../golden/interop-${name}.json`), 'utf8')) as Golden
const unpack = (list: Packed): number[] =>
  list.map((v) => (v === null ? Number.NaN : v === 'inf' ? Infinity : v === '-inf' ? -Infinity : v))
const rowsFrom = (list: Packed, features: number): Float64Array[] => {
  const all = Float64Array.from(unpack(list))
  return Array.from({ length: all.length / features }, (_, i) => all.slice(i * features, (i + 1) * features))
}
const marginsOf = (model: ImportedModel, rows: readonly Float64Array[]): number[] =>
  rows.flatMap((x) => Array.from(model.marginInto(x, new Float64Array(model.outputs))))
const leavesOf = (model: ImportedModel, rows: readonly Float64Array[]): number[] =>
  rows.flatMap((x) => Array.from(model.leavesInto(x, new Int32Array(model.trees))))
const nearTo = (got: readonly number[], wanted: readonly number[], tolerance: number): void => {
  expect(got.length).toBe(wanted.length)
  got.forEach((value, i) => {
    const scale = Math.max(1, Math.abs(wanted[i]!))
    if (!Object.is(value, wanted[i])) expect(Math.abs(value - wanted[i]!) / scale).toBeLessThanOrEqual(tolerance)
  })
}

describe('small models of LightGBM', () => {
  const golden = goldenOf('lightgbm')
  test.each(golden.models)('$name: raw scores, leaves, predictions and SHAP values', (wanted) => {
    const model = readLightGBM(wanted.text)
    const rows = rowsFrom(golden.rows, model.features)
    expect(model.names).toEqual(['a', 'b', 'c', 'd'])
    expect(model.source).toBe('lightgbm')
    expect(marginsOf(model, rows)).toEqual(unpack(wanted.raw))
    expect(leavesOf(model, rows)).toEqual(wanted.leaf)
    const predictions = rows.flatMap((x) => Array.from(model.predictInto(x, new Float64Array(model.outputs))))
    nearTo(predictions, unpack(wanted.pred!), 4e-16)
    if (!wanted.contrib) return
    const size = model.outputs * (model.features + 1)
    nearTo(
      rows.flatMap((x) => Array.from(model.shapInto(x, new Float64Array(size)))),
      unpack(wanted.contrib),
      1e-12,
    )
  })

  test('linear leaves are explained by neither', () => {
    const model = readLightGBM(golden.models.find(({ name }) => name === 'linear leaves')!.text)
    expect(() => model.explain(new Float64Array(4))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MODEL' }))
    // sums of lines can overflow, a prediction is finite all the same
    for (const v of [1e308, -1e308]) expect(Number.isFinite(model.predict(new Float64Array(4).fill(v)))).toBe(true)
  })
})

describe('models in the shapes of XGBoost, made by hand', () => {
  const golden = goldenOf('xgboost')
  test.each(golden.models)('$name: margins and leaves, as text, as bytes and as UBJSON', (wanted) => {
    for (const data of [wanted.text, new TextEncoder().encode(wanted.text), toUbjson(wanted.text)]) {
      const model = readXGBoost(data)
      const rows = rowsFrom(golden.rows, model.features)
      expect(marginsOf(model, rows)).toEqual(unpack(wanted.margin))
      expect(leavesOf(model, rows)).toEqual(wanted.leaf)
      const parts = new Float64Array(model.outputs * 4)
      for (const x of rows) {
        const margins = model.marginInto(x, new Float64Array(model.outputs))
        model.shapInto(x, parts)
        margins.forEach((margin, k) => {
          expect(parts.subarray(4 * k, 4 * k + 4).reduce((a, b) => a + b)).toBeCloseTo(margin, 6)
        })
      }
    }
  })

  test('what becomes of margins', () => {
    const x = Float64Array.of(0.1, 0.5, 0)
    const of = (name: string): { margin: number[]; prediction: number[] } => {
      const model = readXGBoost(golden.models.find((item) => item.name === name)!.text)
      const out = new Float64Array(model.outputs)
      return { margin: Array.from(model.marginInto(x, out)), prediction: Array.from(model.predictInto(x, out)) }
    }
    const logistic = of('logistic 1.7')
    nearTo(logistic.prediction, [1 / (1 + Math.exp(-logistic.margin[0]!))], 1e-7)
    const poisson = of('dart 1.7')
    nearTo(poisson.prediction, [Math.exp(poisson.margin[0]!)], 1e-7)
    const hinge = of('hinge 2.x')
    expect(hinge.prediction).toEqual([Number(hinge.margin[0]! > 0)])
    const softmax = of('softprob 3.x')
    const sum = softmax.margin.reduce((a, b) => a + Math.exp(b), 0)
    nearTo(
      softmax.prediction,
      softmax.margin.map((m) => Math.exp(m) / sum),
      1e-7,
    )
    expect(of('squared error 3.x').prediction).toEqual(of('squared error 3.x').margin)
  })
})

describe('writeLightGBM', () => {
  const golden = goldenOf('written')
  test.each(FORESTS)(
    '$name: LightGBM predicts from the text what the forest gives, to the bit',
    ({ name, forest, objective }) => {
      const wanted = golden.models.find((model) => model.name === name)!
      expect(writeLightGBM(forest, { objective })).toBe(wanted.text)
      const outputs = forest.base.length
      const rows = rowsOf(name, forest.features)
      const margins = rows.flatMap((x) => {
        const out = new Float64Array(outputs)
        marginsInto(forest, x, 0, out)
        return Array.from(out)
      })
      expect(margins).toEqual(wanted.raw)
      const model = readLightGBM(wanted.text)
      expect(marginsOf(model, rows)).toEqual(wanted.raw)
      const predictions = rows.flatMap((x) => Array.from(model.predictInto(x, new Float64Array(outputs))))
      nearTo(predictions, unpack(wanted.pred!), 4e-16)
    },
  )
})
