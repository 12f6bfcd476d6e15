import { integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'

/** State of {@link returns}. */
export type ReturnsState = { readonly closes: Ring }

/**
 * Log returns over several spans, each an output named by its number of bars.
 *
 *     log(close / close `n` bars ago)
 *
 * First value of each at candle n + 1. O(1).
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({ candles: { returns: returns(1, 5, 10) } })
 * engineer.schema.names // returns.1, returns.5, returns.10
 * ```
 */
export function returns<const Bars extends readonly number[]>(
  ...bars: Bars
): Indicator<ReturnsState, `${Bars[number]}`> {
  for (const n of bars) integer('bars', n)
  if (bars.length === 0) throw new TradeLearnError('INVALID_OPTION', '"returns" must have at least one number of bars.')
  const longest = Math.max(...bars)
  return {
    kind: `returns(${bars.join()})`,
    outputs: bars.map((n): `${Bars[number]}` => `${n}`),
    init: () => ({ closes: createRing(longest + 1) }),
    update({ closes }, { close }) {
      pushRing(closes, close)
    },
    read({ closes }, out, at) {
      const close = ringAt(closes, 0)
      for (let i = 0; i < bars.length; i++) out[at + i] = Math.log(close / ringAt(closes, bars[i]!))
    },
  }
}
