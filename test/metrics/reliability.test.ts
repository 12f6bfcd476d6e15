import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Brier, CalibrationError } from '../../src/metrics/index.ts'
import { wilsonInterval } from '../../src/significance/index.ts'

const rowsOf = (...weights: number[]) =>
  fc.array(
    fc.record({
      y: fc.constantFrom(0, 1),
      p: fc.integer({ min: 0, max: 100 }).map((k) => k / 100),
      w: fc.constantFrom(...weights),
    }),
    { minLength: 1, maxLength: 120 },
  )
const rows = rowsOf(1, 0.25, 3, 1e-8, 1e8)
const binning = fc.constantFrom('equal-count' as const, 'equal-width' as const)

describe('bins', () => {
  test('hold the share of 1s between the ends of its interval, which narrows with the rows', () => {
    fc.assert(
      // weights whose sums are exact, so that four times as many rows fall into the same bins
      fc.property(rowsOf(1, 0.25, 3), fc.integer({ min: 1, max: 12 }), binning, (table, bins, how) => {
        const [once, often] = [
          new CalibrationError({ bins, binning: how }),
          new CalibrationError({ bins, binning: how }),
        ]
        for (const { y, p, w } of table) {
          once.update(y, p, w)
          for (let k = 0; k < 4; k++) often.update(y, p, w)
        }
        for (const [i, { low, high, observed, predicted }] of once.bins.entries()) {
          expect(0 <= low && low <= observed && observed <= high && high <= 1).toBe(true)
          expect(predicted >= 0 && predicted <= 1).toBe(true)
          expect(often.bins[i]!.high - often.bins[i]!.low).toBeLessThan(high - low)
        }
      }),
    )
  })

  test('have the interval of the counts where all weigh the same, whatever the weight', () => {
    const calibrations = [1, 1e-30, 7e20].map((weight) => {
      const calibration = new CalibrationError({ bins: 1, coverage: 0.9 })
      for (let i = 0; i < 40; i++) calibration.update(Number(i % 4 === 0), 0.5, weight)
      return calibration.bins[0]!
    })
    const { low, high } = wilsonInterval(10, 40, 0.9)
    for (const bin of calibrations) {
      expect(bin.low).toBeCloseTo(low, 12)
      expect(bin.high).toBeCloseTo(high, 12)
    }
  })

  test('of one heavy row among light ones know as much as one row', () => {
    const calibration = new CalibrationError({ bins: 1 })
    for (let i = 0; i < 50; i++) calibration.update(0, 0.5, i === 0 ? 1e6 : 1e-6)
    expect(calibration.bins[0]!.high).toBeCloseTo(wilsonInterval(0, 1).high, 6)
  })

  test('of equal width hold their lower end, to the bit', () => {
    for (const bins of [3, 7, 10, 49, 100]) {
      for (let k = 0; k < bins; k++) {
        const calibration = new CalibrationError({ bins, binning: 'equal-width' })
        calibration.update(1, k / bins)
        // the next lower number falls one bin lower
        if (k > 0) calibration.update(0, (k / bins) * (1 - 2 ** -53))
        expect(calibration.bins.length, `${k} / ${bins}`).toBe(k > 0 ? 2 : 1)
        calibration.update(1, Math.min(1, (k + 0.5) / bins))
        expect(calibration.bins.length, `inside ${k} / ${bins}`).toBe(k > 0 ? 2 : 1)
      }
    }
    const ends = new CalibrationError({ bins: 4, binning: 'equal-width' })
    ends.update(1, 1)
    ends.update(1, 0.8)
    expect(ends.bins.length).toBe(1)
  })
})

test('the parts of a Brier score, each summed on its own, add up to it, with weights over sixteen orders', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 30 }), binning, (table, bins, how) => {
      const [calibration, brier] = [new CalibrationError({ bins, binning: how }), new Brier()]
      for (const { y, p, w } of table) {
        calibration.update(y, p, w)
        brier.update(y, p, w)
      }
      const { reliability, resolution, uncertainty, within, spread, covariance, brier: whole } = calibration.brierParts
      expect(Math.abs(reliability - resolution + uncertainty + within - whole)).toBeLessThan(1e-13)
      expect(Math.abs(whole - brier.value)).toBeLessThan(1e-13)
      expect(Math.abs(within - (spread - 2 * covariance))).toBeLessThan(1e-15)
      for (const part of [reliability, resolution, uncertainty, spread]) expect(part).toBeGreaterThanOrEqual(0)
    }),
  )
})

test('one class only, and constant predictions, leave what they must', () => {
  const calibration = new CalibrationError()
  for (let i = 0; i < 50; i++) calibration.update(1, 0.75)
  const { reliability, resolution, uncertainty, within } = calibration.brierParts
  expect([reliability, resolution, uncertainty, within]).toEqual([0.0625, 0, 0, 0])
  expect(Object.values(new CalibrationError().brierParts).every(Number.isNaN)).toBe(true)
  expect(new CalibrationError().bins).toEqual([])
})
