import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { atrBracket, fixedBracket, roundTripCosts, timeDecay } from '../../src/labels/index.ts'

const entry = { id: 'a', symbol: 'X', side: 'long', time: 1_700_000_000_000, price: 200 } as const
const short = { ...entry, side: 'short' } as const

describe('brackets', () => {
  test('fixed widths are fractions of the price, on the sides that the direction wants', () => {
    expect(fixedBracket(entry, { stop: 0.01, target: 0.02 })).toEqual({ ...entry, stop: 198, target: 204 })
    expect(fixedBracket(short, { stop: 0.01, target: 0.02 })).toEqual({ ...short, stop: 202, target: 196 })
  })

  test('widths in ATR follow the market', () => {
    expect(atrBracket(entry, 4, { stop: 2, target: 3 })).toEqual({ ...entry, stop: 192, target: 212 })
    expect(atrBracket(short, 4, { stop: 2, target: 3 })).toEqual({ ...short, stop: 208, target: 188 })
  })

  test('what leaves no bracket is refused', () => {
    expect(() => fixedBracket(entry, { stop: 0, target: 0.02 })).toThrow('"stop"')
    expect(() => fixedBracket(entry, { stop: 1, target: 0.02 })).toThrow('positive prices')
    expect(() => fixedBracket(short, { stop: 0.1, target: 1.5 })).toThrow('positive prices')
    expect(() => fixedBracket(entry, { stop: 1e-20, target: 0.02 })).toThrow('stop < price')
    expect(() => atrBracket(entry, Number.NaN, { stop: 2, target: 3 })).toThrow('"atr"')
  })

  test('costs are two fees, a spread and two slippages', () => {
    expect(roundTripCosts({ fee: 0.0004 })).toBeCloseTo(0.0008, 15)
    expect(roundTripCosts({ fee: 0.0004, spread: 0.0002, slippage: 0.0001 })).toBeCloseTo(0.0012, 15)
    expect(() => roundTripCosts({ fee: -1 })).toThrow('"fee"')
    expect(() => roundTripCosts({ fee: 0.6 })).toThrow('the sum of costs')
  })
})

describe('time decay', () => {
  test('is a line over summed uniqueness that ends at 1', () => {
    expect([...timeDecay([1, 1, 1, 1], 0.2)]).toEqual([0.4, 0.6, 0.8, 1].map((w) => expect.closeTo(w, 12)))
    expect([...timeDecay([0.5, 0.5, 1], 0)]).toEqual([0.25, 0.5, 1].map((w) => expect.closeTo(w, 12)))
    expect([...timeDecay([1, 1, 1, 1], 1)]).toEqual([1, 1, 1, 1])
    expect([...timeDecay([1, 1, 1, 1], -0.5)]).toEqual([0, 0, 0.5, 1].map((w) => expect.closeTo(w, 12)))
    expect([...timeDecay([])]).toEqual([])
    expect([...timeDecay([0, 0])]).toEqual([1, 1])
  })

  test('never rises with age, stays within 0 and 1, and ends at 1', () => {
    const uniqueness = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 })
    const oldest = fc.double({ min: -0.99, max: 1, noNaN: true })
    fc.assert(
      fc.property(uniqueness, oldest, (own, least) => {
        const weights = [...timeDecay(own, least)]
        expect(weights.at(-1)).toBe(1)
        for (let i = 1; i < weights.length; i++) expect(weights[i]).toBeGreaterThanOrEqual(weights[i - 1]!)
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('what makes no sense is refused', () => {
    expect(() => timeDecay([1], -1)).toThrow('"oldest"')
    expect(() => timeDecay([1], 1.1)).toThrow('"oldest"')
    expect(() => timeDecay([1, Number.NaN])).toThrow('"uniqueness[1]"')
  })
})
