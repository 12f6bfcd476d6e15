import { finite, fraction, positive } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'

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
  return checkWeight(weight)
}

/** What a weight counts as. @throws `INVALID_INPUT` unless it is positive and finite */
export function checkWeight(weight: number): number {
  return clamp(positive('weight', weight, 'INVALID_INPUT'), LEAST_WEIGHT, LARGEST_WEIGHT)
}

/** Values of regressions count as no larger: their differences, squared and weighted, stay finite. */
export const LARGEST_VALUE = 1e60

/** What a value counts as. @throws `INVALID_INPUT` unless it is finite */
export function checkValue(name: string, value: number): number {
  return clamp(finite(name, value, 'INVALID_INPUT'), -LARGEST_VALUE, LARGEST_VALUE)
}
