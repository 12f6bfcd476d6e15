import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue, Snapshot } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { restore } from '../../../src/core/snapshot.ts'
import { packState, unpackState } from '../../../src/core/state.ts'
import { AggregatedMondrianForest } from '../../../src/learners/mondrian-forest/index.ts'
import { createTree } from '../../../src/learners/mondrian-forest/tree.ts'
import { PlainMondrianTree } from './plain-mondrian.ts'

// sixty-fourths, of which sums and differences are exact
const number = fc.integer({ min: -200, max: 200 }).map((n) => n / 64)
const value = fc.oneof({ arbitrary: number, weight: 9 }, fc.constant(Number.NaN))
const row = fc.record({
  x: fc.array(value, { minLength: 2, maxLength: 2 }),
  y: fc.constantFrom(0, 1),
  weight: fc.constantFrom(0.3, 1, 2.5),
})

type Tree = ReturnType<typeof createTree>
/** The trees of a snapshot, as plain data. */
function treesOf(forest: AggregatedMondrianForest): Tree[] {
  return unpackState((forest.toJSON().state as { trees: JsonValue }).trees, [createTree(1, 0, 0)]) as Tree[]
}

/** Mean number of questions on the way to a leaf. */
function meanDepth({ parent, left }: Tree): number {
  const depths: number[] = []
  for (const [v, up] of parent.entries()) {
    if (up === -2 || left[v] !== 0) continue
    let depth = 0
    for (let at = v; parent[at]! >= 0; at = parent[at]!) depth++
    depths.push(depth)
  }
  return depths.reduce((a, b) => a + b) / depths.length
}

/** Normal features of which the first tells the label; `unit` multiplies the second. */
function* stream(seed: string, n: number, unit = 1, turnAt = Infinity): Generator<{ x: Float64Array; y: number }> {
  const rng = new SeededRng(seed)
  for (let i = 0; i < n; i++) {
    const x = Float64Array.of(drawNormal(rng), unit * drawNormal(rng))
    const score = 2 * x[0]! + x[1]! / unit
    yield { x, y: Number(rng.next() < sigmoid(i < turnAt ? score : -score)) }
  }
}

describe('AggregatedMondrianForest', () => {
  test('says what the average over all prunings says, each weighted by its prior and its likelihood', () => {
    const streams = fc.array(row, { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(streams, fc.constantFrom(0.5, 1, 2), fc.constantFrom(0.4, 1), (rows, step, smoothing) => {
        const features = 2
        const options = { features, step, smoothing, trees: 1, halfLife: Infinity, units: 'common', seed: 's' } as const
        const forest = new AggregatedMondrianForest(options)
        const plain = new PlainMondrianTree(features, step, smoothing, new SeededRng('s'))
        for (const { x, y, weight } of rows) {
          const probe = Float64Array.from(x)
          expect(forest.predict(probe)).toBeCloseTo(plain.predict(probe), 9)
          forest.learn(probe, y, weight)
          plain.learn(probe, y, weight)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('neither the unit of a feature nor that of a regression’s y changes anything', () => {
    const predictions = (unit: number, labelUnit: number): number[] => {
      const [binary, regression] = (['binary', 'regression'] as const).map(
        (task) => new AggregatedMondrianForest({ features: 2, trees: 3, task, maxNodes: 101 }),
      )
      return [...stream('units', 500, unit)].flatMap(({ x, y }) => {
        const said = [binary!.predict(x), regression!.predict(x) / labelUnit]
        binary!.learn(x, y)
        regression!.learn(x, labelUnit * y)
        return said
      })
    }
    const wanted = predictions(1, 1)
    for (const unit of [2 ** -40, 2 ** 40]) expect(predictions(unit, 1 / unit)).toEqual(wanted)
  })

  test('a tree never has more than maxNodes nodes, whose memory is bounded, and still finds its way after a change', () => {
    const options = { features: 2, trees: 5, maxNodes: 101 }
    const forest = new AggregatedMondrianForest(options)
    const rights: number[] = []
    for (const { x, y } of stream('bounded', 8000, 1, 4000)) {
      rights.push(Number(forest.predict(x) >= 0.5 === (y === 1)))
      forest.learn(x, y)
      expect(forest.nodes).toBeLessThanOrEqual(5 * 101)
    }
    // 16 bytes a feature and 61 besides for each node, and a sample of 64 rows
    expect(forest.sizeInBytes).toBeLessThanOrEqual(5 * 101 * (16 * 2 + 61) + 64 * 2 * 8 + 80)
    const share = (from: number, to: number): number => rights.slice(from, to).reduce((a, b) => a + b) / (to - from)
    expect(share(2000, 4000)).toBeGreaterThan(0.74)
    expect(share(6000, 8000)).toBeGreaterThan(0.74)
  })

  test('paths to the leaves of a full tree do not grow with the stream', () => {
    const features = 10
    const forest = new AggregatedMondrianForest({ features, trees: 1, maxNodes: 301 })
    const rng = new SeededRng('long')
    const depths: number[] = []
    for (let i = 1; i <= 64_000; i++) {
      const x = Float64Array.from({ length: features }, () => drawNormal(rng))
      forest.learn(x, Number(drawNormal(rng) + x[0]! > 0))
      if (i % 4000 === 0) depths.push(meanDepth(treesOf(forest)[0]!))
    }
    // mean number of questions of all leaves, over the second and the last quarter of the stream
    const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b) / list.length
    expect(mean(depths.slice(-4)) / mean(depths.slice(4, 8))).toBeLessThan(1.1)
  })

  test('finds the few ones of a class of 2 %, where leaves of one class must not hold their ground', () => {
    const rng = new SeededRng('rare')
    const forest = new AggregatedMondrianForest({ features: 2 })
    const [ones, zeros]: [number[], number[]] = [[], []]
    for (let i = 0; i < 6000; i++) {
      const x = Float64Array.of(drawNormal(rng), drawNormal(rng))
      const y = Number(rng.next() < sigmoid(-5.2 + 1.5 * x[0]! - x[1]!))
      if (i > 1000) (y === 1 ? ones : zeros).push(forest.predict(x))
      forest.learn(x, y)
    }
    const mean = (p: number[]): number => p.reduce((a, b) => a + b) / p.length
    expect(mean(ones)).toBeGreaterThan(2.5 * mean(zeros))
  })

  test('one wild value does not stop a feature from being split', () => {
    const spoilt = new AggregatedMondrianForest({ features: 2 })
    for (const wild of [1e300, -1e300]) spoilt.learn(Float64Array.of(wild, 0), 1)
    let right = 0
    for (const { x, y } of stream('wild', 1500)) {
      right += Number(spoilt.predict(x) >= 0.5 === (y === 1))
      spoilt.learn(x, y)
    }
    expect(right / 1500).toBeGreaterThan(0.72)
  })

  test('with a missing value it follows the child that has seen more', () => {
    const forest = new AggregatedMondrianForest({ features: 1, trees: 1 })
    for (let i = 0; i < 40; i++) forest.learn(Float64Array.of(i % 4 === 0 ? 5 : -5 - (i % 3)), Number(i % 4 === 0))
    const unknown = forest.predict(Float64Array.of(Number.NaN))
    expect(unknown).toBe(forest.predict(Float64Array.of(-5)))
    expect(unknown).toBeLessThan(0.2)
    expect(forest.predict(Float64Array.of(5))).toBeGreaterThan(0.8)
  })

  test('another seed grows another forest, the same seed the same', () => {
    const grown = (seed: string): string => {
      const forest = new AggregatedMondrianForest({ features: 2, trees: 2, seed })
      for (const { x, y } of stream('seeds', 50)) forest.learn(x, y)
      return JSON.stringify(forest.toJSON().state)
    }
    expect(grown('a')).toBe(grown('a'))
    expect(grown('a')).not.toBe(grown('b'))
  })

  test('a regression follows a curve', () => {
    const rng = new SeededRng('curve')
    const forest = new AggregatedMondrianForest({ features: 1, task: 'regression' })
    for (let i = 0; i < 3000; i++) {
      const x = 6 * rng.next() - 3
      forest.learn(Float64Array.of(x), Math.sin(x) + 0.1 * drawNormal(rng))
    }
    for (const x of [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]) {
      expect(Math.abs(forest.predict(Float64Array.of(x)) - Math.sin(x))).toBeLessThan(0.15)
    }
  })
})

describe('a damaged snapshot of a Mondrian forest', () => {
  const forest = new AggregatedMondrianForest({ features: 2, trees: 1, maxNodes: 31 })
  for (const { x, y } of stream('damage', 200)) forest.learn(x, y)
  const whole = JSON.parse(JSON.stringify(forest)) as Snapshot
  const withTree = (damage: (tree: Tree) => void): Snapshot => {
    const [tree] = treesOf(forest)
    damage(tree!)
    return { ...whole, state: { ...whole.state, trees: packState([tree!]) } }
  }
  const leaf = treesOf(forest)[0]!.left.lastIndexOf(0)
  const damages: readonly [string, Snapshot][] = [
    ['a loop', withTree((tree) => void (tree.left[leaf] = 1))],
    ['a child outside', withTree((tree) => void (tree.left[0] = 999))],
    ['a negative child', withTree((tree) => void (tree.left[0] = -1))],
    ['an even child', withTree((tree) => void (tree.left[0] = 2))],
    ['a wrong parent', withTree((tree) => void (tree.parent[tree.left[0]!] = 7))],
    ['a root with a parent', withTree((tree) => void (tree.parent[0] = 1))],
    ['a wrong count', withTree((tree) => void tree.nodes++)],
    ['a free list without an end', withTree((tree) => void (tree.free = tree.left[0]!))],
    ['a hand outside', withTree((tree) => void (tree.hand = 99))],
    ['a feature that is not there', withTree((tree) => void (tree.feature[0] = 2))],
    ['a threshold that is no number', withTree((tree) => void (tree.threshold[0] = Number.NaN))],
    ['a mean that no label has', withTree((tree) => void (tree.mean[0] = 1.5))],
    ['a negative weight', withTree((tree) => void (tree.weight[0] = -1))],
    ['trust above 1', withTree((tree) => void (tree.trust[0] = 1))],
    ['an open box', withTree((tree) => void (tree.lows[0] = Number.NEGATIVE_INFINITY))],
    ['a time before time', withTree((tree) => void (tree.time[0] = Number.NaN))],
    ['short arrays', withTree((tree) => void (tree.trust = tree.trust.slice(1)))],
    ['more features than can be', { ...whole, options: { ...whole.options, features: 1e9 } as JsonObject }],
    ['more trees than can be', { ...whole, options: { ...whole.options, trees: 1e9 } as JsonObject }],
    ['fewer nodes than it has', { ...whole, options: { ...whole.options, maxNodes: 3 } as JsonObject }],
  ]
  test('as long as it is whole it is read', () => {
    const same = withTree(() => {})
    expect(JSON.stringify(restore(same, [AggregatedMondrianForest]))).toBe(JSON.stringify(forest))
  })
  test.each(damages)('is refused: %s', (_, snapshot) => {
    expect(() => restore(snapshot, [AggregatedMondrianForest])).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
    )
  })
})
