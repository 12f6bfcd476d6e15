import { expect, test } from 'vitest'
import { partialDependence } from '../../src/learners/partial-dependence.ts'

const rows = Array.from({ length: 101 }, (_, i) => Float64Array.of(i, i % 2))
const product = { predict: ([a, b]: Float64Array): number => (Number.isNaN(a!) ? -1 : a! * b!) }

test('is the mean prediction with one value in all rows, and the band of the single ones', () => {
  const points = partialDependence(product, rows, 0, { grid: [0, 10] })
  expect(points.map(({ value }) => value)).toEqual([0, 10])
  expect(points[0]).toEqual({ value: 0, prediction: 0, low: 0, high: 0 })
  // 50 of 101 rows have a second feature of 1
  expect(points[1]!.prediction).toBeCloseTo(500 / 101, 9)
  expect([points[1]!.low, points[1]!.high]).toEqual([0, 10])
})

test('asks for quantiles that occur, in order, and for each value where there are few', () => {
  const many = partialDependence(product, rows, 0, { points: 5 })
  expect(many.map(({ value }) => value)).toEqual([0, 25, 50, 75, 100])
  const few = partialDependence(product, rows, 1)
  expect(few.map(({ value, prediction }) => [value, prediction])).toEqual([
    [0, 0],
    [1, expect.closeTo(50, 9)],
  ])
  expect(partialDependence(product, rows, 0, { points: 1 }).map(({ value }) => value)).toEqual([50])
})

test('asks for "missing" too where rows have that, and stands features that are always missing', () => {
  const holes = [...rows, Float64Array.of(NaN, 1)]
  const points = partialDependence(product, holes, 0, { points: 3 })
  expect(points.map(({ value }) => value)).toEqual([0, 50, 100, NaN])
  expect(points[3]).toEqual({ value: NaN, prediction: expect.closeTo(-1, 9), low: -1, high: -1 })
  expect(partialDependence(product, [Float64Array.of(NaN, 1)], 0)).toEqual([
    { value: NaN, prediction: -1, low: -1, high: -1 },
  ])
})

test('leaves the rows alone and refuses features that they do not have', () => {
  const before = rows.map((row) => row.slice())
  partialDependence(product, rows, 0)
  expect(rows).toEqual(before)
  for (const act of [() => partialDependence(product, rows, 2), () => partialDependence(product, [], 0)]) {
    expect(act).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  }
})
