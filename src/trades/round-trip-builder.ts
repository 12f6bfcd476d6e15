import type { Serializable, Snapshot } from '../contracts.ts'
import { finite, fraction, integer, nonNegative, oneOf, positive, text, time } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkFill, checkOrder, type Fee, type Fill, type OrderFacts, type OrderState } from './fill.ts'
import { enter, type FeePrices, isClosed, type Lot, leave, openLot, type Part, type RoundTrip, tripOf } from './lot.ts'

/** Options of {@link RoundTripBuilder}. */
export type RoundTripBuilderOptions = {
  /** Which of several open positions of a symbol an exit closes that names none: the oldest or the newest. @defaultValue "fifo" */
  readonly matching: 'fifo' | 'lifo'
  /** Prices of currencies that fees come in, in the quote currency, e.g. `{ BNB: 600 }`. @defaultValue none */
  readonly feePrices: FeePrices
  /**
   * Share of what was entered that may be left over when a position counts as closed: fees in the asset itself and lot
   * sizes leave a rest that nobody can sell. @defaultValue 0.01
   */
  readonly dust: number
  /** Orders that are remembered, so that their fills count once; must outlast a reconnect. @defaultValue 10_000 */
  readonly remember: number
}

/** What is known of an order: how much fills say of it, how much the order itself says, how much was counted. */
type Known = {
  readonly orderId: string
  clientOrderId: string | null
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  reduceOnly: boolean
  purpose: string | null
  parentId: string | null
  byFills: number
  byOrder: number
  counted: number
  value: number
  /** Fees that were counted, by currency. */
  readonly fees: Fee[]
}

/** An exit whose entry has not been heard of. */
type Waiting = {
  readonly orderId: string
  readonly symbol: string
  readonly amount: number
  readonly value: number
  readonly fees: readonly Fee[]
  readonly time: number
}

/** An open position, for people and for checks against the broker. */
export type OpenLot = Pick<Lot, 'id' | 'symbol' | 'side' | 'held' | 'entryTime'> & { readonly entryPrice: number }

/** Exits that may wait for their entries. */
const MOST_WAITING = 1000

/**
 * Pairs fills and orders into closed trades, each under the client order id of its entry.
 *
 * No exchange tells what a trade made: it tells fills. Give it every fill, every order, or both, as they come in and as
 * often as they come: what was counted once is not counted again. An entry opens a position of its own, known by its
 * client order id, which is the decision's id where the bot passed that on. An exit closes
 *
 *     the entry whose bracket it is a leg of, if it says so
 *     else the oldest open position of the symbol on the other side (or the newest), and then the next
 *     and what it has too much opens a position the other way, unless it is reduce-only
 *
 * Fees in the quote currency count as they are, in the base currency at the price of the fill (and a buyer gets so much
 * less), in others by `feePrices`; without a price they are listed with the trade. An exit that arrives before its entry
 * waits for it. Returned trades go to `learn(trip.id, outcomeOf(trip))`.
 *
 * O(open positions of the symbol) a message. Memory: open positions, and `remember` orders.
 *
 * @example
 * ```ts
 * const builder = new RoundTripBuilder({ feePrices: { BNB: 600 } })
 * for (const trade of await exchange.fetchMyTrades('BTC/USDT')) {
 *   for (const trip of builder.fill(toFill(trade))) learner.learn(trip.id, outcomeOf(trip))
 * }
 * ```
 */
export class RoundTripBuilder implements Serializable {
  static readonly type: string = 'round-trip-builder'
  static readonly version: number = 1

  readonly options: RoundTripBuilderOptions
  /** By symbol and order id, which some exchanges count by symbol, in the order in which they were first heard of. */
  readonly #orders = new Map<string, Known>()
  /** Ids of fills that were counted, in order. */
  readonly #fills = new Set<string>()
  #lots: Lot[] = []
  #waiting: Waiting[] = []

  constructor({
    matching = 'fifo',
    feePrices = {},
    dust = 0.01,
    remember = 10_000,
  }: Partial<RoundTripBuilderOptions> = {}) {
    for (const [currency, price] of Object.entries(feePrices)) positive(`feePrices.${currency}`, price)
    this.options = {
      matching: oneOf('matching', matching, ['fifo', 'lifo']),
      feePrices: { ...feePrices },
      dust: fraction('dust', dust),
      remember: integer('remember', remember),
    }
  }

  /** Positions that are open, oldest first. */
  open(): readonly OpenLot[] {
    return this.#lots.map(({ id, symbol, side, held, entryTime, entryValue, entered }) => ({
      ...{ id, symbol, side, held, entryTime },
      entryPrice: entryValue / entered,
    }))
  }

  /** Exits that wait for an entry. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Takes in a fill and returns the trades that it closed; a fill that was seen before closes nothing.
   *
   * @throws `INVALID_INPUT`, changing nothing
   */
  fill(fill: Fill): readonly RoundTrip[] {
    checkFill(fill)
    const key = `${keyOf(fill)}\n${fill.id}`
    this.#checkSame(fill)
    if (this.#fills.has(key)) return []
    this.#fills.add(key)
    if (this.#fills.size > this.options.remember) this.#fills.delete(this.#fills.keys().next().value!)
    const known = this.#known(fill)
    known.byFills += fill.amount
    return this.#count(known, known.byFills, fill.price, fill.fees, fill.time)
  }

  /**
   * Takes in an order as it stands and returns the trades that what is new in it closed.
   *
   * @throws `INVALID_INPUT`, changing nothing
   */
  order(order: OrderState): readonly RoundTrip[] {
    checkOrder(order)
    this.#checkSame(order)
    const known = this.#known(order)
    const { filled, average, fees } = order
    known.byOrder = Math.max(known.byOrder, filled)
    const fresh = known.byOrder - known.counted
    if (!(fresh > 0)) return []
    // what came since the last look had the price that makes the mean what it is now
    const price = (average * filled - known.value) / fresh
    return this.#count(known, known.byOrder, price > 0 ? price : average, lessFees(fees, known.fees), order.time)
  }

  toJSON(): Snapshot {
    const { feePrices, ...options } = this.options
    const prices = Object.entries(feePrices).map(([currency, price]) => ({ currency, price }))
    return snapshot(
      RoundTripBuilder,
      { ...options, feePrices: prices },
      { orders: [...this.#orders.values()], fills: [...this.#fills], lots: this.#lots, waiting: this.#waiting },
    )
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RoundTripBuilder {
    const { options, state } = checkSnapshot(RoundTripBuilder, json)
    const template = { matching: '', dust: 0, remember: 0, feePrices: [{ currency: '', price: 0 }] }
    const { feePrices, ...read } = unpackState(options, template, 'options')
    const builder = new RoundTripBuilder({
      ...(read as { matching: 'fifo'; dust: number; remember: number }),
      feePrices: Object.fromEntries(feePrices.map(({ currency, price }) => [currency, price])),
    })
    const { orders, fills, lots, waiting } = unpackState(state, TEMPLATE)
    for (const order of orders as Known[]) {
      checkKnown(order)
      builder.#orders.set(keyOf(order), order)
    }
    for (const fill of fills) builder.#fills.add(text('fill', fill, 'CORRUPT_SNAPSHOT'))
    for (const lot of lots as Lot[]) checkLot(lot)
    builder.#lots = lots as Lot[]
    for (const exit of waiting as Waiting[]) {
      checkPart(exit)
      if (!builder.#orders.has(keyOf(exit))) corrupt('A waiting exit must be of a known order')
    }
    builder.#waiting = waiting as Waiting[]
    const most = Math.max(orders.length, fills.length)
    if (most > builder.options.remember || waiting.length > MOST_WAITING)
      corrupt('No more must be kept than remembered')
    return builder
  }

  /** Refuses a message that contradicts what is known of its order. */
  #checkSame(facts: OrderFacts): void {
    const known = this.#orders.get(keyOf(facts))
    if (known === undefined || known.side === facts.side) return
    throw new TradeLearnError(
      'INVALID_INPUT',
      `Order ${known.orderId} of ${known.symbol} must stay a ${known.side}, got a ${facts.side}.`,
    )
  }

  /** What is known of an order, with what this message adds. */
  #known({ orderId, clientOrderId, symbol, side, reduceOnly, purpose, parentId }: OrderFacts): Known {
    const key = keyOf({ orderId, symbol })
    let known = this.#orders.get(key)
    if (known === undefined) {
      const facts = { orderId, clientOrderId: null, symbol, side, reduceOnly, purpose: null, parentId: null }
      known = { ...facts, byFills: 0, byOrder: 0, counted: 0, value: 0, fees: [] }
      this.#orders.set(key, known)
      if (this.#orders.size > this.options.remember) this.#orders.delete(this.#orders.keys().next().value!)
    }
    if (known.clientOrderId === null && clientOrderId !== undefined) {
      known.clientOrderId = clientOrderId
      // fills may come before anyone says what the bot called their order
      for (const lot of this.#lots) if (lot.orderId === orderId && lot.symbol === symbol) lot.id = clientOrderId
    }
    known.purpose ??= purpose ?? null
    known.parentId ??= parentId ?? null
    known.reduceOnly ||= reduceOnly
    return known
  }

  /** Counts an order up to `amount`, whoever says so. */
  #count(known: Known, amount: number, price: number, fees: readonly Fee[], at: number): readonly RoundTrip[] {
    const fresh = amount - known.counted
    // the order had already told of this fill
    if (!(fresh > 1e-12 * amount)) return []
    known.counted = amount
    known.value += fresh * price
    for (const { cost, currency } of fees) addFee(known.fees, cost, currency)
    const closed = this.#apply(known, { amount: fresh, value: fresh * price, fees, time: at })
    return closed.length > 0 || this.#waiting.length === 0 ? closed : this.#retry(known.symbol)
  }

  /** Lets exits that waited for an entry of the symbol try again. */
  #retry(symbol: string): readonly RoundTrip[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting.flatMap((exit) => {
      const known = exit.symbol === symbol ? this.#orders.get(keyOf(exit)) : undefined
      if (known) return this.#apply(known, exit)
      this.#waiting.push(exit)
      return []
    })
  }

  /** Closes what a part of an order closes, and opens what is left of it. */
  #apply(known: Known, part: Part): readonly RoundTrip[] {
    const { symbol, side, orderId, parentId, purpose } = known
    const { matching, feePrices, dust } = this.options
    const other = side === 'buy' ? 'short' : 'long'
    const candidates = this.#lots.filter(
      (lot) => lot.symbol === symbol && lot.side === other && lot.orderId !== orderId,
    )
    if (matching === 'lifo') candidates.reverse()
    const own = candidates.filter((lot) => parentId !== null && lot.orderId === parentId)
    const reason = purpose === 'target' || purpose === 'stop' ? purpose : 'exit'
    let rest: Part | undefined = part
    const closed: RoundTrip[] = []
    for (const lot of parentId === null ? candidates : own) {
      if (rest === undefined) break
      rest = leave(lot, rest, reason, feePrices)
      if (isClosed(lot, dust)) closed.push(tripOf(lot))
    }
    this.#lots = this.#lots.filter((lot) => !isClosed(lot, dust))
    if (rest === undefined) return closed
    if (known.reduceOnly || parentId !== null) {
      this.#waiting.push({ ...rest, orderId, symbol })
      if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
      return closed
    }
    const facts = { orderId, symbol, side, reduceOnly: false }
    const { clientOrderId } = known
    let lot = this.#lots.find((each) => each.orderId === orderId && each.side !== other)
    if (lot === undefined) {
      lot = openLot(clientOrderId === null ? facts : { ...facts, clientOrderId }, rest.time)
      this.#lots.push(lot)
    }
    enter(lot, rest, feePrices)
    return closed
  }
}

const FEES = [{ cost: 0, currency: '' }]
const TEMPLATE = {
  orders: [
    {
      ...{ orderId: '', clientOrderId: null, symbol: '', side: '', reduceOnly: false, purpose: null, parentId: null },
      ...{ byFills: 0, byOrder: 0, counted: 0, value: 0, fees: FEES },
    },
  ],
  fills: [''],
  lots: [
    {
      ...{ id: '', orderId: '', symbol: '', side: '', held: 0, slack: 0, entered: 0, entryValue: 0, entryTime: 0 },
      ...{ left: 0, exitValue: 0, exitTime: 0, exitReason: '', fees: 0, unpriced: FEES },
    },
  ],
  waiting: [{ orderId: '', symbol: '', amount: 0, value: 0, fees: FEES, time: 0 }],
}

const keyOf = ({ orderId, symbol }: Pick<OrderFacts, 'orderId' | 'symbol'>): string => `${symbol}\n${orderId}`

/** Fees of an order that were not counted yet. */
function lessFees(all: readonly Fee[], counted: readonly Fee[]): readonly Fee[] {
  return all.flatMap(({ cost, currency }) => {
    const before = counted.find((fee) => fee.currency === currency)?.cost ?? 0
    return cost === before ? [] : [{ cost: cost - before, currency }]
  })
}

function addFee(fees: Fee[], cost: number, currency: string): void {
  const at = fees.findIndex((fee) => fee.currency === currency)
  if (at < 0) fees.push({ cost, currency })
  else fees[at] = { cost: fees[at]!.cost + cost, currency }
}

function checkKnown(known: Known): void {
  const code = 'CORRUPT_SNAPSHOT'
  text('orderId', known.orderId, code)
  oneOf('side', known.side, ['buy', 'sell'], code)
  for (const name of ['clientOrderId', 'purpose', 'parentId'] as const) {
    if (known[name] !== null) text(name, known[name] as string, code)
  }
  for (const name of ['byFills', 'byOrder', 'counted', 'value'] as const) nonNegative(name, known[name], code)
  checkFees(known.fees)
}

function checkLot(lot: Lot): void {
  const code = 'CORRUPT_SNAPSHOT'
  for (const name of ['id', 'orderId', 'symbol'] as const) text(name, lot[name], code)
  oneOf('side', lot.side, ['long', 'short'], code)
  oneOf('exitReason', lot.exitReason, ['target', 'stop', 'time', 'exit'], code)
  for (const name of ['entered', 'entryValue', 'held'] as const) positive(name, lot[name], code)
  for (const name of ['slack', 'left', 'exitValue'] as const) nonNegative(name, lot[name], code)
  for (const name of ['entryTime', 'exitTime'] as const) time(name, lot[name], code)
  finite('fees', lot.fees, code)
  checkFees(lot.unpriced)
}

function checkPart({ amount, value, fees, time: at }: Waiting): void {
  positive('amount', amount, 'CORRUPT_SNAPSHOT')
  positive('value', value, 'CORRUPT_SNAPSHOT')
  time('time', at, 'CORRUPT_SNAPSHOT')
  checkFees(fees)
}

function checkFees(fees: readonly Fee[]): void {
  for (const { cost, currency } of fees) {
    finite('cost', cost, 'CORRUPT_SNAPSHOT')
    text('currency', currency, 'CORRUPT_SNAPSHOT')
  }
}

function corrupt(wanted: string): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `${wanted}.`)
}
