import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { drawInteger, drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  ExtremelyFastDecisionTree,
  HoeffdingTreeClassifier,
  type HoeffdingTreeInput,
} from '../../../src/learners/hoeffding-tree/index.ts'
import first from '../../golden/hoeffding-tree-v1.json' with { type: 'json' }
import { PlainTree } from './plain-tree.ts'
import { DEFAULTS, EAGER, makeRows, type Row, replay } from './streams.ts'

const eager = { gracePeriod: 50, confidence: 0.01 }
const learnAll = <T extends Pick<HoeffdingTreeClassifier, 'learn'>>(tree: T, rows: readonly Row[]): T => {
  for (const { x, y, weight } of rows) tree.learn(x, y, weight)
  return tree
}

/** The third of five categories is a win, the last column repeats the first three as a number; some are missing. */
const nominalRows = (n: number, seed: string): Row[] => {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => {
    const category = drawInteger(rng, 5)
    const y = Number(rng.next() < (category === 2 ? 0.9 : category === 4 ? 0.5 : 0.2))
    const known = rng.next() < 0.95 ? category : Number.NaN
    return {
      x: Float64Array.of(drawNormal(rng), known, drawNormal(rng) + 0.3 * y),
      y,
      weight: rng.next() < 0.5 ? 1 : 2,
    }
  })
}

describe('a snapshot of version 1', () => {
  test('is read: same tree, same predictions, and it goes on as a new tree would', () => {
    const old = HoeffdingTreeClassifier.fromJSON(first.snapshot as unknown as Snapshot)
    expect(old.leaves).toBe(first.leaves)
    expect(JSON.parse(JSON.stringify(old.describe()))).toEqual(first.nodes)
    for (const [i, { x }] of makeRows(12, 'first version, asked').entries()) {
      expect(old.predict(x)).toBeCloseTo(first.predictions[i]!, 12)
    }
    const anew = learnAll(
      new HoeffdingTreeClassifier({ features: 6, ...eager, maxLeaves: 16 }),
      makeRows(1500, 'first version'),
    )
    const later = makeRows(1500, 'later')
    expect(learnAll(old, later).describe()).toEqual(learnAll(anew, later).describe())
    expect(old.toJSON().version).toBe(2)
  })

  test('is refused where it is damaged', () => {
    const { state } = first.snapshot
    const cut = { ...first.snapshot, state: { ...state, tree: { ...state.tree, nodes: 3 } } }
    expect(() => HoeffdingTreeClassifier.fromJSON(cut as unknown as Snapshot)).toThrow('A saved tree must have nodes')
    const without = { ...first.snapshot, state: { ...state, leaves: {} } }
    expect(() => HoeffdingTreeClassifier.fromJSON(without as unknown as Snapshot)).toThrow('state.leaves.n')
  })
})

describe('featuresPerLeaf', () => {
  const ask = (tree: HoeffdingTreeClassifier): number[] => tree.describe().flatMap(({ split }) => split?.feature ?? [])

  test('leaves see other features from seed to seed, and the same with the same seed', () => {
    const rows = makeRows(4000, 'subsets')
    const roots = Array.from({ length: 20 }, (_, seed) => {
      const create = () => new HoeffdingTreeClassifier({ features: 6, featuresPerLeaf: 2, ...eager, seed })
      const [a, b] = [learnAll(create(), rows), learnAll(create(), rows)]
      expect(JSON.stringify(a)).toBe(JSON.stringify(b))
      return ask(a)[0]
    })
    expect(new Set(roots).size).toBeGreaterThan(2)
  })

  test('each feature is drawn equally often', () => {
    const drawn = new Float64Array(6)
    const asked = Float64Array.from({ length: 6 }, (_, i) => i)
    for (let seed = 0; seed < 600; seed++) {
      const tree = new HoeffdingTreeClassifier({ features: 6, featuresPerLeaf: 2, seed, leafPrediction: 'naive-bayes' })
      for (let i = 0; i < 8; i++)
        tree.learn(
          asked.map((v) => v + (i % 4) + i),
          i % 2,
        )
      // a feature speaks in the explanation where the leaf looks at it
      for (const { feature, amount } of tree.explain(asked)) if (amount !== 0) drawn[feature]!++
    }
    expect(drawn.reduce((sum, n) => sum + n, 0)).toBe(1200)
    // 200 each; five standard deviations of a binomial count are 58
    for (const n of drawn) expect(Math.abs(n - 200)).toBeLessThan(58)
  })

  test('all of the features are the tree without the option, whatever the seed', () => {
    const rows = makeRows(2000, 'all')
    const plain = learnAll(new HoeffdingTreeClassifier({ features: 6, ...eager }), rows)
    const all = learnAll(new HoeffdingTreeClassifier({ features: 6, featuresPerLeaf: 6, seed: 'x', ...eager }), rows)
    expect(JSON.stringify(all.toJSON().state)).toBe(JSON.stringify(plain.toJSON().state))
  })

  test('takes memory for those features alone', () => {
    const size = (featuresPerLeaf: number): number =>
      new HoeffdingTreeClassifier({ features: 40, featuresPerLeaf }).sizeInBytes
    expect(size(4)).toBeLessThan(size(40) / 4)
  })
})

describe('nominal features', () => {
  test.each(['one-against-rest', 'multiway'] as const)('%s: equals the plain tree', (nominalSplits) => {
    const rows = nominalRows(3000, 'categories')
    const options = { nominal: [1], nominalSplits }
    const tree = new HoeffdingTreeClassifier({ features: 3, ...eager, ...options })
    const { labels, predictions } = replay(tree, rows)
    const plain = replay(new PlainTree('ours', { ...EAGER, ...options }), rows)
    expect(labels).toBe(plain.labels)
    for (const [i, p] of plain.predictions.entries()) expect(Math.abs(predictions[i]! - p)).toBeLessThan(1e-9)
    expect(tree.leaves).toBeGreaterThan(1)
  })

  test('are asked for the category that matters, or for all', () => {
    const rows = nominalRows(2000, 'asked')
    const root = (nominalSplits: 'one-against-rest' | 'multiway') =>
      learnAll(new HoeffdingTreeClassifier({ features: 3, nominal: [1], nominalSplits, ...eager }), rows).describe()[0]!
    expect(root('one-against-rest').split).toMatchObject({ feature: 1, category: 2 })
    expect(root('multiway').split).toMatchObject({ feature: 1, categories: [0, 1, 2, 3, 4], children: [1, 2, 3, 4, 5] })
  })

  test('a category that a branch has not met goes where most went; codes too large, broken or negative are one', () => {
    const options = { features: 3, nominal: [1], categories: 8, leafPrediction: 'majority', ...eager } as const
    const tree = learnAll(
      new HoeffdingTreeClassifier({ ...options, nominalSplits: 'multiway' }),
      nominalRows(500, 'new'),
    )
    const at = (code: number): number => tree.predict(Float64Array.of(0, code, 0))
    expect(tree.describe()[0]!.split).toMatchObject({ feature: 1 })
    expect(at(6)).toBe(at(Number.NaN))
    for (const strange of [7, 8, 1e300, 2.5, -1]) expect(at(strange)).toBe(at(7))
    expect(at(2)).toBeGreaterThan(0.8)
  })

  test('multiway questions stay within maxLeaves', () => {
    for (const maxLeaves of [1, 2, 4, 5, 6]) {
      const options = { features: 3, nominal: [1], nominalSplits: 'multiway', maxLeaves, ...eager } as const
      const tree = learnAll(new HoeffdingTreeClassifier(options), nominalRows(1500, 'room'))
      expect(tree.leaves).toBeLessThanOrEqual(maxLeaves)
    }
  })
})

describe('memory', () => {
  const rows = makeRows(6000, 'crowded')
  const create = (maxBytes: number) =>
    new HoeffdingTreeClassifier({ features: 6, gracePeriod: 20, confidence: 0.3, maxBytes })

  test('stays within maxBytes, by letting leaves go without statistics', () => {
    for (const maxBytes of [2000, 8000, 20_000]) {
      const tree = create(maxBytes)
      for (const { x, y, weight } of rows) {
        tree.learn(x, y, weight)
        expect(tree.sizeInBytes).toBeLessThanOrEqual(maxBytes)
      }
      expect(tree.leaves).toBeGreaterThan(1)
      expect(tree.activeLeaves).toBeLessThan(tree.leaves)
    }
  })

  test('all leaves are active where there is room', () => {
    const tree = learnAll(create(1_000_000), rows)
    expect(tree.activeLeaves).toBe(tree.leaves)
    expect(tree.leaves).toBeGreaterThan(20)
  })

  test('goes to the leaves with the most weight outside their majority, and comes back', () => {
    // two regions: one of pure noise, one that is nearly always class 0
    const tree = new HoeffdingTreeClassifier({
      features: 2,
      gracePeriod: 50,
      confidence: 0.1,
      // room for the statistics of one leaf of two
      maxLeaves: 2,
      maxBytes: 560,
      leafPrediction: 'naive-bayes',
    })
    const rng = new SeededRng('promise')
    const feed = (n: number, noisy: number): void => {
      for (let i = 0; i < n; i++) {
        const side = Number(rng.next() < 0.5)
        const y = Number(rng.next() < (side === noisy ? 0.5 : 0.02))
        tree.learn(Float64Array.of(side + 0.1 * drawNormal(rng), drawNormal(rng) + 2 * y), y)
      }
    }
    /** Whether the second feature speaks on a side, which it does through naive Bayes alone. */
    const active = (side: number): boolean =>
      tree.predict(Float64Array.of(side, 3)) !== tree.predict(Float64Array.of(side, -3))
    feed(100, 1)
    expect(tree.describe()[0]!.split).toMatchObject({ feature: 0 })
    feed(1000, 1)
    expect([tree.leaves, tree.activeLeaves]).toEqual([2, 1])
    expect([active(0), active(1)]).toEqual([false, true])
    // the tables turn; leaves are looked at every 10,000 observations
    feed(30_000, 0)
    expect([active(0), active(1)]).toEqual([true, false])
  })

  test('poor features are dropped, and what is left decides alone', () => {
    const rng = new SeededRng('poor')
    const create = (poorFeatures: 'keep' | 'remove') =>
      new HoeffdingTreeClassifier({ features: 4, poorFeatures, tieThreshold: 0, gracePeriod: 100, confidence: 1e-3 })
    const [kept, removed] = [create('keep'), create('remove')]
    for (let i = 0; i < 900; i++) {
      const y = Number(rng.next() < 0.5)
      // two features alike, so that neither is ever ahead; two of noise
      const hint = 2 * y + drawNormal(rng)
      const x = Float64Array.of(drawNormal(rng), hint, hint, drawNormal(rng))
      for (const tree of [kept, removed]) tree.learn(x, y)
    }
    expect([kept.leaves, removed.leaves]).toEqual([1, 1])
    const named = (tree: HoeffdingTreeClassifier): number[] =>
      tree
        .explain(Float64Array.of(1, 1, 1, 1))
        .flatMap(({ feature, amount }) => (amount === 0 ? [] : feature))
        .sort()
    expect(named(kept)).toEqual([0, 1, 2, 3])
    expect(named(removed)).toEqual([1, 2])
  })
})

describe('maxDepth', () => {
  test.each([1, 2, 3])('%i: no leaf lies deeper, and equals the plain tree', (maxDepth) => {
    const rows = makeRows(4000, 'deep')
    const tree = new HoeffdingTreeClassifier({ features: 6, ...eager, maxDepth })
    expect(replay(tree, rows).labels).toBe(replay(new PlainTree('ours', { ...EAGER, maxDepth }), rows).labels)
    const nodes = tree.describe()
    const depth = (at: number): number => {
      const { split } = nodes[at]!
      return split === null || !('left' in split) ? 0 : 1 + Math.max(depth(split.left), depth(split.right))
    }
    expect(depth(0)).toBe(maxDepth)
  })
})

describe('histograms', () => {
  test('find a band that normal distributions cannot see', () => {
    const rng = new SeededRng('band')
    // class 1 lies on both sides of class 0, with the same mean
    const rows = Array.from({ length: 4000 }, () => {
      const x = 4 * rng.next() - 2
      return { x: Float64Array.of(x, drawNormal(rng)), y: Number(Math.abs(x) > 1), weight: 1 }
    })
    const accuracy = (observer: 'gaussian' | 'histogram'): number => {
      const options = { features: 2, observer, leafPrediction: 'majority', ...eager } as const
      return replay(new HoeffdingTreeClassifier(options), rows).accuracy
    }
    expect(accuracy('histogram')).toBeGreaterThan(0.96)
    expect(accuracy('histogram')).toBeGreaterThan(accuracy('gaussian'))
  })
})

describe('weights', () => {
  test('count as that many observations: doubled weights split as repeated rows do', () => {
    const rows = makeRows(1500, 'twice').map((row) => ({ ...row, weight: 1 }))
    const options = { features: 6, gracePeriod: 100, confidence: 0.01 }
    const weighted = learnAll(
      new HoeffdingTreeClassifier(options),
      rows.map((row) => ({ ...row, weight: 2 })),
    )
    const repeated = learnAll(
      new HoeffdingTreeClassifier(options),
      rows.flatMap((row) => [row, row]),
    )
    const shape = (tree: HoeffdingTreeClassifier) => tree.describe().map(({ split }) => split?.feature ?? -1)
    expect(shape(weighted)).toEqual(shape(repeated))
  })
})

describe('trees stay finite for ever', () => {
  const streams: { readonly [name: string]: (i: number) => [number, number] } = {
    constants: () => [5, 5],
    '1e300': (i) => [(i % 2 === 0 ? 1 : -1) * 1e300, 1e300],
    duplicates: (i) => [i % 2, i % 2],
    denormals: (i) => [(i % 3) * 5e-324, 1e-310],
  }
  const variants: HoeffdingTreeInput[] = [
    { features: 2 },
    { features: 2, criterion: 'gini', observer: 'histogram', bins: 4 },
    { features: 2, criterion: 'hellinger', nominal: [0], nominalSplits: 'multiway', categories: 4 },
  ]
  test.each(Object.keys(streams))('on %s, with both classes or one, whatever the weight', (name) => {
    for (const options of variants) {
      for (const weight of [1, 1e-300, 1e300]) {
        for (const oneClass of [true, false]) {
          const settings = { ...options, gracePeriod: 5 * weight, confidence: 0.5, tieThreshold: 1 }
          for (const tree of [new HoeffdingTreeClassifier(settings), new ExtremelyFastDecisionTree(settings)]) {
            for (let i = 0; i < 300; i++) {
              const x = Float64Array.from(streams[name]!(i))
              tree.learn(x, oneClass ? 1 : Math.floor(i / 2) % 2, weight)
              const p = tree.predict(x)
              expect(p >= 0 && p <= 1, `${p} after ${i}`).toBe(true)
            }
          }
        }
      }
    }
  })
})

describe('fromJSON', () => {
  test('survives any change of one number in a snapshot, or refuses it with a code', () => {
    const options = {
      features: 3,
      nominal: [1],
      categories: 4,
      observer: 'histogram',
      bins: 4,
      featuresPerLeaf: 2,
    } as const
    const tree = learnAll(new HoeffdingTreeClassifier({ ...options, ...eager }), nominalRows(600, 'damage'))
    const json = JSON.parse(JSON.stringify(tree)) as { state: Record<string, Record<string, { data?: string }>> }
    const arrays = ['tree', 'leaves'].flatMap((part) =>
      Object.keys(json.state[part]!).flatMap((key) =>
        json.state[part]![key]!.data === undefined ? [] : [[part, key]],
      ),
    )
    fc.assert(
      fc.property(fc.constantFrom(...arrays), fc.nat(), fc.integer({ min: 0, max: 255 }), ([part, key], at, byte) => {
        const damaged = structuredClone(json)
        const holder = damaged.state[part!]![key!]!
        const bytes = Buffer.from(holder.data!, 'base64')
        bytes[at % bytes.length] = byte
        holder.data = bytes.toString('base64')
        try {
          const copy = HoeffdingTreeClassifier.fromJSON(damaged as unknown as Snapshot)
          for (const { x, y } of nominalRows(60, 'after')) {
            copy.predict(x)
            copy.learn(x, y)
          }
        } catch (error) {
          expect((error as { code?: string }).code).toBe('CORRUPT_SNAPSHOT')
        }
      }),
      { numRuns: 300 },
    )
  })

  test('does not ask for more memory than a snapshot holds', () => {
    const json = JSON.parse(JSON.stringify(new HoeffdingTreeClassifier({ features: 2, ...DEFAULTS })))
    expect(() => HoeffdingTreeClassifier.fromJSON({ ...json, options: { ...json.options, features: 1e9 } })).toThrow(
      '"features" must be at most 65536',
    )
  })
})
