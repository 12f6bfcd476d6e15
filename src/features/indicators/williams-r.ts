import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingExtreme, type MovingExtreme, pushExtreme } from './moving-extreme.ts'
import { placeIn } from './stochastic.ts'

/** State of {@link williamsR}. */
export type WilliamsRState = { close: number; readonly highs: MovingExtreme; readonly lows: MovingExtreme }

/**
 * Williams %R: how far the close stands below the top of the last candles' range, -100 at the bottom and 0 at the top.
 *
 *     -100 (highest high - close) / (highest high - lowest low)       over `bars` candles; -50 where nothing moved
 *
 * First value at candle `bars`. O(1).
 *
 * @see L. Williams (1973), "How I Made One Million Dollars"
 */
export function williamsR(bars = 14): Indicator<WilliamsRState, 'value'> {
  integer('bars', bars)
  return {
    kind: `williamsR(${bars})`,
    outputs: ['value'],
    init: () => ({ close: NaN, highs: createMovingExtreme(bars), lows: createMovingExtreme(bars) }),
    update(state, { high, low, close }) {
      state.close = close
      pushExtreme(state.highs, high)
      pushExtreme(state.lows, -low)
    },
    read(state, out, at) {
      out[at] = 100 * (placeIn(state, state.close) - 1)
    },
  }
}
