import { fraction, positive } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'

/** Weights count as no larger and no smaller: neither sums of them nor products of such sums over- or underflow. */
export const LARGEST_WEIGHT = 1e50
export const LEAST_WEIGHT = 1e-50

/**
 * Throws unless a label is 0 or 1, a prediction a probability, and a weight positive and finite; returns what the weight
 * counts as.
 */
export function checkScore(y: number, prediction: number, weight: number): number {
  if (y !== 0 && y !== 1) throw new TradeLearnError('INVALID_INPUT', `"y" must be 0 or 1, got ${show(y)}.`)
  fraction('prediction', prediction, 'INVALID_INPUT')
  return Math.max(Math.min(positive('weight', weight, 'INVALID_INPUT'), LARGEST_WEIGHT), LEAST_WEIGHT)
}
