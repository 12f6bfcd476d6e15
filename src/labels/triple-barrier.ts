import type { Labeler, Snapshot } from '../contracts.ts'
import { fraction, integer } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Bracket, Candle, Label } from '../market.ts'
import { checkBracket, exitAtEntry, exitOf } from './barriers.ts'
import { grossReturn } from './gross-return.ts'
import type { Excursions } from './label-from-outcome.ts'
import { checkTravelled, type Travelled, WatchList } from './watch-list.ts'

/** Options of {@link TripleBarrier}. */
export type TripleBarrierOptions = {
  /** Candles after which a position is closed at the market: the vertical barrier. @defaultValue 24 */
  readonly maxBars: number
  /**
   * Costs of the round trip, as a fraction of the entry value: fees, half the spread and slippage, in and out.
   * @defaultValue 0.001
   */
  readonly costs: number
  /** Brackets that may wait at one time. @defaultValue 10_000 */
  readonly maxOpen: number
}

/** A bracket and what it has been through. */
type Watch = Bracket & Travelled

/**
 * Labels trades by which of three barriers is reached first: target, stop, or the end of patience.
 *
 * Give it every closed candle, and what has closed by then before you open a bracket: the candle that was already seen
 * when the decision was made can never count, even where its time is the bracket's. Prices are compared with high and
 * low, touching is reaching, and every doubt is settled against the position:
 *
 *     opened before the entry      out at the stop if that is touched, and the label is `ambiguous`; else stays
 *     opens beyond the stop        out at the open, worse than the stop
 *     opens beyond the target      out at the target, no better
 *     holds both                   out at the stop, and the label is `ambiguous`
 *     `maxBars` candles, neither   out at the close
 *
 *     netReturn = (exit - price) / price - costs for a long; y = 1 if it is above 0
 *
 * The first row is for entries in mid-candle. A candle that opened before `bracket.time` and is advanced after `open`
 * met its high and low before the entry or after, nobody knows: so it may stop the position and counts for
 * `maxAdverse`, but it never reaches the target, is no bar and counts nothing for `maxFavorable`. The exit time is the
 * entry's then. Candles do not say when they closed, so a late one that closed before the entry is treated alike.
 *
 * On the way `maxAdverse` and `maxFavorable` follow low and high. Of the candle that ends it, `maxFavorable` counts what
 * surely came before the exit (after a stop, only the open), `maxAdverse` whatever may have, and neither goes beyond
 * the exit price.
 *
 * O(brackets that wait on the candle's symbol) a candle. Memory: the open brackets and one time a symbol. A symbol whose
 * candles stop keeps its brackets: `cancel` them.
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapter 3
 *
 * @example
 * ```ts
 * const labeler = new TripleBarrier({ maxBars: 12, costs: 0.0015 })
 * const time = 1_700_000_000_000
 * labeler.open({ id: 'a', symbol: 'BTC', side: 'long', time, price: 100, stop: 98, target: 104 })
 * labeler.advance({ symbol: 'BTC', time, open: 100, high: 105, low: 99, close: 103 }) // [{ id: 'a', y: 1, ... }]
 * ```
 */
export class TripleBarrier implements Labeler<Bracket, Candle, Label> {
  static readonly type: string = 'triple-barrier'
  static readonly version: number = 1

  readonly options: TripleBarrierOptions
  readonly #watched = new WatchList<Watch>()

  constructor({ maxBars = 24, costs = 0.001, maxOpen = 10_000 }: Partial<TripleBarrierOptions> = {}) {
    this.options = {
      maxBars: integer('maxBars', maxBars),
      costs: fraction('costs', costs),
      maxOpen: integer('maxOpen', maxOpen),
    }
  }

  /** Brackets that wait. */
  get openCount(): number {
    return this.#watched.size
  }

  /** Whether a bracket still waits. */
  isOpen(id: string): boolean {
    return this.#watched.get(id) !== undefined
  }

  /** What an open bracket has been through up to the newest candle. */
  excursions(id: string): Excursions | undefined {
    const watch = this.#watched.get(id)
    return watch && { maxFavorable: watch.maxFavorable, maxAdverse: watch.maxAdverse, bars: watch.bars }
  }

  /**
   * Starts waiting for the fate of a bracket.
   *
   * @throws `INVALID_INPUT` (also for an id that already waits), `INVALID_TIME`, `OUT_OF_ORDER` where the symbol's newest
   *   candle is later than the bracket, or `TOO_MANY_OPEN`
   */
  open(bracket: Bracket): void {
    checkBracket(bracket, 'INVALID_INPUT')
    const { id, symbol, side, time, price, stop, target } = bracket
    const watch = { id, symbol, side, time, price, stop, target, bars: 0, maxFavorable: 0, maxAdverse: 0 }
    this.#watched.open(watch, this.options.maxOpen)
  }

  cancel(id: string): void {
    this.#watched.close(id)
  }

  /** Advances by one candle and returns the labels it settled, in the order of opening. */
  advance(candle: Candle): readonly Label[] {
    const settled: Label[] = []
    for (const watch of this.#watched.advance(candle)) {
      const label = step(watch, candle, this.options)
      if (label === undefined) continue
      settled.push(label)
      this.#watched.close(watch.id)
    }
    return settled
  }

  toJSON(): Snapshot {
    return snapshot(TripleBarrier, this.options, this.#watched.state())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): TripleBarrier {
    const { options, state } = checkSnapshot(TripleBarrier, json)
    const labeler = new TripleBarrier(unpackState(options, { ...new TripleBarrier().options }, 'options'))
    const watch = { id: '', symbol: '', side: '', time: 0, price: 0, stop: 0, target: 0 }
    const travelled = { bars: 0, maxFavorable: 0, maxAdverse: 0 }
    const template = { newest: [{ symbol: '', time: 0 }], open: [{ ...watch, ...travelled }] }
    const { newest, open } = unpackState(state, template)
    for (const row of open as Watch[]) {
      checkBracket(row, 'CORRUPT_SNAPSHOT')
      checkTravelled(row)
    }
    labeler.#watched.load({ newest, open: open as Watch[] })
    return labeler
  }
}

/** Takes a bracket through one candle; its label if that ended it. */
function step(watch: Watch, candle: Candle, { maxBars, costs }: TripleBarrierOptions): Label | undefined {
  const { id, side, price } = watch
  // under way at the entry: its gains may be older than the position
  const early = candle.time < watch.time
  if (!early) watch.bars++
  const exit = early ? exitAtEntry(watch, candle) : exitOf(watch, candle, watch.bars < maxBars ? 'more' : 'last')
  const best = exit?.best ?? (early ? price : side === 'long' ? candle.high : candle.low)
  const worst = exit?.worst ?? (side === 'long' ? candle.low : candle.high)
  watch.maxFavorable = Math.max(watch.maxFavorable, grossReturn(side, price, best))
  watch.maxAdverse = Math.max(watch.maxAdverse, -grossReturn(side, price, worst))
  if (exit === undefined) return undefined

  const netReturn = grossReturn(side, price, exit.price) - costs
  return {
    id,
    y: netReturn > 0 ? 1 : 0,
    netReturn,
    exitReason: exit.reason,
    exitPrice: exit.price,
    // no exit before its entry
    exitTime: Math.max(candle.time, watch.time),
    ambiguous: exit.ambiguous,
    maxFavorable: watch.maxFavorable,
    maxAdverse: watch.maxAdverse,
    bars: watch.bars,
  }
}
