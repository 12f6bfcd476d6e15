import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { TripleBarrier } from '../../src/labels/index.ts'
import { buildDataset, replay, TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import type { Account, Candle, Outcome } from '../../src/market.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  refused,
  type SmallSignal,
  START,
  signalAt,
  smallModels,
  smallOptions,
  stateOf,
  still,
  warm,
} from './helpers.ts'

/** A learner with open decisions in both symbols, one closed by its report, and one by candles. */
function busy(options?: TradeLearnerOptions<SmallSignal>): TradeLearner<SmallSignal> {
  const learner = warm(options)
  const full: Account = { equity: 100_000, positions: Array(20).fill({ symbol: 'X', side: 'long', notional: 1 }) }
  learner.decide(signalAt(6), account) // tl-1, reported
  learner.decide(signalAt(6), full) // tl-2, skipped
  learner.learn('tl-1', OUTCOME)
  for (let bar = 6; bar < 10; bar++) learner.onCandle(candleAt('A', bar, 100))
  learner.decide(signalAt(10), account) // tl-3, open
  learner.decide(signalAt(10, { symbol: 'B', side: 'short' }), account) // tl-4, open
  return learner
}
const OUTCOME: Outcome = { exitPrice: 101, exitTime: START + 6 * HOUR, exitReason: 'target' }

const good = candleAt('A', 10, 100)
const { volume: _, ...bare } = good

describe('a candle that cannot be is refused and changes nothing', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['from the past', { ...good, time: START + 8 * HOUR }, 'OUT_OF_ORDER', /after 1704099600000, got 1704096000000/],
    ['seen before', { ...good, time: START + 9 * HOUR }, 'DUPLICATE_CANDLE', /after 1704099600000, got 1704099600000/],
    ['in seconds', { ...good, time: good.time / 1000 }, 'INVALID_TIME', /milliseconds.*seconds.*got 1704103200/],
    ['in microseconds', { ...good, time: good.time * 1000 }, 'INVALID_TIME', /milliseconds.*got 1704103200000000/],
    ['at no time', { ...good, time: Number.NaN }, 'INVALID_TIME', /milliseconds, got NaN/],
    ['at a date', { ...good, time: '2024-01-01' }, 'INVALID_TIME', /milliseconds, got "2024-01-01"/],
    [
      'high below low',
      { ...good, high: 99, low: 101 },
      'INVALID_CANDLE',
      /low <= open, close <= high, got .*high 99, low 101/,
    ],
    ['close above high', { ...good, close: 120 }, 'INVALID_CANDLE', /close 120/],
    ['NaN', { ...good, close: Number.NaN }, 'INVALID_CANDLE', /"candle.close" must be a positive number, got NaN/],
    ['infinite', { ...good, high: Number.POSITIVE_INFINITY }, 'INVALID_CANDLE', /"candle.high".*got Infinity/],
    ['free', { ...good, low: 0 }, 'INVALID_CANDLE', /"candle.low" must be a positive number, got 0/],
    ['of strings', { ...good, open: '100' }, 'INVALID_CANDLE', /"candle.open" must be a positive number, got "100"/],
    ['of no volume that can be', { ...good, volume: -1 }, 'INVALID_CANDLE', /"candle.volume".*got -1/],
    [
      'without a symbol',
      { ...good, symbol: '' },
      'INVALID_CANDLE',
      /"candle.symbol" must be a non-empty string, got ""/,
    ],
    ['without a close', { ...good, close: undefined }, 'INVALID_CANDLE', /"candle.close".*got undefined/],
    ['null', null, 'INVALID_CANDLE', /must be an object, got null/],
    ['an array', [START, 1, 2, 3, 4], 'INVALID_CANDLE', /got undefined/],
  ])('%s', (_, candle, code, says) => {
    const learner = busy()
    refused(learner, code, says, () => learner.onCandle(candle as Candle))
    learner.onCandle(bare)
  })
})

describe('a signal that cannot be is refused and changes nothing', () => {
  const meta = { confidence: 0.5, source: 'ai' } as const
  test.each<[string, unknown, string, RegExp]>([
    ['of an unknown symbol', signalAt(10, { symbol: 'C' }), 'UNKNOWN_SYMBOL', /got "C"; known: A, B/],
    ['before the newest candle', signalAt(8), 'INVALID_SIGNAL', /newest candle of A, 1704099600000, got 1704096000000/],
    ['in seconds', signalAt(10, { time: START / 1000 }), 'INVALID_TIME', /seconds.*got 1704067200/],
    ['of no side', signalAt(10, { side: 'up' as 'long' }), 'INVALID_SIGNAL', /"long", "short", got "up"/],
    ['with a stop on the wrong side', signalAt(10, { stop: 101 }), 'INVALID_SIGNAL', /below the price of 100, got 101/],
    [
      'with a target on the wrong side',
      signalAt(10, { target: 99 }),
      'INVALID_SIGNAL',
      /above the price of 100, got 99/,
    ],
    [
      'short with a stop below',
      signalAt(10, { side: 'short', stop: 99 }),
      'INVALID_SIGNAL',
      /above the price of 100, got 99/,
    ],
    ['with a stop at the price', signalAt(10, { stop: 100 }), 'INVALID_SIGNAL', /below the price of 100, got 100/],
    ['with a stop of NaN', signalAt(10, { stop: Number.NaN }), 'INVALID_SIGNAL', /"signal.stop".*got NaN/],
    [
      'with a price above twice the close',
      signalAt(10, { price: 200.01 }),
      'INVALID_SIGNAL',
      /"signal.price" must lie within a factor of 2 of the newest close of A, 100, got 200.01/,
    ],
    [
      'with a price below half the close',
      signalAt(10, { price: 49.99 }),
      'INVALID_SIGNAL',
      /close of A, 100, got 49.99/,
    ],
    ['with the price of another symbol', signalAt(10, { price: 60_000 }), 'INVALID_SIGNAL', /factor of 2.*got 60000/],
    ['with a price of NaN', signalAt(10, { price: Number.NaN }), 'INVALID_SIGNAL', /"signal.price".*got NaN/],
    ['with a price of text', signalAt(10, { price: '100' as never }), 'INVALID_SIGNAL', /"signal.price".*got "100"/],
    [
      'with a price of 0',
      signalAt(10, { price: 0 }),
      'INVALID_SIGNAL',
      /"signal.price" must be a positive number, got 0/,
    ],
    ['without meta', { ...signalAt(10), meta: undefined }, 'INVALID_SIGNAL', /"signal.meta.confidence".*got undefined/],
    [
      'with meta left out',
      signalAt(10, { meta: { source: 'ai' } as never }),
      'INVALID_SIGNAL',
      /confidence.*got undefined/,
    ],
    [
      'with meta of another type',
      signalAt(10, { meta: { ...meta, confidence: '0.7' } as never }),
      'INVALID_SIGNAL',
      /"signal.meta.confidence" must be a finite number, got "0.7"/,
    ],
    [
      'with a number for a word',
      signalAt(10, { meta: { ...meta, source: 7 } as never }),
      'INVALID_SIGNAL',
      /"signal.meta.source" must be a text, got 7/,
    ],
    [
      'with meta nobody declared',
      signalAt(10, { meta: { ...meta, mood: 1 } as never }),
      'INVALID_SIGNAL',
      /only what is declared \(confidence, source\), got mood/,
    ],
    ['null', null, 'INVALID_SIGNAL', /must be an object, got null/],
  ])('%s', (_, signal, code, says) => {
    const learner = busy()
    refused(learner, code, says, () => learner.decide(signal as SmallSignal, account))
    refused(learner, code, says, () => learner.predict(signal as SmallSignal))
    learner.decide(signalAt(10), account)
  })
})

test.each([50, 99, 200])('a price of %d, at most a factor of 2 from the close of 100, is taken', (price) => {
  expect(busy().decide(signalAt(10, { price }), account).price).toBe(price)
})

describe('an account that cannot be is refused and changes nothing', () => {
  const position = { symbol: 'A', side: 'long', notional: 10 } as const
  test.each<[string, unknown, RegExp]>([
    ['equity of NaN', { ...account, equity: Number.NaN }, /"account.equity" must be a positive number, got NaN/],
    ['equity of text', { ...account, equity: '9' }, /"account.equity" must be a positive number, got "9"/],
    ['no equity', { positions: [] }, /"account.equity".*got undefined/],
    ['no positions', { equity: 1 }, /"account.positions" must be an array, got undefined/],
    ['a position of NaN', { equity: 1, positions: [{ ...position, notional: Number.NaN }] }, /notional.*got NaN/],
    ['a position below 0', { equity: 1, positions: [{ ...position, notional: -1 }] }, /notional.*got -1/],
    ['a position of no side', { equity: 1, positions: [{ ...position, side: 'buy' }] }, /"long", "short", got "buy"/],
    ['null', null, /must be an object, got null/],
  ])('%s', (_, bad, says) => {
    const learner = busy()
    refused(learner, 'INVALID_ACCOUNT', says, () => learner.decide(signalAt(10), bad as Account))
    expect(learner.decide(signalAt(10), account).id).toBe('tl-5')
  })
})

describe('an account that is worth nothing', () => {
  test.each([0, -0, -5, -1e300])('is refused at an equity of %d, but the kill switch has seen it', (equity) => {
    const learner = busy()
    const { open, trades } = learner.status()
    const error = errorOf(() => learner.decide(signalAt(10), { ...account, equity }))
    expect(error.code).toBe('INVALID_ACCOUNT')
    expect(error.message).toMatch(/"account.equity" must be a positive number, got -?[\d.e+]+/)
    expect(learner.status()).toMatchObject({ open, trades, killSwitch: { halted: true, cause: { code: 'DRAWDOWN' } } })
    const after = learner.decide(signalAt(10), account)
    expect([after.id, after.action, after.reasons[0]!.code]).toEqual(['tl-5', 'skip', 'KILL_SWITCH'])
  })

  test('halts even if it is the first that is ever seen', () => {
    const learner = warm()
    expect(errorOf(() => learner.decide(signalAt(6), { ...account, equity: 0 })).code).toBe('INVALID_ACCOUNT')
    expect(learner.status().killSwitch.cause?.code).toBe('DRAWDOWN')
  })
})

describe('an outcome that cannot be is refused and changes nothing', () => {
  const exit = { exitPrice: 101, exitTime: START + 11 * HOUR }
  test.each<[string, unknown, unknown, string, RegExp]>([
    ['of an unknown id', 'tl-99', exit, 'UNKNOWN_DECISION', /"tl-99".*look like "tl-1" and the next is "tl-5"/],
    ['of another learner’s id', 'x-1', exit, 'UNKNOWN_DECISION', /"x-1"/],
    ['of no id', undefined, exit, 'UNKNOWN_DECISION', /undefined/],
    [
      'other than the first told',
      'tl-1',
      exit,
      'OUTCOME_CONFLICT',
      /exitTime 1704088800000.*got exitPrice 101, exitTime 1704106800000/,
    ],
    ['null, after another', 'tl-1', null, 'OUTCOME_CONFLICT', /with exitPrice 101.*got null/],
    ['of a kind that cannot be written, after another', 'tl-1', { exitPrice: 1n }, 'OUTCOME_CONFLICT', /a bigint/],
    ['of a signal that candles have labelled', 'tl-2', exit, 'ALREADY_LEARNED', /from candles \(time at 100\)/],
    [
      'from before the decision',
      'tl-3',
      { ...exit, exitTime: START + 9 * HOUR },
      'INVALID_OUTCOME',
      /before the decision at 1704103200000, got 1704099600000/,
    ],
    ['in seconds', 'tl-3', { ...exit, exitTime: exit.exitTime / 1000 }, 'INVALID_OUTCOME', /got 1704106800/],
    ['at no time', 'tl-3', { ...exit, exitTime: Number.NaN }, 'INVALID_OUTCOME', /milliseconds, got NaN/],
    [
      'at a price of NaN',
      'tl-3',
      { ...exit, exitPrice: Number.NaN },
      'INVALID_OUTCOME',
      /"outcome.exitPrice".*got NaN/,
    ],
    ['at a price of text', 'tl-3', { ...exit, exitPrice: '101' }, 'INVALID_OUTCOME', /"outcome.exitPrice".*got "101"/],
    ['paid below 0', 'tl-3', { ...exit, entryPrice: -1 }, 'INVALID_OUTCOME', /"outcome.entryPrice".*got -1/],
    ['with fees in money', 'tl-3', { ...exit, fees: 12 }, 'INVALID_OUTCOME', /fraction of the entry value, got 12/],
    ['for no known reason', 'tl-3', { ...exit, exitReason: 'mood' }, 'INVALID_OUTCOME', /one of "target".*got "mood"/],
    [
      'with a return beyond numbers',
      'tl-3',
      { ...exit, exitPrice: 1e300, entryPrice: 1e-300 },
      'INVALID_OUTCOME',
      /at most 100 times/,
    ],
    ['null', 'tl-3', null, 'INVALID_OUTCOME', /must be an object, got null/],
  ])('%s', (_, id, outcome, code, says) => {
    const learner = busy()
    refused(learner, code, says, () => learner.learn(id as string, outcome as Outcome))
    learner.learn('tl-3', exit)
  })

  test('the same one told again is fine and changes nothing, whatever else the object holds', () => {
    const learner = busy()
    const before = stateOf(learner)
    learner.learn('tl-1', { ...OUTCOME })
    learner.learn('tl-1', { ...OUTCOME, orderId: 7n } as Outcome)
    expect(stateOf(learner)).toBe(before)
  })

  test('what else a bot’s object holds does not get into the state', () => {
    const trade: { self?: unknown } & Outcome = { ...exit, exitReason: 'exit' }
    trade.self = trade
    const learner = busy()
    learner.learn('tl-3', trade)
    const plain = busy()
    plain.learn('tl-3', { exitReason: 'exit', exitTime: exit.exitTime, exitPrice: 101 })
    expect(stateOf(learner)).toBe(stateOf(plain))
  })

  test('one of a decision that is remembered no longer is told from one that never was', () => {
    const learner = busy({ ...smallOptions(), remember: 1 })
    learner.learn('tl-3', exit)
    refused(learner, 'ALREADY_LEARNED', /"tl-1" was closed before the newest 1 /, () => learner.learn('tl-1', OUTCOME))
    refused(learner, 'ALREADY_LEARNED', /"tl-2"/, () => learner.explain('tl-2'))
    refused(learner, 'UNKNOWN_DECISION', /"tl-01"/, () => learner.explain('tl-01'))
  })
})

test('what is unknown or closed cannot be cancelled', () => {
  const learner = busy()
  refused(learner, 'UNKNOWN_DECISION', /"tl-5"/, () => learner.cancel('tl-5'))
  refused(learner, 'ALREADY_LEARNED', /"tl-1" is already closed/, () => learner.cancel('tl-1'))
  refused(learner, 'ALREADY_LEARNED', /"tl-2" is already closed/, () => learner.cancel('tl-2'))
  refused(learner, 'UNKNOWN_DECISION', /"tl-5"/, () => learner.explain('tl-5'))
})

test('an emergency stop works without a text, and only its end needs a reason', () => {
  const learner = busy()
  learner.halt('')
  const cause = { code: 'OPERATOR', text: 'no reason given' }
  expect(learner.status().killSwitch).toMatchObject({ halted: true, cause, locks: [{ ...cause, scope: 'all' }] })
  refused(learner, 'INVALID_INPUT', /"reason" must be a non-empty string, got ""/, () => learner.resume(''))
  refused(learner, 'INVALID_INPUT', /"reason" must be a non-empty string, got undefined/, () =>
    learner.resume(undefined as never),
  )
})

test('no more decisions are opened than there is room for, in the book or in the labeler', () => {
  const book = busy({ ...smallOptions(), maxOpen: 2 })
  refused(book, 'TOO_MANY_OPEN', /At most 2 decisions.*oldest is "tl-3"/, () => book.decide(signalAt(10), account))
  book.learn('tl-3', { exitPrice: 101, exitTime: START + 11 * HOUR })
  expect(book.decide(signalAt(10), account).id).toBe('tl-5')

  const labeler = busy({ ...smallOptions(), labeler: new TripleBarrier({ maxBars: 3, maxOpen: 2 }) })
  refused(labeler, 'TOO_MANY_OPEN', /At most 2 brackets/, () => labeler.decide(signalAt(10), account))
})

describe('where the book is full', () => {
  const brackets = (learner: TradeLearner<SmallSignal>): string[] =>
    (
      learner.toJSON().state as never as { parts: { labeler: { state: { open: { id: string }[] } } } }
    ).parts.labeler.state.open.map(({ id }) => id)
  const open = (learner: TradeLearner<SmallSignal>): string[] =>
    (learner.toJSON().state as never as { book: { open: { decision: { id: string } }[] } }).book.open.map(
      ({ decision }) => decision.id,
    )
  const full: Account = { equity: 100_000, positions: Array(20).fill({ symbol: 'X', side: 'long', notional: 1 }) }

  test('the oldest decision that was not traded makes room, in the labeler too, and is not learned from', () => {
    const learner = warm({ ...smallOptions(), maxOpen: 3 })
    learner.decide(signalAt(6), account) // tl-1, traded
    learner.decide(signalAt(6), full) // tl-2, skipped
    learner.cancel(learner.decide(signalAt(6, { symbol: 'B' }), account).id) // tl-3, cancelled
    expect(open(learner)).toEqual(['tl-1', 'tl-2', 'tl-3'])
    learner.decide(signalAt(6, { symbol: 'B' }), full) // tl-4
    expect([open(learner), brackets(learner)]).toEqual(Array(2).fill(['tl-1', 'tl-3', 'tl-4']))
    learner.decide(signalAt(6, { symbol: 'B' }), account) // tl-5, traded
    expect([open(learner), brackets(learner)]).toEqual(Array(2).fill(['tl-1', 'tl-4', 'tl-5']))
    expect(learner.status()).toMatchObject({ open: 3, trades: 0, scores: { labels: 0 } })

    // an id that was dropped is known to have been
    const dropped = /"tl-2" was closed before .* or dropped untraded for want of room/
    refused(learner, 'ALREADY_LEARNED', dropped, () => learner.learn('tl-2', OUTCOME))
    refused(learner, 'ALREADY_LEARNED', dropped, () => learner.cancel('tl-2'))
    for (let bar = 6; bar < 9; bar++) for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100))
    // tl-4 by candles; the two trades await their reports
    expect([learner.status().trades, open(learner)]).toEqual([1, ['tl-1', 'tl-5']])
  })

  test('of trades alone nothing is dropped, until one of them is cancelled', () => {
    const learner = warm({ ...smallOptions(), maxOpen: 2 })
    for (const symbol of ['A', 'B']) expect(learner.decide(signalAt(6, { symbol }), account).action).toBe('take')
    learner.onCandle(candleAt('B', 6, 100))
    for (const asked of [account, full]) {
      refused(learner, 'TOO_MANY_OPEN', /all are trades.*learn or cancel some first \(the oldest is "tl-1"\)/, () =>
        learner.decide(signalAt(6), asked),
      )
    }
    learner.cancel('tl-2')
    expect(learner.decide(signalAt(6), account).id).toBe('tl-3')
    expect([open(learner), brackets(learner)]).toEqual(Array(2).fill(['tl-1', 'tl-3']))
  })

  test('no symbol whose candles have stopped can keep the others from being decided on', () => {
    const learner = warm({ ...smallOptions(), maxOpen: 5 })
    for (let i = 0; i < 5; i++) learner.decide(signalAt(6, { symbol: 'B' }), full)
    for (let bar = 6; bar < 40; bar++) {
      learner.onCandle(candleAt('A', bar, 100))
      learner.decide(signalAt(bar + 1), full)
    }
    expect(learner.status()).toMatchObject({ open: 5, trades: 31 })
  })

  test('a decision that fails drops nothing', () => {
    const learner = warm({ ...smallOptions(), maxOpen: 1 })
    learner.decide(signalAt(6), full)
    refused(learner, 'INVALID_SIGNAL', /wrong|below/, () => learner.decide(signalAt(6, { stop: 101 }), account))
    expect(open(learner)).toEqual(['tl-1'])
  })
})

test('a policy of the user’s own that fails leaves no half decision behind', () => {
  let broken = true
  const inner = new DecisionPolicy()
  const policy = {
    options: { minTrades: 0 },
    baseline: inner.baseline.bind(inner),
    decide: (...question: Parameters<DecisionPolicy['decide']>) => {
      if (broken) throw new Error('division by zero')
      return inner.decide(...question)
    },
  }
  const learner = warm({ ...smallOptions(), policy })
  const parts = () => (learner.toJSON().state as { parts: { labeler: object } }).parts.labeler
  const before = JSON.stringify(parts())
  expect(() => learner.decide(signalAt(6), account)).toThrow('division by zero')
  expect(JSON.stringify(parts())).toBe(before)
  expect(learner.status().open).toBe(0)
  broken = false
  expect(learner.decide(signalAt(6), account).id).toBe('tl-1')
})

test('options that cannot be are refused', () => {
  const wrong = (options: Partial<TradeLearnerOptions<SmallSignal>>) =>
    errorOf(() => new TradeLearner<SmallSignal>({ ...smallOptions(), ...options }))
  const models = smallModels(8)
  const swapped = { ...models, success: models.expectedReturn }
  for (const [options, says] of [
    [{ mode: 'paper' as 'live' }, /"mode" must be one of "shadow", "live", "rollout", got "paper"/],
    [{ name: 'a b' }, /"name" must be 1 to 20 characters.*got "a b"/],
    [{ name: 'x'.repeat(21) }, /"name"/],
    [{ maxOpen: 0 }, /"maxOpen" must be a whole number of at least 1, got 0/],
    [{ remember: 0.5 }, /"remember".*got 0.5/],
    [{ reportWithin: -1 }, /"reportWithin".*at least 0, got -1/],
    [{ keepAfterDrift: Number.NaN }, /"keepAfterDrift".*got NaN/],
    [{ models: swapped }, /"models.success" must be a binary learner, got "regression"/],
    [
      { models: { ...models, stopRisk: undefined as never } },
      /"models.stopRisk" must be a binary learner, got undefined/,
    ],
  ] as const) {
    const error = wrong(options)
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toMatch(says)
  }
})

describe('a replay or dataset', () => {
  const candles = [0, 1, 2, 3, 4].map((bar) => candleAt('A', bar, 100))
  const runs = {
    replay: (signals: readonly SmallSignal[], list: readonly Candle[] = candles) =>
      replay({ candles: list, signals, learner: { features: smallOptions().features, clock: still } }),
    buildDataset: (signals: readonly SmallSignal[], list: readonly Candle[] = candles) =>
      buildDataset({ candles: list, signals, features: smallOptions().features }),
  }
  test.each(Object.entries(runs))('%s wants signals and candles in order', (_, run) => {
    const signals = errorOf(() => run([signalAt(3), signalAt(2)]))
    expect(signals.code).toBe('INVALID_OPTION')
    expect(signals.message).toMatch(/oldest first; signal 1 is older/)
    expect(errorOf(() => run([], [candles[1]!, candles[0]!])).code).toBe('OUT_OF_ORDER')
    expect(errorOf(() => run([], [candles[0]!, candles[0]!])).code).toBe('DUPLICATE_CANDLE')
    expect(errorOf(() => run([], [null as never])).code).toBe('INVALID_CANDLE')
    expect(errorOf(() => run([signalAt(3, { symbol: 'Z' })])).code).toBe('UNKNOWN_SYMBOL')
    expect(errorOf(() => run([signalAt(0)])).code).toBe('UNKNOWN_SYMBOL')
    // both refuse the same prices
    expect(errorOf(() => run([signalAt(3, { price: 60_000 })])).message).toMatch(/within a factor of 2.*got 60000/)
    run([], [])
    run([signalAt(1), signalAt(1)], [candles[0]!, candles[1]!])
  })

  test('a replay wants a whole number of candles to wait after a halt', () => {
    const error = errorOf(() =>
      replay({ candles, signals: [], resumeAfter: -1, learner: { features: smallOptions().features } }),
    )
    expect(error.message).toMatch(/"resumeAfter" must be a whole number of at least 0, got -1/)
  })
})
