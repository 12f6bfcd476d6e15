import { beforeAll, describe, expect, test } from 'vitest'
import { parseSnapshot, restore } from '../../src/core/snapshot.ts'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { offPolicyDifference, offPolicyValue, type TargetPolicy } from '../../src/evaluation/off-policy/index.ts'
import { DecisionLog } from '../../src/lifecycle/decision-log.ts'
import { createExploration, explore } from '../../src/lifecycle/exploration.ts'
import { type ReplayResult, replay } from '../../src/lifecycle/index.ts'
import type { Label } from '../../src/market.ts'
import { simulateMarket } from '../../src/simulate/index.ts'
import { damageLaws } from '../../src/testing/damage-laws.ts'
import { errorOf, patient, simulatedFeatures, smallModels, still } from './helpers.ts'

const takeAll: TargetPolicy = () => [0, 1]
const HOUR = 3_600_000
let run: ReplayResult

// a learner in shadow: the baseline trades, the model only says what it would have done
beforeAll(() => {
  const { candles, signals } = simulateMarket({ seed: 3, signals: 1200, strength: 2, change: 'none' })
  const features = simulatedFeatures()
  const models = smallModels(features.schema.size)
  const policy = new DecisionPolicy({ minTrades: 50, takeAbove: 0.55, skipBelow: 0.5 })
  run = replay({
    candles,
    signals,
    learner: { mode: 'shadow', features, models, policy, killSwitch: patient(), clock: still },
  })
}, 60_000)

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Takes what the model takes or reduces, and nothing else. */
function modelPolicy(log: DecisionLog): TargetPolicy {
  const wanted = new Map([...log.decisions()].map(({ id, model }) => [id, model.action !== 'skip']))
  return ({ id }) => (wanted.get(id) ? [0, 1] : [1, 0])
}

/** The finished run as a log: every signal was traded by the baseline, so that its propensity is 1. */
function shadowLog(): DecisionLog {
  const log = new DecisionLog()
  for (const { decision } of run.signals) {
    const traded = decision.action !== 'skip'
    log.record({
      ...decision,
      arm: 'baseline',
      modelVersion: '1',
      propensity: traded ? 1 : 0,
      traded,
      explored: false,
      baseline: decision,
    })
  }
  for (const { decision, label, trade, knownAt } of run.signals) {
    log.settle(decision.id, 'candles', label, knownAt)
    if (trade) log.settle(decision.id, 'trade', trade, knownAt)
  }
  return log
}

describe('a finished run of a learner', () => {
  test('becomes rows, and taking them all is worth their mean net return', () => {
    const log = shadowLog()
    const rows = log.toRows('candles')
    expect(rows.length).toBe(run.signals.length)
    const got = offPolicyValue(rows, takeAll)
    expect(got.doublyRobust.refusal).toBeNull()
    expect(got.direct.value).toBeCloseTo(mean(run.signals.map(({ label }) => label.netReturn)), 12)
    expect(got.ips.value).toBeCloseTo(got.direct.value, 12)
    expect(got.direct.low).toBeLessThan(got.direct.value)
  })

  test('tells what the model would have been worth, and that it beats taking them all', () => {
    const log = shadowLog()
    const rows = log.toRows('candles')
    const policy = modelPolicy(log)
    const kept = run.signals.map(({ decision, label }) => (decision.model.action === 'skip' ? 0 : label.netReturn))
    expect(kept.filter((value) => value === 0).length).toBeGreaterThan(100)
    expect(offPolicyValue(rows, policy).direct.value).toBeCloseTo(mean(kept), 12)
    const { direct } = offPolicyDifference(rows, policy, takeAll)
    expect(direct.low).toBeGreaterThan(0)
  })

  test('where the model trades alone, exploring tells from trades what taking them all would be worth', () => {
    const exploration = createExploration({ share: 0.1, maxPerDay: 100 })
    const log = new DecisionLog()
    for (const { decision, label, knownAt } of run.signals) {
      const { id, model } = decision
      const { explored, propensity, plan } = explore(
        { id, model, baseline: decision, equity: 100_000, exploredToday: 0 },
        exploration,
      )
      const traded = plan.action !== 'skip'
      log.record({ ...decision, arm: 'champion', modelVersion: '1', propensity, traded, explored, baseline: decision })
      // only what was traded has an outcome of its own; candles flatter it by 0.3 %
      const flattered = label.netReturn + 0.003
      log.settle(id, 'candles', { ...label, netReturn: flattered, y: flattered > 0 ? 1 : 0 }, knownAt)
      if (traded) log.settle(id, 'trade', label, knownAt)
    }
    const rows = log.toRows('trades')
    const truth = mean(run.signals.map(({ label }) => label.netReturn))
    const { doublyRobust, direct, effective, unsupported } = offPolicyValue(rows, takeAll)
    expect(unsupported).toBe(0)
    expect(effective).toBeLessThan(rows.length)
    expect(doublyRobust.refusal).toBeNull()
    // candles alone are wrong by what they flatter; the trades put that right
    expect(direct.value).toBeCloseTo(truth + 0.003, 9)
    expect(Math.abs(doublyRobust.value - truth)).toBeLessThan(0.001)
    expect(doublyRobust.low).toBeLessThanOrEqual(truth)
    expect(doublyRobust.high).toBeGreaterThanOrEqual(truth)
  })

  test('without exploring there is no telling', () => {
    const log = new DecisionLog()
    for (const { decision, label, knownAt } of run.signals) {
      const traded = decision.model.action !== 'skip'
      const propensity = traded ? 1 : 0
      log.record({
        ...decision,
        arm: 'champion',
        modelVersion: '1',
        propensity,
        traded,
        explored: false,
        baseline: decision,
      })
      log.settle(decision.id, traded ? 'trade' : 'candles', label, knownAt)
    }
    const got = offPolicyValue(log.toRows('trades'), takeAll)
    expect(got.ips.refusal?.code).toBe('NO_SUPPORT')
    expect(offPolicyValue(log.toRows('trades'), modelPolicy(log)).ips.refusal).toBeNull()
  })
})

describe('the log', () => {
  const label = (netReturn: number): Label => ({
    id: 'x',
    y: netReturn > 0 ? 1 : 0,
    netReturn,
    exitReason: 'target',
    exitPrice: 101,
    exitTime: 0,
    ambiguous: false,
    maxFavorable: 0,
    maxAdverse: 0,
    bars: 1,
  })
  const first = 1_700_000_000_000
  const plan = { action: 'take', size: 0.1, quantity: 1, price: 100, stop: 98, target: 102, reasons: [] } as const
  const prediction = {
    probability: 0.5,
    expectedReturn: 0,
    interval: { low: -1, high: 1, coverage: 0.9 },
    stopRisk: 0.5,
    trades: 9,
  }
  const decision = (i: number) => ({
    id: `d-${i}`,
    symbol: 'A',
    side: 'long' as const,
    time: first + i * HOUR,
    arm: 'champion',
    modelVersion: '1',
    propensity: 1,
    traded: true,
    explored: false,
    // every third was made with a bound on its probability
    prediction: i % 3 === 0 ? { ...prediction, probabilityLow: 0.25 + i / 64 } : prediction,
    model: plan,
    baseline: plan,
  })
  const filled = (): DecisionLog => {
    const log = new DecisionLog({ capacity: 50 })
    for (let i = 0; i < 20; i++) {
      log.record(decision(i))
      if (i !== 15) log.settle(`d-${i}`, 'candles', label(0.01 * (i - 10)), first + (i + 2) * HOUR)
    }
    return log
  }

  test('rows end before the oldest decision that is still open, until that is forgotten', () => {
    const log = filled()
    expect(log.toRows('candles').map(({ id }) => id)).toEqual(Array.from({ length: 15 }, (_, i) => `d-${i}`))
    log.forget('d-15')
    expect(log.toRows('candles')).toHaveLength(19)
  })

  test('a report of the trade counts before what candles say', () => {
    const log = filled()
    log.settle('d-3', 'trade', label(0.5), first + 6 * HOUR)
    expect(log.toRows('candles')[3]).toMatchObject({ reward: 0.5, known: [0, 0.5] })
    expect(log.toRows('trades')[3]).toMatchObject({ reward: 0.5, known: [0, Number.NaN], expected: [0, -0.07] })
  })

  test('keeps no more than it may, the newest', () => {
    const log = new DecisionLog({ capacity: 5 })
    for (let i = 0; i < 12; i++) log.record(decision(i))
    expect([...log.decisions()].map(({ id }) => id)).toEqual(['d-7', 'd-8', 'd-9', 'd-10', 'd-11'])
    log.settle('d-1', 'candles', label(1), first + HOUR * 20)
    expect(log.size).toBe(5)
  })

  test('reads back what it wrote', () => {
    const log = filled()
    const again = restore(parseSnapshot(JSON.stringify(log)), [DecisionLog])
    expect(JSON.stringify(again) === JSON.stringify(log)).toBe(true)
    expect(again.toRows('trades')).toEqual(log.toRows('trades'))
    const lows = [...again.decisions()].map((one) => one.prediction.probabilityLow)
    expect(lows.slice(0, 4)).toEqual([0.25, undefined, undefined, 0.296875])
  })

  test('decisions and outcomes that cannot be are refused', () => {
    const log = filled()
    const before = JSON.stringify(log)
    for (const bad of [
      { id: '' },
      { id: 'd-1' },
      { propensity: 1.5 },
      { propensity: 0 },
      { traded: false },
      { time: 5 },
      { prediction: { ...prediction, probabilityLow: 1.5 } },
      { explored: true, traded: false, propensity: 0.5 },
    ]) {
      expect(errorOf(() => log.record({ ...decision(99), ...bad })).code).toMatch(/^INVALID_/)
    }
    expect(errorOf(() => log.settle('d-1', 'candles', label(Number.NaN), first + HOUR)).code).toBe('INVALID_INPUT')
    expect(errorOf(() => log.settle('d-1', 'candles', label(1), first - HOUR)).code).toBe('INVALID_INPUT')
    expect(JSON.stringify(log) === before).toBe(true)
  })

  const use = (log: DecisionLog) => {
    for (const source of ['candles', 'trades'] as const) {
      const rows = log.toRows(source)
      if (rows.length > 0) offPolicyValue(rows, takeAll)
    }
  }
  test.each(damageLaws(filled, (json) => DecisionLog.fromJSON(json), use))('$name', ({ run: law }) => law())
})
