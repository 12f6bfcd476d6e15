import { finite, oneOf, text, time } from '../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import type { Side, SignalMeta } from '../market.ts'

/** How a trade closed, as history features see it. */
export type ClosedTrade = {
  readonly symbol: string
  readonly side: Side
  /** When it was entered. */
  readonly time: number
  /**
   * When it closed: it counts for signals of that time and later. Where left out, the time of the symbol's newest candle
   * when it is told.
   */
  readonly exitTime?: number
  /** 1 if it paid, else 0. */
  readonly won: 0 | 1
  /** Net return, costs included, as a fraction of the entry price. */
  readonly netReturn: number
  /** What its signal said about itself, for features that tell trades apart by it. */
  readonly meta?: SignalMeta
}

/** Throws unless `trade` is a whole closed trade that ended no earlier than it began. */
export function checkTrade(trade: ClosedTrade, code: ErrorCode = 'INVALID_OUTCOME'): void {
  if (typeof trade !== 'object' || trade === null) {
    throw new TradeLearnError(code, `A closed trade must be an object, got ${show(trade)}.`)
  }
  const { symbol, side, time: entered, exitTime, won, netReturn, meta } = trade
  text('trade.symbol', symbol, code)
  oneOf('trade.side', side, ['long', 'short'], code)
  time('trade.time', entered)
  if (exitTime !== undefined && time('trade.exitTime', exitTime) < entered) {
    throw new TradeLearnError(
      code,
      `"trade.exitTime" must not lie before the entry at ${entered}, got ${show(exitTime)}.`,
    )
  }
  if (won !== 0 && won !== 1) throw new TradeLearnError(code, `"trade.won" must be 0 or 1, got ${show(won)}.`)
  finite('trade.netReturn', netReturn, code)
  if (meta !== undefined && (typeof meta !== 'object' || meta === null || Array.isArray(meta))) {
    throw new TradeLearnError(code, `"trade.meta" must be an object or left out, got ${show(meta)}.`)
  }
}
