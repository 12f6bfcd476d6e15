import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addEma, averageOf, createAverage } from './average.ts'
import { checkPair } from './check-pair.ts'

/** State of {@link macd}: the averages in price units. */
export type MacdState = { close: number; readonly fast: Average; readonly slow: Average; readonly signal: Average }

/**
 * Moving average convergence/divergence: the gap between a fast and a slow average, and its own average.
 *
 *     line = (EMA fast - EMA slow) / close      signal = EMA of the gap / close      histogram = line - signal
 *
 * All three are fractions of the close, so that symbols and years compare; times the close they are the textbook's.
 * First line at candle `slow`, first signal at `slow` + `signal` - 1. O(1).
 *
 * @see G. Appel (2005), "Technical Analysis: Power Tools for Active Investors"
 */
export function macd(fast = 12, slow = 26, signal = 9): Indicator<MacdState, 'line' | 'signal' | 'histogram'> {
  checkPair(fast, slow)
  integer('signal', signal)
  return {
    kind: `macd(${fast},${slow},${signal})`,
    outputs: ['line', 'signal', 'histogram'],
    init: () => ({ close: NaN, fast: createAverage(), slow: createAverage(), signal: createAverage() }),
    update(state, { close }) {
      state.close = close
      addEma(state.fast, close, fast)
      addEma(state.slow, close, slow)
      if (state.slow.n === slow) addEma(state.signal, state.fast.value - state.slow.value, signal)
    },
    read(state, out, at) {
      const gap = averageOf(state.fast, fast) - averageOf(state.slow, slow)
      const mean = averageOf(state.signal, signal)
      out[at] = gap / state.close
      out[at + 1] = mean / state.close
      out[at + 2] = (gap - mean) / state.close
    },
  }
}
