import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { binCategories, binColumn, binOf, findEdges } from '../../../src/learners/gradient-boosting/binning.ts'
import { sortValues } from '../../../src/learners/gradient-boosting/sort-values.ts'

const edgesOf = (values: readonly number[], most: number): number[] => [
  ...findEdges(Float64Array.from(values).sort(), most),
]
const countBins = (values: readonly number[], edges: readonly number[]): number[] => {
  const counts = edges.map(() => 0)
  for (const value of values) counts[binOf(Float64Array.from(edges), value) - 1]!++
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
          const bin = binOf(edges, v) - 1
          expect(v <= edges[bin]! && (bin === 0 || v > edges[bin - 1]!)).toBe(true)
        }
        expect(binOf(edges, Number.NaN)).toBe(0)
      }),
    )
  })
})

describe('sortValues', () => {
  const wanted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
  const value = fc.oneof(
    fc.double({ noNaN: true }),
    fc.double({ noNaN: true, min: 100, max: 101 }),
    fc.integer({ min: -3, max: 3 }),
    fc.integer({ min: 0, max: 100 }).map((i) => 1e7 + i * 1e-9),
  )

  test('sorts as sort does', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 0, maxLength: 1500 }), (values) => {
        expect([...sortValues(Float64Array.from(values))].map((v) => v + 0)).toEqual(wanted(values).map((v) => v + 0))
      }),
    )
  })

  test('values that agree in their upper halves are sorted too, many of them as well', () => {
    const rng = new SeededRng('sort')
    for (const n of [300, 20_000]) {
      const values = Array.from({ length: n }, () => 1 + Math.floor(1e5 * rng.next()) * Number.EPSILON)
      expect([...sortValues(Float64Array.from(values))]).toEqual(wanted(values))
    }
  })

  test('part of an array leaves the rest alone', () => {
    const all = Float64Array.from({ length: 1000 }, (_, i) => -i)
    sortValues(all.subarray(300, 900))
    expect([all[299], all[300], all[899], all[900]]).toEqual([-299, -899, -300, -900])
  })
})

describe('binColumn', () => {
  test('puts every value into the bin that a search finds', () => {
    const value = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }))
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 2, max: 255 }),
        (values, most) => {
          const out = new Uint8Array(values.length)
          const { edges } = binColumn(Float64Array.from(values), 1, 0, most, out)
          expect([...out]).toEqual(values.map((v) => binOf(edges, v)))
        },
      ),
    )
  })
})

describe('binCategories', () => {
  const bin = (values: number[], most: number, least = 1) => {
    const out = new Uint8Array(values.length)
    const { categories } = binCategories(Float64Array.from(values), 1, 0, most, least, out)
    return { categories: [...categories!], bins: [...out] }
  }

  test('the most frequent come first, the lower number where equally frequent', () => {
    expect(bin([7, 3, 3, 5, 5, 9], 255)).toEqual({ categories: [3, 5, 7, 9], bins: [3, 1, 1, 2, 2, 4] })
  })

  test('rare, missing, negative and huge ones share bin 0; fractions are cut', () => {
    const { NaN: missing } = Number
    expect(bin([3, 3.9, 3, 1, missing, -1, 1e300, 2e6], 255, 2)).toEqual({
      categories: [3],
      bins: [1, 1, 1, 0, 0, 0, 0, 0],
    })
  })

  test('70,000 categories keep the most frequent', () => {
    const values = Array.from({ length: 70_000 }, (_, i) => i)
    const { categories, bins } = bin([...values, 5, 5, 9], 255)
    expect(categories.slice(0, 3)).toEqual([5, 9, 0])
    expect(categories).toHaveLength(255)
    expect(bins.filter((one) => one === 0)).toHaveLength(70_000 - 255)
  })
})
