import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingMean, type MovingMean, pushMean, weightedMeanIn } from './moving-mean.ts'

/** State of {@link vwapDistance}. */
export type VwapDistanceState = { close: number; readonly typicals: MovingMean }

/**
 * How far the close stands above the volume-weighted average price of the last `bars` candles, as a fraction.
 *
 *     close / VWAP - 1        VWAP = sum(typical volume) / sum(volume)        typical = (high + low + close) / 3
 *
 * The window rolls instead of starting anew each session, so that it means the same for daily bars, for markets that
 * never close, and at any hour. NaN where a candle of the window has no volume, or none traded. First value at candle
 * `bars`. O(1).
 */
export function vwapDistance(bars = 20): Indicator<VwapDistanceState, 'value'> {
  integer('bars', bars)
  return {
    kind: `vwapDistance(${bars})`,
    outputs: ['value'],
    init: () => ({ close: NaN, typicals: createMovingMean(bars) }),
    update(state, { high, low, close, volume = NaN }) {
      state.close = close
      // (high + low + close) / 3, written so that a bar in which nothing moved gives its very close
      pushMean(state.typicals, close + (high - close + (low - close)) / 3, volume)
    },
    read({ close, typicals }, out, at) {
      const mean = weightedMeanIn(typicals)
      out[at] = (close - mean) / mean
    },
  }
}
