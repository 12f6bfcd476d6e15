import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TradeLearner } from '../../src/lifecycle/index.ts'
import type { Outcome } from '../../src/market.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallOptions,
  stateOf,
} from './helpers.ts'

const LAG = 4 * HOUR
const make = (outcomeLag = LAG) =>
  new TradeLearner<SmallSignal>({ ...smallOptions(), killSwitch: patient(), reportWithin: 20, outcomeLag })

/** Eight trades, and how each of them closed: one an hour. */
function opened(outcomeLag?: number) {
  const learner = make(outcomeLag)
  const told: { readonly id: string; readonly outcome: Outcome }[] = []
  for (let bar = 1; bar <= 8; bar++) {
    learner.onCandle(candleAt('A', bar, 100 + (bar % 3)))
    const { id } = learner.decide(signalAt(bar + 1), account)
    told.push({ id, outcome: { exitPrice: 99 + (bar % 4), exitTime: START + (8 + bar) * HOUR } })
  }
  return { learner, told }
}

/** Tells them in some order, a candle now and then, and goes on until none waits. */
function closed(order: readonly number[], twice: readonly number[], outcomeLag?: number): TradeLearner<SmallSignal> {
  const { learner, told } = opened(outcomeLag)
  const tell = (i: number): void => learner.learn(told[i]!.id, told[i]!.outcome)
  // all are told before the first must be learned
  for (const i of order) tell(i)
  for (const i of twice) tell(i)
  for (let bar = 9; bar <= 24; bar++) learner.onCandle(candleAt('A', bar, 100 + (bar % 5)))
  return learner
}

const orders = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8, maxLength: 8 })

describe('outcomes that are told in any order', () => {
  test('leave one state, to the bit, however often each is told', () => {
    const wanted = stateOf(closed([0, 1, 2, 3, 4, 5, 6, 7], []))
    fc.assert(
      fc.property(orders, fc.array(fc.nat(7), { maxLength: 6 }), (order, twice) => {
        expect(stateOf(closed(order, twice))).toBe(wanted)
      }),
      { numRuns: 50 },
    )
    expect(closed([3, 1, 2, 0, 7, 6, 5, 4], []).status()).toMatchObject({ trades: 8, open: 0 })
  })

  test('leave other states where none waits for another', () => {
    expect(stateOf(closed([7, 6, 5, 4, 3, 2, 1, 0], [], 0))).not.toBe(stateOf(closed([0, 1, 2, 3, 4, 5, 6, 7], [], 0)))
  })

  test('wait as long as they were told to, and no longer', () => {
    const { learner, told } = opened()
    learner.learn(told[0]!.id, told[0]!.outcome)
    expect(learner.openDecisions().map(({ id }) => id)).not.toContain(told[0]!.id)
    for (let bar = 9; bar <= 12; bar++) learner.onCandle(candleAt('A', bar, 100))
    expect(learner.status().trades).toBe(0)
    learner.onCandle(candleAt('A', 13, 100))
    expect(learner.status().trades).toBe(1)
    // one that comes too late is learned when it comes
    learner.learn(told[1]!.id, { ...told[1]!.outcome, exitTime: START + 9 * HOUR })
    expect(learner.status().trades).toBe(2)
  })

  test('are refused where they contradict what waits, and cannot be taken back', () => {
    const { learner, told } = opened()
    const [{ id, outcome }] = told as [(typeof told)[number]]
    learner.learn(id, outcome)
    const before = stateOf(learner)
    expect(() => learner.learn(id, { ...outcome, exitPrice: 42 })).toThrow(
      /already told to have closed with exitPrice 100/,
    )
    expect(() => learner.cancel(id)).toThrow('already told to have closed')
    expect(() => learner.learn(told[1]!.id, { ...outcome, exitPrice: Number.NaN })).toThrow('exitPrice')
    expect(stateOf(learner)).toBe(before)
  })

  test('still wait after a restart', () => {
    const { learner, told } = opened()
    for (const { id, outcome } of [...told].reverse()) learner.learn(id, outcome)
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), {
      ...smallOptions(),
      killSwitch: patient(),
      reportWithin: 20,
    })
    for (const each of [learner, again]) {
      for (let bar = 9; bar <= 24; bar++) each.onCandle(candleAt('A', bar, 100 + (bar % 5)))
    }
    expect(stateOf(again)).toBe(stateOf(learner))
    expect(stateOf(again)).toBe(stateOf(closed([0, 1, 2, 3, 4, 5, 6, 7], [])))
  })
})
