import { integer } from '../../core/check.ts'
import type { Indicator } from '../indicator.ts'
import { type Average, addEma, averageOf, createAverage } from './average.ts'
import { checkPair } from './check-pair.ts'

/** State of {@link ppo}. */
export type PpoState = { readonly fast: Average; readonly slow: Average; readonly signal: Average }

/**
 * Percentage price oscillator: the gap between a fast and a slow average over the slow one, and its own average.
 *
 *     line = EMA fast / EMA slow - 1      signal = EMA of line      histogram = line - signal
 *
 * Fractions, a hundredth of what charts show. MACD over the slow average instead of the close: its signal is not touched
 * by the last close. EMAs start from plain means. First line at candle `slow`, first signal at `slow` + `signal` - 1. O(1).
 *
 * @see G. Appel (2005), "Technical Analysis: Power Tools for Active Investors"
 */
export function ppo(fast = 12, slow = 26, signal = 9): Indicator<PpoState, 'line' | 'signal' | 'histogram'> {
  checkPair(fast, slow)
  integer('signal', signal)
  return {
    kind: `ppo(${fast},${slow},${signal})`,
    outputs: ['line', 'signal', 'histogram'],
    init: () => ({ fast: createAverage(), slow: createAverage(), signal: createAverage() }),
    update(state, { close }) {
      addEma(state.fast, close, fast)
      addEma(state.slow, close, slow)
      if (state.slow.n === slow) addEma(state.signal, lineOf(state, fast, slow), signal)
    },
    read(state, out, at) {
      const line = lineOf(state, fast, slow)
      const mean = averageOf(state.signal, signal)
      out[at] = line
      out[at + 1] = mean
      out[at + 2] = line - mean
    },
  }
}

function lineOf(state: PpoState, fast: number, slow: number): number {
  const far = averageOf(state.slow, slow)
  return (averageOf(state.fast, fast) - far) / far
}
