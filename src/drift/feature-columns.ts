import { followSlowness, type Slowness, splitFeature } from './slowness.ts'

/**
 * A reference and a sliding window for each feature, NaN where a value was missing.
 *
 * References take the first vectors, `filled` of them so far, and go on with what leaves the window. The first `sorted`
 * of them are in order, with their `present` numbers before what is missing. Windows are rings that take what comes
 * after the first `least` vectors: `held` of them so far, the next at `head`.
 */
export type Columns = {
  readonly reference: Float64Array
  readonly filled: Int32Array
  readonly sorted: Int32Array
  readonly present: Int32Array
  readonly window: Float64Array
  readonly held: Int32Array
  readonly head: Int32Array
}

export function createColumns(features: number, reference: number, window: number): Columns {
  return {
    reference: new Float64Array(features * reference),
    filled: new Int32Array(features),
    sorted: new Int32Array(features),
    present: new Int32Array(features),
    window: new Float64Array(features * window),
    held: new Int32Array(features),
    head: new Int32Array(features),
  }
}

/**
 * Takes in a vector; a reference of `least` values is enough for its window to begin, and to begin to follow how slowly
 * it moves. O(features).
 */
export function fill(columns: Columns, slowness: Slowness, x: Float64Array, least: number): void {
  const { reference, filled, window, held, head } = columns
  const features = filled.length
  const most = reference.length / features
  const newest = window.length / features
  for (let feature = 0; feature < features; feature++) {
    const before = filled[feature]!
    if (before < least) {
      reference[feature * most + before] = x[feature]!
      filled[feature] = before + 1
      const from = feature * most
      if (before + 1 === least) splitFeature(slowness, feature, reference.subarray(from, from + least))
      continue
    }
    followSlowness(slowness, feature, x[feature]!)
    const at = head[feature]!
    if (held[feature]! < newest) held[feature]!++
    else if (before < most) {
      // what leaves the window has passed as normal
      reference[feature * most + before] = window[feature * newest + at]!
      filled[feature] = before + 1
    }
    window[feature * newest + at] = x[feature]!
    head[feature] = at + 1 === newest ? 0 : at + 1
  }
}

/** Whether both windows of a feature are full. */
export function isReady({ window, held }: Columns, feature: number): boolean {
  return held[feature]! * held.length === window.length
}

/** The reference of a feature: its numbers in order, then NaN for each that was missing. Sorts what has come new. */
export function referenceOf({ reference, filled, sorted, present }: Columns, feature: number): Float64Array {
  const from = (feature * reference.length) / filled.length
  const values = reference.subarray(from, from + filled[feature]!)
  if (sorted[feature] === values.length) return values
  values.sort()
  sorted[feature] = values.length
  present[feature] = countPresent(values)
  return values
}

/** A sorted copy of a feature's full window: its numbers in order, then NaN for each that was missing. */
export function sortedWindowOf({ window, held }: Columns, feature: number): Float64Array {
  const newest = window.length / held.length
  return window.slice(feature * newest, (feature + 1) * newest).sort()
}

/** Numbers before the first NaN of a sorted column. */
export function countPresent(sorted: Float64Array): number {
  let n = sorted.length
  while (n > 0 && Number.isNaN(sorted[n - 1])) n--
  return n
}

/** Forgets all of a feature: what follows is its new normal. */
export function renew({ reference, filled, sorted, present, window, held, head }: Columns, feature: number): void {
  const most = reference.length / filled.length
  const newest = window.length / filled.length
  reference.fill(0, feature * most, (feature + 1) * most)
  window.fill(0, feature * newest, (feature + 1) * newest)
  for (const counts of [filled, sorted, present, held, head]) counts[feature] = 0
}

/** Sizes that columns were made for. */
export type ColumnSizes = {
  readonly features: number
  readonly reference: number
  readonly minSamples: number
  readonly window: number
}

/** Whether columns that were read from a file are of the stated sizes and could have been written. */
export function checkColumns(columns: Columns, sizes: ColumnSizes): boolean {
  const { features, minSamples } = sizes
  const { reference, filled, sorted, present, window, held, head } = columns
  if (reference.length !== features * sizes.reference || window.length !== features * sizes.window) return false
  if ([filled, sorted, present, held, head].some((counts) => counts.length !== features)) return false
  if (![reference, window].every((numbers) => numbers.every((value) => Math.abs(value) !== Infinity))) return false
  const isFrom0To = (count: number, limit: number): boolean => count >= 0 && count <= limit
  for (let feature = 0; feature < features; feature++) {
    if (!isFrom0To(filled[feature]!, sizes.reference) || !isFrom0To(sorted[feature]!, filled[feature]!)) return false
    if (!isFrom0To(held[feature]!, sizes.window) || !isFrom0To(head[feature]!, sizes.window - 1)) return false
    if (filled[feature]! < minSamples && held[feature] !== 0) return false
    if (filled[feature]! > minSamples && held[feature] !== sizes.window) return false
    const from = feature * sizes.reference
    const values = reference.subarray(from, from + sorted[feature]!)
    if (countPresent(values) !== present[feature]) return false
    for (let i = 1; i < present[feature]!; i++) if (!(values[i - 1]! <= values[i]!)) return false
  }
  return true
}
