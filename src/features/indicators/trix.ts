import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addEma, averageOf, createAverage } from './average.ts'

/** State of {@link trix}. */
export type TrixState = {
  readonly first: Average
  readonly second: Average
  readonly third: Average
  change: number
  readonly signal: Average
}

/**
 * TRIX: by what fraction a triply smoothed average of the close moves in a candle, and the average of that.
 *
 *     value = EMA3 / last EMA3 - 1      EMA3 = EMA of the EMA of the EMA, each of `period`      signal = EMA of value
 *
 * A hundredth of TA-Lib's, which is in per cent. Each EMA starts from the mean of the first `period` numbers it gets, so
 * the first value comes at candle 3 `period` - 1, the first signal `signal` - 1 later. O(1).
 *
 * @see J. Hutson (1983), "Good TRIX", Technical Analysis of Stocks and Commodities 1
 */
export function trix(period = 15, signal = 9): Indicator<TrixState, 'value' | 'signal'> {
  integer('period', period)
  integer('signal', signal)
  return {
    kind: `trix(${period},${signal})`,
    outputs: ['value', 'signal'],
    init: () => ({
      first: createAverage(),
      second: createAverage(),
      third: createAverage(),
      change: NaN,
      signal: createAverage(),
    }),
    update(state, { close }) {
      const { first, second, third } = state
      addEma(first, close, period)
      if (first.n < period) return
      addEma(second, first.value, period)
      if (second.n < period) return
      const before = averageOf(third, period)
      addEma(third, second.value, period)
      state.change = (third.value - before) / before
      if (!Number.isNaN(before)) addEma(state.signal, state.change, signal)
    },
    read(state, out, at) {
      out[at] = state.change
      out[at + 1] = averageOf(state.signal, signal)
    },
  }
}
