import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingMoments, type MovingMoments, pushMoments, squaresIn } from './moving-moments.ts'

/** State of {@link volatility}. */
export type VolatilityState = { close: number; readonly returns: MovingMoments }

/**
 * Realised volatility: the sample standard deviation of the last `bars` log returns, per bar, not annualised.
 *
 * First value at candle `bars` + 1. O(1).
 */
export function volatility(bars = 20): Indicator<VolatilityState, 'value'> {
  integer('bars', bars, 2)
  return {
    kind: `volatility(${bars})`,
    outputs: ['value'],
    init: () => ({ close: NaN, returns: createMovingMoments(bars) }),
    update(state, { close }) {
      const change = Math.log(close / state.close)
      state.close = close
      if (Number.isNaN(change)) return // the first candle
      pushMoments(state.returns, change)
    },
    read({ returns }, out, at) {
      out[at] = Math.sqrt(squaresIn(returns) / (bars - 1))
    },
  }
}
