import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalQuantile } from '../../src/core/math.ts'
import {
  betSize,
  type DecisionContext,
  DecisionPolicy,
  type DecisionPolicySettings,
  kellyShare,
  wilsonLow,
} from '../../src/decision/index.ts'
import type { Plan, Prediction } from '../../src/market.ts'
import golden from '../golden/sizing.json' with { type: 'json' }

const predict = (probability: number, over: Partial<Prediction> = {}): Prediction => ({
  probability,
  expectedReturn: 0,
  interval: { low: -0.021, high: 0.019, coverage: 0.9 },
  stopRisk: 0.4,
  trades: 1000,
  ...over,
})
/** A stop and a target of 2 %, and no costs unless a policy says so. */
const situation: DecisionContext = {
  signal: { symbol: 'BTC', side: 'long', price: 100, stop: 98, target: 102 },
  atr: 1,
  account: { equity: 10_000, positions: [] },
  trades: 500,
  halted: null,
}
const policy = (options: DecisionPolicySettings): DecisionPolicy => new DecisionPolicy({ costs: 0, ...options })
const codes = ({ reasons }: Plan): string[] => reasons.map(({ code }) => code)

describe('the formulas agree with an independent implementation', () => {
  test.each(golden.kelly)('Kelly at $p between $gain and $loss', ({ p, gain, loss, share }) => {
    expect(kellyShare(p, gain, loss)).toBeCloseTo(share, 4)
  })
  test.each(golden.betSize)('bet size at $p about $even', ({ p, even, size }) => {
    expect(betSize(p, even)).toBeCloseTo(size, 14)
  })
  test.each(golden.wilson)('Wilson at $p of $n, $confidence', ({ p, n, confidence, low }) => {
    expect(wilsonLow(p, n, normalQuantile(confidence))).toBeCloseTo(low, 12)
  })
})

describe('what the formulas say at the edges', () => {
  test('no gain, no share; no label, no bound', () => {
    expect([kellyShare(1, 0, 0.02), kellyShare(1, -0.01, 0.02)]).toEqual([-Infinity, -Infinity])
    for (const n of [0, -1, NaN]) expect(wilsonLow(1, n, 1.28)).toBe(0)
  })

  test('certainty is the whole size, unless nothing less than certainty breaks even', () => {
    expect([betSize(1), betSize(0), betSize(1, 1), betSize(0, 0)]).toEqual([1, -1, 0, 0])
  })

  test('the bound of a share keeps its digits, and is the share itself where no confidence is asked', () => {
    // the first form with 60 digits
    expect(wilsonLow(1e-9, 10, 1.28) / 6.103515550494195e-18).toBeCloseTo(1, 12)
    expect([wilsonLow(0.3, 10, 0), wilsonLow(0, 10, 0), wilsonLow(0, 10, 1.28)]).toEqual([0.3, 0, 0])
  })

  test('the bound lies below the share and rises with it and with their number', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, fc.integer({ min: 1, max: 1e6 }), (p, q, n) => {
        const z = 1.28
        expect(wilsonLow(p, n, z)).toBeLessThanOrEqual(p)
        const [low, high] = [Math.min(p, q), Math.max(p, q)]
        expect(wilsonLow(low, n, z)).toBeLessThanOrEqual(wilsonLow(high, n, z) * (1 + 1e-12))
        expect(wilsonLow(p, n, z)).toBeLessThanOrEqual(wilsonLow(p, 2 * n, z) * (1 + 1e-12))
      }),
    )
  })
})

describe('sizing by Kelly', () => {
  test('takes a fraction of the share at the lower bound, and never more than the baseline', () => {
    // at 0.501 Kelly holds 0.501 / 0.02 - 0.499 / 0.02 = 10 % of equity: a quarter of that is a quarter of the baseline
    const kelly = policy({ sizing: 'kelly' })
    expect(kelly.decide(predict(0.7, { probabilityLow: 0.501 }), situation).size).toBeCloseTo(0.025, 12)
    expect(
      policy({ sizing: 'kelly', kellyFraction: 0.5 }).decide(predict(0.7, { probabilityLow: 0.501 }), situation).size,
    ).toBeCloseTo(0.05, 12)
    expect(kelly.decide(predict(0.7, { probabilityLow: 0.69 }), situation).size).toBe(0.1)
    expect(kelly.decide(predict(0.58, { probabilityLow: 0.57 }), situation)).toMatchObject({
      action: 'reduce',
      size: 0.05,
    })
  })

  test('where the lower bound leaves no edge, nothing is taken', () => {
    const plan = policy({ sizing: 'kelly' }).decide(predict(0.7, { probabilityLow: 0.5 }), situation)
    expect([plan.action, plan.size, codes(plan)]).toEqual(['skip', 0, ['NO_EDGE', 'EV_POSITIVE']])
  })

  test('without a bound of the model’s own it is Wilson’s for a tenth of the labels', () => {
    const size = (trades: number, kellyConfidence = 0.9): number =>
      policy({ sizing: 'kelly', kellyConfidence }).decide(predict(0.62, { trades }), situation).size
    // (0.62 × 10 + ...) at 100 trades: the bound is 0.42
    expect(wilsonLow(0.62, 10, normalQuantile(0.9))).toBeCloseTo(0.42, 2)
    expect([size(100), size(10_000), size(NaN), size(0)]).toEqual([0, 0.1, 0, 0])
    expect(size(300, 0.95)).toBe(0)
    expect(size(300, 0.6)).toBeGreaterThan(0)
  })

  test('costs are taken off the gain and put on the loss', () => {
    const plan = policy({ sizing: 'kelly', costs: 0.001 }).decide(predict(0.7, { probabilityLow: 0.5265 }), situation)
    expect(plan.size).toBeCloseTo(0.25 * (0.5265 / 0.021 - 0.4735 / 0.019), 12)
  })
})

describe('sizing by bet size', () => {
  test('grows with the probability from the bet size’s own zero', () => {
    const own = policy({ sizing: 'bet-size' })
    const size = (p: number): number => own.decide(predict(p), situation).size
    expect([0.7, 0.9, 1].map(size)).toEqual([
      expect.closeTo(0.03374794164599424, 12),
      expect.closeTo(0.08175775605482642, 12),
      0.1,
    ])
    expect(size(0.55)).toBeCloseTo(0.008005561918299264, 12)
    expect(codes(own.decide(predict(0.5), situation))).toEqual(['NO_EDGE'])
  })

  test('in the reduce band it is no more than the band allows', () => {
    const wide = policy({ sizing: 'bet-size', takeAbove: 0.95, reduceTo: 0.2 })
    expect(wide.decide(predict(0.9), situation)).toMatchObject({ action: 'reduce', size: expect.closeTo(0.02, 12) })
  })

  test('counts from break-even where the bands do', () => {
    const far: DecisionContext = { ...situation, signal: { ...situation.signal, target: 104 } }
    const around = policy({ sizing: 'bet-size', bandsAround: 'break-even' })
    expect(around.decide(predict(0.45), far).size).toBeCloseTo(0.1 * betSize(0.45, 1 / 3), 12)
    expect(codes(around.decide(predict(0.33), far))[0]).toBe('NO_EDGE')
    // costs move it further away: 2.5 % of the price are lost against 3.5 % won
    const dear = policy({ sizing: 'bet-size', bandsAround: 'break-even', costs: 0.005 })
    expect(dear.decide(predict(0.45), far).size).toBeCloseTo(0.1 * betSize(0.45, 2.5 / 6), 12)
  })
})

describe('the expected value', () => {
  test('vetoes where it may: what does not pay is skipped, whatever the band says', () => {
    const [note, veto] = [policy({ costs: 0.001 }), policy({ costs: 0.001, expectedValue: 'veto' })]
    // 0.525 breaks even with costs
    for (const p of [0.45, 0.52]) {
      expect(codes(note.decide(predict(p), situation))).toEqual(['REDUCE_BAND', 'EV_NEGATIVE'])
      const plan = veto.decide(predict(p), situation)
      expect([plan.action, plan.size, codes(plan)]).toEqual(['skip', 0, ['EV_VETO']])
    }
    expect(veto.decide(predict(0.53), situation)).toEqual(note.decide(predict(0.53), situation))
    expect(veto.decide(predict(0.9), situation)).toEqual(note.decide(predict(0.9), situation))
  })
})

describe('a target within the interval', () => {
  const stretched = (high: number, targetWithin: 'interval' | 'stretch'): number => {
    const { stop: _, target: __, ...signal } = situation.signal
    const prediction = predict(0.7, { expectedReturn: 0.2, interval: { low: -0.02, high, coverage: 0.9 } })
    return policy({ targetWithin, costs: 0.001 }).decide(prediction, { ...situation, signal }).target
  }
  test('lies no further than the upper end and the costs, and no nearer than the stretch', () => {
    expect(stretched(0.024, 'stretch')).toBeCloseTo(103, 9)
    expect(stretched(0.024, 'interval')).toBeCloseTo(102.5, 9)
    expect(stretched(Infinity, 'interval')).toBeCloseTo(103, 9)
    for (const high of [0, -0.01]) expect(stretched(high, 'interval')).toBeCloseTo(100 + 2 / 1.5, 9)
  })
})

test.each<[string, Partial<Prediction>]>([
  ['none', { probabilityLow: NaN }],
  ['above the probability', { probabilityLow: 0.8 }],
  ['below 0', { probabilityLow: -0.1 }],
])('a lower bound that is %s is no prediction', (_, over) => {
  expect(codes(policy({}).decide(predict(0.7, over), situation))).toEqual(['INVALID_PREDICTION'])
})
