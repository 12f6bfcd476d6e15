import type { Vector } from '../../contracts.ts'
import { clamp } from '../../core/math.ts'

/** Loss gradients are kept within this, as in River. */
export const MAX_GRADIENT = 1e12
/** Weights are kept within this, and scores within its square: sums and products of them stay finite. */
export const MAX_WEIGHT = 1e75
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

/** Squared length of the values that are there; Infinity where it overflows. */
export function squaredNorm(x: Vector): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    if (value === value) sum += value * value
  }
  return sum
}

/** w <- w + step x over the values that are there. */
export function addScaled(weights: Float64Array, x: Vector, step: number): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    if (value === value) weights[i] = clamp(weights[i]! + step * value, -MAX_WEIGHT, MAX_WEIGHT)
  }
}
