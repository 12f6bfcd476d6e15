import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { OnlineCalibration } from '../../src/learners/index.ts'
import { DecisionBook } from '../../src/lifecycle/decision-book.ts'
import { Scoreboard, type TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
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
  smallFeatures,
  smallModels,
  smallOptions,
  warm,
} from './helpers.ts'

const names = smallFeatures().schema.names

/** A learner that has learned that signals of the AI win and others do not. */
function taught(options: Partial<TradeLearnerOptions<SmallSignal>> = {}): TradeLearner<SmallSignal> {
  const learner = warm<SmallSignal>({ ...smallOptions(), killSwitch: patient(), detectors: [], ...options })
  for (let i = 0; i < 60; i++) {
    const source = (i * 5) % 7 < 3 ? 'ai' : 'rules'
    const { id, time } = learner.decide(signalAt(6, { meta: { confidence: 0.5, source } }), account)
    learner.learn(id, { exitPrice: source === 'ai' ? 103 : 98, exitTime: time })
    if (learner.refitDue) for (const _ of learner.refit());
  }
  return learner
}

describe('explain', () => {
  test('names all features with their values, the largest part first', () => {
    // a line: free steps may be flat where the signal lies, and then no feature moves it
    const models = smallModels(names.length)
    const { learner: uncorrected } = models.success as OnlineCalibration
    const success = new OnlineCalibration({ learner: uncorrected, methods: ['platt'], minSamples: 10, window: 20 })
    const learner = taught({ models: { ...models, success } })
    const { id, prediction } = learner.decide(signalAt(6), account)
    const { decisionId, probability, causes, text } = learner.explain(id)
    expect(decisionId).toBe(id)
    expect(probability).toEqual({ atDecision: prediction.probability, now: prediction.probability })
    expect([...causes.map(({ feature }) => feature)].sort()).toEqual([...names].sort())
    const sizes = causes.map(({ amount }) => Math.abs(amount))
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    expect(sizes[0]).toBeGreaterThan(0.02)
    expect(causes[0]!.feature).toMatch(/^source\./)
    const x = smallFeatures()
    for (let bar = 0; bar < 6; bar++) x.update(candleAt('A', bar, 100))
    expect(causes.find(({ feature }) => feature === 'confidence')!.value).toBe(0.5)
    expect(causes.find(({ feature }) => feature === 'rsi')!.value).toBe(x.vector(signalAt(6))[names.indexOf('rsi')])
    expect(text).toMatch(/^Win probability \d+\.\d %: source\.(ai|rules) [01] [+-]\d+\.\d points(, |\.)/)
  })

  test('gives a feature what the probability loses without it, and nothing to one that is missing', () => {
    // p = 0.5 + 0.2 where the confidence is known, - 0.1 where the side is
    const [confidence, side] = ['confidence', 'side'].map((name) => names.indexOf(name)) as [number, number]
    const models = parrots(0)
    models.success.predict = (x) => 0.5 + (Number.isNaN(x[confidence]!) ? 0 : 0.2) - (Number.isNaN(x[side]!) ? 0 : 0.1)
    const learner = warm<SmallSignal>({ ...smallOptions(), models })
    const { id } = learner.decide(signalAt(6), account)
    const { causes, text, probability } = learner.explain(id)
    expect(probability.now).toBeCloseTo(0.6, 12)
    expect(causes.slice(0, 2).map(({ feature }) => feature)).toEqual(['confidence', 'side'])
    expect(causes[0]!.amount).toBeCloseTo(0.2, 12)
    expect(causes[1]!.amount).toBeCloseTo(-0.1, 12)
    for (const { amount } of causes.slice(2)) expect(amount).toBeCloseTo(0, 12)
    expect(causes.find(({ feature }) => feature === 'winRate')).toMatchObject({ value: Number.NaN, amount: 0 })
    expect(text).toBe('Win probability 60.0 %: confidence 0.5 +20.0 points, side 1 -10.0 points.')
    // at most three are told
    models.success.predict = (x) => 0.1 + 0.2 * x.filter((value) => !Number.isNaN(value)).length
    expect(learner.explain(id).text.match(/points/g)).toHaveLength(3)
    models.success.predict = () => 0.5
    expect(learner.explain(id).text).toBe('Win probability 50.0 %: no feature moves it.')
  })

  test('explains closed decisions too, with what was said then and what is said now', () => {
    const learner = taught()
    const { id, time, prediction } = learner.decide(signalAt(6), account)
    learner.learn(id, { exitPrice: 98, exitTime: time })
    for (let i = 0; i < 5; i++) {
      const again = learner.decide(signalAt(6), account)
      learner.learn(again.id, { exitPrice: 98, exitTime: time })
    }
    const { probability } = learner.explain(id)
    expect(probability.atDecision).toBe(prediction.probability)
    expect(probability.now).toBeLessThan(probability.atDecision)
  })

  test('refuses an id that it does not know, or knows no longer', () => {
    const learner = taught({ remember: 5 })
    expect(errorOf(() => learner.explain('tl-1')).code).toBe('ALREADY_LEARNED')
    expect(errorOf(() => learner.explain('tl-zz')).code).toBe('UNKNOWN_DECISION')
    expect(errorOf(() => learner.explain(7 as never)).code).toBe('UNKNOWN_DECISION')
  })
})

describe('status', () => {
  test('of a new learner is plain data with nothing known', () => {
    const { detectors: _, ...options } = smallOptions()
    const learner = warm<SmallSignal>({ ...options, mode: 'shadow' }, 0)
    expect(learner.status()).toEqual({
      mode: 'shadow',
      trades: 0,
      open: 0,
      model: 'gathering',
      scores: {
        labels: 0,
        winRate: Number.NaN,
        logLoss: Number.NaN,
        baseRateLogLoss: Number.NaN,
        skill: Number.NaN,
        meanReturnKept: Number.NaN,
        meanReturnAll: Number.NaN,
      },
      drift: { level: 'stable', marks: [] },
      killSwitch: {
        halted: false,
        cause: null,
        locks: [],
        drawdown: { value: Number.NaN, limit: 0.1 },
        latencyLimit: 100,
      },
      champion: 'baseline',
      version: '',
      challenger: '',
      faults: [],
      features: null,
      rollout: null,
      refitDue: false,
    })
    expect(learner.openDecisions()).toEqual([])
  })

  test('follows what happens, and what it gave out stays as it was', () => {
    const learner = taught()
    const before = learner.status()
    const copy = structuredClone(before)
    const decision = learner.decide(signalAt(6), account)
    learner.halt('lunch')
    expect(learner.status()).toMatchObject({
      mode: 'live',
      trades: 60,
      open: 1,
      model: 'active',
      scores: { labels: 60 },
      killSwitch: { halted: true, cause: { code: 'OPERATOR', text: 'lunch' } },
    })
    expect(learner.openDecisions()).toEqual([decision])
    expect(before).toEqual(copy)
    expect(before.scores.skill).toBeGreaterThan(0.2)
  })
})

test('open decisions are the trades whose outcome is awaited, and no others', () => {
  const learner = warm<SmallSignal>({ ...smallOptions(), killSwitch: patient(), reportWithin: 2 })
  const full = { equity: 100_000, positions: Array(20).fill({ symbol: 'X', side: 'long', notional: 1 }) }
  const skipped = learner.decide(signalAt(6), full)
  const taken = learner.decide(signalAt(6), account)
  const cancelled = learner.decide(signalAt(6, { symbol: 'B' }), account)
  expect([skipped.action, taken.action, cancelled.action]).toEqual(['skip', 'take', 'take'])
  expect(learner.openDecisions()).toEqual([taken, cancelled])
  learner.cancel(cancelled.id)
  expect(learner.openDecisions()).toEqual([taken])
  // the others are still followed
  expect(learner.status().open).toBe(3)
  // candles have settled it, and the bot's word is awaited all the same
  learner.onCandle(candleAt('A', 6, 110))
  expect(learner.openDecisions()).toEqual([taken])
  learner.learn(taken.id, { exitPrice: 104, exitTime: signalAt(7).time })
  expect(learner.openDecisions()).toEqual([])
})

test('a prediction says what is known, and its range is the bracket until there is data for better', () => {
  const early = warm<SmallSignal>({ ...smallOptions(), models: parrots(0.6, 0.002, 0.3) }).predict(
    signalAt(6, { stop: 98, target: 103 }),
  )
  const { interval, ...rest } = early
  expect(rest).toEqual({ probability: 0.6, expectedReturn: 0.002, stopRisk: 0.3, trades: 0 })
  expect(interval.low).toBeCloseTo(-0.021, 12)
  expect(interval.high).toBeCloseTo(0.029, 12)
  expect(interval.coverage).toBe(0.9)
  const later = taught().predict(signalAt(6, { stop: 98, target: 103 }))
  expect(later.trades).toBe(60)
  expect(later.interval.high + later.interval.low).toBeCloseTo(2 * later.expectedReturn, 12)
})

describe('a scoreboard', () => {
  test('shows a probability that takes no sides as neither right nor wrong', () => {
    const board = new Scoreboard()
    expect(board.errorOf(1, 0.5)).toBe(0.5)
    expect(board.errorOf(1, Number.NaN)).toBe(0.5)
    expect([board.errorOf(1, 0.6), board.errorOf(0, 0.6), board.errorOf(1, 0.4), board.errorOf(0, 0.4)]).toEqual([
      0, 1, 1, 0,
    ])
    board.update(1, 0.6, 0.01, 'take')
    // the base rate is 2/3 now
    expect([board.errorOf(1, 0.6), board.errorOf(1, 0.7)]).toEqual([1, 0])
  })

  test('scores no number as the base rate does, and bounds what one boast can cost', () => {
    const board = new Scoreboard()
    board.update(1, Number.NaN, 0.01, 'take')
    expect(board.scores.logLoss).toBe(board.scores.baseRateLogLoss)
    board.update(0, 1, -0.01, 'take')
    expect(board.scores.logLoss).toBeLessThan(15)
  })

  test('keeps what the model would keep apart from all', () => {
    const board = new Scoreboard({ halfLife: 1e9 })
    board.update(1, 0.7, 0.02, 'take')
    board.update(0, 0.3, -0.02, 'skip')
    board.update(1, 0.5, 0.01, 'reduce')
    const { meanReturnKept, meanReturnAll, winRate } = board.scores
    expect(meanReturnKept).toBeCloseTo(0.015, 6)
    expect(meanReturnAll).toBeCloseTo(0.01 / 3, 6)
    expect(winRate).toBeCloseTo(2 / 3, 12)
  })
})

describe('a decision book', () => {
  const policy = new DecisionPolicy()
  const signal = { symbol: 'A', side: 'long', price: 100 } as const
  const plan = policy.baseline({ signal, atr: 1, account, trades: 0, halted: null })
  const prediction = {
    probability: 0.5,
    expectedReturn: 0,
    interval: { low: -1, high: 1, coverage: 0.9 },
    stopRisk: 0.5,
    trades: 0,
  }
  const bookOf = (name: string, maxOpen: number, remember: number): DecisionBook =>
    new DecisionBook({ name, maxOpen, remember, outcomeLag: 0 })
  const add = (book: DecisionBook, traded = true): string => {
    const id = book.nextId
    const decision = {
      ...plan,
      id,
      symbol: 'A',
      side: 'long',
      time: START,
      prediction,
      mode: 'live',
      model: plan,
    } as const
    book.add({
      decision,
      x: Float64Array.of(1),
      meta: {},
      halfWidth: Number.NaN,
      scale: 1,
      bar: START,
      traded,
    })
    return id
  }
  const close = (book: DecisionBook, id: string): void => {
    const entry = book.find(id)
    if (!('traded' in entry)) expect.fail(`${id} is closed`)
    const none = { maxFavorable: 0, maxAdverse: 0, bars: 1, ambiguous: false }
    book.close(
      entry,
      { id, y: 1, netReturn: 0.01, exitReason: 'exit', exitPrice: 101, exitTime: START + HOUR, ...none },
      null,
    )
  }

  test('numbers decisions upwards, in base 36, within 36 characters', () => {
    const book = bookOf('x'.repeat(20), 100, 100)
    const ids = Array.from({ length: 40 }, () => add(book))
    expect([ids[0], ids[9], ids[35]].map((id) => id!.slice(20))).toEqual(['-1', '-a', '-10'])
    expect(new Set(ids).size).toBe(40)
    // the largest whole number there is still fits
    expect(20 + 1 + Number.MAX_SAFE_INTEGER.toString(36).length).toBeLessThanOrEqual(36)
    expect([...book.open()].map(({ decision }) => decision.id)).toEqual(ids)
  })

  test('forgets the oldest closed decisions beyond what it may remember', () => {
    const book = bookOf('b', 10, 2)
    for (let i = 0; i < 5; i++) close(book, add(book))
    expect(errorOf(() => book.find('b-3')).code).toBe('ALREADY_LEARNED')
    expect(book.find('b-4').decision.id).toBe('b-4')
    expect((book.pack() as { closed: unknown[] }).closed).toHaveLength(2)
    expect(book.openCount).toBe(0)
  })

  test('has room for as many open ones as it is told', () => {
    const book = bookOf('b', 2, 2)
    add(book)
    book.checkRoom()
    add(book)
    expect(errorOf(() => book.checkRoom()).code).toBe('TOO_MANY_OPEN')
    close(book, 'b-1')
    book.checkRoom()
  })

  test('drops the oldest that was not traded where it is full', () => {
    const book = bookOf('b', 3, 2)
    for (const traded of [true, false, false]) add(book, traded)
    book.checkRoom()
    add(book)
    expect([...book.open()].map(({ decision }) => decision.id)).toEqual(['b-1', 'b-3', 'b-4'])
    add(book)
    expect([...book.open()].map(({ decision }) => decision.id)).toEqual(['b-1', 'b-4', 'b-5'])
    expect(errorOf(() => book.checkRoom()).code).toBe('TOO_MANY_OPEN')
    expect(errorOf(() => book.find('b-2')).message).toContain('dropped untraded for want of room')
    expect(book.nextId).toBe('b-6')
  })

  test('reads back what it wrote', () => {
    const book = bookOf('b', 10, 10)
    for (let i = 0; i < 4; i++) add(book)
    close(book, 'b-2')
    const again = bookOf('b', 10, 10)
    again.unpack(JSON.parse(JSON.stringify(book.pack())), 1, 4)
    expect(JSON.stringify(again.pack())).toBe(JSON.stringify(book.pack()))
    expect(again.nextId).toBe('b-5')
    expect(errorOf(() => again.unpack(JSON.parse(JSON.stringify(book.pack())), 2, 4)).code).toBe('CORRUPT_SNAPSHOT')
  })
})
