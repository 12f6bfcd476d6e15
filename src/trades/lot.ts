import type { ExitReason, Side } from '../market.ts'
import type { Fee, OrderFacts } from './fill.ts'
import type { PastTrade } from './past-trade.ts'

/** What one order bought or sold to open a position, and what has become of it. */
export type Lot = {
  /** The entry's client order id, or the exchange's as long as none is known. */
  id: string
  readonly orderId: string
  readonly symbol: string
  readonly side: Side
  /** Units that are still held. */
  held: number
  /** Units that a fee took away: an exit may sell them all the same, out of what else there was. */
  slack: number
  /** Units that were bought or sold to enter, and what was paid or got for them. */
  entered: number
  entryValue: number
  readonly entryTime: number
  left: number
  exitValue: number
  exitTime: number
  exitReason: ExitReason
  /** Fees in the quote currency. */
  fees: number
  /** Fees in currencies that have no price. */
  readonly unpriced: Fee[]
}

/** A closed position. */
export type RoundTrip = PastTrade & {
  readonly id: string
  /** Units of the base asset. */
  readonly amount: number
  readonly exitReason: ExitReason
  readonly fees: number
  /** Fees in currencies whose price is not known, which `fees` leaves out. */
  readonly unpricedFees: readonly Fee[]
}

/** A part of an order: how much for what, and what it cost. */
export type Part = {
  readonly amount: number
  readonly value: number
  readonly fees: readonly Fee[]
  readonly time: number
}

export function openLot({ orderId, clientOrderId, symbol, side }: OrderFacts, time: number): Lot {
  return {
    id: clientOrderId ?? orderId,
    orderId,
    symbol,
    side: side === 'buy' ? 'long' : 'short',
    held: 0,
    slack: 0,
    entered: 0,
    entryValue: 0,
    entryTime: time,
    left: 0,
    exitValue: 0,
    exitTime: time,
    exitReason: 'exit',
    fees: 0,
    unpriced: [],
  }
}

/** Adds to a position. */
export function enter(lot: Lot, part: Part, prices: FeePrices): void {
  const base = part.fees.reduce((sum, { cost, currency }) => sum + (isBase(lot.symbol, currency) ? cost : 0), 0)
  // what a buyer pays in the asset itself never arrives
  const lost = lot.side === 'long' ? Math.min(Math.max(base, 0), part.amount) : 0
  lot.entered += part.amount
  lot.entryValue += part.value
  lot.held += part.amount - lost
  lot.slack += lost
  charge(lot, part, prices)
}

/** Takes from a position as much of a part as it can hold; returns what is left of the part, or nothing. */
export function leave(lot: Lot, part: Part, reason: ExitReason, prices: FeePrices): Part | undefined {
  const most = lot.held + lot.slack
  const taken = isRounding(part.amount - most, part.amount) ? part.amount : Math.min(part.amount, most)
  const [own, rest] = split(part, taken)
  lot.slack = Math.max(0, lot.slack - Math.max(0, taken - lot.held))
  lot.held = Math.max(0, lot.held - taken)
  lot.left += taken
  lot.exitValue += own.value
  lot.exitTime = Math.max(lot.exitTime, part.time)
  lot.exitReason = reason
  charge(lot, own, prices)
  return rest
}

/** Whether nothing of a position is left but what `dust`, a share of what was entered, lets go. */
export function isClosed(lot: Lot, dust: number): boolean {
  return lot.left > 0 && lot.held <= Math.max(dust, ROUNDING) * lot.entered
}

/** Less than this share of an amount is rounding. */
const ROUNDING = 1e-9
const isRounding = (amount: number, of: number): boolean => amount <= ROUNDING * of

export function tripOf(lot: Lot): RoundTrip {
  const { id, symbol, side, entered, entryValue, entryTime, left, exitValue, exitTime, exitReason, fees } = lot
  return {
    id,
    symbol,
    side,
    entryTime,
    entryPrice: entryValue / entered,
    exitTime,
    exitPrice: exitValue / left,
    exitReason,
    fees: fees / entryValue,
    amount: entered,
    unpricedFees: [...lot.unpriced],
  }
}

/** So many units of a part, and the rest of it. */
function split(part: Part, units: number): [Part, Part | undefined] {
  if (units >= part.amount) return [part, undefined]
  const share = units / part.amount
  const own = {
    amount: units,
    value: part.value * share,
    fees: part.fees.map(({ cost, currency }) => ({ cost: cost * share, currency })),
    time: part.time,
  }
  const rest = {
    amount: part.amount - units,
    value: part.value - own.value,
    fees: part.fees.map(({ cost, currency }) => ({ cost: cost - cost * share, currency })),
    time: part.time,
  }
  return [own, rest]
}

/** Prices of fee currencies in the quote currency. */
export type FeePrices = { readonly [currency: string]: number }

/** Adds the fees of a part to a position, in the quote currency. */
function charge(lot: Lot, { fees, value, amount }: Part, prices: FeePrices): void {
  for (const { cost, currency } of fees) {
    const price = isBase(lot.symbol, currency)
      ? value / amount
      : isQuote(lot.symbol, currency)
        ? 1
        : Object.hasOwn(prices, currency)
          ? prices[currency]
          : undefined
    if (price !== undefined) lot.fees += cost * price
    else addUnpriced(lot.unpriced, cost, currency)
  }
}

/** One entry a currency, so that a position of many fills stays small. */
function addUnpriced(unpriced: Fee[], cost: number, currency: string): void {
  const at = unpriced.findIndex((fee) => fee.currency === currency)
  if (at < 0) unpriced.push({ cost, currency })
  else unpriced[at] = { cost: unpriced[at]!.cost + cost, currency }
}

/** `BTC` of `BTC/USDT` and of `BTC/USDT:USDT`; a symbol without a slash has no currency of its own. */
const isBase = (symbol: string, currency: string): boolean => symbol.includes('/') && symbol.split('/')[0] === currency

/** `USDT` of `BTC/USDT`; whatever it is for a symbol without a slash, as of a share. */
const isQuote = (symbol: string, currency: string): boolean =>
  !symbol.includes('/') || symbol.split('/')[1]!.split(':')[0] === currency
