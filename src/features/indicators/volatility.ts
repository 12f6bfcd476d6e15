import { integer } from '../../core/check.ts'
import { createMoments, type Moments, variance } from '../../core/moments.ts'
import { createRing, pushRing, type Ring } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { isFull, measure } from './window.ts'

/** State of {@link volatility}. */
export type VolatilityState = { close: number; readonly returns: Ring; readonly moments: Moments }

/**
 * Realised volatility: the sample standard deviation of the last `bars` log returns, per bar, not annualised.
 *
 * First value at candle `bars` + 1. O(`bars`) a candle.
 */
export function volatility(bars = 20): Indicator<VolatilityState, 'value'> {
  integer('bars', bars, 2)
  return {
    kind: `volatility(${bars})`,
    outputs: ['value'],
    init: () => ({ close: NaN, returns: createRing(bars), moments: createMoments() }),
    update(state, { close }) {
      const change = Math.log(close / state.close)
      state.close = close
      if (Number.isNaN(change)) return // the first candle
      pushRing(state.returns, change)
      measure(state.returns, state.moments)
    },
    read({ returns, moments }, out, at) {
      out[at] = isFull(returns) ? Math.sqrt(variance(moments)) : NaN
    },
  }
}
