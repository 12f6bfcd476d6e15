import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingSum, type MovingSum, pushSum, sumIn } from './moving-sum.ts'

/** State of {@link rangeVolatility}. */
export type RangeVolatilityState = { readonly parkinson: MovingSum; readonly garmanKlass: MovingSum }

/**
 * Volatility per bar from what happens within the bars, which says more than their closes: by Parkinson, and by Garman
 * and Klass.
 *
 *     parkinson   = sqrt(mean of ln(high / low)² / (4 ln 2))
 *     garmanKlass = sqrt(mean of ln(high / low)² / 2 - (2 ln 2 - 1) ln(close / open)²)      0 where the mean is below 0
 *
 * Over `bars` candles, not annualised. Both leave out what happens between bars, as overnight; `volatility` does not.
 * First values at candle `bars`. O(1).
 *
 * @see M. Parkinson (1980) and M. Garman, M. Klass (1980), Journal of Business 53
 */
export function rangeVolatility(bars = 20): Indicator<RangeVolatilityState, 'parkinson' | 'garmanKlass'> {
  integer('bars', bars)
  return {
    kind: `rangeVolatility(${bars})`,
    outputs: ['parkinson', 'garmanKlass'],
    init: () => ({ parkinson: createMovingSum(bars), garmanKlass: createMovingSum(bars) }),
    update({ parkinson, garmanKlass }, { open, high, low, close }) {
      const range = Math.log(high / low)
      const body = Math.log(close / open)
      pushSum(parkinson, range * range)
      pushSum(garmanKlass, (range * range) / 2 - (2 * Math.LN2 - 1) * body * body)
    },
    read({ parkinson, garmanKlass }, out, at) {
      out[at] = Math.sqrt(sumIn(parkinson) / (4 * Math.LN2 * bars))
      out[at + 1] = Math.sqrt(Math.max(sumIn(garmanKlass) / bars, 0))
    },
  }
}
