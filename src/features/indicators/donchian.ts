import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingExtreme, extremeIn, type MovingExtreme, pushExtreme } from './moving-extreme.ts'
import { placeIn } from './stochastic.ts'

/** State of {@link donchian}. */
export type DonchianState = { close: number; readonly highs: MovingExtreme; readonly lows: MovingExtreme }

/**
 * Donchian channel: where the close stands between the highest high and the lowest low, and how wide apart they are.
 *
 *     place = (close - lowest low) / (highest high - lowest low)      over `bars` candles; 0.5 where nothing moved
 *     width = (highest high - lowest low) / close                     a fraction
 *
 * The candle itself counts, so a break-out shows as 1. First values at candle `bars`. O(1).
 *
 * @see R. Donchian (1960), "Donchian's 5- and 20-day moving averages"; the channel of the turtle traders
 */
export function donchian(bars = 20): Indicator<DonchianState, 'place' | 'width'> {
  integer('bars', bars)
  return {
    kind: `donchian(${bars})`,
    outputs: ['place', 'width'],
    init: () => ({ close: NaN, highs: createMovingExtreme(bars), lows: createMovingExtreme(bars) }),
    update(state, { high, low, close }) {
      state.close = close
      pushExtreme(state.highs, high)
      pushExtreme(state.lows, -low)
    },
    read(state, out, at) {
      out[at] = placeIn(state, state.close)
      out[at + 1] = (extremeIn(state.highs) + extremeIn(state.lows)) / state.close
    },
  }
}
