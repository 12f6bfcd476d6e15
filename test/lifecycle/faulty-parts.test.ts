import { describe, expect, test } from 'vitest'
import { KillSwitch } from '../../src/decision/index.ts'
import type { TradeLearner, TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import type { Account } from '../../src/market.ts'
import { type Parrot, parrots } from './doubles.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  patient,
  type SmallSignal,
  signalAt,
  smallOptions,
  stateOf,
  warm,
} from './helpers.ts'

/** A learner whose model of success never manages to learn. */
function newLearner(options: Partial<TradeLearnerOptions<SmallSignal>> = {}) {
  const models = parrots(0.7)
  breakDown(models.success, 'out of memory')
  const learner = warm<SmallSignal>({ ...smallOptions(), models, killSwitch: new KillSwitch(), ...options })
  return { learner, models }
}
function breakDown(model: Parrot, message: string): void {
  model.learn = () => {
    throw new Error(message)
  }
}
const closedIds = (learner: TradeLearner<SmallSignal>): string[] =>
  (learner.toJSON().state as never as { book: { closed: { decision: { id: string } }[] } }).book.closed.map(
    ({ decision }) => decision.id,
  )
const full: Account = { equity: 100_000, positions: Array(20).fill({ symbol: 'X', side: 'long', notional: 1 }) }
const loss = { exitPrice: 98, exitTime: signalAt(7).time }

describe('where one model cannot learn', () => {
  test('three reported losses halt all the same, and the error reaches the caller', () => {
    const { learner } = newLearner()
    for (let i = 1; i <= 3; i++) {
      const { id, action } = learner.decide(signalAt(6), account)
      expect(action).toBe('take')
      expect(() => learner.learn(id, loss)).toThrow('out of memory')
      expect(learner.status().killSwitch.halted).toBe(i === 3)
    }
    expect(learner.status().killSwitch.cause?.code).toBe('LOSS_STREAK')
    expect(learner.decide(signalAt(6), account)).toMatchObject({ action: 'skip', size: 0 })
  })

  test('each decision is closed and scored exactly once, however often its outcome is told', () => {
    const { learner } = newLearner({ killSwitch: patient() })
    const ids = [1, 2, 3].map(() => {
      const { id } = learner.decide(signalAt(6), account)
      expect(() => learner.learn(id, loss)).toThrow('out of memory')
      return id
    })
    const before = stateOf(learner)
    for (const id of ids) learner.learn(id, { ...loss })
    expect(stateOf(learner)).toBe(before)
    expect(errorOf(() => learner.learn(ids[0]!, { ...loss, exitPrice: 97 })).code).toBe('OUTCOME_CONFLICT')
    expect(closedIds(learner)).toEqual(ids)
    expect(learner.openDecisions()).toEqual([])
    expect(learner.status()).toMatchObject({ trades: 3, open: 0, scores: { labels: 3, winRate: 0 } })
  })

  test('a loss that is told again does not count twice towards a halt', () => {
    const { learner } = newLearner()
    const { id } = learner.decide(signalAt(6), account)
    expect(() => learner.learn(id, loss)).toThrow('out of memory')
    for (let i = 0; i < 5; i++) learner.learn(id, { ...loss })
    expect(learner.status().killSwitch.halted).toBe(false)
  })

  test('the other models, the features, the interval and the detectors still learn', () => {
    const sane = parrots(0.7)
    const whole = warm<SmallSignal>({ ...smallOptions(), models: sane, killSwitch: patient() })
    const { learner, models } = newLearner({ killSwitch: patient() })
    for (let i = 0; i < 30; i++) {
      // right for a while, then wrong
      const won = i % 2 > 0
      for (const { success } of [sane, models]) success.answer = won === i < 15 ? 0.9 : 0.1
      const outcome = { ...loss, exitPrice: won ? 103 : 98 }
      whole.learn(whole.decide(signalAt(6), account).id, outcome)
      const { id } = learner.decide(signalAt(6), account)
      expect(() => learner.learn(id, outcome)).toThrow('out of memory')
    }
    expect([models.success.seen, models.expectedReturn.seen, models.stopRisk.seen]).toEqual([0, 30, 30])
    expect(models.expectedReturn.lessons).toEqual(sane.expectedReturn.lessons)
    expect(models.stopRisk.lessons).toEqual(sane.stopRisk.lessons)
    expect(learner.status()).toEqual(whole.status())
    expect(learner.status().drift.marks.length).toBeGreaterThan(0)
    // all but the counts of the parrots
    const rest = (one: TradeLearner<SmallSignal>): string => stateOf(one).replace(/"seen":\d+/g, '')
    expect(rest(learner)).toBe(rest(whole))
  })

  test('the first error is thrown where several fail', () => {
    const { learner, models } = newLearner()
    breakDown(models.stopRisk, 'also broken')
    const { id } = learner.decide(signalAt(6), account)
    expect(() => learner.learn(id, loss)).toThrow('out of memory')
    expect(models.expectedReturn.seen).toBe(1)
  })

  test('cancelling what candles have settled closes it, too', () => {
    const { learner } = newLearner()
    const { id } = learner.decide(signalAt(6), account)
    learner.onCandle(candleAt('A', 6, 90))
    expect(() => learner.cancel(id)).toThrow('out of memory')
    expect(closedIds(learner)).toEqual([id])
    expect(errorOf(() => learner.cancel(id)).code).toBe('ALREADY_LEARNED')
  })
})

describe('a candle that settles several decisions', () => {
  test('settles all of them, whichever one cannot be learned from', () => {
    for (const broken of [0, 1, 2]) {
      const models = parrots(0.7)
      const learn = models.success.learn.bind(models.success)
      let lessons = 0
      models.success.learn = (x, y) => {
        if (lessons++ === broken) throw new Error(`lesson ${broken} is too hard`)
        learn(x, y)
      }
      const learner = warm<SmallSignal>({ ...smallOptions(), models, killSwitch: patient() })
      const ids = [1, 2, 3].map(() => learner.decide(signalAt(6), full).id)
      const { id: other } = learner.decide(signalAt(6, { symbol: 'B' }), full)
      expect(() => learner.onCandle(candleAt('A', 6, 90))).toThrow(`lesson ${broken} is too hard`)
      expect(closedIds(learner)).toEqual(ids)
      expect(learner.status()).toMatchObject({ trades: 3, open: 1, scores: { labels: 3 } })
      expect([models.success.seen, models.expectedReturn.seen, models.stopRisk.seen]).toEqual([2, 3, 3])
      // the candle is in, and nothing is settled again
      expect(errorOf(() => learner.onCandle(candleAt('A', 6, 90))).code).toBe('DUPLICATE_CANDLE')
      learner.onCandle(candleAt('A', 7, 90))
      expect(closedIds(learner)).toEqual(ids)
      learner.onCandle(candleAt('B', 6, 90))
      expect(closedIds(learner)).toEqual([...ids, other])
    }
  })

  test('halts on trades that nobody reports, although no model learns', () => {
    const { learner } = newLearner({ reportWithin: 0 })
    for (let bar = 6; bar < 9; bar++) {
      expect(learner.decide(signalAt(bar), account).action).toBe('take')
      learner.onCandle(candleAt('B', bar, 100))
    }
    expect(() => learner.onCandle(candleAt('A', 8, 90))).toThrow('out of memory')
    expect(learner.status()).toMatchObject({ trades: 3, open: 0, killSwitch: { cause: { code: 'LOSS_STREAK' } } })
  })
})

test('no error of a model gets into what is saved', () => {
  const { learner } = newLearner()
  const { id, time } = learner.decide(signalAt(6), account)
  expect(() => learner.learn(id, { exitPrice: 101, exitTime: time + HOUR })).toThrow('out of memory')
  expect(stateOf(learner)).not.toContain('out of memory')
})
