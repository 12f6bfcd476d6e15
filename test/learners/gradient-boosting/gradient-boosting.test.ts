import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Contribution } from '../../../src/contracts.ts'
import { sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import type { TreeBranch } from '../../../src/learners/forest/index.ts'
import { GradientBoosting } from '../../../src/learners/gradient-boosting/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import { drawDataSet, FEATURES } from './data.ts'

const vector = (...values: number[]): Float64Array => Float64Array.from(values)
const column = (...values: number[]): Float64Array[] => values.map((value) => vector(value))
/** Options under which a handful of rows makes a tree. */
const tiny = { minSamples: 1, minSamplesLeaf: 1, l2: 1, trees: 1 } as const
const { train, test: held } = drawDataSet('binary', 7, 800, 200)

describe('the laws of learners', () => {
  const small = { features: 3, trees: 12, window: 250, refitEvery: 40 }
  const cases = {
    binary: () => new GradientBoosting(small),
    regression: () => new GradientBoosting({ ...small, task: 'regression' }),
    'refits inside learn': () => new GradientBoosting({ ...small, refit: 'inline' }),
    sampling: () => new GradientBoosting({ ...small, rowFraction: 0.6, columnFraction: 0.67 }),
  }
  for (const [what, create] of Object.entries(cases)) {
    for (const { name, run } of learnerLaws(create, GradientBoosting)) test(`${what}: ${name}`, run)
  }
})

describe('one tree by hand', () => {
  test('squared error: base is the mean, leaves are -G / (H + l2) times the learning rate', () => {
    const model = new GradientBoosting({ features: 1, task: 'regression', learningRate: 0.5, maxLeaves: 2, ...tiny })
    model.fit(column(1, 2, 3, 4), [0, 0, 4, 8])
    // mean 3: residuals -3, -3, 1, 5; cut at 2.5: (-6)²/3 + 6²/3 = 24 beats 1.5 (9/2 + 9/4) and 3.5 (25/4 + 25/2)
    expect(model.trees).toEqual([
      {
        feature: 0,
        threshold: 2.5,
        missing: 'left',
        gain: 24,
        value: 0,
        rows: 4,
        left: { value: -1, rows: 2 },
        right: { value: 1, rows: 2 },
      },
    ])
    expect([2.5, 2.6, -1e300].map((x) => model.predict(vector(x)))).toEqual([2, 4, 2])
  })

  test('log loss: gradients are p - y and hessians p (1 - p)', () => {
    const model = new GradientBoosting({ features: 1, learningRate: 0.1, maxLeaves: 2, ...tiny })
    model.fit(column(0, 0, 1, 1), [0, 0, 1, 1])
    // p = 1/2: G = 1, H = 1/2 on the left
    expect(model.margin(vector(0))).toBeCloseTo(-0.1 / 1.5, 15)
    expect(model.predict(vector(1))).toBeCloseTo(sigmoid(0.1 / 1.5), 15)
    expect((model.trees[0] as TreeBranch).gain).toBeCloseTo(2 / 1.5, 14)
  })

  test('the second tree is fitted to what the first left over', () => {
    const model = new GradientBoosting({
      features: 1,
      task: 'regression',
      learningRate: 0.5,
      maxLeaves: 2,
      ...tiny,
      l2: 0,
      trees: 2,
    })
    model.fit(column(0, 1), [-8, 8])
    expect(model.trees.map((tree) => (tree as TreeBranch).right.value)).toEqual([4, 2])
    expect(model.predict(vector(1))).toBe(6)
  })

  test('a row of weight 3 is three rows', () => {
    const options = { features: 1, task: 'regression', ...tiny, trees: 5 } as const
    const [weighted, repeated] = [new GradientBoosting(options), new GradientBoosting(options)]
    weighted.fit(column(0, 1, 2), [1, 5, 2], [1, 3, 1])
    repeated.fit(column(0, 1, 1, 1, 2), [1, 5, 5, 5, 2])
    for (const x of column(0, 1, 2)) expect(weighted.predict(x)).toBeCloseTo(repeated.predict(x), 12)
  })
})

describe('limits of growth', () => {
  const depthOf = (tree: unknown): number => {
    const { left, right } = tree as Partial<TreeBranch>
    return left ? 1 + Math.max(depthOf(left), depthOf(right)) : 0
  }
  const leavesOf = (tree: unknown): { rows: number }[] => {
    const { left, right } = tree as Partial<TreeBranch>
    return left ? [...leavesOf(left), ...leavesOf(right)] : [tree as { rows: number }]
  }

  test('trees keep to leaves, depth and rows a leaf', () => {
    for (const limits of [{ maxLeaves: 5 }, { maxLeaves: 31, maxDepth: 3 }, { maxLeaves: 31, minSamplesLeaf: 90 }]) {
      const model = new GradientBoosting({ features: FEATURES, trees: 10, ...limits })
      model.fit(train.rows, train.y)
      expect(model.trees).toHaveLength(10)
      for (const tree of model.trees) {
        const leaves = leavesOf(tree)
        expect(leaves.length).toBeGreaterThan(1)
        expect(leaves.length).toBeLessThanOrEqual(limits.maxLeaves)
        expect(depthOf(tree)).toBeLessThanOrEqual(limits.maxDepth ?? limits.maxLeaves)
        // of rows of log loss, whose hessians differ, the count is an estimate
        for (const { rows } of leaves) expect(rows).toBeGreaterThanOrEqual(0.6 * (limits.minSamplesLeaf ?? 20))
        expect(leaves.reduce((sum, { rows }) => sum + rows, 0)).toBe(train.rows.length)
      }
    }
  })

  test('minHessianLeaf bounds the curvature in a leaf', () => {
    const model = new GradientBoosting({ features: 1, ...tiny, minHessianLeaf: 0.6 })
    model.fit(column(0, 1, 2, 3), [0, 0, 0, 1])
    // a leaf needs three of the rows, whose p (1 - p) is 0.21 each, and so has none for the other
    expect(model.trees).toEqual([])
  })

  test('rows and columns are sampled anew for each tree', () => {
    const model = new GradientBoosting({ features: FEATURES, trees: 20, rowFraction: 0.5, columnFraction: 0.2 })
    model.fit(train.rows, train.y)
    expect(new Set(model.trees.map(({ rows }) => rows))).toEqual(new Set([400]))
    const used = (tree: unknown): number[] => {
      const { feature, left, right } = tree as Partial<TreeBranch>
      return left ? [feature!, ...used(left), ...used(right)] : []
    }
    for (const tree of model.trees) expect(new Set(used(tree)).size).toBeLessThanOrEqual(2)
    expect(new Set(model.trees.flatMap(used)).size).toBeGreaterThan(5)
  })
})

describe('missing and odd values', () => {
  test('a hint in the missingness is found, on either side', () => {
    const rng = new SeededRng('missing')
    for (const label of [0, 1]) {
      const rows = Array.from({ length: 400 }, () => vector(rng.next(), rng.next() < 0.3 ? Number.NaN : rng.next()))
      const model = new GradientBoosting({ features: 2, trees: 50 })
      model.fit(
        rows,
        rows.map((x) => (Number.isNaN(x[1]!) ? label : 1 - label)),
      )
      expect(model.predict(vector(0.5, Number.NaN))).toBeCloseTo(label, 1)
      // values never seen are values all the same
      for (const value of [0.5, -7, 1e300]) expect(model.predict(vector(0.5, value))).toBeCloseTo(1 - label, 1)
    }
  })

  test('missing values join the values that behave like them', () => {
    const xs = [...new Array(40).fill(0), ...new Array(40).fill(1), ...new Array(40).fill(Number.NaN)]
    for (const like of [0, 1]) {
      const model = new GradientBoosting({ features: 1, task: 'regression', trees: 1, learningRate: 1, maxLeaves: 2 })
      model.fit(
        column(...xs),
        xs.map((x) => (Number.isNaN(x) ? like : x)),
      )
      expect(model.predict(vector(Number.NaN))).toBe(model.predict(vector(like)))
      expect(model.predict(vector(0))).toBeLessThan(model.predict(vector(1)))
    }
  })

  test('where training had none missing, missing values go with the majority', () => {
    const model = new GradientBoosting({ features: 1, task: 'regression', ...tiny })
    model.fit(column(0, 1, 1, 1), [0, 1, 1, 1])
    expect(model.predict(vector(Number.NaN))).toBe(model.predict(vector(1)))
  })

  test('constant and wholly missing features are never asked for', () => {
    const rows = train.rows.map((x) => vector(3, x[2]!, Number.NaN))
    const model = new GradientBoosting({ features: 3, trees: 10 })
    model.fit(rows, train.y)
    expect([...model.importance()]).toEqual([0, 1, 0])
  })

  test('the first of two equal features is the one that is asked for', () => {
    const model = new GradientBoosting({ features: 2, trees: 10 })
    model.fit(
      train.rows.map((x) => vector(x[2]!, x[2]!)),
      train.y,
    )
    expect([...model.importance()]).toEqual([1, 0])
  })

  test('equal rows with different labels give their mean and no tree', () => {
    const model = new GradientBoosting({ features: 1, task: 'regression' })
    model.fit(
      column(...new Array(100).fill(5)),
      new Array(100).fill(0).map((_, i) => i % 2),
    )
    expect(model.trees).toEqual([])
    expect(model.predict(vector(5))).toBeCloseTo(0.5, 14)
  })

  test('one class only gives a probability near it, but not on it', () => {
    for (const label of [0, 1]) {
      const model = new GradientBoosting({ features: FEATURES })
      model.fit(train.rows, new Array(800).fill(label))
      const p = model.predict(train.rows[0]!)
      expect(Math.abs(p - label)).toBeLessThan(0.01)
      expect(p > 0 && p < 1).toBe(true)
    }
  })

  test('no rows give the prior, one row a step from it', () => {
    const model = new GradientBoosting({ features: 1, minSamples: 1 })
    model.fit([], [])
    expect(model.predict(vector(1))).toBe(0.5)
    model.fit(column(1), [1])
    expect(model.predict(vector(1))).toBeCloseTo(0.75, 12)
    const regression = new GradientBoosting({ features: 1, task: 'regression', minSamples: 1 })
    regression.fit(column(1), [-3])
    expect(regression.predict(vector(9))).toBe(-3)
  })

  test('labels beyond 1e70 are refused, and the model stays as it was', () => {
    const model = new GradientBoosting({ features: 1, task: 'regression' })
    model.learn(vector(1), 2)
    const before = JSON.stringify(model)
    for (const y of [1.1e70, -1e300]) {
      expect(() => model.learn(vector(1), y)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    expect(JSON.stringify(model)).toBe(before)
  })

  test('numbers of any size in features, labels and weights leave predictions finite', () => {
    const huge = fc.constantFrom(1e300, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 0, -0, 1, Number.NaN)
    const row = fc.record({
      x: fc.tuple(huge, huge),
      y: fc.constantFrom(-1e70, 1e70, 0, 1, 5e-324),
      weight: fc.constantFrom(1.7e308, 5e-324, 1),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.constantFrom(0, 1), (rows, l2) => {
        for (const task of ['binary', 'regression'] as const) {
          const model = new GradientBoosting({
            features: 2,
            task,
            ...tiny,
            l2,
            trees: 5,
            refit: 'inline',
            refitEvery: 4,
          })
          for (const { x, y, weight } of rows) model.learn(vector(...x), task === 'binary' ? Number(y > 0) : y, weight)
          for (const { x } of rows) expect(Number.isFinite(model.predict(vector(...x)))).toBe(true)
          expect(GradientBoosting.fromJSON(JSON.parse(JSON.stringify(model))).seen).toBe(rows.length)
        }
      }),
    )
  })

  test('three-valued features are cut between their values', () => {
    const rng = new SeededRng('three')
    const rows = Array.from({ length: 300 }, () => vector(Math.floor(rng.next() * 3) - 1))
    const model = new GradientBoosting({ features: 1, task: 'regression', trees: 60 })
    model.fit(
      rows,
      rows.map(([x]) => (x === 0 ? 5 : -5)),
    )
    for (const [x, y] of [
      [-1, -5],
      [0, 5],
      [1, -5],
    ] as const) {
      expect(Math.abs(model.predict(vector(x)) - y)).toBeLessThan(0.2)
    }
  })
})

describe('explaining', () => {
  const model = new GradientBoosting({ features: FEATURES, trees: 40 })
  model.fit(train.rows, train.y)
  const sum = (parts: readonly Contribution[]): number => parts.reduce((total, { amount }) => total + amount, 0)

  test('contributions add up to margin minus bias, largest first', () => {
    for (const x of held.rows) {
      const parts = model.explain(x)
      expect(sum(parts)).toBeCloseTo(model.margin(x) - model.bias, 12)
      const sizes = parts.map(({ amount }) => Math.abs(amount))
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    }
  })

  test('the bias is the mean margin of the training rows', () => {
    const mean = train.rows.reduce((total, x) => total + model.margin(x), 0) / train.rows.length
    expect(model.bias).toBeCloseTo(mean, 12)
  })

  test('importance is shared by the features that carry the signal', () => {
    const shares = model.importance()
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
    expect(shares[0]!).toBeGreaterThan(3 * shares[9]!)
  })

  test('an untrained model has nothing to explain', () => {
    const blank = new GradientBoosting({ features: 2 })
    expect(blank.explain(vector(1, 2))).toEqual([])
    expect([...blank.importance()]).toEqual([0, 0])
    expect(blank.bias).toBe(0)
  })
})
