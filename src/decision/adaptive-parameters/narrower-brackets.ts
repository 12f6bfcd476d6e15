import { nonNegative, positive } from '../../core/check.ts'
import type { Bracket, Label } from '../../market.ts'

/** Net return of each distance of a grid; NaN where it is not known. */
export type BracketReturns = { readonly stopReturns: Float64Array; readonly targetReturns: Float64Array }

/** What rounding may take off a distance that is the label's own. */
const SLACK = 1e-9

/**
 * What a trade would have returned with each stop nearer than its own, and with each target nearer than its own, from the
 * excursions that its label recorded.
 *
 *     nearer stop s      stopped at -s if the adverse excursion reached s, else as it was
 *     nearer target t    closed at t if the favourable excursion reached t, else as it was
 *
 * Farther distances are NaN: what would have come after the label's own barrier was never seen (it is censored). So are
 * distances where the label's own bracket is not what is compared: let labels be made with the widest bracket that you
 * may ever want, or follow all distances on candles with {@link BracketProbe}, which sees them all.
 *
 * Doubts are settled as the label settles them: an adverse excursion that may have come after the exit counts, a
 * favourable one does not. Nothing tells whether a candle opened beyond a nearer stop, which would have been closed at
 * that worse price; where the label's own stop was jumped over, its loss is taken. O(distances).
 *
 * @param atr average true range at the decision, as a fraction of the price
 * @param costs of the round trip, as the label charged them
 * @param distances in ATR, as of `AdaptiveParameters.distances`
 *
 * @example
 * ```ts
 * const returns = narrowerBrackets(label, decision, atr / decision.price, 0.001, parameters.distances)
 * parameters.learn({ ...closed, ...returns })
 * ```
 */
export function narrowerBrackets(
  label: Pick<Label, 'netReturn' | 'maxFavorable' | 'maxAdverse'>,
  { price, stop, target }: Pick<Bracket, 'price' | 'stop' | 'target'>,
  atr: number,
  costs: number,
  distances: { readonly stopAtr: readonly number[]; readonly targetAtr: readonly number[] },
): BracketReturns {
  const code = 'INVALID_INPUT'
  positive('atr', atr, code)
  nonNegative('costs', costs, code)
  const { netReturn, maxFavorable, maxAdverse } = label
  const ownStop = Math.abs(positive('price', price, code) - stop) / price
  const ownTarget = Math.abs(target - price) / price
  const jumped = netReturn + costs < -ownStop * (1 + SLACK)

  const stopReturns = Float64Array.from(distances.stopAtr, (inAtr) => {
    const s = inAtr * atr
    if (s > ownStop * (1 + SLACK)) return NaN
    return s < ownStop * (1 - SLACK) && maxAdverse >= s && !jumped ? -s - costs : netReturn
  })
  const targetReturns = Float64Array.from(distances.targetAtr, (inAtr) => {
    const t = inAtr * atr
    if (t > ownTarget * (1 + SLACK)) return NaN
    return t < ownTarget * (1 - SLACK) && maxFavorable >= t ? t - costs : netReturn
  })
  return { stopReturns, targetReturns }
}
