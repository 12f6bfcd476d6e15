import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ImportedModel, readLightGBM, readXGBoost } from '../../src/interop/index.ts'

const folder = join(import.meta.dirname, '../../../shared/reference/gbdt')
const present = existsSync(folder)
const files = present ? readdirSync(folder) : []

type Packed = readonly (number | null | 'inf' | '-inf')[]
const unpack = (list: Packed): Float64Array =>
  Float64Array.from(list, (v) => (v === null ? Number.NaN : v === 'inf' ? Infinity : v === '-inf' ? -Infinity : v))

type Expected = {
  readonly n_features: number
  readonly n_rows: number
  readonly X: Packed
  readonly pred: Packed
  readonly leaf: readonly number[]
  readonly raw?: Packed
  readonly margin?: Packed
  readonly contrib?: Packed
  readonly contrib_rows?: number
}

const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8')
const expectedOf = (file: string): Expected => JSON.parse(textOf(file)) as Expected

type Case = {
  readonly name: string
  readonly expected: string
  readonly read: () => ImportedModel
  readonly single: boolean
}
const cases: Case[] = []
for (const file of files) {
  const [stem, kind] = [file.replace(/\.\w+$/, ''), file.replace(/^.*\./, '')]
  if (kind === 'txt') {
    cases.push({ name: file, expected: `${stem}.json`, read: () => readLightGBM(textOf(file)), single: false })
  } else if (kind === 'ubj' || (file.startsWith('xgb') && !file.endsWith('.expected.json'))) {
    const read = (): ImportedModel =>
      readXGBoost(kind === 'ubj' ? new Uint8Array(readFileSync(join(folder, file))) : textOf(file))
    cases.push({ name: file, expected: `${stem}.expected.json`, read, single: true })
  }
}

/** The largest difference, relative above 1; infinite where only one is NaN. */
function largestDifference(a: Float64Array, b: Float64Array): number {
  let most = a.length === b.length ? 0 : Infinity
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue
    const difference = Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!))
    most = Math.max(most, difference === difference ? difference : Infinity)
  }
  return most
}

test.skipIf(!present)('there are 25 models, and 4 of them in a second form', () => expect(cases.length).toBe(29))

describe.each(cases)('$name', ({ read, expected: file, single }) => {
  const expected = expectedOf(file)
  const model = read()
  const { outputs, features, trees } = model
  const x = unpack(expected.X)
  const row = (i: number): Float64Array => x.subarray(i * features, (i + 1) * features)
  const all = <T extends Float64Array | Int32Array>(
    out: T,
    width: number,
    rows: number,
    into: (x: Float64Array, out: T) => void,
  ): T => {
    for (let i = 0; i < rows; i++) into(row(i), out.subarray(i * width, (i + 1) * width) as T)
    return out
  }
  const margins = all(new Float64Array(expected.n_rows * outputs), outputs, expected.n_rows, (v, out) =>
    model.marginInto(v, out),
  )

  test('margins and leaves are those of the origin, to the bit', () => {
    expect(features).toBe(expected.n_features)
    const wanted = unpack((expected.raw ?? expected.margin)!)
    expect(margins.length).toBe(wanted.length)
    expect(margins.findIndex((margin, i) => !Object.is(margin, wanted[i]))).toBe(-1)
    const leaves = all(new Int32Array(expected.n_rows * trees), trees, expected.n_rows, (v, out) =>
      model.leavesInto(v, out),
    )
    expect(Array.from(leaves)).toEqual(expected.leaf)
  })

  test('predictions are those of the origin, but for the last bit of the exponential function', () => {
    const got = all(new Float64Array(expected.n_rows * outputs), outputs, expected.n_rows, (v, out) =>
      model.predictInto(v, out),
    )
    const difference = largestDifference(got, unpack(expected.pred))
    expect(difference).toBeLessThanOrEqual(single ? 1e-7 : 1e-15)
  })

  test('SHAP values are those of the origin, and add up to the margin', () => {
    if (!expected.contrib) {
      expect(() => model.shapInto(row(0), new Float64Array(outputs * (features + 1)))).toThrow(/linear/)
      return
    }
    const width = outputs * (features + 1)
    const rows = expected.contrib_rows!
    const got = all(new Float64Array(rows * width), width, rows, (v, out) => model.shapInto(v, out))
    const difference = largestDifference(got, unpack(expected.contrib))
    const sums = new Float64Array(rows * outputs)
    for (let i = 0; i < got.length; i++) sums[Math.floor(i / (features + 1))]! += got[i]!
    const gap = largestDifference(sums, margins.subarray(0, rows * outputs))
    expect(difference).toBeLessThanOrEqual(single ? 1e-6 : 1e-12)
    expect(gap).toBeLessThanOrEqual(single ? 1e-6 : 1e-12)
  })
})
