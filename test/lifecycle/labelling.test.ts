import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../src/decision/index.ts'
import type { TradeLearner, TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import type { Account, Label, Outcome } from '../../src/market.ts'
import { parrots } from './doubles.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallOptions,
  warm,
} from './helpers.ts'

const full: Account = { equity: 100_000, positions: Array(20).fill({ symbol: 'X', side: 'long', notional: 1 }) }
/** Stop and target 1 % away. */
const tight = { stop: 99, target: 101 }

function newLearner(options: Partial<TradeLearnerOptions<SmallSignal>> = {}) {
  const models = parrots(0.55)
  const learner = warm({ ...smallOptions(), models, policy: new DecisionPolicy(), killSwitch: patient(), ...options })
  return { learner, models }
}
/** The closed decisions as they are saved. */
const closed = (learner: TradeLearner<SmallSignal>): readonly { label: Label; outcome: Outcome | null }[] =>
  (learner.toJSON().state as never as { book: { closed: { label: Label; outcome: Outcome | null }[] } }).book.closed

describe('a skipped signal', () => {
  test('is labelled and learned from by the candles that follow, at once', () => {
    const { learner, models } = newLearner()
    const { id, action } = learner.decide(signalAt(6, tight), full)
    expect(action).toBe('skip')
    learner.onCandle(candleAt('B', 6, 130)) // not its symbol
    learner.onCandle(candleAt('A', 6, 100.2, 100, 0.001))
    expect(models.success.seen).toBe(0)
    learner.onCandle(candleAt('A', 7, 101.5, 100.2, 0.001))
    expect(models.success.lessons.map(({ y }) => y)).toEqual([1])
    expect(models.expectedReturn.lessons[0]!.y).toBeCloseTo(0.01 - 0.001, 12)
    expect(models.stopRisk.lessons.map(({ y }) => y)).toEqual([0])
    expect(closed(learner)).toMatchObject([
      { label: { id, exitReason: 'target', exitPrice: 101, exitTime: START + 7 * HOUR, bars: 2 }, outcome: null },
    ])
    expect(learner.status()).toMatchObject({ trades: 1, open: 0 })
  })

  test('is learned from on the features it was decided on', () => {
    const { learner, models } = newLearner()
    const x = smallOptions().features
    for (let bar = 0; bar < 6; bar++) x.update(candleAt('A', bar, 100))
    const signal = signalAt(6, { stop: 101, side: 'short', meta: { confidence: 0.9, source: 'rules' } })
    learner.decide(signal, full)
    learner.onCandle(candleAt('A', 6, 104, 101))
    expect(models.success.lessons).toEqual([{ x: x.vector(signal), y: 0 }])
    expect(models.stopRisk.lessons[0]!.y).toBe(1)
  })

  test('that the bot traded all the same is learned from by its report', () => {
    const { learner } = newLearner()
    const { id } = learner.decide(signalAt(6, tight), full)
    learner.learn(id, { exitPrice: 100.5, exitTime: START + 7 * HOUR })
    expect(closed(learner)).toMatchObject([
      { label: { exitReason: 'exit', exitPrice: 100.5 }, outcome: { exitPrice: 100.5 } },
    ])
  })

  test('ends by time where neither barrier is reached', () => {
    const { learner } = newLearner()
    learner.decide(signalAt(6), full)
    for (let bar = 6; bar < 9; bar++) learner.onCandle(candleAt('A', bar, 100))
    expect(closed(learner)).toMatchObject([{ label: { exitReason: 'time', bars: 3, y: 0 } }])
  })
})

describe('a taken signal', () => {
  test('is learned from by its report, with what it really cost', () => {
    const { learner, models } = newLearner()
    const { id } = learner.decide(signalAt(6, tight), account)
    learner.onCandle(candleAt('A', 6, 100.4, 100, 0.001))
    learner.learn(id, {
      exitPrice: 102,
      exitTime: START + 7 * HOUR,
      exitReason: 'exit',
      entryPrice: 100.2,
      fees: 0.0004,
    })
    expect(models.expectedReturn.lessons[0]!.y).toBeCloseTo(1.8 / 100.2 - 0.0004, 12)
    const { label } = closed(learner)[0]!
    expect(label.bars).toBe(1)
    expect(label.maxAdverse).toBeCloseTo(0.001, 12)
    expect(label.maxFavorable).toBeCloseTo(1.8 / 100.2, 12)
    // candles have nothing to add, and nobody waits for them
    const { labeler } = (learner.toJSON().state as never as { parts: { labeler: { state: { open: unknown[] } } } })
      .parts
    expect(labeler.state.open).toEqual([])
    for (let bar = 7; bar < 20; bar++) learner.onCandle(candleAt('A', bar, 90))
    expect(models.success.seen).toBe(1)
  })

  test('waits for the report after candles have settled it, and then goes by the report', () => {
    const { learner, models } = newLearner({ reportWithin: 3 })
    const { id } = learner.decide(signalAt(6, tight), account)
    for (let bar = 6; bar < 9; bar++) learner.onCandle(candleAt('A', bar, 102))
    expect(learner.status()).toMatchObject({ trades: 0, open: 1 })
    learner.learn(id, { exitPrice: 98.5, exitTime: START + 8 * HOUR, exitReason: 'stop' })
    expect(models.success.lessons.map(({ y }) => y)).toEqual([0])
    expect(closed(learner)).toMatchObject([{ label: { exitPrice: 98.5, bars: 1 }, outcome: { exitReason: 'stop' } }])
  })

  test('that is never reported is learned from by candles after reportWithin of its candles', () => {
    const { learner, models } = newLearner({ reportWithin: 3 })
    const { id } = learner.decide(signalAt(6, tight), account)
    learner.onCandle(candleAt('A', 6, 102)) // settles it
    for (let bar = 6; bar < 30; bar++) learner.onCandle(candleAt('B', bar, 100)) // others do not count
    for (const bar of [7, 8]) learner.onCandle(candleAt('A', bar, 102))
    expect(models.success.seen).toBe(0)
    learner.onCandle(candleAt('A', 9, 102))
    expect(models.success.lessons.map(({ y }) => y)).toEqual([1])
    expect(closed(learner)).toMatchObject([{ label: { exitTime: START + 6 * HOUR }, outcome: null }])
    const late = errorOf(() => learner.learn(id, { exitPrice: 98, exitTime: START + 10 * HOUR }))
    expect(late.code).toBe('ALREADY_LEARNED')
  })

  test('that was cancelled is followed on candles like a skipped one', () => {
    const { learner, models } = newLearner({ reportWithin: 50 })
    const { id } = learner.decide(signalAt(6, tight), account)
    learner.cancel(id)
    learner.cancel(id)
    expect(learner.status().open).toBe(1)
    learner.onCandle(candleAt('A', 6, 98, 100))
    expect(models.success.lessons.map(({ y }) => y)).toEqual([0])
    expect(closed(learner)).toMatchObject([{ label: { exitReason: 'stop' }, outcome: null }])
  })

  test('that is cancelled after candles have settled it is learned from then', () => {
    const { learner, models } = newLearner({ reportWithin: 50 })
    const { id } = learner.decide(signalAt(6, tight), account)
    learner.onCandle(candleAt('A', 6, 102))
    expect(models.success.seen).toBe(0)
    learner.cancel(id)
    expect(models.success.lessons.map(({ y }) => y)).toEqual([1])
  })
})

test('every signal is judged by the baseline’s bracket, so that labels of taken and skipped ones compare', () => {
  // a model that expects much moves its own target, and not the label's
  const models = parrots(0.9, 0.05)
  const { learner } = newLearner({ models, policy: new DecisionPolicy({ minTrades: 0 }), reportWithin: 0 })
  const skipped = learner.decide(signalAt(6), full)
  const taken = learner.decide(signalAt(6), account)
  expect(taken.target).toBeGreaterThan(skipped.target)
  expect([taken.action, skipped.action]).toEqual(['take', 'skip'])
  learner.onCandle(candleAt('A', 6, skipped.target * 1.0001, 100, 0.00001))
  const [one, other] = closed(learner)
  expect({ ...one!.label, id: '' }).toEqual({ ...other!.label, id: '' })
  expect(one!.label.exitPrice).toBe(skipped.target)
})

test('stored predictions are scored against their labels before anything is learned', () => {
  const { learner, models } = newLearner()
  models.success.answer = 0.8
  const { id, time } = learner.decide(signalAt(6), account)
  models.success.answer = 0.1 // what it would say today is not what is scored
  learner.learn(id, { exitPrice: 103, exitTime: time })
  const { logLoss, baseRateLogLoss, winRate, labels, skill, meanReturnAll, meanReturnKept } = learner.status().scores
  expect(logLoss).toBeCloseTo(-Math.log(0.8), 12)
  expect(baseRateLogLoss).toBeCloseTo(Math.LN2, 12)
  expect(skill).toBeCloseTo(1 + Math.log(0.8) / Math.LN2, 12)
  expect([winRate, labels]).toEqual([1, 1])
  expect(meanReturnAll).toBeCloseTo(0.029, 12)
  expect(meanReturnKept).toBeCloseTo(0.029, 12)
})
