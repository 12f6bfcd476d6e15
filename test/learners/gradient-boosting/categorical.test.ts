import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawInteger, drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { inSet } from '../../../src/learners/forest/forest.ts'
import type { Tree, TreeBranch } from '../../../src/learners/forest/tree.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import { column, drawRows, expectSound, mean, vector, visits } from './support.ts'

const { NaN: missing } = Number
const regression = { features: 1, task: 'regression', categorical: [0], trees: 1, learningRate: 1 } as const

/** A table of one category each, with the effects given and a little noise. */
function drawCategories(seed: string, n: number, effects: readonly number[], noise = 0.1): [Float64Array[], number[]] {
  const rng = new SeededRng(seed)
  const levels = Array.from({ length: n }, (_, i) => i % effects.length)
  return [column(...levels), levels.map((c) => effects[c]! + noise * drawNormal(rng))]
}

describe('questions about categories', () => {
  test('of few categories send one left and the others right', () => {
    const [rows, y] = drawCategories('few', 120, [1, 8, 2])
    const model = new GradientBoosting({ ...regression, maxLeaves: 2, l2: 0 })
    model.fit(rows, y)
    expect(model.trees[0]).toMatchObject({ feature: 0, threshold: missing, categories: [1], missing: 'right' })
    expect((model.trees[0] as TreeBranch).left.rows).toBe(40)
  })

  test('of three categories are the best of all ways to divide them', () => {
    const triple = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 90, maxLength: 90 })
    fc.assert(
      fc.property(triple, (y) => {
        const model = new GradientBoosting({ ...regression, maxLeaves: 2, l2: 0 })
        const levels = y.map((_, i) => i % 3)
        model.fit(column(...levels), y)
        const total = y.reduce((a, b) => a + b, 0)
        const gainOf = (c: number): number => {
          const own = y.reduce((sum, value, i) => sum + (levels[i] === c ? value - total / 90 : 0), 0)
          return (own * own) / 30 + (own * own) / 60
        }
        const most = Math.max(0, 1, 2, gainOf(0), gainOf(1), gainOf(2))
        fc.pre(most > 2)
        const { categories } = model.trees[0] as TreeBranch
        // gradients are rounded to 12 bits and more
        expect(gainOf(categories![0]!) / most).toBeCloseTo(1, 2)
      }),
    )
  })

  test('of many categories are the best of all sets', () => {
    const effects = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(effects, (levels) => {
        const [rows, y] = drawCategories('many', 1200, levels)
        const model = new GradientBoosting({ ...regression, maxLeaves: 2, l2: 0 })
        model.fit(rows, y)
        const average = mean(y)
        const sums = levels.map((_, c) => y.reduce((sum, v, i) => sum + (i % 6 === c ? v - average : 0), 0))
        const gainOf = (set: readonly number[]): number => {
          const own = set.reduce((sum, c) => sum + sums[c]!, 0)
          return (own * own) / (200 * set.length + 10) + (own * own) / (1200 - 200 * set.length + 10)
        }
        const sets = Array.from({ length: 62 }, (_, bits) => [0, 1, 2, 3, 4, 5].filter((c) => ((bits + 1) >> c) & 1))
        const most = Math.max(...sets.map(gainOf))
        fc.pre(most > 20)
        const { categories, gain } = model.trees[0] as TreeBranch
        expect(gainOf(categories!) / most).toBeCloseTo(1, 2)
        expect(gain / most).toBeCloseTo(1, 1)
      }),
      { numRuns: 50 },
    )
  })

  test('leave what is unseen, missing, negative or rare on the right, and cut fractions', () => {
    const rng = new SeededRng('right')
    const levels = Array.from({ length: 400 }, (_, i) => (i < 2 ? 50 : i % 8 === 0 ? missing : drawInteger(rng, 3)))
    const model = new GradientBoosting({ ...regression, maxLeaves: 2, minSamplesLeaf: 1, l2: 0 })
    model.fit(
      column(...levels),
      levels.map((c) => Number(c === 2)),
    )
    expect(model.trees[0]).toMatchObject({ categories: [2], missing: 'right' })
    const right = model.predict(vector(0))
    for (const other of [1, 3, 50, 99, 1e9, 1e300, missing, -1, -2, -2.5]) {
      expect(model.predict(vector(other)), `${other}`).toBe(right)
    }
    for (const two of [2, 2.5, 2.999]) expect(model.predict(vector(two))).toBeGreaterThan(right + 0.9)
  })

  test('are asked where they gain, beside numbers', () => {
    const rng = new SeededRng('beside')
    const effects = Array.from({ length: 30 }, () => 2 * drawNormal(rng))
    const draw = (n: number): { rows: Float64Array[]; y: number[] } => {
      const rows = Array.from({ length: n }, () => vector(drawNormal(rng), drawInteger(rng, 30)))
      return { rows, y: rows.map((x) => x[0]! + effects[x[1]!]! + 0.3 * drawNormal(rng)) }
    }
    const [train, held] = [draw(5000), draw(1000)]
    const errorOf = (more: object): number => {
      const model = new GradientBoosting({ features: 2, task: 'regression', ...more })
      model.fit(train.rows, train.y)
      return mean(held.rows.map((x, i) => (model.predict(x) - held.y[i]!) ** 2))
    }
    const sets = errorOf({ categorical: [1] })
    expect(sets).toBeLessThan(0.2)
    expect(sets).toBeLessThan(0.6 * errorOf({}))
  })

  test('of 70,000 categories end in a model of moderate size that can be saved', () => {
    const levels = Array.from({ length: 70_000 }, (_, i) => (i % 5 === 0 ? 69_999 - (i % 7) : i))
    const model = new GradientBoosting({ features: 1, task: 'regression', categorical: [0], trees: 10, bins: 255 })
    model.fit(
      column(...levels),
      levels.map((c) => Number(c === 69_999) + 2 * Number(c === 69_995)),
    )
    expectSound(model.forest)
    expect(model.predict(vector(69_999))).toBeGreaterThan(model.predict(vector(69_998)) + 0.3)
    expect(model.predict(vector(69_995))).toBeGreaterThan(model.predict(vector(69_999)) + 0.3)
    expect(model.forest.sets.length).toBeLessThan(10 * 7 * (70_000 / 32 + 2))
    const again = GradientBoosting.fromJSON(JSON.parse(JSON.stringify(model)))
    expect(again.forest).toEqual(model.forest)
  })

  test('only categories make no difference by their numbers', () => {
    const [rows, y] = drawCategories('names', 1200, [3, 1, 2, 9, 4, 8, 7, 5])
    const names = [17, 900, 3, 31, 32, 63, 64, 5]
    const [plain, renamed] = [0, 1].map(
      () => new GradientBoosting({ features: 1, task: 'regression', categorical: [0] }),
    )
    plain!.fit(rows, y)
    renamed!.fit(
      rows.map(([c]) => vector(names[c!]!)),
      y,
    )
    // equally frequent ones stand in another order, so that sums are rounded otherwise
    for (const [c, name] of names.entries()) {
      expect(renamed!.predict(vector(name))).toBeCloseTo(plain!.predict(vector(c)), 9)
    }
  })
})

describe('snapshots and plain trees', () => {
  const rng = new SeededRng('plain')
  const rows = drawRows('plain', 2000, 2, 0.05).map((x) => vector(drawInteger(rng, 40), x[0]!, x[1]!))
  const y = rows.map((x) => Math.sin(x[0]!) + (x[1] || 0) + 0.2 * drawNormal(rng))
  const model = new GradientBoosting({ features: 3, task: 'regression', categorical: [0], trees: 20 })
  model.fit(rows, y)

  test('hold the sets of categories', () => {
    const again = GradientBoosting.fromJSON(JSON.parse(JSON.stringify(model)))
    expect(again.forest).toEqual(model.forest)
    for (const x of rows) expect(again.predict(x)).toBe(model.predict(x))
  })

  test('trees show which categories go left', () => {
    const { forest } = model
    const branchesOf = (tree: Tree): TreeBranch[] =>
      'left' in tree ? [tree, ...branchesOf(tree.left), ...branchesOf(tree.right)] : []
    const shown = model.trees.flatMap(branchesOf).filter(({ categories }) => categories)
    const nodes = Array.from(forest.set.keys()).filter((node) => forest.set[node]! >= 0)
    const membersOf = (node: number): number[] =>
      Array.from({ length: 40 }, (_, c) => c).filter((c) => inSet(forest.sets, forest.set[node]!, c))
    expect(shown.length).toBeGreaterThan(3)
    expect(shown.every(({ feature, threshold }) => feature === 0 && Number.isNaN(threshold))).toBe(true)
    const text = (list: readonly number[][]): string[] => list.map(String).sort()
    expect(text(shown.map(({ categories }) => [...categories!]))).toEqual(text(nodes.map(membersOf)))
  })
})

describe('a row falls into the same leaf in training and in prediction', () => {
  const rng = new SeededRng('same leaf')
  const odd = [missing, -1, -0.5, 0.5, 7.9, 1e300, -1e300, 2_000_000]
  const rows = Array.from({ length: 1500 }, () =>
    vector(
      rng.next() < 0.1 ? missing : drawNormal(rng),
      rng.next() < 0.1 ? odd[drawInteger(rng, odd.length)]! : drawInteger(rng, 25),
      drawInteger(rng, 3),
      rng.next() < 0.5 ? missing : drawInteger(rng, 4),
      rng.next() < 0.02 ? 1e300 : drawNormal(rng) * 1e-300,
      rng.next() < 0.3 ? missing : 1,
    ),
  )
  const score = rows.map((x) => (x[0] || 0) + Math.sin(x[1] || 9) + Number(x[2] === 1) + Number(Number.isNaN(x[3]!)))
  const y = score.map((s, i) => s + Number(Number.isNaN(rows[i]![5]!)) + 0.5 * drawNormal(rng))
  const few = [...new Set(y.map((_, i) => i % 37))]
  const cases: [string, Partial<GradientBoostingInput>, number[]?][] = [
    ['squared error', { task: 'regression' }],
    ['log loss', {}],
    ['three bins', { task: 'regression', bins: 3 }],
    ['255 bins', { task: 'regression', bins: 255 }],
    ['small leaves', { task: 'regression', minSamplesLeaf: 1, maxLeaves: 63 }],
    ['depth-wise growth', { growth: 'depth-wise' }],
    ['monotone constraints', { task: 'regression', monotone: { increasing: [0], decreasing: [5] } }],
    ['l1', { task: 'regression', l1: 2 }],
    [
      'interactions',
      {
        interactions: [
          [0, 1],
          [2, 3],
        ],
      },
    ],
    ['a quantile', { task: 'regression', loss: 'quantile', quantiles: [0.7] }],
    ['sampled columns', { columnFraction: 0.5 }],
    ['dropout', { dropout: 0.2 }],
    ['weights that differ by 12 digits', {}, y.map((_, i) => (few.includes(i % 61) ? 1e-12 : 1 + (i % 7)))],
    ['weights that fade', { halfLife: 20 }],
  ]
  test.each(cases)('%s', (_, more, weights) => {
    const model = new GradientBoosting({ features: 6, categorical: [1, 2, 3], trees: 15, maxLeaves: 20, ...more })
    model.fit(rows, more.task === 'regression' ? y : y.map((value) => Number(value > 1)), weights)
    expectSound(model.forest)
    expect(model.forest.set.some((at) => at >= 0)).toBe(true)
    expect(model.forest.feature.some((f, i) => f >= 0 && model.forest.set[i]! < 0)).toBe(true)
    expect(visits(model.forest, rows)).toEqual(model.forest.cover)
  })

  test('of several outputs', () => {
    const model = new MultiGradientBoosting({
      features: 6,
      categorical: [1, 2, 3],
      trees: 10,
      loss: 'softmax',
      classes: 3,
    })
    model.fit(
      rows,
      y.map((value) => (value < 0.5 ? 0 : value < 1.5 ? 1 : 2)),
    )
    expect(visits(model.forest, rows)).toEqual(model.forest.cover)
    expect(new Set(model.forest.output)).toEqual(new Set([0, 1, 2]))
  })
})
