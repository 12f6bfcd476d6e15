import type { Labeler, Snapshot } from '../contracts.ts'
import { fraction, integer, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Candle, Label } from '../market.ts'
import { grossReturn } from './gross-return.ts'
import { checkScan, strongestTrend, type TrendScanOptions } from './strongest-trend.ts'
import { checkEntry, checkTravelled, type TradeEntry, type Travelled, WatchList } from './watch-list.ts'

/** Options of {@link TrendScanning}. */
export type TrendScanningOptions = TrendScanOptions & {
  /** Costs of the round trip, as a fraction of the entry value; {@link roundTripCosts} adds them up. @defaultValue 0.001 */
  readonly costs: number
  /** Positions that may wait at one time; each keeps `maxBars` prices. @defaultValue 10_000 */
  readonly maxOpen: number
}

/** A label with the trend behind it. */
export type TrendLabel = Label & {
  /** t-value of the trend's slope, seen from the position: positive where the price went its way. */
  readonly tValue: number
}

/** Closes since the entry, the entry price first. */
type Watch = TradeEntry & Travelled & { readonly closes: Float64Array }

/**
 * Labels trades by the straightest trend that followed: whether the market went the position's way, and how clearly.
 *
 * Of all stretches from the entry of `minBars` to `maxBars` candles it takes the one whose line has the largest t-value
 * ({@link trendScan}), and closes the position at its end:
 *
 *     netReturn = (close at the end of the stretch - price) / price - costs for a long; y = 1 if it is above 0
 *
 * The end is chosen in hindsight, so `netReturn` is a label to learn direction from and not money that anyone could
 * have made. It is known `maxBars` candles after the entry, which is its `exitTime`; `bars` is the length of the
 * stretch. |t| makes a good weight: trends that were no trends teach little.
 *
 * Memory: `maxBars` prices a position.
 *
 * @see M. López de Prado (2020), "Machine Learning for Asset Managers", section 5.4
 *
 * @example
 * ```ts
 * const labeler = new TrendScanning({ minBars: 5, maxBars: 20 })
 * ```
 */
export class TrendScanning implements Labeler<TradeEntry, Candle, TrendLabel> {
  static readonly type: string = 'trend-scanning'
  static readonly version: number = 1

  readonly options: TrendScanningOptions
  readonly #watched = new WatchList<Watch>()

  constructor({ minBars = 3, maxBars = 24, costs = 0.001, maxOpen = 10_000 }: Partial<TrendScanningOptions> = {}) {
    checkScan(minBars, maxBars)
    this.options = { minBars, maxBars, costs: fraction('costs', costs), maxOpen: integer('maxOpen', maxOpen) }
  }

  /** Positions that wait. */
  get openCount(): number {
    return this.#watched.size
  }

  /**
   * Starts waiting for the trend that follows a position.
   *
   * @throws `INVALID_INPUT` (also for an id that already waits), `INVALID_TIME`, `OUT_OF_ORDER` where the symbol's newest
   *   candle is later than the position, or `TOO_MANY_OPEN`
   */
  open(entry: TradeEntry): void {
    checkEntry(entry, 'INVALID_INPUT')
    const { id, symbol, side, time, price } = entry
    const closes = new Float64Array(this.options.maxBars + 1)
    closes[0] = price
    const watch = { id, symbol, side, time, price, bars: 0, maxFavorable: 0, maxAdverse: 0, closes }
    this.#watched.open(watch, this.options.maxOpen)
  }

  cancel(id: string): void {
    this.#watched.close(id)
  }

  /** Advances by one candle and returns the labels it settled, in the order of opening. */
  advance(candle: Candle): readonly TrendLabel[] {
    const { maxBars } = this.options
    const settled: TrendLabel[] = []
    for (const watch of this.#watched.advance(candle)) {
      if (candle.time < watch.time) continue
      watch.bars++
      watch.closes[watch.bars] = candle.close
      if (watch.bars < maxBars) continue
      settled.push(labelOf(watch, candle.time, this.options))
      this.#watched.close(watch.id)
    }
    return settled
  }

  toJSON(): Snapshot {
    return snapshot(TrendScanning, this.options, this.#watched.state())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): TrendScanning {
    const { options, state } = checkSnapshot(TrendScanning, json)
    const labeler = new TrendScanning(unpackState(options, { ...new TrendScanning().options }, 'options'))
    const { maxBars } = labeler.options
    const entry = { id: '', symbol: '', side: '', time: 0, price: 0, bars: 0, maxFavorable: 0, maxAdverse: 0 }
    const watch = { ...entry, closes: new Float64Array(0) }
    const { newest, open } = unpackState(state, { newest: [{ symbol: '', time: 0 }], open: [watch] })
    for (const row of open as Watch[]) {
      checkEntry(row, 'CORRUPT_SNAPSHOT')
      checkTravelled(row)
      if (row.bars >= maxBars || row.closes.length !== maxBars + 1) {
        throw new TradeLearnError(
          'CORRUPT_SNAPSHOT',
          `A position must have ${maxBars + 1} prices and wait less than ${maxBars} candles, got ${row.closes.length} and ${row.bars}.`,
        )
      }
      for (let i = 0; i <= row.bars; i++) positive(`closes[${i}]`, row.closes[i]!, 'CORRUPT_SNAPSHOT')
    }
    labeler.#watched.load({ newest, open: open as Watch[] })
    return labeler
  }
}

function labelOf({ id, side, price, closes }: Watch, exitTime: number, options: TrendScanningOptions): TrendLabel {
  const { minBars, maxBars, costs } = options
  const { tValue, bars } = strongestTrend(closes, 0, minBars, maxBars)
  const exitPrice = closes[bars]!
  const netReturn = grossReturn(side, price, exitPrice) - costs
  let maxFavorable = 0
  let maxAdverse = 0
  for (let i = 1; i <= bars; i++) {
    const gain = grossReturn(side, price, closes[i]!)
    maxFavorable = Math.max(maxFavorable, gain)
    maxAdverse = Math.max(maxAdverse, -gain)
  }
  return {
    id,
    y: netReturn > 0 ? 1 : 0,
    netReturn,
    exitReason: 'time',
    exitPrice,
    exitTime,
    ambiguous: false,
    maxFavorable,
    maxAdverse,
    bars,
    tValue: side === 'long' ? tValue : -tValue,
  }
}
