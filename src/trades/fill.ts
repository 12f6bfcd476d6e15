import { nonNegative, oneOf, positive, text, time } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'

/** A fee as an exchange names it. */
export type Fee = { readonly cost: number; readonly currency: string }

/** What an order is for, as far as it says. */
export type OrderPurpose = 'target' | 'stop' | 'exit'

/** An order, as far as pairing needs to know it. */
export type OrderFacts = {
  /** The exchange's own id. */
  readonly orderId: string
  /** The id that the bot gave the order. */
  readonly clientOrderId?: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** Whether it may only make a position smaller. */
  readonly reduceOnly: boolean
  /** Which barrier it stands for, where its type says so. */
  readonly purpose?: OrderPurpose
  /** Order id of the entry that it protects, as of a bracket's legs. */
  readonly parentId?: string
}

/** A part of an order that was filled. */
export type Fill = OrderFacts & {
  /** Id of the fill: a second one with the same id is the same fill. */
  readonly id: string
  readonly price: number
  /** In units of the base asset. */
  readonly amount: number
  readonly time: number
  readonly fees: readonly Fee[]
}

/** An order as it stands: how much has been filled so far, at which mean price. */
export type OrderState = OrderFacts & {
  readonly filled: number
  /** Mean price of what has been filled; any number where nothing has. */
  readonly average: number
  readonly time: number
  readonly fees: readonly Fee[]
}

/** Throws unless the facts of an order are whole. */
function checkFacts(facts: OrderFacts): void {
  const code = 'INVALID_INPUT'
  if (typeof facts !== 'object' || facts === null) {
    throw new TradeLearnError(code, `A fill or an order must be an object, got ${show(facts)}.`)
  }
  text('orderId', facts.orderId, code)
  text('symbol', facts.symbol, code)
  oneOf('side', facts.side, ['buy', 'sell'], code)
  if (facts.clientOrderId !== undefined) text('clientOrderId', facts.clientOrderId, code)
  if (facts.parentId !== undefined) text('parentId', facts.parentId, code)
}

function checkFees(fees: readonly Fee[]): void {
  for (const { cost, currency } of fees) {
    if (!Number.isFinite(cost)) {
      throw new TradeLearnError('INVALID_INPUT', `"fee.cost" must be a finite number, got ${show(cost)}.`)
    }
    text('fee.currency', currency, 'INVALID_INPUT')
  }
}

/** Throws unless a fill makes sense. */
export function checkFill(fill: Fill): void {
  checkFacts(fill)
  text('id', fill.id, 'INVALID_INPUT')
  positive('price', fill.price, 'INVALID_INPUT')
  positive('amount', fill.amount, 'INVALID_INPUT')
  time('time', fill.time, 'INVALID_INPUT')
  checkFees(fill.fees)
}

/** Throws unless an order makes sense. */
export function checkOrder(order: OrderState): void {
  checkFacts(order)
  if (nonNegative('filled', order.filled, 'INVALID_INPUT') > 0) positive('average', order.average, 'INVALID_INPUT')
  time('time', order.time, 'INVALID_INPUT')
  checkFees(order.fees)
}
