import { describe, expect, test } from 'vitest'
import type { JsonValue, Snapshot } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { unpackState } from '../../../src/core/state.ts'
import {
  ExtremelyFastDecisionTree,
  type ExtremelyFastDecisionTreeOptions,
  HoeffdingTreeClassifier,
  type TreeSplit,
} from '../../../src/learners/hoeffding-tree/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import { PlainTree } from './plain-tree.ts'
import { EAGER, makeRows, replay } from './streams.ts'

const eager = { gracePeriod: 50, confidence: 0.01 }
type Options = Partial<ExtremelyFastDecisionTreeOptions>

/** Noise, with the label added to feature `f` times `strength[f]`. */
const teach = (
  trees: readonly { learn(x: Float64Array, y: number): void }[],
  n: number,
  strength: readonly number[],
  rng: SeededRng,
): void => {
  for (let i = 0; i < n; i++) {
    const y = Number(rng.next() < 0.5)
    const x = Float64Array.from(strength, (by) => by * y + drawNormal(rng))
    for (const tree of trees) tree.learn(x, y)
  }
}
const rootOf = (tree: { describe(): readonly { split: TreeSplit | null }[] }): TreeSplit | null =>
  tree.describe()[0]!.split

describe('obeys the laws of learners', () => {
  const options = { features: 3, gracePeriod: 20, confidence: 0.1, tieThreshold: 0.2 }
  const variants = {
    defaults: {},
    restless: { reevaluateEvery: 5, tieLead: 0 },
    subsets: { featuresPerLeaf: 2, observer: 'histogram', bins: 8, reevaluateEvery: 10 },
    'nominal features': { nominal: [2], categories: 4, nominalSplits: 'multiway', reevaluateEvery: 10 },
    'little memory': { maxBytes: 3000, reevaluateEvery: 10 },
  } as const
  for (const [variant, more] of Object.entries(variants)) {
    const create = () => new ExtremelyFastDecisionTree({ ...options, ...more })
    for (const { name, run } of learnerLaws(create, ExtremelyFastDecisionTree)) test(`${variant}: ${name}`, run)
  }

  test('among them with a tree that has split', () => {
    const tree = new ExtremelyFastDecisionTree({ features: 6, ...eager, reevaluateEvery: 50 })
    const [rows, later] = [makeRows(3000, 'grown'), makeRows(2000, 'later')]
    for (const { x, y, weight } of rows) tree.learn(x, y, weight)
    expect(tree.leaves).toBeGreaterThan(3)
    const copy = ExtremelyFastDecisionTree.fromJSON(JSON.parse(JSON.stringify(tree)) as Snapshot)
    for (const { x, y, weight } of later) for (const one of [tree, copy]) one.learn(x, y, weight)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(tree))
  })
})

describe('on a generated stream with missing values and weights', () => {
  test.each([20, 200])('looking every %i, equals the plain tree', (reevaluateEvery) => {
    const rows = makeRows(4000, 'golden')
    const tree = new ExtremelyFastDecisionTree({ features: 6, ...eager, reevaluateEvery })
    const { labels, predictions } = replay(tree, rows)
    const plain = replay(new PlainTree('ours', { ...EAGER, reevaluateEvery }), rows)
    expect(labels).toBe(plain.labels)
    for (const [i, p] of plain.predictions.entries()) expect(Math.abs(predictions[i]! - p)).toBeLessThan(1e-9)
  })
})

describe('splits', () => {
  test('at once where two features are equally good and a Hoeffding tree waits for the tie', () => {
    const options = { features: 2, gracePeriod: 50, confidence: 1e-4 }
    const [fast, plain] = [new ExtremelyFastDecisionTree(options), new HoeffdingTreeClassifier(options)]
    teach([fast, plain], 1000, [2, 2], new SeededRng('two'))
    expect([fast.leaves > 1, plain.leaves]).toEqual([true, 1])
  })

  test('on another feature when that has become the better one, which a Hoeffding tree never does', () => {
    const options = { features: 2, ...eager }
    const [fast, plain] = [new ExtremelyFastDecisionTree(options), new HoeffdingTreeClassifier(options)]
    const rng = new SeededRng('change')
    teach([fast, plain], 1000, [2, 0], rng)
    expect([rootOf(fast)?.feature, rootOf(plain)?.feature]).toEqual([0, 0])
    teach([fast, plain], 6000, [0, 2], rng)
    expect([rootOf(fast)?.feature, rootOf(plain)?.feature]).toEqual([1, 0])
  })

  test('at another threshold of the same feature without losing what is below', () => {
    const tree = new ExtremelyFastDecisionTree({ features: 1, ...eager, reevaluateEvery: 50 })
    const rng = new SeededRng('moves')
    let last: TreeSplit | null = null
    let moves = 0
    for (let i = 0; i < 8000; i++) {
      // the border wanders from -1 to 1
      const x = drawNormal(rng)
      const before = tree.leaves
      tree.learn(Float64Array.of(x), Number(x > i / 4000 - 1))
      const root = rootOf(tree)
      if (last !== null && root !== null && JSON.stringify(root) !== JSON.stringify(last)) {
        moves++
        expect(tree.leaves).toBeGreaterThanOrEqual(before)
      }
      last = root
    }
    expect(moves).toBeGreaterThan(1)
  })

  test('are looked at more rarely by a branch that has seen more than 20,000', () => {
    const tree = new ExtremelyFastDecisionTree({ features: 1, ...eager, reevaluateEvery: 20, maxLeaves: 2 })
    const looks = new Set<number>()
    const pauses: number[] = []
    const rng = new SeededRng('settled')
    for (let i = 0; i < 60_100; i++) {
      const x = drawNormal(rng)
      tree.learn(Float64Array.of(x), Number(x > 0))
      // the third look after each ten thousand, and the time since the second
      if (i % 10_000 === 0) looks.clear()
      if (i % 10_000 > 200) continue
      const { lastAttempt } = tree.toJSON().state['leaves'] as { readonly lastAttempt: JsonValue }
      const { last } = unpackState({ last: lastAttempt }, { last: new Float64Array(0) })
      if (!looks.has(last[0]!) && looks.size === 3) pauses.push(last[0]! - [...looks].at(-1)!)
      looks.add(last[0]!)
    }
    expect(pauses).toEqual([20, 20, 21, 31, 41, 51])
  })

  test('no more where none is worth the minimum gain any longer', () => {
    const tree = new ExtremelyFastDecisionTree({ features: 2, ...eager, minGain: 0.3, reevaluateEvery: 100 })
    const rng = new SeededRng('fades')
    teach([tree], 1000, [4, 0], rng)
    expect(tree.leaves).toBeGreaterThan(1)
    teach([tree], 20_000, [0, 0], rng)
    expect(tree.leaves).toBe(1)
  })

  test('a tie goes to a rival with a lead alone, so that near-equal features do not take turns', () => {
    const turns = (options: Options): number => {
      const tree = new ExtremelyFastDecisionTree({ features: 4, ...eager, reevaluateEvery: 20, ...options })
      const rng = new SeededRng('rivals')
      let changes = 0
      let last: number | undefined
      for (let i = 0; i < 20_000; i++) {
        teach([tree], 1, [1, 1, 1, 1], rng)
        const feature = rootOf(tree)?.feature
        if (feature !== undefined && feature !== last) changes++
        last = feature ?? last
      }
      return changes
    }
    // River's rule is that of no lead
    expect(turns({})).toBeLessThan(turns({ tieLead: 0 }) / 2)
  })
})

describe('memory', () => {
  test('stays within maxBytes and maxLeaves', () => {
    const options = { features: 6, gracePeriod: 20, confidence: 0.3, maxBytes: 20_000, maxLeaves: 30 }
    const tree = new ExtremelyFastDecisionTree(options)
    for (const { x, y, weight } of makeRows(6000, 'crowded')) {
      tree.learn(x, y, weight)
      expect(tree.sizeInBytes).toBeLessThanOrEqual(20_000)
      expect(tree.leaves).toBeLessThanOrEqual(30)
    }
    expect(tree.leaves).toBeGreaterThan(5)
  })
})

test('is explained: the parts lead from the base rate to the prediction', () => {
  const tree = new ExtremelyFastDecisionTree({ features: 6, ...eager })
  for (const { x, y, weight } of makeRows(3000, 'explained')) tree.learn(x, y, weight)
  for (const { x } of makeRows(50, 'asked')) {
    const total = tree.explain(x).reduce((sum, { amount }) => sum + amount, tree.baseValue(x))
    expect(total).toBeCloseTo(tree.predict(x), 12)
  }
})

describe('refuses', () => {
  test.each([
    ['reevaluateEvery', { reevaluateEvery: 0 }],
    ['tieLead', { tieLead: -1 }],
    ['features', { features: 0 }],
  ])('a bad %s', (name, options) => {
    expect(() => new ExtremelyFastDecisionTree({ features: 2, ...options })).toThrow(`"${name}" must be`)
  })

  test('a snapshot of another class', () => {
    const json = new HoeffdingTreeClassifier({ features: 2 }).toJSON()
    expect(() => ExtremelyFastDecisionTree.fromJSON(json)).toThrow('Wanted a "extremely-fast-decision-tree" snapshot')
  })
})
