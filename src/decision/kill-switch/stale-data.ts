import type { Reason } from '../../market.ts'
import { because } from '../reasons.ts'

/**
 * Why a symbol's data is too old to trade on, or null.
 *
 * This is asked anew for each signal and needs no lock: what halted is still there to be seen, and a newer candle is the
 * only thing that ends it. Unknown data is stale, and so is data from a future that far ahead: that clock cannot be trusted.
 */
export function staleness(symbol: string, newest: number, now: number, staleAfter: number): Reason | null {
  if (staleAfter === Infinity || Math.abs(now - newest) <= staleAfter) return null
  const age = Number.isNaN(newest)
    ? `No candle of ${symbol} is known`
    : `The newest candle of ${symbol} is ${now - newest} ms old`
  return because('STALE_DATA', `${age}; more than ${staleAfter} ms halts.`)
}
