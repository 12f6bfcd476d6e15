import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingSum, type MovingSum, pushSum, sumIn } from './moving-sum.ts'

/** State of {@link volumeRatio}. */
export type VolumeRatioState = { ratio: number; readonly before: MovingSum }

/**
 * Relative volume: this candle's volume over the mean of the `bars` before it.
 *
 * 1 is normal. NaN where a candle of the window has no volume, or none of those before traded. First value at candle
 * `bars` + 1. O(1).
 */
export function volumeRatio(bars = 20): Indicator<VolumeRatioState, 'value'> {
  integer('bars', bars)
  return {
    kind: `volumeRatio(${bars})`,
    outputs: ['value'],
    init: () => ({ ratio: NaN, before: createMovingSum(bars) }),
    update(state, { volume = NaN }) {
      const usual = sumIn(state.before) / bars
      state.ratio = usual > 0 ? volume / usual : NaN
      pushSum(state.before, volume)
    },
    read({ ratio }, out, at) {
      out[at] = ratio
    },
  }
}
