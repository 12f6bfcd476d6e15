import type { Indicator } from '../indicator.ts'
import { checkPair } from './check-pair.ts'
import { createMovingSum, type MovingSum, pushSum, sumIn } from './moving-sum.ts'

/** State of {@link volumeSurge}. */
export type VolumeSurgeState = { readonly fast: MovingSum; readonly slow: MovingSum }

/**
 * Whether trading is picking up: the mean volume of the last `fast` candles over that of the last `slow`, minus 1.
 *
 * 0 is normal, -1 is silence, `slow` / `fast` - 1 is when all of it came lately. Steadier than the one bar of
 * `volumeRatio`. NaN where a candle of the window has no volume, or none traded. First value at candle `slow`.
 * O(1).
 */
export function volumeSurge(fast = 5, slow = 20): Indicator<VolumeSurgeState, 'value'> {
  checkPair(fast, slow)
  return {
    kind: `volumeSurge(${fast},${slow})`,
    outputs: ['value'],
    init: () => ({ fast: createMovingSum(fast), slow: createMovingSum(slow) }),
    update(state, { volume = NaN }) {
      pushSum(state.fast, volume)
      pushSum(state.slow, volume)
    },
    read(state, out, at) {
      const usual = sumIn(state.slow) / slow
      out[at] = usual > 0 ? sumIn(state.fast) / fast / usual - 1 : NaN
    },
  }
}
