import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecisionPolicy, KillSwitch } from '../../src/decision/index.ts'
import { TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import type { Account, Decision, Plan, Position } from '../../src/market.ts'
import { parrots } from './doubles.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  signalAt,
  smallOptions,
  stateOf,
  still,
  warm,
} from './helpers.ts'

type Options = Partial<TradeLearnerOptions<SmallSignal>>
const learnerOf = (options: Options): TradeLearner<SmallSignal> =>
  warm({ ...smallOptions(), policy: new DecisionPolicy(), killSwitch: patient(), ...options })

/** Lets `count` trades close, won and lost in turn. */
function closeTrades(
  learner: TradeLearner<SmallSignal>,
  count: number,
  result: 'win' | 'loss' | 'both' = 'both',
): void {
  for (let i = 0; i < count; i++) {
    const { id, time } = learner.decide(signalAt(6), account)
    const won = result === 'win' || (result === 'both' && i % 2 > 0)
    learner.learn(id, { exitPrice: won ? 103 : 98, exitTime: time + HOUR })
  }
}

const planOf = ({ action, size, quantity, price, stop, target }: Plan) => ({
  action,
  size,
  quantity,
  price,
  stop,
  target,
})
const codes = (plan: Plan): string[] => plan.reasons.map(({ code }) => code)

describe('until 100 trades have closed', () => {
  test.each([0, 0.5, 1])('the live decision is the baseline’s, even where the model says %d', (probability) => {
    const live = learnerOf({ models: parrots(probability, probability - 0.5) })
    const shadow = learnerOf({ mode: 'shadow', models: parrots(probability, probability - 0.5) })
    for (const [more, trades] of [
      [0, 0],
      [1, 1],
      [98, 99],
    ] as const) {
      for (const learner of [live, shadow]) closeTrades(learner, more)
      expect(live.status()).toMatchObject({ trades, model: 'gathering' })
      const [decision, baseline] = [live, shadow].map((learner) => learner.decide(signalAt(6), account))
      expect(codes(decision!)[0]).toBe('MIN_DATA')
      expect(codes(baseline!)[0]).toBe('BASELINE')
      expect(decision!.action).toBe('take')
      expect(planOf(decision!)).toEqual(planOf(baseline!))
      // what is still open would stand in the way of the next one
      live.cancel(decision!.id)
      shadow.cancel(baseline!.id)
    }
  })

  test('and from then on the model may reduce and skip', () => {
    const decided = (probability: number): Decision => {
      const learner = learnerOf({ models: parrots(probability) })
      closeTrades(learner, 100)
      expect(learner.status()).toMatchObject({ trades: 100, model: 'active' })
      return learner.decide(signalAt(6), account)
    }
    const [skip, reduce, take] = [decided(0.2), decided(0.5), decided(0.9)]
    expect([skip.action, reduce.action, take.action]).toEqual(['skip', 'reduce', 'take'])
    expect([codes(skip)[0], codes(reduce)[0], codes(take)[0]]).toEqual(['SKIP_BAND', 'REDUCE_BAND', 'TAKE_BAND'])
    expect(skip.size).toBe(0)
    expect(reduce.size).toBeLessThan(take.size)
    expect(take.size).toBeLessThan(0.1)
  })

  test('skipped signals count once candles have labelled them', () => {
    const learner = learnerOf({ policy: new DecisionPolicy({ minTrades: 2, baseSize: 0 }), models: parrots(0) })
    for (let i = 0; i < 2; i++) expect(learner.decide(signalAt(6), account).action).toBe('skip')
    for (let bar = 6; bar < 9; bar++) learner.onCandle(candleAt('A', bar, 100))
    expect(learner.status()).toMatchObject({ trades: 2, model: 'active' })
  })
})

describe('the mode', () => {
  test('shadow answers with the baseline’s plan and logs the model’s', () => {
    for (const [probability, action] of [
      [0.1, 'skip'],
      [0.5, 'reduce'],
      [0.8, 'take'],
    ] as const) {
      const learner = learnerOf({ mode: 'shadow', models: parrots(probability) })
      closeTrades(learner, 100)
      const decision = learner.decide(signalAt(6), account)
      expect(decision.mode).toBe('shadow')
      expect([decision.action, decision.size > 0.05]).toEqual(['take', true])
      expect(codes(decision)[0]).toBe('BASELINE')
      expect(decision.model.action).toBe(action)
      expect(decision.model.size).toBeLessThan(decision.size)
      expect(decision.prediction.probability).toBe(probability)
    }
  })

  test('live answers with the model’s plan', () => {
    const learner = learnerOf({ models: parrots(0.5) })
    closeTrades(learner, 100)
    const { mode, id, symbol, side, time, prediction, model, ...plan } = learner.decide(signalAt(6), account)
    expect(mode).toBe('live')
    expect(plan).toEqual(model)
    expect({ id, symbol, side, time }).toEqual({ id: 'tl-2t', symbol: 'A', side: 'long', time: signalAt(6).time })
    expect(prediction.trades).toBe(100)
  })

  test('shadow by default', () => {
    const { mode: _, ...rest } = smallOptions()
    expect(new TradeLearner<SmallSignal>(rest).mode).toBe('shadow')
  })
})

describe('no model and no account makes a decision exceed the operator’s limits', () => {
  const extreme = fc.oneof(
    fc.constantFrom(
      0,
      1,
      -1,
      0.6,
      1e-300,
      1e308,
      -1e308,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ),
    fc.double({ min: -2, max: 2, noNaN: true }),
  )
  const position: fc.Arbitrary<Position> = fc.record({
    symbol: fc.constantFrom('A', 'B', 'C'),
    side: fc.constantFrom('long', 'short'),
    notional: fc.double({ min: 0, max: 30_000, noNaN: true }),
  })
  const anyAccount: fc.Arbitrary<Account> = fc.record({
    equity: fc.oneof(fc.double({ min: 1, max: 1e6, noNaN: true }), fc.constantFrom(1e-3, 100_000, 1e12)),
    positions: fc.oneof(fc.array(position, { maxLength: 4 }), fc.array(position, { minLength: 18, maxLength: 24 })),
  })
  const question = fc.record({
    account: anyAccount,
    side: fc.constantFrom('long' as const, 'short' as const),
    symbol: fc.constantFrom('A', 'B'),
    distance: fc.option(fc.double({ min: 1e-6, max: 0.9, noNaN: true }), { nil: undefined }),
    answers: fc.tuple(extreme, extreme, extreme),
    wins: fc.boolean(),
  })

  test('10 % of equity a position, 20 positions, 1 % of equity at risk; and closing is never blocked', () => {
    let [taken, learned] = [0, 0]
    fc.assert(
      fc.property(
        fc.constantFrom('live' as const, 'shadow' as const),
        fc.array(question, { minLength: 1, maxLength: 12 }),
        (mode, questions) => {
          const models = parrots(0.5)
          const learner = learnerOf({ mode, models, policy: new DecisionPolicy({ minTrades: 2 }), maxOpen: 100 })
          for (const { account, side, symbol, distance, answers, wins } of questions) {
            models.success.answer = answers[0]
            models.expectedReturn.answer = answers[1]
            models.stopRisk.answer = answers[2]
            const stop = distance === undefined ? {} : { stop: 100 * (1 - (side === 'long' ? distance : -distance)) }
            const decision = learner.decide(signalAt(6, { symbol, side, ...stop }), account)
            for (const plan of [decision, decision.model]) {
              checkLimits(plan, decision, account)
              if (plan.size > 0) taken++
            }
            learner.learn(decision.id, { exitPrice: wins ? 103 : 97, exitTime: decision.time })
            learned++
          }
          expect(learner.status().trades).toBe(questions.length)
        },
      ),
      { numRuns: 150, seed: 8 },
    )
    expect(taken).toBeGreaterThan(learned / 2)
  })

  function checkLimits(plan: Plan, { symbol, side, price }: Decision, { equity, positions }: Account): void {
    expect(plan.size).toBeGreaterThanOrEqual(0)
    expect(plan.action === 'skip').toBe(plan.size === 0)
    if (plan.size === 0) return
    const held = (which: 'long' | 'short'): number =>
      positions.reduce((sum, one) => sum + (one.symbol === symbol && one.side === which ? one.notional : 0), 0)
    const [same, against] = side === 'long' ? [held('long'), held('short')] : [held('short'), held('long')]
    if (same === 0 && plan.size * equity <= against) return // it only closes
    expect(same + plan.size * equity).toBeLessThanOrEqual(0.1 * equity)
    expect(plan.quantity * price).toBeLessThanOrEqual(plan.size * equity)
    expect(plan.quantity * Math.abs(price - plan.stop)).toBeLessThanOrEqual(0.01 * equity)
    if (same === 0) expect(positions.length).toBeLessThan(20)
  }

  test('a model that predicts no number is not followed, and does not stop the others from learning', () => {
    const models = parrots(Number.NaN, Number.NaN)
    const learner = learnerOf({ models, policy: new DecisionPolicy({ minTrades: 0 }) })
    const decision = learner.decide(signalAt(6), account)
    expect([decision.action, codes(decision)[0]]).toEqual(['skip', 'INVALID_PREDICTION'])
    learner.learn(decision.id, { exitPrice: 103, exitTime: decision.time })
    expect(Object.values(models).map(({ seen }) => seen)).toEqual([1, 1, 1])
    models.success.answer = 0.7
    models.expectedReturn.answer = 0
    closeTrades(learner, 30)
    expect(learner.status().scores.logLoss).toBeLessThan(1)
    expect(learner.predict(signalAt(6)).interval.high).toBeGreaterThan(0)
  })
})

describe('the kill switch', () => {
  const halted = (learner: TradeLearner<SmallSignal>): string | undefined => learner.status().killSwitch.cause?.code

  /** Asserts that no way of asking opens anything. */
  function opensNothing(learner: TradeLearner<SmallSignal>): void {
    for (const side of ['long', 'short'] as const) {
      const decision = learner.decide(signalAt(6, { side }), account)
      expect([decision.action, decision.size, decision.quantity]).toEqual(['skip', 0, 0])
      expect(decision.model.action).toBe('skip')
      expect(codes(decision)).toEqual(['KILL_SWITCH'])
    }
  }

  test.each(['live', 'shadow'] as const)('three real losses in a row halt, in %s mode', (mode) => {
    const learner = learnerOf({ mode, killSwitch: new KillSwitch() })
    closeTrades(learner, 2, 'loss')
    closeTrades(learner, 1, 'win')
    closeTrades(learner, 2, 'loss')
    expect(halted(learner)).toBeUndefined()
    closeTrades(learner, 1, 'loss')
    expect(halted(learner)).toBe('LOSS_STREAK')
    opensNothing(learner)
  })

  test('losses of signals that were skipped or cancelled do not count', () => {
    const learner = learnerOf({ killSwitch: new KillSwitch(), labeler: smallOptions().labeler! })
    const full: Account = { equity: 100_000, positions: Array(20).fill({ symbol: 'X', side: 'long', notional: 1 }) }
    for (let i = 0; i < 5; i++) expect(learner.decide(signalAt(6), full).action).toBe('skip')
    for (let i = 0; i < 5; i++) learner.cancel(learner.decide(signalAt(6), account).id)
    learner.onCandle(candleAt('A', 6, 50))
    expect(learner.status()).toMatchObject({ trades: 10, open: 0, scores: { winRate: 0 } })
    expect(halted(learner)).toBeUndefined()

    // the same losses of trades that were made do, even where candles have to tell
    const traded = learnerOf({ killSwitch: new KillSwitch(), reportWithin: 0 })
    for (let i = 0; i < 3; i++) {
      expect(traded.decide(signalAt(6), account).action).toBe('take')
      traded.onCandle(candleAt('B', 6 + i, 100)) // a newer bar: the account is as the bot says
    }
    traded.onCandle(candleAt('A', 6, 50))
    expect(halted(traded)).toBe('LOSS_STREAK')
  })

  test('a drawdown above 10 % halts, one of 10 % does not', () => {
    const learner = learnerOf({ killSwitch: new KillSwitch() })
    learner.cancel(learner.decide(signalAt(6), { ...account, equity: 120_000 }).id)
    const still = learner.decide(signalAt(6), { ...account, equity: 108_000 })
    expect(still.action).toBe('take')
    learner.cancel(still.id)
    expect(halted(learner)).toBeUndefined()
    const decision = learner.decide(signalAt(6), { ...account, equity: 107_999 })
    expect([halted(learner), decision.action]).toEqual(['DRAWDOWN', 'skip'])
    opensNothing(learner)
  })

  test('a prediction slower than 100 ms halts, and is itself not acted on', () => {
    for (const [took, cause] of [
      [100, undefined],
      [100.5, 'LATENCY'],
      [-1, 'INVALID_OBSERVATION'],
      [Number.NaN, 'INVALID_OBSERVATION'],
    ] as const) {
      let now = 0
      const clock = { now: () => (now += took) }
      const learner = learnerOf({ killSwitch: new KillSwitch(), clock })
      const { action } = learner.decide(signalAt(6), account)
      expect([halted(learner), action]).toEqual([cause, cause ? 'skip' : 'take'])
    }
  })

  test('the operator halts and resumes; nothing else lifts a halt', () => {
    const learner = learnerOf({ killSwitch: new KillSwitch() })
    learner.halt('news at two')
    expect(learner.status().killSwitch).toMatchObject({
      halted: true,
      cause: { code: 'OPERATOR', text: 'news at two' },
    })
    const [before] = learner.openDecisions()
    expect(before).toBeUndefined()
    opensNothing(learner)
    for (const { id, time } of learner.openDecisions()) learner.learn(id, { exitPrice: 110, exitTime: time })
    for (let bar = 6; bar < 20; bar++) learner.onCandle(candleAt('A', bar, 100))
    expect(halted(learner)).toBe('OPERATOR')
    learner.resume('news were fine')
    expect(learner.decide(signalAt(20), account).action).toBe('take')
  })

  test('while it stands, what closes a position is still allowed, and nothing beyond', () => {
    const learner = learnerOf({ killSwitch: new KillSwitch() })
    learner.halt('testing')
    const holding: Account = { equity: 100_000, positions: [{ symbol: 'A', side: 'long', notional: 2_000 }] }
    const close = learner.decide(signalAt(6, { side: 'short' }), holding)
    expect(close.action).toBe('take')
    expect(close.size * holding.equity).toBeLessThanOrEqual(2_000)
    expect(learner.decide(signalAt(6, { side: 'long' }), holding).action).toBe('skip')
  })

  test('a halt outlives a restart; what trips it is what today’s options say, not the file', () => {
    const learner = learnerOf({ killSwitch: new KillSwitch({ losses: 2 }) })
    closeTrades(learner, 2, 'loss')
    const saved = stateOf(learner)
    const again = (killSwitch: KillSwitch): TradeLearner<SmallSignal> =>
      TradeLearner.restore<SmallSignal>(saved, { ...smallOptions(), clock: still, killSwitch })
    const stopped = again(new KillSwitch({ losses: 50 }))
    expect(halted(stopped)).toBe('LOSS_STREAK')
    opensNothing(stopped)

    // a file that says "never halt" changes no rule
    const loose = saved.replace('"losses":2', '"losses":1000').replace('"drawdown":0.1', '"drawdown":0.9')
    expect(loose).not.toBe(saved)
    const strict = TradeLearner.restore<SmallSignal>(loose, {
      ...smallOptions(),
      policy: new DecisionPolicy(),
      killSwitch: new KillSwitch({ losses: 2 }),
    })
    strict.resume('looked into it')
    expect(strict.decide(signalAt(6), account).action).toBe('take')
    closeTrades(strict, 1, 'loss')
    expect(halted(strict)).toBeUndefined()
    closeTrades(strict, 1, 'loss')
    expect(halted(strict)).toBe('LOSS_STREAK')
  })
})
