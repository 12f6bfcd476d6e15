import type { Indicator } from '../indicator.ts'

/** State of {@link level}. */
export type LevelState = { close: number }

/**
 * The close as it is, for series whose level means something by itself: volatility indices, rates, spreads.
 *
 * Not for prices: a model that learns at 100 has never seen 200. O(1).
 */
export function level(): Indicator<LevelState, 'value'> {
  return {
    kind: 'level',
    outputs: ['value'],
    init: () => ({ close: NaN }),
    update(state, { close }) {
      state.close = close
    },
    read({ close }, out, at) {
      out[at] = close
    },
  }
}
