import fc from 'fast-check'
import { expect, test } from 'vitest'
import { afterVotes, lowered } from '../../../src/lifecycle/adaptive-policy/after-votes.ts'
import type { Plan, Prediction } from '../../../src/market.ts'

const plan: Plan = { action: 'take', size: 0.1, quantity: 10, price: 100, stop: 98, target: 102, reasons: [] }
const prediction: Prediction = {
  ...{ probability: 0.6, probabilityLow: 0.5, expectedReturn: 0.6 * 0.019 - 0.4 * 0.021 },
  ...{ interval: { low: -0.02, high: 0.02, coverage: 0.9 }, stopRisk: 0.4, trades: 100 },
}

test('winners and losers gain and lose what they did; winners are fewer', () => {
  const after = afterVotes(prediction, -0.2, plan, 0.001)
  const p = after.probability
  expect(p).toBeCloseTo(0.5512, 3)
  expect(after.expectedReturn).toBeCloseTo(p * 0.019 - (1 - p) * 0.021, 12)
  expect(after.probabilityLow).toBeCloseTo(0.4502, 3)
  expect([after.interval, after.stopRisk]).toEqual([prediction.interval, prediction.stopRisk])
})

test('who expects less than the stop loses is not cheered up', () => {
  const gloomy = { ...prediction, expectedReturn: -0.5 }
  expect(afterVotes(gloomy, -0.5, plan, 0.001).expectedReturn).toBe(-0.5)
})

test('nothing is ever raised, and the lower bound stays the lower', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(share, share, fc.double({ min: -30, max: 0, noNaN: true }), (p, low, lean) => {
      expect(lowered(p, lean)).toBeLessThanOrEqual(p)
      const asked = { ...prediction, probability: p, probabilityLow: Math.min(p, low) }
      const after = afterVotes(asked, lean, plan, 0.001)
      expect(after.probability).toBeLessThanOrEqual(p)
      expect(after.probabilityLow).toBeLessThanOrEqual(after.probability)
      expect(after.expectedReturn).toBeLessThanOrEqual(asked.expectedReturn)
    }),
  )
  expect(lowered(1e-300, -0.1)).toBe(1e-300)
})
