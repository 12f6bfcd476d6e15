import { integer } from '../../core/check.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'

/** State of {@link roc}. */
export type RocState = { readonly closes: Ring }

/**
 * Rate of change: by what fraction the close has moved in the last `bars` candles.
 *
 *     close / close `bars` ago - 1
 *
 * A hundredth of TA-Lib's, which is in per cent. First value at candle `bars` + 1. O(1).
 */
export function roc(bars = 10): Indicator<RocState, 'value'> {
  integer('bars', bars)
  return {
    kind: `roc(${bars})`,
    outputs: ['value'],
    init: () => ({ closes: createRing(bars + 1) }),
    update({ closes }, { close }) {
      pushRing(closes, close)
    },
    read({ closes }, out, at) {
      const before = ringAt(closes, bars)
      out[at] = (ringAt(closes, 0) - before) / before
    },
  }
}
