import { describe, expect, test, vi } from 'vitest'
import type { Serializable, Snapshot } from '../../../src/contracts.ts'
import { sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  ExtremelyFastDecisionTree,
  HoeffdingAdaptiveTree,
  HoeffdingTreeClassifier,
  HoeffdingTreeMulticlass,
} from '../../../src/learners/hoeffding-tree/index.ts'
import first from '../../golden/hoeffding-tree-v1.json' with { type: 'json' }
import { codeOf, edited, largestArray, type Parts } from '../edited.ts'
import { makeRows } from './streams.ts'

const eager = { features: 6, gracePeriod: 20, confidence: 0.3 }
type Tree = Serializable & { learn(x: Float64Array, y: number): void }
const kinds = [
  [HoeffdingTreeClassifier, (options: object): Tree => new HoeffdingTreeClassifier({ ...eager, ...options })],
  [ExtremelyFastDecisionTree, (options: object): Tree => new ExtremelyFastDecisionTree({ ...eager, ...options })],
  [HoeffdingAdaptiveTree, (options: object): Tree => new HoeffdingAdaptiveTree({ ...eager, ...options })],
  [
    HoeffdingTreeMulticlass,
    (options: object): Tree => new HoeffdingTreeMulticlass({ ...eager, classes: 2, ...options }),
  ],
] as const
const rows = makeRows(1200, 'hostile')
/** Numbers of scratch paper that any tree of so many features has: one a feature. */
const MODEST = 100_000

describe.each(kinds)('%o', (codec, create) => {
  const grown = (options: object = {}): Tree => {
    const tree = create(options)
    for (const { x, y } of rows) tree.learn(x, y)
    return tree
  }
  const refuses = (tree: Tree, change: (state: Parts, options: Parts) => void): void => {
    expect(codeOf(() => codec.fromJSON(edited(tree, change)))).toBe('CORRUPT_SNAPSHOT')
  }

  test('refuses nodes that are not in use yet and lead somewhere, which would lead in circles later', () => {
    const tree = grown()
    let room = 0
    for (const name of ['feature', 'child', 'arity', 'parent', 'answer', 'place']) {
      refuses(tree, ({ tree }) => {
        room = tree.feature.length - tree.nodes
        tree[name][tree.nodes] = 0
      })
    }
    expect(room).toBeGreaterThan(0)
    refuses(tree, ({ tree }) => {
      tree.counts[2 * tree.nodes] = 1
    })
    refuses(tree, ({ tree }) => {
      tree.nodes -= 0.5
    })
  })

  test('refuses weights and scores that are none', () => {
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const name of ['cells', 'arrived', 'lastAttempt', 'majorityRight', 'bayesRight']) {
        refuses(grown(), ({ leaves }) => leaves[name].fill(weight))
      }
    }
    refuses(grown({ nominal: [0] }), ({ leaves }) => leaves.categories.fill(-1))
  })

  test('refuses histograms whose bins do not ascend or weigh nothing', () => {
    const tree = grown({ observer: 'histogram', bins: 4 })
    const width = 6 + 3 * 5
    // a place that is taken has bins in its first cell
    const spoil = (at: number, value: (old: number) => number) => (state: Parts) => {
      const { taken, cells } = state.leaves
      const from = taken.indexOf(1) * 2 * 6 * width
      for (let i = from; i < from + 2 * 6 * width; i += width) cells[i + at] = value(cells[i + at])
    }
    expect(codeOf(() => codec.fromJSON(edited(tree, () => {})))).toBe(undefined)
    refuses(
      tree,
      spoil(6, () => Number.NaN),
    )
    refuses(
      tree,
      spoil(7, () => Number.NaN),
    )
    refuses(
      tree,
      spoil(8, () => -1e9),
    )
    refuses(
      tree,
      spoil(9, () => -1),
    )
    refuses(
      tree,
      spoil(10, () => -1e9),
    )
  })

  test('makes no room for what a small snapshot only claims to hold', () => {
    const small = create({ features: 1 })
    const claim = edited(small, (_, options) => {
      Object.assign(options, {
        features: 4096,
        featuresPerLeaf: 4096,
        observer: 'histogram',
        bins: 300,
        maxBytes: 2 ** 30,
      })
    })
    const most = largestArray(() => expect(codeOf(() => codec.fromJSON(claim))).toBe('CORRUPT_SNAPSHOT'))
    expect(most).toBeLessThan(MODEST)
  })

  test('tries up to 1024 thresholds, and not so many that an attempt takes for ever', () => {
    expect(codeOf(() => create({ thresholds: 1024 }))).toBe(undefined)
    expect(codeOf(() => create({ thresholds: 1025 }))).toBe('INVALID_OPTION')
  })
})

describe('a snapshot of version 1', () => {
  const old = first.snapshot as unknown as Snapshot
  const spoilt = (change: (state: Parts, options: Parts) => void): Snapshot => edited({ toJSON: () => old }, change)

  test('is refused with options that version 1 had not', () => {
    const other = spoilt((_, options) => Object.assign(options, { observer: 'histogram' }))
    expect(codeOf(() => HoeffdingTreeClassifier.fromJSON(other))).toBe('CORRUPT_SNAPSHOT')
  })

  test('is refused before room is made for what it only claims to hold', () => {
    const wide = spoilt((_, options) => Object.assign(options, { features: 65_536 }))
    const long = spoilt(({ leaves }) => {
      for (const name of ['arrived', 'lastAttempt', 'majorityRight', 'bayesRight'])
        leaves[name] = new Float64Array(5000)
    })
    const cut = spoilt(({ leaves }) => {
      leaves.mean = leaves.mean.slice(1)
    })
    for (const snapshot of [wide, long, cut]) {
      const most = largestArray(() => {
        expect(codeOf(() => HoeffdingTreeClassifier.fromJSON(snapshot))).toBe('CORRUPT_SNAPSHOT')
      })
      expect(most).toBeLessThan(MODEST)
    }
  })
})

describe('HoeffdingAdaptiveTree', () => {
  test('refuses watches of other options than its own', () => {
    const tree = new HoeffdingAdaptiveTree(eager)
    for (const { x, y } of rows) tree.learn(x, y)
    for (const other of [{ confidence: 0.5 }, { direction: 'down' }, { maxBuckets: 6 }]) {
      const snapshot = edited(tree, ({ watches }) => Object.assign(watches[0].options, other))
      expect(codeOf(() => HoeffdingAdaptiveTree.fromJSON(snapshot))).toBe('CORRUPT_SNAPSHOT')
    }
  })

  test('wants 25 kB of its memory for each leaf, most of it set aside for watches', () => {
    const rows = makeRows(3000, 'budget')
    for (const leaves of [2, 4]) {
      const tree = new HoeffdingAdaptiveTree({ ...eager, confidence: 0.5, maxBytes: 25_500 * leaves })
      for (const { x, y } of rows) tree.learn(x, y)
      expect(tree.leaves).toBe(leaves)
      expect(tree.sizeInBytes).toBeLessThan(25_500 * leaves)
    }
  })

  test('a full tree counts its leaves when an attempt to split is due, not at every row', () => {
    const tree = new HoeffdingAdaptiveTree({ ...eager, gracePeriod: 100, confidence: 0.5, maxLeaves: 2 })
    for (const { x, y } of makeRows(3000, 'full')) tree.learn(x, y)
    expect(tree.leaves).toBe(2)
    const counted = vi.spyOn(HoeffdingAdaptiveTree.prototype, 'leaves', 'get')
    for (const { x, y } of rows) tree.learn(x, y)
    expect(counted.mock.calls.length).toBeLessThan(rows.length / 20)
    counted.mockRestore()
  })
})

describe('ExtremelyFastDecisionTree', () => {
  test('with too little memory for all nodes, leaves learn on and branches keep their question', () => {
    const rng = new SeededRng('tight')
    const sums = Array.from({ length: 12_000 }, () => {
      const x = Float64Array.from({ length: 5 }, () => rng.next())
      return { x, y: Number(rng.next() < sigmoid(6 * (x[0]! + x[1]! - x[2]! - 0.5))) }
    })
    const tree = new ExtremelyFastDecisionTree({ features: 5, maxBytes: 6000, gracePeriod: 50, confidence: 0.01 })
    let right = 0
    for (const [i, { x, y }] of sums.entries()) {
      if (i >= 6000 && tree.predict(x) > 0.5 === (y === 1)) right++
      tree.learn(x, y)
    }
    expect(tree.sizeInBytes).toBeLessThanOrEqual(6000)
    edited(tree, (state) => {
      const { feature, place, nodes } = state.tree
      const keeping = [...place.subarray(0, nodes).keys()].filter((node) => place[node] >= 0)
      // all places are with leaves
      expect(keeping.every((node) => feature[node] < 0)).toBe(true)
      expect(keeping.length).toBeGreaterThan(0)
    })
    expect(tree.leaves).toBeGreaterThan(8)
    expect(right / 6000).toBeGreaterThan(0.81)
  })
})
