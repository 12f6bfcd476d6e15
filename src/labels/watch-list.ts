import { integer, nonNegative, oneOf, positive, text, time } from '../core/check.ts'
import { checkCandle } from '../core/check-candle.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import type { Bracket, Candle } from '../market.ts'

/** A position whose fate is to be found out from candles: a bracket, or one without barriers. */
export type TradeEntry = Omit<Bracket, 'stop' | 'target'>

/** What a position has been through since its entry. */
export type Travelled = { bars: number; maxFavorable: number; maxAdverse: number }

/** As saved: one row a position, and the time of each symbol's newest candle. */
export type WatchListState<W> = {
  readonly newest: readonly { readonly symbol: string; readonly time: number }[]
  readonly open: readonly W[]
}

/**
 * The positions that a labeler waits for, by id and by symbol, in the order of opening.
 *
 * It refuses what would let a label see the past: an entry from before the symbol's newest candle, an id that already
 * waits, a candle out of order.
 */
export class WatchList<W extends TradeEntry> {
  /** Open time of each symbol's newest candle. */
  readonly #newest = new Map<string, number>()
  readonly #open = new Map<string, W>()
  /** `#open` once more, by symbol. */
  readonly #bySymbol = new Map<string, Set<W>>()

  get size(): number {
    return this.#open.size
  }

  get(id: string): W | undefined {
    return this.#open.get(id)
  }

  values(): Iterable<W> {
    return this.#open.values()
  }

  /** Starts waiting for a position that the labeler has checked. */
  open(watch: W, most: number): void {
    const { id, symbol, time: entered } = watch
    const newest = this.#newest.get(symbol)
    if (this.#open.has(id)) {
      throw new TradeLearnError('INVALID_INPUT', `"bracket.id" must be new, got ${show(id)}, which is open.`)
    }
    if (newest !== undefined && entered < newest) {
      throw new TradeLearnError(
        'OUT_OF_ORDER',
        `A bracket for ${symbol} must not be from before its newest candle at ${newest}, got ${entered}.`,
      )
    }
    if (this.size >= most) {
      throw new TradeLearnError('TOO_MANY_OPEN', `At most ${most} brackets may wait ("maxOpen"), got one more.`)
    }
    this.#add(watch)
  }

  /** Stops waiting for one; unknown ids are ignored. */
  close(id: string): void {
    const watch = this.#open.get(id)
    if (watch === undefined) return
    this.#open.delete(id)
    const mates = this.#bySymbol.get(watch.symbol)!
    mates.delete(watch)
    if (mates.size === 0) this.#bySymbol.delete(watch.symbol)
  }

  /** Takes note of a candle and gives the positions that it concerns, which may be closed on the way. */
  advance(candle: Candle): Iterable<W> {
    checkCandle(candle, this.#newest.get(candle?.symbol))
    this.#newest.set(candle.symbol, candle.time)
    return this.#bySymbol.get(candle.symbol) ?? []
  }

  state(): WatchListState<W> {
    return { newest: [...this.#newest].map(([symbol, at]) => ({ symbol, time: at })), open: [...this.#open.values()] }
  }

  /** Takes over a saved state whose types are right and whose rows `check` has found sound. */
  load({ newest, open }: WatchListState<W>): void {
    for (const row of newest) this.#newest.set(row.symbol, time('newest', row.time, 'CORRUPT_SNAPSHOT'))
    for (const row of open) this.#add(row)
    if (this.size !== open.length) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `Open ids must differ, got ${open.length} rows that share some.`)
    }
  }

  #add(watch: W): void {
    this.#open.set(watch.id, watch)
    const mates = this.#bySymbol.get(watch.symbol)
    if (mates) mates.add(watch)
    else this.#bySymbol.set(watch.symbol, new Set([watch]))
  }
}

/** Throws unless a position has an id, a symbol, a side, a time and a price. */
export function checkEntry(entry: TradeEntry, code: ErrorCode): void {
  if (typeof entry !== 'object' || entry === null) {
    throw new TradeLearnError(code, `A bracket must be an object, got ${show(entry)}.`)
  }
  text('bracket.id', entry.id, code)
  text('bracket.symbol', entry.symbol, code)
  oneOf('bracket.side', entry.side, ['long', 'short'], code)
  time('bracket.time', entry.time, code === 'INVALID_INPUT' ? 'INVALID_TIME' : code)
  positive('bracket.price', entry.price, code)
}

/** Throws unless a saved position has been through something that is possible. */
export function checkTravelled({ bars, maxFavorable, maxAdverse }: Travelled): void {
  integer('bars', bars, 0, 'CORRUPT_SNAPSHOT')
  nonNegative('maxFavorable', maxFavorable, 'CORRUPT_SNAPSHOT')
  nonNegative('maxAdverse', maxAdverse, 'CORRUPT_SNAPSHOT')
}
