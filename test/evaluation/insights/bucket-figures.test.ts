import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/index.ts'
import { normalQuantile } from '../../../src/core/math.ts'
import { wilsonEnds } from '../../../src/core/wilson.ts'
import { bucketFigures } from '../../../src/evaluation/insights/bucket-figures.ts'
import { bucketPValues, dealSegments, welch } from '../../../src/evaluation/insights/bucket-permutation.ts'
import { bucketsOfPast } from '../../../src/evaluation/insights/feature-buckets.ts'
import { wilsonInterval } from '../../../src/significance/wilson-interval.ts'
import golden from '../../golden/insights.json' with { type: 'json' }
import { HOUR, MONDAY } from './signals.ts'

describe("Wilson's interval", () => {
  test("is scipy's, and for whole counts that of tradelearn/significance", () => {
    for (const { won, trades, coverage, low, high } of golden.wilson) {
      const [mine, top] = wilsonEnds(won / trades, trades, normalQuantile((1 + coverage) / 2))
      expect(mine).toBeCloseTo(low, 9)
      expect(top).toBeCloseTo(high, 9)
      const whole = wilsonInterval(won, trades, coverage)
      expect(mine).toBeCloseTo(whole.low, 9)
      expect(top).toBeCloseTo(whole.high, 9)
    }
  })
})

describe('the permutation test', () => {
  test("compares Welch's t, as scipy computes it", () => {
    for (const { values, rows, welch: wanted } of golden.permutation) {
      expect(welch(Float64Array.from(values), Uint32Array.from(rows))).toBeCloseTo(wanted, 9)
    }
  })

  test('comes to the exact p-values of all combinations', () => {
    const ratios = golden.permutation.map(({ values, rows, p }, i) => {
      const options = { rng: new SeededRng(i), segment: 1, permutations: 100_000 }
      const [found] = bucketPValues(Float64Array.from(values), [Uint32Array.from(rows)], options)
      // each rests on 50 permutations that were as large: a relative error of 1 / sqrt(50)
      expect(Math.abs(Math.log(found! / p))).toBeLessThan(4 / Math.sqrt(50))
      return Math.log(found! / p)
    })
    expect(Math.abs(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length)).toBeLessThan(
      4 / Math.sqrt(50 * ratios.length),
    )
  })

  test('deals out every value once, and neighbours mostly stay together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 20 }), (n, segment) => {
        const values = Float64Array.from({ length: n }, (_, i) => i)
        const dealt = new Float64Array(n)
        dealSegments(new SeededRng(n), segment, values, dealt)
        expect(dealt.slice().sort()).toEqual(values)
        const torn = dealt.filter((value, i) => i > 0 && value !== (dealt[i - 1]! + 1) % n).length
        // segments are at least half as long as their mean
        expect(torn).toBeLessThan(n / Math.ceil(segment / 2) + 1)
      }),
    )
  })

  test('hours meet others, though segments are as long as a day', () => {
    const rng = new SeededRng('day')
    const values = Float64Array.from({ length: 2400 }, (_, i) => drawNormal(rng) - (i % 24 === 14 ? 1.5 : 0))
    const rows = Uint32Array.from({ length: 100 }, (_, day) => 24 * day + 14)
    const [p] = bucketPValues(values, [rows], { rng, segment: 24, permutations: 2000 })
    expect(p).toBe(1 / 2001)
  })
})

describe('figures', () => {
  const figuresOf = (returns: readonly number[], overlap: number, take: (i: number) => boolean) => {
    const times = returns.map((_, i) => MONDAY + i * HOUR)
    const all = Uint32Array.from(returns.keys())
    const rows = { rows: all.filter(take), others: all.filter((i) => !take(i)), known: all }
    const labelEnds = times.map((time) => time + overlap * HOUR)
    const y = returns.map((value) => Number(value > 0))
    return bucketFigures({ y, netReturns: returns, times, labelEnds }, rows, returns.length >> 1, 0.95)
  }

  test('trades that are copies of each other count as the few that they are', () => {
    const rng = new SeededRng('copies')
    const once = Array.from({ length: 60 }, () => drawNormal(rng))
    const alone = figuresOf(once, 1, (i) => i < 40)
    expect(alone.effective).toBeCloseTo(40, 9)
    // each label is open for the five hours that its copies take
    const copies = once.flatMap((value) => Array(5).fill(value) as number[])
    const many = figuresOf(copies, 5, (i) => i < 200)
    expect(many.trades).toBe(200)
    expect(many.effective).toBeLessThan(70)
    expect(many.meanReturn.high - many.meanReturn.low).toBeGreaterThan(
      0.8 * (alone.meanReturn.high - alone.meanReturn.low),
    )
    expect(many.winRate.high - many.winRate.low).toBeGreaterThan(0.7 * (alone.winRate.high - alone.winRate.low))
  })

  test('intervals of means hold the truth about as often as they say, also where labels overlap', () => {
    const runs = 300
    let [mean, difference] = [0, 0]
    for (let seed = 0; seed < runs; seed++) {
      const rng = new SeededRng(`cover ${seed}`)
      const shocks = Array.from({ length: 408 }, () => drawNormal(rng))
      const returns = Array.from({ length: 400 }, (_, i) =>
        shocks.slice(i, i + 8).reduce((sum, value) => sum + value, 0),
      )
      // runs of 25 rows, so that rows of the bucket overlap
      const figures = figuresOf(returns, 8, (i) => Math.floor(i / 25) % 3 === 0)
      if (figures.meanReturn.low <= 0 && figures.meanReturn.high >= 0) mean++
      if (figures.difference.low <= 0 && figures.difference.high >= 0) difference++
    }
    // about some 20 independent spans: 88 % at least, of a promised 95 %
    expect(mean / runs).toBeGreaterThan(0.88)
    expect(difference / runs).toBeGreaterThan(0.88)
  })
})

describe('shares of past values', () => {
  const numbers = fc.array(fc.oneof(fc.integer({ min: -30, max: 30 }), fc.constant(NaN)), { maxLength: 200 })

  test('are those of a count over the rows before', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const found = bucketsOfPast(Float64Array.from(values), 3)
        values.forEach((value, i) => {
          const past = values.slice(0, i).filter((other) => !Number.isNaN(other))
          const below = past.filter((other) => other < value).length
          const equal = past.filter((other) => other === value).length
          const share = Math.floor((3 * (2 * below + equal)) / (2 * past.length))
          const wanted = Number.isNaN(value) || past.length < 30 ? -1 : Math.min(2, share)
          expect(found[i]).toBe(wanted)
        })
      }),
    )
  })

  test('do not depend on what comes later', () => {
    fc.assert(
      fc.property(numbers, numbers, (before, after) => {
        const alone = bucketsOfPast(Float64Array.from(before), 2)
        const both = bucketsOfPast(Float64Array.from([...before, ...after]), 2)
        expect(both.slice(0, before.length)).toEqual(alone)
      }),
    )
  })
})
