import type { Vector } from '../contracts.ts'
import { clamp } from '../core/math.ts'

/** Loss gradients are kept within this, as in River. */
export const MAX_GRADIENT = 1e12
/** Weights are kept within this, and scores within its square: sums and products of them stay finite. */
const MAX_WEIGHT = 1e75
const MAX_SCORE = 1e150

/** intercept + sum of weights[i] x[i] over the values that are there. Always finite, whatever `x` holds. */
export function linearScore(weights: Float64Array, intercept: number, x: Vector): number {
  let sum = intercept
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    if (value === value) sum += weights[i]! * value
  }
  // infinities of both signs cancel to nothing known
  return sum === sum ? clamp(sum, -MAX_SCORE, MAX_SCORE) : 0
}

/** Squared length of the values that are there. */
export function squaredNorm(x: Vector): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    if (value === value) sum += value * value
  }
  return sum
}

/** One step of gradient descent: w <- w - rate (gradient x + l2 w). A missing value moves its weight by the l2 part only. */
export function descend(weights: Float64Array, x: Vector, gradient: number, rate: number, l2: number): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    const weight = weights[i]!
    const slope = (value === value ? gradient * value : 0) + l2 * weight
    weights[i] = clamp(weight - rate * slope, -MAX_WEIGHT, MAX_WEIGHT)
  }
}

/**
 * The share of what `held` observations taught that the newest `keep` of them would have taught: gradient descent
 * closes the gap to the best weights like 1 - e^(-rate n).
 */
export function keptShare(rate: number, held: number, keep: number): number {
  return keep < held ? Math.expm1(-rate * keep) / Math.expm1(-rate * held) : 1
}
