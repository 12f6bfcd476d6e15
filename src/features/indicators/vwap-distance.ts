import { integer } from '../../core/check.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'

/** State of {@link vwapDistance}. */
export type VwapDistanceState = { close: number; readonly typicals: Ring; readonly volumes: Ring }

/**
 * How far the close stands above the volume-weighted average price of the last `bars` candles, as a fraction.
 *
 *     close / VWAP - 1        VWAP = sum(typical volume) / sum(volume)        typical = (high + low + close) / 3
 *
 * The window rolls instead of starting anew each session, so that it means the same for daily bars, for markets that
 * never close, and at any hour. NaN where a candle of the window has no volume, or none traded. First value at candle
 * `bars`. O(`bars`) a read.
 */
export function vwapDistance(bars = 20): Indicator<VwapDistanceState, 'value'> {
  integer('bars', bars)
  return {
    kind: `vwapDistance(${bars})`,
    outputs: ['value'],
    init: () => ({ close: NaN, typicals: createRing(bars), volumes: createRing(bars) }),
    update(state, { high, low, close, volume = NaN }) {
      state.close = close
      // (high + low + close) / 3, written so that a bar in which nothing moved gives its very close
      pushRing(state.typicals, close + (high - close + (low - close)) / 3)
      pushRing(state.volumes, volume)
    },
    read({ close, typicals, volumes }, out, at) {
      // measured from the close, so that small distances survive high prices
      let gap = 0
      let traded = 0
      for (let ago = bars - 1; ago >= 0; ago--) {
        const volume = ringAt(volumes, ago)
        gap += (close - ringAt(typicals, ago)) * volume
        traded += volume
      }
      gap /= traded
      out[at] = traded > 0 ? gap / (close - gap) : NaN
    },
  }
}
