import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { onlyClosing } from '../../src/decision/apply-limits.ts'
import { applyLimits, createLimits, type Limits, type Order } from '../../src/decision/index.ts'
import type { Account, Plan, Position, Side } from '../../src/market.ts'

const plan = (over: Partial<Plan> = {}): Plan => ({
  action: 'take',
  size: 0.1,
  quantity: 0,
  price: 100,
  stop: 95,
  target: 110,
  reasons: [{ code: 'BASELINE', text: 'a wish' }],
  ...over,
})
const order: Order = { symbol: 'BTC', side: 'long' }
const account = (...positions: Position[]): Account => ({ equity: 10_000, positions })
const held = (symbol: string, side: Side, notional: number): Position => ({ symbol, side, notional })
const codes = ({ reasons }: Plan): string[] => reasons.map(({ code }) => code)

/** Numbers as hostile as they come. */
const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, -1, 5e-324, 1e-308, 1e-9, 0.1, 1, 100, 1e9, 1e308, Number.MAX_VALUE),
)
const anyPositive = fc.oneof(
  fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true }),
  fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
)
const anySide = fc.constantFrom<Side>('long', 'short')
const anyPosition = fc.record({
  symbol: fc.constantFrom('BTC', 'ETH', 'SOL'),
  side: anySide,
  notional: fc.oneof(
    fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
    fc.double({ min: 0, max: 1e5, noNaN: true }),
  ),
})
const anyAccount = fc.record({ equity: anyPositive, positions: fc.array(anyPosition, { maxLength: 6 }) })
const anyLimits = fc.record({
  maxPosition: fc.double({ min: 0, max: 1, noNaN: true }),
  maxPositions: fc.integer({ min: 0, max: 6 }),
  maxRisk: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.02, noNaN: true })),
})
const anyPlan = fc.record({
  action: fc.constantFrom<Plan['action']>('take', 'reduce', 'skip'),
  size: anyNumber,
  quantity: anyNumber,
  price: fc.oneof(anyNumber, anyPositive),
  stop: fc.oneof(anyNumber, anyPositive),
  target: anyNumber,
  reasons: fc.constant(plan().reasons),
})
const anyOrder = fc.record({ symbol: fc.constantFrom('BTC', 'ETH', 'XRP'), side: anySide })

/** What is held in the symbol of an order, on its own side and on the other. */
function exposure({ positions }: Account, { symbol, side }: Order): { same: number; against: number } {
  let [same, against] = [0, 0]
  for (const position of positions) {
    if (position.symbol !== symbol) continue
    if (position.side === side) same += position.notional
    else against += position.notional
  }
  return { same, against }
}

/** Fails unless a plan keeps every limit, or does nothing but close. */
function expectKept(
  given: Plan,
  where: Order,
  situation: Account,
  { maxPosition, maxPositions, maxRisk }: Limits,
): void {
  const { size, quantity, price, stop, action } = given
  const { equity } = situation
  expect(size >= 0 && size <= 1).toBe(true)
  expect(quantity >= 0 && quantity < Infinity).toBe(true)
  expect(size > 0).toBe(action !== 'skip')
  expect(quantity > 0).toBe(size > 0)
  if (size === 0) return
  expect(quantity * price <= size * equity).toBe(true)
  const { same, against } = exposure(situation, where)
  if (same === 0 && size * equity <= against) return
  expect(size <= maxPosition).toBe(true)
  expect(same + size * equity <= maxPosition * equity).toBe(true)
  expect((size * Math.abs(price - stop)) / price <= maxRisk).toBe(true)
  expect(quantity * Math.abs(price - stop) <= maxRisk * equity).toBe(true)
  expect(same > 0 || situation.positions.length < maxPositions).toBe(true)
}

describe('applyLimits', () => {
  test('a plan within the limits stays as it is, with its quantity worked out', () => {
    const { quantity, ...rest } = applyLimits(plan(), order, account(), createLimits())
    expect(quantity).toBe(10)
    expect({ ...rest, quantity: 0 }).toEqual(plan())
  })

  test.each([
    ['a position above its limit is cut', plan({ size: 0.5 }), account(), 0.1, 'MAX_POSITION'],
    ['what is held in the symbol counts', plan(), account(held('BTC', 'long', 600)), 0.04, 'MAX_POSITION'],
    ['what is held in another symbol does not', plan(), account(held('ETH', 'long', 600)), 0.1, undefined],
    ['a full position leaves no room', plan(), account(held('BTC', 'long', 1000)), 0, 'MAX_POSITION'],
    ['a far stop makes the position small', plan({ stop: 75 }), account(), 0.04, 'MAX_RISK'],
    ['a stop above the price is as far as one below', plan({ stop: 125 }), account(), 0.04, 'MAX_RISK'],
    ['a size that is not a number is none', plan({ size: NaN }), account(), 0, 'INVALID_PLAN'],
    ['nor is an infinite one', plan({ size: Infinity }), account(), 0, 'INVALID_PLAN'],
    ['nor a negative one', plan({ size: -0.1 }), account(), 0, 'INVALID_PLAN'],
    ['a stop at the price is none', plan({ stop: 100 }), account(), 0, 'INVALID_PLAN'],
    ['a skip stays a skip', plan({ action: 'skip', size: 0.1 }), account(), 0, undefined],
  ])('%s', (_, wish, situation, size, code) => {
    const given = applyLimits(wish, order, situation, createLimits())
    expect(given.size).toBeCloseTo(size, 12)
    expect(given.quantity).toBeCloseTo(size * 100, 9)
    expect(given.action).toBe(size > 0 ? 'take' : 'skip')
    expect(codes(given)).toEqual(code === undefined ? ['BASELINE'] : ['BASELINE', code])
  })

  test('with all positions open nothing new is opened, but one of them may grow', () => {
    const full = account(...Array.from({ length: 20 }, (_, i) => held(`S${i}`, 'long', 100)))
    expect(codes(applyLimits(plan(), order, full, createLimits()))).toEqual(['BASELINE', 'MAX_POSITIONS'])
    expect(applyLimits(plan(), { symbol: 'S3', side: 'long' }, full, createLimits()).size).toBeCloseTo(0.09, 12)
    expect(applyLimits(plan(), order, account(...full.positions.slice(1)), createLimits()).size).toBe(0.1)
  })

  test('closing is never blocked', () => {
    const none = createLimits({ maxPosition: 0, maxPositions: 0, maxRisk: 0 })
    const short = account(held('BTC', 'short', 700))
    const given = applyLimits(plan(), order, short, none)
    expect(given.size).toBeCloseTo(0.07, 12)
    expect(codes(given).at(-1)).toBe('CLOSES_POSITION')
    expect(applyLimits(plan({ size: 0.03 }), order, short, none).size).toBe(0.03)
    expect(onlyClosing(plan(), order, short).size).toBeCloseTo(0.07, 12)
    expect(onlyClosing(plan(), order, account()).action).toBe('skip')
  })

  test('hostile plans, accounts and limits: every limit holds exactly, and nothing is enlarged', () => {
    fc.assert(
      fc.property(anyPlan, anyOrder, anyAccount, anyLimits, (wish, where, situation, chosen) => {
        const limits = createLimits(chosen)
        const given = applyLimits(wish, where, situation, limits)
        expectKept(given, where, situation, limits)
        if (given.size > 0) expect(given.size).toBeLessThanOrEqual(wish.size)
      }),
      { numRuns: 20_000 },
    )
  })

  test('everyday plans: every limit holds exactly and the room is used to the last part in a million', () => {
    const everyday = fc.record({
      size: fc.double({ min: 0.01, max: 1, noNaN: true }),
      price: fc.double({ min: 0.001, max: 1e5, noNaN: true }),
      stop: fc.double({ min: 0.5, max: 0.999, noNaN: true }),
      equity: fc.double({ min: 100, max: 1e8, noNaN: true }),
      heldShare: fc.double({ min: 0, max: 0.2, noNaN: true }),
      maxPosition: fc.double({ min: 0.001, max: 1, noNaN: true }),
      maxRisk: fc.double({ min: 1e-4, max: 0.1, noNaN: true }),
    })
    fc.assert(
      fc.property(everyday, ({ size, price, stop, equity, heldShare, maxPosition, maxRisk }) => {
        const wish = plan({ size, price, stop: price * stop })
        const limits = createLimits({ maxPosition, maxRisk })
        const notional = heldShare * equity
        const situation = { equity, positions: [held('BTC', 'long', notional)] }
        const given = applyLimits(wish, order, situation, limits)
        expectKept(given, order, situation, limits)
        const room = Math.max(0, Math.min(size, maxPosition - notional / equity, maxRisk / (1 - stop)))
        expect(Math.abs(given.size - room)).toBeLessThanOrEqual(1e-6 * room + 1e-12)
      }),
      { numRuns: 10_000 },
    )
  })

  test('a little room beside a large position is used', () => {
    const large = { equity: 1997.6181533184763, positions: [held('BTC', 'long', 394.1235258)] }
    for (const maxPosition of [0.1975, 0.2, 0.20317278447676762]) {
      const given = applyLimits(plan(), order, large, createLimits({ maxPosition, maxRisk: 1 }))
      expectKept(given, order, large, createLimits({ maxPosition, maxRisk: 1 }))
      expect(given.size).toBeCloseTo(maxPosition - 394.1235258 / large.equity, 12)
    }
  })

  test('a second pass changes nothing', () => {
    fc.assert(
      fc.property(anyPlan, anyOrder, anyAccount, anyLimits, (wish, where, situation, chosen) => {
        const once = applyLimits(wish, where, situation, createLimits(chosen))
        expect(applyLimits(once, where, situation, createLimits(chosen)).size).toBe(once.size)
      }),
      { numRuns: 5000 },
    )
  })

  test('nothing but closing comes out of onlyClosing', () => {
    fc.assert(
      fc.property(anyPlan, anyOrder, anyAccount, (wish, where, situation) => {
        const { size } = onlyClosing(wish, where, situation)
        const { same, against } = exposure(situation, where)
        expect(size === 0 || (same === 0 && size * situation.equity <= against && size <= wish.size)).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  test.each([
    [null, '"account" must be an object, got null.'],
    [{ equity: NaN, positions: [] }, '"account.equity" must be a positive number, got NaN.'],
    [{ equity: Infinity, positions: [] }, '"account.equity" must be a positive number, got Infinity.'],
    [{ equity: -5, positions: [] }, '"account.equity" must be a positive number, got -5.'],
    [{ equity: 5 }, '"account.positions" must be an array, got undefined.'],
    [{ equity: 5, positions: [null] }, 'A position must be an object, got null.'],
    [{ equity: 5, positions: [held('', 'long', 1)] }, '"position.symbol" must be a non-empty string, got "".'],
    [
      { equity: 5, positions: [held('A', 'buy' as Side, 1)] },
      '"position.side" must be one of "long", "short", got "buy".',
    ],
    [{ equity: 5, positions: [held('A', 'long', -1)] }, '"position.notional" must be a number of at least 0, got -1.'],
    [
      { equity: 5, positions: [held('A', 'long', NaN)] },
      '"position.notional" must be a number of at least 0, got NaN.',
    ],
  ])('refuses the account %j', (bad, message) => {
    const act = () => applyLimits(plan(), order, bad as Account, createLimits())
    expect(act).toThrow(expect.objectContaining({ code: 'INVALID_ACCOUNT', message }))
  })
})

describe('createLimits', () => {
  test('limits are frozen and have defaults', () => {
    expect(createLimits()).toMatchObject({ maxPosition: 0.1, maxPositions: 20, maxRisk: 0.01 })
    expect(Object.isFrozen(createLimits())).toBe(true)
  })

  test.each([[{ maxPosition: 1.1 }], [{ maxPosition: NaN }], [{ maxPositions: 1.5 }], [{ maxRisk: -0.01 }]])(
    'refuses %j',
    (bad) => {
      expect(() => createLimits(bad)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    },
  )

  test('a limit smuggled in as a prototype is not seen', () => {
    const smuggled = JSON.parse('{"__proto__": {"maxPosition": 1}}') as Partial<Limits>
    expect(createLimits({ ...smuggled }).maxPosition).toBe(0.1)
  })
})
