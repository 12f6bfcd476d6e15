import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addWilder, averageOf, createAverage } from './average.ts'
import { trueRange } from './true-range.ts'

/** State of {@link atr}: the average in price units. */
export type AtrState = { close: number; readonly range: Average }

/**
 * Average true range as a fraction of the close: how far the price travels in a bar.
 *
 *     Wilder average of max(high, last close) - min(low, last close), over close
 *
 * First value at candle `period`. O(1).
 *
 * @see J. W. Wilder (1978), "New Concepts in Technical Trading Systems"
 */
export function atr(period = 14): Indicator<AtrState, 'value'> {
  integer('period', period)
  return {
    kind: `atr(${period})`,
    outputs: ['value'],
    init: () => ({ close: NaN, range: createAverage() }),
    update(state, candle) {
      addWilder(state.range, trueRange(candle, state.close), period)
      state.close = candle.close
    },
    read(state, out, at) {
      out[at] = atrOf(state, period) / state.close
    },
  }
}

/** The average true range in price units. */
export function atrOf({ range }: AtrState, period: number): number {
  return averageOf(range, period)
}
