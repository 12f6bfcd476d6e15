import { logit, sigmoid } from '../../core/math.ts'
import type { Plan, Prediction } from '../../market.ts'

/** A probability moved by `lean` in log-odds, which is below 0; never above what it was. */
export function lowered(probability: number, lean: number): number {
  return Math.min(probability, sigmoid(logit(probability) + lean))
}

/**
 * A prediction after its sources' votes: a winner and a loser gain and lose what they did, but winners are fewer.
 *
 *     r' = r - (1 - p' / p)(r + l)        which is p' w - (1 - p') l where r is p w - (1 - p) l
 *
 * with the loss l at the plan's stop, costs included, and a winner's gain w.
 */
export function afterVotes(prediction: Prediction, lean: number, { price, stop }: Plan, costs: number): Prediction {
  const { probability: p, probabilityLow, expectedReturn } = prediction
  const probability = lowered(p, lean)
  const loss = Math.abs(price - stop) / price + costs
  // as a share, for a probability may be too small to divide by
  const fewer = p > 0 ? (p - probability) / p : 0
  return {
    ...prediction,
    probability,
    // who expects less than the stop's loss is not cheered up
    expectedReturn: expectedReturn - fewer * Math.max(expectedReturn + loss, 0),
    ...(probabilityLow === undefined ? {} : { probabilityLow: Math.min(probability, lowered(probabilityLow, lean)) }),
  }
}
