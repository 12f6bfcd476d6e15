import { addToQuantile, createQuantile, quantileOf, type StreamingQuantile } from '../../core/quantile.ts'

/** Where each feature's values are expected: `low` becomes 0 and `high` becomes 1. */
export type Limits = { readonly low: Float64Array; readonly high: Float64Array }

/** Values beyond count as this large: differences of larger ones overflow. */
const LARGEST = 1e300

/** Running 5 % and 95 % quantiles of every feature, one after the other. */
export type Ranges = readonly StreamingQuantile[]

/** No values yet. */
export function createRanges(features: number): Ranges {
  return Array.from({ length: 2 * features }, (_, i) => createQuantile(i % 2 === 0 ? 0.05 : 0.95))
}

/** Takes in the values that are not missing. O(1) a feature. */
export function learnRanges(ranges: Ranges, x: Float64Array): void {
  for (let j = 0; j < x.length; j++) {
    const value = x[j]!
    if (!(value === value)) continue
    const kept = Math.min(Math.max(value, -LARGEST), LARGEST)
    addToQuantile(ranges[2 * j]!, kept)
    addToQuantile(ranges[2 * j + 1]!, kept)
  }
}

/** Whether quantiles that were read back are those of so many features. */
export function areRanges(ranges: Ranges, features: number): boolean {
  const isQuantile = ({ q, n, heights, positions }: StreamingQuantile, i: number): boolean =>
    q === (i % 2 === 0 ? 0.05 : 0.95) &&
    Number.isSafeInteger(n) &&
    n >= 0 &&
    heights.every((height) => Math.abs(height) <= LARGEST) &&
    positions.every((position) => position >= 1 && position <= Math.max(n, 5))
  return ranges.length === 2 * features && ranges.every(isQuantile)
}

/**
 * Limits that leave as much room below the 5 % quantile and above the 95 % one as lies between them: wild values do not
 * stretch them, and what lies outside the usual range still falls into cells of its own.
 */
export function limitsFrom(ranges: Ranges): Limits {
  const features = ranges.length / 2
  const limits = { low: new Float64Array(features), high: new Float64Array(features) }
  for (let j = 0; j < features; j++) {
    const low = quantileOf(ranges[2 * j]!)
    const high = quantileOf(ranges[2 * j + 1]!)
    // a feature that was always missing has no limits: 0 to 0, which is "constant"
    const spread = high >= low ? Math.min(high - low, LARGEST) : 0
    limits.low[j] = high >= low ? low - spread : 0
    limits.high[j] = high >= low ? high + spread : 0
  }
  return limits
}

/** Writes where `x` lies between the limits: 0 to 1, beyond where it is outside; NaN where it is missing. */
export function placeBetween({ low, high }: Limits, x: Float64Array, place: Float64Array): void {
  for (let j = 0; j < x.length; j++) {
    const value = x[j]!
    const width = high[j]! - low[j]!
    if (width > 0) place[j] = (value - low[j]!) / width
    // a constant so far: what differs lies outside
    else if (value < low[j]!) place[j] = -1
    else if (value > low[j]!) place[j] = 2
    else place[j] = value === value ? 0.5 : NaN
  }
}
