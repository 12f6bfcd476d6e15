import { integer, positive } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingMoments, type MovingMoments, meanIn, pushMoments, squaresIn } from './moving-moments.ts'

/** State of {@link bollinger}: the closes of the window and their moments. */
export type BollingerState = { close: number; readonly closes: MovingMoments }

/**
 * Bollinger bands: where the close stands between them, and how wide they are.
 *
 *     lower, upper = mean -/+ `width` sigma            over the last `bars` closes; sigma of the population
 *     percentB = (close - lower) / (upper - lower)     0 on the lower band, 1 on the upper; 0.5 where sigma is 0
 *     width = (upper - lower) / mean                   a fraction
 *
 * First values at candle `bars`. O(1).
 *
 * @see J. Bollinger (2001), "Bollinger on Bollinger Bands"
 */
export function bollinger(bars = 20, width = 2): Indicator<BollingerState, 'percentB' | 'width'> {
  integer('bars', bars, 2)
  positive('width', width)
  return {
    kind: `bollinger(${bars},${width})`,
    outputs: ['percentB', 'width'],
    init: () => ({ close: NaN, closes: createMovingMoments(bars) }),
    update(state, { close }) {
      state.close = close
      pushMoments(state.closes, close)
    },
    read({ close, closes }, out, at) {
      const mean = meanIn(closes)
      const half = width * Math.sqrt(squaresIn(closes) / bars)
      out[at] = half === 0 ? 0.5 : (close - mean + half) / (2 * half)
      out[at + 1] = (2 * half) / mean
    },
  }
}
