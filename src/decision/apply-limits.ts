import { show } from '../core/errors.ts'
import type { Account, Plan, Position, Reason } from '../market.ts'
import { checkAccount, heldIn, type Order, opposite } from './account.ts'
import type { Limits } from './limits.ts'
import { because, percent, type ReasonCode } from './reasons.ts'
import type { RiskLedger } from './risk-ledger.ts'

/**
 * The plan made small enough for the operator's limits, or skipped where there is no room.
 *
 * With equity E, position p held on the same side of the symbol, and stop distance d at price P, the size s obeys
 *
 *     p + s E <= maxPosition E        s d / P <= maxRisk        open positions <= maxPositions
 *
 * exactly, in floating point, and so does the quantity; what is held in the symbol, its sector, on the side and over
 * all, added to s E, obeys its own limit likewise. What a ledger has reserved for other decisions counts as held. It
 * never enlarges. An order against a position held in the symbol may always be as large as that position, whatever the
 * limits, the ledger and the clock say: closing is never blocked. Nothing is opened where a limit on orders or on the
 * day's loss cannot be checked. Pure: the ledger is read, not changed. O(positions + reservations).
 *
 * @throws `INVALID_ACCOUNT` where the account holds a number or word that cannot be
 *
 * @example
 * ```ts
 * const allowed = applyLimits(plan, { symbol: 'BTC', side: 'long' }, account, createLimits({ maxRisk: 0.005 }))
 * ```
 */
export function applyLimits(
  plan: Plan,
  order: Order,
  account: Account,
  limits: Limits,
  ledger?: RiskLedger,
  time?: number,
): Plan {
  const { equity } = checkAccount(account)
  if (plan.action === 'skip') return resize(plan, 0, equity, [])
  const { price, stop } = plan
  const fault = faultOf(plan)
  if (fault !== null) return resize(plan, 0, equity, [because('INVALID_PLAN', fault)])

  const { maxPosition, maxPositions, maxRisk } = limits
  const pending = ledger === undefined ? [] : ledger.pending(account, ledger.at(time))
  const positions = pending.length > 0 ? [...account.positions, ...pending] : account.positions
  const held = heldIn(positions, order)
  const reasons: Reason[] = []
  let size = plan.size

  // what no size makes good: the clock, the day, the rate
  const shut = shutBy(account, limits, ledger, time)
  if (shut !== null) {
    size = 0
    reasons.push(shut)
  }

  // adding to a position opens no other one
  if (held === 0 && !(positions.length < maxPositions)) {
    size = 0
    reasons.push(because('MAX_POSITIONS', `${positions.length} positions are open; the limit is ${maxPositions}.`))
  }

  // room left in the symbol
  const fits = (s: number): boolean => s <= maxPosition && held + s * equity <= maxPosition * equity
  if (!fits(size)) {
    size = largest(Math.min(size, maxPosition - held / equity), fits)
    const counted = held > 0 ? `, of which ${percent(held / equity)} are held already` : ''
    reasons.push(
      because('MAX_POSITION', `The limit is ${percent(maxPosition)} of equity in ${order.symbol}${counted}.`),
    )
  }

  // room left in what the symbol is part of
  for (const cap of capsOf(limits, order)) {
    const sum = total(positions, cap.counts)
    const allowed = (s: number): boolean => sum + s * equity <= cap.most * equity
    if (allowed(size)) continue
    size = largest(Math.min(size, cap.most - sum / equity), allowed)
    const text = `${percent(sum / equity)} of equity are held in ${cap.name}; the limit is ${percent(cap.most)}.`
    reasons.push(because(cap.code, text))
  }

  // loss at the stop, by size and by quantity
  const distance = Math.abs(price - stop)
  const affordable = (s: number): boolean =>
    (s * distance) / price <= maxRisk && quantityOf(s, equity, price) * distance <= maxRisk * equity
  if (!affordable(size)) {
    size = largest(Math.min(size, (maxRisk * price) / distance), affordable)
    reasons.push(
      because(
        'MAX_RISK',
        `With the stop ${percent(distance / price)} away, ${percent(maxRisk)} of equity is the limit.`,
      ),
    )
  }

  // closing what is held on the other side is always allowed
  const closing = closingSize(plan, order, account, ledger, time)
  if (closing > size) return resize(plan, closing, equity, [...reasons, closes(closing, order)])
  return resize(plan, size, equity, reasons)
}

/** The part of a plan that closes an opposite position; everything else is taken out of it. O(positions). */
export function onlyClosing(plan: Plan, order: Order, account: Account, ledger?: RiskLedger, time?: number): Plan {
  const { equity } = checkAccount(account)
  const none = plan.action === 'skip' || faultOf(plan) !== null
  const closing = none ? 0 : closingSize(plan, order, account, ledger, time)
  return resize(plan, closing, equity, closing > 0 ? [closes(closing, order)] : [])
}

/** A plan of another size, with quantity and action to match and reasons added. */
export function resize(plan: Plan, wanted: number, equity: number, reasons: readonly Reason[]): Plan {
  const quantity = quantityOf(wanted, equity, plan.price)
  // a quantity too small or too large for a number is no order
  const size = quantity > 0 && quantity < Infinity ? wanted : 0
  return {
    ...plan,
    action: size > 0 ? plan.action : 'skip',
    size,
    quantity: size > 0 ? quantity : 0,
    reasons: reasons.length > 0 ? [...plan.reasons, ...reasons] : plan.reasons,
  }
}

/** One limit on what is held. */
type Cap = {
  readonly code: ReasonCode
  readonly name: string
  readonly most: number
  readonly counts: (position: Position) => boolean
}

const NO_CAPS: readonly Cap[] = []

/** The limits on what is held that the operator has set, for an order. */
function capsOf(limits: Limits, { symbol, side }: Order): readonly Cap[] {
  const { maxSymbolExposure, maxSectorExposure, maxSideExposure, maxGrossExposure, sectorOf } = limits
  const least = Math.min(maxSymbolExposure, maxSectorExposure, maxSideExposure[side], maxGrossExposure)
  if (least === Infinity) return NO_CAPS
  const sector = (name: string): string => (Object.hasOwn(sectorOf, name) ? sectorOf[name]! : '')
  const own = sector(symbol)
  const named = own === '' ? 'symbols without a sector' : own
  const caps: readonly Cap[] = [
    { code: 'MAX_SYMBOL', name: symbol, most: maxSymbolExposure, counts: (held) => held.symbol === symbol },
    { code: 'MAX_SECTOR', name: named, most: maxSectorExposure, counts: (held) => sector(held.symbol) === own },
    { code: 'MAX_SIDE', name: `${side} positions`, most: maxSideExposure[side], counts: (held) => held.side === side },
    { code: 'MAX_GROSS', name: 'all positions', most: maxGrossExposure, counts: () => true },
  ]
  return caps.filter(({ most }) => most < Infinity)
}

function total(positions: readonly Position[], counts: (position: Position) => boolean): number {
  let sum = 0
  for (const position of positions) if (counts(position)) sum += position.notional
  return sum
}

/** Why nothing may be opened at all now, or null. */
function shutBy(account: Account, limits: Limits, ledger?: RiskLedger, time?: number): Reason | null {
  const { maxOrders, ordersWindow, maxDailyLoss } = limits
  if (ledger === undefined) {
    if (time !== undefined && !Number.isFinite(time)) return because('CLOCK', `The time is ${show(time)}.`)
    if (maxOrders === Infinity && maxDailyLoss === Infinity) return null
    return because('NO_LEDGER', 'Limits on orders and on the loss of a day need a ledger, and none was given.')
  }
  const fault = ledger.faultOf(time)
  if (fault !== null) return because('CLOCK', fault)
  const now = ledger.at(time)
  if (ledger.isFull(now)) return because('LEDGER_FULL', 'Too many decisions wait to show up in the account.')
  if (maxOrders !== Infinity) {
    const orders = ledger.ordersSince(now - ordersWindow)
    const text = `${orders} orders were given in the last ${ordersWindow} ms; the limit is ${maxOrders}.`
    if (!(orders < maxOrders)) return because('MAX_ORDERS', text)
  }
  if (maxDailyLoss === Infinity) return null
  const { start, low } = ledger.day(account.equity, now)
  if (Number.isNaN(start)) return because('NO_LEDGER', 'The ledger has been shown no account, so no loss is known.')
  const text = `Equity fell from ${start} to ${low} today; ${percent(maxDailyLoss)} is the limit.`
  return start - low < maxDailyLoss * start ? null : because('MAX_DAILY_LOSS', text)
}

/** The size at which the plan only closes; 0 where both sides are held, because then it may well open. */
function closingSize({ size }: Plan, order: Order, account: Account, ledger?: RiskLedger, time?: number): number {
  const { equity, positions } = account
  const own = (): number => (heldIn(positions, order) > 0 ? 0 : heldIn(positions, opposite(order)))
  const against = ledger === undefined ? own() : ledger.closable(order, account, ledger.at(time))
  return largest(Math.min(size, against / equity, 1), (s) => s * equity <= against)
}

/** Units of the asset, rounded so that they never cost more than `size` of the equity. */
function quantityOf(size: number, equity: number, price: number): number {
  return largest((size * equity) / price, (quantity) => quantity * price <= size * equity)
}

/**
 * `guess` if it is allowed, else a number a little below it that is, or 0.
 *
 * A guess is off by rounding alone, but where little room is left beside a large position that is many units in its
 * last place. So the steps down start at one unit and double: 52 of them reach 0.
 */
export function largest(guess: number, allowed: (value: number) => boolean): number {
  if (allowed(guess) && guess > 0) return guess
  for (let step = Number.EPSILON; step < 1; step *= 2) {
    const value = guess * (1 - step)
    if (allowed(value) && value > 0) return value
  }
  return 0
}

/** What is wrong with a plan's numbers, or null. */
function faultOf({ size, price, stop }: Plan): string | null {
  if (!(Number.isFinite(size) && size >= 0)) return `The size must be at least 0 and finite, got ${show(size)}.`
  if (!(Number.isFinite(price) && price > 0)) return `The price must be a positive number, got ${show(price)}.`
  if (!(Number.isFinite(stop) && stop > 0 && stop !== price))
    return `The stop must be a price of its own, got ${show(stop)}.`
  return null
}

function closes(size: number, { symbol }: Order): Reason {
  return because('CLOSES_POSITION', `${percent(size)} of equity closes the opposite position in ${symbol}.`)
}
