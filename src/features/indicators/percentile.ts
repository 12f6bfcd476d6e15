import { integer } from '../../core/check.ts'
import { countBelow, countUpTo, createSortedWindow, pushSorted, type SortedWindow } from '../../core/sorted-window.ts'
import type { Indicator } from '../indicator.ts'

/** State of {@link percentile}. */
export type PercentileState = { close: number; readonly closes: SortedWindow }

/**
 * Where the close stands among the newest `window` closes, itself included: 0 the lowest, 1 the highest, 0.5 where all
 * are equal.
 *
 *     (others below + half of the others equal) / (`window` - 1)
 *
 * For what goes to and fro, as volatility indices do: whether 20 is high depends on the year. First value at candle
 * `window`. O(log `window`) comparisons and one block copy a candle.
 */
export function percentile(window = 250): Indicator<PercentileState, 'value'> {
  integer('window', window, 2)
  return {
    kind: `percentile(${window})`,
    outputs: ['value'],
    init: () => ({ close: NaN, closes: createSortedWindow(window) }),
    update(state, { close }) {
      pushSorted(state.closes, close)
      state.close = close
    },
    read({ close, closes }, out, at) {
      out[at] = rankOf(closes, close)
    },
  }
}

/**
 * Where `value`, which is one of a full window's numbers, stands among the others: 0 the lowest, 1 the highest, with half
 * of those that are equal. NaN while the window is not full.
 */
export function rankOf(window: SortedWindow, value: number): number {
  const n = window.values.length
  if (window.size < n) return NaN
  const below = countBelow(window, value)
  const equal = countUpTo(window, value) - below
  return (below + (equal - 1) / 2) / (n - 1)
}
