import { describe, expect, test } from 'vitest'
import { applyLimits, onlyClosing } from '../../src/decision/apply-limits.ts'
import { createLimits, type LimitOptions } from '../../src/decision/limits.ts'
import { RiskLedger } from '../../src/decision/risk-ledger.ts'
import type { Account, Plan, Position, Side } from '../../src/market.ts'

const NOON = Date.UTC(2024, 4, 1, 12)
const HOUR = 3_600_000
const plan = (size = 0.1): Plan => ({
  ...{ action: 'take', size, quantity: 0, price: 100, stop: 99.9, target: 102 },
  reasons: [{ code: 'BASELINE', text: '' }],
})
const held = (symbol: string, side: Side, notional: number): Position => ({ symbol, side, notional })
const account = (...positions: Position[]): Account => ({ equity: 10_000, positions })
const long = (symbol: string) => ({ symbol, side: 'long' as const })
const codes = ({ reasons }: Plan): string[] => reasons.map(({ code }) => code).filter((code) => code !== 'BASELINE')

describe('createLimits', () => {
  test('limits are frozen all the way down and cut off from what they were made of', () => {
    const sectorOf: { [symbol: string]: string } = { BTC: 'coins' }
    const limits = createLimits({ sectorOf, maxSideExposure: { long: 1 } })
    sectorOf['BTC'] = 'metals'
    expect(limits.sectorOf['BTC']).toBe('coins')
    expect([limits, limits.sectorOf, limits.maxSideExposure].every(Object.isFrozen)).toBe(true)
    expect(limits.maxSideExposure).toEqual({ long: 1, short: Infinity })
  })

  test('equal limits have one fingerprint, and each limit changes it', () => {
    const others: LimitOptions[] = [
      ...[{ maxPosition: 0.2 }, { maxPositions: 3 }, { maxRisk: 0.02 }, { maxOrders: 3 }, { ordersWindow: 1000 }],
      ...[{ maxSymbolExposure: 1 }, { maxSectorExposure: 1 }, { sectorOf: { BTC: 'coins' } }, { maxGrossExposure: 1 }],
      ...[{ maxSideExposure: { long: 1 } }, { maxSideExposure: { short: 1 } }, { maxDailyLoss: 0.03 }],
    ]
    const prints = [{}, ...others].map((options) => createLimits(options).fingerprint)
    expect(new Set(prints).size).toBe(others.length + 1)
    expect(createLimits(createLimits({ maxOrders: 3 })).fingerprint).toBe(prints[4])
    expect(createLimits({ sectorOf: { A: 'x', B: 'y' } }).fingerprint).toBe(
      createLimits({ sectorOf: { B: 'y', A: 'x' } }).fingerprint,
    )
  })

  test.each([
    [{ maxOrders: 1.5 }],
    [{ maxOrders: NaN }],
    [{ ordersWindow: 0 }],
    [{ maxGrossExposure: -1 }],
    [{ maxSymbolExposure: NaN }],
    [{ maxSectorExposure: '1' as never as number }],
    [{ maxSideExposure: { long: NaN } }],
    [{ maxDailyLoss: 2 }],
    [{ sectorOf: { BTC: '' } }],
  ])('refuses %o', (options) => {
    expect(() => createLimits(options)).toThrow(/must be/)
  })
})

describe('exposure', () => {
  const positions = [held('BTC', 'short', 500), held('ETH', 'long', 700), held('SPY', 'long', 300)]
  const sectorOf = { BTC: 'coins', ETH: 'coins', SPY: 'shares' }
  test.each<[string, LimitOptions, string, number, string]>([
    ['in the symbol adds up both sides', { maxSymbolExposure: 0.1 }, 'ETH', 0.03, 'MAX_SYMBOL'],
    ['in the sector adds up both sides', { maxSectorExposure: 0.15, sectorOf }, 'SOL', 0.1, ''],
    ['in the sector counts its symbols', { maxSectorExposure: 0.15, sectorOf }, 'ETH', 0.03, 'MAX_SECTOR'],
    ['in no sector is one sector', { maxSectorExposure: 0.05, sectorOf: { BTC: 'coins' } }, 'SOL', 0, 'MAX_SECTOR'],
    ['on a side leaves the other out', { maxSideExposure: { long: 0.15 } }, 'SOL', 0.05, 'MAX_SIDE'],
    ['on the other side does not matter', { maxSideExposure: { short: 0 } }, 'SOL', 0.1, ''],
    ['over all adds up everything', { maxGrossExposure: 0.2 }, 'SOL', 0.05, 'MAX_GROSS'],
    ['with borrowed money may be above 1', { maxGrossExposure: 1.5 }, 'SOL', 0.1, ''],
  ])('%s', (_, options, symbol, size, code) => {
    const limits = createLimits({ maxPosition: 1, ...options })
    const given = applyLimits(plan(), long(symbol), account(...positions), limits)
    expect(given.size).toBeCloseTo(size, 12)
    expect(codes(given)).toEqual(code === '' ? [] : [code])
  })

  test('that is full stands against nothing that closes', () => {
    const full = createLimits({
      maxPosition: 1,
      maxGrossExposure: 0.1,
      maxSymbolExposure: 0,
      maxSideExposure: { long: 0 },
    })
    const given = applyLimits(plan(), long('BTC'), account(...positions), full)
    expect(given.size).toBeCloseTo(0.05, 12)
    expect(codes(given)).toContain('CLOSES_POSITION')
  })

  test('a symbol named like a property of every object has no sector', () => {
    const limits = createLimits({ maxSectorExposure: 0.05, sectorOf })
    expect(codes(applyLimits(plan(), long('constructor'), account(held('toString', 'long', 600)), limits))).toEqual([
      'MAX_SECTOR',
    ])
  })
})

describe('the rate of orders', () => {
  const limits = createLimits({ maxOrders: 2, ordersWindow: 60_000 })
  const ask = (ledger: RiskLedger, symbol: string, time: number, state = account()): Plan => {
    const given = applyLimits(plan(), long(symbol), state, limits, ledger, time)
    ledger.record({ kind: 'decision', id: `${symbol}${time}`, order: long(symbol), plan: given, account: state, time })
    return given
  }

  test('is limited within a window that moves', () => {
    const ledger = new RiskLedger()
    const sizes = [0, 59_999, 59_999, 60_000, 61_000, 119_998, 119_999].map(
      (ms) => ask(ledger, `S${ms}`, NOON + ms).size,
    )
    expect(sizes).toEqual([0.1, 0.1, 0, 0.1, 0, 0, 0.1])
  })

  test('never stands against closing, which counts as an order', () => {
    const ledger = new RiskLedger()
    ask(ledger, 'A', NOON)
    ask(ledger, 'B', NOON)
    const short = account(held('C', 'short', 400))
    expect([ask(ledger, 'C', NOON, short).size, ask(ledger, 'D', NOON).size]).toEqual([0.04, 0])
    expect(ledger.ordersSince(NOON - 1)).toBe(3)
  })

  test('counts as over the limit where orders may have been forgotten', () => {
    const ledger = new RiskLedger({ orders: 1 })
    const many = createLimits({ maxOrders: 5 })
    ask(ledger, 'A', NOON)
    expect(codes(applyLimits(plan(), long('B'), account(), many, ledger, NOON + 1))).toEqual(['MAX_ORDERS'])
    const larger = RiskLedger.restore(JSON.parse(JSON.stringify(ledger)), { orders: 100 })
    expect(codes(applyLimits(plan(), long('B'), account(), many, larger, NOON + 1))).toEqual(['MAX_ORDERS'])
    expect(applyLimits(plan(), long('B'), account(), many, larger, NOON + 60_000).size).toBe(0.1)
  })
})

describe('the loss of a day', () => {
  const limits = createLimits({ maxDailyLoss: 0.05 })
  const equal = (equity: number): Account => ({ equity, positions: [] })
  const see = (ledger: RiskLedger, equity: number, time: number) =>
    ledger.record({ kind: 'account', account: equal(equity), time })
  const codesAt = (ledger: RiskLedger, equity: number, time: number) =>
    codes(applyLimits(plan(), long('A'), equal(equity), limits, ledger, time))

  test('shuts the gate when it is reached, until the next day, even where equity recovers', () => {
    const ledger = new RiskLedger()
    see(ledger, 10_000, NOON)
    expect(codesAt(ledger, 9501, NOON + 1)).toEqual([])
    expect(codesAt(ledger, 9500, NOON + 1)).toEqual(['MAX_DAILY_LOSS'])
    see(ledger, 9500, NOON + 1)
    expect(codesAt(ledger, 12_000, NOON + 12 * HOUR - 1)).toEqual(['MAX_DAILY_LOSS'])
    expect(codesAt(ledger, 9400, NOON + 12 * HOUR)).toEqual([])
  })

  test('is counted from the last equity before the day began', () => {
    const ledger = new RiskLedger()
    see(ledger, 10_000, NOON)
    expect(codesAt(ledger, 9400, NOON + 24 * HOUR)).toEqual(['MAX_DAILY_LOSS'])
    see(ledger, 10_400, NOON + 1)
    expect(ledger.day(10_000, NOON + 24 * HOUR)).toEqual({ start: 10_400, low: 10_000 })
    see(ledger, 10_000, NOON + 24 * HOUR)
    expect(ledger.day(11_000, NOON + 25 * HOUR)).toEqual({ start: 10_400, low: 10_000 })
  })

  test('begins when the operator says', () => {
    const ledger = new RiskLedger({ dayStart: 13 * HOUR })
    see(ledger, 10_000, NOON - HOUR)
    see(ledger, 9000, NOON)
    expect(codesAt(ledger, 9000, NOON + HOUR - 1)).toEqual(['MAX_DAILY_LOSS'])
    expect(codesAt(ledger, 9000, NOON + HOUR)).toEqual([])
  })

  test('that nobody can know opens nothing', () => {
    expect(codesAt(new RiskLedger(), 10_000, NOON)).toEqual(['NO_LEDGER'])
    expect(codes(applyLimits(plan(), long('A'), equal(1), limits))).toEqual(['NO_LEDGER'])
    expect(codes(applyLimits(plan(), long('A'), equal(1), createLimits({ maxOrders: 1 })))).toEqual(['NO_LEDGER'])
  })
})

test('a plan of no size has no fault; one that holds no number closes nothing', () => {
  expect(codes(applyLimits(plan(0), long('A'), account(), createLimits()))).toEqual([])
  const short = account(held('A', 'short', 300))
  for (const over of [{ size: NaN }, { stop: NaN }, { price: 0 }]) {
    expect(onlyClosing({ ...plan(), ...over }, long('A'), short)).toMatchObject({ action: 'skip', size: 0 })
  }
})

describe('the clock', () => {
  test.each([NaN, Infinity, -Infinity, undefined, NOON - 1001, 9e15])(
    'at %s nothing is opened, all is closed',
    (time) => {
      const ledger = new RiskLedger()
      ledger.record({ kind: 'account', account: account(), time: NOON })
      expect(codes(applyLimits(plan(), long('A'), account(), createLimits(), ledger, time))).toEqual(['CLOCK'])
      const short = account(held('A', 'short', 300))
      expect(applyLimits(plan(), long('A'), short, createLimits(), ledger, time).size).toBeCloseTo(0.03, 12)
      expect(onlyClosing(plan(), long('A'), short, ledger, time).size).toBeCloseTo(0.03, 12)
    },
  )

  test('what is recorded at such a time counts as of the newest one', () => {
    const ledger = new RiskLedger()
    ledger.record({ kind: 'account', account: account(), time: NOON })
    for (const time of [NaN, NOON - HOUR]) {
      ledger.record({ kind: 'decision', id: `${time}`, order: long('A'), plan: plan(), account: account(), time })
    }
    expect([ledger.time, ledger.ordersSince(NOON - 1)]).toEqual([NOON, 2])
  })

  test('a small step back counts as no step, across a midnight too', () => {
    const ledger = new RiskLedger({ stepBack: 1000 })
    const limits = createLimits({ maxDailyLoss: 0.05 })
    const midnight = NOON + 12 * HOUR
    const seen = (equity: number): Account => ({ equity, positions: [] })
    ledger.record({ kind: 'account', account: seen(10_000), time: NOON })
    ledger.record({ kind: 'account', account: seen(9400), time: midnight })
    for (const time of [midnight, midnight - 1000]) {
      expect(codes(applyLimits(plan(), long('A'), seen(9400), limits, ledger, time))).toEqual(['MAX_DAILY_LOSS'])
      expect(ledger.at(time)).toBe(midnight)
    }
    expect(ledger.at(NaN)).toBe(midnight)
  })

  test('without a ledger no time is needed, but one that is none opens nothing', () => {
    expect(applyLimits(plan(), long('A'), account(), createLimits()).size).toBe(0.1)
    expect(codes(applyLimits(plan(), long('A'), account(), createLimits(), undefined, NaN))).toEqual(['CLOCK'])
  })
})

describe('reservations', () => {
  const wide = createLimits({ maxPosition: 1, maxGrossExposure: 0.15 })
  const decide = (
    ledger: RiskLedger,
    id: string,
    order: { symbol: string; side: Side },
    state: Account,
    time = NOON,
  ) => {
    const given = applyLimits(plan(), order, state, wide, ledger, time)
    ledger.record({ kind: 'decision', id, order, plan: given, account: state, time })
    return given.size
  }

  test('two gates before one account spend its room once', () => {
    const ledger = new RiskLedger()
    expect(decide(ledger, 'a', long('A'), account())).toBe(0.1)
    expect(decide(ledger, 'b', long('B'), account())).toBeCloseTo(0.05, 12)
    expect(decide(ledger, 'c', long('C'), account())).toBe(0)
  })

  test('a decision counts once when the account lists it, and no more when it is settled or too old', () => {
    const ledger = new RiskLedger()
    decide(ledger, 'a', long('A'), account())
    const listed = account({ ...held('A', 'long', 1000), id: 'a' })
    expect(ledger.pending(listed, NOON)).toEqual([])
    expect(ledger.pending(account(), NOON + HOUR - 1)).toHaveLength(1)
    expect(ledger.pending(account(), NOON + HOUR)).toEqual([])
    ledger.record({ kind: 'settled', id: 'a', time: NOON })
    expect(ledger.pending(account(), NOON)).toEqual([])
  })

  test('one position is closed once: what would close it again, opens', () => {
    const ledger = new RiskLedger()
    const full = account(held('A', 'short', 1500))
    const sizes = ['a', 'b', 'c'].map((id) => decide(ledger, id, long('A'), full))
    expect(sizes.map((size) => Math.round(size * 1e6) / 1e6)).toEqual([0.1, 0.05, 0])
    ledger.record({ kind: 'settled', id: 'a', time: NOON })
    expect(ledger.closable(long('A'), full, NOON)).toBe(1000)
  })

  test('a full ledger closes one position once, too', () => {
    const ledger = new RiskLedger({ reservations: 1 })
    decide(ledger, 'a', { symbol: 'A', side: 'short' }, account())
    const full = account(held('B', 'short', 500))
    const sizes = ['b', 'c'].map((id) => decide(ledger, id, long('B'), full))
    expect(sizes).toEqual([expect.closeTo(0.05, 12), 0])
  })

  test('where as many wait as may, nothing is opened', () => {
    const ledger = new RiskLedger({ reservations: 1 })
    decide(ledger, 'a', { symbol: 'A', side: 'short' }, account())
    expect(codes(applyLimits(plan(), long('B'), account(), wide, ledger, NOON))).toEqual(['LEDGER_FULL'])
    expect(decide(ledger, 'b', long('B'), account(held('B', 'short', 500)))).toBeCloseTo(0.05, 12)
    expect(ledger.isFull(NOON + HOUR)).toBe(false)
  })

  test('what cannot be recorded changes nothing', () => {
    const ledger = new RiskLedger()
    const before = JSON.stringify(ledger)
    const event = { kind: 'decision', id: 'a', order: long('A'), plan: plan(), account: account(), time: NOON } as const
    for (const bad of [{ id: '' }, { plan: plan(NaN) }, { account: { equity: NaN, positions: [] } }]) {
      expect(() => ledger.record({ ...event, ...bad })).toThrow(/must be/)
    }
    expect(JSON.stringify(ledger)).toBe(before)
  })
})

describe('the snapshot of a ledger', () => {
  const busy = (): RiskLedger => {
    const ledger = new RiskLedger({ orders: 3 })
    for (let i = 0; i < 5; i++) {
      const time = NOON + i
      ledger.record({ kind: 'decision', id: `d${i}`, order: long('A'), plan: plan(), account: account(), time })
    }
    return ledger
  }
  const json = () => JSON.parse(JSON.stringify(busy()))

  test('goes on where it stopped', () => {
    const back = RiskLedger.fromJSON(json())
    expect(JSON.stringify(back.pending(account(), NOON + 5))).toBe(JSON.stringify(busy().pending(account(), NOON + 5)))
    expect([back.ordersSince(NOON), back.time, back.options]).toEqual([Infinity, NOON + 4, busy().options])
    expect(back.day(1, NOON + 5)).toEqual({ start: 10_000, low: 1 })
  })

  test.each([7, -1, 0.5, NaN])('whose ring is empty and stands at %d is refused', (head) => {
    const fresh = JSON.parse(JSON.stringify(new RiskLedger({ orders: 3 })))
    fresh.state.orders.head = Number.isNaN(head) ? { $: 'NaN' } : head
    expect(() => RiskLedger.fromJSON(fresh)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  })

  test('of orders that have not been forgotten makes up none in a larger ring', () => {
    const ledger = new RiskLedger({ orders: 3 })
    for (const id of ['a', 'b']) {
      ledger.record({ kind: 'decision', id, order: long('A'), plan: plan(), account: account(), time: NOON })
    }
    const larger = RiskLedger.restore(JSON.parse(JSON.stringify(ledger)), { orders: 100 })
    expect(larger.ordersSince(NOON - 1)).toBe(2)
  })

  test('of a fresh ledger is one too', () => {
    const empty = JSON.stringify(new RiskLedger())
    expect(JSON.stringify(RiskLedger.fromJSON(JSON.parse(empty)))).toBe(empty)
  })

  test.each<[string, (state: Record<string, unknown>, options: Record<string, unknown>) => void]>([
    ['a ring of a billion', (_, options) => (options['orders'] = 1e9)],
    ['a window of no length', (_, options) => (options['reserveFor'] = 0)],
    ['equities that do not agree', (state) => (state['low'] = 20_000)],
    ['half of the equities', (state) => (state['start'] = { $: 'NaN' })],
    ['a time that is none', (state) => (state['time'] = { $: 'NaN' })],
    ['orders from the future', (state) => (state['time'] = NOON)],
    ['a negative reservation', (state) => ((state['reservations'] as { notional: number }[])[0]!.notional = -5)],
    ['an unknown side', (state) => ((state['reservations'] as { side: string }[])[0]!.side = 'up')],
    ['a head beyond the ring', (state) => ((state['orders'] as { head: number }).head = 7)],
    ['no reservations', (state) => delete state['reservations']],
  ])('with %s is refused', (_, damage) => {
    const whole = json()
    damage(whole.state, whole.options)
    expect(() => RiskLedger.fromJSON(whole)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  })
})
