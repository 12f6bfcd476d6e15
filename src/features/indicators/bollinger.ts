import { integer, positive } from '../../core/check.ts'
import { createMoments, type Moments, variance } from '../../core/moments.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { isFull, measure } from './window.ts'

/** State of {@link bollinger}: the closes of the window and their moments. */
export type BollingerState = { readonly closes: Ring; readonly moments: Moments }

/**
 * Bollinger bands: where the close stands between them, and how wide they are.
 *
 *     lower, upper = mean -/+ `width` sigma            over the last `bars` closes; sigma of the population
 *     percentB = (close - lower) / (upper - lower)     0 on the lower band, 1 on the upper; 0.5 where sigma is 0
 *     width = (upper - lower) / mean                   a fraction
 *
 * First values at candle `bars`. O(`bars`) a candle.
 *
 * @see J. Bollinger (2001), "Bollinger on Bollinger Bands"
 */
export function bollinger(bars = 20, width = 2): Indicator<BollingerState, 'percentB' | 'width'> {
  integer('bars', bars, 2)
  positive('width', width)
  return {
    kind: `bollinger(${bars},${width})`,
    outputs: ['percentB', 'width'],
    init: () => ({ closes: createRing(bars), moments: createMoments() }),
    update({ closes, moments }, { close }) {
      pushRing(closes, close)
      measure(closes, moments)
    },
    read({ closes, moments }, out, at) {
      const half = isFull(closes) ? width * Math.sqrt(variance(moments, 0)) : NaN
      out[at] = half === 0 ? 0.5 : (ringAt(closes, 0) - moments.mean + half) / (2 * half)
      out[at + 1] = (2 * half) / moments.mean
    },
  }
}
