import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingExtreme, extremeIn, type MovingExtreme, pushExtreme } from './moving-extreme.ts'
import { createMovingMoments, type MovingMoments, meanIn, pushMoments } from './moving-moments.ts'

/** State of {@link stochastic}. */
export type StochasticState = {
  readonly highs: MovingExtreme
  readonly lows: MovingExtreme
  readonly slowed: MovingMoments
  readonly signal: MovingMoments
}

/**
 * Stochastic oscillator: where the close stands in the range of the last candles, 0 at the bottom and 100 at the top.
 *
 *     raw = 100 (close - lowest low) / (highest high - lowest low)      over `bars` candles; 50 where nothing moved
 *     k = mean of the last `slowing` raw values      d = mean of the last `signal` values of k
 *
 * First k at candle `bars` + `slowing` - 1, first d `signal` - 1 later. `slowing` of 1 is the fast stochastic. O(1).
 *
 * @see G. Lane (1984), "Lane's stochastics", Technical Analysis of Stocks and Commodities 2
 */
export function stochastic(bars = 14, slowing = 3, signal = 3): Indicator<StochasticState, 'k' | 'd'> {
  integer('bars', bars)
  integer('slowing', slowing)
  integer('signal', signal)
  return {
    kind: `stochastic(${bars},${slowing},${signal})`,
    outputs: ['k', 'd'],
    init: () => ({
      highs: createMovingExtreme(bars),
      lows: createMovingExtreme(bars),
      slowed: createMovingMoments(slowing),
      signal: createMovingMoments(signal),
    }),
    update(state, { high, low, close }) {
      pushExtreme(state.highs, high)
      pushExtreme(state.lows, -low)
      const place = placeIn(state, close)
      if (Number.isNaN(place)) return
      pushMoments(state.slowed, 100 * place)
      const k = meanIn(state.slowed)
      if (!Number.isNaN(k)) pushMoments(state.signal, k)
    },
    read(state, out, at) {
      out[at] = meanIn(state.slowed)
      out[at + 1] = meanIn(state.signal)
    },
  }
}

/** Where a price stands in a window's range, 0 to 1; a half where nothing moved, NaN before the window is full. */
export function placeIn({ highs, lows }: Pick<StochasticState, 'highs' | 'lows'>, price: number): number {
  const low = -extremeIn(lows)
  const range = extremeIn(highs) - low
  return range === 0 ? 0.5 : (price - low) / range
}
