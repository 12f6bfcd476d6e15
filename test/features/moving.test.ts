import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { agoOf, createMovingExtreme, extremeIn, pushExtreme } from '../../src/features/indicators/moving-extreme.ts'
import { createMovingMean, pushMean, weightedMeanIn } from '../../src/features/indicators/moving-mean.ts'
import { createMovingMoments, meanIn, pushMoments, squaresIn } from '../../src/features/indicators/moving-moments.ts'
import { createMovingSkew, pushSkew, skewIn } from '../../src/features/indicators/moving-skew.ts'
import { createMovingSum, pushSum, sumIn } from '../../src/features/indicators/moving-sum.ts'

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
const squares = (values: readonly number[]): number => {
  const middle = mean(values)
  return sum(values.map((value) => (value - middle) ** 2))
}
const skew = (values: readonly number[]): number => {
  const [middle, second] = [mean(values), squares(values)]
  const third = sum(values.map((value) => (value - middle) ** 3))
  return second === 0 ? 0 : (Math.sqrt(values.length) * third) / second ** 1.5
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

test('the skewness of a million steps is that of the newest, with a missing number on the way', () => {
  const rng = new SeededRng('skew')
  const state = createMovingSkew(50)
  const held: number[] = []
  for (let i = 0; i < 1_000_000; i++) {
    // lopsided, so that there is a skewness to lose
    const value = i === 500_000 ? Number.NaN : 0.001 * Math.exp(drawNormal(rng))
    pushSkew(state, value)
    held.push(value)
    if (held.length > 50) held.shift()
    if (i % 997 !== 0 && (i < 499_990 || i > 500_060)) continue
    const wanted = held.length === 50 ? skew(held) : Number.NaN
    same(skewIn(state), wanted, Math.max(1, Math.abs(wanted)))
  }
  for (let i = 0; i < 60; i++) pushSkew(state, 1e7)
  expect(skewIn(state)).toBe(0)
})

test('a fall from 1e7 to 1e-8 leaves no trace: a billionth of the small numbers stays right', () => {
  for (const window of [2, 7, 20, 50]) {
    for (let phase = 0; phase < window; phase++) {
      const rng = new SeededRng(`fall ${window} ${phase}`)
      const [total, moments, weighted] = [
        createMovingSum(window),
        createMovingMoments(window),
        createMovingMean(window),
      ]
      const [shape, most] = [createMovingSkew(window), createMovingExtreme(window)]
      const held: number[] = []
      for (let i = 0; i < 3 * window + phase; i++) {
        const value = (i < window + phase ? 1e7 : 1e-8) * (1 + 0.1 * rng.next())
        pushSum(total, value)
        pushMoments(moments, value)
        pushMean(weighted, value, 1)
        pushSkew(shape, value)
        pushExtreme(most, value)
        held.push(value)
        if (held.length > window) held.shift()
        if (i < 2 * window + phase - 1) continue
        same(sumIn(total), sum(held))
        same(meanIn(moments), mean(held))
        same(weightedMeanIn(weighted), mean(held))
        same(squaresIn(moments), squares(held))
        same(skewIn(shape), skew(held), Math.max(1, Math.abs(skew(held))))
        expect(extremeIn(most)).toBe(Math.max(...held))
      }
    }
  }
})

test('states with any numbers in them, as a damaged file may hold, go on without an error or an endless loop', () => {
  const kernels = [
    { create: createMovingSum, push: pushSum, read: sumIn },
    { create: createMovingMoments, push: pushMoments, read: squaresIn },
    { create: createMovingSkew, push: pushSkew, read: skewIn },
    { create: createMovingExtreme, push: pushExtreme, read: agoOf },
    {
      create: createMovingMean,
      push: (state: never, value: number) => pushMean(state, value, 1),
      read: weightedMeanIn,
    },
  ] as unknown as {
    create: (window: number) => { [key: string]: number | Float64Array }
    push: (state: unknown, value: number) => void
    read: (state: unknown) => number
  }[]
  for (const { create, push, read } of kernels) {
    for (const [key, field] of Object.entries(create(20))) {
      if (typeof field !== 'number') continue
      for (const bad of [
        Number.NaN,
        Infinity,
        -Infinity,
        -1,
        0.5,
        3.7,
        20,
        21,
        1e9,
        2 ** 31,
        2 ** 32 - 1,
        1e15,
        1e300,
      ]) {
        const state = create(20)
        for (let i = 0; i < 33; i++) push(state, i)
        state[key] = bad
        const out = new Float64Array(1)
        for (let i = 0; i < 100; i++) {
          push(state, i)
          out[0] = read(state)
        }
        for (const [name, now] of Object.entries(state)) {
          if (typeof now !== 'number') expect(now, name).toHaveLength(20)
        }
        // a place beyond the window is where a block ends: one more window and all is well
        if (key === 'at' && bad >= 20 && bad < 1e15) {
          const whole = create(20)
          for (let i = 0; i < 100; i++) push(whole, i)
          same(read(state), read(whole), 1)
        }
      }
    }
  }
})
