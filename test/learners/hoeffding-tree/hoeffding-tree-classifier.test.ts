import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, Snapshot } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { fnv1a } from '../../../src/core/hash.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  HoeffdingTreeClassifier,
  type HoeffdingTreeInput,
  type TreeNode,
} from '../../../src/learners/hoeffding-tree/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import golden from '../../golden/hoeffding-tree-classifier.json' with { type: 'json' }
import { PlainTree } from './plain-tree.ts'
import { EAGER, makeRows, type Row, replay } from './streams.ts'

const eager = { gracePeriod: 50, confidence: 0.01 }
const grown = (options: { maxLeaves?: number; features?: number } = {}, rows = makeRows(3000, 'grown')) => {
  const tree = new HoeffdingTreeClassifier({ features: rows[0]!.x.length, ...eager, ...options })
  for (const { x, y, weight } of rows) tree.learn(x, y, weight)
  return tree
}

const weightOf = ({ counts }: TreeNode): number => counts.reduce((sum, n) => sum + n, 0)
const childrenOf = (split: TreeNode['split']): readonly number[] => {
  if (split === null) return []
  return 'left' in split ? [split.left, split.right] : split.children
}

describe('obeys the laws of learners', () => {
  const options = { features: 3, gracePeriod: 20, confidence: 0.1, tieThreshold: 0.2 }
  const variants: { readonly [name: string]: Partial<HoeffdingTreeInput> } = {
    majority: { leafPrediction: 'majority' },
    'naive Bayes': { leafPrediction: 'naive-bayes' },
    adaptive: { leafPrediction: 'adaptive' },
    Gini: { criterion: 'gini' },
    Hellinger: { criterion: 'hellinger' },
    histograms: { observer: 'histogram', bins: 8 },
    'two features a leaf': { featuresPerLeaf: 2, leafPrediction: 'majority', seed: 7 },
    'nominal features': { nominal: [1, 2], categories: 4 },
    'nominal features all apart': { nominal: [2], categories: 4, nominalSplits: 'multiway' },
    'poor features removed': { poorFeatures: 'remove', tieThreshold: 0 },
    'little memory': { maxBytes: 2000 },
    'two questions deep': { maxDepth: 2 },
  }
  for (const [variant, more] of Object.entries(variants)) {
    const create = () => new HoeffdingTreeClassifier({ ...options, ...more })
    for (const { name, run } of learnerLaws(create, HoeffdingTreeClassifier)) test(`${variant}: ${name}`, run)
  }

  test('among them with a tree that has split', () => {
    expect(grown().leaves).toBeGreaterThan(5)
    const { type, version, ...rest } = JSON.parse(JSON.stringify(grown())) as Snapshot
    const copy = HoeffdingTreeClassifier.fromJSON({ type, version, ...rest })
    for (const { x, y, weight } of makeRows(1000, 'later')) copy.learn(x, y, weight)
    const whole = grown({}, [...makeRows(3000, 'grown'), ...makeRows(1000, 'later')])
    expect(JSON.stringify(copy)).toBe(JSON.stringify(whole))
  })
})

describe('on a generated stream with missing values and weights', () => {
  const rows = makeRows(4000, 'golden')

  test('the stream is the one the numbers belong to', () => {
    expect(fnv1a(JSON.stringify(rows.map(({ x, y, weight }) => [...x, y, weight])))).toBe(golden.generated.stream)
  })

  test.each(['majority', 'naive-bayes', 'adaptive'] as const)('%s: equals the plain tree and the pinned run', (how) => {
    const tree = new HoeffdingTreeClassifier({ features: 6, ...eager, leafPrediction: how })
    const { predictions, labels, accuracy } = replay(tree, rows)
    const plain = replay(new PlainTree('ours', { ...EAGER, leafPrediction: how }), rows)
    expect(labels).toBe(plain.labels)
    for (const [i, p] of plain.predictions.entries()) expect(Math.abs(predictions[i]! - p)).toBeLessThan(1e-9)
    expect({ accuracy, leaves: tree.leaves, labels: fnv1a(labels) }).toEqual(golden.generated[how])
  })
})

describe('splits', () => {
  const noise = (n: number, features: number, seed: string): Row[] => {
    const rng = new SeededRng(seed)
    return Array.from({ length: n }, () => ({
      x: Float64Array.from({ length: features }, () => drawNormal(rng)),
      y: Number(rng.next() < 0.5),
      weight: 1,
    }))
  }

  test('on the lower of two equal features', () => {
    const rows = makeRows(3000, 'twins').map(({ x, ...rest }) => ({ ...rest, x: Float64Array.of(...x, ...x) }))
    const asked = grown({}, rows)
      .describe()
      .flatMap(({ split }) => split?.feature ?? [])
    expect(asked.length).toBeGreaterThan(2)
    expect(Math.max(...asked)).toBeLessThan(6)
  })

  test('not on a lone feature of noise before the tie rule, and with a minimum gain not after it either', () => {
    // the default bound falls to the tie threshold at 3224 observations
    const rows = noise(6000, 1, 'lone')
    const [plain, careful] = [{}, { minGain: 0.02 }].map((options) => {
      const tree = new HoeffdingTreeClassifier({ features: 1, ...options })
      for (const { x, y } of rows.slice(0, 3000)) tree.learn(x, y)
      expect(tree.leaves).toBe(1)
      for (const { x, y } of rows.slice(3000)) tree.learn(x, y)
      return tree.leaves
    })
    expect(plain).toBeGreaterThan(1)
    expect(careful).toBe(1)
  })

  test('not before the gain exceeds the minimum gain by the bound', () => {
    const rng = new SeededRng('bound')
    const rows = Array.from({ length: 1600 }, () => {
      const y = Number(rng.next() < 0.5)
      return { x: Float64Array.of(2.5 * y + drawNormal(rng), drawNormal(rng)), y }
    })
    // the gain is near 0.5 bits; the bound is 0.2 at 200 rows and 0.07 at 1600
    const leavesAfter = (n: number, minGain: number): number => {
      const tree = new HoeffdingTreeClassifier({ features: 2, minGain })
      for (const { x, y } of rows.slice(0, n)) tree.learn(x, y)
      return tree.leaves
    }
    expect([leavesAfter(200, 0), leavesAfter(200, 0.4), leavesAfter(1600, 0.4)]).toEqual([2, 1, 2])
  })

  test('at evenly spaced points inside the range, below zero too', () => {
    const tree = new HoeffdingTreeClassifier({ features: 1, gracePeriod: 240, confidence: 0.1 })
    for (let i = 0; i < 240; i++) tree.learn(Float64Array.of(-1 - (i % 12)), Number(i % 12 < 6))
    // 10 points between -12 and -1 are the whole numbers -11 to -2
    expect(tree.describe()[0]!.split).toMatchObject({ feature: 0, threshold: -7 })
  })

  test('a leaf with one class in two hundred keeps what it knows, and splits', () => {
    const rng = new SeededRng('rare')
    const tree = new HoeffdingTreeClassifier({ features: 2, gracePeriod: 200, confidence: 0.01 })
    for (let i = 0; i < 20_000; i++) {
      const x = Float64Array.of(drawNormal(rng), drawNormal(rng))
      tree.learn(x, Number(x[0]! > 2.6))
    }
    expect(tree.leaves).toBeGreaterThan(1)
    expect(tree.predict(Float64Array.of(3.2, 0))).toBeGreaterThan(0.9)
    expect(tree.predict(Float64Array.of(0, 0))).toBeLessThan(0.01)
  })

  test('not on a feature that is known once in a while, however well it told the classes apart', () => {
    const rng = new SeededRng('seldom')
    const tree = new HoeffdingTreeClassifier({ features: 2, gracePeriod: 100, confidence: 0.01 })
    for (let i = 0; i < 2000; i++) {
      const y = Number(rng.next() < 0.5)
      const hint = i % 50 === 0 ? y + 0.1 * drawNormal(rng) : Number.NaN
      tree.learn(Float64Array.of(hint, 2 * y + drawNormal(rng)), y)
    }
    expect(tree.describe()[0]!.split?.feature).toBe(1)
  })

  test('missing split values go where more weight went, and still lead to further splits', () => {
    const tree = new HoeffdingTreeClassifier({
      features: 2,
      gracePeriod: 50,
      confidence: 0.01,
      leafPrediction: 'majority',
    })
    const rng = new SeededRng('blind')
    const learn = (n: number, known: boolean): void => {
      for (let i = 0; i < n; i++) {
        const y = Number(rng.next() < 0.3)
        tree.learn(
          Float64Array.of(known ? y + 0.2 * drawNormal(rng) : Number.NaN, drawNormal(rng) + (known ? 0 : 3 * y)),
          y,
        )
      }
    }
    learn(200, true)
    const [root, left, right] = tree.describe()
    expect(root!.split).toMatchObject({ feature: 0, left: 1, right: 2 })
    expect(weightOf(left!)).toBeGreaterThan(weightOf(right!))
    const blind = Float64Array.of(Number.NaN, 0)
    expect(tree.predict(blind)).toBe(left!.counts[1]! / weightOf(left!))
    const before = tree.leaves
    learn(1000, false)
    expect(tree.leaves).toBeGreaterThan(before)
  })
})

describe('memory', () => {
  test('stops growing at maxLeaves, while the leaves go on learning', () => {
    const capped = grown({ maxLeaves: 3 })
    expect(capped.leaves).toBe(3)
    const { sizeInBytes } = capped
    // 3 places: 2 classes x 6 features x 5 numbers and 4 more, 7 ints, a byte; 5 nodes: 6 ints, 3 numbers, a byte; 4
    // numbers that count
    expect(sizeInBytes).toBe(3 * (8 * (60 + 4) + 4 * 7 + 1) + 5 * (24 + 24 + 1) + 32)
    const x = Float64Array.of(0, 1, 0, 1, 0, 0)
    const before = capped.predict(x)
    for (let i = 0; i < 500; i++) capped.learn(x, 0)
    expect(capped.predict(x)).toBeLessThan(before)
    expect(capped.sizeInBytes).toBe(sizeInBytes)
  })

  test('grows with the leaves alone', () => {
    const tree = new HoeffdingTreeClassifier({ features: 6 })
    const { sizeInBytes } = tree
    for (const { x, y } of makeRows(1000, 'calm')) tree.learn(x, y)
    expect([tree.leaves, tree.sizeInBytes]).toEqual([1, sizeInBytes])
  })
})

describe('predictions', () => {
  test('do not depend on the features’ units', () => {
    // powers of two scale without rounding
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 6, maxLength: 6 }), (powers) => {
        const scale = (x: Float64Array): Float64Array => x.map((value, f) => value * 2 ** powers[f]!)
        const rows = makeRows(600, 'units')
        const plain = new HoeffdingTreeClassifier({ features: 6, ...eager })
        const scaled = new HoeffdingTreeClassifier({ features: 6, ...eager })
        const a = replay(plain, rows).predictions
        const b = replay(
          scaled,
          rows.map((row) => ({ ...row, x: scale(row.x) })),
        ).predictions
        expect(b).toEqual(a)
        expect(scaled.leaves).toBe(plain.leaves)
      }),
      { numRuns: 20 },
    )
  })

  test('stay probabilities whatever values come', () => {
    const value = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(0, 1e308, -1e308, 5e-324))
    const row = fc.tuple(value, value, fc.integer({ min: 0, max: 1 }))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const tree = new HoeffdingTreeClassifier({ features: 2, gracePeriod: 5, confidence: 0.5, tieThreshold: 1 })
        for (const [a, b, y] of rows) {
          const p = tree.predict(Float64Array.of(a, b))
          expect(p >= 0 && p <= 1).toBe(true)
          tree.learn(Float64Array.of(a, b), y)
        }
      }),
    )
  })

  test('find a value that is wild for both classes no evidence for either', () => {
    const rng = new SeededRng('wild')
    const tree = new HoeffdingTreeClassifier({ features: 1, leafPrediction: 'naive-bayes' })
    for (let i = 0; i < 199; i++) tree.learn(Float64Array.of(2 * (i % 2) + drawNormal(rng)), i % 2)
    expect(tree.predict(Float64Array.of(3))).toBeGreaterThan(0.9)
    for (const wild of [1e3, -1e3, 1e300, -1e300]) {
      const p = tree.predict(Float64Array.of(wild))
      expect(p > 0.3 && p < 0.7, `${p} for ${wild}`).toBe(true)
    }
  })

  test('are explained: the parts lead from the base rate to the prediction, the largest first', () => {
    const tree = grown()
    const [root] = tree.describe()
    const base = root!.counts[1]! / weightOf(root!)
    for (const { x } of makeRows(50, 'asked')) {
      const amounts = tree.explain(x).map(({ amount }) => amount)
      expect(base + amounts.reduce((a, b) => a + b, 0)).toBeCloseTo(tree.predict(x), 12)
      const sizes = amounts.map(Math.abs)
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    }
    const fresh = new HoeffdingTreeClassifier({ features: 2 })
    expect(fresh.explain(new Float64Array(2)).map(({ amount }) => amount)).toEqual([0, 0])
  })

  test('are explained by the features that matter', () => {
    const total = new Float64Array(6)
    const tree = grown()
    for (const { x } of makeRows(500, 'asked')) {
      for (const { feature, amount } of tree.explain(x)) total[feature]! += Math.abs(amount)
    }
    const order = [0, 1, 2, 3, 4, 5].sort((a, b) => total[b]! - total[a]!)
    expect(order.slice(0, 2).sort()).toEqual([1, 3])
  })
})

describe('describe', () => {
  test('lists nodes whose children come after them and share what came through since', () => {
    const nodes = grown().describe()
    expect(nodes.length).toBe(2 * grown().leaves - 1)
    const reached = nodes.flatMap(({ split }) => childrenOf(split))
    expect(reached.sort((a, b) => a - b)).toEqual(nodes.slice(1).map((_, i) => i + 1))
    const weight = makeRows(3000, 'grown').reduce((sum, row) => sum + row.weight, 0)
    expect(weightOf(nodes[0]!)).toBeCloseTo(weight, 8)
    for (const node of nodes) {
      const below = childrenOf(node.split).reduce((sum, i) => sum + weightOf(nodes[i]!), 0)
      expect(below).toBeLessThanOrEqual(weightOf(node) + 1e-9)
    }
  })
})

describe('refuses', () => {
  test.each([
    ['features', { features: 0 }],
    ['gracePeriod', { gracePeriod: 0 }],
    ['confidence', { confidence: 1 }],
    ['tieThreshold', { tieThreshold: -1 }],
    ['minGain', { minGain: Number.NaN }],
    ['leafPrediction', { leafPrediction: 'mc' as never }],
    ['thresholds', { thresholds: 1.5 }],
    ['minBranchFraction', { minBranchFraction: 2 }],
    ['maxLeaves', { maxLeaves: 0 }],
    ['maxDepth', { maxDepth: 0 }],
    ['criterion', { criterion: 'entropy' as never }],
    ['observer', { observer: 'tree' as never }],
    ['bins', { bins: 1 }],
    ['nominal', { nominal: [2] }],
    ['nominal', { nominal: 1 as never }],
    ['categories', { categories: 1 }],
    ['nominalSplits', { nominalSplits: 'all' as never }],
    ['featuresPerLeaf', { featuresPerLeaf: 3 }],
    ['poorFeatures', { poorFeatures: true as never }],
    ['maxBytes', { maxBytes: 200 }],
    ['maxBytes', { maxBytes: 2 ** 40 }],
    ['features', { features: 1e12 }],
  ])('a bad %s', (name, options) => {
    expect(() => new HoeffdingTreeClassifier({ features: 2, ...options })).toThrow(`"${name}" must be`)
  })

  test.each([
    ['a branch that leads back', 'child', 0, 0],
    ['a child out of range', 'child', 0, 1e6],
    ['a feature out of range', 'feature', 0, 6],
    ['an orphan', 'parent', 2, 2],
    ['a leaf in a place out of range', 'place', -1, 1e6],
    ['two leaves in one place', 'place', -1, 'as another'],
    ['more children than nodes', 'arity', 0, 1e9],
    ['two trees', 'parent', 1, -1],
  ])('a snapshot with %s', (_, field, node, value) => {
    const json = JSON.parse(JSON.stringify(grown())) as Snapshot
    const tree = json.state['tree'] as JsonObject
    const bytes = Buffer.from((tree[field] as { data: string }).data, 'base64')
    const leaves = grown()
      .describe()
      .flatMap(({ split }, i) => (split === null ? i : []))
    const damage = typeof value === 'number' ? value : bytes.readInt32LE(4 * leaves[1]!)
    bytes.writeInt32LE(damage, 4 * (node < 0 ? leaves[0]! : node))
    const damaged = { ...tree, [field]: { $: 'Int32Array', data: bytes.toString('base64') } }
    expect(() => HoeffdingTreeClassifier.fromJSON({ ...json, state: { ...json.state, tree: damaged } })).toThrow(
      'A saved tree must have nodes that lead from the root to its leaves',
    )
  })
})
