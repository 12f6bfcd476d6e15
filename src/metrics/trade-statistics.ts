import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { finite, fraction, positive } from '../core/check.ts'
import { clamp } from '../core/math.ts'
import { addMoment, createMoments, type Moments, variance } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkMoments, checkShares, corrupt } from './check-sums.ts'

/** Options of {@link TradeStatistics}. */
export type TradeStatisticsOptions = {
  /** Fraction of the equity put into each trade, for the drawdown. @defaultValue 1 */
  readonly stake: number
  /** Trades in a year, for the annualised Sharpe ratio. @defaultValue 252, one a trading day */
  readonly tradesPerYear: number
}

/** What {@link TradeStatistics} measures. */
export type TradeMeasure = 'winRate' | 'profitFactor' | 'expectancy' | 'sharpe' | 'annualSharpe' | 'maxDrawdown'

/**
 * Trades below which a measure says nothing and is NaN.
 *
 * At 20 trades an observed win rate of 55 % still stands for anything from 34 to 74 % (Wilson, 95 %); a Sharpe ratio
 * per trade has a standard error near 1 / sqrt(n), 0.18 at 30. These are floors, not proof.
 */
export const TRADE_FLOORS: { readonly [measure in TradeMeasure]: number } = {
  winRate: 20,
  profitFactor: 20,
  expectancy: 20,
  sharpe: 30,
  annualSharpe: 30,
  maxDrawdown: 20,
}

type State = {
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

/** Net returns beyond count as this large: their sums and squares stay finite, and no trade earns as much. */
const LARGEST_RETURN = 1e60

/**
 * What a series of closed trades earned, each figure with the number of trades that it needs.
 *
 *     win rate       share of trades with a net return above 0
 *     profit factor  sum of gains / sum of losses (infinite without a loss)
 *     expectancy     mean net return a trade
 *     Sharpe         mean / standard deviation (n - 1) of net returns; annual: times sqrt(trades a year)
 *     max drawdown   largest fall of the equity from its peak, as a fraction, when each trade in turn puts `stake` of
 *                    the equity at risk of its return
 *
 * Below its floor (see {@link TRADE_FLOORS}) a figure is NaN, and `N/A (needs n)` in words. O(1) time and memory.
 *
 * @example
 * ```ts
 * const closed = new TradeStatistics({ stake: 0.1 })
 * for (const { netReturn } of labels) closed.update(netReturn)
 * closed.value('profitFactor') // 1.31
 * closed.text('sharpe') // "N/A (needs 30)"
 * ```
 */
export class TradeStatistics implements Serializable, Sized {
  static readonly type: string = 'trade-statistics'
  static readonly version: number = 1

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

  /** One figure; NaN below its floor, and where it is not defined. */
  value(measure: TradeMeasure): number {
    const { trades, wins, gains, losses, returns, maxDrawdown } = this.#state
    if (trades < TRADE_FLOORS[measure]) return NaN
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
      case 'maxDrawdown':
        return maxDrawdown
    }
  }

  /** One figure in words, or what it still needs. */
  text(measure: TradeMeasure, digits = 3): string {
    return formatMeasure(this.value(measure), this.trades, TRADE_FLOORS[measure], digits)
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
    s.level = Math.min(1, Math.max(0, s.level * (1 + this.options.stake * counted)))
    s.maxDrawdown = Math.max(s.maxDrawdown, 1 - s.level)
  }

  toJSON(): Snapshot {
    return snapshot(TradeStatistics, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): TradeStatistics {
    const { options, state } = checkSnapshot(TradeStatistics, json)
    const statistics = new TradeStatistics(unpackState(options, { stake: 0, tradesPerYear: 0 }, 'options'))
    statistics.#state = checkState(unpackState(state, fresh()))
    return statistics
  }
}

/** A figure with `digits` decimals; `N/A (needs n)` where `have` is below `needs`, plain `N/A` where it is undefined. */
export function formatMeasure(value: number, have: number, needs: number, digits = 3): string {
  if (have < needs) return `N/A (needs ${needs})`
  return Number.isNaN(value) ? 'N/A' : value === Infinity ? '∞' : value.toFixed(digits)
}

/** Throws unless trades can have led there. */
function checkState(state: State): State {
  const { trades, wins, gains, losses, returns, level, maxDrawdown } = state
  if (!Number.isSafeInteger(trades)) corrupt('trades', 'a whole number', trades)
  if (!Number.isSafeInteger(wins)) corrupt('wins', 'a whole number', wins)
  checkShares({ wins, trades }, 'trades')
  const most = trades * LARGEST_RETURN
  if (!(gains >= 0 && gains <= most)) corrupt('gains', `from 0 to ${most}`, gains)
  if (!(losses >= 0 && losses <= most)) corrupt('losses', `from 0 to ${most}`, losses)
  checkMoments(returns, -LARGEST_RETURN, LARGEST_RETURN)
  if (returns.n !== trades) corrupt('returns.n', String(trades), returns.n)
  if (!(level >= 0 && level <= 1)) corrupt('level', 'from 0 to 1', level)
  if (!(maxDrawdown >= 0 && maxDrawdown <= 1)) corrupt('maxDrawdown', 'from 0 to 1', maxDrawdown)
  return state
}

const fresh = (): State => ({
  trades: 0,
  wins: 0,
  gains: 0,
  losses: 0,
  returns: createMoments(),
  level: 1,
  maxDrawdown: 0,
})
