import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue, Snapshot } from '../../src/contracts.ts'
import { TradeLearnError } from '../../src/core/errors.ts'
import { RiskLedger } from '../../src/decision/index.ts'
import { FeatureEngineer, numeric, rsi } from '../../src/features/index.ts'
import { PrototypeNovelty } from '../../src/learners/index.ts'
import { FeatureMonitor, Rollout, TradeLearner } from '../../src/lifecycle/index.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  type SmallSignal,
  START,
  signalAt,
  smallFeatures,
  smallModels,
  smallOptions,
  stateOf,
  warm,
} from './helpers.ts'
import { type BotEvent, happen, newWorld, opening } from './stream.ts'

/** {@link smallOptions} with every part that is optional. */
function allOptions() {
  const options = smallOptions()
  const { schema } = options.features
  const novelty = new PrototypeNovelty({ features: schema.size, prototypes: 10, window: 15, minSamples: 40 })
  const rollout = new Rollout({ name: 'first' })
  return {
    ...options,
    mode: 'live' as const,
    rollout,
    novelty,
    monitor: new FeatureMonitor({ schema, reference: 20 }),
    ledger: new RiskLedger(),
  }
}

/** A learner that has been through everything: labels of all kinds, refits, drift, a halt, open decisions. */
function seasoned(): TradeLearner<SmallSignal> {
  const learner = new TradeLearner<SmallSignal>(allOptions())
  learner.challenge(smallModels(smallOptions().features.schema.size), 'second')
  const world = newWorld()
  const events: BotEvent[] = [...opening]
  for (let i = 0; i < 60; i++) {
    const symbol = i % 2 ? 'A' : 'B'
    const side = i % 3 ? 'long' : 'short'
    const source = i % 4 ? 'ai' : 'rules'
    events.push(
      { kind: 'candle', symbol, move: 0.02 * Math.sin(i), wick: 0.004, gap: 1 },
      {
        kind: 'signal',
        symbol,
        side,
        confidence: (i % 7) / 7,
        source,
        bracket: i % 2 > 0,
        equity: 1e5,
        held: 0,
        filled: i % 5 > 2,
      },
      { kind: 'outcome', pick: i, move: i < 40 === (source === 'ai') ? 0.02 : -0.01, paid: i % 2 > 0 },
      { kind: i % 5 ? 'resume' : 'refit' },
    )
  }
  const signal = {
    side: 'long',
    confidence: 0.4,
    source: 'ai',
    bracket: true,
    equity: 1e5,
    held: 0,
    filled: true,
  } as const
  events.push({ kind: 'signal', symbol: 'A', ...signal }, { kind: 'signal', symbol: 'B', ...signal }, { kind: 'halt' })
  for (const event of events) happen(learner, world, event)
  return learner
}
const saved = stateOf(seasoned())
const whole = (): Snapshot => JSON.parse(saved)
const restore = (snapshot: unknown): TradeLearner<SmallSignal> =>
  TradeLearner.restore<SmallSignal>(snapshot as Snapshot, allOptions())
const refusal = (snapshot: unknown): TradeLearnError => errorOf(() => restore(snapshot))

type Tree = { [key: string]: JsonValue }
/** The same snapshot with one value replaced, or removed where `value` is undefined. */
function altered(path: readonly string[], value: JsonValue | undefined): Snapshot {
  const copy = whole()
  let at = copy as unknown as Tree
  for (const key of path.slice(0, -1)) at = at[key] as Tree
  if (value === undefined) delete at[path.at(-1)!]
  else at[path.at(-1)!] = value
  // as a file would say it
  return JSON.parse(JSON.stringify(copy))
}
/** Every path in a snapshot. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))
  return path.length > 0 ? [path, ...inner] : inner
}
const paths = pathsOf(whole())
// nobody is beaten yet
const parts = Object.entries((whole().state as { parts: object }).parts).flatMap(([name, part]) => (part ? [name] : []))

test('the snapshot that is damaged below is a rich one', () => {
  const { trades, open, drift, killSwitch } = restore(saved).status()
  expect(trades).toBeGreaterThan(50)
  expect(open).toBeGreaterThanOrEqual(2)
  expect(killSwitch.halted).toBe(true)
  expect(drift.marks.length).toBeGreaterThan(0)
  expect(saved).toMatch(/"refits":[1-9]/)
  expect(stateOf(restore(saved))).toBe(saved)
  expect(parts).toHaveLength(13)
})

test('a text that was cut short, anywhere, is refused', () => {
  fc.assert(
    fc.property(fc.nat(saved.length - 1), (length) => {
      const error = refusal(saved.slice(0, length))
      expect(error.code).toBe('CORRUPT_SNAPSHOT')
      expect(error.message).toContain(`whole JSON text, got ${length} characters`)
    }),
    { numRuns: 50, seed: 1 },
  )
})

describe('what is no snapshot is refused:', () => {
  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a number', 7],
    ['an empty text', ''],
    ['the text null', 'null'],
    ['an array', []],
    ['another’s snapshot', { type: 'adwin', version: 1, options: {}, state: {} }],
  ])('%s', (_, value) => {
    expect(['CORRUPT_SNAPSHOT', 'UNKNOWN_SNAPSHOT']).toContain(refusal(value).code)
  })
})

describe('a snapshot with a piece missing is refused and the piece is named:', () => {
  const pieces = [
    ...['type', 'version', 'options', 'state'].map((key) => [key]),
    ['options', 'schema'],
    ...['self', 'board', 'book', 'parts'].map((key) => ['state', key]),
    ...['marks', 'time', 'champion', 'challenger', 'trial'].map((key) => ['state', 'self', key]),
    ...['next', 'open', 'closed'].map((key) => ['state', 'book', key]),
    ...['decision', 'x', 'meta', 'bar', 'traded', 'label', 'waited'].map((key) => ['state', 'book', 'open', '0', key]),
    ...['id', 'prediction', 'model', 'reasons'].map((key) => ['state', 'book', 'open', '0', 'decision', key]),
    ...['y', 'netReturn', 'exitReason'].map((key) => ['state', 'book', 'closed', '0', 'label', key]),
    ...[...parts, 'previous'].map((key) => ['state', 'parts', key]),
    ...parts.flatMap((part) =>
      // a kill switch that cannot be read comes back halted, see below
      ['type', 'version', 'options', 'state']
        .filter((key) => part !== 'killSwitch' || key === 'type')
        .map((key) => ['state', 'parts', part, ...(part === 'detectors' ? ['0'] : []), key]),
    ),
  ]
  test.each(pieces.map((path) => [path.join('.'), path] as const))('%s', (_, path) => {
    const { code, message } = refusal(altered(path, undefined))
    expect(['CORRUPT_SNAPSHOT', 'UNKNOWN_SNAPSHOT', 'SCHEMA_MISMATCH'], message).toContain(code)
    expect(message).toMatch(/must|[Ww]anted|No codec/)
    expect(message).toMatch(/got|given/)
    const named = path.findLast((key) => !/^\d$/.test(key))!
    if (!['type', 'schema'].includes(named)) expect(message).toContain(named)
  })
})

test('a kill switch that cannot be read comes back halted', () => {
  for (const [key, value] of [
    ['state', undefined],
    ['options', undefined],
    ['version', 99],
    ['state', {}],
  ] as const) {
    const learner = restore(altered(['state', 'parts', 'killSwitch', key], value))
    expect(learner.status().killSwitch.cause?.code).toBe('UNREADABLE')
    const later = signalAt(99)
    expect(learner.decide(later, account).action).toBe('skip')
  }
})

test('a newer version is refused with both numbers, outside and within', () => {
  const outer = refusal(altered(['version'], 7))
  expect([outer.code, outer.message]).toEqual([
    'UNSUPPORTED_VERSION',
    'The "trade-learner" snapshot has version 7; this release reads up to 6. Update tradelearn.',
  ])
  for (const part of ['features', 'labeler', 'success', 'interval']) {
    const inner = refusal(altered(['state', 'parts', part, 'version'], 3))
    expect(inner.code).toBe('UNSUPPORTED_VERSION')
    expect(inner.message).toMatch(/version 3; this release reads up to [12]/)
  }
  expect(refusal(altered(['version'], 'one')).code).toBe('CORRUPT_SNAPSHOT')
})

describe('a snapshot of other features is refused', () => {
  test('with the difference named', () => {
    const other = new FeatureEngineer({ candles: { rsi: rsi(9) }, meta: { confidence: numeric(), mood: numeric() } })
    const error = errorOf(() => TradeLearner.restore(saved, { ...smallOptions(), features: other } as never))
    expect(error.code).toBe('SCHEMA_MISMATCH')
    expect(error.message).toMatch(/added mood; removed atr.*changed rsi from rsi\(3\) to rsi\(9\)/)
  })

  test('even where the features are the user’s own and their codec does not look', () => {
    const features = smallFeatures()
    const lax = Object.assign(Object.create(features), {
      schema: { ...features.schema, fingerprint: 'today' },
      codec: () => features.codec(),
    })
    const error = errorOf(() => TradeLearner.restore(saved, { ...smallOptions(), features: lax }))
    expect(error.code).toBe('SCHEMA_MISMATCH')
    expect(error.message).toContain('(today)')
    expect(error.message).toContain(features.schema.fingerprint)
  })

  test('even where only the outer fingerprint is another', () => {
    expect(refusal(altered(['options', 'schema'], 'abc')).message).toMatch(/got others \("abc"\)/)
  })
})

test('a readable part in the place of another is refused, above all in that of the kill switch', () => {
  const base = {
    type: 'base-rate',
    version: 1,
    options: { features: 8, halfLife: 9 },
    state: { seen: 0, total: 0, mean: 0 },
  }
  for (const part of ['features', 'labeler', 'killSwitch', 'interval', 'expectedReturn']) {
    const { code, message } = refusal(altered(['state', 'parts', part], base))
    expect(['CORRUPT_SNAPSHOT', 'UNKNOWN_SNAPSHOT', 'INVALID_OPTION'], message).toContain(code)
  }
  expect(refusal(altered(['state', 'parts', 'killSwitch'], base)).message).toBe(
    'The kill switch must be restored from a "kill-switch" snapshot, got "base-rate".',
  )
  expect(refusal(altered(['state', 'parts', 'detectors', '0'], base)).message).toMatch(
    /"detectors".*"update".*"base-rate"/,
  )
})

test('ids that could be given again are refused', () => {
  expect(refusal(altered(['state', 'book', 'next'], 3)).message).toMatch(/ids of their own, numbered below 3/)
  expect(refusal(altered(['state', 'book', 'next'], 0)).message).toMatch(/"state.book.next".*at least 1, got 0/)
  const first = (whole().state as unknown as { book: { open: { decision: { id: string } }[] } }).book.open[0]!
  expect(refusal(altered(['state', 'book', 'open', '1', 'decision', 'id'], first.decision.id)).code).toBe(
    'CORRUPT_SNAPSHOT',
  )
})

test.each(['challenger', 'trial', 'exploration'])('a %s of a decision that is none is refused', (part) => {
  for (const value of [null, 'x', [], {}]) {
    const damaged = altered(['state', 'book', 'open', '0', 'decision', part], value)
    expect(refusal(damaged).message).toMatch(`"state.book.decision.${part}`)
  }
})

test('whatever single value is damaged, the answer is a coded error or a learner that works', () => {
  const damage = fc.constantFrom<JsonValue | undefined>(undefined, null, 'x', -1, 0.5, true, [], {}, { $: 'NaN' }, [
    null,
  ])
  let refusals = 0
  fc.assert(
    fc.property(fc.constantFrom(...paths), damage, (path, value) => {
      let learner: TradeLearner<SmallSignal>
      try {
        learner = restore(altered(path, value))
      } catch (error) {
        expect(error, path.join('.')).toBeInstanceOf(TradeLearnError)
        expect((error as TradeLearnError).message).toMatch(/must|[Ww]anted|No codec|read/)
        refusals++
        return
      }
      try {
        learner.status()
        learner.resume('the fuzz goes on')
        const { id } = learner.decide(signalAt(99), account)
        learner.explain(id)
        for (const { id } of learner.openDecisions()) learner.learn(id, { exitPrice: 101, exitTime: START + 99 * HOUR })
        learner.onCandle(candleAt('A', 99, 101))
        if (learner.refitDue) for (const _ of learner.refit());
        restore(stateOf(learner))
      } catch (error) {
        expect(error, path.join('.')).toBeInstanceOf(TradeLearnError)
      }
    }),
    { numRuns: 600, seed: 7 },
  )
  expect(refusals).toBeGreaterThan(200)
})

test('a failed restore leaves today’s parts as they were', () => {
  const options = smallOptions()
  options.features.update(candleAt('A', 0, 50))
  const before = JSON.stringify([options.features, options.killSwitch, options.models, options.labeler])
  errorOf(() => TradeLearner.restore<SmallSignal>(altered(['state', 'self'], undefined), options))
  expect(JSON.stringify([options.features, options.killSwitch, options.models, options.labeler])).toBe(before)
  expect(warm(options as never, 0).status().trades).toBe(0)
})
