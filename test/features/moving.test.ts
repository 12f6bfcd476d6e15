import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { agoOf, createMovingExtreme, extremeIn, pushExtreme } from '../../src/features/indicators/moving-extreme.ts'
import { createMovingMean, pushMean, weightedMeanIn } from '../../src/features/indicators/moving-mean.ts'
import { createMovingMoments, meanIn, pushMoments, squaresIn } from '../../src/features/indicators/moving-moments.ts'
import { createMovingSum, pushSum, sumIn } from '../../src/features/indicators/moving-sum.ts'

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
const squares = (values: readonly number[]): number => {
  const middle = mean(values)
  return sum(values.map((value) => (value - middle) ** 2))
}
/** The same to a billionth, or both missing. */
function same(actual: number, wanted: number, scale = Math.abs(wanted)): void {
  if (Number.isNaN(wanted)) expect(actual).toBeNaN()
  else expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(1e-9 * scale + 1e-300)
}

const price = fc.oneof(fc.double({ min: 0.1, max: 100, noNaN: true }), fc.constantFrom(5, 1e7, 1e-8))
const numbers = fc.array(price, { minLength: 1, maxLength: 60 })
const windows = fc.integer({ min: 1, max: 12 })

describe('over the newest numbers, at every step, is what a plain computation gives', () => {
  test('the sum, the mean and the squared deviations', () => {
    fc.assert(
      fc.property(numbers, windows, (values, window) => {
        const [total, moments] = [createMovingSum(window), createMovingMoments(window)]
        for (const [i, value] of values.entries()) {
          pushSum(total, value)
          pushMoments(moments, value)
          const held = values.slice(Math.max(0, i + 1 - window), i + 1)
          const full = held.length === window
          same(sumIn(total), full ? sum(held) : Number.NaN)
          same(meanIn(moments), full ? mean(held) : Number.NaN, Math.max(...held))
          const wanted = full ? squares(held) : Number.NaN
          same(squaresIn(moments), wanted, full ? wanted + 1e-12 * Math.max(...held) ** 2 : 0)
        }
      }),
    )
  })

  test('the weighted mean', () => {
    const pair = fc.tuple(price, fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 50, noNaN: true })))
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 60 }), windows, (pairs, window) => {
        const state = createMovingMean(window)
        for (const [i, [value, weight]] of pairs.entries()) {
          pushMean(state, value, weight)
          const held = pairs.slice(Math.max(0, i + 1 - window), i + 1)
          const total = sum(held.map(([, own]) => own))
          const wanted = held.length === window && total > 1e-9 ? sum(held.map(([v, w]) => v * w)) / total : Number.NaN
          if (held.length < window || total === 0) expect(weightedMeanIn(state)).toBeNaN()
          else if (total > 1e-9) same(weightedMeanIn(state), wanted, Math.max(...held.map(([v]) => v)))
        }
      }),
    )
  })

  test('the largest, and how long ago it was, the newest of equal ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }),
        windows,
        (values, window) => {
          const state = createMovingExtreme(window)
          for (const [i, value] of values.entries()) {
            pushExtreme(state, value)
            const held = values.slice(Math.max(0, i + 1 - window), i + 1)
            if (held.length < window) {
              expect(extremeIn(state)).toBeNaN()
              expect(agoOf(state)).toBeNaN()
              continue
            }
            expect(extremeIn(state)).toBe(Math.max(...held))
            expect(agoOf(state)).toBe(held.length - 1 - held.lastIndexOf(Math.max(...held)))
          }
        },
      ),
    )
  })
})

test('equal numbers have a variance of exactly 0 and exactly that mean, whatever came before', () => {
  for (const flat of [1e-8, 0.1, 100, 1e7, 12_345.678]) {
    const [moments, weighted] = [createMovingMoments(20), createMovingMean(20)]
    const rng = new SeededRng('flat')
    for (let i = 0; i < 50; i++) {
      pushMoments(moments, 1e7 * (1 + rng.next()))
      pushMean(weighted, 1e7 * (1 + rng.next()), rng.next())
    }
    for (let i = 0; i < 70; i++) {
      pushMoments(moments, flat)
      pushMean(weighted, flat, rng.next())
      if (i < 19) continue
      expect(squaresIn(moments)).toBe(0)
      expect(meanIn(moments)).toBe(flat)
      expect(weightedMeanIn(weighted)).toBe(flat)
    }
  }
})

test('a missing or infinite number spoils the windows that hold it and none after', () => {
  for (const bad of [Number.NaN, Infinity]) {
    const [total, moments, weighted] = [createMovingSum(7), createMovingMoments(7), createMovingMean(7)]
    for (let i = 0; i < 40; i++) {
      const value = i === 17 ? bad : i
      pushSum(total, value)
      pushMoments(moments, value)
      pushMean(weighted, i, i === 17 ? Number.NaN : 1)
      const spoilt = i >= 17 && i < 24
      expect(Number.isFinite(sumIn(total))).toBe(i >= 6 && !spoilt)
      expect(Number.isFinite(squaresIn(moments))).toBe(i >= 6 && !spoilt)
      expect(Number.isFinite(weightedMeanIn(weighted))).toBe(i >= 6 && !spoilt)
    }
  }
})

test('a million steps of a random walk lose no digit', () => {
  const rng = new SeededRng('a million steps')
  const [total, moments] = [createMovingSum(50), createMovingMoments(50)]
  const newest: number[] = []
  let level = 1e7
  for (let i = 0; i < 1_000_000; i++) {
    level *= Math.exp(0.01 * drawNormal(rng))
    pushSum(total, level)
    pushMoments(moments, level)
    if (i >= 1_000_000 - 50) newest.push(level)
  }
  same(sumIn(total), sum(newest))
  same(meanIn(moments), mean(newest))
  same(squaresIn(moments), squares(newest))
})
