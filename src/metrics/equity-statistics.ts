import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { finite, nonNegative, positive, time } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { addMoment, createMoments, type Moments, variance } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkCounted, corrupt } from './check-sums.ts'
import { addFall, checkDrawdowns, createDrawdowns, type Drawdown, type Drawdowns, deepestOf } from './drawdown.ts'
import { type Figure, figureOf, formatMeasure, ratioOf } from './figure.ts'

/** Options of {@link EquityStatistics}. */
export type EquityStatisticsOptions = {
  /** Points a year, for the annual figures: 252 trading days, 365 days, 8760 hours. @defaultValue 252 */
  readonly periodsPerYear: number
  /** Return a period that could be had without risk, for Sharpe and Sortino. @defaultValue 0 */
  readonly riskFree: number
}

/** What {@link EquityStatistics} measures. */
export type EquityMeasure =
  | 'sharpe'
  | 'sortino'
  | 'calmar'
  | 'annualReturn'
  | 'maxDrawdown'
  | 'longestDrawdown'
  | 'longestDrawdownPeriods'

/**
 * Periods below which a measure says nothing. The error of a Sharpe ratio a period is near 1 / sqrt(n), 0.18 at 30 (A. W. Lo,
 * 2002, "The statistics of Sharpe ratios", Financial Analysts Journal 58); annual figures of less than a month are
 * extrapolations of noise. 20 for falls, as for trades. These are floors, not proof.
 */
export const EQUITY_FLOORS: { readonly [measure in EquityMeasure]: number } = {
  sharpe: 30,
  sortino: 30,
  calmar: 30,
  annualReturn: 30,
  maxDrawdown: 20,
  longestDrawdown: 20,
  longestDrawdownPeriods: 20,
}

type State = {
  /** Time and equity of the first and of the newest point; NaN before them. */
  start: number
  first: number
  time: number
  equity: number
  /** Above what could be had without risk; and the squares of those below 0, over all periods. */
  readonly returns: Moments
  readonly falls: Moments
  peak: number
  drawdowns: Drawdowns
}

/** Equity counts as no larger and no smaller, and a period's return as no larger: no account gets there. */
const LARGEST = 1e30
const LARGEST_RETURN = 1e60
/** e to more is no number. */
const LARGEST_LOG = 700

/**
 * What an account did over time, from its value at even steps.
 *
 *     Sharpe      mean / deviation (n - 1) of the excess returns a period · sqrt(periods a year)
 *     Sortino     mean / root of the mean square of excess returns below 0 (all periods count) · sqrt(periods a year)
 *     annual return   growth over all periods, as if every year had been like that
 *     Calmar      annual return / max drawdown
 *     max drawdown      largest fall from a peak, as a fraction
 *     longest drawdown  longest time from a peak until the account stood there again, in milliseconds and in periods; the
 *                       present one counts up to now
 *
 * The root of the periods takes them for independent: returns that follow their predecessors make annual ratios too large,
 * those that revert too small. An account at 0 has lost everything: its returns are 0 until something is paid in. Payments
 * in and out look like returns, so take them out first. Below its floor ({@link EQUITY_FLOORS}) a figure is NaN, and
 * `N/A (needs n)` in words. O(1) time and memory.
 *
 * @see F. A. Sortino, L. N. Price (1994), "Performance measurement in a downside risk framework", Journal of Investing 3
 * @see T. W. Young (1991), "Calmar ratio: a smoother tool", Futures 20
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

  constructor({ periodsPerYear = 252, riskFree = 0 }: Partial<EquityStatisticsOptions> = {}) {
    this.options = {
      periodsPerYear: positive('periodsPerYear', periodsPerYear),
      riskFree: clamp(finite('riskFree', riskFree), -LARGEST_RETURN, LARGEST_RETURN),
    }
  }

  /** Periods so far: one less than points. */
  get periods(): number {
    return this.#state.returns.n
  }

  /** Whether the equity stands at its highest point again. */
  get recovered(): boolean {
    return this.#state.drawdowns.fall === 0
  }

  /** The deepest fall so far, whatever the floors: from when to when, and whether it has been made good. */
  get deepest(): Drawdown {
    return deepestOf(this.#state.drawdowns, this.periods)
  }

  /** One figure, with what it rests on and what it needs. */
  figure(measure: EquityMeasure): Figure {
    return figureOf(this.periods, EQUITY_FLOORS[measure], () => this.#measure(measure))
  }

  /** One figure in words, or what it still needs. */
  text(measure: EquityMeasure, digits = 3): string {
    const { value, have, needs } = this.figure(measure)
    return formatMeasure(value, have, needs, digits)
  }

  #measure(measure: EquityMeasure): number {
    const { first, equity, returns, falls, drawdowns } = this.#state
    const { periodsPerYear } = this.options
    const annual = (deviation: number): number => ratioOf(returns.mean, deviation) * Math.sqrt(periodsPerYear)
    const growth = (Math.log(equity / first) / returns.n) * periodsPerYear
    const annualReturn = Math.expm1(Math.min(growth, LARGEST_LOG))
    switch (measure) {
      case 'sharpe':
        return annual(Math.sqrt(variance(returns)))
      case 'sortino':
        return annual(Math.sqrt(falls.mean))
      case 'annualReturn':
        return annualReturn
      case 'calmar':
        return ratioOf(annualReturn, drawdowns.depth)
      case 'maxDrawdown':
        return drawdowns.depth
      case 'longestDrawdown':
        return drawdowns.longest
      case 'longestDrawdownPeriods':
        return drawdowns.longestSteps
    }
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in the account's value at a later time than the last one; the first must be above 0. */
  update(at: number, equity: number): void {
    const s = this.#state
    time('time', at)
    if (at <= s.time) throw new TradeLearnError('OUT_OF_ORDER', `"time" must be after ${s.time}, got ${at}.`)
    const began = !Number.isNaN(s.first)
    if (began) nonNegative('equity', equity, 'INVALID_INPUT')
    else positive('equity', equity, 'INVALID_INPUT')
    const value = equity === 0 ? 0 : clamp(equity, 1 / LARGEST, LARGEST)
    if (!began) {
      const drawdowns = createDrawdowns(at)
      this.#state = { ...fresh(), start: at, first: value, time: at, equity: value, peak: value, drawdowns }
      return
    }
    const change = s.equity > 0 ? (value - s.equity) / s.equity : 0
    const excess = clamp(change - this.options.riskFree, -LARGEST_RETURN, LARGEST_RETURN)
    addMoment(s.returns, excess)
    const fall = Math.min(0, excess)
    addMoment(s.falls, fall * fall)
    s.time = at
    s.equity = value
    s.peak = Math.max(s.peak, value)
    addFall(s.drawdowns, (s.peak - value) / s.peak, at, s.returns.n)
  }

  toJSON(): Snapshot {
    return snapshot(EquityStatistics, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): EquityStatistics {
    const { options, state } = checkSnapshot(EquityStatistics, json)
    const statistics = new EquityStatistics(unpackState(options, { periodsPerYear: 0, riskFree: 0 }, 'options'))
    statistics.#state = checkState(unpackState(state, fresh()))
    return statistics
  }
}

/** Throws unless points can have led there. */
function checkState(state: State): State {
  const { start, first, time: at, equity, returns, falls, peak, drawdowns } = state
  if ([start, first, at, equity, peak].every(Number.isNaN)) {
    if (JSON.stringify(state) !== JSON.stringify(fresh())) corrupt('start', 'a time, where there are returns', start)
    return state
  }
  for (const when of [start, at, drawdowns.peakAt]) time('time', when, 'CORRUPT_SNAPSHOT')
  if (!(start <= at)) corrupt('time', `not before ${start}`, at)
  checkCounted(returns, -LARGEST_RETURN, LARGEST_RETURN)
  checkCounted(falls, 0, LARGEST_RETURN * LARGEST_RETURN)
  if (returns.n !== falls.n) corrupt('falls.n', String(returns.n), falls.n)
  const values = first > 0 && equity >= 0 && peak >= Math.max(first, equity) && peak <= LARGEST
  if (!values) corrupt('peak', `at least ${first} and ${equity}`, peak)
  if (drawdowns.fall !== (peak - equity) / peak) corrupt('fall', String((peak - equity) / peak), drawdowns.fall)
  checkDrawdowns(drawdowns, start, at, returns.n)
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
  drawdowns: createDrawdowns(NaN),
})
