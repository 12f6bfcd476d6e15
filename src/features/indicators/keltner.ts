import { integer, positive } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addEma, addWilder, averageOf, createAverage } from './average.ts'
import { trueRange } from './true-range.ts'

/** State of {@link keltner}. */
export type KeltnerState = { close: number; readonly middle: Average; readonly range: Average }

/**
 * Keltner channel: where the close stands between two lines around its average, and how wide the channel is.
 *
 *     lower, upper = EMA(close, `period`) -/+ `width` ATR(`atrPeriod`)
 *     place = (close - lower) / (upper - lower)        0 on the lower line, 1 on the upper; 0.5 where nothing moves
 *     width = (upper - lower) / EMA                    a fraction
 *
 * The EMA starts from the mean of its first `period` closes, the ATR is Wilder's. First values at the later of candle
 * `period` and `atrPeriod`. O(1).
 *
 * @see C. Keltner (1960), "How to Make Money in Commodities"; L. Raschke's form with EMA and ATR
 */
export function keltner(period = 20, atrPeriod = 10, width = 2): Indicator<KeltnerState, 'place' | 'width'> {
  integer('period', period)
  integer('atrPeriod', atrPeriod)
  positive('width', width)
  return {
    kind: `keltner(${period},${atrPeriod},${width})`,
    outputs: ['place', 'width'],
    init: () => ({ close: NaN, middle: createAverage(), range: createAverage() }),
    update(state, candle) {
      addWilder(state.range, trueRange(candle, state.close), atrPeriod)
      addEma(state.middle, candle.close, period)
      state.close = candle.close
    },
    read({ close, middle, range }, out, at) {
      const half = width * averageOf(range, atrPeriod)
      const centre = averageOf(middle, period)
      out[at] = half === 0 && close === centre ? 0.5 : (close - centre + half) / (2 * half)
      out[at + 1] = (2 * half) / centre
    },
  }
}
