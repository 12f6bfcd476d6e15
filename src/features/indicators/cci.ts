import { integer } from '../../core/check.ts'
import { createRing, pushRing, type Ring } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingMoments, type MovingMoments, meanIn, pushMoments } from './moving-moments.ts'

/** State of {@link cci}. */
export type CciState = { typical: number; readonly typicals: Ring; readonly moments: MovingMoments }

/** So that most values of a calm market lie between -100 and 100, as in Lambert. */
const SCALE = 0.015

/**
 * Commodity channel index: how far the price stands from its mean, in mean absolute deviations.
 *
 *     (typical - mean) / (0.015 * mean |typical - mean|)      typical = (high + low + close) / 3, over `bars` candles
 *
 * 0 where nothing moved. First value at candle `bars`. O(1) a candle; a read goes through the window once, because a mean
 * absolute deviation has no shorter way.
 *
 * @see D. Lambert (1980), "Commodity channel index", Commodities magazine
 */
export function cci(bars = 20): Indicator<CciState, 'value'> {
  integer('bars', bars, 2)
  return {
    kind: `cci(${bars})`,
    outputs: ['value'],
    init: () => ({ typical: NaN, typicals: createRing(bars), moments: createMovingMoments(bars) }),
    update(state, { high, low, close }) {
      // written so that a bar in which nothing moved gives its very close
      state.typical = close + (high - close + (low - close)) / 3
      pushRing(state.typicals, state.typical)
      pushMoments(state.moments, state.typical)
    },
    read({ typical, typicals, moments }, out, at) {
      const mean = meanIn(moments)
      if (Number.isNaN(mean)) {
        out[at] = NaN
        return
      }
      const { values } = typicals
      let away = 0
      for (let i = 0; i < bars; i++) away += Math.abs(values[i]! - mean)
      out[at] = away === 0 ? 0 : (typical - mean) / ((SCALE * away) / bars)
    },
  }
}
