import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import type { Account, Decision, Position } from '../../src/market.ts'
import { Parrot, parrots } from './doubles.ts'
import { account, candleAt, HOUR, patient, type SmallSignal, signalAt, smallOptions, stateOf, warm } from './helpers.ts'

/** Positions of 4 % of equity, of which two and a half fit into a symbol. */
const options = (): ReturnType<typeof smallOptions> => ({
  ...smallOptions(),
  policy: new DecisionPolicy({ baseSize: 0.04 }),
  killSwitch: patient(),
  models: parrots(0.9),
  maxOpen: 100,
})
const newLearner = (more: Partial<TradeLearnerOptions<SmallSignal>> = {}): TradeLearner<SmallSignal> =>
  warm({ ...options(), ...more })

/** The decision as a position of the broker's. */
const filled = ({ id, symbol, side, size }: Decision, equity = account.equity): Position => ({
  id,
  symbol,
  side,
  notional: size * equity,
})
const sizes = (decisions: readonly Decision[]): number[] =>
  decisions.map(({ size }) => Math.round(size * 10_000) / 10_000)

describe('signals at one close, each asked with the account as it was before', () => {
  test('share what the limits leave in their symbol and side', () => {
    const learner = newLearner()
    const ask = (symbol: string): Decision => learner.decide(signalAt(6, { symbol }), account)
    expect(sizes([ask('A'), ask('A'), ask('A'), ask('A'), ask('B')])).toEqual([0.04, 0.04, 0.02, 0, 0.04])
  })

  test('count beside what the account holds already', () => {
    const learner = newLearner()
    const holding: Account = { equity: 100_000, positions: [{ symbol: 'A', side: 'long', notional: 5_000 }] }
    const ask = (): Decision => learner.decide(signalAt(6), holding)
    expect(sizes([ask(), ask(), ask()])).toEqual([0.04, 0.01, 0])
  })

  test('count until they are closed or cancelled, and not at all where they were skipped', () => {
    const learner = newLearner()
    const full: Account = { equity: 100_000, positions: Array(20).fill({ symbol: 'X', side: 'long', notional: 1 }) }
    expect(learner.decide(signalAt(6), full).action).toBe('skip')
    const ask = (): Decision => learner.decide(signalAt(6), account)
    const [one, two] = [ask(), ask()]
    learner.learn(one.id, { exitPrice: 101, exitTime: one.time + HOUR })
    learner.cancel(two.id)
    expect(sizes([one, two, ask(), ask(), ask()])).toEqual([0.04, 0.04, 0.04, 0.04, 0.02])
  })

  test('count in shadow mode, and in what the model would do', () => {
    const learner = newLearner({ mode: 'shadow' })
    const plans = [1, 2, 3, 4].map(() => learner.decide(signalAt(6), account))
    expect(sizes(plans)).toEqual([0.04, 0.04, 0.02, 0])
    for (const { model, size } of plans) expect(model.size).toBeLessThanOrEqual(size)
  })

  test('may be closed by a signal the other way, even while halted, but not beyond', () => {
    const learner = newLearner()
    learner.decide(signalAt(6), account)
    learner.halt('testing')
    const ask = (): Decision => learner.decide(signalAt(6, { side: 'short' }), account)
    expect(sizes([ask(), ask()])).toEqual([0.04, 0])
  })

  test('30 of them never take more than 10 % of equity in one symbol, nor more than 20 positions', () => {
    const symbols = Array.from({ length: 25 }, (_, i) => `S${i}`)
    const held: fc.Arbitrary<Position> = fc.record({
      symbol: fc.constantFrom(...symbols.slice(0, 3), 'X', 'Y'),
      side: fc.constantFrom('long', 'short'),
      notional: fc.double({ min: 0, max: 9_000, noNaN: true }),
    })
    const question = fc.record({
      symbol: fc.oneof(fc.constantFrom(...symbols), fc.constantFrom('S0', 'S1')),
      side: fc.constantFrom('long' as const, 'short' as const),
      probability: fc.constantFrom(0.3, 0.5, 0.7, 1),
      // whether the broker has filled everything by then, and says so
      fill: fc.boolean(),
    })
    let [most, capped] = [0, 0]
    fc.assert(
      fc.property(
        fc.array(held, { maxLength: 4 }),
        fc.constantFrom(0.02, 0.04, 0.1),
        fc.constantFrom(0, 1000),
        fc.array(question, { minLength: 30, maxLength: 30 }),
        (positions, baseSize, minTrades, questions) => {
          const models = parrots(0.5)
          const learner = new TradeLearner<SmallSignal>({
            ...options(),
            models,
            policy: new DecisionPolicy({ baseSize, minTrades }),
          })
          for (const symbol of symbols) learner.onCandle(candleAt(symbol, 5, 100))
          const snapshot: Account = { equity: 100_000, positions }
          const made: Decision[] = []
          for (const { symbol, side, probability, fill } of questions) {
            models.success.answer = probability
            const told = fill ? made.filter(({ size }) => size > 0).map((decision) => filled(decision)) : []
            const asked = { ...snapshot, positions: [...positions, ...told] }
            made.push(learner.decide(signalAt(6, { symbol, side }), asked))
          }
          const all = [...positions, ...made.filter(({ size }) => size > 0).map((decision) => filled(decision))]
          for (const symbol of symbols) {
            for (const side of ['long', 'short'] as const) {
              const sum = (list: readonly Position[]): number =>
                list.reduce((s, one) => (one.symbol === symbol && one.side === side ? s + one.notional : s), 0)
              expect(sum(all)).toBeLessThanOrEqual(Math.max(10_000.001, sum(positions)))
            }
          }
          const count = new Set(all.map(({ symbol }) => symbol)).size
          expect(count).toBeLessThanOrEqual(20)
          most = Math.max(most, count)
          if (made.some(({ reasons }) => reasons.some(({ code }) => code === 'MAX_POSITION'))) capped++
        },
      ),
      { numRuns: 150, seed: 9 },
    )
    expect(capped).toBeGreaterThan(50)
    expect(most).toBeGreaterThan(10)
  })

  test('the twenty-first symbol is skipped', () => {
    const learner = new TradeLearner<SmallSignal>(options())
    const symbols = Array.from({ length: 25 }, (_, i) => `S${i}`)
    for (const symbol of symbols) learner.onCandle(candleAt(symbol, 5, 100))
    const made = symbols.map((symbol) => learner.decide(signalAt(6, { symbol }), account))
    expect(sizes(made)).toEqual([...Array(20).fill(0.04), ...Array(5).fill(0)])
    expect(made.at(-1)!.reasons.map(({ code }) => code)).toContain('MAX_POSITIONS')
  })
})

describe('a position that has the id of its decision', () => {
  test('is not counted twice', () => {
    const learner = newLearner()
    const one = learner.decide(signalAt(6), account)
    const two = learner.decide(signalAt(6), { ...account, positions: [filled(one)] })
    // the broker has filled less than was asked for: then its word counts
    const half = { ...filled(two), notional: 1_000 }
    const three = learner.decide(signalAt(6), { ...account, positions: [filled(one), half] })
    const four = learner.decide(signalAt(6), { ...account, positions: [filled(one), half] })
    expect(sizes([one, two, three, four])).toEqual([0.04, 0.04, 0.04, 0.01])
  })

  test('is when it has none: then the limits err on the safe side', () => {
    const learner = newLearner()
    const one = learner.decide(signalAt(6), account)
    const { id: _, ...anonymous } = filled(one)
    const two = learner.decide(signalAt(6), { ...account, positions: [anonymous] })
    expect(sizes([one, two])).toEqual([0.04, 0.02])
  })
})

describe('the account is taken at its word', () => {
  test('from the next bar on, which a candle of any symbol begins', () => {
    for (const symbol of ['A', 'B']) {
      const learner = newLearner()
      const ask = (): Decision => learner.decide(signalAt(7), account)
      const before = [ask(), ask(), ask(), ask()]
      learner.onCandle(candleAt(symbol, 6, 100))
      expect(sizes([...before, ask(), ask(), ask(), ask()])).toEqual([0.04, 0.04, 0.02, 0, 0.04, 0.04, 0.02, 0])
    }
  })

  test('but not yet when another symbol’s candle of the same bar comes in', () => {
    const learner = newLearner()
    learner.onCandle(candleAt('A', 6, 100))
    const ask = (): Decision => learner.decide(signalAt(7), account)
    const before = [ask(), ask()]
    learner.onCandle(candleAt('B', 6, 100))
    expect(sizes([...before, ask(), ask()])).toEqual([0.04, 0.04, 0.02, 0])
  })
})

test('what is pending survives a restart', () => {
  const learner = newLearner()
  const ask = (one: TradeLearner<SmallSignal>): Decision => one.decide(signalAt(6), account)
  for (let i = 0; i < 2; i++) ask(learner)
  const again = TradeLearner.restore<SmallSignal>(stateOf(learner), { ...options(), codecs: [Parrot] })
  expect(sizes([ask(again), ask(again)])).toEqual([0.02, 0])
  again.onCandle(candleAt('B', 6, 100))
  expect(ask(again).size).toBeCloseTo(0.04, 12)
})

test('a new bar counts as one in the years before 1970 too, whose times are negative', () => {
  const learner = new TradeLearner<SmallSignal>(options())
  const DAY = 86_400_000
  const then = (bar: number): number => Date.UTC(1955, 0, 3) + bar * DAY
  const ask = (bar: number): Decision => learner.decide({ ...signalAt(0), time: then(bar) }, account)
  for (let bar = 0; bar < 3; bar++) learner.onCandle({ ...candleAt('A', 0, 100), time: then(bar) })
  expect(sizes([ask(2), ask(2), ask(2)])).toEqual([0.04, 0.04, 0.02])
  learner.onCandle({ ...candleAt('A', 0, 100), time: then(3) })
  // the account is taken at its word again
  expect(ask(3).size).toBe(0.04)
})
