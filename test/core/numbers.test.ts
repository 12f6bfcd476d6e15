import fc from 'fast-check'
import { mean, variance as populationVariance, quantileSorted, sampleVariance } from 'simple-statistics'
import { describe, expect, test } from 'vitest'
import { addDecayed, createDecayedMoments, decayOf } from '../../src/core/decayed-moments.ts'
import { drawInteger, drawNormal, shuffle } from '../../src/core/draw.ts'
import { fnv1a } from '../../src/core/hash.ts'
import { clamp, erfc, logit, logLossOf, normalCdf, sigmoid } from '../../src/core/math.ts'
import { addMoment, createMoments, variance } from '../../src/core/moments.ts'
import { addToQuantile, createQuantile, quantileOf } from '../../src/core/quantile.ts'
import { createRing, pushRing, ringAt, trimRing } from '../../src/core/ring.ts'
import { SeededRng } from '../../src/core/rng.ts'

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 60 })

describe('moments', () => {
  test('agree with the two-pass formulae of simple-statistics', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const moments = createMoments()
        for (const value of values) addMoment(moments, value)
        const scale = 1 + Math.max(...values.map(Math.abs))
        expect(Math.abs(moments.mean - mean(values)) / scale).toBeLessThan(1e-12)
        expect(Math.abs(variance(moments) - sampleVariance(values)) / (scale * scale)).toBeLessThan(1e-12)
        expect(Math.abs(variance(moments, 0) - populationVariance(values)) / (scale * scale)).toBeLessThan(1e-12)
      }),
    )
  })

  test('a weight of 2 counts like two equal numbers', () => {
    const [weighted, repeated] = [createMoments(), createMoments()]
    for (const value of [1, 4, 4, 9]) addMoment(repeated, value)
    for (const [value, weight] of [[1, 1] as const, [4, 2] as const, [9, 1] as const])
      addMoment(weighted, value, weight)
    expect(weighted).toEqual(repeated)
  })

  test('the variance is undefined for too few numbers', () => {
    const moments = createMoments()
    expect(variance(moments, 0)).toBeNaN()
    addMoment(moments, 3)
    expect(variance(moments)).toBeNaN()
    expect(variance(moments, 0)).toBe(0)
  })
})

describe('decayed moments', () => {
  test('equal the weighted mean and variance computed from all numbers', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 1, max: 100, noNaN: true }), (values, halfLife) => {
        const moments = createDecayedMoments()
        const decay = decayOf(halfLife)
        for (const value of values) addDecayed(moments, value, decay)
        const weights = values.map((_, i) => Math.exp(Math.log(decay) * (values.length - 1 - i)))
        const total = weights.reduce((a, b) => a + b)
        const center = values.reduce((sum, value, i) => sum + value * weights[i]!, 0) / total
        const spread =
          values.reduce((sum, value, i) => sum + weights[i]! * (value - center) * (value - center), 0) / total
        const scale = 1 + Math.max(...values.map(Math.abs))
        expect(moments.n).toBeCloseTo(total, 8)
        expect(Math.abs(moments.mean - center) / scale).toBeLessThan(1e-10)
        expect(Math.abs(moments.variance - spread) / (scale * scale)).toBeLessThan(1e-10)
      }),
    )
  })
})

describe('streaming quantile', () => {
  test("reproduces the worked example of Jain and Chlamtac's paper: the median 4.44 of 20 observations", () => {
    const median = createQuantile(0.5)
    for (const value of [
      0.02, 0.15, 0.74, 3.39, 0.83, 22.37, 10.15, 15.43, 38.62, 15.92, 34.6, 10.28, 1.47, 0.4, 0.05, 11.39, 0.27, 0.42,
      0.09, 11.37,
    ]) {
      addToQuantile(median, value)
    }
    expect(quantileOf(median)).toBeCloseTo(4.44, 2)
  })

  test.each([0.05, 0.5, 0.9, 0.99])('is within one per cent of a normal spread for q = %f', (q) => {
    const rng = new SeededRng(q)
    const state = createQuantile(q)
    const values = Array.from({ length: 20_000 }, () => drawNormal(rng))
    for (const value of values) addToQuantile(state, value)
    expect(
      Math.abs(
        quantileOf(state) -
          quantileSorted(
            values.sort((a, b) => a - b),
            q,
          ),
      ),
    ).toBeLessThan(0.06)
  })

  test('is exact up to five numbers and undefined before the first', () => {
    const state = createQuantile(0.5)
    expect(quantileOf(state)).toBeNaN()
    for (const value of [5, 1, 3]) addToQuantile(state, value)
    expect(quantileOf(state)).toBe(3)
  })
})

describe('ring', () => {
  test('holds the newest numbers, as an array that is pushed and shifted does', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true })), fc.integer({ min: 1, max: 8 }), (values, capacity) => {
        const ring = createRing(capacity)
        const mirror: number[] = []
        for (const value of values) {
          mirror.push(value)
          const gone = mirror.length > capacity ? mirror.shift()! : Number.NaN
          expect(pushRing(ring, value)).toBe(gone)
          mirror.forEach((_, ago) => void expect(ringAt(ring, ago)).toBe(mirror[mirror.length - 1 - ago]))
          expect(ringAt(ring, mirror.length)).toBeNaN()
        }
        trimRing(ring, 1)
        expect(ring.size).toBe(Math.min(1, values.length))
        if (values.length > 0) expect(ringAt(ring, 0)).toBe(values.at(-1))
      }),
    )
  })
})

describe('special functions', () => {
  test.each([
    // the C library's erfc (through Python's math.erfc)
    [0, 1],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [1.99, 0.004888586800383003],
    [2.01, 0.004475150644751763],
    [3, 2.209049699858544e-5],
    [5, 1.5374597944280349e-12],
    [10, 2.088487583762545e-45],
    [-1, 1.8427007929497148],
    [30, 0],
  ])('erfc(%f) is %f', (x, expected) => {
    expect(Math.abs(erfc(x) - expected)).toBeLessThan(2e-15 * Math.max(1, expected))
    if (x >= 2) expect(Math.abs(erfc(x) / (expected || 1) - (expected ? 1 : 0))).toBeLessThan(1e-13)
  })

  test('the normal distribution function has its textbook values', () => {
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 14)
    expect([-Infinity, -40, 0, Infinity].map(normalCdf)).toEqual([0, 0, 0.5, 1])
  })

  test('the normal distribution function is half of erfc to 1e-15, up to where it leaves the range of doubles', () => {
    for (let z = -38; z < 9; z += 0.0037) {
      const half = erfc(-z / Math.SQRT2) / 2
      expect(Math.abs(normalCdf(z) - half)).toBeLessThan(1e-15)
      if (z > -37) expect(Math.abs(normalCdf(z) / half - 1)).toBeLessThan(1e-12)
    }
  })

  test('sigmoid and logit undo each other and never overflow', () => {
    fc.assert(
      fc.property(fc.double({ min: -25, max: 25, noNaN: true }), (x) => {
        expect(logit(sigmoid(x))).toBeCloseTo(x, 4)
      }),
    )
    expect([sigmoid(1e9), sigmoid(-1e9)]).toEqual([1, 0])
    expect(logit(1)).toBeLessThan(28)
    expect(logLossOf(1, 0)).toBeLessThan(35)
    expect(logLossOf(0, 0.25)).toBeCloseTo(-Math.log(0.75), 15)
    expect([clamp(5, 0, 1), clamp(-5, 0, 1), clamp(0.3, 0, 1), clamp(Number.NaN, 0, 1)]).toEqual([
      1,
      0,
      0.3,
      Number.NaN,
    ])
  })
})

describe('draws', () => {
  test('normal draws have mean 0 and variance 1', () => {
    const rng = new SeededRng('normal')
    const moments = createMoments()
    for (let i = 0; i < 50_000; i++) addMoment(moments, drawNormal(rng))
    expect(Math.abs(moments.mean)).toBeLessThan(0.02)
    expect(Math.abs(variance(moments) - 1)).toBeLessThan(0.03)
  })

  test('a shuffle is a permutation, and all places are equally likely', () => {
    const rng = new SeededRng('shuffle')
    const firsts = [0, 0, 0, 0]
    for (let i = 0; i < 4000; i++) {
      const items = shuffle(rng, [0, 1, 2, 3])
      expect([...items].sort()).toEqual([0, 1, 2, 3])
      firsts[items[0]!]!++
    }
    for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(150)
    expect(drawInteger({ next: () => 0.999999 } as never, 7)).toBe(6)
  })

  test('the streams are pinned: a change of generator would break every seed in use', () => {
    const rng = new SeededRng('golden')
    expect([rng.next(), rng.next(), rng.fork('x').next()]).toMatchInlineSnapshot(`
      [
        0.2551099989056358,
        0.45072002662889,
        0.561421643200391,
      ]
    `)
  })
})

test('fnv1a has its published values', () => {
  // http://www.isthe.com/chongo/tech/comp/fnv/: test vectors of the 32-bit FNV-1a
  expect([fnv1a(''), fnv1a('a'), fnv1a('foobar')]).toEqual(['811c9dc5', 'e40c292c', 'bf9cf968'])
})
