import { positive } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import type { Prediction, Side } from '../market.ts'

/** How stop and target are set where the bot gives none. */
export type BracketOptions = {
  /** Distance of the stop, in ATR. @defaultValue 2 */
  readonly stopAtr: number
  /** Distance of the target, in ATR. @defaultValue 2 */
  readonly targetAtr: number
  /** How far the prediction may move the target: at most this many times wider or narrower; 1 for not at all.
   *  @defaultValue 1.5 */
  readonly targetStretch: number
  /** `"interval"`: a prediction draws the target no further than the upper end of its interval for the net return, which
   *  few trades reach, within the stretch. `"stretch"`: as far as the stretch lets it. @defaultValue 'stretch' */
  readonly targetWithin: 'stretch' | 'interval'
  /** Stands for the ATR while that is unknown, as a fraction of the price. @defaultValue 0.02 */
  readonly fallbackVolatility: number
  /** Costs of the round trip, as a fraction of the entry price. @defaultValue 0.001 */
  readonly costs: number
}

/** The part of a signal that brackets need. */
export type Entry = {
  readonly symbol: string
  readonly side: Side
  /** Expected entry price. */
  readonly price: number
  /** The bot's own stop price. */
  readonly stop?: number | undefined
  /** The bot's own target price. */
  readonly target?: number | undefined
}

/** One basis point, about a tick of a liquid market: no distance of ours is smaller. */
const LEAST = 1e-4
/** Half the price: no distance of ours is larger, which keeps a short's target above 0 and a long's stop too. */
const MOST = 0.5

/** Whether a volatility is known: an ATR is NaN while it warms up, and 0 in a market that stands still. */
export function isKnown(atr: number): boolean {
  return atr > 0 && atr < Infinity
}

/**
 * Stop and target prices of an entry.
 *
 * The bot's own prices win. Otherwise both lie a number of ATRs away, the stop no nearer than the costs and the
 * target no nearer than twice the costs. A prediction moves the target to the gain that it implies for a winner.
 * If a trade returns r on average, wins with probability p, and loses s + c (stop and costs) otherwise, then
 *
 *     r = p w - (1 - p)(s + c)        so        w = (r + (1 - p)(s + c)) / p
 *
 * is a winner's net gain, and w + c its distance. A prediction in tune with the bracket leaves it where it is. The stop
 * is never the model's: it says what is lost at worst, and probabilities are learned for brackets with that stop.
 *
 * @throws `INVALID_SIGNAL` where a price of the bot's is none, or lies on the wrong side
 */
export function bracketFor(
  entry: Entry,
  atr: number,
  options: BracketOptions,
  prediction: Pick<Prediction, 'probability' | 'expectedReturn' | 'interval'> | null,
): { readonly stop: number; readonly target: number } {
  const { side, price } = entry
  const { stopAtr, targetAtr, targetStretch, targetWithin, fallbackVolatility, costs } = options
  const sign = side === 'long' ? 1 : -1
  const unit = isKnown(atr) ? atr / price : fallbackVolatility

  // the stop, in fractions of the price
  const stopShare = clamp(stopAtr * unit, Math.max(LEAST, costs), MOST)
  const stop = own('stop', entry.stop, price, -sign) ?? price * (1 - sign * stopShare)

  // the target, moved towards the gain that the prediction implies
  let gain = targetAtr * unit
  if (prediction !== null && prediction.probability > 0) {
    const { probability: p, expectedReturn, interval } = prediction
    const loss = Math.abs(price - stop) / price + costs
    const implied = (expectedReturn + (1 - p) * loss) / p + costs
    const within = targetWithin === 'interval' ? Math.min(implied, interval.high + costs) : implied
    gain = clamp(within, gain / targetStretch, gain * targetStretch)
  }
  const targetShare = clamp(gain, Math.max(LEAST, 2 * costs), MOST)
  const target = own('target', entry.target, price, sign) ?? price * (1 + sign * targetShare)

  for (const [name, value] of [['stop', stop] as const, ['target', target] as const]) {
    if (value > 0 && value < Infinity && value !== price) continue
    throw new TradeLearnError('INVALID_SIGNAL', `"price" must leave room for a ${name}, got ${show(price)}.`)
  }
  return { stop, target }
}

/** The bot's own price, checked to lie above (`sign` 1) or below (-1) the entry; undefined where it gave none. */
function own(name: string, value: number | undefined, price: number, sign: number): number | undefined {
  if (value === undefined) return undefined
  positive(`signal.${name}`, value, 'INVALID_SIGNAL')
  if ((value - price) * sign > 0) return value
  throw new TradeLearnError(
    'INVALID_SIGNAL',
    `"signal.${name}" must lie ${sign > 0 ? 'above' : 'below'} the price of ${show(price)}, got ${show(value)}.`,
  )
}
