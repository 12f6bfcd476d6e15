import { createRing, pushRing, type Ring } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { checkPair } from './check-pair.ts'
import { sumOf } from './window.ts'

/** State of {@link volumeSurge}. */
export type VolumeSurgeState = { readonly volumes: Ring }

/**
 * Whether trading is picking up: the mean volume of the last `fast` candles over that of the last `slow`, minus 1.
 *
 * 0 is normal, -1 is silence, `slow` / `fast` - 1 is when all of it came lately. Steadier than the one bar of
 * `volumeRatio`. NaN where a candle of the window has no volume, or none traded. First value at candle `slow`.
 * O(`slow`) a read.
 */
export function volumeSurge(fast = 5, slow = 20): Indicator<VolumeSurgeState, 'value'> {
  checkPair(fast, slow)
  return {
    kind: `volumeSurge(${fast},${slow})`,
    outputs: ['value'],
    init: () => ({ volumes: createRing(slow) }),
    update({ volumes }, { volume = NaN }) {
      pushRing(volumes, volume)
    },
    read({ volumes }, out, at) {
      const usual = sumOf(volumes, slow) / slow
      out[at] = usual > 0 ? sumOf(volumes, fast) / fast / usual - 1 : NaN
    },
  }
}
