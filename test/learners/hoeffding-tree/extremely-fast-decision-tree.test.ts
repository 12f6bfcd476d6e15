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

  /** What a tree's root has seen by its own account, and when it last looked. */
  const accountOf = (tree: ExtremelyFastDecisionTree): { arrived: number; last: number } => {
    const leaves = tree.toJSON().state['leaves'] as { readonly [name: string]: JsonValue }
    const read = (name: string): number =>
      unpackState({ array: leaves[name]! }, { array: new Float64Array(0) }).array[0]!
    return { arrived: read('arrived'), last: read('lastAttempt') }
  }

  test('are looked at more rarely by a branch that has settled, which counts no less for it', () => {
    const tree = new ExtremelyFastDecisionTree({
      ...{ features: 1, ...eager, reevaluateEvery: 20, maxLeaves: 2 },
      settledAfter: 10_000,
    })
    const looks: number[] = []
    const rng = new SeededRng('settled')
    let changes = 0
    let before = 0
    for (let i = 1; i <= 60_000; i++) {
      const x = drawNormal(rng)
      tree.learn(Float64Array.of(x), Number(x > 0))
      // a look now and then costs time
      const close = i > 59_000 || i < 100 || (i > 30_000 && i < 30_300)
      if (!close) continue
      const { arrived, last } = accountOf(tree)
      if (arrived !== before && i > 59_000) changes++
      before = arrived
      if (last !== looks.at(-1)) looks.push(last)
    }
    // of n it takes in one row in n / 10,000, for which it counts as many
    expect(before / 60_000).toBeCloseTo(1, 2)
    expect(changes).toBeGreaterThan(1000 / 6.5)
    expect(changes).toBeLessThan(1000 / 5.5)
    const pauses = looks.map((look, i) => look - (looks[i - 1] ?? 0))
    const pauseBy = (from: number): number => pauses[looks.findIndex((look) => look > from) + 1]!
    expect(pauseBy(0)).toBe(20)
    expect(Math.abs(pauseBy(30_000) - 60)).toBeLessThanOrEqual(6)
    expect(Math.abs(pauseBy(59_200) - 120)).toBeLessThanOrEqual(12)
  })

  test('never settles where told so', () => {
    const tree = new ExtremelyFastDecisionTree({ features: 1, ...eager, maxLeaves: 2, settledAfter: Infinity })
    const rng = new SeededRng('all')
    teach([tree], 20_000, [1], rng)
    expect(accountOf(tree).arrived).toBe(20_000)
  })

  test('settles in any rhythm: of rows that come in turns each kind is sampled alike', () => {
    for (const period of [2, 3, 5, 8, 13, 48]) {
      const tree = new ExtremelyFastDecisionTree({ features: 1, ...eager, maxLeaves: 2, settledAfter: 1000 })
      for (let i = 0; i < 40_000; i++) tree.learn(Float64Array.of(i % period), Number(i % period === 0))
      const { cells } = tree.toJSON().state['leaves'] as { readonly cells: JsonValue }
      const { array } = unpackState({ array: cells }, { array: new Float64Array(0) })
      // the weight of class 1, five numbers after that of class 0
      const share = array[5]! / (array[0]! + array[5]!)
      expect(Math.abs(share * period - 1)).toBeLessThan(0.25)
    }
  })

  test('of version 1 is read back, whose branches looked more rarely from 20,000 on', () => {
    const tree = new ExtremelyFastDecisionTree({ features: 1, ...eager })
    teach([tree], 500, [1], new SeededRng('old'))
    const { options, ...rest } = JSON.parse(JSON.stringify(tree)) as Snapshot
    const { settledAfter: _, ...old } = options
    const read = ExtremelyFastDecisionTree.fromJSON({ ...rest, options: old, version: 1 })
    expect(read.options).toEqual({ ...tree.options, settledAfter: 20_000 })
    expect(read.toJSON().state).toEqual(tree.toJSON().state)
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
    ['settledAfter', { settledAfter: 0 }],
    ['features', { features: 0 }],
  ])('a bad %s', (name, options) => {
    expect(() => new ExtremelyFastDecisionTree({ features: 2, ...options })).toThrow(`"${name}" must be`)
  })

  test('a snapshot of another class', () => {
    const json = new HoeffdingTreeClassifier({ features: 2 }).toJSON()
    expect(() => ExtremelyFastDecisionTree.fromJSON(json)).toThrow('Wanted a "extremely-fast-decision-tree" snapshot')
  })
})
