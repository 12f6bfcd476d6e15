import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { LARGEST_VALUE } from './check-score.ts'
import { corrupt } from './check-sums.ts'
import { checkHeld, type HeldPosition, YEAR } from './exposure.ts'
import { type Figure, figureOf, formatMeasure } from './figure.ts'

/** Options of {@link ExposureStatistics}. */
export type ExposureStatisticsOptions = {
  /** Newest spells in the market that a trade which closes late can still join. @defaultValue 256 */
  readonly spells: number
}

/** What {@link ExposureStatistics} measures. */
export type ExposureMeasure = 'inMarket' | 'average' | 'holding' | 'turnover'

/** As for the other figures about trades, see `TRADE_FLOORS`. */
const NEEDS = 20
/** Two numbers each, made at once. */
const MOST_SPELLS = 1_000_000

type State = {
  trades: number
  /** First opening and last closing; NaN before the first trade. */
  first: number
  last: number
  /** Sums over trades: value times time, time, value. */
  area: number
  held: number
  traded: number
  /** Beginnings and ends of the newest spells in the market, in turn, apart from each other and ascending. */
  readonly spells: Float64Array
  size: number
  /** Time in the market before them, and when the last of those spells ended. */
  settled: number
  settledTo: number
}

/**
 * How much of the time, and of the money, trades took, as they close.
 *
 *     in market  share of the time from the first opening to the last closing in which anything was held: overlaps count once
 *     average    mean value held over that time, as a fraction of the equity: overlaps add up
 *     holding    mean time from opening to closing, in milliseconds
 *     turnover   value bought and sold a year of 365.25 days, as a multiple of the equity
 *
 * Trades come in the order of their closings. One that was open for long may join many spells in the market into one, so
 * those are kept, the newest `spells` of them; only a trade that was open over more spells of others than that is counted
 * from the oldest one kept, and `inMarket` is a little too low. All else is exact. Below 20 trades a figure is NaN. O(1) on
 * average, O(spells) at worst; O(spells) memory.
 *
 * @example
 * ```ts
 * const exposure = new ExposureStatistics()
 * for (const { from, to, size } of closed) exposure.update({ from, to, size })
 * exposure.figure('inMarket') // { value: 0.42, have: 140, needs: 20 }
 * ```
 */
export class ExposureStatistics implements Serializable, Sized {
  static readonly type: string = 'exposure-statistics'
  static readonly version: number = 1

  readonly options: ExposureStatisticsOptions
  #state: State

  constructor({ spells = 256 }: Partial<ExposureStatisticsOptions> = {}) {
    this.options = { spells: integer('spells', spells) }
    if (spells > MOST_SPELLS) {
      throw new TradeLearnError('INVALID_OPTION', `"spells" must be at most ${MOST_SPELLS}, got ${spells}.`)
    }
    this.#state = fresh(spells)
  }

  /** Trades so far. */
  get trades(): number {
    return this.#state.trades
  }

  /** One figure, with the trades that it rests on and those that it needs. */
  figure(measure: ExposureMeasure): Figure {
    return figureOf(this.trades, NEEDS, () => this.#measure(measure))
  }

  /** One figure in words, or what it still needs. */
  text(measure: ExposureMeasure, digits = 3): string {
    const { value, have, needs } = this.figure(measure)
    return formatMeasure(value, have, needs, digits)
  }

  #measure(measure: ExposureMeasure): number {
    const { trades, first, last, area, held, traded, spells, size, settled } = this.#state
    const span = last - first
    const share = (part: number): number => (span > 0 ? part / span : NaN)
    switch (measure) {
      case 'inMarket': {
        let time = settled
        for (let i = 0; i < size; i++) time += spells[2 * i + 1]! - spells[2 * i]!
        return share(time)
      }
      case 'average':
        return share(area)
      case 'holding':
        return held / trades
      case 'turnover':
        return share(traded * YEAR)
    }
  }

  /** Memory that its spells take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in a position that closed no earlier than the one before it. */
  update(position: HeldPosition): void {
    const { from, to, size } = checkHeld(position, '')
    const s = this.#state
    if (to < s.last) throw new TradeLearnError('OUT_OF_ORDER', `"to" must not lie before ${s.last}, got ${to}.`)
    s.first = s.trades > 0 ? Math.min(s.first, from) : from
    s.last = to
    s.trades++
    s.held += to - from
    s.area += size * (to - from)
    s.traded += 2 * size
    if (to > from) join(s, from, to)
  }

  toJSON(): Snapshot {
    return snapshot(ExposureStatistics, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ExposureStatistics {
    const { options, state } = checkSnapshot(ExposureStatistics, json)
    const statistics = new ExposureStatistics(unpackState(options, { spells: 0 }, 'options'))
    statistics.#state = checkState(unpackState(state, statistics.#state))
    return statistics
  }
}

/** Adds a spell that ends last, together with those that it touches. */
function join(s: State, from: number, to: number): void {
  const { spells } = s
  // what is settled stays as it was
  let start = from < s.settledTo ? s.settledTo : from
  while (s.size > 0 && spells[2 * s.size - 1]! >= start) {
    s.size--
    start = Math.min(start, spells[2 * s.size]!)
  }
  if (2 * s.size === spells.length) {
    s.settled += spells[1]! - spells[0]!
    s.settledTo = spells[1]!
    spells.copyWithin(0, 2)
    s.size--
  }
  spells[2 * s.size] = start
  spells[2 * s.size + 1] = to
  s.size++
}

/** Throws unless trades can have led there. */
function checkState(state: State): State {
  const { trades, first, last, area, held, traded, spells, size, settled, settledTo } = state
  if (!(Number.isSafeInteger(trades) && trades >= 0)) corrupt('trades', 'a whole number', trades)
  if (!(Number.isSafeInteger(size) && size >= 0 && 2 * size <= spells.length)) corrupt('size', 'that of spells', size)
  const none = trades === 0
  const times = none ? Number.isNaN(first) && Number.isNaN(last) : isTime(first) && isTime(last) && first <= last
  if (!times) corrupt('last', `a time from ${first} on`, last)
  const span = none ? 0 : last - first
  const mostHeld = trades * span * (1 + 1e-9)
  if (!(held >= 0 && held <= mostHeld)) corrupt('held', `from 0 to ${mostHeld}`, held)
  const mostArea = LARGEST_VALUE * held * (1 + 1e-9)
  if (!(area >= 0 && area <= mostArea)) corrupt('area', `from 0 to ${mostArea}`, area)
  const mostTraded = 2 * LARGEST_VALUE * trades * (1 + 1e-9)
  if (!(traded >= 0 && traded <= mostTraded)) corrupt('traded', `from 0 to ${mostTraded}`, traded)
  const before = settledTo === -Infinity || (isTime(settledTo) && settledTo > first && settledTo <= last)
  if (!before) corrupt('settledTo', 'the end of a spell', settledTo)
  const mostSettled = settledTo === -Infinity ? 0 : settledTo - first
  if (!(settled >= 0 && settled <= mostSettled)) corrupt('settled', `from 0 to ${mostSettled}`, settled)
  let end = none ? -Infinity : Math.max(first, settledTo)
  for (let i = 0; i < 2 * size; i++) {
    if (!(spells[i]! >= end && spells[i]! <= last)) corrupt(`spells[${i}]`, `from ${end} to ${last}`, spells[i])
    end = spells[i]!
  }
  return state
}

const isTime = (value: number): boolean => Number.isSafeInteger(value)

const fresh = (spells: number): State => ({
  trades: 0,
  first: NaN,
  last: NaN,
  area: 0,
  held: 0,
  traded: 0,
  spells: new Float64Array(2 * spells),
  size: 0,
  settled: 0,
  settledTo: -Infinity,
})
