/** A table whose values have been replaced by the number of the bin they fall in. */
export type Bins = {
  readonly features: number
  /** Bins, row after row. A missing value is in the bin after its feature's last. */
  readonly data: Uint8Array
  /** Upper edges of each feature's bins, ascending; a value belongs to the first bin whose edge it does not exceed. */
  readonly edges: readonly Float64Array[]
  /** Where each feature's bins begin when all are laid end to end, the missing bins included; the total last. */
  readonly offsets: Int32Array
}

/** Finds one feature's edges and writes its column of `data`. O(rows log rows). */
export function binColumn(
  x: Float64Array,
  features: number,
  feature: number,
  most: number,
  data: Uint8Array,
): Float64Array {
  const rows = x.length / features
  const sorted = new Float64Array(rows)
  let present = 0
  for (let at = feature; at < x.length; at += features) {
    const value = x[at]!
    if (value === value) sorted[present++] = value
  }
  const edges = findEdges(sorted.subarray(0, present).sort(), most)
  for (let at = feature; at < x.length; at += features) data[at] = binOf(edges, x[at]!)
  return edges
}

/** Joins binned columns. */
export function joinBins(features: number, data: Uint8Array, edges: readonly Float64Array[]): Bins {
  const offsets = new Int32Array(features + 1)
  for (let f = 0; f < features; f++) offsets[f + 1] = offsets[f]! + edges[f]!.length + 1
  return { features, data, edges, offsets }
}

/** The bin of a value by binary search; the one after the last for NaN. */
export function binOf(edges: Float64Array, value: number): number {
  if (value !== value) return edges.length
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (value <= edges[middle]!) high = middle
    else low = middle + 1
  }
  return low
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
  const starts = runStarts(sorted)
  const distinct = starts.length
  const countAt = (i: number): number => (i + 1 < distinct ? starts[i + 1]! : sorted.length) - starts[i]!
  const edges: number[] = []
  let left = sorted.length
  let filled = 0
  for (let i = 0; i + 1 < distinct && edges.length < most - 1; i++) {
    filled += countAt(i)
    const share = left / (most - edges.length)
    if (distinct > most && filled < share && countAt(i + 1) < share) continue
    edges.push(midpoint(sorted[starts[i]!]!, sorted[starts[i + 1]!]!))
    left -= filled
    filled = 0
  }
  if (distinct > 0) edges.push(Number.MAX_VALUE)
  return Float64Array.from(edges)
}

/** Where each run of equal values begins. */
function runStarts(sorted: Float64Array): number[] {
  const starts: number[] = []
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) starts.push(i)
  return starts
}

/** A number t with low <= t < high, halfway where doubles allow it; halves are added because a sum may overflow. */
function midpoint(low: number, high: number): number {
  const middle = low / 2 + high / 2
  return middle >= low && middle < high ? middle : low
}
