import { integer } from '../../core/check.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { type RsiState, rsi, rsiOf } from './rsi.ts'

/** State of {@link rsiMomentum}. */
export type RsiMomentumState = { readonly rsi: RsiState; readonly past: Ring }

/**
 * How many points the {@link rsi} has gained over the last `bars` candles, -100 to 100.
 *
 * First value at candle `period` + 1 + `bars`. O(1).
 */
export function rsiMomentum(period = 14, bars = 5): Indicator<RsiMomentumState, 'value'> {
  const index = rsi(period)
  integer('bars', bars)
  return {
    kind: `rsiMomentum(${period},${bars})`,
    outputs: ['value'],
    init: () => ({ rsi: index.init(), past: createRing(bars + 1) }),
    update(state, candle) {
      index.update(state.rsi, candle)
      pushRing(state.past, rsiOf(state.rsi, period))
    },
    read({ past }, out, at) {
      out[at] = ringAt(past, 0) - ringAt(past, bars)
    },
  }
}
