import { positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Signal } from '../market.ts'
import type { Features } from './parts.ts'

/** No market moves so far between a bar's close and the signal on it. */
const FARTHEST = 2

/**
 * The price of a signal, or the newest close where it names none.
 *
 * @throws `INVALID_SIGNAL` for a price far from that close: a wrong unit, or another symbol's; `UNKNOWN_SYMBOL`
 */
export function entryPriceOf<S extends Signal>(features: Features<S>, { symbol, price }: S): number {
  const close = features.lastClose(symbol)
  if (price === undefined) return close
  const ratio = positive('signal.price', price, 'INVALID_SIGNAL') / close
  if (ratio >= 1 / FARTHEST && ratio <= FARTHEST) return price
  throw new TradeLearnError(
    'INVALID_SIGNAL',
    `"signal.price" must lie within a factor of ${FARTHEST} of the newest close of ${symbol}, ${close}, got ${price}.`,
  )
}
