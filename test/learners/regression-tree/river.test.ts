import { describe, expect, test } from 'vitest'
import { fnv1a } from '../../../src/core/hash.ts'
import { StandardScaler } from '../../../src/features/transformers/standard-scaler.ts'
import { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'
import golden from '../../golden/regression-tree.json' with { type: 'json' }
import { readRecord, readRows, recorded } from '../helpers.ts'
import { featuresOf } from './leaf-features.ts'
import { type PlainOptions, PlainTree } from './plain-tree.ts'
import { errorOf, friedman, type Row } from './streams.ts'

/**
 * The chain that ties the class to River: a second, plain tree of this test by River's rules equals River's recorded
 * runs; by our rules it equals the class.
 */
const eager = { rules: 'river', gracePeriod: 100, confidence: 1e-4 } as const
const RUNS: { readonly [name in keyof typeof golden.river]: PlainOptions } = {
  HTR_default: { rules: 'river', leaf: 'adaptive', observer: 'te-bst', unit: 1, gracePeriod: 200, confidence: 1e-7 },
  HTR_mean_EBST: { ...eager, leaf: 'mean', observer: 'e-bst' },
  HTR_mean_TEBST2: { ...eager, leaf: 'mean', observer: 'te-bst', unit: 2 },
  'HTR_mean_QO.05': { ...eager, leaf: 'mean', observer: 'qo', unit: 0.05 },
  'HTR_model_QO.05': { ...eager, leaf: 'model', observer: 'qo', unit: 0.05 },
  HTR_adaptive_EBST: { ...eager, leaf: 'adaptive', observer: 'e-bst' },
}

type RiverNode = { feature?: string; threshold?: number; children?: RiverNode[]; stats?: { n: number; mean: number } }
type RiverRun = { name: string; checkpoints: number[][]; sampled: [number, number][]; tree: RiverNode }

const flatten = (node: RiverNode): ReturnType<PlainTree['describe']> =>
  node.children
    ? [{ feature: Number(node.feature!.slice(1)), threshold: node.threshold! }, ...node.children.flatMap(flatten)]
    : [{ n: node.stats!.n, mean: node.stats!.mean }]

describe.skipIf(!recorded)('on River’s recorded runs', () => {
  const runs = recorded ? readRecord<{ models: RiverRun[] }>('trees/regression_drift.json').models : []

  test.each(Object.entries(RUNS))('%s: the plain tree has River’s nodes and errors', (name, options) => {
    const run = runs.find((one) => one.name === name)!
    const tree = new PlainTree(options)
    const sampled = new Map(run.sampled)
    let sum = 0
    const rows = readRows('regression_drift.csv')
    for (const [i, { x, y }] of rows.entries()) {
      const p = tree.predict(x)
      if (sampled.has(i)) expect(p).toBeCloseTo(sampled.get(i)!, 8)
      sum += Math.abs(y - p)
      tree.learn(x, y)
    }
    const pinned = golden.river[name as keyof typeof golden.river]
    expect(sum / rows.length).toBeCloseTo(run.checkpoints.at(-1)![1]!, 10)
    expect(sum / rows.length).toBeCloseTo(pinned.error, 6)
    const nodes = tree.describe()
    expect(nodes.length).toBe(pinned.nodes)
    for (const [i, node] of flatten(run.tree).entries()) {
      expect(nodes[i]!.feature).toBe(node.feature)
      if (node.threshold !== undefined) expect(nodes[i]!.threshold).toBeCloseTo(node.threshold, 9)
      else expect(nodes[i]!.mean).toBeCloseTo(node.mean!, 9)
    }
  })

  test('the plain tree has the error of River’s documentation', () => {
    const scaler = new StandardScaler({ features: 6 })
    const tree = new PlainTree({ ...RUNS.HTR_default, gracePeriod: 100, decay: 0.9 })
    const z = new Float64Array(6)
    const scaled = {
      predict: (x: Float64Array) => tree.predict(scaler.transform(x, z)),
      learn: (x: Float64Array, y: number) => {
        scaler.learn(x)
        tree.learn(scaler.transform(x, z), y)
      },
    }
    expect(errorOf(scaled, readRows('doc_trump_approval.csv'))).toBeCloseTo(0.793345, 6)
  })

  test('ours misses by less with the same options', () => {
    const rows = readRows('regression_drift.csv')
    const options = { features: 6, gracePeriod: 100, confidence: 1e-4 }
    const exact = { observer: 'e-bst', slots: 8192, maxLeaves: 100 } as const
    const { river } = golden
    const error = (more: object) => errorOf(new HoeffdingTreeRegressor({ ...options, ...more }), rows)
    expect(error({ leafPrediction: 'mean', ...exact })).toBeLessThan(0.94 * river.HTR_mean_EBST.error)
    expect(error({ leafPrediction: 'mean', radius: 0.05 })).toBeLessThan(0.82 * river['HTR_mean_QO.05'].error)
    expect(error({ leafPrediction: 'linear', radius: 0.05 })).toBeLessThan(0.9 * river['HTR_model_QO.05'].error)
    expect(error({ leafPrediction: 'adaptive', ...exact })).toBeLessThan(0.95 * river.HTR_adaptive_EBST.error)
    expect(errorOf(new HoeffdingTreeRegressor({ features: 6 }), rows)).toBeLessThan(0.95 * river.HTR_default.error)
    const approval = errorOf(new HoeffdingTreeRegressor({ features: 6 }), readRows('doc_trump_approval.csv'))
    expect(approval).toBeLessThan(0.793345 / 2)
  })
})

describe('on a generated stream that drifts', () => {
  const rows = friedman(3000, 'golden', 2000)

  test('the stream is the one the numbers belong to', () => {
    expect(fnv1a(JSON.stringify(rows.map(({ x, y }) => [...x, y])))).toBe(golden.generated.stream)
  })

  test.each([
    ['e-bst', { observer: 'e-bst', slots: 4096, maxLeaves: 100 }, { observer: 'e-bst' }],
    ['quantizer', { observer: 'quantizer', radius: 0.05 }, { observer: 'qo', unit: 0.05 }],
  ] as const)('%s: the class equals the plain tree by our rules, and the pinned run', (name, options, plain) => {
    const tree = new HoeffdingTreeRegressor({
      features: 6,
      gracePeriod: 100,
      confidence: 1e-4,
      leafPrediction: 'mean',
      ...options,
    })
    const slow = new PlainTree({ ...eager, ...plain, rules: 'ours', leaf: 'mean' })
    const error = errorOf(tree, rows)
    expect(error).toBeCloseTo(errorOf(slow, rows), 9)
    const nodes = tree.describe()
    expectSame(tree, slow)
    expect(error).toBeCloseTo(golden.generated[name].error, 6)
    expect(nodes.length).toBe(golden.generated[name].nodes)
    const river = new PlainTree({ ...eager, ...plain, leaf: 'mean' })
    expect(errorOf(river, rows)).toBeCloseTo(golden.generated[name].river, 6)
  })

  test.each([
    ['e-bst', { observer: 'e-bst', slots: 512 }, { observer: 'e-bst' }],
    ['quantizer', { observer: 'quantizer', radius: 0.05 }, { observer: 'qo', unit: 0.05 }],
  ] as const)('%s: the class equals the plain tree with two features a leaf and weights', (_, options, plain) => {
    const weighted = rows.map((row, i): Row => ({ ...row, weight: [1, 6, 0.5][i % 3]! }))
    const tree = new HoeffdingTreeRegressor({
      features: 6,
      gracePeriod: 100,
      confidence: 1e-4,
      leafPrediction: 'mean',
      featuresPerLeaf: 2,
      seed: 5,
      ...options,
    })
    const subsets = [...featuresOf(tree)]
    const said = weighted.map(({ x, y, weight }) => {
      const p = tree.predict(x)
      const { leaves } = tree
      tree.learn(x, y, weight)
      // what the two leaves look at that were made last
      if (tree.leaves > leaves) subsets.push(...featuresOf(tree).slice(-2))
      return p
    })
    expect(tree.leaves).toBeGreaterThan(20)
    const slow = new PlainTree({ ...eager, ...plain, rules: 'ours', leaf: 'mean', subsets: subsets.values() })
    for (const [i, { x, y, weight }] of weighted.entries()) {
      expect(said[i]).toBeCloseTo(slow.predict(x), 9)
      slow.learn(x, y, weight)
    }
    expectSame(tree, slow)
  })
})

/** Holds the nodes of a tree against those of a plain one. */
function expectSame(tree: HoeffdingTreeRegressor, plain: PlainTree): void {
  const [nodes, wanted] = [tree.describe(), plain.describe()]
  expect(nodes.length).toBe(wanted.length)
  const inOrder = (i: number): typeof nodes => {
    const node = nodes[i]!
    return node.left === undefined ? [node] : [node, ...inOrder(node.left), ...inOrder(node.right!)]
  }
  for (const [i, node] of inOrder(0).entries()) {
    expect(node.feature).toBe(wanted[i]!.feature)
    if (node.threshold !== undefined) expect(node.threshold).toBeCloseTo(wanted[i]!.threshold!, 9)
    else expect(node.mean).toBeCloseTo(wanted[i]!.mean!, 9)
  }
}
