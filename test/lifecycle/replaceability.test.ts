import { describe, expect, test } from 'vitest'
import { TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallModels,
  smallOptions,
  stateOf,
  still,
  warm,
} from './helpers.ts'
import {
  OwnDetector,
  OwnFeatures,
  OwnGuard,
  OwnInterval,
  OwnLabeler,
  OwnLearner,
  ownCodecs,
  ownPolicy,
} from './own-parts.ts'

/** The library's parts, but for those given. */
const withOwn = (options: Partial<TradeLearnerOptions<SmallSignal>>): TradeLearner<SmallSignal> =>
  warm<SmallSignal>({ ...smallOptions(), killSwitch: patient(), ...options })

const win = { exitPrice: 103, exitTime: START + 7 * HOUR }
const loss = { exitPrice: 98, exitTime: START + 7 * HOUR }

describe('a part of the user’s own takes the place of', () => {
  test('the features', () => {
    const features = new OwnFeatures()
    const learner = withOwn({ features, models: smallModels(2) })
    const { id, symbol } = learner.decide({ symbol: 'A', side: 'long', time: START + 6 * HOUR } as SmallSignal, account)
    expect(symbol).toBe('A')
    expect(
      learner
        .explain(id)
        .causes.map(({ feature, value }) => [feature, value])
        .sort(),
    ).toEqual([
      ['close', 100],
      ['side', 1],
    ])
    learner.learn(id, win)
    expect(features.toJSON().state['A']).toMatchObject({ wins: 1 })
  })

  test('the policy', () => {
    const decision = withOwn({ policy: ownPolicy }).decide(signalAt(6), account)
    expect(decision).toMatchObject({ action: 'take', size: 0.01, stop: 90, reasons: [{ code: 'OWN_RULE' }] })
  })

  test('the labeler', () => {
    const learner = withOwn({ labeler: new OwnLabeler() })
    const { id } = learner.decide(signalAt(6), account)
    learner.cancel(id)
    learner.onCandle(candleAt('A', 6, 100.1))
    // no costs: a gain of 0.1 % is a win
    expect(learner.status()).toMatchObject({
      trades: 1,
      scores: { winRate: 1, meanReturnAll: expect.closeTo(0.001, 9) },
    })
  })

  test('the kill switch', () => {
    const killSwitch = new OwnGuard(2)
    let now = 0
    const learner = withOwn({ killSwitch, clock: { now: () => (now += 4) } })
    for (let i = 0; i < 2; i++) learner.learn(learner.decide(signalAt(6), account).id, win)
    expect(killSwitch.toJSON().state).toMatchObject({ outcomes: 2, equity: 100_000, latency: 4 })
    expect(learner.status().killSwitch.cause).toEqual({ code: 'OWN', text: 'enough for today' })
    const decision = learner.decide(signalAt(6), account)
    expect([decision.action, decision.reasons[0]!.code]).toEqual(['skip', 'KILL_SWITCH'])
    learner.resume('a new day')
    expect(learner.decide(signalAt(6), account).action).not.toBe('skip')
  })

  test('the models', () => {
    const models = {
      success: new OwnLearner('binary'),
      expectedReturn: new OwnLearner('regression'),
      stopRisk: new OwnLearner('binary'),
    }
    const learner = withOwn({ models })
    learner.learn(learner.decide(signalAt(6), account).id, { ...loss, exitReason: 'stop' })
    const { probability, expectedReturn, stopRisk } = learner.predict(signalAt(6))
    expect([probability, stopRisk]).toEqual([0.25, 0.75])
    expect(expectedReturn).toBeCloseTo((0.5 - 0.021) / 2, 12)
    expect(learner.refitDue).toBe(false)
    for (const _ of learner.refit()) expect.fail('there is nothing to refit')
  })

  test('the detectors', () => {
    const learner = withOwn({ detectors: [new OwnDetector()], keepAfterDrift: 17 })
    const levels = new Set<string>()
    for (let i = 0; i < 30; i++) {
      learner.learn(learner.decide(signalAt(6), account).id, i % 3 ? win : loss)
      levels.add(learner.status().drift.level)
    }
    expect([...levels].sort()).toEqual(['drift', 'stable', 'warning'])
    const { marks } = learner.status().drift
    expect(marks.length).toBeGreaterThan(1)
    expect(marks[0]).toMatchObject({ detector: 'own-detector', kept: 17, time: win.exitTime })
  })

  test('a detector’s word on how much to keep, as far as it is a number', () => {
    for (const [width, kept] of [
      [33.7, 33],
      [5, 8],
      [Number.NaN, 8],
    ] as const) {
      const detector = Object.assign(new OwnDetector(), { width, errors: 2.9 })
      const learner = withOwn({ detectors: [detector] })
      learner.learn(learner.decide(signalAt(6), account).id, win)
      expect(learner.status().drift.marks.map((mark) => mark.kept)).toEqual([kept])
    }
  })

  test('the interval', () => {
    const learner = withOwn({ interval: new OwnInterval() })
    expect(learner.predict(signalAt(6)).interval).toEqual({ low: 0, high: 0, coverage: 1 })
    learner.learn(learner.decide(signalAt(6), account).id, win)
    const { interval, expectedReturn } = learner.predict(signalAt(6))
    expect(interval.high - expectedReturn).toBeCloseTo(0.029, 12)
  })

  test('the clock', () => {
    let looks = 0
    const learner = withOwn({ clock: { now: () => ++looks } })
    learner.decide(signalAt(6), account)
    expect(looks).toBe(2)
    learner.predict(signalAt(6))
    expect(looks).toBe(2)
  })
})

test('a learner of nothing but own parts works, and goes on from its snapshot to the bit', () => {
  const options = () => ({
    features: new OwnFeatures(),
    mode: 'live' as const,
    policy: ownPolicy,
    labeler: new OwnLabeler(),
    killSwitch: new OwnGuard(25),
    models: {
      success: new OwnLearner('binary'),
      expectedReturn: new OwnLearner('regression'),
      stopRisk: new OwnLearner('binary'),
    },
    detectors: [new OwnDetector()],
    interval: new OwnInterval(),
    clock: still,
    reportWithin: 1,
  })
  const play = (stops: readonly number[]): string => {
    let learner = new TradeLearner(options())
    const seen: unknown[] = []
    for (let bar = 0; bar < 60; bar++) {
      if (stops.includes(bar)) learner = TradeLearner.restore(stateOf(learner), { ...options(), codecs: ownCodecs })
      learner.onCandle(candleAt('A', bar, 100 + Math.sin(bar)))
      const signal = { symbol: 'A', side: bar % 3 ? 'long' : 'short', time: START + (bar + 1) * HOUR } as const
      const decision = learner.decide(signal, account)
      seen.push(decision)
      if (bar % 4 === 0) learner.learn(decision.id, { exitPrice: 101, exitTime: signal.time })
    }
    return JSON.stringify([seen, learner, learner.status()])
  }
  const through = play([])
  expect(play([1, 20, 59])).toBe(through)
  expect(through).toContain('enough for today')
  expect(through).toMatch(/"action":"take"/)
})
