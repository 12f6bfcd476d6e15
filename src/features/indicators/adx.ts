import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addWilder, averageOf, createAverage } from './average.ts'
import { trueRange } from './true-range.ts'

/** State of {@link adx}: the last candle's prices, Wilder averages in price units, and that of the DX. */
export type AdxState = {
  high: number
  low: number
  close: number
  readonly plus: Average
  readonly minus: Average
  readonly range: Average
  readonly dx: Average
}

/**
 * Average directional index: how steadily the price goes one way, 0 to 100, whichever way that is; and the two
 * directional indicators, which say which.
 *
 *     plus = 100 average(+DM) / average(TR)      minus = 100 average(-DM) / average(TR)
 *     DX = 100 |plus - minus| / (plus + minus)   value = average(DX)
 *
 * A bar's +DM is how far its high went beyond the last one if that is positive and more than its low went below, else
 * 0; -DM is the mirror image. The averages are Wilder's, over the changes from the second candle on. Where nothing
 * moves there is no direction: the indicators and DX are 0, so a flat start passes like any other.
 *
 * First plus and minus at candle `period` + 1, first value at candle 2 `period`. O(1).
 *
 * @see J. W. Wilder (1978), "New Concepts in Technical Trading Systems"
 */
export function adx(period = 14): Indicator<AdxState, 'value' | 'plus' | 'minus'> {
  integer('period', period)
  return {
    kind: `adx(${period})`,
    outputs: ['value', 'plus', 'minus'],
    init: () => ({
      high: NaN,
      low: NaN,
      close: NaN,
      plus: createAverage(),
      minus: createAverage(),
      range: createAverage(),
      dx: createAverage(),
    }),
    update(state, candle) {
      const { plus, minus, range } = state
      const up = candle.high - state.high
      const down = state.low - candle.low
      const travelled = trueRange(candle, state.close)
      state.high = candle.high
      state.low = candle.low
      state.close = candle.close
      if (Number.isNaN(up)) return // the first candle

      addWilder(plus, up > down && up > 0 ? up : 0, period)
      addWilder(minus, down > up && down > 0 ? down : 0, period)
      addWilder(range, travelled, period)
      if (range.n < period) return
      const moved = plus.value + minus.value
      addWilder(state.dx, moved === 0 ? 0 : (100 * Math.abs(plus.value - minus.value)) / moved, period)
    },
    read({ plus, minus, range, dx }, out, at) {
      const travelled = averageOf(range, period)
      out[at] = averageOf(dx, period)
      out[at + 1] = travelled === 0 ? 0 : (100 * plus.value) / travelled
      out[at + 2] = travelled === 0 ? 0 : (100 * minus.value) / travelled
    },
  }
}
