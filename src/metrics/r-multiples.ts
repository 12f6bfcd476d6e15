import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { finite, integer, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { addMoment, createMoments, type Moments } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { createSortedWindow, pushSorted, quantileIn, type SortedWindow } from '../core/sorted-window.ts'
import { unpackState } from '../core/state.ts'
import { checkCounted, corrupt } from './check-sums.ts'
import { type Figure, figureOf, formatMeasure } from './figure.ts'

/** Options of {@link RMultipleStatistics}. */
export type RMultipleStatisticsOptions = {
  /** Newest trades that the median and the other quantiles are taken of. @defaultValue 1000 */
  readonly window: number
}

/** What {@link RMultipleStatistics} measures. */
export type RMeasure = 'mean' | 'median' | 'low' | 'high' | 'beyondStop'

/** Trades whose multiple lies from `from` up to but not at `to`. */
export type RBin = { readonly from: number; readonly to: number; readonly count: number }

/** As for the other figures about trades, see `TRADE_FLOORS`. */
const NEEDS = 20
/** Where the distribution is cut: whole multiples around those of most brackets, and what lies beyond. */
const CUTS = [-2, -1, 0, 1, 2, 3, 4, 5] as const
/** Multiples count as no larger: no trade earns as much. */
const LARGEST = 1e60
/** Two arrays of as many numbers are made at once. */
const LARGEST_WINDOW = 1_000_000

type State = {
  readonly multiples: Moments
  /** Trades that lost more than was at risk. */
  beyondStop: number
  /** Trades between the cuts, the lowest first. */
  readonly counts: Float64Array
  readonly newest: SortedWindow
}

/**
 * What trades earned for what they risked: net return over the distance of the stop.
 *
 *     R = net return / risk        both as fractions of the entry price
 *
 * A stop that holds costs 1 R and its costs. `mean` is what a trade earns for each unit that it risks; `low` and `high` are
 * the first and the ninth tenth; `beyondStop` is the share of trades below -1, by gaps and costs. Mean, share and
 * distribution are those of all trades, the quantiles those of the newest `window`, on a straight line between neighbours.
 * Below 20 trades all but the distribution is NaN. O(log window) steps and one move in memory; O(window) memory.
 *
 * @see V. K. Tharp (1998), "Trade your way to financial freedom"
 *
 * @example
 * ```ts
 * const multiples = new RMultipleStatistics()
 * for (const { netReturn, risk } of closed) multiples.update(netReturn, risk)
 * multiples.figure('median') // { value: -1.02, have: 140, needs: 20 }
 * ```
 */
export class RMultipleStatistics implements Serializable, Sized {
  static readonly type: string = 'r-multiple-statistics'
  static readonly version: number = 1

  readonly options: RMultipleStatisticsOptions
  #state: State

  constructor({ window = 1000 }: Partial<RMultipleStatisticsOptions> = {}) {
    this.options = { window: integer('window', window) }
    if (window > LARGEST_WINDOW) {
      throw new TradeLearnError('INVALID_OPTION', `"window" must be at most ${LARGEST_WINDOW}, got ${window}.`)
    }
    this.#state = fresh(window)
  }

  /** Trades so far. */
  get trades(): number {
    return this.#state.multiples.n
  }

  /** How many trades earned how much, the lowest first. */
  get distribution(): readonly RBin[] {
    return distributionIn(this.#state)
  }

  /** One figure, with the trades that it rests on and those that it needs. */
  figure(measure: RMeasure): Figure {
    return figureIn(this.#state, measure)
  }

  /** One figure in words, or what it still needs. */
  text(measure: RMeasure, digits = 3): string {
    const { value, have, needs } = this.figure(measure)
    return formatMeasure(value, have, needs, digits)
  }

  /** Memory that its window takes, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in a closed trade: its net return, and how far its stop was at the entry, above 0. */
  update(netReturn: number, risk: number): void {
    const multiple = multipleOf(netReturn, risk, 'netReturn', 'risk')
    count(this.#state, multiple)
    pushSorted(this.#state.newest, multiple)
  }

  toJSON(): Snapshot {
    return snapshot(RMultipleStatistics, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RMultipleStatistics {
    const { options, state } = checkSnapshot(RMultipleStatistics, json)
    const statistics = new RMultipleStatistics(unpackState(options, { window: 0 }, 'options'))
    statistics.#state = checkState(unpackState(state, statistics.#state))
    return statistics
  }
}

/** The {@link RMultipleStatistics} of a table of trades, and each trade's multiple. */
export type RMultiples = { readonly [measure in RMeasure]: Figure } & {
  /** How many trades earned how much, the lowest first. */
  readonly distribution: readonly RBin[]
  /** Each trade's, in order. */
  readonly all: Float64Array
}

/**
 * What a table of trades earned for what they risked: the figures of {@link RMultipleStatistics}, all of the whole table.
 * O(n log n).
 *
 * @param risks distances of the stops at entry, positive, one a trade
 * @throws `INVALID_INPUT` naming the first trade that has none
 *
 * @example
 * ```ts
 * rMultiples([0.02, -0.011], [0.01, 0.01]).all // [2, -1.1]
 * ```
 */
export function rMultiples(netReturns: ArrayLike<number>, risks: ArrayLike<number>): RMultiples {
  if (netReturns.length !== risks.length) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"risks" must have ${netReturns.length} values like "netReturns", got ${risks.length}.`,
    )
  }
  const all = Float64Array.from(netReturns, (netReturn, i) =>
    multipleOf(netReturn, risks[i]!, `netReturns[${i}]`, `risks[${i}]`),
  )
  const newest = { values: all, sorted: all.slice().sort(), head: 0, size: all.length }
  const state = { ...fresh(0), newest }
  for (const multiple of all) count(state, multiple)
  return {
    mean: figureIn(state, 'mean'),
    median: figureIn(state, 'median'),
    low: figureIn(state, 'low'),
    high: figureIn(state, 'high'),
    beyondStop: figureIn(state, 'beyondStop'),
    distribution: distributionIn(state),
    all,
  }
}

function figureIn({ multiples, beyondStop, newest }: State, measure: RMeasure): Figure {
  switch (measure) {
    case 'mean':
      return figureOf(multiples.n, NEEDS, () => multiples.mean)
    case 'beyondStop':
      return figureOf(multiples.n, NEEDS, () => beyondStop / multiples.n)
    case 'median':
      return figureOf(newest.size, NEEDS, () => quantileIn(newest, 0.5))
    case 'low':
      return figureOf(newest.size, NEEDS, () => quantileIn(newest, 0.1))
    case 'high':
      return figureOf(newest.size, NEEDS, () => quantileIn(newest, 0.9))
  }
}

function distributionIn({ counts }: State): RBin[] {
  const edges = [-Infinity, ...CUTS, Infinity]
  return Array.from(counts, (count, i) => ({ from: edges[i]!, to: edges[i + 1]!, count }))
}

/** Takes in a multiple, all but the window. */
function count(state: State, multiple: number): void {
  addMoment(state.multiples, multiple)
  if (multiple < -1) state.beyondStop++
  let bin = 0
  while (bin < CUTS.length && multiple >= CUTS[bin]!) bin++
  state.counts[bin]!++
}

function multipleOf(netReturn: number, risk: number, ofReturn: string, ofRisk: string): number {
  const multiple = finite(ofReturn, netReturn, 'INVALID_INPUT') / positive(ofRisk, risk, 'INVALID_INPUT')
  return clamp(multiple, -LARGEST, LARGEST)
}

/** Throws unless trades can have led there. */
function checkState(state: State): State {
  const { multiples, beyondStop, counts, newest } = state
  const { n } = multiples
  checkCounted(multiples, -LARGEST, LARGEST)
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) corrupt('counts', 'whole numbers', counts)
  const counted = counts.reduce((sum, count) => sum + count, 0)
  if (counted !== n) corrupt('counts', `of ${n} trades`, counted)
  const below = counts[0]! + counts[1]!
  const sane = Number.isSafeInteger(beyondStop) && beyondStop >= 0 && beyondStop <= below
  if (!sane) corrupt('beyondStop', `a whole number up to ${below}`, beyondStop)
  checkNewest(newest, n)
  return state
}

function checkNewest({ values, sorted, head, size }: SortedWindow, n: number): void {
  const room = values.length
  if (size !== Math.min(n, room)) corrupt('newest.size', String(Math.min(n, room)), size)
  const whole = Number.isSafeInteger(head) && head >= 0 && head < room
  if (!whole || (size < room && head !== size)) corrupt('newest.head', `below ${room}`, head)
  const held = values.slice(0, size).sort()
  for (let i = 0; i < size; i++) {
    if (!(Math.abs(held[i]!) <= LARGEST)) corrupt('newest.values', `at most ${LARGEST} in size`, held[i])
    if (sorted[i] !== held[i]) corrupt(`newest.sorted[${i}]`, String(held[i]), sorted[i])
  }
}

const fresh = (window: number): State => ({
  multiples: createMoments(),
  beyondStop: 0,
  counts: new Float64Array(CUTS.length + 1),
  newest: createSortedWindow(window),
})
