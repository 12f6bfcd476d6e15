import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCandidate, meritOf, type Scan } from '../../../src/learners/regression-tree/candidate.ts'
import { addToSearchTree, isSearchTree, scanSearchTree } from '../../../src/learners/regression-tree/e-bst.ts'
import {
  addToSlots,
  areSlots,
  clearSlots,
  META,
  scanSlots,
  sumSlots,
} from '../../../src/learners/regression-tree/quantizer.ts'

const rowsOf = (value: fc.Arbitrary<number>) =>
  fc.array(fc.tuple(value, fc.double({ min: -10, max: 10, noNaN: true }), fc.constantFrom(1, 0.5, 2)), {
    minLength: 1,
    maxLength: 120,
  })
type Rows = readonly (readonly [number, number, number])[]

/** Weight, mean and squared deviations of the targets of some rows, in the plainest way. */
function momentsOf(rows: Rows): [number, number, number] {
  const n = rows.reduce((sum, [, , w]) => sum + w, 0)
  const mean = rows.reduce((sum, [, y, w]) => sum + w * y, 0) / n
  return [n, mean, rows.reduce((sum, [, y, w]) => sum + w * (y - mean) * (y - mean), 0)]
}

function scanOf(rows: Rows): Scan {
  const { scan } = createCandidate()
  ;[scan.n, scan.mean, scan.m2] = momentsOf(rows)
  scan.least = 2
  return scan
}

/** The best merit of a threshold among `values`. */
function bestOf(rows: Rows, values: readonly number[]): number {
  const scan = scanOf(rows)
  let best = 0
  for (const value of values) {
    const left = rows.filter(([x]) => x <= value)
    if (left.length > 0 && left.length < rows.length) best = Math.max(best, meritOf(scan, ...momentsOf(left)))
  }
  return best
}

function slotsOf(rows: Rows, slots: number, radius: number): { data: Float64Array; meta: Float64Array } {
  const data = new Float64Array(slots * 4)
  const meta = new Float64Array(META)
  clearSlots(meta, 0, radius)
  for (const [x, y, w] of rows) addToSlots(data, 0, slots, meta, 0, radius, x, y, w)
  return { data, meta }
}

/** The slots in use of some rows, checked for bounds and for what must not get lost. */
function soundSlots(rows: Rows, slots: number, radius: number): number[] {
  const { data, meta } = slotsOf(rows, slots, radius)
  expect(areSlots(meta, 0, slots)).toBe(true)
  const { scan } = createCandidate()
  sumSlots(data, 0, meta, 0, scan)
  const [n, mean, m2] = momentsOf(rows)
  expect(scan.n).toBeCloseTo(n, 9)
  expect(scan.mean).toBeCloseTo(mean, 6)
  expect(scan.m2).toBeCloseTo(m2, 5)
  return Array.from({ length: slots }, (_, i) => i * 4)
    .filter((at) => data[at]! > 0)
    .map((at) => data[at + 1]!)
}
const settings = [fc.constantFrom(0, 0.25, 1e-9), fc.integer({ min: 2, max: 20 })] as const

test('slots lose no weight and no target, and stay in order, however they move and merge', () => {
  const value = fc.oneof(
    fc.integer({ min: -50, max: 50 }).map((i) => i / 10),
    fc.integer({ min: -1e6, max: 1e6 }),
    fc.constantFrom(0, 1e9, -1e9, 1e-6),
  )
  fc.assert(
    fc.property(rowsOf(value), ...settings, (rows, radius, slots) => {
      const centres = soundSlots(rows, slots, radius)
      // numbers a digit apart at 1e9 can come to share a centre by rounding
      for (let i = 1; i < centres.length; i++) expect(centres[i]).toBeGreaterThanOrEqual(centres[i - 1]!)
    }),
    { numRuns: 500 },
  )
})

test('slots lose nothing of numbers of any size', () => {
  const value = fc.oneof(fc.double({ min: -1e300, max: 1e300, noNaN: true }), fc.constantFrom(0, 1e300, -1e300, 1e-300))
  fc.assert(
    fc.property(rowsOf(value), ...settings, (rows, radius, slots) => {
      for (const centre of soundSlots(rows, slots, radius)) expect(Number.isFinite(centre)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('thresholds between slots that hold one value each are as good as any', () => {
  const value = fc.integer({ min: -8, max: 8 })
  fc.assert(
    fc.property(rowsOf(value), (rows) => {
      const { data, meta } = slotsOf(rows, 32, 0.5)
      const scan = scanOf(rows)
      scanSlots(data, 0, meta, 0, scan)
      expect(scan.merit).toBeCloseTo(
        bestOf(
          rows,
          rows.map(([x]) => x),
        ),
        9,
      )
      const left = rows.filter(([x]) => x <= scan.threshold)
      if (scan.merit > 1e-9) expect(scan.left[0]).toBeCloseTo(momentsOf(left)[0], 9)
    }),
  )
})

test('a search tree with room for all values finds the best threshold of all', () => {
  fc.assert(
    fc.property(rowsOf(fc.integer({ min: -20, max: 20 })), fc.integer({ min: 2, max: 64 }), (rows, room) => {
      const data = new Float64Array(room * 4)
      const links = new Int32Array(room * 2)
      let used = 0
      for (const [x, y, w] of rows) used = addToSearchTree(data, links, 0, used, room, x, y, w)
      expect(used).toBeLessThanOrEqual(room)
      expect(isSearchTree(links, 0, used)).toBe(true)
      const scan = scanOf(rows)
      scanSearchTree(data, links, 0, used, scan)
      const best = bestOf(
        rows,
        rows.map(([x]) => x),
      )
      if (room >= 41) expect(scan.merit).toBeCloseTo(best, 9)
      // with less room values are rounded to those there are, which can only mix targets up
      else expect(scan.merit).toBeGreaterThanOrEqual(0)
    }),
  )
})
