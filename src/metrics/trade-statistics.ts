import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { finite, fraction, positive } from '../core/check.ts'
import { clamp } from '../core/math.ts'
import { addMoment, createMoments, type Moments, variance } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkCounted, checkShares, corrupt } from './check-sums.ts'
import { addFall, checkDrawdowns, createDrawdowns, type Drawdown, type Drawdowns, deepestOf } from './drawdown.ts'
import { type Figure, figureOf, formatMeasure, ratioOf } from './figure.ts'

/** Options of {@link TradeStatistics}. */
export type TradeStatisticsOptions = {
  /** Fraction of the equity put into each trade, for the drawdown. @defaultValue 1 */
  readonly stake: number
  /** Trades in a year, for the annualised Sharpe ratio. @defaultValue 252, one a trading day */
  readonly tradesPerYear: number
}

/** What {@link TradeStatistics} measures. */
export type TradeMeasure =
  | 'winRate'
  | 'profitFactor'
  | 'expectancy'
  | 'sharpe'
  | 'annualSharpe'
  | 'sortino'
  | 'maxDrawdown'
  | 'longestDrawdown'

/**
 * Trades below which a measure says nothing and is NaN.
 *
 * At 20 trades an observed win rate of 55 % still stands for anything from 34 to 74 % (Wilson, 95 %); a Sharpe ratio
 * per trade has a standard error near 1 / sqrt(n), 0.18 at 30 (A. W. Lo, 2002, "The statistics of Sharpe ratios", Financial
 * Analysts Journal 58). These are floors, not proof.
 */
export const TRADE_FLOORS: { readonly [measure in TradeMeasure]: number } = {
  winRate: 20,
  profitFactor: 20,
  expectancy: 20,
  sharpe: 30,
  annualSharpe: 30,
  sortino: 30,
  maxDrawdown: 20,
  longestDrawdown: 20,
}

/** What {@link TradeStatistics} knew in version 1; `maxDrawdown` has since become one of the drawdowns. */
type OldState = {
  trades: number
  wins: number
  /** Sums of the gains and of the losses, both positive. */
  gains: number
  losses: number
  returns: Moments
  /** Equity over its highest value so far. */
  level: number
  maxDrawdown: number
}
type State = Omit<OldState, 'maxDrawdown'> & {
  /** Returns, and squares of those below 0, of the trades since they have been counted: of all, but for old files. */
  readonly since: { readonly returns: Moments; readonly falls: Moments }
  /** In trades, for want of times. */
  readonly drawdowns: Drawdowns
}

/** Net returns beyond count as this large: their sums and squares stay finite, and no trade earns as much. */
const LARGEST_RETURN = 1e60

/**
 * What a series of closed trades earned, each figure with the number of trades that it needs.
 *
 *     win rate       share of trades with a net return above 0
 *     profit factor  sum of gains / sum of losses (infinite, "∞", without a loss; NaN with neither)
 *     expectancy     mean net return a trade
 *     Sharpe         mean / standard deviation (n - 1) of net returns; annual: times sqrt(trades a year)
 *     Sortino        mean / root of the mean square of net returns below 0 (all trades count)
 *     max drawdown   largest fall of the equity from its peak, as a fraction, when each trade in turn puts `stake` of
 *                    the equity at risk of its return
 *     longest drawdown  most trades from a peak until the equity stood there again, or until now
 *
 * The root of the trades a year takes them for independent. Trades that are open together are not: their annual ratio is
 * too large, and the drawdown in turn is not that of the account, for which there is `EquityStatistics`. Below its floor
 * (see {@link TRADE_FLOORS}) a figure is NaN, and `N/A (needs n)` in words. O(1) time and memory.
 *
 * @example
 * ```ts
 * const closed = new TradeStatistics({ stake: 0.1 })
 * for (const { netReturn } of labels) closed.update(netReturn)
 * closed.value('profitFactor') // 1.31
 * closed.figure('sharpe') // { value: NaN, have: 25, needs: 30 }
 * closed.text('sharpe') // "N/A (needs 30)"
 * ```
 */
export class TradeStatistics implements Serializable, Sized {
  static readonly type: string = 'trade-statistics'
  static readonly version: number = 2

  readonly options: TradeStatisticsOptions
  #state: State = fresh()

  constructor({ stake = 1, tradesPerYear = 252 }: Partial<TradeStatisticsOptions> = {}) {
    this.options = {
      stake: fraction('stake', stake),
      tradesPerYear: positive('tradesPerYear', tradesPerYear),
    }
  }

  /** Trades so far. */
  get trades(): number {
    return this.#state.trades
  }

  /** The deepest fall so far, whatever the floors, with the numbers of trades in the place of times. */
  get deepest(): Drawdown {
    return deepestOf(this.#state.drawdowns, this.trades)
  }

  /** One figure, with the trades that it rests on and those that it needs. */
  figure(measure: TradeMeasure): Figure {
    const recent = measure === 'sortino' || measure === 'longestDrawdown'
    const have = recent ? this.#state.since.returns.n : this.trades
    return figureOf(have, TRADE_FLOORS[measure], () => this.#measure(measure))
  }

  /** One figure; NaN below its floor, and where it is not defined. */
  value(measure: TradeMeasure): number {
    return this.figure(measure).value
  }

  /** One figure in words, or what it still needs. */
  text(measure: TradeMeasure, digits = 3): string {
    const { value, have, needs } = this.figure(measure)
    return formatMeasure(value, have, needs, digits)
  }

  #measure(measure: TradeMeasure): number {
    const { trades, wins, gains, losses, returns, since, drawdowns } = this.#state
    const sharpe = returns.m2 > 0 ? returns.mean / Math.sqrt(variance(returns)) : NaN
    switch (measure) {
      case 'winRate':
        return wins / trades
      case 'profitFactor':
        return gains / losses
      case 'expectancy':
        return returns.mean
      case 'sharpe':
        return sharpe
      case 'annualSharpe':
        return sharpe * Math.sqrt(this.options.tradesPerYear)
      case 'sortino':
        return ratioOf(since.returns.mean, Math.sqrt(since.falls.mean))
      case 'maxDrawdown':
        return drawdowns.depth
      case 'longestDrawdown':
        return drawdowns.longestSteps
    }
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in the net return of the next closed trade, as a fraction of its entry price. */
  update(netReturn: number): void {
    const counted = clamp(finite('netReturn', netReturn, 'INVALID_INPUT'), -LARGEST_RETURN, LARGEST_RETURN)
    const s = this.#state
    s.trades++
    if (counted > 0) {
      s.wins++
      s.gains += counted
    } else s.losses -= counted
    addMoment(s.returns, counted)
    addMoment(s.since.returns, counted)
    const fall = Math.min(0, counted)
    addMoment(s.since.falls, fall * fall)
    s.level = Math.min(1, Math.max(0, s.level * (1 + this.options.stake * counted)))
    addFall(s.drawdowns, 1 - s.level, s.trades, s.trades)
  }

  toJSON(): Snapshot {
    return snapshot(TradeStatistics, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): TradeStatistics {
    const { options, state } = checkSnapshot(TradeStatistics, json)
    const statistics = new TradeStatistics(unpackState(options, { stake: 0, tradesPerYear: 0 }, 'options'))
    statistics.#state = checkState(
      json.version === 1 ? fromOld(unpackState(state, old())) : unpackState(state, fresh()),
    )
    return statistics
  }
}

/** Version 1 knew how deep the equity had fallen, and neither when nor for how long: that is counted from now on. */
function fromOld({ maxDrawdown, ...state }: OldState): State {
  const { trades, level } = state
  const fall = 1 - level
  const drawdowns = createDrawdowns(trades)
  Object.assign(drawdowns, { peakStep: trades, fall, depth: maxDrawdown })
  if (maxDrawdown > 0) Object.assign(drawdowns, { startAt: trades, startStep: trades, bottomAt: trades })
  if (maxDrawdown > 0 && fall === 0) Object.assign(drawdowns, { endAt: trades, endStep: trades })
  return { ...state, since: { returns: createMoments(), falls: createMoments() }, drawdowns }
}

/** Throws unless trades can have led there. */
function checkState(state: State): State {
  const { trades, wins, gains, losses, returns, level, since, drawdowns } = state
  if (!Number.isSafeInteger(trades)) corrupt('trades', 'a whole number', trades)
  if (!Number.isSafeInteger(wins)) corrupt('wins', 'a whole number', wins)
  checkShares({ wins, trades }, 'trades')
  const most = trades * LARGEST_RETURN
  if (!(gains >= 0 && gains <= most)) corrupt('gains', `from 0 to ${most}`, gains)
  if (!(losses >= 0 && losses <= most)) corrupt('losses', `from 0 to ${most}`, losses)
  checkCounted(returns, -LARGEST_RETURN, LARGEST_RETURN)
  if (returns.n !== trades) corrupt('returns.n', String(trades), returns.n)
  checkCounted(since.returns, -LARGEST_RETURN, LARGEST_RETURN)
  checkCounted(since.falls, 0, LARGEST_RETURN * LARGEST_RETURN)
  const counted = since.returns.n
  if (counted > trades) corrupt('since.returns.n', `at most ${trades}`, counted)
  if (since.falls.n !== counted) corrupt('since.falls.n', String(counted), since.falls.n)
  if (!(level >= 0 && level <= 1)) corrupt('level', 'from 0 to 1', level)
  if (drawdowns.fall !== 1 - level) corrupt('drawdowns.fall', String(1 - level), drawdowns.fall)
  checkDrawdowns(drawdowns, 0, trades, trades)
  return state
}

const old = (): OldState => ({
  trades: 0,
  wins: 0,
  gains: 0,
  losses: 0,
  returns: createMoments(),
  level: 1,
  maxDrawdown: 0,
})

const fresh = (): State => {
  const { maxDrawdown: _, ...state } = old()
  return { ...state, since: { returns: createMoments(), falls: createMoments() }, drawdowns: createDrawdowns(0) }
}
