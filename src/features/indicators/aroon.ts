import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { agoOf, createMovingExtreme, type MovingExtreme, pushExtreme } from './moving-extreme.ts'

/** State of {@link aroon}. */
export type AroonState = { readonly highs: MovingExtreme; readonly lows: MovingExtreme }

/**
 * Aroon: how lately the highest high and the lowest low came, 100 now and 0 `bars` candles ago.
 *
 *     up = 100 (bars - candles since the highest high) / bars      down likewise of the lowest low
 *     oscillator = up - down                                       -100 to 100
 *
 * Over the last `bars` + 1 candles, as in TA-Lib; of equal extremes the newest counts. First values at candle `bars` + 1.
 * O(1).
 *
 * @see T. Chande (1995), "A time price oscillator", Technical Analysis of Stocks and Commodities 13
 */
export function aroon(bars = 14): Indicator<AroonState, 'up' | 'down' | 'oscillator'> {
  integer('bars', bars)
  return {
    kind: `aroon(${bars})`,
    outputs: ['up', 'down', 'oscillator'],
    init: () => ({ highs: createMovingExtreme(bars + 1), lows: createMovingExtreme(bars + 1) }),
    update({ highs, lows }, { high, low }) {
      pushExtreme(highs, high)
      pushExtreme(lows, -low)
    },
    read({ highs, lows }, out, at) {
      const up = (100 * (bars - agoOf(highs))) / bars
      const down = (100 * (bars - agoOf(lows))) / bars
      out[at] = up
      out[at + 1] = down
      out[at + 2] = up - down
    },
  }
}
