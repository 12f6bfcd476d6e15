import type { Limits } from '../../../src/decision/index.ts'
import type { Account, Position, Side } from '../../../src/market.ts'

/** An order on its way. */
export type Waiting = Required<Position> & { readonly time: number; readonly effect: 'opens' | 'closes' }
export type Where = { readonly symbol: string; readonly side: Side }

const DAY = 86_400_000

/**
 * What is really so: the account, the orders on their way and the day, kept by plain code that shares nothing with the
 * library, so that what a gate says can be checked against it.
 */
export class Truth {
  equity = 10_000
  positions: Required<Position>[] = []
  waiting: Waiting[] = []
  readonly orders: number[] = []
  newest: number = -Infinity
  #last = NaN
  #day = NaN
  #start = NaN
  #low = NaN
  readonly #reserveFor: number
  readonly #stepBack: number

  constructor(reserveFor: number, stepBack: number) {
    this.#reserveFor = reserveFor
    this.#stepBack = stepBack
  }

  /** The account as a bot would give it. */
  account(): Account {
    return { equity: this.equity, positions: [...this.positions] }
  }

  isFaulty(time: number | undefined): boolean {
    return !(typeof time === 'number' && Math.abs(time) <= 8.64e15 && time >= this.newest - this.#stepBack)
  }

  at(time: number | undefined): number {
    return typeof time === 'number' && Math.abs(time) <= 8.64e15 && time > this.newest ? time : this.newest
  }

  alive(now: number): Waiting[] {
    return this.waiting.filter(({ time }) => !(now >= time + this.#reserveFor))
  }

  /** Notional that fits a description, in the account or with what is on its way. */
  sum(fits: (one: Where) => boolean, others: readonly Waiting[]): number {
    let sum = 0
    for (const one of this.positions) if (fits(one)) sum += one.notional
    for (const one of others) if (one.effect === 'opens' && fits(one)) sum += one.notional
    return sum
  }

  /** How much an order may close. */
  closable({ symbol, side }: Where, alive: readonly Waiting[]): number {
    if (this.sum((one) => one.symbol === symbol && one.side === side, alive) > 0) return 0
    let left = this.sum((one) => one.symbol === symbol && one.side !== side, [])
    for (const one of alive) {
      if (one.effect === 'closes' && one.symbol === symbol && one.side === side) left -= one.notional
    }
    return Math.max(0, left)
  }

  /** Whether the day's loss has been reached, or cannot be known. */
  isLost(now: number, { maxDailyLoss }: Limits): boolean {
    if (maxDailyLoss === Infinity) return false
    if (Number.isNaN(this.#last)) return true
    const today = dayOf(now) === this.#day
    const start = today ? this.#start : this.#last
    const low = today ? Math.min(this.#low, this.equity) : this.equity
    return start - low >= maxDailyLoss * start
  }

  /** The equity has been seen. */
  see(time: number | undefined): void {
    const now = this.at(time)
    const today = dayOf(now) === this.#day && !Number.isNaN(this.#last)
    if (!today) this.#start = Number.isNaN(this.#last) ? this.equity : this.#last
    this.#low = today ? Math.min(this.#low, this.equity) : this.equity
    this.#day = dayOf(now)
    this.#last = this.equity
    this.newest = now
  }

  /** Something has been recorded. */
  tick(time: number): void {
    this.newest = this.at(time)
  }

  /** An order that was filled. */
  fill(order: Waiting): void {
    this.waiting = this.waiting.filter(({ id }) => id !== order.id)
    const { id, symbol, side, notional, effect } = order
    if (effect === 'opens') this.positions.push({ id, symbol, side, notional })
    else this.#reduce(symbol, side === 'long' ? 'short' : 'long', notional)
  }

  #reduce(symbol: string, side: Side, notional: number): void {
    let left = notional
    this.positions = this.positions.flatMap((one) => {
      if (one.symbol !== symbol || one.side !== side) return [one]
      const taken = Math.min(left, one.notional)
      left -= taken
      return taken < one.notional ? [{ ...one, notional: one.notional - taken }] : []
    })
  }
}

const dayOf = (time: number): number => Math.floor(time / DAY)
