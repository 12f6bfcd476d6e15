import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingSum, type MovingSum, pushSum, sumIn } from './moving-sum.ts'

/** State of {@link obv}. */
export type ObvState = { close: number; readonly signed: MovingSum; readonly all: MovingSum }

/**
 * On-balance volume of the last candles: the share of their volume that came with a rise, less that with a fall, -1 to 1.
 *
 *     sum of volume * sign(close - last close) / sum of volume      over `bars` candles
 *
 * Granville's own sum runs from the first candle on and has no end: it depends on where the series started, and no two
 * are alike. Its change over `bars` candles is this times their volume. NaN where a candle of the window has no volume, or
 * none traded. First value at candle `bars` + 1. O(1).
 *
 * @see J. Granville (1963), "Granville's New Key to Stock Market Profits"
 */
export function obv(bars = 20): Indicator<ObvState, 'value'> {
  integer('bars', bars)
  return {
    kind: `obv(${bars})`,
    outputs: ['value'],
    init: () => ({ close: NaN, signed: createMovingSum(bars), all: createMovingSum(bars) }),
    update(state, { close, volume = NaN }) {
      const change = close - state.close
      state.close = close
      if (Number.isNaN(change)) return // the first candle
      pushSum(state.signed, Math.sign(change) * volume)
      pushSum(state.all, volume)
    },
    read({ signed, all }, out, at) {
      const total = sumIn(all)
      out[at] = total > 0 ? sumIn(signed) / total : NaN
    },
  }
}
