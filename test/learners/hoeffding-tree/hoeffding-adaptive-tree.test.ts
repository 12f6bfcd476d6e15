import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  HoeffdingAdaptiveTree,
  type HoeffdingAdaptiveTreeOptions,
  HoeffdingTreeClassifier,
} from '../../../src/learners/hoeffding-tree/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import golden from '../../golden/hoeffding-tree-classifier.json' with { type: 'json' }
import { EAGER, makeRows, RIVER, type Row, readRows, replay } from './streams.ts'

const eager = { gracePeriod: 50, confidence: 0.01 }

/** Three features of noise; the class follows the first, and every `every` rows it follows its opposite. */
const turning = (n: number, every: number, seed: string): Row[] => {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, (_, i) => {
    const x = Float64Array.from({ length: 3 }, () => drawNormal(rng))
    const up = x[0]! + 0.5 * x[1]! > 0 === (Math.floor(i / every) % 2 === 0)
    return { x, y: Number(rng.next() < (up ? 0.9 : 0.1)), weight: 1 }
  })
}
const learnAll = (tree: HoeffdingAdaptiveTree, rows: readonly Row[]): HoeffdingAdaptiveTree => {
  for (const { x, y, weight } of rows) tree.learn(x, y, weight)
  return tree
}
/** A tree at a moment when another grows beside it and has split. */
const contested = (options: Partial<HoeffdingAdaptiveTreeOptions> = {}): HoeffdingAdaptiveTree => {
  const tree = new HoeffdingAdaptiveTree({ features: 3, ...eager, minWindow: 100_000, ...options })
  learnAll(tree, turning(5000, 2500, 'contested'))
  expect(tree.alternates).toBeGreaterThan(0)
  return tree
}

describe('obeys the laws of learners', () => {
  const options = { features: 3, gracePeriod: 20, confidence: 0.1, tieThreshold: 0.2 }
  const variants = {
    defaults: {},
    eager: { minWindow: 30, driftConfidence: 0.5 },
    subsets: { featuresPerLeaf: 2, observer: 'histogram', bins: 8 },
    'nominal features': { nominal: [2], categories: 4, nominalSplits: 'multiway', minWindow: 30 },
  } as const
  for (const [variant, more] of Object.entries(variants)) {
    const create = () => new HoeffdingAdaptiveTree({ ...options, ...more })
    for (const { name, run } of learnerLaws(create, HoeffdingAdaptiveTree)) test(`${variant}: ${name}`, run)
  }

  test('among them with a tree that has others beside it', () => {
    const tree = contested()
    const copy = HoeffdingAdaptiveTree.fromJSON(JSON.parse(JSON.stringify(tree)) as Snapshot)
    const later = turning(4000, 1000, 'later')
    expect(JSON.stringify(learnAll(copy, later))).toBe(JSON.stringify(learnAll(tree, later)))
  })
})

describe('after a change', () => {
  test('is right again, where a Hoeffding tree is not', () => {
    const rows = turning(24_000, 6000, 'turns')
    const tail = (predictions: number[]): number => {
      const last = rows
        .map(({ y }, i) => Number(predictions[i]! > 0.5 === (y === 1)))
        .filter((_, i) => i % 6000 >= 3000)
      return last.reduce((sum, right) => sum + right, 0) / last.length
    }
    const adaptive = new HoeffdingAdaptiveTree({ features: 3, ...eager })
    const settled = tail(replay(adaptive, rows).predictions)
    expect(settled).toBeGreaterThan(0.84)
    expect(settled).toBeGreaterThan(
      0.05 + tail(replay(new HoeffdingTreeClassifier({ features: 3, ...eager }), rows).predictions),
    )
    expect(adaptive.switched).toBeGreaterThanOrEqual(3)
  })

  test('what grows beside the tree leaves it alone until it has won', () => {
    const tree = new HoeffdingAdaptiveTree({ features: 3, ...eager })
    let question: string | undefined
    let { switched } = tree
    let contests = 0
    for (const { x, y } of turning(16_000, 4000, 'alone')) {
      tree.learn(x, y)
      const root = tree.describe()[0]!
      // River and MOA replace the root here at the first split of its alternate
      if (root.split !== null && question !== undefined && tree.switched === switched) {
        expect(JSON.stringify(root.split)).toBe(question)
      }
      contests += Number(tree.alternates > 0)
      switched = tree.switched
      question = root.split === null ? undefined : JSON.stringify(root.split)
    }
    expect(contests).toBeGreaterThan(500)
    expect(switched).toBeGreaterThan(0)
  })

  test('nothing is switched where nothing changes', () => {
    const tree = learnAll(new HoeffdingAdaptiveTree({ features: 3, ...eager }), turning(20_000, 1e9, 'calm'))
    expect(tree.switched).toBe(0)
    const plain = new HoeffdingTreeClassifier({ features: 3, ...eager })
    for (const { x, y } of turning(20_000, 1e9, 'calm')) plain.learn(x, y)
    expect(tree.leaves).toBe(plain.leaves)
  })
})

describe('predictions', () => {
  test('are the mean of the trees that take part, and the explanation adds up to it', () => {
    const tree = contested()
    for (const { x } of turning(100, 1, 'asked')) {
      const total = tree.explain(x).reduce((sum, { amount }) => sum + amount, tree.baseValue(x))
      expect(total).toBeCloseTo(tree.predict(x), 10)
    }
  })

  test('are those of a Hoeffding tree while there has been no change', () => {
    const rows = makeRows(400, 'same')
    const adaptive = new HoeffdingAdaptiveTree({ features: 6, ...eager, driftConfidence: 1e-12 })
    expect(replay(adaptive, rows).predictions).toEqual(
      replay(new HoeffdingTreeClassifier({ features: 6, ...eager }), rows).predictions,
    )
  })
})

describe('memory', () => {
  test('stays within maxBytes and twice maxLeaves, however often the world turns', () => {
    for (const [maxBytes, maxLeaves] of [
      [30_000, 512],
      [1_000_000, 4],
    ] as const) {
      const tree = new HoeffdingAdaptiveTree({ features: 3, gracePeriod: 20, confidence: 0.5, maxBytes, maxLeaves })
      for (const { x, y } of turning(12_000, 1500, 'crowd')) {
        tree.learn(x, y)
        expect(tree.sizeInBytes).toBeLessThanOrEqual(maxBytes)
        expect(tree.leaves).toBeLessThanOrEqual(2 * maxLeaves)
      }
      expect(tree.switched).toBeGreaterThan(0)
    }
  })
})

describe('beside River', () => {
  const RUNS = [
    ['HAT_nobootstrap', 'binary_drift.csv', {}],
    ['HAT_nobootstrap_g50', 'binary_drift.csv', eager],
    ['HAT_nb_mc', 'binary_drift.csv', { ...eager, leafPrediction: 'majority' }],
    ['HAT_missing_weighted', 'binary_missing_weighted.csv', EAGER],
    ['HAT_missing_weighted_unweighted', 'binary_missing_weighted.csv', EAGER],
  ] as const

  test.each(RUNS)('%s: at least as often right as the recorded run', (name) => {
    expect(golden.adaptive[name].ours).toBeGreaterThanOrEqual(golden.adaptive[name].river)
  })

  test.skipIf(!existsSync(RIVER)).each(RUNS)('%s: as pinned', (name, file, options) => {
    const rows = readRows(file).map((row) => (name === 'HAT_missing_weighted' ? row : { ...row, weight: 1 }))
    const tree = new HoeffdingAdaptiveTree({ features: rows[0]!.x.length, ...options })
    expect(replay(tree, rows).accuracy).toBe(golden.adaptive[name].ours)
  })
})

describe('refuses', () => {
  test.each([
    ['driftConfidence', { driftConfidence: 1 }],
    ['minWindow', { minWindow: 0 }],
    ['significance', { significance: 0 }],
    ['criterion', { criterion: 'x' as never }],
  ])('a bad %s', (name, options) => {
    expect(() => new HoeffdingAdaptiveTree({ features: 2, ...options })).toThrow(`"${name}" must be`)
  })

  test('a damaged snapshot with a code, or works on', () => {
    const json = JSON.parse(JSON.stringify(contested())) as { state: Record<string, unknown> }
    const tree = json.state['tree'] as Record<string, { data: string }>
    const fields = Object.keys(tree).filter((key) => typeof tree[key] === 'object')
    fc.assert(
      fc.property(fc.constantFrom('alternate', ...fields), fc.nat(), fc.nat(255), (field, at, byte) => {
        const damaged = structuredClone(json)
        const holder = (field === 'alternate' ? damaged.state : damaged.state['tree']) as typeof tree
        const bytes = Buffer.from(holder[field]!.data, 'base64')
        bytes[at % bytes.length] = byte
        holder[field]!.data = bytes.toString('base64')
        try {
          const copy = HoeffdingAdaptiveTree.fromJSON(damaged as unknown as Snapshot)
          for (const { x, y } of turning(200, 50, 'after')) {
            copy.predict(x)
            copy.learn(x, y)
          }
        } catch (error) {
          expect((error as { code?: string }).code).toBe('CORRUPT_SNAPSHOT')
        }
      }),
      { numRuns: 200 },
    )
  })

  test.each([[null], [[1]], [[{}]], [Array.from({ length: 1000 }, () => null)]])(
    'watches that are none: %#',
    (watches) => {
      const json = JSON.parse(JSON.stringify(contested())) as Snapshot
      const damaged = { ...json, state: { ...json.state, watches } } as unknown as Snapshot
      expect(() => HoeffdingAdaptiveTree.fromJSON(damaged)).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
      )
    },
  )
})
