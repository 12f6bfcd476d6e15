import { integer } from '../../core/check.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingMoments, type MovingMoments, pushMoments, squaresIn } from './moving-moments.ts'

/** State of {@link varianceRatio}. */
export type VarianceRatioState = { readonly closes: Ring; readonly short: MovingMoments; readonly long: MovingMoments }

/**
 * Whether moves go on or turn back: the variance of long returns over what a random walk would make of the short ones.
 *
 *     value = var(log returns over `steps` candles) / (`steps` var(log returns over one))      of the last `bars` of each
 *     hurst = (1 + ln value / ln steps) / 2
 *
 * 1 and 0.5 for a random walk, above for trends, below for a price that returns to its mean. Long returns overlap. 1 and
 * 0.5 where nothing moves; hurst is kept from 0 to 1. First values at candle `bars` + `steps`. O(1).
 *
 * @see A. Lo, C. MacKinlay (1988), "Stock market prices do not follow random walks", Review of Financial Studies 1
 */
export function varianceRatio(bars = 100, steps = 5): Indicator<VarianceRatioState, 'value' | 'hurst'> {
  integer('bars', bars, 2)
  integer('steps', steps, 2)
  return {
    kind: `varianceRatio(${bars},${steps})`,
    outputs: ['value', 'hurst'],
    init: () => ({
      closes: createRing(steps + 1),
      short: createMovingMoments(bars),
      long: createMovingMoments(bars),
    }),
    update({ closes, short, long }, { close }) {
      pushRing(closes, close)
      const before = ringAt(closes, 1)
      if (!Number.isNaN(before)) pushMoments(short, Math.log(close / before))
      const long0 = ringAt(closes, steps)
      if (!Number.isNaN(long0)) pushMoments(long, Math.log(close / long0))
    },
    read({ short, long }, out, at) {
      const far = squaresIn(long)
      const near = steps * squaresIn(short)
      const ratio = near === 0 && !Number.isNaN(far) ? 1 : far / near
      out[at] = ratio
      out[at + 1] = ratio === 0 ? 0 : Math.min(Math.max((1 + Math.log(ratio) / Math.log(steps)) / 2, 0), 1)
    },
  }
}
