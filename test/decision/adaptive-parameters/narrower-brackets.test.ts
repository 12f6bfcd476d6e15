import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { narrowerBrackets } from '../../../src/decision/adaptive-parameters/index.ts'
import { TripleBarrier } from '../../../src/labels/index.ts'
import type { Candle, Label, Side } from '../../../src/market.ts'

const START = 1_700_000_000_000
const HOUR = 3_600_000
const COSTS = 0.001
const ATR = 0.01
const distances = { stopAtr: [0.5, 1, 1.5, 2, 2.5], targetAtr: [0.5, 1, 1.5, 2, 2.5] }

/** Candles of a walk; with `jump` 0 each opens at the close before it. */
function walk(seed: number, jump: number): Candle[] {
  const rng = new SeededRng(seed)
  let price = 100
  return Array.from({ length: 30 }, (_, i) => {
    const open = price * (1 + jump * (rng.next() - 0.5))
    const close = open * (1 + 0.02 * (rng.next() - 0.5))
    const high = Math.max(open, close) * (1 + 0.006 * rng.next())
    const low = Math.min(open, close) * (1 - 0.006 * rng.next())
    price = close
    return { symbol: 'X', time: START + i * HOUR, open, high, low, close }
  })
}

function follow(candles: readonly Candle[], side: Side, stop: number, target: number): Label {
  const labeler = new TripleBarrier({ maxBars: 20, costs: COSTS })
  const sign = side === 'long' ? 1 : -1
  const price = candles[0]!.open
  const at = (distance: number) => price * (1 + sign * distance * ATR)
  labeler.open({ id: 'a', symbol: 'X', side, time: START, price, stop: at(-stop), target: at(target) })
  for (const candle of candles) for (const label of labeler.advance(candle)) return label
  throw new Error('not settled')
}

const bracket = (candles: readonly Candle[], side: Side) => {
  const price = candles[0]!.open
  const sign = side === 'long' ? 1 : -1
  return { price, stop: price * (1 - sign * 2 * ATR), target: price * (1 + sign * 2 * ATR) }
}

test('a nearer target returns what candles say it returns, and a nearer stop too where no candle opens with a jump', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom('long' as const, 'short' as const), (seed, side) => {
      const candles = walk(seed, 0)
      const label = follow(candles, side, 2, 2)
      const { stopReturns, targetReturns } = narrowerBrackets(label, bracket(candles, side), ATR, COSTS, distances)
      for (const [k, distance] of [0.5, 1, 1.5, 2].entries()) {
        expect(targetReturns[k]).toBeCloseTo(follow(candles, side, 2, distance).netReturn, 12)
        expect(stopReturns[k]).toBeCloseTo(follow(candles, side, distance, 2).netReturn, 12)
      }
    }),
    { numRuns: 300 },
  )
})

test('what a farther distance would have returned is not known', () => {
  const candles = walk(1, 0)
  const { stopReturns, targetReturns } = narrowerBrackets(
    follow(candles, 'long', 2, 2),
    bracket(candles, 'long'),
    ATR,
    COSTS,
    distances,
  )
  expect([...stopReturns].map(Number.isNaN)).toEqual([false, false, false, false, true])
  expect([...targetReturns].map(Number.isNaN)).toEqual([false, false, false, false, true])
})

test('where candles open with jumps a nearer stop is at best as good as told', () => {
  let worse = 0
  for (let seed = 0; seed < 300; seed++) {
    const candles = walk(seed, 0.02)
    const label = follow(candles, 'long', 2, 2)
    const { stopReturns } = narrowerBrackets(label, bracket(candles, 'long'), ATR, COSTS, distances)
    for (const [k, distance] of [0.5, 1, 1.5].entries()) {
      const { netReturn } = follow(candles, 'long', distance, 2)
      // the stop's own loss where it was jumped over: told as worse than it may have been
      const jumped = label.netReturn < -2 * ATR - COSTS - 1e-9
      if (!jumped) expect(netReturn).toBeLessThanOrEqual(stopReturns[k]! + 1e-12)
      if (netReturn < stopReturns[k]! - 1e-9) worse++
    }
  }
  expect(worse).toBeGreaterThan(0)
})
