import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import {
  borderAfter,
  createFeatureBins,
  encode,
  type FeatureBins,
  lookAtBorders,
  rebin,
  remember,
} from '../../../src/learners/streaming-boosting/feature-bins.ts'

const BINS = 16

/** Bins of one feature that have seen these values. */
function binsOf(values: readonly number[]): { bins: FeatureBins; moves: number } {
  const bins = createFeatureBins(1, BINS)
  let moves = 0
  for (const value of values) if (remember(bins, Float64Array.of(value))) lookAtBorders(bins, 1, BINS, () => moves++)
  return { bins, moves }
}

function codeOf(bins: FeatureBins, value: number): number {
  const codes = new Uint8Array(1)
  encode(bins, BINS, Float64Array.of(value), codes)
  return codes[0]!
}

const normals = (n: number, seed: string, mean = 0): number[] => {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => mean + drawNormal(rng))
}

test('a code says on which side of every border a value lies; missing values have code 0', () => {
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }))
  fc.assert(
    fc.property(fc.array(value, { minLength: 32, maxLength: 80 }), value, (values, probe) => {
      const { bins } = binsOf(values)
      const code = codeOf(bins, probe)
      expect(code).toBeGreaterThanOrEqual(1)
      for (let c = 0; c < BINS - 1; c++) expect(probe <= borderAfter(bins, BINS, 0, c)).toBe(code <= c)
      expect(codeOf(bins, NaN)).toBe(0)
    }),
  )
})

describe('borders', () => {
  test('cut the values into parts of about equal size', () => {
    const values = normals(2048, 'even')
    const { bins } = binsOf(values)
    const counts = new Float64Array(BINS)
    for (const value of values.slice(-512)) counts[codeOf(bins, value)]!++
    for (const count of counts.subarray(1)) expect(Math.abs(count - 512 / (BINS - 1))).toBeLessThan(25)
  })

  test('stay while the values stay as they are, and follow where these go', () => {
    const still = normals(4096, 'still')
    expect(binsOf([...still, ...normals(8192, 'on')]).moves).toBe(binsOf(still).moves)
    const { bins } = binsOf([...still, ...normals(2048, 'away', 50)])
    expect(codeOf(bins, 49)).toBeLessThan(codeOf(bins, 50))
    expect(codeOf(bins, 50)).toBeLessThan(codeOf(bins, 51))
  })

  test('are none for a constant, or where nearly all is missing', () => {
    for (const value of [3, NaN]) expect(binsOf(new Array(600).fill(value)).moves).toBe(0)
  })
})

test('sums that move to other bins stay what they are in all, and where both have a border', () => {
  const border = fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 6 })
  const sums = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 8, maxLength: 8 })
  const pad = (list: readonly number[]) =>
    Float64Array.from({ length: 6 }, (_, i) => [...list].sort((a, b) => a - b)[i] ?? Infinity)
  const upTo = (list: Float64Array, borders: Float64Array, b: number): number =>
    list.reduce((sum, value, c) => (c > 0 && (borders[c - 1] ?? Infinity) <= b ? sum + value : sum), 0)
  fc.assert(
    fc.property(border, border, sums, (a, b, values) => {
      const [old, fresh] = [pad(a), pad(b)]
      // bins behind the last border that is in use hold nothing
      const before = Float64Array.from(values, (value, c) => (c === 0 || c === 1 || old[c - 2]! < Infinity ? value : 0))
      const after = before.slice()
      rebin(after, 0, 1, 1, old, fresh, -25, 25, new Float64Array(8))
      const total = (list: Float64Array): number => list.reduce((sum, value) => sum + value, 0)
      expect(total(after)).toBeCloseTo(total(before), 9)
      expect(after[0]).toBe(before[0])
      for (const value of after) expect(value).toBeGreaterThan(-1e-9)
      for (const shared of a.filter((value) => b.includes(value))) {
        expect(upTo(after, fresh, shared)).toBeCloseTo(upTo(before, old, shared), 9)
      }
    }),
  )
})
