import { describe, expect, test } from 'vitest'
import { drawInteger, drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import { mean, refitted, vector } from './support.ts'

type More = Partial<Omit<GradientBoostingInput, 'features'>>
const rng = new SeededRng('weights')
/** Few values, so that bins do not depend on how many rows have each. */
const rows = Array.from({ length: 200 }, () =>
  vector(drawInteger(rng, 9), rng.next() < 0.1 ? Number.NaN : drawInteger(rng, 20), drawInteger(rng, 3)),
)
const y = rows.map((x) => x[0]! / 4 + Math.sin(x[1] || 0) + drawNormal(rng))
const wins = y.map((value) => Number(value > 1))
const counts = rows.map(() => 1 + drawInteger(rng, 2))
const options = { features: 3, minSamplesLeaf: 1, trees: 20, minSamples: 1 } as const
const fitted = (more: More, xs: Float64Array[], labels: number[], weights?: number[]): GradientBoosting => {
  const model = new GradientBoosting({ ...options, task: 'regression', ...more })
  model.fit(xs, labels, weights)
  return model
}
const expectAlike = (a: GradientBoosting, b: GradientBoosting, digits = 9): void => {
  expect(a.trees.length).toBeGreaterThan(5)
  for (const key of ['feature', 'threshold', 'missingLeft', 'set'] as const)
    expect(a.forest[key]).toEqual(b.forest[key])
  for (const x of rows) expect(a.predict(x)).toBeCloseTo(b.predict(x), digits)
}

describe('weights', () => {
  test.each<[string, More, number[]]>([
    ['squared error', {}, y],
    ['log loss', { task: 'binary' }, wins],
    ['Poisson', { loss: 'poisson' }, y.map((value) => Math.max(0, Math.round(value)))],
    ['l1 and a step limit', { l1: 0.5, maxDeltaStep: 1 }, y],
    ['monotone constraints', { monotone: { increasing: [0] } }, y],
  ])('a row of weight 2 is two rows: %s', (_, more, labels) => {
    const twice = <T>(list: readonly T[]): T[] => list.flatMap((one, i) => (counts[i] === 2 ? [one, one] : [one]))
    // bounds of monotone constraints come from rounded sums
    expectAlike(fitted(more, rows, labels, counts), fitted(more, twice(rows), twice(labels)), more.monotone ? 6 : 9)
  })

  test('no weights are weights of 1', () => {
    const ones = rows.map(() => 1)
    expect(fitted({}, rows, y, ones).forest).toEqual(fitted({}, rows, y).forest)
  })

  test('learnt one by one they count as in fit', () => {
    const model = new GradientBoosting({ ...options, task: 'regression' })
    for (const [i, x] of rows.entries()) model.learn(x, y[i]!, counts[i])
    expect(refitted(model).forest).toEqual(fitted({}, rows, y, counts).forest)
  })
})

describe('halfLife', () => {
  test.each([5, 60, 1000])('is weights that halve every %i observations', (halfLife) => {
    const weights = rows.map((_, i) => 2 ** ((i - rows.length + 1) / halfLife) * counts[i]!)
    expectAlike(fitted({ halfLife }, rows, y, counts), fitted({}, rows, y, weights))
  })

  test('follows a change that all rows alike hide', () => {
    const turned = y.map((value, i) => (i < 120 ? -value : value))
    const errorOf = (more: More): number => {
      const model = fitted({ minSamplesLeaf: 5, ...more }, rows, turned)
      return mean(rows.slice(120).map((x, i) => (model.predict(x) - y[120 + i]!) ** 2))
    }
    expect(errorOf({ halfLife: 20 })).toBeLessThan(0.7 * errorOf({}))
  })

  test('of one observation over a long table leaves numbers', () => {
    const many = Array.from({ length: 3000 }, (_, i) => rows[i % 200]!)
    const model = fitted(
      { halfLife: 1 },
      many,
      many.map((_, i) => y[i % 200]!),
    )
    expect(model.forest.value.every(Number.isFinite)).toBe(true)
    expect(Number.isFinite(model.predict(rows[0]!))).toBe(true)
  })

  test('must be 1 or more', () => {
    for (const halfLife of [0, 0.5, -1, Number.NaN]) {
      expect(() => fitted({ halfLife }, rows, y)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })
})

describe('baseScore', () => {
  test.each<[string, More]>([
    ['squared error', {}],
    ['a quantile', { loss: 'quantile' }],
    ['monotone constraints', { monotone: { increasing: [0] } }],
  ])('trees start from it, however far, and go where the labels are: %s', (_, more) => {
    const far = fitted({ baseScore: 100, trees: 200, ...more }, rows, y)
    expect(far.forest.base).toEqual(vector(100))
    expect(Math.abs(mean(rows.map((x) => far.predict(x))) - mean(y))).toBeLessThan(0.2)
    // where all rows pull one way, no question gains: the first trees are single leaves
    const [first] = far.trees
    expect('left' in first!).toBe(false)
    expect(first!.rows).toBe(200)
    const x = rows[0]!
    expect(far.explain(x).reduce((sum, { amount }) => sum + amount, far.bias)).toBeCloseTo(far.margin(x), 9)
    expect(far.staged(x)[0]!).toBeCloseTo(100 + first!.value, 12)
    expect(GradientBoosting.fromJSON(JSON.parse(JSON.stringify(far))).forest).toEqual(far.forest)
  })

  test('in the midst of the labels makes no single leaves', () => {
    const near = fitted({ baseScore: mean(y) + 0.01, trees: 200 }, rows, y)
    expect(near.trees.every((tree) => 'left' in tree)).toBe(true)
    expect(
      fitted(
        { baseScore: 7 },
        rows.map(() => vector(0, 0, 0)),
        rows.map(() => 7),
      ).trees,
    ).toEqual([])
  })

  test('of several quantiles is the start of each', () => {
    const model = new MultiGradientBoosting({ ...options, loss: 'quantile', quantiles: [0.2, 0.8], baseScore: -3 })
    model.fit(rows, y)
    expect(model.forest.base).toEqual(vector(-3, -3))
  })

  test('out of range is refused', () => {
    for (const [more, baseScore] of [
      [{ task: 'binary' }, 0],
      [{ task: 'binary' }, 1],
      [{ loss: 'poisson' }, 0],
      [{}, Infinity],
    ] as const) {
      expect(() => fitted({ ...more, baseScore }, rows, y)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })
})
