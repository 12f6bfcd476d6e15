import { fraction, integer, nonNegative } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { createSortedWindow, pushSorted, type SortedWindow } from '../../core/sorted-window.ts'
import type { Indicator } from '../indicator.ts'
import { type AdxState, adx } from './adx.ts'
import { rankOf } from './percentile.ts'
import { type VolatilityState, volatility } from './volatility.ts'

/** Options of {@link regime}. */
export type RegimeOptions = {
  /** Period of the ADX. @defaultValue 14, as in Wilder */
  readonly period: number
  /** ADX above which a trend begins. @defaultValue 25, the usual mark */
  readonly trendAbove: number
  /** ADX below which it ends. @defaultValue 20 */
  readonly trendBelow: number
  /** Returns that the volatility is taken of. @defaultValue 20 */
  readonly bars: number
  /** Volatilities, one a candle, that the newest is compared with. @defaultValue 250, a year of days */
  readonly window: number
  /** Rank, 0 to 1, above which the market turns volatile. @defaultValue 0.8 */
  readonly volatileAbove: number
  /** Rank below which it is calm again. @defaultValue 0.6 */
  readonly volatileBelow: number
  /** Candles that a regime lasts at least. @defaultValue 5 */
  readonly dwell: number
}

/** State of {@link regime}: two memories, the regime by its output's position (-1 for none yet), and its candles so far. */
export type RegimeState = {
  readonly adx: AdxState
  readonly volatility: VolatilityState
  readonly ranks: SortedWindow
  trending: boolean
  volatile: boolean
  regime: number
  age: number
}

const TRENDING = 0
const RANGING = 1
const VOLATILE = 2

/**
 * The market's regime by rules, one of three: 1 for the one that holds, 0 for the others.
 *
 * 1. A trend begins with ADX(14) above 25 and ends with it below 20; in between it is as it was, and until the ADX has
 *    left the band for the first time there is none.
 * 2. The market turns volatile once the volatility of 20 bars ranks above 0.8 among its newest 250, and is calm again
 *    below 0.6.
 * 3. It is volatile where rule 2 says so, else trending where rule 1 does, else ranging.
 * 4. A regime lasts 5 candles at least; after that, the first candle whose rules say otherwise ends it.
 *
 * The two marks of each rule and the shortest stay keep a market on the edge from flickering. Nothing is fitted, and
 * nothing looks ahead. All are missing until the volatility can be ranked: first value at candle `bars` + `window`, or
 * 2 `period` if that is later. O(log `window`) a candle.
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({
 *   candles: { regime: regime() },
 *   context: { market: onSymbol('SPY', regime({ dwell: 10 })) },
 * })
 * engineer.schema.names // regime.trending, regime.ranging, regime.volatile, market.trending ...
 * ```
 */
export function regime({
  period = 14,
  trendAbove = 25,
  trendBelow = 20,
  bars = 20,
  window = 250,
  volatileAbove = 0.8,
  volatileBelow = 0.6,
  dwell = 5,
}: Partial<RegimeOptions> = {}): Indicator<RegimeState, 'trending' | 'ranging' | 'volatile'> {
  nonNegative('trendBelow', trendBelow)
  fraction('volatileAbove', volatileAbove)
  fraction('volatileBelow', volatileBelow)
  integer('window', window, 2)
  integer('dwell', dwell)
  checkBand('trend', trendBelow, trendAbove)
  checkBand('volatile', volatileBelow, volatileAbove)
  const strength = adx(period)
  const spread = volatility(bars)
  // where the two write before they are read; holds nothing from one candle to the next
  const numbers = new Float64Array(3)
  return {
    kind: `regime(${[period, trendAbove, trendBelow, bars, window, volatileAbove, volatileBelow, dwell].join()})`,
    outputs: ['trending', 'ranging', 'volatile'],
    init: () => ({
      adx: strength.init(),
      volatility: spread.init(),
      ranks: createSortedWindow(window),
      trending: false,
      volatile: false,
      regime: -1,
      age: 0,
    }),
    update(state, candle) {
      strength.update(state.adx, candle)
      spread.update(state.volatility, candle)

      strength.read(state.adx, numbers, 0)
      const trend = numbers[0]!
      state.trending = state.trending ? !(trend < trendBelow) : trend > trendAbove
      spread.read(state.volatility, numbers, 0)
      const deviation = numbers[0]!
      if (!(deviation >= 0)) return
      pushSorted(state.ranks, deviation)
      const rank = rankOf(state.ranks, deviation)
      state.volatile = state.volatile ? !(rank < volatileBelow) : rank > volatileAbove
      if (Number.isNaN(rank) || Number.isNaN(trend)) return

      const wanted = state.volatile ? VOLATILE : state.trending ? TRENDING : RANGING
      if (state.regime < 0 || (wanted !== state.regime && state.age >= dwell)) {
        state.regime = wanted
        state.age = 0
      }
      // how long beyond the least does not matter, and would grow for ever
      if (state.age < dwell) state.age++
    },
    read({ regime: now }, out, at) {
      for (let i = TRENDING; i <= VOLATILE; i++) out[at + i] = now < 0 ? NaN : Number(now === i)
    },
  }
}

function checkBand(name: string, below: number, above: number): void {
  if (below <= above && above < Infinity) return
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"${name}Below" must be at most "${name}Above", a finite number, got ${below} and ${above}.`,
  )
}
