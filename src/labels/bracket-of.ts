import { fraction, nonNegative, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Bracket } from '../market.ts'
import { checkBracket } from './barriers.ts'
import { checkEntry, type TradeEntry } from './watch-list.ts'

/** How far the barriers lie from the entry, in some unit. */
export type BarrierWidths = {
  /** Distance of the stop. */
  readonly stop: number
  /** Distance of the target. */
  readonly target: number
}

/**
 * A bracket with barriers at fixed fractions of the price: `{ stop: 0.01, target: 0.02 }` risks 1 % for 2 %.
 *
 * A market twice as wild reaches them four times as soon, so labels of different years and symbols mean different
 * things; {@link atrBracket} follows the market. Pure.
 *
 * @throws `INVALID_OPTION` for widths that are not above 0, or that leave no positive price
 *
 * @example
 * ```ts
 * const entry = { id: 'a', symbol: 'BTC', side: 'short', time: 1_700_000_000_000, price: 100 } as const
 * fixedBracket(entry, { stop: 0.01, target: 0.02 }) // stop 101, target 98
 * ```
 */
export function fixedBracket(entry: TradeEntry, { stop, target }: BarrierWidths): Bracket {
  checkEntry(entry, 'INVALID_INPUT')
  return bracketOf(entry, positive('stop', stop) * entry.price, positive('target', target) * entry.price)
}

/**
 * A bracket with barriers at multiples of the average true range: `{ stop: 2, target: 3 }`.
 *
 * @param atr - average true range in price units as of the entry, e.g. `engineer.atr(symbol)`
 * @throws `INVALID_OPTION` for widths that are not above 0 or leave no positive price, `INVALID_INPUT` for an ATR that
 *   is not positive, as while it warms up
 */
export function atrBracket(entry: TradeEntry, atr: number, { stop, target }: BarrierWidths): Bracket {
  checkEntry(entry, 'INVALID_INPUT')
  positive('atr', atr, 'INVALID_INPUT')
  return bracketOf(entry, positive('stop', stop) * atr, positive('target', target) * atr)
}

function bracketOf({ id, symbol, side, time, price }: TradeEntry, toStop: number, toTarget: number): Bracket {
  const sign = side === 'long' ? 1 : -1
  const bracket = { id, symbol, side, time, price, stop: price - sign * toStop, target: price + sign * toTarget }
  if (!(bracket.stop > 0 && bracket.target > 0)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `Barriers must lie at positive prices, got stop ${bracket.stop} and target ${bracket.target} for a ${side} at ${price}.`,
    )
  }
  checkBracket(bracket, 'INVALID_OPTION')
  return bracket
}

/** What a round trip costs, each as a fraction of the price. */
export type TradingCosts = {
  /** Fee of one order, e.g. 0.001 for a taker fee of 0.1 %. */
  readonly fee: number
  /** Distance from best bid to best ask. @defaultValue 0 */
  readonly spread?: number
  /** What an order loses beyond the best price. @defaultValue 0 */
  readonly slippage?: number
}

/**
 * The `costs` of a labeler: two fees, half a spread on each side, and slippage twice.
 *
 *     2 fee + spread + 2 slippage
 *
 * @example
 * ```ts
 * const labeler = new TripleBarrier({ costs: roundTripCosts({ fee: 0.0004, spread: 0.0002 }) }) // 0.001
 * ```
 */
export function roundTripCosts({ fee, spread = 0, slippage = 0 }: TradingCosts): number {
  const total = 2 * nonNegative('fee', fee) + nonNegative('spread', spread) + 2 * nonNegative('slippage', slippage)
  return fraction('the sum of costs', total)
}
