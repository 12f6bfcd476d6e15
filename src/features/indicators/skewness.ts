import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingSkew, type MovingSkew, pushSkew, skewIn } from './moving-skew.ts'

/** State of {@link skewness}. */
export type SkewnessState = { close: number; readonly returns: MovingSkew }

/**
 * Skewness of the last `bars` log returns: negative where losses are rarer and larger than gains.
 *
 *     g1 = mean((r - mean r)³) / sigma³        sigma of the population; 0 where nothing moves
 *
 * First value at candle `bars` + 1. O(1).
 */
export function skewness(bars = 50): Indicator<SkewnessState, 'value'> {
  integer('bars', bars, 3)
  return {
    kind: `skewness(${bars})`,
    outputs: ['value'],
    init: () => ({ close: NaN, returns: createMovingSkew(bars) }),
    update(state, { close }) {
      const change = Math.log(close / state.close)
      state.close = close
      if (Number.isNaN(change)) return // the first candle
      pushSkew(state.returns, change)
    },
    read({ returns }, out, at) {
      out[at] = skewIn(returns)
    },
  }
}
