import { clamp } from '../../core/math.ts'

/**
 * Mean and deviation of every feature and of the target, over all that the tree saw: what linear models in leaves see the
 * world through.
 */
export type Scales = {
  /** By feature, the target last: weight, mean, squared deviations. */
  readonly moments: Float64Array
  /** The least and the greatest target. */
  low: number
  high: number
}

const MOMENT = 3

/** Values beyond this count as this, so that differences stay finite. */
export const MOST_VALUE = 1e300
/** Standardised inputs and errors count as no more than this many deviations. */
const MOST_DEVIATIONS = 5

/** Nothing seen. */
export function createScales(features: number): Scales {
  return { moments: new Float64Array((features + 1) * MOMENT), low: Infinity, high: -Infinity }
}

/** Takes in a row; missing values are left out. */
export function addToScales({ moments }: Scales, x: Float64Array, weight: number): void {
  for (let f = 0; f < x.length; f++) {
    const raw = x[f]!
    if (raw !== raw) continue
    const value = raw > MOST_VALUE ? MOST_VALUE : raw < -MOST_VALUE ? -MOST_VALUE : raw
    const at = f * MOMENT
    const n = moments[at]! + weight
    const deviation = value - moments[at + 1]!
    moments[at] = n
    moments[at + 1] = moments[at + 1]! + (weight / n) * deviation
    moments[at + 2] = moments[at + 2]! + weight * Math.max(0, deviation * (value - moments[at + 1]!))
  }
}

/** Takes in the row's target, once those that would have known it have been judged. */
export function addTarget(scales: Scales, features: number, y: number, weight: number): void {
  const { moments } = scales
  const at = features * MOMENT
  const n = moments[at]! + weight
  const deviation = y - moments[at + 1]!
  moments[at] = n
  moments[at + 1] = moments[at + 1]! + (weight / n) * deviation
  moments[at + 2] = moments[at + 2]! + weight * Math.max(0, deviation * (y - moments[at + 1]!))
  scales.low = Math.min(scales.low, y)
  scales.high = Math.max(scales.high, y)
}

/** A value in deviations from the mean; 0 where there is no deviation yet. */
function standard(moments: Float64Array, f: number, value: number): number {
  const at = f * MOMENT
  const deviation = Math.sqrt(moments[at + 2]! / moments[at]!)
  // 0 / 0 before anything was seen, and nothing over something may come to nothing
  if (!(deviation > 0 && deviation < Infinity) || value !== value) return 0
  const z = (value - moments[at + 1]!) / deviation
  return z > MOST_DEVIATIONS ? MOST_DEVIATIONS : z < -MOST_DEVIATIONS ? -MOST_DEVIATIONS : z
}

/** Writes a row in deviations from the means; a missing value is the mean. */
export function standardise({ moments }: Scales, x: Float64Array, z: Float64Array): void {
  for (let f = 0; f < x.length; f++) z[f] = standard(moments, f, x[f]!)
}

/** What the model at `from` says, in deviations of the target. */
function rawPrediction(linear: Float64Array, from: number, z: Float64Array): number {
  const d = z.length
  let sum = linear[from + d]!
  for (let f = 0; f < d; f++) sum += linear[from + f]! * z[f]!
  return sum
}

/**
 * What the model at `from` of a tree's linear models says for a standardised row, kept within the targets that the tree
 * has seen. O(features).
 */
export function predictLinear(scales: Scales, linear: Float64Array, from: number, z: Float64Array): number {
  const { moments, low, high } = scales
  const at = z.length * MOMENT
  const n = moments[at]!
  if (n === 0) return 0
  const raw = clamp(rawPrediction(linear, from, z), -1e6, 1e6)
  const deviation = Math.sqrt(moments[at + 2]! / n)
  return deviation < Infinity
    ? clamp(moments[at + 1]! + deviation * raw, low, high)
    : clamp(moments[at + 1]!, low, high)
}

/**
 * One step of stochastic gradient descent on the squared error. The step is cut short where it would overshoot, so that no
 * scale and no weight makes it diverge. O(features).
 */
export function learnLinear(
  { moments }: Scales,
  linear: Float64Array,
  from: number,
  z: Float64Array,
  y: number,
  weight: number,
  rate: number,
): void {
  const d = z.length
  let length = 1
  for (let f = 0; f < d; f++) length += z[f]! * z[f]!
  const error = standard(moments, d, y) - rawPrediction(linear, from, z)
  const step = Math.min(rate * weight, 1 / length) * clamp(error, -MOST_DEVIATIONS, MOST_DEVIATIONS)
  for (let f = 0; f < d; f++) linear[from + f] = linear[from + f]! + step * z[f]!
  linear[from + d] = linear[from + d]! + step
}
