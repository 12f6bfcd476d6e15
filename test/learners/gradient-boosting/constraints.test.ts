import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import type { Forest } from '../../../src/learners/forest/forest.ts'
import type { Tree, TreeBranch } from '../../../src/learners/forest/tree.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import { keepOrder } from '../../../src/learners/gradient-boosting/keep-order.ts'
import { column, drawRows, leafValues, pathsOf, refitted, vector } from './support.ts'

type More = Partial<Omit<GradientBoostingInput, 'features'>>
const monotone = { increasing: [0, 3], decreasing: [1] }
const { NaN: missing } = Number

/** Rows and labels that fall where they should rise as often as not. */
function drawTurning(seed: string, n: number): { rows: Float64Array[]; y: number[] } {
  const rng = new SeededRng(`${seed} labels`)
  const rows = drawRows(seed, n, 4, 0.15)
  const at = (x: Float64Array, f: number): number => (Number.isNaN(x[f]!) ? 1 : x[f]!)
  const y = rows.map(
    (x) => at(x, 0) + Math.sin(4 * at(x, 0)) - at(x, 1) * at(x, 2) + 2 * Math.cos(3 * at(x, 3)) + drawNormal(rng),
  )
  return { rows, y }
}
const { rows, y } = drawTurning('turning', 600)
const wins = y.map((value) => Number(value > 0.5))
const later = drawTurning('turning later', 300)

/** Throws unless predictions rise and fall with their features, all else equal. */
function expectMonotone(predict: (x: Float64Array) => number): void {
  const value = fc.oneof(fc.double({ min: -4, max: 4, noNaN: true }), fc.constant(missing))
  const number = fc.double({ min: -4, max: 4, noNaN: true })
  const moved = fc.constantFrom(...monotone.increasing, ...monotone.decreasing)
  fc.assert(
    fc.property(fc.array(value, { minLength: 4, maxLength: 4 }), moved, number, number, (values, feature, a, b) => {
      const x = Float64Array.from(values)
      x[feature] = Math.min(a, b)
      const low = predict(x)
      x[feature] = Math.max(a, b)
      const high = predict(x)
      // sums of leaves may differ in their last bits
      const rise = monotone.increasing.includes(feature) ? high - low : low - high
      expect(rise).toBeGreaterThanOrEqual(-1e-12)
    }),
    { numRuns: 400 },
  )
}

describe('monotone constraints', () => {
  const cases: [string, More][] = [
    ['squared error', { task: 'regression' }],
    ['log loss', { task: 'binary' }],
    ["Huber's loss", { task: 'regression', loss: 'huber' }],
    ['a quantile, whose leaves are renewed', { task: 'regression', loss: 'quantile', quantiles: [0.8] }],
    ['depth-wise growth', { task: 'regression', growth: 'depth-wise', maxLeaves: 16 }],
    ['l1 and a step limit', { task: 'regression', l1: 3, maxDeltaStep: 0.4 }],
    ['dropout', { task: 'regression', dropout: 0.3 }],
    ['drawn rows', { task: 'regression', sampling: 'goss' }],
    ['few bins', { task: 'regression', bins: 5 }],
  ]
  test.each(cases)('hold for %s, whatever is missing', (_, more) => {
    const model = new GradientBoosting({ features: 4, maxLeaves: 20, trees: 40, minSamplesLeaf: 5, monotone, ...more })
    const labels = more.task === 'binary' ? wins : y
    model.fit(rows, labels)
    expect(new Set(pathsOf(model.forest).flat())).toEqual(new Set([0, 1, 2, 3]))
    expectMonotone((x) => model.predict(x))
  })

  test('without them the same tables turn', () => {
    const model = new GradientBoosting({ features: 4, task: 'regression', maxLeaves: 20, minSamplesLeaf: 5 })
    model.fit(rows, y)
    expect(() => expectMonotone((x) => model.predict(x))).toThrow()
  })

  test('hold for several quantiles', () => {
    const model = new MultiGradientBoosting({
      features: 4,
      loss: 'quantile',
      quantiles: [0.2, 0.7],
      monotone,
      trees: 30,
    })
    model.fit(rows, y)
    for (const k of [0, 1]) expectMonotone((x) => model.predictInto(x, new Float64Array(2))[k]!)
  })

  test.each<[string, More]>([
    ['refreshLeaves', { strategy: 'refreshLeaves', refreshRate: 0.7 }],
    ['refreshLeaves of a quantile', { strategy: 'refreshLeaves', refreshRate: 0.7, loss: 'quantile' }],
    ['appendTrees', { strategy: 'appendTrees', appended: 15 }],
  ])('hold after %s on labels that have turned round', (_, more) => {
    const model = new GradientBoosting({ features: 4, task: 'regression', trees: 40, monotone, recent: 300, ...more })
    model.fit(rows, y)
    const before = JSON.stringify(model.forest)
    for (const [i, x] of later.rows.entries()) model.learn(x, -later.y[i]!)
    refitted(model)
    expect(JSON.stringify(model.forest)).not.toBe(before)
    expectMonotone((x) => model.predict(x))
  })

  test('learn what goes the right way', () => {
    const xs = Array.from({ length: 200 }, (_, i) => (i - 99.5) / 100)
    const ends = (up: number): number[] => {
      const model = new GradientBoosting({
        features: 1,
        task: 'regression',
        monotone: { increasing: [0] },
        learningRate: 0.5,
      })
      model.fit(
        column(...xs),
        xs.map((x) => up * x),
      )
      return [-1, 1].map((x) => model.predict(vector(x)))
    }
    expect(ends(1)).toEqual([expect.closeTo(-1, 0), expect.closeTo(1, 0)])
    expect(ends(-1)).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12)])
  })

  test('are refused on both sides, on categories, on unknown features and for softmax', () => {
    const bad: More[] = [
      { monotone: { increasing: [0], decreasing: [0] } },
      { monotone: { increasing: [1] }, categorical: [1] },
      { monotone: { decreasing: [4] } },
    ]
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' })
    for (const more of bad) expect(() => new GradientBoosting({ features: 4, ...more })).toThrow(refused)
    expect(() => new MultiGradientBoosting({ features: 4, loss: 'softmax', classes: 3, monotone })).toThrow(refused)
  })
})

describe('keepOrder', () => {
  // 0: x0 <= 0 ? 1 : 2; 1: x1 <= 0 ? 3 : 4; 2: x0 <= 1 ? 5 : 6
  const forestOf = (leaves: readonly number[]): Forest => {
    const [a, b, c, d] = leaves as [number, number, number, number]
    return {
      features: 2,
      base: vector(0),
      roots: Int32Array.of(0),
      output: Int32Array.of(0),
      feature: Int32Array.of(0, 1, 0, -1, -1, -1, -1),
      threshold: vector(0, 0, 1, 0, 0, 0, 0),
      set: new Int32Array(7).fill(-1),
      sets: new Uint32Array(0),
      left: Int32Array.of(1, 3, 5, 0, 0, 0, 0),
      right: Int32Array.of(2, 4, 6, 0, 0, 0, 0),
      missingLeft: new Uint8Array(7),
      value: vector((a + b + c + d) / 4, (a + b) / 2, (c + d) / 2, a, b, c, d),
      gain: new Float64Array(7),
      cover: vector(4, 2, 2, 1, 1, 1, 1),
    }
  }
  const ordered = (leaves: readonly number[], direction: Int8Array): number[] => {
    const forest = forestOf(leaves)
    keepOrder(forest, 0, 7, direction)
    return leafValues(forest)
  }

  test('leaves an ordered tree as it is, and any tree without directions', () => {
    expect(ordered([0, 1, 1, 5], Int8Array.of(1, 0))).toEqual([0, 1, 1, 5])
    expect(ordered([7, -3, 2, 1], Int8Array.of(0, 0))).toEqual([7, -3, 2, 1])
  })

  test('cuts both sides off at the middle of their means', () => {
    // means 3 and 1: nothing above 2 on the left, nothing below it on the right
    expect(ordered([6, 0, 1, 1], Int8Array.of(1, 0))).toEqual([2, 0, 2, 2])
    expect(ordered([-6, 0, -1, -1], Int8Array.of(-1, 0))).toEqual([-2, 0, -2, -2])
  })

  test('gives ordered trees, and the same where asked twice', () => {
    const leaves = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(leaves, fc.constantFrom(-1, 0, 1), fc.constantFrom(-1, 0, 1), (values, up0, up1) => {
        const direction = Int8Array.of(up0, up1)
        const [a, b, c, d] = ordered(values, direction) as [number, number, number, number]
        expect(up0 * (c - Math.max(a, b))).toBeGreaterThanOrEqual(up0 === 1 ? 0 : -Infinity)
        if (up0 === 1) expect(Math.max(a, b)).toBeLessThanOrEqual(Math.min(c, d))
        if (up0 === -1) expect(Math.min(a, b)).toBeGreaterThanOrEqual(Math.max(c, d))
        if (up0 !== 0) expect(up0 * (d - c)).toBeGreaterThanOrEqual(0)
        expect(up1 * (b - a)).toBeGreaterThanOrEqual(0)
        expect(ordered([a, b, c, d], direction)).toEqual([a, b, c, d])
      }),
    )
  })
})

describe('interaction constraints', () => {
  test.each<[string, number[][]]>([
    [
      'groups that overlap',
      [
        [0, 1],
        [1, 2],
      ],
    ],
    ['one group, and features in none', [[0, 3]]],
    ['an empty group', [[]]],
  ])('with %s features meet only within a group', (_, interactions) => {
    const model = new GradientBoosting({
      features: 4,
      task: 'regression',
      maxLeaves: 16,
      minSamplesLeaf: 5,
      interactions,
    })
    model.fit(rows, y)
    const paths = pathsOf(model.forest).map((path) => [...new Set(path)])
    for (const path of paths) {
      const together = path.length === 1 || interactions.some((group) => path.every((one) => group.includes(one)))
      expect(together, `${path}`).toBe(true)
    }
    if (interactions[0]!.length > 0) expect(paths.some((path) => path.length > 1)).toBe(true)
    // one that is in no group may still be asked for, alone
    expect(new Set(paths.flat()).size).toBe(4)
  })
})

describe('penalties and limits', () => {
  const fitted = (more: More): GradientBoosting => {
    const model = new GradientBoosting({ features: 4, task: 'regression', trees: 30, ...more })
    model.fit(rows, more.task === 'binary' ? wins : y)
    return model
  }

  test('l1 takes its share from the sum of gradients of every leaf', () => {
    const options = { features: 1, task: 'regression', trees: 1, minSamples: 1, minSamplesLeaf: 1, l2: 0 } as const
    const model = new GradientBoosting({ ...options, learningRate: 1, maxLeaves: 2, l1: 3 })
    model.fit(column(0, 0, 1, 1), [0, 0, 10, 10])
    // residuals of 5 twice: (10 - 3) / 2
    expect(leafValues(model.forest)).toEqual([-3.5, 3.5])
    const gain = (model.trees[0] as TreeBranch).gain
    expect(gain).toBeCloseTo(2 * (49 / 2), 9)
    const none = new GradientBoosting({ ...options, l1: 10 })
    none.fit(column(0, 0, 1, 1), [0, 0, 10, 10])
    expect(none.trees).toEqual([])
  })

  test('much l1 leaves no tree, some of it smaller ones', () => {
    const sizes = [0, 20, 1e5].map((l1) => leafValues(fitted({ l1 }).forest).reduce((a, b) => a + Math.abs(b), 0))
    expect(sizes[0]!).toBeGreaterThan(sizes[1]!)
    expect(sizes[1]!).toBeGreaterThan(0)
    expect(sizes[2]).toBe(0)
  })

  test.each<[string, More]>([
    ['squared error', {}],
    ['log loss', { task: 'binary' }],
  ])('no leaf adds more than maxDeltaStep times the learning rate: %s', (_, more) => {
    const values = leafValues(fitted({ maxDeltaStep: 0.2, ...more }).forest).map(Math.abs)
    expect(Math.max(...values)).toBeCloseTo(0.02, 12)
  })

  test('every split gains more than minGain, in units of the loss', () => {
    for (const more of [{}, { l1: 0.1 }, { task: 'binary' as const, minGain: 4 }, { categorical: [2] }]) {
      const model = fitted({ minGain: 15, ...more })
      const free = fitted({ ...more, minGain: 0 })
      const gains = (one: GradientBoosting): number[] =>
        Array.from(one.forest.gain).filter((_, i) => one.forest.feature[i]! >= 0)
      const least = more.minGain ?? 15
      expect(gains(model).length).toBeGreaterThan(0)
      expect(Math.min(...gains(model))).toBeGreaterThanOrEqual(least * (1 - 1e-6))
      expect(Math.min(...gains(free))).toBeLessThan(least)
    }
  })

  test('a gain is what the loss falls by, twice, with a full step', () => {
    for (const more of [{}, { maxDeltaStep: 1e9 }]) {
      const model = fitted({ trees: 1, maxLeaves: 2, learningRate: 1, l2: 0, ...more })
      const lossAt = (predict: (x: Float64Array) => number): number =>
        rows.reduce((sum, x, i) => sum + (predict(x) - y[i]!) * (predict(x) - y[i]!), 0)
      const base = model.forest.base[0]!
      const fall = lossAt(() => base) - lossAt((x) => model.predict(x))
      // gradients are rounded to some 15 bits here
      expect(model.forest.gain[0]! / fall).toBeCloseTo(1, 2)
    }
  })

  test('both scans of numeric features grow the same trees where limits do not bind', () => {
    for (const task of ['binary', 'regression'] as const) {
      const [free, limited] = [fitted({ task }).forest, fitted({ task, maxDeltaStep: 1e9 }).forest]
      for (const key of ['feature', 'threshold', 'missingLeft'] as const) expect(limited[key]).toEqual(free[key])
      expect([...limited.value]).toEqual(Array.from(free.value, (v) => expect.closeTo(v, 9)))
    }
  })
})

describe('growth', () => {
  const depthsOf = (tree: Tree): number[] =>
    'left' in tree ? [...depthsOf(tree.left), ...depthsOf(tree.right)].map((depth) => depth + 1) : [0]
  const fitted = (more: More): GradientBoosting => {
    const model = new GradientBoosting({ features: 4, task: 'regression', trees: 10, minSamplesLeaf: 5, ...more })
    model.fit(rows, y)
    return model
  }
  /** Questions of a tree, whatever the order in which they were asked. */
  const questionsOf = (tree: Tree, path = 'root'): string[] =>
    'left' in tree
      ? [
          `${path} ${tree.feature} ${tree.threshold} ${tree.missing}`,
          ...questionsOf(tree.left, `${path}l`),
          ...questionsOf(tree.right, `${path}r`),
        ]
      : []

  test('depth-wise finishes a level before the next', () => {
    for (const maxLeaves of [4, 7, 16]) {
      for (const tree of fitted({ growth: 'depth-wise', maxLeaves }).trees) {
        const depths = depthsOf(tree)
        expect(depths.length).toBe(maxLeaves)
        // a leaf further up may only be one that could not be split
        const most = Math.max(...depths)
        expect(depths.filter((depth) => depth < most - 1).length).toBeLessThanOrEqual(1)
      }
    }
  })

  test('leaf-wise goes deeper with as many leaves', () => {
    const deepest = (growth: 'leaf-wise' | 'depth-wise'): number =>
      Math.max(...fitted({ growth, maxLeaves: 16 }).trees.flatMap(depthsOf))
    expect(deepest('leaf-wise')).toBeGreaterThan(deepest('depth-wise'))
  })

  test('with room for all leaves of a depth both ask the same questions', () => {
    for (const maxDepth of [2, 3, 4]) {
      const [leafWise, depthWise] = (['leaf-wise', 'depth-wise'] as const).map((growth) =>
        fitted({ growth, maxDepth, maxLeaves: 1 << maxDepth }),
      )
      for (const [t, tree] of leafWise!.trees.entries()) {
        expect(Math.max(...depthsOf(tree))).toBeLessThanOrEqual(maxDepth)
        expect(questionsOf(tree).sort()).toEqual(questionsOf(depthWise!.trees[t]!).sort())
      }
    }
  })

  test('a depth of 1 makes stumps', () => {
    for (const tree of fitted({ maxDepth: 1, maxLeaves: 31 }).trees) expect(depthsOf(tree)).toEqual([1, 1])
  })
})
