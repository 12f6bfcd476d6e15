import { describe, expect, test } from 'vitest'
import { DecisionPolicy, KillSwitch } from '../../src/decision/index.ts'
import { TripleBarrier } from '../../src/labels/index.ts'
import { buildDataset, replay, replaying, type Strategy, TradeLearner } from '../../src/lifecycle/index.ts'
import { PaperBroker } from '../../src/lifecycle/paper-broker.ts'
import type { Candle, Plan } from '../../src/market.ts'
import { simulateMarket } from '../../src/simulate/index.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  simulatedFeatures,
  smallFeatures,
  smallModels,
  stateOf,
  still,
} from './helpers.ts'

const market = simulateMarket({ seed: 5, signals: 200, spacing: 12, maxBars: 10, warmup: 30, symbols: ['A', 'B'] })

function learnerOptions() {
  const features = simulatedFeatures()
  return {
    features,
    mode: 'live' as const,
    models: smallModels(features.schema.size),
    killSwitch: patient(),
    clock: still,
  }
}

describe('a replay', () => {
  const result = replay({ ...market, learner: learnerOptions() })

  test('decides on every signal, and labels each by what the market did', () => {
    expect(result.signals.map(({ label }) => label.y)).toEqual(market.truth.map(({ y }) => y))
    expect(result.signals.map(({ decision }) => decision.time)).toEqual(market.signals.map(({ time }) => time))
    expect(result.learner.status()).toMatchObject({ trades: 200, open: 0 })
    expect(result.refits).toBeGreaterThan(10)
    for (const { decision, label } of result.signals) expect(label.exitTime).toBeGreaterThanOrEqual(decision.time)
  })

  test('step by step, each signal comes as soon as it is known what became of it', () => {
    const seen: number[] = []
    const decided: string[] = []
    for (const { decision, knownAt, label } of replaying({ ...market, learner: learnerOptions() })) {
      seen.push(knownAt)
      decided.push(decision.id)
      expect(label.id).toBe(decision.id)
      expect(decision.time).toBeLessThan(knownAt)
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(decided.length).toBe(200)
    expect(new Set(decided)).toEqual(new Set(result.signals.map(({ decision }) => decision.id)))
  })

  test('does what a live bot does: the same learner, fed by hand, ends in the same state', () => {
    const { features, ...rest } = learnerOptions()
    const learner = new TradeLearner({ features, ...rest })
    const broker = new PaperBroker(100_000)
    let next = 0
    for (const candle of market.candles) {
      for (; market.signals[next] && market.signals[next]!.time <= candle.time; next++) {
        const decision = learner.decide(market.signals[next]!, broker.account)
        const { id, symbol, side, time, action } = decision
        if (action !== 'skip') broker.enter(id, symbol, side, time, decision)
      }
      for (const { id, exitPrice, exitTime, exitReason } of broker.onCandle(candle)) {
        learner.learn(id, { exitPrice, exitTime, exitReason })
      }
      learner.onCandle(candle)
      if (learner.refitDue) for (const _ of learner.refit());
    }
    expect(stateOf(learner)).toBe(stateOf(result.learner))
    expect(broker.account.equity).toBe(result.equity.learner.at(-1))
  })

  test('draws both equity curves over every time there is', () => {
    const { times, learner, baseline } = result.equity
    expect(times).toEqual([...new Set(market.candles.map(({ time }) => time))])
    expect([learner.length, baseline.length]).toEqual([times.length, times.length])
    expect([learner[0], baseline[0]]).toEqual([100_000, 100_000])
    expect(learner.at(-1)).not.toBe(baseline.at(-1))
  })

  test('reports its progress from 0 to 1', () => {
    const progress: number[] = []
    replay({ ...market, learner: learnerOptions(), onProgress: (done) => progress.push(done) })
    expect(progress[0]).toBe(0)
    expect(progress.at(-1)).toBe(1)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    expect(progress.length).toBeGreaterThan(3)
  })

  test('notes halts, and plays the operator who resumes after a while', () => {
    const { halts, signals } = replay({
      ...market,
      resumeAfter: 5,
      learner: { ...learnerOptions(), killSwitch: new KillSwitch({ losses: 2, drawdown: Number.POSITIVE_INFINITY }) },
    })
    expect(halts.length).toBeGreaterThan(2)
    for (const { from, to, code } of halts.slice(0, -1)) {
      expect(code).toBe('LOSS_STREAK')
      expect(to - from).toBe(5 * HOUR)
    }
    const during = signals.filter(({ decision: { time } }) => halts.some(({ from, to }) => time > from && time <= to))
    expect(during.length).toBeGreaterThan(0)
    for (const { decision } of during) expect(decision.action).toBe('skip')
    // the signals of that time are labelled and learned from all the same
    expect(signals).toHaveLength(200)
  })

  test('ends an unfinished halt nowhere', () => {
    const options = { ...learnerOptions(), killSwitch: new KillSwitch({ losses: 2 }) }
    const { halts } = replay({ ...market, resumeAfter: 1e6, learner: options })
    expect(halts).toHaveLength(1)
    expect(halts[0]!.to).toBeNaN()
  })

  test('in shadow mode trades as the baseline does', () => {
    const { equity } = replay({ ...market, learner: { ...learnerOptions(), mode: 'shadow' } })
    expect(equity.learner).toEqual(equity.baseline)
  })

  test('waits for its broker, however short its own patience', () => {
    for (const reportWithin of [0, 1]) {
      const short = replay({ ...market, learner: { ...learnerOptions(), reportWithin } })
      expect(short.signals.map(({ decision, trade }) => [decision, trade])).toEqual(
        result.signals.map(({ decision, trade }) => [decision, trade]),
      )
      expect(short.learner.status()).toEqual(result.learner.status())
      expect(short.learner.toJSON().options).toMatchObject({ reportWithin: new TripleBarrier().options.maxBars })
    }
  })

  test('says when each label was known: when the candle that settled it had closed', () => {
    const gapless = replay({
      candles: waves,
      signals: buyRises(),
      learner: { features: smallFeatures(), clock: still, killSwitch: patient() },
    })
    expect(gapless.signals.length).toBeGreaterThan(20)
    for (const { label, knownAt } of gapless.signals) expect(knownAt).toBe(label.exitTime + HOUR)
    for (const { label, knownAt, decision } of result.signals) {
      expect(knownAt).toBeGreaterThan(label.exitTime)
      expect(knownAt).toBeGreaterThan(decision.time)
    }
    const { labelEnds } = buildDataset({ ...market, features: simulatedFeatures() })
    expect(Array.from(labelEnds)).toEqual(result.signals.map(({ knownAt }) => knownAt))
  })

  test('leaves out signals that never settle', () => {
    const cut = market.candles.slice(0, 600)
    const { signals, learner } = replay({ candles: cut, signals: market.signals, learner: learnerOptions() })
    const { open, trades } = learner.status()
    expect(open).toBeGreaterThan(0)
    expect(signals).toHaveLength(trades)
  })
})

/** Buys A after each rise. */
const buyRises = (): Strategy<SmallSignal> => {
  let last = Number.NaN
  return ({ symbol, close, time }: Candle) => {
    const rose = close > last
    last = close
    return rose ? { symbol, side: 'long', time, meta: { confidence: close / 100, source: 'rules' } } : undefined
  }
}
const waves = Array.from({ length: 80 }, (_, bar) => candleAt('A', bar, 100 + 3 * Math.sin(bar / 3)))

describe('a rule', () => {
  test('is asked after each candle, and its signals are decided on what that candle says', () => {
    const { signals } = replay({
      candles: waves,
      signals: buyRises(),
      learner: { features: smallFeatures(), clock: still, killSwitch: patient() },
    })
    const rises = waves.filter(({ close }, i) => i > 0 && close > waves[i - 1]!.close)
    expect(signals.length).toBeGreaterThan(20)
    for (const [i, { decision }] of signals.entries()) {
      expect([decision.time, decision.price]).toEqual([rises[i]!.time, rises[i]!.close])
    }
  })

  test('makes the dataset that its signals as a list make', () => {
    const options = { candles: waves, features: smallFeatures() }
    const rule = buildDataset({ ...options, signals: buyRises() })
    // as a list they are made when the candle has closed
    const made: SmallSignal[] = []
    const ask = buyRises()
    for (const candle of waves) {
      const signal = ask(candle)
      if (signal) made.push({ ...signal, time: signal.time + HOUR })
    }
    const list = buildDataset({ ...options, features: smallFeatures(), signals: made })
    expect(rule.rows.length).toBeGreaterThan(20)
    expect(list.rows).toEqual(rule.rows)
    expect(list.y).toEqual(rule.y)
    expect(list.netReturns).toEqual(rule.netReturns)
    expect(list.labelEnds).toEqual(rule.labelEnds)
  })
})

describe('a dataset', () => {
  const dataset = buildDataset({
    candles: market.candles,
    signals: market.signals,
    features: simulatedFeatures(),
    labeler: new TripleBarrier({ costs: 0.0005 }),
  })

  test('has a row, two labels and two times for each settled signal', () => {
    expect(dataset.names).toEqual(simulatedFeatures().schema.names)
    expect(dataset.rows).toHaveLength(200)
    expect(Array.from(dataset.times)).toEqual(market.signals.map(({ time }) => time))
    expect(Array.from(dataset.y)).toEqual(market.truth.map(({ y }) => y))
    for (const [i, { price, target, stop }] of market.signals.entries()) {
      const exit = market.truth[i]!.y ? target : stop
      expect(Math.abs(dataset.netReturns[i]!)).toBeCloseTo(
        Math.abs(Math.abs(exit - price) / price + (market.truth[i]!.y ? -0.0005 : 0.0005)),
        12,
      )
      expect(dataset.labelEnds[i]!).toBeGreaterThan(dataset.times[i]!)
    }
  })

  test('holds the vectors that a replay decides on', () => {
    const models = smallModels(simulatedFeatures().schema.size)
    const rows: Float64Array[] = []
    const success = Object.assign(models.success, {
      learn: (x: Float64Array) => {
        rows.push(x.slice())
      },
    })
    replay({ ...market, learner: { ...learnerOptions(), models: { ...models, success } } })
    const sorted = (list: readonly Float64Array[]): string[] => list.map((x) => x.join()).sort()
    expect(sorted(rows)).toEqual(sorted(dataset.rows))
  })

  test('takes brackets from the policy where signals bring none', () => {
    const signals = [signalAt(40)]
    const options = { candles: waves, signals, labeler: new TripleBarrier({ costs: 0 }) }
    const wide = buildDataset({ ...options, features: smallFeatures() })
    const narrow = buildDataset({
      ...options,
      features: smallFeatures(),
      labeler: new TripleBarrier({ costs: 0 }),
      policy: new DecisionPolicy({ stopAtr: 0.5, targetAtr: 0.5 }),
    })
    expect(Math.abs(narrow.netReturns[0]!)).toBeLessThan(Math.abs(wide.netReturns[0]!))
  })
})

describe('a paper broker', () => {
  const plan = (size: number): Plan => ({
    action: 'take',
    size,
    quantity: 1,
    price: 100,
    stop: 95,
    target: 110,
    reasons: [],
  })

  test('moves money when trades close: size times equity times net return', () => {
    const broker = new PaperBroker(10_000, { costs: 0.002 })
    broker.enter('a', 'A', 'long', START, plan(0.1))
    broker.enter('b', 'B', 'short', START, { ...plan(0.05), stop: 105, target: 90 })
    expect(broker.account).toEqual({
      equity: 10_000,
      positions: [
        { id: 'a', symbol: 'A', side: 'long', notional: 1000 },
        { id: 'b', symbol: 'B', side: 'short', notional: 500 },
      ],
    })
    expect(broker.onCandle(candleAt('A', 0, 112, 100)).map(({ exitReason }) => exitReason)).toEqual(['target'])
    expect(broker.account.equity).toBeCloseTo(10_000 + 1000 * (0.1 - 0.002), 9)
    broker.onCandle(candleAt('B', 0, 106, 100))
    expect(broker.account.equity).toBeCloseTo(10_000 + 1000 * 0.098 - 500 * 0.052, 9)
    expect(broker.account.positions).toEqual([])
  })

  test('follows a plan without a size and moves no money for it', () => {
    const broker = new PaperBroker(10_000)
    broker.enter('a', 'A', 'long', START, plan(0))
    expect(broker.account.positions).toEqual([])
    expect(broker.onCandle(candleAt('A', 0, 112, 100))).toHaveLength(1)
    expect(broker.account.equity).toBe(10_000)
  })

  test('wants money, and refuses what its labeler refuses', () => {
    expect(() => new PaperBroker(0)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    const broker = new PaperBroker(account.equity)
    broker.enter('a', 'A', 'long', START, plan(0.1))
    expect(() => broker.enter('a', 'A', 'long', START, plan(0.1))).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
    expect(() => broker.enter('b', 'A', 'short', START, plan(0.1))).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
    expect(broker.account.positions).toHaveLength(1)
  })
})
