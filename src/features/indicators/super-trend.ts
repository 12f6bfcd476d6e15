import { integer, positive } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addWilder, averageOf, createAverage } from './average.ts'
import { trueRange } from './true-range.ts'

/** State of {@link superTrend}: the two bands, the direction, and the last close. */
export type SuperTrendState = {
  close: number
  readonly range: Average
  upper: number
  lower: number
  /** 1 for a rise, -1 for a fall, 0 before the first value. */
  direction: number
}

/**
 * SuperTrend: a stop that follows the price at some ATR, and turns around when the close goes beyond it.
 *
 *     upper, lower = (high + low) / 2 +/- `width` ATR(`period`)
 *     in a rise the lower band only rises, in a fall the upper one only falls
 *     a close below the lower band begins a fall, one above the upper band a rise
 *     direction = 1 in a rise, -1 in a fall        distance = (close - band in force) / close
 *
 * The first value is a rise where the close is above the middle of its bar, else a fall. ATR by Wilder. First values at
 * candle `period`. O(1).
 *
 * @see O. Seban, "Tout le monde mérite d'être riche"
 */
export function superTrend(period = 10, width = 3): Indicator<SuperTrendState, 'direction' | 'distance'> {
  integer('period', period)
  positive('width', width)
  return {
    kind: `superTrend(${period},${width})`,
    outputs: ['direction', 'distance'],
    init: () => ({ close: NaN, range: createAverage(), upper: NaN, lower: NaN, direction: 0 }),
    update(state, candle) {
      const before = state.close
      addWilder(state.range, trueRange(candle, before), period)
      const { high, low, close } = candle
      state.close = close
      const reach = width * averageOf(state.range, period)
      if (Number.isNaN(reach)) return
      const middle = low + (high - low) / 2
      const [upper, lower] = [middle + reach, middle - reach]
      // a band gives way only once the last close was beyond it
      state.upper = upper < state.upper || !(before <= state.upper) ? upper : state.upper
      state.lower = lower > state.lower || !(before >= state.lower) ? lower : state.lower
      if (state.direction === 0) state.direction = close > middle ? 1 : -1
      else if (state.direction > 0 && close < state.lower) state.direction = -1
      else if (state.direction < 0 && close > state.upper) state.direction = 1
    },
    read({ close, upper, lower, direction }, out, at) {
      out[at] = direction === 0 ? NaN : direction
      out[at + 1] = direction === 0 ? NaN : (close - (direction > 0 ? lower : upper)) / close
    },
  }
}
