import { describe, expect, test } from 'vitest'
import {
  type Abstentions,
  type DecisionContext,
  DecisionPolicy,
  type DecisionPolicySettings,
  type Instead,
} from '../../src/decision/index.ts'
import type { Plan, Prediction } from '../../src/market.ts'

const DAY = 86_400_000
const prediction: Prediction = {
  probability: 0.9,
  expectedReturn: 0.01,
  interval: { low: -0.02, high: 0.02, coverage: 0.9 },
  stopRisk: 0.2,
  trades: 500,
}
const context: DecisionContext = {
  signal: { symbol: 'BTC', side: 'long', price: 100 },
  atr: 1,
  account: { equity: 10_000, positions: [] },
  trades: 500,
  halted: null,
}
const codes = ({ reasons }: Plan): string[] => reasons.map(({ code }) => code)
const decide = (options: DecisionPolicySettings, over: Partial<DecisionContext>, said = prediction): Plan =>
  new DecisionPolicy(options).decide(said, { ...context, ...over })

type Case = [name: keyof Abstentions, code: string, options: DecisionPolicySettings, over: Partial<DecisionContext>]
const CASES: Case[] = [
  ['tooFewTrades', 'MIN_DATA', {}, { trades: 99 }],
  ['stale', 'STALE_MODEL', { maxModelAge: DAY }, { modelAge: DAY + 1 }],
  ['incomplete', 'FEATURES_INCOMPLETE', { maxMissing: 0.25 }, { missing: 0.26 }],
  ['novel', 'OUT_OF_DISTRIBUTION', {}, { novelty: 0.999 }],
]

describe.each(CASES)('%s', (name, code, options, over) => {
  const instead = (what: Instead): Plan => decide({ ...options, abstentions: { [name]: what } }, over)

  test('is skipped, taken as a probe, or taken as without a model: as the options say', () => {
    expect([instead('skip'), codes(instead('skip'))]).toEqual([
      expect.objectContaining({ action: 'skip', size: 0 }),
      [code],
    ])
    expect([instead('probe'), codes(instead('probe'))]).toEqual([
      expect.objectContaining({ action: 'reduce', size: 0.01, quantity: 1 }),
      [code, 'PROBE'],
    ])
    expect([instead('baseline'), codes(instead('baseline'))]).toEqual([
      expect.objectContaining({ action: 'take', size: 0.1, quantity: 10 }),
      [code, 'BASELINE'],
    ])
  })

  test('says so in a sentence with its numbers', () => {
    expect(instead('skip').reasons[0]!.text).toMatch(/\d/)
    expect(instead('skip').reasons[0]!.text).not.toMatch(/NaN|undefined/)
  })

  test('up to its border is none', () => {
    const border = { trades: 100, modelAge: DAY, missing: 0.25, novelty: 0.995 }
    expect(codes(decide(options, border))).toEqual(['TAKE_BAND'])
  })
})

test('by default too little data falls back to the baseline, and the others skip', () => {
  expect(new DecisionPolicy().options.abstentions).toEqual({
    tooFewTrades: 'baseline',
    novel: 'skip',
    stale: 'skip',
    incomplete: 'skip',
  })
})

test('age and missing features do not matter by default', () => {
  for (const over of [{ modelAge: 1e15 }, { missing: 1 }, {}]) expect(codes(decide({}, over))).toEqual(['TAKE_BAND'])
})

test('what is not known where it matters is too old, too incomplete, too novel', () => {
  expect(codes(decide({ maxModelAge: DAY }, {}))).toEqual(['STALE_MODEL'])
  expect(codes(decide({ maxMissing: 0.5 }, {}))).toEqual(['FEATURES_INCOMPLETE'])
  expect(codes(decide({}, { modelAge: NaN }))).toEqual(['STALE_MODEL'])
  expect(codes(decide({}, { missing: NaN }))).toEqual(['FEATURES_INCOMPLETE'])
  expect(codes(decide({}, { novelty: NaN }))).toEqual(['OUT_OF_DISTRIBUTION'])
})

test('a number that cannot be is skipped, whatever is done otherwise', () => {
  const abstentions = {
    tooFewTrades: 'baseline',
    novel: 'baseline',
    stale: 'baseline',
    incomplete: 'baseline',
  } as const
  const plan = decide({ abstentions }, { novelty: 1 }, { ...prediction, probability: NaN })
  expect([plan.size, codes(plan)]).toEqual([0, ['INVALID_PREDICTION']])
})

describe('a probe', () => {
  const cause = { code: 'DRAWDOWN', text: 'Equity fell.' }

  test('is all that may be traded after a lock, with the model and without it', () => {
    const policy = new DecisionPolicy({ probeSize: 0.02 })
    const probing = { ...context, probe: cause }
    expect(policy.baseline(probing).size).toBe(0.02)
    const plan = policy.decide(prediction, probing)
    expect(plan.size).toBeLessThan(0.02)
    expect(codes(plan)).toEqual(['TAKE_BAND', 'PROBE'])
    expect(plan.reasons[1]!.text).toContain('DRAWDOWN: Equity fell.')
  })

  test('is never larger than the baseline', () => {
    const policy = new DecisionPolicy({ baseSize: 0.005, abstentions: { novel: 'probe' } })
    expect(policy.baseline({ ...context, probe: cause }).size).toBe(0.005)
    expect(policy.decide(prediction, { ...context, novelty: 1 }).size).toBe(0.005)
  })

  test('a cause that got lost on the way still makes it one', () => {
    const lost = { ...context, probe: {} as unknown as typeof cause }
    expect(new DecisionPolicy().baseline(lost).size).toBe(0.01)
  })
})

describe('an order against a position', () => {
  const account = { equity: 10_000, positions: [{ symbol: 'BTC', side: 'short', notional: 300 } as const] }
  const against = (closing: 'judged' | 'free', said: Prediction, over: Partial<DecisionContext> = {}): Plan =>
    decide({ closing }, { account, ...over }, said)

  test('is judged by the model as a whole, or free to close', () => {
    for (const said of [
      { ...prediction, probability: 0.1 },
      { ...prediction, probability: NaN },
    ]) {
      expect(against('judged', said).size).toBe(0)
      const plan = against('free', said)
      expect([plan.action, plan.size]).toEqual(['take', expect.closeTo(0.03, 12)])
      expect(codes(plan).at(-1)).toBe('CLOSES_POSITION')
    }
    expect(against('free', prediction)).toEqual(against('judged', prediction))
    expect(against('free', { ...prediction, probability: 0.1 }, { novelty: 1 }).size).toBeCloseTo(0.03, 12)
  })
})

test('a policy names its limits', () => {
  const [a, b] = [new DecisionPolicy(), new DecisionPolicy({ takeAbove: 0.7, limits: { maxRisk: 0.01 } })]
  expect(a.limitsFingerprint).toMatch(/^[0-9a-f]{8}$/)
  expect(b.limitsFingerprint).toBe(a.limitsFingerprint)
  expect(new DecisionPolicy({ limits: { maxRisk: 0.02 } }).limitsFingerprint).not.toBe(a.limitsFingerprint)
})

test.each<[DecisionPolicySettings]>([
  [{ sizing: 'all-in' as 'kelly' }],
  [{ expectedValue: 'maybe' as 'note' }],
  [{ kellyFraction: 1.5 }],
  [{ kellyConfidence: 1 }],
  [{ probeSize: NaN }],
  [{ maxModelAge: 0 }],
  [{ maxMissing: 2 }],
  [{ closing: 'never' as 'free' }],
  [{ targetWithin: 'reach' as 'interval' }],
  [{ abstentions: { novel: 'take' as 'skip' } }],
])('refuses the options %j', (bad) => {
  expect(() => new DecisionPolicy(bad)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
