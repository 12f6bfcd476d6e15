import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingSum, type MovingSum, pushSum, sumIn } from './moving-sum.ts'

/** State of {@link mfi}. */
export type MfiState = { typical: number; readonly up: MovingSum; readonly down: MovingSum }

/**
 * Money flow index: the share of recent turnover that came with a rising price, 0 to 100; an RSI weighted by volume.
 *
 *     100 up / (up + down)       sums over `bars` candles of typical * volume, by the sign of typical's change
 *
 * typical = (high + low + close) / 3; an unchanged one counts on neither side. 50 where neither side has any. NaN where a
 * candle of the window has no volume. First value at candle `bars` + 1. O(1).
 *
 * @see G. Quong, A. Soudack (1989), "Volume-weighted RSI: money flow", Technical Analysis of Stocks and Commodities 7
 */
export function mfi(bars = 14): Indicator<MfiState, 'value'> {
  integer('bars', bars)
  return {
    kind: `mfi(${bars})`,
    outputs: ['value'],
    init: () => ({ typical: NaN, up: createMovingSum(bars), down: createMovingSum(bars) }),
    update(state, { high, low, close, volume = NaN }) {
      const typical = close + (high - close + (low - close)) / 3
      const change = typical - state.typical
      state.typical = typical
      if (Number.isNaN(change)) return // the first candle
      const flow = typical * volume
      // a missing volume stays missing on both sides
      pushSum(state.up, change > 0 ? flow : 0 * flow)
      pushSum(state.down, change < 0 ? flow : 0 * flow)
    },
    read({ up, down }, out, at) {
      const rise = sumIn(up)
      const all = rise + sumIn(down)
      out[at] = all === 0 ? 50 : (100 * rise) / all
    },
  }
}
