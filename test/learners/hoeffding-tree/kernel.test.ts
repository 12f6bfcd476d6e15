import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { meritOf } from '../../../src/learners/hoeffding-tree/criterion.ts'
import { addToHistogram, histogramUpTo } from '../../../src/learners/hoeffding-tree/histogram.ts'
import { entropy } from './plain-observers.ts'

describe('meritOf', () => {
  const gain = (how: Parameters<typeof meritOf>[0], counts: number[], branches: number): number => {
    const all = Float64Array.from({ length: 2 }, (_, c) => counts.reduce((sum, n, i) => sum + (i % 2 === c ? n : 0), 0))
    return meritOf(how, Float64Array.from(counts), branches, 2) - meritOf(how, all, 1, 2)
  }

  test('knows the worked examples', () => {
    // 9 and 5 of two classes in branches of 6 and 1, 3 and 4: the textbook's 0.152 bits
    expect(gain('information-gain', [6, 1, 3, 4], 2)).toBeCloseTo(
      entropy([9, 5]) - (entropy([6, 1]) + entropy([3, 4])) / 2,
    )
    expect(gain('information-gain', [6, 1, 3, 4], 2)).toBeCloseTo(0.1518, 4)
    // Gini: 0.5 falls to 0 where the branches are pure
    expect(gain('gini', [5, 0, 0, 5], 2)).toBeCloseTo(0.5, 12)
    // Hellinger: disjoint branches are the square root of 2 apart, with any number of rows of either class
    expect(gain('hellinger', [5, 0, 0, 5], 2)).toBeCloseTo(Math.SQRT2, 12)
    expect(gain('hellinger', [5, 0, 0, 5000], 2)).toBeCloseTo(Math.SQRT2, 12)
  })

  test.each(['information-gain', 'gini', 'hellinger'] as const)(
    '%s: never below 0, and 0 where the branches are alike',
    (how) => {
      const weight = fc.double({ min: 0.01, max: 1e4, noNaN: true })
      fc.assert(
        fc.property(fc.array(fc.tuple(weight, weight), { minLength: 2, maxLength: 6 }), weight, (branches, share) => {
          expect(gain(how, branches.flat(), branches.length)).toBeGreaterThan(-1e-12)
          const alike = branches.flatMap(([n]) => [n, n * share])
          expect(gain(how, alike, branches.length)).toBeCloseTo(0, 6)
        }),
      )
    },
  )
})

describe('a histogram', () => {
  const bins = 16
  const fill = (values: readonly number[], weight = 1): Float64Array => {
    const cells = new Float64Array(1 + 3 * (bins + 1))
    for (const value of values) addToHistogram(cells, 0, bins, value, weight)
    return cells
  }
  const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -5, max: 5 }))

  test('keeps all weight, in bins that ascend and do not overlap', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 300 }), (values) => {
        const cells = fill(values)
        expect(cells[0]).toBeLessThanOrEqual(bins)
        let weight = 0
        for (let i = 1; i < 1 + 3 * cells[0]!; i += 3) {
          expect(cells[i]!).toBeLessThanOrEqual(cells[i + 1]!)
          if (i > 1) expect(cells[i]!).toBeGreaterThan(cells[i - 2]!)
          weight += cells[i + 2]!
        }
        expect(weight).toBe(values.length)
        expect(histogramUpTo(cells, 0, Math.max(...values))).toBe(values.length)
      }),
    )
  })

  test('counts up to its number of different values exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bins - 1 }), { maxLength: 200 }), fc.nat(20), (values, t) => {
        expect(histogramUpTo(fill(values, 0.5), 0, t)).toBe(0.5 * values.filter((value) => value <= t).length)
      }),
    )
  })

  test('knows the quantiles of many values within a bin or two', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => ((i * 7919) % 20_000) / 20_000)
    const cells = fill(values.map((u) => Math.exp(4 * u)))
    for (const u of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      expect(Math.abs(histogramUpTo(cells, 0, Math.exp(4 * u)) / 20_000 - u)).toBeLessThan(0.08)
    }
  })
})
