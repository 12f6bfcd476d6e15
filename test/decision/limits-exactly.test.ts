import { describe, expect, test } from 'vitest'
import { applyLimits, largest, resize } from '../../src/decision/apply-limits.ts'
import { createLimits, type LimitOptions } from '../../src/decision/limits.ts'
import { RiskLedger } from '../../src/decision/risk-ledger.ts'
import type { Account, Plan, Position, Side } from '../../src/market.ts'

const NOON = Date.UTC(2024, 4, 1, 12)
const plan = (change: Partial<Plan> = {}): Plan => ({
  ...{ action: 'take', size: 0.1, quantity: 0, price: 100, stop: 99, target: 102, reasons: [] },
  ...change,
})
const held = (symbol: string, side: Side, notional: number): Position => ({ symbol, side, notional })
const account = (...positions: Position[]): Account => ({ equity: 10_000, positions })
const long = (symbol: string) => ({ symbol, side: 'long' as const })
const ask = (options: LimitOptions, positions: readonly Position[] = [], change: Partial<Plan> = {}): Plan =>
  applyLimits(
    plan(change),
    long('BTC'),
    account(...positions),
    createLimits({ maxPosition: 1, maxRisk: 1, ...options }),
  )
const said = ({ reasons }: Plan): readonly string[] => reasons.map(({ code, text }) => `${code}: ${text}`)

// people act on these sentences: every number in them is looked at
describe('a limit says what it is and how much is used', () => {
  const others = [held('ETH', 'long', 500), held('SPY', 'short', 500)]
  test.each<[string, LimitOptions, readonly Position[], readonly string[]]>([
    ['positions', { maxPositions: 2 }, others, ['MAX_POSITIONS: 2 positions are open; the limit is 2.']],
    [
      'a position, of which nothing is held',
      { maxPosition: 0.05 },
      [],
      ['MAX_POSITION: The limit is 5.00 % of equity in BTC.'],
    ],
    [
      'a position, of which some is held',
      { maxPosition: 0.05 },
      [held('BTC', 'long', 200)],
      ['MAX_POSITION: The limit is 5.00 % of equity in BTC, of which 2.00 % are held already.'],
    ],
    [
      'a symbol',
      { maxSymbolExposure: 0.05 },
      [held('BTC', 'long', 200)],
      ['MAX_SYMBOL: 2.00 % of equity are held in BTC; the limit is 5.00 %.'],
    ],
    [
      'a sector',
      { maxSectorExposure: 0.06, sectorOf: { BTC: 'coins', ETH: 'coins' } },
      others,
      ['MAX_SECTOR: 5.00 % of equity are held in coins; the limit is 6.00 %.'],
    ],
    [
      'what has no sector',
      { maxSectorExposure: 0.12, sectorOf: { NVDA: 'chips' } },
      [...others, held('NVDA', 'long', 900)],
      ['MAX_SECTOR: 10.00 % of equity are held in symbols without a sector; the limit is 12.00 %.'],
    ],
    [
      'a side',
      { maxSideExposure: { long: 0.07 } },
      others,
      ['MAX_SIDE: 5.00 % of equity are held in long positions; the limit is 7.00 %.'],
    ],
    [
      'everything',
      { maxGrossExposure: 0.12 },
      others,
      ['MAX_GROSS: 10.00 % of equity are held in all positions; the limit is 12.00 %.'],
    ],
    ['risk', { maxRisk: 0.0005 }, [], ['MAX_RISK: With the stop 1.00 % away, 0.05 % of equity is the limit.']],
    [
      'orders, without a ledger',
      { maxOrders: 5 },
      [],
      ['NO_LEDGER: Limits on orders and on the loss of a day need a ledger, and none was given.'],
    ],
  ])('on %s', (_, options, positions, reasons) => {
    expect(said(ask(options, positions))).toEqual(reasons)
  })

  test('on the time, the orders and the loss of a day', () => {
    const limits = createLimits({ maxPosition: 1, maxOrders: 2, maxDailyLoss: 0.05 })
    const ledger = new RiskLedger()
    const at = (equity: number, time: number = NOON): readonly string[] =>
      said(applyLimits(plan(), long('BTC'), { equity, positions: [] }, limits, ledger, time))
    const [blind] = at(10_000)
    expect(blind).toBe('NO_LEDGER: The ledger has been shown no account, so no loss is known.')
    ledger.record({ kind: 'account', account: account(), time: NOON })
    expect(at(10_000)).toEqual([])
    expect(at(9_500)).toEqual(['MAX_DAILY_LOSS: Equity fell from 10000 to 9500 today; 5.00 % is the limit.'])
    for (const id of ['a', 'b']) {
      ledger.record({
        kind: 'decision',
        id,
        order: long('ETH'),
        plan: plan({ quantity: 1 }),
        account: account(),
        time: NOON,
      })
    }
    expect(at(10_000)).toEqual(['MAX_ORDERS: 2 orders were given in the last 60000 ms; the limit is 2.'])
    const timeless = applyLimits(plan(), long('BTC'), account(), createLimits({ maxPosition: 1 }), undefined, NaN)
    expect(said(timeless)).toEqual(['CLOCK: The time is NaN.'])
  })

  test('and so does a plan that is none', () => {
    const wrong = (change: Partial<Plan>): readonly string[] => said(ask({}, [], change))
    expect(wrong({ size: NaN })).toEqual(['INVALID_PLAN: The size must be at least 0 and finite, got NaN.'])
    for (const price of [0, -1, Infinity, NaN])
      expect(wrong({ price })).toEqual([`INVALID_PLAN: The price must be a positive number, got ${price}.`])
    for (const stop of [0, -1, Infinity, NaN, 100])
      expect(wrong({ stop })).toEqual([`INVALID_PLAN: The stop must be a price of its own, got ${stop}.`])
    expect(wrong({})).toEqual([])
  })
})

describe('what lies exactly at a limit is allowed', () => {
  // binary fractions, so that nothing is off by rounding
  test.each<[string, LimitOptions, readonly Position[]]>([
    ['position', { maxPosition: 0.125 }, []],
    ['gross', { maxGrossExposure: 0.25 }, [held('ETH', 'long', 1250)]],
    ['symbol', { maxSymbolExposure: 0.25 }, [held('BTC', 'long', 1250)]],
    ['positions', { maxPositions: 2 }, [held('ETH', 'long', 1)]],
  ])('%s', (_, options, positions) => {
    const given = ask(options, positions, { size: 0.125 })
    expect([given.size, said(given)]).toEqual([0.125, []])
  })

  test('risk, by size and by quantity', () => {
    const limits = createLimits({ maxPosition: 1, maxRisk: 0.125 })
    const whole: Account = { equity: 1024, positions: [] }
    const given = applyLimits(plan({ size: 0.25, price: 128, stop: 64 }), long('BTC'), whole, limits)
    expect([given.size, given.quantity, said(given)]).toEqual([0.25, 2, []])
  })

  test('a position that is added to opens no other one, however many there are', () => {
    const given = ask({ maxPositions: 1 }, [held('BTC', 'long', 100), held('ETH', 'long', 100)])
    expect([given.size, said(given)]).toEqual([0.1, []])
  })
})

describe('a size', () => {
  test('that makes no quantity a number is no order', () => {
    for (const price of [1e-320, 5e-324]) {
      const given = resize(plan({ price }), 0.1, 1e300, [])
      expect([given.action, given.size, given.quantity]).toEqual(['skip', 0, 0])
    }
    const none = resize(plan(), 0, 10_000, [])
    expect([none.action, none.size, none.quantity]).toEqual(['skip', 0, 0])
    expect(resize(plan(), 0.5, 1024, [])).toMatchObject({ action: 'take', size: 0.5, quantity: 5.12 })
  })

  test('that is allowed and largest is found a little below the guess, or is 0', () => {
    expect(largest(1, () => true)).toBe(1)
    expect(largest(1, (value) => value < 1)).toBe(1 - Number.EPSILON)
    // steps down double, so the last is a half
    expect(largest(1, (value) => value <= 0.6)).toBe(0.5)
    expect(largest(1, (value) => value <= 0.4)).toBe(0)
    expect(largest(1, () => false)).toBe(0)
    for (const guess of [0, -1, NaN]) expect(largest(guess, () => true)).toBe(0)
  })
})

describe('a ledger counts what an order could close', () => {
  const short = (symbol: string) => ({ symbol, side: 'short' as const })
  const closes = (ledger: RiskLedger, id: string, order: { symbol: string; side: Side }, size: number, of: Account) =>
    ledger.record({ kind: 'decision', id, order, plan: plan({ size }), account: of, time: NOON })
  const both = account(held('A', 'long', 1000), held('B', 'long', 500))

  test('less what is being closed already, by symbol and by side', () => {
    const ledger = new RiskLedger()
    expect(ledger.closable(short('A'), both, NOON)).toBe(1000)
    closes(ledger, 'c', short('A'), 0.03, both)
    expect(ledger.closable(short('A'), both, NOON)).toBe(700)
    expect(ledger.closable(short('B'), both, NOON)).toBe(500)
    // a short one that was closed before says nothing about the long one
    const other = new RiskLedger()
    closes(other, 'c', long('A'), 0.03, account(held('A', 'short', 300)))
    expect(other.closable(short('A'), both, NOON)).toBe(1000)
  })

  test('and nothing where the other side is held, or waits to be', () => {
    expect(new RiskLedger().closable(short('A'), account(held('A', 'long', 9), held('A', 'short', 1)), NOON)).toBe(0)
    const ledger = new RiskLedger()
    closes(ledger, 'o', short('A'), 0.03, account())
    expect(ledger.closable(short('A'), both, NOON)).toBe(0)
  })

  test('which takes none of its room', () => {
    const ledger = new RiskLedger({ reservations: 1 })
    closes(ledger, 'c', short('A'), 0.03, both)
    expect(ledger.isFull(NOON)).toBe(false)
    closes(ledger, 'o', long('A'), 0.03, both)
    expect(ledger.isFull(NOON)).toBe(true)
  })

  test('and what has become a position waits no longer, though it is closed later', () => {
    const ledger = new RiskLedger()
    closes(ledger, 'o', long('A'), 0.03, account())
    closes(ledger, 'p', long('B'), 0.03, account())
    ledger.record({ kind: 'account', account: account({ ...held('A', 'long', 300), id: 'o' }), time: NOON })
    expect(ledger.pending(account(), NOON).map(({ id }) => id)).toEqual(['p'])
  })

  test('on days of which something is known, at times that are times', () => {
    const ledger = new RiskLedger()
    expect(ledger.day(100, NOON)).toEqual({ start: NaN, low: NaN })
    expect(ledger.faultOf('5' as never)).toMatch(/^The time must be/)
    expect([ledger.faultOf(8.64e15), ledger.faultOf(8.64e15 + 2) === null]).toEqual([null, false])
    expect(new RiskLedger({ dayStart: 86_399_999 }).options.dayStart).toBe(86_399_999)
    expect(() => new RiskLedger({ dayStart: 86_400_000 })).toThrow('"dayStart" must be at most 86399999')
  })

  test('from files whose orders are in time', () => {
    const ledger = new RiskLedger({ orders: 4 })
    for (let i = 0; i < 3; i++) {
      ledger.record({ kind: 'decision', id: `${i}`, order: long('A'), plan: plan(), account: both, time: NOON + i })
    }
    const json = JSON.parse(JSON.stringify(ledger))
    const restore = (change: object, orders: object = {}): RiskLedger => {
      const state = { ...json.state, ...change, orders: { ...json.state.orders, ...orders } }
      return RiskLedger.fromJSON({ ...json, state })
    }
    expect(restore({}).ordersSince(NOON)).toBe(2)
    const [reservation] = json.state.reservations
    expect(() => restore({ reservations: [{ ...reservation, notional: 0 }] })).not.toThrow()
    expect(() => restore({ time: NOON + 1, reservations: [] })).toThrow('with orders in time')
    const { head } = json.state.orders
    expect(() => restore({}, { head: (head + 2) % 4 })).toThrow('with orders in time')
    for (const broken of [{ head: 4 }, { head: -1 }, { head: 0.5 }, { size: 5 }, { size: -1 }, { size: 0.5 }]) {
      expect(() => restore({}, broken), JSON.stringify(broken)).toThrow('with an order ring')
    }
    expect(() => restore({ start: 0 })).toThrow('whose equities agree, got an object')
  })
})
