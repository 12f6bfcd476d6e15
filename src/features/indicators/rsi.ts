import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addWilder, averageOf, createAverage } from './average.ts'

/** State of {@link rsi}. */
export type RsiState = { close: number; readonly gain: Average; readonly loss: Average }

/**
 * Relative strength index: the share of recent movement that went up, 0 to 100.
 *
 *     100 gain / (gain + loss)        Wilder averages of rises and falls of the close; 50 where nothing moved
 *
 * First value at candle `period` + 1. O(1).
 *
 * @see J. W. Wilder (1978), "New Concepts in Technical Trading Systems"
 */
export function rsi(period = 14): Indicator<RsiState, 'value'> {
  integer('period', period)
  return {
    kind: `rsi(${period})`,
    outputs: ['value'],
    init: () => ({ close: NaN, gain: createAverage(), loss: createAverage() }),
    update(state, { close }) {
      const change = close - state.close
      state.close = close
      if (Number.isNaN(change)) return // the first candle
      addWilder(state.gain, Math.max(change, 0), period)
      addWilder(state.loss, Math.max(-change, 0), period)
    },
    read(state, out, at) {
      out[at] = rsiOf(state, period)
    },
  }
}

/** The index as of the last candle. */
export function rsiOf({ gain, loss }: RsiState, period: number): number {
  const up = averageOf(gain, period)
  const moved = up + averageOf(loss, period)
  return moved === 0 ? 50 : (100 * up) / moved
}
