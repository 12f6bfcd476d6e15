import { show, TradeLearnError } from '../core/errors.ts'
import { readNumber } from '../core/read-number.ts'
import { readTime } from '../core/read-time.ts'
import { checkFill, checkOrder, type Fee, type Fill, type OrderPurpose, type OrderState } from './fill.ts'

type Fields = { readonly [name: string]: unknown }

const CODE = 'INVALID_INPUT'

/**
 * A fill from what an API calls one: a trade of ccxt (`fetchMyTrades`, `watchMyTrades`), an activity of Alpaca of type
 * `FILL`, or a message of Alpaca's `trade_updates` about a fill.
 *
 * @throws `INVALID_INPUT`, `INVALID_TIME`
 *
 * @example
 * ```ts
 * for (const trade of await exchange.fetchMyTrades('BTC/USDT')) builder.fill(toFill(trade))
 * ```
 */
export function toFill(row: unknown): Fill {
  const message = record(row, 'A fill')
  const fields = isRecord(message['data']) ? message['data'] : message
  const order = isRecord(fields['order']) ? fields['order'] : undefined
  const fill = order
    ? ofAlpacaUpdate(fields, order)
    : 'order_id' in fields
      ? ofAlpacaActivity(fields)
      : ofCcxtTrade(fields)
  checkFill(fill)
  return fill
}

/**
 * An order and the legs of its bracket, from what an API calls an order: one of ccxt, or of Alpaca (with `nested: true`
 * for the legs).
 *
 * @throws `INVALID_INPUT`, `INVALID_TIME`
 *
 * @example
 * ```ts
 * for (const raw of await alpaca.getOrders({ status: 'closed', nested: true })) {
 *   for (const order of toOrders(raw)) builder.order(order)
 * }
 * ```
 */
export function toOrders(row: unknown): readonly OrderState[] {
  const message = record(row, 'An order')
  const fields = isRecord(message['data']) && isRecord(message['data']['order']) ? message['data']['order'] : message
  const orders = 'filled_qty' in fields || 'client_order_id' in fields ? ofAlpacaOrder(fields) : [ofCcxtOrder(fields)]
  for (const order of orders) checkOrder(order)
  return orders
}

function ofCcxtTrade(fields: Fields): Fill {
  return {
    id: id('id', fields['id']),
    orderId: id('order', fields['order']),
    ...optional('clientOrderId', fields['clientOrderId']),
    symbol: fields['symbol'] as string,
    side: sideOf(fields['side']),
    reduceOnly: fields['reduceOnly'] === true,
    price: number('price', fields['price']),
    amount: number('amount', fields['amount']),
    time: readTime('timestamp', fields['timestamp'] ?? fields['datetime']),
    fees: feesOf(fields),
  }
}

function ofCcxtOrder(fields: Fields): OrderState {
  const filled = readNumber('filled', fields['filled'], CODE) ?? 0
  const cost = readNumber('cost', fields['cost'], CODE)
  const average = readNumber('average', fields['average'], CODE) ?? (cost && filled > 0 ? cost / filled : undefined)
  const purpose = purposeOf(fields)
  return {
    orderId: id('id', fields['id']),
    ...optional('clientOrderId', fields['clientOrderId']),
    symbol: fields['symbol'] as string,
    side: sideOf(fields['side']),
    reduceOnly: fields['reduceOnly'] === true || fields['closePosition'] === true,
    ...(purpose !== undefined && { purpose }),
    filled,
    average: average ?? readNumber('price', fields['price'], CODE) ?? 0,
    time: readTime(
      'timestamp',
      fields['lastTradeTimestamp'] ?? fields['lastUpdateTimestamp'] ?? fields['timestamp'] ?? fields['datetime'],
    ),
    fees: feesOf(fields),
  }
}

/** Which barrier an order of ccxt stands for: its type or its trigger prices say so. */
function purposeOf(fields: Fields): OrderPurpose | undefined {
  const type = String(fields['type'] ?? '').toLowerCase()
  const has = (name: string): boolean => (readNumber(name, fields[name], CODE) ?? 0) > 0
  if (type.includes('take') || has('takeProfitPrice')) return 'target'
  if (type.includes('stop') || has('stopLossPrice')) return 'stop'
  // a plain trigger protects a position only where it can do nothing but close one
  if (fields['reduceOnly'] === true && (has('triggerPrice') || has('stopPrice'))) return 'stop'
  return undefined
}

function ofAlpacaActivity(fields: Fields): Fill {
  return {
    id: id('id', fields['id']),
    orderId: id('order_id', fields['order_id']),
    symbol: fields['symbol'] as string,
    side: sideOf(fields['side']),
    reduceOnly: false,
    price: number('price', fields['price']),
    amount: number('qty', fields['qty']),
    time: readTime('transaction_time', fields['transaction_time']),
    fees: [],
  }
}

function ofAlpacaUpdate(fields: Fields, order: Fields): Fill {
  return {
    id: id('execution_id', fields['execution_id']),
    ...alpacaFacts(order),
    price: number('price', fields['price']),
    amount: number('qty', fields['qty']),
    time: readTime('timestamp', fields['timestamp']),
    fees: [],
  }
}

function ofAlpacaOrder(fields: Fields): readonly OrderState[] {
  const own = alpacaState(fields, alpacaFacts(fields))
  const legs = Array.isArray(fields['legs']) ? (fields['legs'] as readonly Fields[]) : []
  return [
    own,
    ...legs.map((leg) => {
      const purpose: OrderPurpose = alpacaType(leg) === 'limit' ? 'target' : 'stop'
      return alpacaState(leg, { ...alpacaFacts(leg), reduceOnly: true, purpose, parentId: own.orderId })
    }),
  ]
}

const alpacaType = (order: Fields): string => String(order['order_type'] ?? order['type'] ?? '')

function alpacaFacts(order: Fields): Omit<OrderState, 'filled' | 'average' | 'time' | 'fees'> {
  return {
    orderId: id('id', order['id']),
    ...optional('clientOrderId', order['client_order_id']),
    symbol: order['symbol'] as string,
    side: sideOf(order['side']),
    reduceOnly: false,
    ...(alpacaType(order).includes('stop') && { purpose: 'stop' as const }),
  }
}

function alpacaState(order: Fields, facts: ReturnType<typeof alpacaFacts>): OrderState {
  return {
    ...facts,
    filled: readNumber('filled_qty', order['filled_qty'], CODE) ?? 0,
    average: readNumber('filled_avg_price', order['filled_avg_price'], CODE) ?? 0,
    time: readTime(
      'filled_at',
      order['filled_at'] ?? order['updated_at'] ?? order['submitted_at'] ?? order['created_at'],
    ),
    fees: [],
  }
}

/** What ccxt says of fees: one, several, or none. */
function feesOf(fields: Fields): readonly Fee[] {
  const listed = Array.isArray(fields['fees']) && fields['fees'].length > 0 ? fields['fees'] : [fields['fee']]
  return (listed as readonly unknown[]).flatMap((fee) => {
    if (!isRecord(fee)) return []
    const cost = readNumber('fee.cost', fee['cost'], CODE)
    return cost === undefined || cost === 0 ? [] : [{ cost, currency: fee['currency'] as string }]
  })
}

function sideOf(side: unknown): 'buy' | 'sell' {
  if (side === 'buy' || side === 'sell') return side
  // Alpaca's activities tell short sales apart
  if (side === 'sell_short') return 'sell'
  throw new TradeLearnError(CODE, `"side" must be "buy" or "sell", got ${show(side)}.`)
}

function number(name: string, value: unknown): number {
  const found = readNumber(name, value, CODE)
  if (found !== undefined) return found
  throw new TradeLearnError(CODE, `"${name}" must be a number or a decimal string, got ${show(value)}.`)
}

function id(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  throw new TradeLearnError(CODE, `"${name}" must be an id, got ${show(value)}.`)
}

function optional(name: 'clientOrderId', value: unknown): { readonly clientOrderId?: string } {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {}
}

function record(value: unknown, what: string): Fields {
  if (isRecord(value)) return value
  throw new TradeLearnError(CODE, `${what} must be an object, got ${show(value)}.`)
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
