import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { FeatureEngineer, level, levelOf } from '../../src/features/index.ts'
import { TripleBarrier } from '../../src/labels/index.ts'
import { buildDataset, replay, TradeLearner } from '../../src/lifecycle/index.ts'
import type { Candle, Label, Signal } from '../../src/market.ts'
import { type SimulatedSignal, simulateMarket } from '../../src/simulate/index.ts'
import {
  account,
  HOUR,
  nervous,
  type SmallSignal,
  signalAt,
  simulatedFeatures,
  smallModels,
  smallOptions,
  stateOf,
  still,
  warm,
} from './helpers.ts'
import { botEvent, happen, newWorld, opening } from './stream.ts'

/** A simulated signal, with or without a bracket of its own. */
type BotSignal = Omit<SimulatedSignal, 'price' | 'stop' | 'target'> & Partial<SimulatedSignal>
type Market = { readonly candles: readonly Candle[]; readonly signals: readonly BotSignal[] }

const market = simulateMarket({ seed: 3, signals: 160, spacing: 6, maxBars: 5, warmup: 25, symbols: ['A', 'B'] })
/** The same bot, half an hour later: each signal is made within a bar. */
const withinBars: Market = {
  candles: market.candles,
  signals: market.signals.map((signal) => ({ ...signal, time: signal.time + HOUR / 2 })),
}

/** All that a replay decides, in order, and the labels it finds, by signal. */
function play({ candles, signals }: Market): {
  readonly decided: readonly string[]
  readonly labels: readonly Label[]
} {
  const features = simulatedFeatures()
  const policy = new DecisionPolicy({ minTrades: 10 })
  const decided: string[] = []
  const watched = Object.assign(policy, {
    decide(...question: Parameters<DecisionPolicy['decide']>) {
      const plan = DecisionPolicy.prototype.decide.apply(policy, question)
      decided.push(JSON.stringify([question, plan]))
      return plan
    },
  })
  const result = replay({
    candles,
    signals,
    learner: {
      features,
      policy: watched,
      mode: 'live',
      models: smallModels(features.schema.size),
      detectors: nervous(),
      labeler: new TripleBarrier({ maxBars: 5 }),
      clock: still,
    },
  })
  return { decided, labels: result.signals.map(({ label }) => label) }
}

const closeOf = (candle: Candle): number => candle.time + HOUR

/** Another future: candles that close after `now` move, signals made after it say and want something else. */
function changeAfter({ candles, signals }: Market, now: number, factor: number, every: number): Market {
  return {
    candles: candles.map((candle, i) => {
      if (closeOf(candle) <= now) return candle
      const by = i % every === 0 ? factor : 1 + (factor - 1) / 2
      const close = candle.close * by
      return {
        ...candle,
        open: candle.open * factor,
        high: Math.max(candle.high * factor, close),
        low: Math.min(candle.low * factor, close),
        close,
        volume: 7,
      }
    }),
    signals: signals
      .filter(({ time }, i) => time <= now || i % (every + 2) > 0)
      .map((signal) => {
        if (signal.time <= now) return signal
        // a bracket of the old prices would lie on the wrong side of the new ones
        const { price: _, stop: __, target: ___, ...rest } = signal
        const side = signal.side === 'long' ? 'short' : 'long'
        return { ...rest, side, meta: { ...signal.meta, aiConfidence: 1 - signal.meta.aiConfidence } } as const
      }),
  }
}

const lastTime = market.candles.at(-1)!.time
const future = [
  fc.integer({ min: market.signals[0]!.time, max: lastTime }),
  fc.double({ min: 0.9, max: 1.1, noNaN: true }).filter((factor) => Math.abs(factor - 1) > 0.001),
  fc.integer({ min: 1, max: 5 }),
] as const

describe.each([
  ['between bars', market],
  ['within bars', withinBars],
] as const)('whatever comes later, with signals made %s', (_, original) => {
  const known = play(original)
  const rows = buildDataset({ ...original, features: simulatedFeatures(), labeler: new TripleBarrier({ maxBars: 5 }) })

  test('a replay has predicted, decided and labelled the same, to the bit', () => {
    fc.assert(
      fc.property(...future, (now, factor, every) => {
        const other = play(changeAfter(original, now, factor, every))
        const made = original.signals.filter(({ time }) => time <= now).length
        expect(other.decided.slice(0, made)).toEqual(known.decided.slice(0, made))
        const settled = (labels: readonly Label[]): readonly Label[] =>
          labels.filter(({ exitTime }, i) => i < made && exitTime + HOUR <= now)
        expect(settled(other.labels)).toEqual(settled(known.labels))
      }),
      { numRuns: 25, seed: 4 },
    )
    expect(known.decided).toHaveLength(160)
    // the learner has learned, or there would be nothing to leak
    expect(new Set(known.decided.map((text) => JSON.parse(text)[1].action)).size).toBeGreaterThan(1)
  })

  test('a dataset holds the same rows and labels, to the bit', () => {
    fc.assert(
      fc.property(...future, (now, factor, every) => {
        const changed = changeAfter(original, now, factor, every)
        const other = buildDataset({
          ...changed,
          features: simulatedFeatures(),
          labeler: new TripleBarrier({ maxBars: 5 }),
        })
        const before = Array.from(rows.times).findIndex((time) => time > now)
        const made = before < 0 ? rows.times.length : before
        expect(other.rows.slice(0, made)).toEqual(rows.rows.slice(0, made))
        for (let i = 0; i < made; i++) {
          if (rows.labelEnds[i]! > now) continue
          expect([other.y[i], other.netReturns[i], other.labelEnds[i]]).toEqual([
            rows.y[i],
            rows.netReturns[i],
            rows.labelEnds[i],
          ])
        }
      }),
      { numRuns: 25, seed: 5 },
    )
    // a label is known when the candle that settled it has closed
    expect(rows.labelEnds[0]! % HOUR).toBe(0)
    expect(Array.from(rows.labelEnds).every((end, i) => end >= rows.times[i]! + HOUR / 2)).toBe(true)
  })
})

test('a leak would be seen: a bot whose signals know the next close changes its past with the future', () => {
  const leaky = ({ candles, signals }: Market): Market => ({
    candles,
    signals: signals.map((signal) => {
      const next = candles.find(({ symbol, time }) => symbol === signal.symbol && time >= signal.time)!
      return { ...signal, meta: { ...signal.meta, aiConfidence: next.close / 100 } }
    }),
  })
  const now = market.signals[100]!.time
  const [one, other] = [play(leaky(market)), play(leaky(changeAfter(market, now, 1.05, 1)))]
  expect(other.decided.slice(0, 101)).not.toEqual(one.decided.slice(0, 101))
})

test('a bar that the next one does not follow at once has closed after its usual length', () => {
  // hours of two days, and a signal in the evening, long before the next bar opens
  const day = (offset: number): Candle[] =>
    market.candles.filter(({ symbol }) => symbol === 'A').slice(offset, offset + 30)
  const shifted = day(30).map((candle) => ({ ...candle, time: candle.time + 40 * HOUR }))
  const candles = [...day(0), ...shifted]
  const evening = day(0).at(-1)!.time + 3 * HOUR
  const bare = { symbol: 'A', side: 'long', meta: market.signals[0]!.meta } as const
  const signals: SimulatedSignal[] = [{ ...bare, time: evening, ...prices(day(0).at(-1)!.close) }]
  const { rows, names } = buildDataset({ candles, signals, features: simulatedFeatures() })
  const features = simulatedFeatures()
  for (const candle of day(0)) features.update(candle)
  expect(rows[0]).toEqual(features.vector(signals[0]!))
  expect(names).toEqual(features.schema.names)
})

describe('bars of a day among bars of an hour are played when they close', () => {
  const DAY = 24 * HOUR
  const start = market.candles[0]!.time - (market.candles[0]!.time % DAY)
  /** Five days of X by the hour and four of D by the day, in the order of their opening or one symbol after the other. */
  const history = (order: 'opening' | 'symbols', close2: number): Candle[] => {
    const bar = (symbol: string, time: number, close: number): Candle => {
      return { symbol, time, open: close, high: close * 1.001, low: close * 0.999, close, volume: 1 }
    }
    const hours = Array.from({ length: 130 }, (_, i) => bar('X', start + i * HOUR, 100 + Math.sin(i)))
    // days are numbered from 1
    const days = [11, close2, 13, 14].map((close, i) => bar('D', start + i * DAY, close))
    const all = [...days, ...hours]
    return order === 'symbols' ? all : all.sort((a, b) => a.time - b.time)
  }
  const at = (day: number, hour: number): number => start + (day - 1) * DAY + hour * HOUR
  const features = () => new FeatureEngineer({ candles: { close: level() }, context: { daily: levelOf('D') } })
  const ask = (time: number): Signal => ({ symbol: 'X', side: 'long', time })
  const asked = [at(1, 23), at(2, 3), at(2, 23), at(3, 0), at(3, 3), at(4, 1)]
  /** The close of D's newest day that is over, at each of them. */
  const knownThen = [Number.NaN, 11, 11, 12, 12, 13]
  /** Each signal at the close of a bar of X, from a list, or from a rule that is asked with that bar. */
  const ways = {
    list: asked.map(ask),
    rule: ({ symbol, time }: Candle) => (symbol === 'X' && asked.includes(time + HOUR) ? ask(time + HOUR) : undefined),
  }

  describe.each(['opening', 'symbols'] as const)('given in the order of %s', (order) => {
    test.each(['list', 'rule'] as const)('a signal from a %s sees no day before it is over', (way) => {
      const candles = history(order, 12)
      const { rows, times } = buildDataset({ candles, signals: ways[way], features: features() })
      const { names } = features().schema
      expect(Array.from(times)).toEqual(asked)
      expect(rows.map((x) => x[names.indexOf('daily')])).toEqual(knownThen)
      const hours = candles.filter(({ symbol }) => symbol === 'X')
      const newest = asked.map((time) => hours.find((candle) => closeOf(candle) === time)!.close)
      expect(rows.map((x) => x[names.indexOf('close')])).toEqual(newest)

      // and a replay decides on the same
      const { learner, signals } = replay({
        candles,
        signals: ways[way],
        learner: { features: features(), clock: still },
      })
      expect(signals.map(({ decision: { time, price } }) => [time, price])).toEqual(
        asked.map((time, i) => [time, newest[i]]),
      )
      const seen = signals.map(
        ({ decision: { id } }) => learner.explain(id).causes.find(({ feature }) => feature === 'daily')!.value,
      )
      expect(seen).toEqual(knownThen)
    })
  })

  test('so that what a day closes at changes nothing before its end, and something after it', () => {
    const rowsOf = (close2: number) =>
      buildDataset({ candles: history('opening', close2), signals: ways.list, features: features() }).rows
    const [one, other] = [rowsOf(12), rowsOf(40)]
    expect(other.slice(0, 3)).toEqual(one.slice(0, 3))
    expect(other[3]).not.toEqual(one[3])
  })
})

const prices = (price: number): { price: number; stop: number; target: number } => ({
  price,
  stop: price * 0.99,
  target: price * 1.01,
})

describe('a learner', () => {
  test('has told the same whichever way things go on, and what it told stays as it was', () => {
    const life = fc.array(botEvent, { minLength: 10, maxLength: 80, size: 'max' })
    fc.assert(
      fc.property(life, life, life, (past, one, other) => {
        const [a, b] = [one, other].map((rest) => {
          const world = newWorld()
          const learner = new TradeLearner<SmallSignal>(smallOptions())
          const decisions = [...opening, ...past].map((event) => happen(learner, world, event))
          const told = JSON.stringify(decisions)
          const state = stateOf(learner)
          for (const event of rest) happen(learner, world, event)
          expect(JSON.stringify(decisions)).toBe(told)
          return { told, state }
        })
        expect(a).toEqual(b)
      }),
      { numRuns: 40, seed: 6 },
    )
  })

  test('gives out decisions that nobody can change', () => {
    const decision = warm().decide(signalAt(6), account)
    const parts = [
      decision,
      decision.model,
      decision.prediction,
      decision.prediction.interval,
      decision.reasons,
      ...decision.reasons,
      ...decision.model.reasons,
    ]
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true)
  })

  test('changes nothing when it is asked', () => {
    const learner = warm()
    const asked = learner.predict(signalAt(6))
    const before = stateOf(learner)
    const { id, prediction } = learner.decide(signalAt(6), account)
    expect(prediction).toEqual(asked)
    const after = stateOf(learner)
    expect(after).not.toBe(before)
    learner.predict(signalAt(6, { side: 'short' }))
    learner.explain(id)
    learner.status()
    learner.openDecisions()
    learner.refitDue
    expect(stateOf(learner)).toBe(after)
  })
})
