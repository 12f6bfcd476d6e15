import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../../src/decision/index.ts'
import {
  type JudgedSignal,
  replayJournal,
  TradeLearner,
  type TradePolicy,
  whatIf,
} from '../../../src/lifecycle/index.ts'
import type { Action } from '../../../src/market.ts'
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
} from '../helpers.ts'
import { type Disk, emptyDisk, MemoryStore } from './memory-store.ts'

/** A signal an hour, each closed before the next. */
const signal = (hour: number, done: Action, other: Action, netReturn: number | null): JudgedSignal => ({
  id: `s${hour}`,
  symbol: 'A',
  side: 'long',
  time: hour * HOUR,
  done: { action: done, size: done === 'skip' ? 0 : done === 'reduce' ? 0.05 : 0.1 },
  model: { action: done, size: 0.1 },
  other: { action: other, size: other === 'skip' ? 0 : other === 'reduce' ? 0.05 : 0.1 },
  label: netReturn === null ? null : { netReturn, end: hour * HOUR + 1, told: done !== 'skip' },
})

describe('what if', () => {
  test('sums up each way to choose over the same signals', () => {
    const found = whatIf([
      signal(4, 'skip', 'skip', 0.04),
      signal(1, 'take', 'skip', -0.02),
      signal(2, 'skip', 'reduce', 0.01),
      signal(3, 'reduce', 'take', 0.03),
    ])
    expect(found).toMatchObject({ asked: 4, signals: 4, open: 0, leftOut: 0, told: 2, added: 1, dropped: 1 })
    expect(found.other).toMatchObject({ taken: 2, reduced: 1 })
    expect(found.other.perTaken.value).toBeCloseTo(0.02, 15)
    expect(found.other.perSignal.value).toBeCloseTo(0.01, 15)
    expect(found.other.onEquity!.value).toBeCloseTo((0.05 * 0.01 + 0.1 * 0.03) / 4, 15)
    expect(found.done).toMatchObject({ taken: 2, reduced: 1 })
    expect(found.done.perSignal.value).toBeCloseTo(0.0025, 15)
    expect(found.everything).toMatchObject({ taken: 4, reduced: 0, onEquity: null })
    expect(found.everything.perTaken.value).toBeCloseTo(0.015, 15)
    expect(found.overDone.perSignal.value).toBeCloseTo(0.0075, 15)
    expect(found.overDone.onEquity!.value).toBeCloseTo((0.0035 - (-0.002 + 0.0015)) / 4, 15)
    expect(found.overEverything.perSignal.value).toBeCloseTo(-0.005, 15)
    // too few for an interval
    expect(found.other.perSignal.low).toBeNaN()
  })

  test('has the interval of Student for labels that do not overlap', () => {
    const returns = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 0.02 : -0.01))
    const { everything } = whatIf(returns.map((netReturn, i) => signal(i, 'skip', 'take', netReturn)))
    // n = 100, mean 0.005, mean square of deviations 0.015², t(0.975, 99) = 1.98422
    expect(everything.perSignal.value).toBeCloseTo(0.005, 12)
    expect(everything.perSignal.error).toBeCloseTo(0.0015, 12)
    expect(everything.perSignal.high - 0.005).toBeCloseTo(1.98422 * 0.0015, 7)
    // the same label ten times is one piece of evidence
    const twins = returns.flatMap((netReturn, i) =>
      Array.from({ length: 10 }, () => signal(i, 'skip', 'take', netReturn)),
    )
    expect(whatIf(twins).everything.perSignal.error).toBeCloseTo(0.0015, 5)
  })

  test('ends before the oldest signal that is still open', () => {
    const found = whatIf([
      signal(1, 'take', 'take', 0.01),
      signal(2, 'take', 'take', null),
      signal(3, 'take', 'take', 0.01),
      signal(4, 'take', 'take', null),
    ])
    expect(found).toMatchObject({ asked: 4, signals: 1, open: 2, leftOut: 1 })
    // of two at one time, one of which is open, the other may be the quick one
    const twin = { ...signal(2, 'take', 'take', 0.01), id: 'twin' }
    expect(whatIf([signal(1, 'take', 'take', 0.01), twin, signal(2, 'take', 'take', null)])).toMatchObject({
      signals: 1,
      leftOut: 1,
    })
  })

  test('says of nothing that it is nothing', () => {
    const { signals, other, overDone } = whatIf([])
    expect([signals, other.taken, other.perTaken.value, overDone.perSignal.low]).toEqual([0, 0, NaN, NaN])
    expect(errorOf(() => whatIf([], 1)).code).toBe('INVALID_OPTION')
  })
})

describe('another policy on a journal', () => {
  const policy = (takeAbove: number): DecisionPolicy =>
    new DecisionPolicy({ minTrades: 6, takeAbove, skipBelow: takeAbove })
  async function life(): Promise<Disk> {
    const disk = emptyDisk()
    const learner = await TradeLearner.open<SmallSignal>({
      ...smallOptions(),
      ...{ policy: policy(0.5), killSwitch: patient(), store: new MemoryStore(disk) },
    })
    for (let bar = 1; bar <= 40; bar++) {
      learner.onCandle(candleAt('A', bar, 100 + (bar % 3)))
      const { id, action } = learner.decide(signalAt(bar), account)
      if (action !== 'skip' && bar % 5 > 0) {
        await learner.learn(id, { exitPrice: 100 + (bar % 4), exitTime: START + (bar + 2) * HOUR })
      }
    }
    await learner.stored()
    return disk
  }
  const replay = ({ events }: Disk, own: TradePolicy, other: TradePolicy) =>
    replayJournal<SmallSignal>(
      { snapshot: null, events },
      { ...smallOptions(), policy: own, killSwitch: patient() },
      { policy: other },
    )

  test('that is the same does the same, and changes nothing of the replay', async () => {
    const disk = await life()
    const { signals, equal, digest } = replay(disk, policy(0.5), policy(0.5))
    expect(equal).toBe(true)
    expect(digest).toBe(
      replayJournal<SmallSignal>(
        { snapshot: null, events: disk.events },
        { ...smallOptions(), policy: policy(0.5), killSwitch: patient() },
      ).digest,
    )
    expect(signals).toHaveLength(40)
    for (const { other, model } of signals) expect(other).toEqual(model)
    const { overDone, told, signals: judged } = whatIf(signals)
    expect(overDone.perSignal.value).toBe(0)
    expect(told).toBeGreaterThan(5)
    expect(judged - told).toBeGreaterThan(5)
  })

  test('is asked about the recorded predictions, whatever is predicted today', async () => {
    const disk = await life()
    const asked: number[] = []
    const other: TradePolicy = {
      options: { minTrades: 0 },
      baseline: (context) => policy(0.5).baseline(context),
      decide: (prediction, context) => {
        asked.push(prediction.probability)
        return policy(0.5).decide(prediction, context)
      },
    }
    const { models } = smallOptions()
    const plain = { type: 'plain', version: 1, options: {}, state: {} }
    const success = { task: 'binary' as const, seen: 0, predict: () => 0.9, learn: () => {}, toJSON: () => plain }
    const { equal } = replayJournal<SmallSignal>(
      { snapshot: null, events: disk.events },
      { ...smallOptions(), policy: policy(0.5), killSwitch: patient(), models: { ...models!, success } },
      { policy: other },
    )
    expect(equal).toBe(false)
    const recorded = disk.events.flatMap(({ event }) => {
      const { kind, decision } = event as unknown as { kind: string; decision: { prediction: { probability: number } } }
      return kind === 'decide' ? [decision.prediction.probability] : []
    })
    expect(asked).toEqual(recorded)
  })

  test('that takes all returns what taking everything does; one that takes none returns nothing', async () => {
    const disk = await life()
    const all = whatIf(replay(disk, policy(0.5), policy(0)).signals)
    expect(all.other.taken).toBe(all.signals)
    expect(all.overEverything.perSignal.value).toBe(0)
    expect(all.added).toBeGreaterThan(0)
    const none = whatIf(
      replay(disk, policy(0.5), new DecisionPolicy({ minTrades: 0, takeAbove: 1, skipBelow: 1 })).signals,
    )
    expect(none.other).toMatchObject({ taken: 0, perSignal: { value: 0 } })
    expect(none.other.perTaken.value).toBeNaN()
  })

  test('that fails, or is none, is refused', async () => {
    const disk = await life()
    const failing: TradePolicy = {
      options: { minTrades: 0 },
      baseline: (context) => policy(0.5).baseline(context),
      decide: () => {
        throw new Error('no idea')
      },
    }
    expect(errorOf(() => replay(disk, policy(0.5), failing))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('no idea'),
    })
    expect(errorOf(() => replay(disk, policy(0.5), {} as TradePolicy)).code).toBe('INVALID_OPTION')
  })
})
