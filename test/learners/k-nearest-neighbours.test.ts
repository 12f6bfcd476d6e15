import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { KNearestNeighbours } from '../../src/learners/k-nearest-neighbours.ts'
import { reread } from './helpers.ts'

type Labelled = { readonly x: Float64Array; readonly y: number; readonly weight: number }

function labelled(n: number, seed: string): Labelled[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => {
    // whole numbers, so that distances tie
    const x = Float64Array.from({ length: 3 }, () => (rng.next() < 0.1 ? NaN : Math.round(2 * drawNormal(rng))))
    return { x, y: Number(drawNormal(rng) + (x[0]! || 0) > 0), weight: 0.5 + rng.next() }
  })
}

/** The k nearest of the newest rows by sorting all of them, nearest first and then newest first. */
function nearest(rows: readonly Labelled[], x: Float64Array, k: number, window: number) {
  const decay = 2 ** (-1 / window)
  const precisions = [0, 1, 2].map((f) => {
    const known = rows.map((row, i) => ({ value: row.x[f]!, i })).filter(({ value }) => !Number.isNaN(value))
    // each feature's weights fade with its own values
    const weights = known.map((_, j) => decay ** (known.length - 1 - j))
    const total = weights.reduce((a, b) => a + b, 0)
    const mean = known.reduce((sum, { value }, j) => sum + weights[j]! * value, 0) / total
    return total / known.reduce((sum, { value }, j) => sum + weights[j]! * (value - mean) ** 2, 0)
  })
  return rows
    .slice(-window)
    .reverse()
    .map((row, age) => {
      const squares = [0, 1, 2].map((f) => {
        const gap = row.x[f]! - x[f]!
        return Number.isNaN(gap) ? 2 : gap * gap * precisions[f]!
      })
      return { row, age, distance: squares[0]! + squares[1]! + squares[2]! }
    })
    .sort((a, b) => (Math.abs(a.distance - b.distance) < 1e-9 ? a.age - b.age : a.distance - b.distance))
    .slice(0, k)
}

describe('the answer', () => {
  test.each([1, 4, 7])('is that of all rows sorted, for %s neighbours', (neighbours) => {
    const rows = labelled(150, 'sorted')
    const window = 60
    const classes = new KNearestNeighbours({ features: 3, neighbours, window, weighting: 'uniform' })
    const numbers = new KNearestNeighbours({ features: 3, neighbours, window, task: 'regression' })
    for (const [i, { x, y, weight }] of rows.entries()) {
      if (i >= 10) {
        const seen = rows.slice(0, i)
        const found = nearest(seen, x, neighbours, window)
        const recent = seen.slice(-window)
        const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

        const votes = sum(found.map(({ row }) => row.weight))
        const base = (1 + sum(recent.map((row) => row.weight * row.y))) / (2 + sum(recent.map((row) => row.weight)))
        const forOne = sum(found.map(({ row }) => row.weight * row.y))
        const wanted = (forOne + (votes / found.length) * base) / (votes + votes / found.length)
        expect(classes.predict(x)).toBeCloseTo(wanted, 10)

        const far = Math.sqrt(found.at(-1)!.distance)
        const loud = found.map(({ row, distance }) =>
          far < 1e-6 ? row.weight : (row.weight * far) / (Math.sqrt(distance) + far / 100),
        )
        const mean = sum(found.map(({ row }, k) => loud[k]! * (10 * row.y + row.x.indexOf(NaN)))) / sum(loud)
        expect(numbers.predict(x)).toBeCloseTo(mean, 6)
      }
      classes.learn(x, y, weight)
      numbers.learn(x, 10 * y + x.indexOf(NaN), weight)
    }
  })

  test('does not depend on the unit of a feature', () => {
    const [plain, large] = [0, 1].map(() => new KNearestNeighbours({ features: 2 }))
    const rng = new SeededRng('unit')
    for (let i = 0; i < 300; i++) {
      const [a, b] = [drawNormal(rng), drawNormal(rng)]
      const y = Number(a > b)
      if (i > 20) {
        const p = plain!.predict(Float64Array.of(a, b))
        expect(large!.predict(Float64Array.of(a, 1024 * b))).toBeCloseTo(p, 9)
      }
      plain!.learn(Float64Array.of(a, b), y)
      large!.learn(Float64Array.of(a, 1024 * b), y)
    }
  })

  test('is never 0 or 1, and nearer to the base rate with fewer neighbours', () => {
    const [few, many] = [2, 20].map((neighbours) => new KNearestNeighbours({ features: 1, neighbours }))
    for (let i = 0; i < 200; i++) {
      for (const learner of [few, many]) learner!.learn(Float64Array.of(i % 2 ? 5 : -5), i % 2)
    }
    const x = Float64Array.of(5)
    expect(few!.predict(x)).toBeCloseTo(2.5 / 3, 2)
    expect(many!.predict(x)).toBeCloseTo(20.5 / 21, 2)
  })
})

test('what is older than the window is gone, and forgetting drops all but the newest', () => {
  const learner = new KNearestNeighbours({ features: 1, window: 50, neighbours: 3, task: 'regression' })
  for (let i = 0; i < 100; i++) learner.learn(Float64Array.of(i % 5), i < 50 ? -7 : 7)
  expect(learner.predict(Float64Array.of(2))).toBe(7)
  for (let i = 0; i < 5; i++) learner.learn(Float64Array.of(i), 1)
  learner.forget(5)
  expect(learner.predict(Float64Array.of(2))).toBe(1)
  expect(learner.predict(Float64Array.of(NaN))).toBe(1)
  learner.forget(0)
  expect(learner.predict(Float64Array.of(2))).toBe(0)
})

test('no stream, however wild, makes a prediction NaN', () => {
  const wild = fc.oneof(
    fc.constantFrom(1e308, -1e308, 1e75, 1e-160, 5e-324, 0, NaN),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
  )
  const row = fc.record({
    x: fc.array(wild, { minLength: 3, maxLength: 3 }).map((values) => Float64Array.from(values)),
    y: fc.double({ noDefaultInfinity: true, noNaN: true }),
    weight: fc.oneof(fc.constant(1), fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true })),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
      const classes = new KNearestNeighbours({ features: 3, window: 20 })
      const numbers = new KNearestNeighbours({ features: 3, window: 20, task: 'regression' })
      for (const { x, y, weight } of rows) {
        classes.learn(x, Number(y > 0), weight)
        numbers.learn(x, y, weight)
        const p = classes.predict(x)
        expect(p > 0 && p < 1).toBe(true)
        expect(Number.isFinite(numbers.predict(x))).toBe(true)
      }
      expect(JSON.stringify(reread(numbers, [KNearestNeighbours]))).toBe(JSON.stringify(numbers))
    }),
  )
})

test('options and snapshots that make no sense are refused with a code', () => {
  const option = expect.objectContaining({ code: 'INVALID_OPTION' })
  expect(() => new KNearestNeighbours({ features: 1, neighbours: 11, window: 10 })).toThrow(option)
  expect(() => new KNearestNeighbours({ features: 60_000, window: 60_000 })).toThrow(option)
  const json = new KNearestNeighbours({ features: 2, window: 10 }).toJSON()
  for (const change of [{ size: 11 }, { head: 10 }, { seen: -1 }, { moments: [] }, { labels: { $: 'NaN' } }]) {
    const broken = { ...json, state: { ...json.state, ...change } } as typeof json
    expect(() => KNearestNeighbours.fromJSON(broken)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  }
})
