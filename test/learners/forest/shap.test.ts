import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { createForest, type Forest } from '../../../src/learners/forest/forest.ts'
import { marginsInto } from '../../../src/learners/forest/margins.ts'
import { createShap, shapFromDecisions, shapInto } from '../../../src/learners/forest/shap.ts'
import { shapInteractionsFromDecisions, shapInteractionsInto } from '../../../src/learners/forest/shap-interactions.ts'
import { GradientBoosting } from '../../../src/learners/gradient-boosting/index.ts'
import { numbersOf, readModel, readRecord, recorded } from './lightgbm-text.ts'
import { interactions, randomForest, randomVector, type Shape, shapley } from './shapley.ts'

const partsOf = (forest: Forest, x: Float64Array): Float64Array => {
  const shap = createShap(forest)
  const out = new Float64Array(shap.size).fill(Number.NaN)
  shapInto(shap, x, 0, out)
  return out
}
const sumOf = (parts: ArrayLike<number>): number => Array.from(parts).reduce((sum, part) => sum + part, 0)
const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  // NaN is infinitely far
  return Math.max(0, ...Array.from(a, (v, i) => (Number.isNaN(v - b[i]!) ? Infinity : Math.abs(v - b[i]!))))
}

const shapes: fc.Arbitrary<{ seed: string; shape: Shape }> = fc.record({
  seed: fc.string({ minLength: 1 }),
  shape: fc.record({
    features: fc.integer({ min: 1, max: 7 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    trees: fc.integer({ min: 0, max: 4 }),
    leaves: fc.integer({ min: 1, max: 30 }),
    categorical: fc.constantFrom(0, 0.3, 1),
    empty: fc.constantFrom(0, 0.3, 1),
  }),
})

describe('SHAP values', () => {
  test('are the Shapley values of the expectations by cover, and add up to the margin', () => {
    fc.assert(
      fc.property(shapes, ({ seed, shape }) => {
        const forest = randomForest(seed, shape)
        const x = randomVector(new SeededRng(`x${seed}`), shape.features)
        const parts = partsOf(forest, x)
        const margins = new Float64Array(forest.base.length)
        marginsInto(forest, x, 0, margins)
        for (let k = 0; k < margins.length; k++) {
          const own = parts.subarray(k * (shape.features + 1), (k + 1) * (shape.features + 1))
          expect(farthest(own, shapley(forest, k, x))).toBeLessThan(1e-12)
          expect(Math.abs(sumOf(own) - margins[k]!)).toBeLessThan(1e-12)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('are exact where ways ask for many features, some again', () => {
    const forest = randomForest('wide', { features: 11, leaves: 150, trees: 2, categorical: 0.1 })
    const rng = new SeededRng('rows')
    for (let row = 0; row < 3; row++) {
      const x = randomVector(rng, 11)
      expect(farthest(partsOf(forest, x), shapley(forest, 0, x))).toBeLessThan(1e-12)
    }
  })

  // a chain of n questions; the game is symmetric but for the shares, so the values are known in closed form
  test.each([2, 7, 8, 9, 64, 200])('of a chain of %i questions about as many features are exact', (n) => {
    const forest = chain(n, n, 0.5)
    const parts = partsOf(forest, new Float64Array(n))
    // all on the way: v(S) = 2^-(n - |S|), the same part for each feature
    const bias = 2 ** -n
    for (let f = 0; f < n; f++) expect(Math.abs(parts[f]! - (1 - bias) / n)).toBeLessThan(1e-12)
    expect(parts[n]).toBeCloseTo(bias, 14)
  })

  test('of a chain of 64 questions about 8 features are the Shapley values', () => {
    const forest = chain(64, 8, 0.9)
    for (const x of [new Float64Array(8), Float64Array.from({ length: 8 }, (_, i) => (i === 3 ? 1 : -1))]) {
      expect(farthest(partsOf(forest, x), shapley(forest, 0, x))).toBeLessThan(1e-12)
    }
  })

  test('of 64 questions about 40 features, asked in turn, add up to the margin', () => {
    const forest = chain(64, 40, 0.97)
    const x = Float64Array.from({ length: 40 }, (_, i) => (i === 37 ? 1 : -1))
    const margin = new Float64Array(1)
    marginsInto(forest, x, 0, margin)
    expect(Math.abs(sumOf(partsOf(forest, x)) - margin[0]!)).toBeLessThan(1e-12)
  })

  test('are numbers for covers of 0, below 0, of NaN and of 1e308', () => {
    for (const cover of [0, -1, Number.NaN, 1e308, 5e-324, Infinity]) {
      const forest = randomForest('covers', { features: 4, leaves: 12 })
      forest.cover.fill(cover)
      const x = randomVector(new SeededRng('x'), 4)
      const parts = partsOf(forest, x)
      expect(Array.from(parts).every(Number.isFinite)).toBe(true)
      const margin = new Float64Array(1)
      marginsInto(forest, x, 0, margin)
      expect(Math.abs(sumOf(parts) - margin[0]!)).toBeLessThan(1e-12)
    }
  })

  test('of a forest without trees, and of trees of one leaf, are the bias alone', () => {
    expect(Array.from(partsOf(createForest(2, [0.3], 0, 0), new Float64Array(2)))).toEqual([0, 0, 0.3])
    const forest = createForest(2, [0.3], 1, 1)
    forest.value[0] = 0.2
    expect(Array.from(partsOf(forest, new Float64Array(2)))).toEqual([0, 0, 0.5])
  })

  test('are the same, bit for bit, from x, from a place in a table and from decisions', () => {
    const forest = randomForest('same', { features: 5, outputs: 2, leaves: 20, categorical: 0.3 })
    const shap = createShap(forest)
    const rng = new SeededRng('x')
    const [a, b, c] = [0, 0, 0].map(() => new Float64Array(shap.size))
    for (let row = 0; row < 20; row++) {
      const x = randomVector(rng, 5)
      shapInto(shap, x, 0, a!)
      shapInto(shap, Float64Array.of(9, 9, 9, ...x, 9), 3, b!)
      const decisions = Uint8Array.from(forest.feature, (_, node) => answer(forest, node, x))
      shapFromDecisions(shap, decisions, c!)
      expect(b).toEqual(a)
      expect(c).toEqual(a)
    }
  })

  test('refuse a tree whose ways meet', () => {
    const forest = randomForest('meet', { features: 2, leaves: 4, trees: 1 })
    forest.right[0] = forest.left[0]!
    expect(() => createShap(forest)).toThrow(expect.objectContaining({ code: 'CORRUPT_MODEL' }))
  })

  test('lead from the bias of a trained model to its margin', () => {
    const rng = new SeededRng('trained')
    const rows = Array.from({ length: 300 }, () => Float64Array.from({ length: 4 }, () => rng.next()))
    const model = new GradientBoosting({ features: 4, trees: 20, minSamples: 50 })
    model.fit(
      rows,
      rows.map(([a, b]) => Number(a! + b! * rng.next() > 0.7)),
    )
    for (const x of rows.slice(0, 20)) {
      const parts = partsOf(model.forest, x)
      expect(Math.abs(sumOf(parts) - model.margin(x))).toBeLessThan(1e-12)
    }
  })
})

describe.skipIf(!recorded)('of LightGBM models', () => {
  test.each([
    'binary_cat',
    'binary_inf_threshold',
    'binary_nan',
    'multiclass3_nan',
    'quantile90_nan',
    'regression_nan_cat',
    'regression_no_missing',
    'regression_zero_as_missing',
    'rf_binary',
  ])("%s are LightGBM's own", (name) => {
    const { forest, decide } = readModel(`lgb_${name}`)
    const { X, contrib, contrib_rows } = readRecord(`lgb_${name}`)
    const rows = numbersOf(X)
    const shap = createShap(forest)
    const decisions = new Uint8Array(forest.feature.length)
    const out = new Float64Array(shap.size)
    for (let row = 0; row < contrib_rows; row++) {
      decide(rows.subarray(row * forest.features, (row + 1) * forest.features), decisions)
      shapFromDecisions(shap, decisions, out)
      expect(farthest(out, contrib.slice(row * shap.size, (row + 1) * shap.size))).toBeLessThan(1e-12)
    }
  })
})

describe('SHAP interaction values', () => {
  test('are the Shapley interaction values, whose rows add up to the SHAP values', () => {
    fc.assert(
      fc.property(shapes, ({ seed, shape }) => {
        const forest = randomForest(seed, shape)
        const x = randomVector(new SeededRng(`x${seed}`), shape.features)
        const shap = createShap(forest)
        const stride = shape.features + 1
        const parts = partsOf(forest, x)
        const out = new Float64Array(shap.size * stride).fill(Number.NaN)
        shapInteractionsInto(shap, x, 0, out)
        for (let k = 0; k < forest.base.length; k++) {
          interactions(forest, k, x).forEach((wanted, i) => {
            const row = out.subarray((k * stride + i) * stride, (k * stride + i + 1) * stride)
            expect(farthest(row, wanted)).toBeLessThan(1e-12)
            expect(Math.abs(sumOf(row) - parts[k * stride + i]!)).toBeLessThan(1e-12)
          })
        }
        // the scratch paper is as it was
        const again = new Float64Array(shap.size)
        shapInto(shap, x, 0, again)
        expect(again).toEqual(parts)
      }),
      { numRuns: 60 },
    )
  })

  test('are the same from decisions', () => {
    const forest = randomForest('same', { features: 5, leaves: 20, categorical: 0.3 })
    const shap = createShap(forest)
    const x = randomVector(new SeededRng('x'), 5)
    const [a, b] = [new Float64Array(36), new Float64Array(36)]
    shapInteractionsInto(shap, x, 0, a)
    shapInteractionsFromDecisions(
      shap,
      Uint8Array.from(forest.feature, (_, node) => answer(forest, node, x)),
      b,
    )
    expect(b).toEqual(a)
  })
})

/** Asks for features 0, 1, 2... in turn; left goes on, with this share of the cover, and ends at 1, right at 0. */
function chain(questions: number, features: number, share: number): Forest {
  const forest = createForest(features, [0], 1, 2 * questions + 1)
  let cover = 1
  for (let i = 0; i < questions; i++) {
    const node = 2 * i
    forest.feature[node] = i % features
    forest.threshold[node] = (questions - i) / questions
    forest.left[node] = node + 2
    forest.right[node] = node + 1
    forest.cover[node] = cover
    forest.cover[node + 1] = cover * (1 - share)
    cover *= share
    forest.cover[node + 2] = cover
  }
  forest.value[2 * questions] = 1
  return forest
}

function answer({ feature, threshold, set, sets, missingLeft }: Forest, node: number, x: Float64Array): number {
  const value = x[feature[node]!]
  if (value === undefined) return 0
  if (Number.isNaN(value)) return missingLeft[node]!
  const start = set[node]!
  if (start < 0) return Number(value <= threshold[node]!)
  const category = Math.trunc(value)
  if (category < 0 || category >= 32 * sets[start]!) return 0
  return (sets[start + 1 + (category >>> 5)]! >>> (category & 31)) & 1
}
