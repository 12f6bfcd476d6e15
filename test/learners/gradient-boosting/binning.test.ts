import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { binOf, findEdges } from '../../../src/learners/gradient-boosting/binning.ts'

const edgesOf = (values: readonly number[], most: number): number[] => [
  ...findEdges(Float64Array.from(values).sort(), most),
]
const countBins = (values: readonly number[], edges: readonly number[]): number[] => {
  const counts = edges.map(() => 0)
  for (const value of values) counts[binOf(Float64Array.from(edges), value)]!++
  return counts
}

describe('findEdges', () => {
  test('few distinct values are cut exactly midway', () => {
    expect(edgesOf([-1, 0, 1, 1, 0, -1, -1], 63)).toEqual([-0.5, 0.5, Number.MAX_VALUE])
    expect(edgesOf([2, 10, 4], 3)).toEqual([3, 7, Number.MAX_VALUE])
  })

  test('no value makes no bin, one value makes one', () => {
    expect(edgesOf([], 63)).toEqual([])
    expect(edgesOf([7, 7, 7], 63)).toEqual([Number.MAX_VALUE])
  })

  test('many values share the bins evenly', () => {
    const values = Array.from({ length: 1000 }, (_, i) => i * 0.37)
    expect(countBins(values, edgesOf(values, 10))).toEqual(new Array(10).fill(100))
  })

  test('a value that fills a bin alone leaves the others to the rest', () => {
    const values = [...new Array(900).fill(0), ...Array.from({ length: 90 }, (_, i) => i + 1), -3, -2, -1]
    const edges = edgesOf(values, 11)
    expect(edges.slice(0, 2)).toEqual([-0.5, 0.5])
    expect(countBins(values, edges)).toEqual([3, 900, ...new Array(9).fill(10)])
  })

  test('neighbouring doubles and the largest ones are told apart', () => {
    const one = 1 + Number.EPSILON
    for (const values of [
      [1, one],
      [5e-324, 0],
      [-Number.MAX_VALUE, Number.MAX_VALUE],
      [1e300, -1e300, 1e-300],
    ]) {
      const edges = edgesOf(values, 63)
      expect(countBins(values, edges)).toEqual(values.map(() => 1))
      expect(edges.every(Number.isFinite)).toBe(true)
    }
  })

  test('edges ascend, stay within their number, and hold every value in its place', () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: 2, max: 20 }), (values, most) => {
        const edges = Float64Array.from(edgesOf(values, most))
        const distinct = new Set(values.map((v) => v + 0)).size
        expect(edges.length).toBeLessThanOrEqual(Math.min(most, distinct))
        if (distinct <= most) expect(edges.length).toBe(distinct)
        else expect(edges.length).toBeGreaterThan(1)
        for (let i = 1; i < edges.length; i++) expect(edges[i]!).toBeGreaterThan(edges[i - 1]!)
        for (const v of values) {
          const bin = binOf(edges, v)
          expect(v <= edges[bin]! && (bin === 0 || v > edges[bin - 1]!)).toBe(true)
        }
        expect(binOf(edges, Number.NaN)).toBe(edges.length)
      }),
    )
  })
})
