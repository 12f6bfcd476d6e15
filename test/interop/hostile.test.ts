import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TradeLearnError } from '../../src/core/index.ts'
import { type ImportedModel, readCatBoost, readLightGBM, readXGBoost } from '../../src/interop/index.ts'
import { CATBOOST, catboostText } from './catboost-fixtures.ts'
import { toUbjson } from './to-ubjson.ts'

type Golden = { readonly models: readonly { readonly name: string; readonly text: string }[] }
const textsOf = (name: string): string[] => {
  const golden = readFileSync(join(import.meta.dirname, `../golden/interop-${name}.json`), 'utf8')
  return (JSON.parse(golden) as Golden).models.map(({ text }) => text)
}
const lightgbm = textsOf('lightgbm')
const xgboost = textsOf('xgboost')
const catboost = CATBOOST.map(({ file }) => catboostText(file))

/** The code of the error, or undefined; anything but a coded error of a model file fails the test. */
function refusal(read: () => ImportedModel): TradeLearnError | undefined {
  try {
    predictsFinite(read())
    return undefined
  } catch (error) {
    const { code } = error as TradeLearnError
    if (code !== 'CORRUPT_MODEL' && code !== 'UNSUPPORTED_MODEL') throw error
    return error as TradeLearnError
  }
}

/** Asks a model that was accepted for everything. */
function predictsFinite(model: ImportedModel): void {
  const { features, outputs } = model
  // a damaged count may be a large one that is still allowed
  if (features * outputs > 100_000) return
  const out = new Float64Array(outputs)
  const lines = isLinear(model)
  for (const v of [0, Number.NaN, 1, -3, 1e300, -1e300, 0.1]) {
    const x = new Float64Array(features).fill(v)
    model.marginInto(x, out)
    if (!lines) for (const margin of out) if (!Number.isFinite(margin)) throw new Error(`margin ${margin}`)
    model.predictInto(x, out)
    if (!lines) for (const y of out) if (!Number.isFinite(y)) throw new Error(`prediction ${y}`)
    if (outputs === 1 && !Number.isFinite(model.predict(x))) throw new Error('predict')
    model.leavesInto(x, new Int32Array(model.trees))
    if (lines) continue
    if (!Number.isFinite(model.baseValue(x, outputs - 1))) throw new Error('base value')
    for (const { amount } of model.explain(x, outputs - 1))
      if (!Number.isFinite(amount)) throw new Error(`SHAP ${amount}`)
  }
}

const isLinear = (model: ImportedModel): boolean => {
  try {
    model.explain(new Float64Array(model.features))
    return false
  } catch (error) {
    return (error as TradeLearnError).code === 'UNSUPPORTED_MODEL'
  }
}

const code = (read: () => ImportedModel): string => refusal(read)?.code ?? 'accepted'

describe('a damaged LightGBM text', () => {
  const text = lightgbm[1]!
  const set = (key: string, value: string): string => text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=${value}`)
  test.each<[string, string, string]>([
    ['nothing at all', '', 'CORRUPT_MODEL'],
    ['something else', '{"learner":{}}', 'CORRUPT_MODEL'],
    ['another version', set('version', 'v9'), 'UNSUPPORTED_MODEL'],
    ['an unknown objective', set('objective', 'haruspex'), 'UNSUPPORTED_MODEL'],
    ['a prototype as objective', set('objective', '__proto__'), 'UNSUPPORTED_MODEL'],
    ['cut off', text.slice(0, text.length - 30), 'CORRUPT_MODEL'],
    ['one tree less than announced', text.replace(/Tree=2[\s\S]*end of trees/, 'end of trees'), 'CORRUPT_MODEL'],
    ['trees in another order', text.replace('Tree=1', 'Tree=7'), 'CORRUPT_MODEL'],
    ['a huge number of leaves', set('num_leaves', '2000000000'), 'CORRUPT_MODEL'],
    ['a negative number of leaves', set('num_leaves', '-5'), 'CORRUPT_MODEL'],
    ['a huge number of features', set('max_feature_idx', '2000000000'), 'CORRUPT_MODEL'],
    ['a huge number of classes', set('num_tree_per_iteration', '2000000000'), 'CORRUPT_MODEL'],
    ['a huge number of sets', set('num_cat', '1000000000'), 'CORRUPT_MODEL'],
    ['a set that ends beyond the words', set('cat_boundaries', '0 99999999'), 'CORRUPT_MODEL'],
    ['a word of a set below 0', set('cat_threshold', '-1 4'), 'CORRUPT_MODEL'],
    ['a key twice', text.replace('num_cat=', 'num_leaves=5\nnum_cat='), 'CORRUPT_MODEL'],
    ['a loop', set('left_child', '0 0 0 0'), 'CORRUPT_MODEL'],
    ['a node with two parents', set('left_child', '1 2 2 2'), 'CORRUPT_MODEL'],
    ['a child out of range', set('right_child', '99 1 2 3'), 'CORRUPT_MODEL'],
    ['a leaf out of range', set('right_child', '-99 1 2 3'), 'CORRUPT_MODEL'],
    ['a leaf that is no number', set('leaf_value', 'nan 1 2 3 4'), 'CORRUPT_MODEL'],
    ['a leaf without end', set('leaf_value', 'inf 1 2 3 4'), 'CORRUPT_MODEL'],
    ['a leaf beyond all reason', set('leaf_value', '1e200 1 2 3 4'), 'CORRUPT_MODEL'],
    ['a threshold that is no number', set('threshold', 'nan nan nan nan'), 'CORRUPT_MODEL'],
    ['a negative count', set('leaf_count', '-1 1 2 3 4'), 'CORRUPT_MODEL'],
    ['a feature out of range', set('split_feature', '4 0 0 0'), 'CORRUPT_MODEL'],
    ['half a feature', set('split_feature', '0.5 0 0 0'), 'CORRUPT_MODEL'],
    ['an unknown kind of question', set('decision_type', '12 2 2 2'), 'CORRUPT_MODEL'],
    ['a word for a number', set('leaf_count', 'many 1 2 3 4'), 'CORRUPT_MODEL'],
    [
      'a number of a million digits that ends in a letter',
      set('leaf_value', `${'9'.repeat(1e6)}x 1 2 3 4`),
      'CORRUPT_MODEL',
    ],
    ['a number of a million digits', set('leaf_value', `${'9'.repeat(1e6)} 1 2 3 4`), 'CORRUPT_MODEL'],
  ])('%s', (_, damaged, wanted) => expect(code(() => readLightGBM(damaged))).toBe(wanted))

  test('messages say what was wanted and what came', () => {
    expect(refusal(() => readLightGBM(set('split_feature', '4 0 0 0')))?.message).toBe(
      `A model file's "split_feature" must be a whole number from 0 to 3, got 4.`,
    )
  })

  test('a chain of 100,000 questions is refused, not followed', () => {
    const n = 100_000
    const list = (value: (i: number) => unknown, length = n): string =>
      Array.from({ length }, (_, i) => value(i)).join(' ')
    const chain = text.replace(
      /Tree=0[\s\S]*end of trees/,
      [
        'Tree=0',
        `num_leaves=${n + 1}`,
        'num_cat=0',
        `split_feature=${list(() => 0)}`,
        `threshold=${list((i) => i)}`,
        `decision_type=${list(() => 2)}`,
        `left_child=${list((i) => ~i)}`,
        `right_child=${list((i) => (i === n - 1 ? ~n : i + 1))}`,
        `leaf_value=${list(() => 1, n + 1)}`,
        `leaf_count=${list(() => 1, n + 1)}`,
        'end of trees',
      ].join('\n'),
    )
    expect(code(() => readLightGBM(chain.replace(/^tree_sizes.*$/m, '')))).toBe('UNSUPPORTED_MODEL')
  })

  test('a set that many questions share is counted each time', () => {
    const words = Array.from({ length: 100_000 }, () => 1).join(' ')
    const n = 240
    const list = (value: (i: number) => unknown, length = n): string =>
      Array.from({ length }, (_, i) => value(i)).join(' ')
    const shared = text.replace(
      /Tree=0[\s\S]*end of trees/,
      [
        'Tree=0',
        `num_leaves=${n + 1}`,
        'num_cat=1',
        `split_feature=${list(() => 0)}`,
        `threshold=${list(() => 0)}`,
        `decision_type=${list(() => 1)}`,
        `left_child=${list((i) => ~i)}`,
        `right_child=${list((i) => (i === n - 1 ? ~n : i + 1))}`,
        `leaf_value=${list(() => 1, n + 1)}`,
        `leaf_count=${list(() => 1, n + 1)}`,
        'cat_boundaries=0 100000',
        `cat_threshold=${words}`,
        'end of trees',
      ].join('\n'),
    )
    expect(code(() => readLightGBM(shared.replace(/^tree_sizes.*$/m, '')))).toBe('UNSUPPORTED_MODEL')
  })
})

describe('a damaged XGBoost document', () => {
  const text = xgboost[0]!
  const swap = (from: string | RegExp, to: string): string => {
    const damaged = text.replace(from, to)
    if (damaged === text) throw new Error(`nothing to replace: ${from}`)
    return damaged
  }
  test.each<[string, string, string]>([
    ['nothing at all', '', 'CORRUPT_MODEL'],
    ['no object', '[1,2]', 'CORRUPT_MODEL'],
    ['no learner', '{}', 'CORRUPT_MODEL'],
    ['a prototype for a learner', '{"__proto__":{"learner":{}}}', 'CORRUPT_MODEL'],
    ['cut off', text.slice(0, -5), 'CORRUPT_MODEL'],
    ['something behind', `${text}x`, 'CORRUPT_MODEL'],
    ['an open string', '{"learner', 'CORRUPT_MODEL'],
    ['a broken escape', '{"\\u12":1}', 'CORRUPT_MODEL'],
    ['a key twice', swap('"attributes":{}', '"attributes":{},"attributes":{}'), 'CORRUPT_MODEL'],
    ['100,000 open brackets', '['.repeat(100_000), 'CORRUPT_MODEL'],
    ['an open string of a million quotes', `{"${'\\"'.repeat(1e6)}`, 'CORRUPT_MODEL'],
    ['a linear booster', swap('"name":"gbtree"', '"name":"gblinear"'), 'UNSUPPORTED_MODEL'],
    ['an unknown objective', swap('binary:logistic', 'haruspex'), 'UNSUPPORTED_MODEL'],
    ['a prototype as objective', swap('binary:logistic', '__proto__'), 'UNSUPPORTED_MODEL'],
    ['a base score of 0', swap('"3E-1"', '"0E0"'), 'CORRUPT_MODEL'],
    ['no base score', swap('"3E-1"', '"[]"'), 'CORRUPT_MODEL'],
    ['more base scores than outputs', swap('"3E-1"', '"[3E-1,3E-1]"'), 'CORRUPT_MODEL'],
    ['a huge number of classes', swap('"num_class":"0"', '"num_class":"1000000000"'), 'UNSUPPORTED_MODEL'],
    [
      'a huge number of features',
      swap('"num_feature":"3","num_target"', '"num_feature":"1000000000","num_target"'),
      'UNSUPPORTED_MODEL',
    ],
    ['a loop', swap('"left_children":[1,3', '"left_children":[1,0'), 'CORRUPT_MODEL'],
    ['a node with two parents', swap('"left_children":[1,3', '"left_children":[1,4'), 'CORRUPT_MODEL'],
    ['a child out of range', swap('"left_children":[1,3', '"left_children":[1,5'), 'CORRUPT_MODEL'],
    ['half a child', swap('"left_children":[1,3', '"left_children":[1,3.5'), 'CORRUPT_MODEL'],
    ['one number too few', swap('"left_children":[1,3,-1', '"left_children":[1,3'), 'CORRUPT_MODEL'],
    ['a leaf that is no number', swap('NaN,0.3,', 'NaN,NaN,'), 'CORRUPT_MODEL'],
    ['a leaf beyond a float', swap('NaN,0.3,', 'NaN,1e39,'), 'CORRUPT_MODEL'],
    ['leaves that add up beyond a float', swap('NaN,0.3,', 'NaN,3e38,').replace('[0.125]', '[3e38]'), 'CORRUPT_MODEL'],
    ['a threshold that is no number', swap('[0.25,', '[NaN,'), 'CORRUPT_MODEL'],
    ['a negative Hessian', swap('"sum_hessian":[10,6,4,', '"sum_hessian":[10,6,-4,'), 'CORRUPT_MODEL'],
    ['a category of 2^24', swap('"categories":[0,3,33]', '"categories":[0,3,16777216]'), 'CORRUPT_MODEL'],
    ['a category below 0', swap('"categories":[0,3,33]', '"categories":[0,3,-1]'), 'CORRUPT_MODEL'],
    ['a segment beyond the categories', swap('"categories_sizes":[3]', '"categories_sizes":[4]'), 'CORRUPT_MODEL'],
    [
      'a segment that begins elsewhere',
      swap('"categories_segments":[0]', '"categories_segments":[1]'),
      'CORRUPT_MODEL',
    ],
    ['a feature out of range', swap('"split_indices":[0,2', '"split_indices":[3,2'), 'CORRUPT_MODEL'],
    ['trees for an output that is not there', swap('"tree_info":[0', '"tree_info":[1'), 'CORRUPT_MODEL'],
    ['leaves with several values', swap('"size_leaf_vector":"1"', '"size_leaf_vector":"3"'), 'UNSUPPORTED_MODEL'],
  ])('%s', (_, damaged, wanted) => expect(code(() => readXGBoost(damaged))).toBe(wanted))

  test('nothing in a file reaches a prototype', () => {
    readXGBoost(swap('"attributes":{}', '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  const bytes = toUbjson(text)
  test.each<[string, number[]]>([
    [
      'an array that claims 2^60 numbers',
      [0x7b, 0x4c, 0, 0, 0, 0, 0, 0, 0, 1, 0x61, 0x5b, 0x24, 0x64, 0x23, 0x4c, 16, 0, 0, 0, 0, 0, 0, 0],
    ],
    [
      'a list that claims 2^40 items',
      [0x7b, 0x4c, 0, 0, 0, 0, 0, 0, 0, 1, 0x61, 0x5b, 0x23, 0x4c, 0, 0, 1, 0, 0, 0, 0, 0],
    ],
    ['a key that claims 2^40 bytes', [0x7b, 0x4c, 0, 0, 1, 0, 0, 0, 0, 0]],
    ['a key of -1 bytes', [0x7b, 0x4c, 255, 255, 255, 255, 255, 255, 255, 255]],
    ['an array of nulls, which take no bytes', [0x7b, 0x69, 1, 0x61, 0x5b, 0x24, 0x5a, 0x23, 0x6c, 127, 255, 255, 255]],
    ['a key that is not UTF-8', [0x7b, 0x69, 1, 0xff, 0x5a, 0x7d]],
    ['open brackets to the end', [0x7b, 0x69, 1, 0x61, ...new Array<number>(100_000).fill(0x5b)]],
  ])('UBJSON: %s', (_, list) => expect(code(() => readXGBoost(Uint8Array.from(list)))).toBe('CORRUPT_MODEL'))

  test('UBJSON cut off anywhere is refused', () => {
    for (let n = 0; n < bytes.length; n += 7)
      expect(code(() => readXGBoost(bytes.subarray(0, n)))).toBe('CORRUPT_MODEL')
  })
})

// ---------------------------------------------------------------- random damage

/** Numbers and words that hurt. */
const NASTY = [
  '-1',
  '0',
  '1e308',
  '-1e308',
  'NaN',
  'nan',
  'inf',
  '-inf',
  'Infinity',
  '99999999999',
  '0.5',
  '1e-400',
  '',
  '__proto__',
  '[',
  '{',
  '"',
]

const damage = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('flip' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      by: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({
      kind: fc.constant('cut' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      by: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({
      kind: fc.constant('end' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      by: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('number' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      by: fc.integer({ min: 0, max: NASTY.length - 1 }),
    }),
  ),
  { minLength: 1, maxLength: 3 },
)
type Damage = { kind: 'flip' | 'cut' | 'end' | 'number'; at: number; by: number }

function damaged(bytes: Uint8Array, blows: readonly Damage[]): Uint8Array {
  let now: Uint8Array = bytes.slice()
  for (const { kind, at, by } of blows) {
    const place = Math.floor(at * (now.length - 1))
    if (kind === 'flip') now[place]! ^= by
    else if (kind === 'end') now = now.slice(0, place)
    else if (kind === 'cut') now = Uint8Array.from([...now.subarray(0, place), ...now.subarray(place + by)])
    else now = withNumber(now, place, NASTY[by]!)
    if (now.length === 0) break
  }
  return now
}

/** Puts a word in the place of the next number. */
function withNumber(bytes: Uint8Array, place: number, word: string): Uint8Array {
  const isPart = (c: number): boolean => (c >= 48 && c <= 57) || c === 46 || c === 45
  let start = place
  while (start < bytes.length && !isPart(bytes[start]!)) start++
  let end = start
  while (end < bytes.length && isPart(bytes[end]!)) end++
  return Uint8Array.from([...bytes.subarray(0, start), ...new TextEncoder().encode(word), ...bytes.subarray(end)])
}

const toText = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('random damage is refused with a coded error, or leaves a model that predicts and explains in finite numbers', () => {
  test.each<[string, readonly Uint8Array[], (bytes: Uint8Array) => ImportedModel]>([
    ['LightGBM', lightgbm.map(encode), (bytes) => readLightGBM(toText(bytes))],
    ['XGBoost JSON', xgboost.map(encode), (bytes) => readXGBoost(toText(bytes))],
    ['XGBoost bytes', xgboost.map(encode), (bytes) => readXGBoost(bytes)],
    ['XGBoost UBJSON', xgboost.map(toUbjson), (bytes) => readXGBoost(bytes)],
    ['CatBoost', catboost.map(encode), (bytes) => readCatBoost(toText(bytes))],
  ])('%s', (_, files, read) => {
    fc.assert(
      fc.property(fc.nat(files.length - 1), damage, (which, blows) => {
        refusal(() => read(damaged(files[which]!, blows)))
      }),
      { numRuns: Number(process.env['FUZZ'] ?? 400) },
    )
  })
})
