import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingSum, type MovingSum, pushSum, sumIn } from './moving-sum.ts'

/** State of {@link spread}. */
export type SpreadState = { high: number; low: number; readonly estimates: MovingSum }

/** 3 - 2 sqrt(2), of the formula. */
const K = 3 - 2 * Math.SQRT2

/**
 * The spread between bid and ask as a fraction of the price, estimated from highs and lows.
 *
 *     highs are bought and lows are sold, so a bar's range holds its volatility and one spread; two bars together hold twice
 *     the variance, but still one spread
 *
 *     b = ln(h/l)² of the bar + of the last      g = ln(h/l)² of both together
 *     a = (sqrt(2 b) - sqrt(b)) / K - sqrt(g / K)      K = 3 - 2 sqrt 2
 *     estimate = 2 (e^a - 1) / (1 + e^a), at least 0; value = mean of `bars` estimates
 *
 * A rough figure for costs and liquidity where no quotes are at hand; say the true spread in `meta` where you know it.
 * First value at candle `bars` + 1. O(1).
 *
 * @see S. Corwin, P. Schultz (2012), "A simple way to estimate bid-ask spreads from daily high and low prices", Journal of
 *   Finance 67
 */
export function spread(bars = 20): Indicator<SpreadState, 'value'> {
  integer('bars', bars)
  return {
    kind: `spread(${bars})`,
    outputs: ['value'],
    init: () => ({ high: NaN, low: NaN, estimates: createMovingSum(bars) }),
    update(state, { high, low }) {
      const [before, under] = [state.high, state.low]
      state.high = high
      state.low = low
      if (Number.isNaN(before)) return // the first candle
      const now = Math.log(high / low)
      const then = Math.log(before / under)
      const both = Math.log(Math.max(high, before) / Math.min(low, under))
      const b = now * now + then * then
      const a = (Math.sqrt(2 * b) - Math.sqrt(b)) / K - Math.sqrt((both * both) / K)
      const e = Math.exp(a)
      pushSum(state.estimates, Math.max((2 * (e - 1)) / (1 + e), 0))
    },
    read({ estimates }, out, at) {
      out[at] = sumIn(estimates) / bars
    },
  }
}
