import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { finite, positive, time } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { addMoment, createMoments, type Moments, variance } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkMoments, corrupt } from './check-sums.ts'
import { formatMeasure } from './trade-statistics.ts'

/** Options of {@link EquityStatistics}. */
export type EquityStatisticsOptions = {
  /** Points a year, for the annual figures: 252 trading days, 365 days, 8760 hours. @defaultValue 252 */
  readonly periodsPerYear: number
}

/** What {@link EquityStatistics} measures. */
export type EquityMeasure = 'sharpe' | 'sortino' | 'calmar' | 'annualReturn' | 'maxDrawdown' | 'longestDrawdown'

/** A figure with what it rests on; NaN while `have` is below `needs`. */
export type Figure = { readonly value: number; readonly have: number; readonly needs: number }

/**
 * Periods below which a measure says nothing. The error of a Sharpe ratio a period is near 1 / sqrt(n), 0.18 at 30; annual
 * figures of less than a month are extrapolations of noise. These are floors, not proof.
 */
export const EQUITY_FLOORS: { readonly [measure in EquityMeasure]: number } = {
  sharpe: 30,
  sortino: 30,
  calmar: 30,
  annualReturn: 30,
  maxDrawdown: 20,
  longestDrawdown: 20,
}

type State = {
  /** Time and equity of the first and of the newest point; NaN before them. */
  start: number
  first: number
  time: number
  equity: number
  readonly returns: Moments
  /** Mean of the squares of returns below 0, over all periods. */
  readonly falls: Moments
  peak: number
  peakTime: number
  maxDrawdown: number
  longestDrawdown: number
}

/** Equity counts as no larger and no smaller, and a period's return as no larger: no account gets there. */
const LARGEST = 1e30
const LARGEST_RETURN = 1e60

/**
 * What an account did over time, from its value at even steps.
 *
 *     Sharpe      mean / deviation (n - 1) of the returns a period · sqrt(periods a year)
 *     Sortino     mean / root of the mean square of returns below 0 · sqrt(periods a year)
 *     annual return   growth over all periods, as if every year had been like that
 *     Calmar      annual return / max drawdown
 *     max drawdown      largest fall from a peak, as a fraction
 *     longest drawdown  longest time below a peak, in milliseconds, the present one included
 *
 * Annual figures take periods for independent; returns that follow their predecessors make them too large. An account at
 * 0 has lost everything: its returns are 0 from there on. Below its floor ({@link EQUITY_FLOORS}) a figure is NaN, and `N/A (needs n)`
 * in words. O(1) time and memory.
 *
 * @see F. A. Sortino, L. N. Price (1994), "Performance measurement in a downside risk framework", Journal of Investing 3
 *
 * @example
 * ```ts
 * const account = new EquityStatistics({ periodsPerYear: 365 })
 * for (const { time, equity } of days) account.update(time, equity)
 * account.figure('sharpe') // { value: 1.1, have: 400, needs: 30 }
 * account.text('calmar') // "0.83"
 * ```
 */
export class EquityStatistics implements Serializable, Sized {
  static readonly type: string = 'equity-statistics'
  static readonly version: number = 1

  readonly options: EquityStatisticsOptions
  #state: State = fresh()

  constructor({ periodsPerYear = 252 }: Partial<EquityStatisticsOptions> = {}) {
    this.options = { periodsPerYear: positive('periodsPerYear', periodsPerYear) }
  }

  /** Periods so far: one less than points. */
  get periods(): number {
    return this.#state.returns.n
  }

  /** Whether the equity stands at its highest point again. */
  get recovered(): boolean {
    const { equity, peak } = this.#state
    return Number.isNaN(equity) || equity >= peak
  }

  /** One figure, with what it rests on and what it needs. */
  figure(measure: EquityMeasure): Figure {
    const [have, needs] = [this.periods, EQUITY_FLOORS[measure]]
    return { value: have < needs ? NaN : this.#measure(measure), have, needs }
  }

  /** One figure in words, or what it still needs. */
  text(measure: EquityMeasure, digits = 3): string {
    const { value, have, needs } = this.figure(measure)
    return formatMeasure(value, have, needs, digits)
  }

  #measure(measure: EquityMeasure): number {
    const { first, equity, returns, falls, maxDrawdown, longestDrawdown } = this.#state
    const { periodsPerYear } = this.options
    const annual = (deviation: number): number =>
      deviation > 0 ? (returns.mean / deviation) * Math.sqrt(periodsPerYear) : NaN
    const growth = Math.exp((Math.log(equity / first) * periodsPerYear) / returns.n) - 1
    switch (measure) {
      case 'sharpe':
        return annual(Math.sqrt(variance(returns)))
      case 'sortino':
        return annual(Math.sqrt(falls.mean))
      case 'annualReturn':
        return growth
      case 'calmar':
        return maxDrawdown > 0 ? growth / maxDrawdown : NaN
      case 'maxDrawdown':
        return maxDrawdown
      case 'longestDrawdown':
        return longestDrawdown
    }
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in the account's value at a later time than the last one. */
  update(at: number, equity: number): void {
    const s = this.#state
    time('time', at)
    if (at <= s.time) throw new TradeLearnError('OUT_OF_ORDER', `"time" must be after ${s.time}, got ${at}.`)
    if (!(finite('equity', equity, 'INVALID_INPUT') >= 0)) {
      throw new TradeLearnError('INVALID_INPUT', `"equity" must be at least 0, got ${equity}.`)
    }
    // an account of nothing has no return; the first must have something
    const value = equity === 0 && !Number.isNaN(s.first) ? 0 : clamp(equity, 1 / LARGEST, LARGEST)
    if (Number.isNaN(s.first)) {
      Object.assign(s, { start: at, first: value, time: at, equity: value, peak: value, peakTime: at })
      return
    }
    const change = s.equity > 0 ? value / s.equity - 1 : 0
    addMoment(s.returns, change)
    const fall = Math.min(0, change)
    addMoment(s.falls, fall * fall)
    s.time = at
    s.equity = value
    if (value < s.peak) s.longestDrawdown = Math.max(s.longestDrawdown, at - s.peakTime)
    if (value >= s.peak) {
      s.peak = value
      s.peakTime = at
    }
    s.maxDrawdown = Math.max(s.maxDrawdown, 1 - value / s.peak)
  }

  toJSON(): Snapshot {
    return snapshot(EquityStatistics, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): EquityStatistics {
    const { options, state } = checkSnapshot(EquityStatistics, json)
    const statistics = new EquityStatistics(unpackState(options, { periodsPerYear: 0 }, 'options'))
    statistics.#state = checkState(unpackState(state, fresh()))
    return statistics
  }
}

/** Throws unless points can have led there. */
function checkState(state: State): State {
  const { start, first, time: at, equity, returns, falls, peak, peakTime, maxDrawdown, longestDrawdown } = state
  checkMoments(returns, -1, LARGEST_RETURN)
  checkMoments(falls, 0, 1)
  if (returns.n !== falls.n || !Number.isSafeInteger(returns.n)) corrupt('falls.n', String(returns.n), falls.n)
  if (!(maxDrawdown >= 0 && maxDrawdown <= 1)) corrupt('maxDrawdown', 'from 0 to 1', maxDrawdown)
  const empty = [start, first, at, equity, peak, peakTime].every(Number.isNaN)
  if (empty && returns.n === 0 && longestDrawdown === 0) return state
  const times = Number.isFinite(start) && start <= peakTime && peakTime <= at && Number.isFinite(at)
  if (!times) corrupt('peakTime', `from ${start} to ${at}`, peakTime)
  if (!(longestDrawdown >= 0 && longestDrawdown <= at - start))
    corrupt('longestDrawdown', 'a span of time', longestDrawdown)
  const values = first > 0 && equity >= 0 && peak >= Math.max(first, equity) && peak <= LARGEST
  if (!values) corrupt('peak', `at least ${first} and ${equity}`, peak)
  return state
}

const fresh = (): State => ({
  start: NaN,
  first: NaN,
  time: NaN,
  equity: NaN,
  returns: createMoments(),
  falls: createMoments(),
  peak: NaN,
  peakTime: NaN,
  maxDrawdown: 0,
  longestDrawdown: 0,
})
