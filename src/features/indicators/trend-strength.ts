import { integer } from '../../core/check.ts'
import { clamp } from '../../core/math.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'

/** State of {@link trendStrength}. */
export type TrendStrengthState = { readonly closes: Ring }

/**
 * Kaufman's efficiency ratio with a sign: the way gained over the way gone in the last `bars` steps of the close.
 *
 *     (close - close `bars` ago) / sum |change|        1 is straight up, -1 straight down, 0 to and fro or flat
 *
 * First value at candle `bars` + 1. O(`bars`) a read.
 *
 * @see P. J. Kaufman (1995), "Smarter Trading"
 */
export function trendStrength(bars = 20): Indicator<TrendStrengthState, 'value'> {
  integer('bars', bars)
  return {
    kind: `trendStrength(${bars})`,
    outputs: ['value'],
    init: () => ({ closes: createRing(bars + 1) }),
    update({ closes }, { close }) {
      pushRing(closes, close)
    },
    read({ closes }, out, at) {
      let gone = 0
      for (let ago = bars; ago > 0; ago--) gone += Math.abs(ringAt(closes, ago - 1) - ringAt(closes, ago))
      const gained = ringAt(closes, 0) - ringAt(closes, bars)
      out[at] = gone === 0 ? 0 : clamp(gained / gone, -1, 1) // rounding can carry a straight line past 1
    },
  }
}
