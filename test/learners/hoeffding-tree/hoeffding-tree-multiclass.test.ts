import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, Learner, Sized, Snapshot, Vector } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { fnv1a } from '../../../src/core/hash.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { restore } from '../../../src/core/snapshot.ts'
import {
  HoeffdingTreeClassifier,
  type HoeffdingTreeInput,
  HoeffdingTreeMulticlass,
} from '../../../src/learners/hoeffding-tree/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import golden from '../../golden/hoeffding-tree-multiclass.json' with { type: 'json' }
import { expectClose, replayPlain, replayTree } from './multiclass-streams.ts'
import { PlainTree } from './plain-tree.ts'
import { EAGER, makeRows, type Row } from './streams.ts'

const eager = { gracePeriod: 50, confidence: 0.01 }

/** Three classes by one feature and a session; missing values, weights, and now and then a fourth class. */
function labelled(n: number, seed: string): Row[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => {
    const x = Float64Array.from({ length: 4 }, () => drawNormal(rng))
    const session = Math.floor(3 * rng.next())
    const score = (session === 0 ? 1 : -1) * x[0]! + 0.4 * drawNormal(rng)
    const y = rng.next() < 0.005 ? 3 : score < -0.5 ? 0 : score < 0.5 ? 1 : 2
    const known = x.map((value) => (rng.next() < 0.05 ? Number.NaN : value))
    return { x: Float64Array.of(...known, session), y, weight: rng.next() < 0.3 ? 2 : 0.5 }
  })
}

const create = (more: Partial<HoeffdingTreeInput> = {}) =>
  new HoeffdingTreeMulticlass({ features: 5, classes: 4, nominal: [4], categories: 4, ...eager, ...more })
const grown = (more: Partial<HoeffdingTreeInput> = {}, rows = labelled(3000, 'grown')) => {
  const tree = create(more)
  for (const { x, y, weight } of rows) tree.learn(x, y, weight)
  return tree
}

const VARIANTS: { readonly [name: string]: Partial<HoeffdingTreeInput> } = {
  majority: { leafPrediction: 'majority' },
  'naive Bayes': { leafPrediction: 'naive-bayes' },
  adaptive: {},
  Gini: { criterion: 'gini' },
  Hellinger: { criterion: 'hellinger' },
  histograms: { observer: 'histogram', bins: 8 },
  'two features a leaf': { featuresPerLeaf: 2, seed: 3 },
  'all categories apart': { nominalSplits: 'multiway' },
  'poor features removed': { poorFeatures: 'remove' },
  'little memory': { maxBytes: 8000 },
  'two questions deep': { maxDepth: 2 },
}

describe('with two classes', () => {
  const rows = makeRows(2500, 'two').map(({ x, ...rest }, i) => ({ x: Float64Array.of(...x, i % 3), ...rest }))

  test.each(Object.keys(VARIANTS))('%s: says what a HoeffdingTreeClassifier says, to 1e-12', (variant) => {
    const options = { features: 7, nominal: [6], categories: 4, ...eager, ...VARIANTS[variant] }
    const two = new HoeffdingTreeMulticlass({ ...options, classes: 2 })
    const one = new HoeffdingTreeClassifier(options)
    const { predictions } = replayTree(two, rows)
    for (const [i, { x, y, weight }] of rows.entries()) {
      expect(Math.abs(predictions[i]![1]! - one.predict(x)), `row ${i}`).toBeLessThan(1e-12)
      one.learn(x, y, weight)
    }
    // what they have learned is the same to the bit
    expect(JSON.stringify(two.toJSON().state)).toBe(JSON.stringify(one.toJSON().state))
    expect(two.describe()).toEqual(one.describe())
    expect([two.leaves, two.activeLeaves, two.sizeInBytes]).toEqual([one.leaves, one.activeLeaves, one.sizeInBytes])
  })
})

describe('on a generated stream with missing values, weights and a rare class', () => {
  const rows = labelled(4000, 'golden')

  test('the stream is the one the numbers belong to', () => {
    expect(fnv1a(JSON.stringify(rows.map(({ x, y, weight }) => [...x, y, weight])))).toBe(golden.generated.stream)
  })

  test.each(['majority', 'naive-bayes', 'adaptive'] as const)('%s: equals the plain tree and the pinned run', (how) => {
    const tree = create({ leafPrediction: how })
    const { predictions, labels, accuracy } = replayTree(tree, rows)
    const options = { ...EAGER, leafPrediction: how, classes: 4, nominal: [4] }
    const plain = replayPlain(new PlainTree('ours', options), rows)
    expect(labels).toBe(plain.labels)
    expectClose(predictions, plain.predictions, 1e-9)
    expect({ accuracy, leaves: tree.leaves, labels: fnv1a(labels) }).toEqual(golden.generated[how])
  })
})

/** The tree as a binary learner, so that the laws of learners can be held against it: P(y = 1) of three classes. */
class OfClassOne implements Learner, Sized {
  static readonly type = HoeffdingTreeMulticlass.type
  static readonly version = HoeffdingTreeMulticlass.version
  readonly task = 'binary'
  readonly tree: HoeffdingTreeMulticlass
  readonly out: Float64Array
  constructor(tree: HoeffdingTreeMulticlass) {
    this.tree = tree
    this.out = new Float64Array(tree.outputs)
  }
  get seen(): number {
    return this.tree.seen
  }
  get sizeInBytes(): number {
    return this.tree.sizeInBytes
  }
  predict(x: Vector): number {
    const shares = this.tree.predictInto(x, this.out)
    expect(shares.every((p) => p >= 0 && p <= 1)).toBe(true)
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
    return shares[1]!
  }
  learn(x: Vector, y: number, weight?: number): void {
    this.tree.learn(x, y, weight)
  }
  toJSON(): Snapshot {
    return this.tree.toJSON()
  }
  static fromJSON(json: Snapshot): OfClassOne {
    return new OfClassOne(HoeffdingTreeMulticlass.fromJSON(json))
  }
}

describe('obeys the laws of learners', () => {
  const options = { features: 3, classes: 3, gracePeriod: 20, confidence: 0.1, tieThreshold: 0.2 }
  for (const [variant, more] of Object.entries(VARIANTS)) {
    const make = () => new OfClassOne(new HoeffdingTreeMulticlass({ ...options, nominal: [2], categories: 4, ...more }))
    for (const { name, run } of learnerLaws(make, OfClassOne)) test(`${variant}: ${name}`, run)
  }
})

describe.each(Object.keys(VARIANTS))('%s', (variant) => {
  const more = VARIANTS[variant]!
  const rows = labelled(3000, 'laws')

  test('restored half-way it goes on to the bit, and equal streams give equal states', () => {
    const steady = grown(more, rows.slice(0, 2500))
    if (variant !== 'little memory') expect(steady.leaves).toBeGreaterThan(1)
    const restored = restore(JSON.parse(JSON.stringify(steady)) as Snapshot, [HoeffdingTreeMulticlass])
    expect(restored.sizeInBytes).toBe(steady.sizeInBytes)
    for (const tree of [steady, restored]) for (const { x, y, weight } of rows.slice(2500)) tree.learn(x, y, weight)
    expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
    expect(JSON.stringify(grown(more, rows))).toBe(JSON.stringify(steady))
    expect(steady.seen).toBe(3000)
  })

  test('predicting changes nothing, and neither does what is refused', () => {
    const tree = grown(more, rows)
    const before = JSON.stringify(tree)
    const { x } = rows[0]!
    const out = new Float64Array(4)
    expect(tree.predictInto(x, out)).toBe(out)
    const bad = [
      () => tree.learn(x, 4),
      () => tree.learn(x, -1),
      () => tree.learn(x, 0.5),
      () => tree.learn(x, Number.NaN),
      () => tree.learn(x, 1, 0),
      () => tree.learn(x, 1, Number.POSITIVE_INFINITY),
      () =>
        tree.learn(
          x.map(() => Number.NEGATIVE_INFINITY),
          1,
        ),
      () => tree.learn(x.subarray(1), 1),
      () => tree.predictInto(x.subarray(1), out),
      () => tree.predictInto(x, new Float64Array(3)),
    ]
    for (const act of bad) expect(act).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(JSON.stringify(tree)).toBe(before)
  })
})

describe('predictions', () => {
  test('are equal shares at first, and the only class after one class', () => {
    const tree = create()
    const out = new Float64Array(4)
    expect([...tree.predictInto(new Float64Array(5), out)]).toEqual([0.25, 0.25, 0.25, 0.25])
    for (let i = 0; i < 500; i++) tree.learn(Float64Array.of(i, -i, 0, i % 7, i % 3), 2)
    expect([...tree.predictInto(new Float64Array(5), out)]).toEqual([0, 0, 1, 0])
    expect(tree.leaves).toBe(1)
  })

  test('may be written over the vector that is asked about', () => {
    const square = new HoeffdingTreeMulticlass({ features: 4, classes: 4, leafPrediction: 'naive-bayes' })
    for (const { x, y, weight } of labelled(600, 'square')) square.learn(x.subarray(0, 4), y, weight)
    for (const { x } of labelled(50, 'asked')) {
      const asked = x.slice(0, 4)
      const apart = square.predictInto(asked, new Float64Array(4))
      expect(square.predictInto(asked, asked)).toEqual(apart)
    }
  })

  test('stay probabilities whatever values, classes and weights come', () => {
    const value = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(0, 1e300, -1e300, 1e308, 5e-324))
    const weight = fc.oneof(
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      fc.constantFrom(5e-324, 1e-300, 1e300, 1.7e308),
    )
    const row = fc.tuple(value, value, fc.nat(3), fc.nat(2), weight)
    const out = new Float64Array(3)
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), fc.constantFrom(...Object.values(VARIANTS)), (rows, more) => {
        const options = { gracePeriod: 5, confidence: 0.5, tieThreshold: 1, ...more }
        const tree = new HoeffdingTreeMulticlass({ features: 3, classes: 3, nominal: [2], categories: 4, ...options })
        for (const [a, b, category, y, w] of rows) {
          const x = Float64Array.of(a, b, category)
          tree.predictInto(x, out)
          expect(
            out.every((p) => p >= 0 && p <= 1),
            `${out}`,
          ).toBe(true)
          expect(out[0]! + out[1]! + out[2]!).toBeCloseTo(1, 9)
          tree.learn(x, y, w)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('do not depend on the features’ units, with a class that has been seen once too', () => {
    const rows = labelled(600, 'units').map((row, i) => ({ ...row, y: i === 100 ? 3 : row.y % 3 }))
    const scaled = rows.map((row) => ({
      ...row,
      x: row.x.map((value, f) => (f < 4 ? value * 2 ** (9 * f - 20) : value)),
    }))
    const more = { leafPrediction: 'naive-bayes' } as const
    const [a, b] = [rows, scaled].map((stream) => replayTree(create(more), stream).predictions)
    expectClose(a!, b!, 1e-9)
    // seen once, it stays as rare as it is
    const rare = a!.slice(-200).map((shares) => shares[3]!)
    expect(Math.max(...rare)).toBeLessThan(0.2)
    expect(Math.min(...rare)).toBeGreaterThan(0)
  })
})

describe('memory', () => {
  test('is the arrays that the options allow, and stays so at maxLeaves', () => {
    const capped = grown({ maxLeaves: 3, nominal: [] })
    // 3 places: 4 classes x 5 features x 5 numbers and 4 more, 6 ints, a byte; 5 nodes: 6 ints, 5 numbers, a byte; 4
    // numbers that count
    expect(capped.leaves).toBe(3)
    expect(capped.sizeInBytes).toBe(3 * (8 * (100 + 4) + 4 * 6 + 1) + 5 * (24 + 40 + 1) + 32)
    const { sizeInBytes } = capped
    for (const { x, y, weight } of labelled(500, 'more')) capped.learn(x, y, weight)
    expect(capped.sizeInBytes).toBe(sizeInBytes)
  })

  test('stays below maxBytes, where some leaves keep no statistics', () => {
    const tree = grown({ maxBytes: 8000 }, labelled(6000, 'tight'))
    expect(tree.sizeInBytes).toBeLessThanOrEqual(8000)
    expect(tree.activeLeaves).toBeLessThan(tree.leaves)
  })
})

test('describe lists the weights of all classes, which add up to what came through', () => {
  const rows = labelled(3000, 'grown')
  const nodes = grown({}, rows).describe()
  const perClass = [0, 1, 2, 3].map((c) => rows.reduce((sum, { y, weight }) => sum + (y === c ? weight : 0), 0))
  expect(nodes[0]!.counts).toEqual(perClass)
  // the session turns the first feature's meaning round
  const asked = nodes.flatMap(({ split }) => split?.feature ?? [])
  expect(new Set(asked)).toEqual(new Set([0, 4]))
})

describe('refuses', () => {
  test.each([
    ['classes', { classes: 1 }],
    ['classes', { classes: 2.5 }],
    ['classes', { classes: 1e9 }],
    ['features', { features: 0 }],
    ['criterion', { criterion: 'entropy' as never }],
    ['maxBytes', { maxBytes: 200 }],
    ['maxBytes', { features: 65_536, classes: 1024 }],
  ])('a bad %s', (name, options) => {
    expect(() => new HoeffdingTreeMulticlass({ features: 2, classes: 3, ...options })).toThrow(`"${name}" must be`)
  })

  const json = JSON.parse(JSON.stringify(grown())) as Snapshot
  const state = json.state as { readonly [part: string]: JsonObject }
  const damaged = (part: string, field: string, change: (bytes: Buffer) => void): Snapshot => {
    const packed = state[part]![field] as { $: string; data: string }
    const bytes = Buffer.from(packed.data, 'base64')
    change(bytes)
    const changed = { ...packed, data: bytes.toString('base64') }
    return { ...json, state: { ...state, [part]: { ...state[part], [field]: changed } } }
  }

  test.each<[string, Snapshot, string]>([
    ['a child out of range', damaged('tree', 'child', (bytes) => bytes.writeInt32LE(1e6, 0)), 'CORRUPT_SNAPSHOT'],
    ['a feature out of range', damaged('tree', 'feature', (bytes) => bytes.writeInt32LE(5, 0)), 'CORRUPT_SNAPSHOT'],
    ['an orphan', damaged('tree', 'parent', (bytes) => bytes.writeInt32LE(2, 8)), 'CORRUPT_SNAPSHOT'],
    ['a negative class weight', damaged('tree', 'counts', (bytes) => bytes.writeDoubleLE(-1, 0)), 'CORRUPT_SNAPSHOT'],
    ['a class weight of NaN', damaged('tree', 'counts', (bytes) => bytes.fill(255, 0, 8)), 'CORRUPT_SNAPSHOT'],
    ['a negative weight', damaged('leaves', 'cells', (bytes) => bytes.writeDoubleLE(-1, 0)), 'CORRUPT_SNAPSHOT'],
    [
      'a negative weight of a category',
      damaged('leaves', 'categories', (bytes) => bytes.writeDoubleLE(-1, 0)),
      'CORRUPT_SNAPSHOT',
    ],
    ['fewer classes than it has', { ...json, options: { ...json.options, classes: 3 } }, 'CORRUPT_SNAPSHOT'],
    ['no classes', { ...json, options: { ...json.options, classes: null } }, 'CORRUPT_SNAPSHOT'],
    ['a thousand million classes', { ...json, options: { ...json.options, classes: 1e9 } }, 'INVALID_OPTION'],
    ['a negative number seen', { ...json, state: { ...state, seen: -1 } }, 'CORRUPT_SNAPSHOT'],
    ['what it does not know', { ...json, state: { ...state, extra: 1 } }, 'CORRUPT_SNAPSHOT'],
  ])('a snapshot with %s', (_, broken, code) => {
    expect(() => HoeffdingTreeMulticlass.fromJSON(broken)).toThrow(expect.objectContaining({ code }))
  })
})
