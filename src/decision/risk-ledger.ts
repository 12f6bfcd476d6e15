import type { Serializable, Snapshot } from '../contracts.ts'
import { integer, nonNegative, positive, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { createRing, pushRing, type Ring, ringAt } from '../core/ring.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Account, Plan, Position } from '../market.ts'
import { checkAccount, heldIn, type Order, opposite } from './account.ts'

/** Options of {@link RiskLedger}. */
export type RiskLedgerOptions = {
  /** Orders whose times are remembered: no limit on orders per window may be larger. @defaultValue 1000 */
  readonly orders: number
  /** Decisions that may wait to show up in the account as new positions. While so many do, nothing new is opened.
   *  @defaultValue 256 */
  readonly reservations: number
  /** How long a decision waits for that, in milliseconds; it is taken for rejected then. @defaultValue 3_600_000 */
  readonly reserveFor: number
  /** When the trading day begins, in milliseconds after midnight UTC. @defaultValue 0 */
  readonly dayStart: number
  /** How far a time may lie before the newest, in milliseconds; it counts as the newest then. Clocks are set right by
   *  steps below a second, and signals of several symbols overtake each other. @defaultValue 1000 */
  readonly stepBack: number
}

/** What a ledger is told. */
export type LedgerEvent =
  /** The account, as often as it is known: the daily loss is counted from it. */
  | { readonly kind: 'account'; readonly account: Account; readonly time: number }
  /** What a gate has just let pass, with the account that it was shown. */
  | {
      readonly kind: 'decision'
      readonly id: string
      readonly order: Order
      readonly plan: Plan
      readonly account: Account
      readonly time: number
    }
  /** An order that was filled (the account knows), rejected or cancelled: nothing is reserved for it any more. */
  | { readonly kind: 'settled'; readonly id: string; readonly time: number }

/** What a decision may still become. */
type Reservation = {
  readonly id: string
  readonly symbol: string
  readonly side: 'long' | 'short'
  readonly notional: number
  readonly time: number
  /** Whether it takes away from the position on the other side, or adds one. */
  readonly effect: 'closes' | 'opens'
}

type State = {
  /** The newest time seen. */
  time: number
  /** The newest equity seen; NaN before the first. */
  equity: number
  /** The day of that equity, counted from 1970; NaN before the first. */
  day: number
  /** Equity at the start of that day, and the lowest since. */
  start: number
  low: number
  readonly orders: Ring
  reservations: readonly Reservation[]
}

const DAY = 86_400_000
/** The last instant that a date can be. */
const LATEST = 8.64e15
/** Decisions that are noted at most, closing ones among them: three a second for an hour. The oldest is forgotten beyond. */
const MOST_WAITING = 10_000
/** More order times than this are no bot's, and a file that asks for them is damaged. */
const MOST_ORDERS = 100_000

/**
 * Remembers what an account alone does not show: the orders of the last minutes, what was decided but is not yet a
 * position, and how the day began.
 *
 * Every gate in front of one account shares one ledger, so that no two of them spend the same room. A gate asks
 * `applyLimits` and records the decision before the next one asks. `record` alone changes anything. The day's loss is
 * counted from the last equity known before the day began (else from the first of the day) to the lowest seen since,
 * so it stays reached when equity recovers. Money taken out of the account counts as a loss, paid in as a gain.
 *
 * A time that is no time, or lies further before the newest one than `stepBack`, makes the gate open nothing; what is
 * recorded then counts as of the newest time. Decisions are told apart by `id`: gates must not give the same ids.
 * O(reservations) per question and record, bounded memory.
 *
 * @example
 * ```ts
 * const ledger = new RiskLedger()
 * ledger.record({ kind: 'account', account, time })
 * const plan = applyLimits(wish, order, account, createLimits({ maxOrders: 10, maxDailyLoss: 0.03 }), ledger, time)
 * ledger.record({ kind: 'decision', id, order, plan, account, time })
 * ```
 */
export class RiskLedger implements Serializable {
  static readonly type = 'risk-ledger'
  static readonly version = 1

  readonly options: RiskLedgerOptions
  #state: State

  constructor(options: Partial<RiskLedgerOptions> = {}) {
    const { orders = 1000, reservations = 256, reserveFor = 3_600_000 } = options
    const { dayStart = 0, stepBack = 1000 } = options
    this.options = Object.freeze({
      orders: atMost('orders', integer('orders', orders), MOST_ORDERS),
      reservations: atMost('reservations', integer('reservations', reservations), MOST_WAITING),
      reserveFor: positive('reserveFor', reserveFor),
      dayStart: atMost('dayStart', integer('dayStart', dayStart, 0), DAY - 1),
      stepBack: atMost('stepBack', nonNegative('stepBack', stepBack), DAY),
    })
    this.#state = { ...freshState(), orders: createRing(orders) }
  }

  /** The newest time seen, epoch milliseconds; -Infinity before the first. */
  get time(): number {
    return this.#state.time
  }

  /** Whether no further decision can be reserved at a time. */
  isFull(time: number): boolean {
    return this.#waiting(time).filter(opens).length >= this.options.reservations
  }

  /** What is wrong with a time, or null. */
  faultOf(time: number | undefined): string | null {
    if (!isTime(time)) return `The time must be one in epoch milliseconds, got ${show(time)}.`
    const { time: newest } = this.#state
    return time >= newest - this.options.stepBack ? null : `The clock went back from ${newest} to ${time}.`
  }

  /** A time as the ledger sees it: one that has gone back, or is none, as the newest. */
  at(time: number | undefined): number {
    return isTime(time) ? Math.max(time, this.#state.time) : this.#state.time
  }

  /** Decisions that open something and are not among these positions yet, as positions. */
  pending({ positions }: Account, time: number): Position[] {
    const held = new Set(positions.map(({ id }) => id))
    return this.#waiting(time)
      .filter((reservation) => opens(reservation) && !held.has(reservation.id))
      .map(({ id, symbol, side, notional }) => ({ id, symbol, side, notional }))
  }

  /** How much an order could close, in account currency: nothing where both sides are or may come to be held. */
  closable(order: Order, account: Account, time: number): number {
    const positions = [...account.positions, ...this.pending(account, time)]
    if (heldIn(positions, order) > 0) return 0
    let left = heldIn(account.positions, opposite(order))
    for (const { effect, symbol, side, notional } of this.#waiting(time)) {
      if (effect === 'closes' && symbol === order.symbol && side === order.side) left -= notional
    }
    return Math.max(0, left)
  }

  /** Orders after an instant; Infinity where more of them may have been forgotten. O(orders counted). */
  ordersSince(instant: number): number {
    const { orders } = this.#state
    let count = 0
    while (count < orders.size && !(ringAt(orders, count) <= instant)) count++
    return count < orders.values.length ? count : Infinity
  }

  /** Equity at the start of the day that a time belongs to, and the lowest of that day; NaN before any was recorded. */
  day(equity: number, time: number): { readonly start: number; readonly low: number } {
    const { day, start, low, equity: last } = this.#state
    if (Number.isNaN(last)) return { start: NaN, low: NaN }
    return this.#dayOf(time) === day ? { start, low: Math.min(low, equity) } : { start: last, low: equity }
  }

  /**
   * Takes in what happened.
   *
   * @throws `INVALID_ACCOUNT` or `INVALID_INPUT`, and changes nothing then
   */
  record(event: LedgerEvent): void {
    if (event.kind === 'account') this.#see(checkAccount(event.account), this.at(event.time))
    else if (text('id', event.id, 'INVALID_INPUT') && event.kind === 'decision') this.#decided(event)
    else this.#reserve(event.id, null, this.at(event.time))
  }

  toJSON(): Snapshot {
    return snapshot(RiskLedger, { ...this.options }, this.#state)
  }

  /** @throws `CORRUPT_SNAPSHOT` where the file was altered in a way that shows */
  static fromJSON(json: Snapshot): RiskLedger {
    const { options } = checkSnapshot(RiskLedger, json)
    const template = { ...new RiskLedger().options }
    try {
      return RiskLedger.restore(json, unpackState(options, template, 'options') as RiskLedgerOptions)
    } catch (error) {
      if ((error as TradeLearnError).code !== 'INVALID_OPTION') throw error
      return refuse('with options that can be', (error as Error).message)
    }
  }

  /** What a snapshot remembers under today's options, which then never come from the file. @throws `CORRUPT_SNAPSHOT` */
  static restore(json: Snapshot, options: Partial<RiskLedgerOptions>): RiskLedger {
    const ledger = new RiskLedger(options)
    const { state } = checkSnapshot(RiskLedger, json)
    const saved = unpackState(state, { ...freshState(), reservations: [RESERVATION] } as never, 'state') as State
    checkState(saved)
    const orders = createRing(ledger.options.orders)
    const { size, values } = saved.orders
    // a full ring has forgotten orders: they count as of the oldest time it knows, however large the new ring
    const oldest = size > 0 && size === values.length ? ringAt(saved.orders, size - 1) : NaN
    for (let i = size; i < orders.values.length && !Number.isNaN(oldest); i++) pushRing(orders, oldest)
    for (let ago = size - 1; ago >= 0; ago--) pushRing(orders, ringAt(saved.orders, ago))
    // more reservations than today's options allow keep the gate shut until they run out
    ledger.#state = { ...saved, orders }
    return ledger
  }

  #decided({ id, order, plan, account, time: given }: LedgerEvent & { readonly kind: 'decision' }): void {
    const time = this.at(given)
    const notional = plan.size * checkAccount(account).equity
    if (!(notional >= 0)) {
      throw new TradeLearnError('INVALID_INPUT', `"plan.size" must be at least 0, got ${show(plan.size)}.`)
    }
    const effect = notional <= this.closable(order, account, time) ? 'closes' : 'opens'
    this.#see(account, time)
    if (plan.action === 'skip') return
    pushRing(this.#state.orders, time)
    this.#reserve(id, { id, symbol: order.symbol, side: order.side, notional, time, effect }, time)
  }

  #see({ equity, positions }: Account, time: number): void {
    const state = this.#state
    const { start, low } = this.day(equity, time)
    state.start = Number.isNaN(start) ? equity : start
    state.low = Number.isNaN(low) ? equity : low
    state.equity = equity
    state.day = this.#dayOf(time)
    state.time = time
    const held = new Set(positions.map(({ id }) => id))
    state.reservations = this.#waiting(time).filter(({ id }) => !held.has(id))
  }

  /** Puts a reservation in the place of the one with this id. */
  #reserve(id: string, reservation: Reservation | null, time: number): void {
    const others = this.#waiting(time).filter((other) => other.id !== id)
    // closing passes a full ledger and is noted too, or one position would be closed twice, which opens one
    if (reservation !== null) others.push(reservation)
    if (others.length > MOST_WAITING) others.shift()
    this.#state.reservations = others
    this.#state.time = time
  }

  /** The reservations that have not run out; all of them at a time that is none. */
  #waiting(time: number): readonly Reservation[] {
    const { reserveFor } = this.options
    return this.#state.reservations.filter((reservation) => !(time >= reservation.time + reserveFor))
  }

  #dayOf(time: number): number {
    return Math.floor((time - this.options.dayStart) / DAY)
  }
}

const opens = ({ effect }: Pick<Reservation, 'effect'>): boolean => effect === 'opens'

const RESERVATION: Reservation = { id: '', symbol: '', side: 'long', notional: 0, time: 0, effect: 'opens' }

function freshState(): State {
  return {
    ...{ time: -Infinity, equity: NaN, day: NaN, start: NaN, low: NaN },
    orders: createRing(0),
    reservations: [],
  }
}

function isTime(time: number | undefined): time is number {
  return typeof time === 'number' && Math.abs(time) <= LATEST
}

function checkState({ time, equity, day, start, low, orders, reservations }: State): void {
  if (!(isTime(time) || time === -Infinity)) refuse('with a time', time)
  const unknown = [equity, day, start, low].every(Number.isNaN)
  const known = low > 0 && low <= equity && equity < Infinity && start > 0 && start < Infinity && !Number.isNaN(day)
  if (!unknown && !known) refuse('whose equities agree', { equity, start, low })
  const { values, head, size } = orders
  const whole = Number.isSafeInteger(head) && head >= 0 && (head < values.length || head === 0)
  if (!(whole && Number.isSafeInteger(size) && size >= 0 && size <= values.length)) refuse('with an order ring', head)
  for (let ago = 0; ago < size; ago++) {
    if (!(ringAt(orders, ago) <= (ago > 0 ? ringAt(orders, ago - 1) : time))) refuse('with orders in time', ago)
  }
  if (reservations.length > MOST_WAITING) {
    refuse(`with ${MOST_WAITING} reservations at most`, reservations.length)
  }
  for (const { id, symbol, side, notional, effect, time: made } of reservations) {
    const words = id !== '' && symbol !== '' && ['long', 'short'].includes(side) && ['closes', 'opens'].includes(effect)
    if (!(words && notional >= 0 && made <= time)) refuse('whose reservations can be', id)
  }
}

function atMost(name: string, value: number, most: number): number {
  if (value <= most) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${show(value)}.`)
}

function refuse(wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `A "risk-ledger" snapshot must be one ${wanted}, got ${show(got)}.`)
}
