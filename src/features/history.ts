import type { Vector } from '../contracts.ts'
import { checkHalfLife } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { clamp } from '../core/math.ts'
import type { State } from '../core/state.ts'
import type { ClosedTrade } from './closed-trade.ts'
import { copyKey, keyKind, type TradeKey } from './trade-key.ts'

/**
 * Numbers that follow how trades of one kind closed: those of the signal's symbol, side, sector, source or hour.
 *
 * The laws of `Indicator` hold, with closed trades in the place of candles. A trade counts for the signals made at its
 * exit or later. One without a group, as of a symbol that is in no sector, counts nowhere, and a signal without a group
 * sees missing values.
 */
export interface HistoryFeature<S extends State = State, Out extends string = string> {
  readonly kind: string
  readonly outputs: readonly Out[]
  /** What tells trades apart: a signal sees the trades of its own group. */
  readonly by: TradeKey
  /** The state before the first trade. */
  init(): S
  /** Takes in the group's next closed trade, in whose `meta` is only what some history feature goes by. */
  update(state: S, trade: ClosedTrade): void
  /** Writes the numbers as of the last closed trade. */
  read(state: S, out: Vector, at: number): void
}

/** Options of history features. */
export type HistoryOptions = {
  /** What tells trades apart. @defaultValue 'symbol' */
  readonly by?: TradeKey
}

/**
 * The recent win rate, 0 to 1: an average in which a trade counts half after `halfLife` more of its group.
 *
 * The first trades count as a plain average; missing before the first. O(1).
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({
 *   history: {
 *     winRate: recentWinRate(20),
 *     shortsAndLongs: recentWinRate(50, { by: 'side' }),
 *     sourceReturn: recentExpectancy(50, { by: 'source' }),
 *     sectorStreak: lossStreak({ by: { AAPL: 'tech', MSFT: 'tech', XOM: 'energy' } }),
 *   },
 *   meta: { source: category('rules', 'ai') },
 * })
 * const entry = { symbol: 'AAPL', side: 'long', time, meta: { source: 'ai' } } as const
 * engineer.settle({ ...entry, exitTime, won: 1, netReturn: 0.012 })
 * ```
 */
export function recentWinRate(
  halfLife = 20,
  { by = 'symbol' }: HistoryOptions = {},
): HistoryFeature<DecayedMoments, 'value'> {
  return recentMean('recentWinRate', halfLife, by, ({ won }) => won)
}

/** Returns beyond, 1000 times the stake, count as this: they are slips of unit, and sums of any of them stay finite. */
const LARGEST_RETURN = 1000

/**
 * The recent expectancy: the mean net return of a trade, as a fraction of its entry price, in which a trade counts half
 * after `halfLife` more of its group.
 *
 * The first trades count as a plain average; missing before the first. O(1).
 */
export function recentExpectancy(
  halfLife = 20,
  { by = 'symbol' }: HistoryOptions = {},
): HistoryFeature<DecayedMoments, 'value'> {
  const capped = ({ netReturn }: ClosedTrade): number => clamp(netReturn, -LARGEST_RETURN, LARGEST_RETURN)
  return recentMean('recentExpectancy', halfLife, by, capped)
}

/** State of {@link lossStreak}; -1 before the first trade. */
export type LossStreakState = { losses: number }

/** How many of the newest trades of the group were lost in a row: 0 after a win, missing before the first trade. O(1). */
export function lossStreak({ by = 'symbol' }: HistoryOptions = {}): HistoryFeature<LossStreakState, 'value'> {
  const key = copyKey(by)
  return {
    kind: `lossStreak${keyKind(key)}`,
    outputs: ['value'],
    by: key,
    init: () => ({ losses: -1 }),
    update(state, { won }) {
      state.losses = won === 1 ? 0 : Math.max(state.losses, 0) + 1
    },
    read({ losses }, out, at) {
      out[at] = losses < 0 ? NaN : losses
    },
  }
}

function recentMean(
  name: string,
  halfLife: number,
  by: TradeKey,
  pick: (trade: ClosedTrade) => number,
): HistoryFeature<DecayedMoments, 'value'> {
  const decay = decayOf(checkHalfLife('halfLife', halfLife))
  const key = copyKey(by)
  return {
    kind: `${name}(${halfLife})${keyKind(key)}`,
    outputs: ['value'],
    by: key,
    init: createDecayedMoments,
    update(state, trade) {
      addDecayed(state, pick(trade), decay)
    },
    read({ n, mean }, out, at) {
      out[at] = n > 0 ? mean : NaN
    },
  }
}
