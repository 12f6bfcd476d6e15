/*
 * Loops over the rows of a leaf. Each is a function of its own that does nothing else: the compiler then optimises it
 * once for all trees, where a loop inside a longer function is thrown away again and again.
 */

/**
 * Sorts the row numbers from `start` up to `end`: those whose bin goes left stay, in their old order, the others are
 * moved to `rights`. Returns where the left ones end.
 */
export function partition(
  rows: Int32Array,
  start: number,
  end: number,
  bins: Uint8Array,
  goesLeft: Uint8Array,
  rights: Int32Array,
): number {
  let middle = start
  for (let i = start; i < end; i++) {
    const row = rows[i]!
    const left = goesLeft[bins[row]!]!
    // both are written, and one of them counts: a branch would be guessed wrongly every other time
    rows[middle] = row
    rights[i - middle] = row
    middle += left
  }
  return middle
}

/** Copies the first `count` of `from` to `rows`, from `start` on. */
export function putBack(from: Int32Array, count: number, rows: Int32Array, start: number): void {
  for (let i = 0; i < count; i++) rows[start + i] = from[i]!
}

/** Writes `values[rows[i]]` to `out[i]`, for i from `start` up to `end`. */
export function gather(values: Float64Array, rows: Int32Array, start: number, end: number, out: Float64Array): void {
  for (let i = start; i < end; i++) out[i] = values[rows[i]!]!
}

/** The sum of `values[rows[i]]`, for i from `start` up to `end`. */
export function sumOf(values: Float64Array, rows: Int32Array, start: number, end: number): number {
  let sum = 0
  for (let i = start; i < end; i++) sum += values[rows[i]!]!
  return sum
}

/** The sum of |values[rows[i]]|, for i up to `end`. */
export function sumOfMagnitudes(values: Float64Array, rows: Int32Array, end: number): number {
  let sum = 0
  for (let i = 0; i < end; i++) sum += Math.abs(values[rows[i]!]!)
  return sum
}

/** Adds `value` to `values[offset + rows[i]]`, for i from `start` up to `end`. */
export function addTo(
  values: Float64Array,
  offset: number,
  rows: Int32Array,
  start: number,
  end: number,
  value: number,
): void {
  for (let i = start; i < end; i++) values[offset + rows[i]!]! += value
}
