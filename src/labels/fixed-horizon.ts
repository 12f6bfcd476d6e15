import type { Labeler, Snapshot } from '../contracts.ts'
import { fraction, integer } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Candle, Label } from '../market.ts'
import { grossReturn } from './gross-return.ts'
import { checkEntry, checkTravelled, type TradeEntry, type Travelled, WatchList } from './watch-list.ts'

/** Options of {@link FixedHorizon}. */
export type FixedHorizonOptions = {
  /** Candles after which a position is closed at the market. @defaultValue 24 */
  readonly bars: number
  /** Costs of the round trip, as a fraction of the entry value; {@link roundTripCosts} adds them up. @defaultValue 0.001 */
  readonly costs: number
  /** Positions that may wait at one time. @defaultValue 10_000 */
  readonly maxOpen: number
}

type Watch = TradeEntry & Travelled

/**
 * Labels trades by where the price stands a fixed number of candles later, whatever happened on the way.
 *
 *     netReturn = (close after `bars` candles - price) / price - costs for a long; y = 1 if it is above 0
 *
 * Only candles that open at or after the entry count. It suits positions that are held for a time rather than to a
 * price; for bracket orders use {@link TripleBarrier}, whose label knows that a stop ends a trade. O(positions that wait
 * on the candle's symbol) a candle. Memory: the open positions and one time a symbol.
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", section 3.2
 *
 * @example
 * ```ts
 * const labeler = new FixedHorizon({ bars: 1, costs: 0 })
 * const time = 1_700_000_000_000
 * labeler.open({ id: 'a', symbol: 'BTC', side: 'long', time, price: 100 })
 * labeler.advance({ symbol: 'BTC', time, open: 100, high: 105, low: 99, close: 103 }) // [{ id: 'a', netReturn: 0.03, ... }]
 * ```
 */
export class FixedHorizon implements Labeler<TradeEntry, Candle, Label> {
  static readonly type: string = 'fixed-horizon'
  static readonly version: number = 1

  readonly options: FixedHorizonOptions
  readonly #watched = new WatchList<Watch>()

  constructor({ bars = 24, costs = 0.001, maxOpen = 10_000 }: Partial<FixedHorizonOptions> = {}) {
    this.options = {
      bars: integer('bars', bars),
      costs: fraction('costs', costs),
      maxOpen: integer('maxOpen', maxOpen),
    }
  }

  /** Positions that wait. */
  get openCount(): number {
    return this.#watched.size
  }

  /**
   * Starts waiting for the fate of a position.
   *
   * @throws `INVALID_INPUT` (also for an id that already waits), `INVALID_TIME`, `OUT_OF_ORDER` where the symbol's newest
   *   candle is later than the position, or `TOO_MANY_OPEN`
   */
  open(entry: TradeEntry): void {
    checkEntry(entry, 'INVALID_INPUT')
    const { id, symbol, side, time, price } = entry
    const watch = { id, symbol, side, time, price, bars: 0, maxFavorable: 0, maxAdverse: 0 }
    this.#watched.open(watch, this.options.maxOpen)
  }

  cancel(id: string): void {
    this.#watched.close(id)
  }

  /** Advances by one candle and returns the labels it settled, in the order of opening. */
  advance(candle: Candle): readonly Label[] {
    const { bars, costs } = this.options
    const settled: Label[] = []
    for (const watch of this.#watched.advance(candle)) {
      if (candle.time < watch.time) continue
      follow(watch, candle)
      if (watch.bars < bars) continue
      settled.push(labelAt(watch, candle, costs))
      this.#watched.close(watch.id)
    }
    return settled
  }

  toJSON(): Snapshot {
    return snapshot(FixedHorizon, this.options, this.#watched.state())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): FixedHorizon {
    const { options, state } = checkSnapshot(FixedHorizon, json)
    const labeler = new FixedHorizon(unpackState(options, { ...new FixedHorizon().options }, 'options'))
    const watch = { id: '', symbol: '', side: '', time: 0, price: 0, bars: 0, maxFavorable: 0, maxAdverse: 0 }
    const { newest, open } = unpackState(state, { newest: [{ symbol: '', time: 0 }], open: [watch] })
    for (const row of open as Watch[]) {
      checkEntry(row, 'CORRUPT_SNAPSHOT')
      checkTravelled(row)
    }
    labeler.#watched.load({ newest, open: open as Watch[] })
    return labeler
  }
}

/** Takes note of what a whole candle did to a position. */
function follow(watch: Watch, { high, low }: Candle): void {
  const { side, price } = watch
  watch.bars++
  watch.maxFavorable = Math.max(watch.maxFavorable, grossReturn(side, price, side === 'long' ? high : low))
  watch.maxAdverse = Math.max(watch.maxAdverse, -grossReturn(side, price, side === 'long' ? low : high))
}

/** The label of a position that is closed at the candle's end. */
function labelAt({ id, side, price, bars, maxFavorable, maxAdverse }: Watch, candle: Candle, costs: number): Label {
  const netReturn = grossReturn(side, price, candle.close) - costs
  return {
    id,
    y: netReturn > 0 ? 1 : 0,
    netReturn,
    exitReason: 'time',
    exitPrice: candle.close,
    exitTime: candle.time,
    ambiguous: false,
    maxFavorable,
    maxAdverse,
    bars,
  }
}
