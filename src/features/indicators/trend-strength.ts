import { integer } from '../../core/check.ts'
import { clamp } from '../../core/math.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingSum, type MovingSum, pushSum, sumIn } from './moving-sum.ts'

/** State of {@link trendStrength}. */
export type TrendStrengthState = { readonly closes: Ring; readonly gone: MovingSum }

/**
 * Kaufman's efficiency ratio with a sign: the way gained over the way gone in the last `bars` steps of the close.
 *
 *     (close - close `bars` ago) / sum |change|        1 is straight up, -1 straight down, 0 to and fro or flat
 *
 * First value at candle `bars` + 1. O(1).
 *
 * @see P. J. Kaufman (1995), "Smarter Trading"
 */
export function trendStrength(bars = 20): Indicator<TrendStrengthState, 'value'> {
  integer('bars', bars)
  return {
    kind: `trendStrength(${bars})`,
    outputs: ['value'],
    init: () => ({ closes: createRing(bars + 1), gone: createMovingSum(bars) }),
    update({ closes, gone }, { close }) {
      if (closes.size > 0) pushSum(gone, Math.abs(close - ringAt(closes, 0)))
      pushRing(closes, close)
    },
    read({ closes, gone }, out, at) {
      const way = sumIn(gone)
      const gained = ringAt(closes, 0) - ringAt(closes, bars)
      out[at] = way === 0 ? 0 : clamp(gained / way, -1, 1) // rounding can carry a straight line past 1
    },
  }
}
