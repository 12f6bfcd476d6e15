import { sortValues } from './sort-values.ts'

/** A table whose values have been replaced by the number of the bin they fall in. */
export type Bins = {
  readonly rows: number
  readonly features: number
  /** One feature's bins after the other's. Bin 0 holds missing values, and categories too rare for a bin of their own. */
  readonly byFeature: Uint8Array
  /** How each feature's values were told apart. */
  readonly columns: readonly BinnedColumn[]
}

/** How the values of one feature are told apart. */
export type BinnedColumn = {
  /** Upper edges of bins 1, 2, ..., ascending; a value belongs to the first whose edge it does not exceed. */
  readonly edges: Float64Array
  /** Of a categorical feature, the category in bins 1, 2, ..., most frequent first; `edges` is empty then. */
  readonly categories?: Float64Array
}

/** Bins in use, the missing bin included. */
export function binCount({ edges, categories }: BinnedColumn): number {
  return (categories ?? edges).length + 1
}

/** Bins one feature of a row-major table at most `most` ways, into its part of `byFeature`. O(rows log rows). */
export function binColumn(
  x: Float64Array,
  features: number,
  feature: number,
  most: number,
  byFeature: Uint8Array,
): BinnedColumn {
  const rows = x.length / features
  const sorted = new Float64Array(rows)
  const present = copyPresent(x, features, feature, sorted)
  const edges = findEdges(sortValues(sorted.subarray(0, present)), most)
  writeBins(x, features, feature, edges, byFeature.subarray(feature * rows, (feature + 1) * rows))
  return { edges }
}

/** Copies one column's values that are not missing, and returns their number. */
function copyPresent(x: Float64Array, features: number, feature: number, out: Float64Array): number {
  let present = 0
  for (let at = feature; at < x.length; at += features) {
    const value = x[at]!
    if (value === value) out[present++] = value
  }
  return present
}

/** Writes each value's bin by a binary search without branches, which would be guessed wrongly every other time. */
function writeBins(x: Float64Array, features: number, feature: number, edges: Float64Array, out: Uint8Array): void {
  const e = new Float64Array(256).fill(Infinity)
  e.set(edges)
  for (let i = 0, at = feature; i < out.length; i++, at += features) {
    const v = x[at]!
    let bin = Number(e[127]! < v) << 7
    bin += Number(e[bin + 63]! < v) << 6
    bin += Number(e[bin + 31]! < v) << 5
    bin += Number(e[bin + 15]! < v) << 4
    bin += Number(e[bin + 7]! < v) << 3
    bin += Number(e[bin + 3]! < v) << 2
    bin += Number(e[bin + 1]! < v) << 1
    bin += Number(e[bin]! < v)
    out[i] = v === v ? bin + 1 : 0
  }
}

/**
 * Bins a categorical feature: values are cut to whole numbers, negative ones are missing, and the `most` most frequent
 * categories get a bin each (the lower number first where equally frequent), so far as they have `least` rows. The rest
 * shares bin 0 with missing values.
 */
export function binCategories(
  x: Float64Array,
  features: number,
  feature: number,
  most: number,
  least: number,
  byFeature: Uint8Array,
): BinnedColumn {
  const rows = x.length / features
  const counts = new Map<number, number>()
  for (let at = feature; at < x.length; at += features) {
    const category = categoryOf(x[at]!)
    if (category >= 0) counts.set(category, (counts.get(category) ?? 0) + 1)
  }
  const kept = [...counts]
    .filter(([, count]) => count >= least)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, most)
  const binOfCategory = new Map(kept.map(([category], i) => [category, i + 1]))
  for (let i = 0, at = feature; i < rows; i++, at += features) {
    byFeature[feature * rows + i] = binOfCategory.get(categoryOf(x[at]!)) ?? 0
  }
  return { edges: new Float64Array(0), categories: Float64Array.from(kept, ([category]) => category) }
}

/** Numbers of categories stay below this, so that the set of a question stays below 128 KB. */
export const MOST_CATEGORIES = 1_048_576

/** A category's number; -1 where it is missing or out of range. */
function categoryOf(value: number): number {
  const category = Math.trunc(value)
  return category >= 0 && category < MOST_CATEGORIES ? category : -1
}

/** The bin of a value by binary search; 0 for NaN. */
export function binOf(edges: Float64Array, value: number): number {
  if (value !== value) return 0
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (value <= edges[middle]!) high = middle
    else low = middle + 1
  }
  return low + 1
}

/**
 * Upper edges of at most `most` bins for sorted values without NaN.
 *
 * Up to `most` distinct values get a bin each. Beyond that, bins hold about equally many values: a bin closes once it
 * has its share of the values that are left, or before a value that fills a bin alone (zeros of a sparse feature), so
 * that the others still share all remaining bins. Edges lie midway between neighbours, as the best guess for values in
 * between; the last one is the largest number, so that every later value has a bin.
 */
export function findEdges(sorted: Float64Array, most: number): Float64Array {
  const edges: number[] = []
  const n = sorted.length
  if (n === 0) return new Float64Array(0)
  const distinct = countDistinct(sorted)
  let left = n
  let filled = 0
  let end = endOfRun(sorted, 0)
  for (let start = 0; end < n && edges.length < most - 1; ) {
    const nextEnd = endOfRun(sorted, end)
    filled += end - start
    const share = left / (most - edges.length)
    if (distinct <= most || filled >= share || nextEnd - end >= share) {
      edges.push(midpoint(sorted[start]!, sorted[end]!))
      left -= filled
      filled = 0
    }
    start = end
    end = nextEnd
  }
  edges.push(Number.MAX_VALUE)
  return Float64Array.from(edges)
}

function countDistinct(sorted: Float64Array): number {
  let distinct = 1
  for (let i = 1; i < sorted.length; i++) distinct += Number(sorted[i]! !== sorted[i - 1]!)
  return distinct
}

/** Where the run of equal values that begins at `start` ends. */
function endOfRun(sorted: Float64Array, start: number): number {
  const value = sorted[start]!
  let end = start + 1
  while (end < sorted.length && sorted[end]! === value) end++
  return end
}

/** A number t with low <= t < high, halfway where doubles allow it; halves are added because a sum may overflow. */
function midpoint(low: number, high: number): number {
  const middle = low / 2 + high / 2
  return middle >= low && middle < high ? middle : low
}
