import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyLimits,
  type DecisionContext,
  DecisionPolicy,
  type DecisionPolicySettings,
  REASONS,
} from '../../../src/decision/index.ts'
import { AdaptivePolicy } from '../../../src/lifecycle/index.ts'
import type { Account, Plan, Position, Prediction, Side } from '../../../src/market.ts'
import { policyLaws } from '../../../src/testing/policy-laws.ts'
import { learntParameters } from './learnt.ts'

/** Evenly from 0 to 1, and now and then any number between them. */
const share = fc.oneof(
  { arbitrary: fc.noBias(fc.integer({ min: 0, max: 1000 })).map((k) => k / 1000), weight: 4 },
  { arbitrary: fc.double({ min: 0, max: 1, noNaN: true }), weight: 1 },
)
const prediction: fc.Arbitrary<Prediction> = fc.record(
  {
    probability: fc.oneof(
      { arbitrary: share, weight: 5 },
      { arbitrary: fc.constantFrom(NaN, 0, 1, 0.5, -1, Infinity), weight: 1 },
    ),
    probabilityLow: fc.constantFrom(0, 0.3, 0.5),
    expectedReturn: fc.oneof(
      { arbitrary: fc.double({ min: -0.1, max: 0.1, noNaN: true }), weight: 5 },
      { arbitrary: fc.constantFrom(NaN, Infinity, 1e300, -1e300), weight: 1 },
    ),
    interval: fc.constantFrom({ low: -Infinity, high: Infinity, coverage: 0.9 }, { low: 0, high: 0.01, coverage: 0.9 }),
    stopRisk: share,
    trades: fc.nat(),
  },
  { requiredKeys: ['probability', 'expectedReturn', 'interval', 'stopRisk', 'trades'] },
)
const account: fc.Arbitrary<Account> = fc.record({
  equity: fc.double({ min: 0.01, max: 1e9, noNaN: true }),
  positions: fc.array(
    fc.record<Position>({
      symbol: fc.constantFrom('BTC', 'ETH'),
      side: fc.constantFrom<Side>('long', 'short'),
      notional: fc.double({ min: 0, max: 5000, noNaN: true }),
    }),
    { maxLength: 6 },
  ),
})
/** How far away the bot's own price lies, where it gives one. */
const own = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 3 },
  { arbitrary: fc.double({ min: 0.001, max: 0.9, noNaN: true }), weight: 1 },
)
const signal = fc
  .record({
    symbol: fc.constantFrom('BTC', 'ETH', 'SOL'),
    side: fc.constantFrom<Side>('long', 'short'),
    price: fc.double({ min: 1e-8, max: 1e7, noNaN: true }),
    stop: own,
    target: own,
    // so that volatility is some per cent of the price
    atr: fc.oneof(
      { arbitrary: share.map((k) => k / 10), weight: 5 },
      { arbitrary: fc.constantFrom(NaN, 0, 1e9), weight: 1 },
    ),
  })
  .map(({ stop, target, atr, ...entry }) => {
    const sign = entry.side === 'long' ? 1 : -1
    return {
      atr: atr * entry.price,
      signal: {
        ...entry,
        ...(stop === undefined ? {} : { stop: entry.price * (1 - sign * stop) }),
        ...(target === undefined ? {} : { target: entry.price * (1 + sign * target) }),
      },
    }
  })
const vote = fc.constantFrom<number | boolean | string | null>(1, -1, 0, true, false, NaN, -Infinity, 'up', null)
const context: fc.Arbitrary<DecisionContext> = fc
  .record({
    about: signal,
    account,
    trades: fc.constantFrom(0, 100, 100, 5000),
    halted: fc.constantFrom(null, null, null, null, { code: 'LATENCY', text: 'slow' }),
    probe: fc.constantFrom(null, null, null, { code: 'LOSS_STREAK', text: 'lost' }),
    novelty: fc.constantFrom(0, 0, 0, 1),
    meta: fc.option(fc.record({ a: vote, b: vote }), { nil: undefined }),
  })
  .map(({ about, meta, ...rest }) => ({ ...about, ...rest, ...(meta === undefined ? {} : { meta }) }))

/** A number on a grid, with its bounds. */
const range = (low: number, high: number, step: number) =>
  fc.noBias(fc.integer({ min: 0, max: Math.floor((high - low) / step) })).map((k) => ({
    ...{ low, high, step },
    approved: Math.min(high, low + k * step),
  }))
const at = fc.noBias(fc.integer({ min: 0, max: 999 })).map((k) => k / 1000)
const world = fc
  .record({
    settings: fc.record({
      reduceTo: fc.double({ min: 0, max: 0.5, noNaN: true }),
      takeFrom: fc.double({ min: 0.5, max: 1, noNaN: true }),
      bandsAround: fc.constantFrom<'half' | 'break-even'>('half', 'break-even'),
      expectedValue: fc.constantFrom<'note' | 'veto'>('note', 'veto'),
      sizing: fc.constantFrom<'confidence' | 'kelly' | 'bet-size'>('confidence', 'kelly', 'bet-size'),
      closing: fc.constantFrom<'judged' | 'free'>('judged', 'free'),
      targetWithin: fc.constantFrom<'stretch' | 'interval'>('stretch', 'interval'),
      baseSize: share,
      probeSize: fc.double({ min: 0, max: 0.02, noNaN: true }),
      costs: fc.constantFrom(0, 0.001, 0.001, 0.001, 0.1),
      abstentions: fc.constantFrom({}, { tooFewTrades: 'probe' as const, novel: 'baseline' as const }),
      limits: fc.record({
        maxPosition: fc.oneof(fc.constantFrom(0, 1, 1), share),
        maxPositions: fc.constantFrom(0, 3, 20, 20),
        maxRisk: fc.oneof(fc.constantFrom(0, 1, 1), fc.double({ min: 0, max: 0.1, noNaN: true })),
      }),
    }),
    skipShare: fc.constantFrom(0.2, 0.7, 1),
    entryThreshold: range(0.05, 0.95, 0.05),
    sizeMultiplier: fc.oneof(fc.constant({ low: 0, high: 1, step: 0.1, approved: 1 }), range(0, 1, 0.1)),
    stopAtr: range(0.4, 8, 0.4),
    targetAtr: range(0.4, 8, 0.4),
    weight: range(0.5, 3, 0.5),
    learnt: fc.tuple(at, at, at, at, at, at),
    record: fc.array(
      fc.tuple(fc.integer({ min: 0, max: 500 }), share).map(([n, won]) => [n, Math.floor(n * won)]),
      { minLength: 4, maxLength: 4 },
    ),
  })
  .map(({ settings, skipShare, learnt, record, ...ranges }) => {
    const whole = { ...settings, skipBelow: ranges.entryThreshold.approved * skipShare } as DecisionPolicySettings
    const options = { ...ranges, sources: ['a', 'b'] }
    const { entryThreshold, sizeMultiplier, stopAtr, targetAtr, weight } = ranges
    const index = [entryThreshold, sizeMultiplier, stopAtr, targetAtr, weight, weight].map(
      ({ approved, low, high, step }, i) => {
        const [below, above] = [approved - low, high - approved].map((room) => Math.floor(room / step + 1e-9))
        return Math.floor(learnt[i]! * (below! + above! + 1))
      },
    )
    const approved = { takeAbove: entryThreshold.approved, stopAtr: stopAtr.approved, targetAtr: targetAtr.approved }
    const parameters = learntParameters(options, { index, record: record.flat() })
    return { adaptive: new AdaptivePolicy({ ...whole, parameters }), parameters, settings: { ...whole, ...approved } }
  })
const runs = { numRuns: 2000 }

const lost = ({ size, quantity, price, stop }: Plan): readonly [number, number] => [
  size * Math.abs(price - stop),
  quantity * Math.abs(price - stop),
]
const closes = ({ size }: Plan, { account, signal }: DecisionContext): boolean => {
  let [own, against] = [0, 0]
  for (const { symbol, side, notional } of account.positions) {
    if (symbol !== signal.symbol) continue
    if (side === signal.side) own += notional
    else against += notional
  }
  return own === 0 && size * account.equity <= against
}
/** That `plan` is no more than `other` in anything. */
function noMore(plan: Plan, other: Plan): void {
  expect(plan.size <= other.size && plan.quantity <= other.quantity).toBe(true)
  const [now, then] = [lost(plan), lost(other)]
  expect(now[0] <= then[0] && now[1] <= then[1]).toBe(true)
}

describe('whatever was learnt', () => {
  test('a plan is never more than the baseline’s, nor loses more at its stop, and every limit holds', () => {
    let traded = 0
    let moved = 0
    fc.assert(
      fc.property(world, prediction, context, ({ adaptive, parameters, settings }, said, about) => {
        const plan = adaptive.decide(said, about)
        const base = new DecisionPolicy(settings).baseline(about)
        expect(adaptive.baseline(about)).toEqual(base)
        noMore(plan, base)
        expect((plan.stop - plan.price) * (base.stop - base.price)).toBeGreaterThan(0)
        expect((plan.target - plan.price) * (base.target - base.price)).toBeGreaterThan(0)
        if (about.signal.stop !== undefined) expect(plan.stop).toBe(about.signal.stop)
        if (about.signal.target !== undefined) expect(plan.target).toBe(about.signal.target)
        // size, distances and votes only take away from what the threshold alone would have made of it
        const { skipBelow, takeAbove } = settings
        const { entryThreshold } = parameters.values
        const below = skipBelow === takeAbove ? entryThreshold : Math.min(skipBelow!, entryThreshold)
        noMore(
          plan,
          new DecisionPolicy({ ...settings, takeAbove: entryThreshold, skipBelow: below }).decide(said, about),
        )
        // asked again, the limits take nothing off
        const { account, signal } = about
        const { limits } = adaptive.options
        expect(applyLimits({ ...plan, reasons: [] }, signal, account, limits).size).toBe(plan.size)
        expect(plan.quantity * plan.price <= plan.size * account.equity).toBe(true)
        if (!closes(plan, about)) expect(lost(plan)[1] <= limits.maxRisk * account.equity).toBe(true)
        if (plan.size > 0) traded++
        if (plan.size > 0 && plan.stop !== base.stop) moved++
      }),
      runs,
    )
    // the law is about something
    expect(traded).toBeGreaterThan(200)
    expect(moved).toBeGreaterThan(10)
  })

  test('a halt adds nothing, and with closing set free what closes is closed', () => {
    fc.assert(
      fc.property(world, prediction, context, ({ adaptive, settings }, said, about) => {
        const halted = { ...about, halted: { code: 'OPERATOR', text: 'x' } }
        const plan = adaptive.decide(said, halted)
        expect(plan.size === 0 || closes(plan, halted)).toBe(true)
        const base = new DecisionPolicy(settings).baseline(about)
        if (settings.closing !== 'free' || !closes(base, about)) return
        expect(adaptive.decide(said, about).size).toBeGreaterThanOrEqual(base.size * (1 - 1e-12))
      }),
      runs,
    )
  })

  test('what only the operator’s rules decide is as it was, and all else that differs says so', () => {
    fc.assert(
      fc.property(world, prediction, context, ({ adaptive, parameters, settings }, said, about) => {
        // a smaller size that the operator asks for is nothing learnt
        if (parameters.options.sizeMultiplier.approved < 1) return
        const plan = adaptive.decide(said, about)
        const own = new DecisionPolicy(settings).decide(said, about)
        const codes = plan.reasons.map(({ code }) => code)
        for (const { code, text } of plan.reasons) {
          expect(Object.hasOwn(REASONS, code)).toBe(true)
          if (code === 'ADAPTED' || code === 'SOURCES') expect(text).not.toMatch(/undefined|NaN|null/)
        }
        const { action, size, quantity, stop, target } = plan
        const differs =
          action !== own.action ||
          size !== own.size ||
          quantity !== own.quantity ||
          (size > 0 && (stop !== own.stop || target !== own.target))
        if (differs) expect(codes.some((code) => code === 'ADAPTED' || code === 'SOURCES')).toBe(true)
        else if (!codes.includes('ADAPTED')) expect(plan).toEqual(own)
      }),
      runs,
    )
  })
})

test('at the approved values, and without sources, it decides to the bit as a DecisionPolicy', () => {
  const [adaptive, own] = [new AdaptivePolicy({ baseSize: 0.05 }), new DecisionPolicy({ baseSize: 0.05 })]
  fc.assert(
    fc.property(prediction, context, (said, about) => {
      expect(adaptive.decide(said, about)).toEqual(own.decide(said, about))
      expect(adaptive.baseline(about)).toEqual(own.baseline(about))
    }),
    runs,
  )
  expect([adaptive.options, adaptive.limitsFingerprint]).toEqual([own.options, own.limitsFingerprint])
})

describe('the laws of policies', () => {
  const cases = fc.sample(fc.tuple(prediction, context), { numRuns: 40, seed: 1 })
  const { parameters } = fc.sample(world, { numRuns: 1, seed: 5 })[0]!
  test.each(policyLaws(() => new AdaptivePolicy({ parameters, skipBelow: 0.05 }), cases))('$name', ({ run }) => run())
})
