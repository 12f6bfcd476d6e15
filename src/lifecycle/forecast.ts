import type { Plan, Prediction, Signal } from '../market.ts'
import type { Parts } from './parts.ts'

/** What the three models say about a vector of features, with a range around the expected return. Pure. */
export function forecast<S extends Signal>(
  { success, expectedReturn, stopRisk, interval, bound, labeler }: Parts<S>,
  x: Float64Array,
  { price, stop, target }: Plan,
  trades: number,
): Prediction {
  const { costs } = labeler.options
  const { coverage } = interval.options
  const middle = expectedReturn.predict(x)
  const half = interval.halfWidth(Math.abs(stop - price) / price)
  // before enough is known the bracket itself is the range
  const [below, above] = Number.isNaN(half)
    ? [-Math.abs(price - stop) / price - costs, Math.abs(target - price) / price - costs]
    : [middle - half, middle + half]
  const probability = success.predict(x)
  // a model that breaks its law may predict no number
  const low = bound !== null && probability >= 0 && probability <= 1 ? bound.lowerBound(probability) : NaN
  const range = { low: Math.min(below, middle), high: Math.max(above, middle), coverage }
  const risk = stopRisk.predict(x)
  if (!(low >= 0)) return { probability, expectedReturn: middle, interval: range, stopRisk: risk, trades }
  const probabilityLow = Math.min(low, probability)
  return { probability, probabilityLow, expectedReturn: middle, interval: range, stopRisk: risk, trades }
}
