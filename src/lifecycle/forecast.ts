import type { Plan, Prediction, Signal } from '../market.ts'
import type { Parts } from './parts.ts'

/** What the three models say about a vector of features, with a range around the expected return. Pure. */
export function forecast<S extends Signal>(
  { success, expectedReturn, stopRisk, interval, labeler }: Parts<S>,
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
  return {
    probability: success.predict(x),
    expectedReturn: middle,
    interval: { low: Math.min(below, middle), high: Math.max(above, middle), coverage },
    stopRisk: stopRisk.predict(x),
    trades,
  }
}
