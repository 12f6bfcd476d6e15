import { integer } from '../../core/check.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { sumOf } from './window.ts'

/** State of {@link volumeRatio}. */
export type VolumeRatioState = { readonly volumes: Ring }

/**
 * Relative volume: this candle's volume over the mean of the `bars` before it.
 *
 * 1 is normal. NaN where a candle of the window has no volume, or none of those before traded. First value at candle
 * `bars` + 1. O(`bars`) a read.
 */
export function volumeRatio(bars = 20): Indicator<VolumeRatioState, 'value'> {
  integer('bars', bars)
  return {
    kind: `volumeRatio(${bars})`,
    outputs: ['value'],
    init: () => ({ volumes: createRing(bars + 1) }),
    update({ volumes }, { volume = NaN }) {
      pushRing(volumes, volume)
    },
    read({ volumes }, out, at) {
      const usual = sumOf(volumes, bars, 1) / bars
      out[at] = usual > 0 ? ringAt(volumes, 0) / usual : NaN
    },
  }
}
