import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../src/decision/decision-policy.ts'
import { createLimits } from '../../src/decision/limits.ts'
import { RiskLedger } from '../../src/decision/risk-ledger.ts'
import type { Account, Plan } from '../../src/market.ts'
import { errorOf } from '../lifecycle/helpers.ts'

const NOON = Date.UTC(2024, 4, 1, 12)

describe('an option that cannot be is named, with what was wanted and what came:', () => {
  test.each<[string, unknown]>([
    ...(
      ['takeAbove', 'skipBelow', 'baseSize', 'probeSize', 'reduceTo', 'takeFrom', 'kellyFraction', 'costs'] as const
    ).map((name): [string, unknown] => [name, -0.1]),
    ...(['maxNovelty', 'maxMissing'] as const).map((name): [string, unknown] => [name, 1.1]),
    ...(['kellyConfidence', 'fallbackVolatility'] as const).map((name): [string, unknown] => [name, 1]),
    ...(['stopAtr', 'targetAtr', 'targetStretch', 'maxModelAge'] as const).map((name): [string, unknown] => [name, 0]),
    ...(['bandsAround', 'expectedValue', 'sizing', 'targetWithin', 'closing'] as const).map(
      (name): [string, unknown] => [name, 'otherwise'],
    ),
    ['minTrades', 0.5],
  ])('%s of a policy', (name, value) => {
    const { code, message } = errorOf(() => new DecisionPolicy({ [name]: value }))
    expect([code, message]).toEqual(['INVALID_OPTION', expect.stringMatching(new RegExp(`^"${name}" must be .*got`))])
  })

  test.each(['tooFewTrades', 'novel', 'stale', 'incomplete'])('abstentions.%s of a policy', (name) => {
    const { message } = errorOf(() => new DecisionPolicy({ abstentions: { [name]: 'hope' } }))
    expect(message).toBe(`"abstentions.${name}" must be one of "skip", "probe", "baseline", got "hope".`)
  })

  test('what must not be above another', () => {
    const saying = (options: object): string => errorOf(() => new DecisionPolicy(options)).message
    expect(saying({ skipBelow: 0.7 })).toBe('"skipBelow" must be at most 0.6, got 0.7.')
    expect(saying({ reduceTo: 0.6 })).toBe('"reduceTo" must be at most 0.5, got 0.6.')
    expect(saying({ costs: 0.2 })).toBe('"costs" must be at most 0.1, got 0.2.')
    expect(saying({ targetStretch: 0.5 })).toBe('"1 / targetStretch" must be at most 1, got 2.')
    // equal is allowed
    const { options } = new DecisionPolicy({ skipBelow: 0.6, reduceTo: 0.5, costs: 0.1, targetStretch: 1 })
    expect([options.skipBelow, options.costs, options.targetStretch]).toEqual([0.6, 0.1, 1])
  })

  test('words that may be said', () => {
    const words = {
      bandsAround: ['half', 'break-even'],
      expectedValue: ['note', 'veto'],
      sizing: ['confidence', 'kelly', 'bet-size'],
      targetWithin: ['stretch', 'interval'],
      closing: ['judged', 'free'],
    }
    for (const [name, values] of Object.entries(words)) {
      for (const value of values) expect(new DecisionPolicy({ [name]: value }).options).toMatchObject({ [name]: value })
      expect(new DecisionPolicy().options).toMatchObject({ [name]: values[0] })
    }
    const { abstentions } = new DecisionPolicy().options
    expect(abstentions).toEqual({ tooFewTrades: 'baseline', novel: 'skip', stale: 'skip', incomplete: 'skip' })
    expect(Object.isFrozen(abstentions)).toBe(true)
  })

  test.each<[string, object]>([
    ['maxPosition', { maxPosition: 2 }],
    ['maxPositions', { maxPositions: 0.5 }],
    ['maxRisk', { maxRisk: -1 }],
    ['maxOrders', { maxOrders: 0.5 }],
    ['ordersWindow', { ordersWindow: 0 }],
    ['maxSymbolExposure', { maxSymbolExposure: -1 }],
    ['maxSectorExposure', { maxSectorExposure: NaN }],
    ['maxGrossExposure', { maxGrossExposure: '1' }],
    ['maxSideExposure.long', { maxSideExposure: { long: -1 } }],
    ['maxSideExposure.short', { maxSideExposure: { short: -1 } }],
    ['maxDailyLoss', { maxDailyLoss: 2 }],
    ['sectorOf.BTC', { sectorOf: { BTC: '' } }],
  ])('%s of the limits', (name, options) => {
    const { code, message } = errorOf(() => createLimits(options))
    expect([code, message.startsWith(`"${name}" must be`), / got /.test(message)]).toEqual([
      'INVALID_OPTION',
      true,
      true,
    ])
  })
})

describe('a ledger that is read from a file', () => {
  const account: Account = { equity: 10_000, positions: [] }
  const plan: Plan = { action: 'take', size: 0.1, quantity: 10, price: 100, stop: 99, target: 102, reasons: [] }
  const lived = (): RiskLedger => {
    const ledger = new RiskLedger()
    ledger.record({ kind: 'account', account, time: NOON })
    for (const [i, id] of ['a', 'b', 'c'].entries()) {
      const order = { symbol: i === 1 ? 'ETH' : 'BTC', side: i === 2 ? 'short' : 'long' } as const
      ledger.record({ kind: 'decision', id, order, plan, account, time: NOON + i })
    }
    return ledger
  }
  const json = () => JSON.parse(JSON.stringify(lived()))

  test('is the same again', () => {
    expect(JSON.stringify(RiskLedger.fromJSON(json()))).toBe(JSON.stringify(lived()))
    expect(RiskLedger.restore(json(), lived().options).pending(account, NOON + 3)).toEqual(
      lived().pending(account, NOON + 3),
    )
  })

  test('counts what waits by symbol, side and what it does', () => {
    const ledger = lived()
    const waiting = ledger.pending(account, NOON + 3)
    expect(waiting.map(({ id, symbol, side }) => [id, symbol, side])).toEqual([
      ['a', 'BTC', 'long'],
      ['b', 'ETH', 'long'],
      ['c', 'BTC', 'short'],
    ])
    // what the account lists is not counted twice
    const listed = { ...account, positions: [{ id: 'a', symbol: 'BTC', side: 'long', notional: 1000 } as const] }
    expect(ledger.pending(listed, NOON + 3).map(({ id }) => id)).toEqual(['b', 'c'])
  })

  const { state } = json()
  const damaged: [string, object][] = [
    ['a time that is none', { time: { $: 'NaN' } }],
    ['a time beyond all', { time: { $: 'Infinity' } }],
    ['an equity that is none', { equity: { $: 'Infinity' } }],
    ['a low that is none', { low: 0 }],
    ['a start that is none', { start: { $: 'Infinity' } }],
    ['a start of 0', { start: 0 }],
  ]
  const [reservation] = state.reservations as [object]
  for (const change of [
    { id: '' },
    { symbol: '' },
    { side: 'up' },
    { effect: 'hopes' },
    { notional: -1 },
    { notional: { $: 'NaN' } },
    { time: NOON + 1e9 },
  ]) {
    damaged.push([`a reservation with ${JSON.stringify(change)}`, { reservations: [{ ...reservation, ...change }] }])
  }
  test.each(damaged)('is refused with %s', (_, change) => {
    const whole = json()
    for (const name of Object.keys(change)) expect(Object.keys(whole.state)).toContain(name)
    expect(errorOf(() => RiskLedger.fromJSON({ ...whole, state: { ...whole.state, ...change } })).code).toBe(
      'CORRUPT_SNAPSHOT',
    )
  })
})
