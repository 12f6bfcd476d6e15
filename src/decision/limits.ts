import { fraction, integer, nonNegative, oneOf, positive, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Account, Plan, Reason, Side } from '../market.ts'
import { because, percent } from './reasons.ts'

/** What the operator allows. Never learned, never stored in a model, never widened by a prediction. */
export type Limits = {
  /** Largest position in one symbol, as a fraction of equity. @defaultValue 0.1 */
  readonly maxPosition: number
  /** Most positions open at once. @defaultValue 20 */
  readonly maxPositions: number
  /** Largest loss at the stop in one trade, as a fraction of equity. @defaultValue 0.01 */
  readonly maxRisk: number
}

/** Where a plan would be carried out. */
export type Order = { readonly symbol: string; readonly side: Side }

/** Checked, frozen limits; what is left out gets its default. */
export function createLimits({ maxPosition = 0.1, maxPositions = 20, maxRisk = 0.01 }: Partial<Limits> = {}): Limits {
  return Object.freeze({
    maxPosition: fraction('maxPosition', maxPosition),
    maxPositions: integer('maxPositions', maxPositions, 0),
    maxRisk: fraction('maxRisk', maxRisk),
  })
}

/**
 * The plan made small enough for the operator's limits, or skipped where there is no room.
 *
 * With equity E, position p held on the same side of the symbol, and stop distance d at price P, the size s obeys
 *
 *     p + s E <= maxPosition E        s d / P <= maxRisk        open positions <= maxPositions
 *
 * exactly, in floating point, and so does the quantity. It never enlarges. An order against a position held in the
 * symbol may always be as large as that position, whatever the limits say: closing is never blocked. O(positions).
 *
 * @throws `INVALID_ACCOUNT` where the account holds a number or word that cannot be
 *
 * @example
 * ```ts
 * const allowed = applyLimits(plan, { symbol: 'BTC', side: 'long' }, account, createLimits({ maxRisk: 0.005 }))
 * ```
 */
export function applyLimits(plan: Plan, order: Order, account: Account, limits: Limits): Plan {
  const { equity, positions } = checkAccount(account)
  if (plan.action === 'skip') return resize(plan, 0, equity, [])
  const { price, stop } = plan
  const fault = faultOf(plan)
  if (fault !== null) return resize(plan, 0, equity, [because('INVALID_PLAN', fault)])

  const { maxPosition, maxPositions, maxRisk } = limits
  const held = exposure(account, order)
  const reasons: Reason[] = []
  let size = plan.size

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
  const closing = closingSize(plan, order, account)
  if (closing > size) return resize(plan, closing, equity, [...reasons, closes(closing, order)])
  return resize(plan, size, equity, reasons)
}

/** The part of a plan that closes an opposite position; everything else is taken out of it. O(positions). */
export function onlyClosing(plan: Plan, order: Order, account: Account): Plan {
  const { equity } = checkAccount(account)
  const closing = plan.action === 'skip' || faultOf(plan) !== null ? 0 : closingSize(plan, order, account)
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

/** Passes a sane account, else throws `INVALID_ACCOUNT`. */
export function checkAccount(account: Account): Account {
  if (typeof account !== 'object' || account === null) invalid('"account" must be an object', account)
  positive('account.equity', account.equity, 'INVALID_ACCOUNT')
  if (!Array.isArray(account.positions)) invalid('"account.positions" must be an array', account.positions)
  for (const position of account.positions) {
    if (typeof position !== 'object' || position === null) invalid('A position must be an object', position)
    text('position.symbol', position.symbol, 'INVALID_ACCOUNT')
    oneOf('position.side', position.side, ['long', 'short'], 'INVALID_ACCOUNT')
    nonNegative('position.notional', position.notional, 'INVALID_ACCOUNT')
  }
  return account
}

/** What is held on the order's side of its symbol, in account currency. */
function exposure({ positions }: Account, { symbol, side }: Order): number {
  let sum = 0
  for (const position of positions) if (position.symbol === symbol && position.side === side) sum += position.notional
  return sum
}

/** The size at which the plan only closes; 0 where both sides are held, because then it may well open. */
function closingSize({ size }: Plan, order: Order, account: Account): number {
  if (exposure(account, order) > 0) return 0
  const against = exposure(account, { ...order, side: order.side === 'long' ? 'short' : 'long' })
  const { equity } = account
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
function largest(guess: number, allowed: (value: number) => boolean): number {
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

function invalid(wanted: string, got: unknown): never {
  throw new TradeLearnError('INVALID_ACCOUNT', `${wanted}, got ${show(got)}.`)
}
