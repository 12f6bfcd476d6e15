/**
 * A reference and a sliding window for each feature, NaN where a value was missing.
 *
 * References take the first vectors, `filled` of them so far; a full one is sorted, with its `present` numbers first.
 * Windows are rings that take what comes after: `held` vectors so far, the next at `head`.
 */
export type Columns = {
  readonly reference: Float64Array
  readonly filled: Int32Array
  readonly present: Int32Array
  readonly window: Float64Array
  readonly held: Int32Array
  readonly head: Int32Array
}

export function createColumns(features: number, reference: number, window: number): Columns {
  return {
    reference: new Float64Array(features * reference),
    filled: new Int32Array(features),
    present: new Int32Array(features),
    window: new Float64Array(features * window),
    held: new Int32Array(features),
    head: new Int32Array(features),
  }
}

/** Takes in a vector. O(features), and a sort where a reference has become full. */
export function fill(columns: Columns, x: Float64Array): void {
  const { reference, filled, window, held, head } = columns
  const features = filled.length
  const most = reference.length / features
  const newest = window.length / features
  for (let feature = 0; feature < features; feature++) {
    const value = x[feature]!
    const before = filled[feature]!
    if (before < most) {
      reference[feature * most + before] = value
      filled[feature] = before + 1
      if (before + 1 === most) settle(columns, feature)
      continue
    }
    const at = head[feature]!
    window[feature * newest + at] = value
    head[feature] = at + 1 === newest ? 0 : at + 1
    if (held[feature]! < newest) held[feature]!++
  }
}

/** Whether both windows of a feature are full. */
export function isReady({ window, held }: Columns, feature: number): boolean {
  return held[feature]! * held.length === window.length
}

/** The full reference of a feature: its numbers in order, then NaN for each that was missing. */
export function referenceOf({ reference, filled }: Columns, feature: number): Float64Array {
  const most = reference.length / filled.length
  return reference.subarray(feature * most, (feature + 1) * most)
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

/** Lets go of a feature's reference: the full window is the beginning of the next. */
export function renew(columns: Columns, feature: number): void {
  const { reference, filled, window, held, head } = columns
  const most = reference.length / filled.length
  const newest = window.length / held.length
  for (let i = 0; i < newest; i++) {
    const at = (head[feature]! + i) % newest
    reference[feature * most + i] = window[feature * newest + at]!
  }
  filled[feature] = newest
  held[feature] = 0
  head[feature] = 0
  if (newest === most) settle(columns, feature)
}

/** Whether columns that were read from a file are of the stated sizes and could have been written. */
export function checkColumns(columns: Columns, features: number, references: number, windows: number): boolean {
  const { reference, filled, present, window, held, head } = columns
  if (reference.length !== features * references || window.length !== features * windows) return false
  if ([filled, present, held, head].some((counts) => counts.length !== features)) return false
  const values = [reference, window].every((numbers) => numbers.every((value) => Math.abs(value) !== Infinity))
  const isBelow = (counts: Int32Array, limit: number): boolean => counts.every((n) => n >= 0 && n <= limit)
  const counts = isBelow(filled, references) && isBelow(held, windows) && isBelow(head, windows - 1)
  if (!values || !counts) return false
  for (let feature = 0; feature < features; feature++) {
    if (filled[feature]! < references) {
      if (held[feature] !== 0) return false
      continue
    }
    const sorted = referenceOf(columns, feature)
    if (countPresent(sorted) !== present[feature]) return false
    for (let i = 1; i < present[feature]!; i++) if (!(sorted[i - 1]! <= sorted[i]!)) return false
  }
  return true
}

/** Sorts a reference that has become full; NaN goes to the end. */
function settle(columns: Columns, feature: number): void {
  columns.present[feature] = countPresent(referenceOf(columns, feature).sort())
}
