import type { Indicator } from '../indicator.ts'
import { type Average, addEma, averageOf, createAverage } from './average.ts'
import { checkPair } from './check-pair.ts'

/** State of {@link emaDistance}: the averages in price units. */
export type EmaDistanceState = { close: number; readonly fast: Average; readonly slow: Average }

/**
 * Where the close stands above two exponential averages, and the fast one above the slow one.
 *
 *     fast = close / EMA fast - 1        slow = close / EMA slow - 1        cross = EMA fast / EMA slow - 1
 *
 * All are fractions. First values at candle `fast` and candle `slow`. O(1).
 */
export function emaDistance(fast = 9, slow = 21): Indicator<EmaDistanceState, 'fast' | 'slow' | 'cross'> {
  checkPair(fast, slow)
  return {
    kind: `emaDistance(${fast},${slow})`,
    outputs: ['fast', 'slow', 'cross'],
    init: () => ({ close: NaN, fast: createAverage(), slow: createAverage() }),
    update(state, { close }) {
      state.close = close
      addEma(state.fast, close, fast)
      addEma(state.slow, close, slow)
    },
    read(state, out, at) {
      const near = averageOf(state.fast, fast)
      const far = averageOf(state.slow, slow)
      out[at] = (state.close - near) / near
      out[at + 1] = (state.close - far) / far
      out[at + 2] = (near - far) / far
    },
  }
}
