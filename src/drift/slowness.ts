/**
 * How slowly features move: on which side of a `split` each value lies, and how often two in a row lie above it.
 *
 * `last` is the side of the newest value: 1 above, 0 not, `MISSING` where it was missing or there is no split yet. Of
 * `pairs` of successive values, `above` began above the split and `both` stayed there.
 */
export type Slowness = {
  readonly split: Float64Array
  readonly last: Uint8Array
  readonly pairs: Float64Array
  readonly above: Float64Array
  readonly both: Float64Array
}

const MISSING = 2

/** Standard errors that a correlation must lie above 0 by: less may be chance, and is taken for none. */
const CLEAR = 2

export function createSlowness(features: number): Slowness {
  return {
    split: new Float64Array(features).fill(NaN),
    last: new Uint8Array(features).fill(MISSING),
    pairs: new Float64Array(features),
    above: new Float64Array(features),
    both: new Float64Array(features),
  }
}

/** Takes in the next value of a feature. O(1). */
export function followSlowness(slowness: Slowness, feature: number, value: number): void {
  const split = slowness.split[feature]!
  const side = value > split ? 1 : value <= split ? 0 : MISSING
  const before = slowness.last[feature]!
  slowness.last[feature] = side
  if (side === MISSING || before === MISSING) return
  slowness.pairs[feature]!++
  slowness.above[feature]! += before
  slowness.both[feature]! += before * side
}

/** Splits a feature in the middle of its first values, and takes those in. O(n log n). */
export function splitFeature(slowness: Slowness, feature: number, first: Float64Array): void {
  const sorted = first.filter((value) => !Number.isNaN(value)).sort()
  const middle = sorted[sorted.length >> 1] ?? NaN
  // where nothing is larger than the middle, below it
  const below = sorted.at(-1) === middle ? sorted.findLast((value) => value < middle) : undefined
  slowness.split[feature] = below ?? middle
  for (const value of first) followSlowness(slowness, feature, value)
}

export function renewSlowness({ split, last, pairs, above, both }: Slowness, feature: number): void {
  split[feature] = NaN
  last[feature] = MISSING
  for (const counts of [pairs, above, both]) counts[feature] = 0
}

/**
 * The correlation of successive values of a feature, 0 where it may be chance: that of a normal process whose values are
 * as often on the same side of the split.
 *
 *     ρ = sin(π r / 2)        r = correlation of the sides
 */
export function correlationOf({ pairs, above, both }: Slowness, feature: number): number {
  const n = pairs[feature]!
  const share = above[feature]! / n
  const r = (both[feature]! / n - share * share) / (share * (1 - share))
  if (!(r > CLEAR / Math.sqrt(n))) return 0
  // never 1, for which one value would say all
  return Math.min(Math.sin((Math.PI / 2) * Math.min(r, 1)), 1 - 1 / n)
}

/**
 * How many values in a row count for one in the share that lies above the middle, where correlations fall by the factor
 * ρ from one value to the next:
 *
 *     1 + 2 sum of (2/π) asin(ρ^k)  ≈  (1 + q) / (1 - q),   q = ρ^(1 / ln 2)
 *
 * exact for slow features, 6 % too low at ρ = 0.5.
 */
export function countForOne(correlation: number): number {
  const q = Math.exp(Math.log(correlation) / Math.LN2)
  return (1 + q) / (1 - q)
}

/** Whether counts that were read from a file could have been written. */
export function checkSlowness({ split, last, pairs, above, both }: Slowness, features: number): boolean {
  if ([split, last, pairs, above, both].some((numbers) => numbers.length !== features)) return false
  for (let feature = 0; feature < features; feature++) {
    if (!(last[feature]! <= MISSING) || Math.abs(split[feature]!) === Infinity) return false
    if (!Number.isSafeInteger(pairs[feature]) || !Number.isSafeInteger(above[feature])) return false
    const sane = both[feature]! >= 0 && both[feature]! <= above[feature]! && above[feature]! <= pairs[feature]!
    if (!sane) return false
  }
  return true
}
