import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../../src/decision/index.ts'
import { Rollout, TradeLearner } from '../../../src/lifecycle/index.ts'
import type { Decision } from '../../../src/market.ts'
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
} from '../helpers.ts'

const DAY = 24 * HOUR
const steps = [
  { share: 0, hold: DAY, signals: 20, evidence: 20, approval: false },
  { share: 0.5, hold: DAY, signals: 20, evidence: 20, approval: true },
]

/** A market in which what the AI finds pays and what the rules find does not. */
function market(bars: number) {
  const rollout = new Rollout({ name: 'first', steps })
  const options = { ...smallOptions(), mode: 'rollout' as const, rollout, killSwitch: patient(), maxOpen: 100 }
  const learner = new TradeLearner<SmallSignal>({ ...options, policy: new DecisionPolicy({ minTrades: 20 }) })
  const decisions: Decision[] = []
  for (let bar = 1; bar <= bars; bar++) {
    learner.onCandle(candleAt('A', bar, 100, 100, 0.001))
    const source = bar % 2 === 0 ? ('ai' as const) : ('rules' as const)
    const decision = learner.decide(signalAt(bar + 1, { meta: { confidence: 0.5, source } }), account)
    decisions.push(decision)
    // candles tell of the others
    const exitPrice = source === 'ai' ? 101 : 99
    if (decision.action !== 'skip') learner.learn(decision.id, { exitPrice, exitTime: START + (bar + 1) * HOUR })
  }
  return { learner, decisions, options }
}

describe('a learner with a rollout', () => {
  test('answers with the baseline while the models watch, then with theirs for a share of signals, then for all', () => {
    const { learner, decisions } = market(400)
    const at = (step: number) => decisions.filter(({ trial }) => trial?.step === step)
    expect(new Set(at(0).map(({ mode }) => mode))).toEqual(new Set(['shadow']))
    expect(at(0).every(({ size }) => size === 0.1)).toBe(true)
    expect(at(0).at(-1)!.trial).toMatchObject({ arm: 'champion', propensity: 1 })

    const shared = at(1)
    const live = shared.filter(({ mode }) => mode === 'live')
    expect(live.length).toBeGreaterThan(shared.length / 4)
    expect(live.length).toBeLessThan((3 * shared.length) / 4)
    for (const { trial, mode, size, model } of shared) {
      expect(trial).toMatchObject({ arm: mode === 'live' ? 'candidate' : 'champion', propensity: 0.5 })
      expect(size).toBe(mode === 'live' ? model.size : 0.1)
    }
    expect(learner.status().rollout).toMatchObject({ step: 1, status: 'running', share: 0.5, approvalNeeded: true })

    const time = START + 500 * HOUR
    expect(learner.tellRollout({ kind: 'approve', time, by: 'Ada' })).toMatchObject([{ to: { status: 'promoted' } }])
    learner.onCandle(candleAt('A', 501, 100))
    expect(learner.decide(signalAt(502), account)).toMatchObject({ mode: 'live', trial: { propensity: 1, step: 2 } })
  })

  test('says of each signal how much of it the models would take', () => {
    const { decisions } = market(200)
    for (const { model, trial } of decisions) expect(trial!.share).toBeCloseTo(Math.min(1, model.size / 0.1), 12)
    expect(decisions.slice(-20).some(({ trial }) => trial!.share === 0)).toBe(true)
    expect(decisions.slice(-20).some(({ trial }) => trial!.share > 0.5)).toBe(true)
  })

  test('goes on after a restart where the rollout was, under the steps of today', () => {
    const { learner, options } = market(120)
    expect(learner.status().rollout!.step).toBe(1)
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), {
      ...options,
      rollout: new Rollout({ name: 'first', steps }),
    })
    expect(stateOf(again)).toBe(stateOf(learner))
    expect(again.status()).toEqual(learner.status())
    const without = TradeLearner.restore<SmallSignal>(stateOf(learner), { ...smallOptions(), killSwitch: patient() })
    expect(without.status().rollout).toBe(null)
  })

  test('takes nobody’s part where the baseline takes nothing', () => {
    const { learner } = market(60)
    const signals = learner.status().rollout!.signals
    learner.halt('rest')
    learner.onCandle(candleAt('A', 61, 100))
    expect(learner.decide(signalAt(62), account)).not.toHaveProperty('trial')
    expect(learner.status().rollout!.signals - signals).toBeLessThanOrEqual(1)
  })

  test('cannot be told one mode and given another', () => {
    const rollout = new Rollout({ name: 'first' })
    expect(() => new TradeLearner<SmallSignal>({ ...smallOptions(), mode: 'shadow', rollout })).toThrow(
      '"mode" must be "rollout" or "live" where one is given, got "shadow".',
    )
    expect(() => new TradeLearner<SmallSignal>({ ...smallOptions(), mode: 'rollout' })).toThrow(
      '"mode" must not be "rollout" where none is given, got "rollout".',
    )
  })
})
