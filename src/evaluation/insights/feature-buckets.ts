/** Rows with a value that must lie before a row whose bucket is asked for, for each bucket. */
const SEEN_PER_BUCKET = 10

/**
 * In which of so many equal shares of its past values each value lies: 0 for the lowest; -1 where it is missing and where
 * fewer than 10 values a share came before.
 *
 * A row is ranked among the rows before it, never among later ones: in hindsight the highest fifth of a price is just the
 * end of a rise. Equal values share the middle of their ranks. O(n log n), by a Fenwick tree over the values.
 *
 * @see P. M. Fenwick (1994), "A new data structure for cumulative frequency tables", Software: Practice and Experience 24
 */
export function bucketsOfPast(values: Float64Array, buckets: number): Int32Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1])
  const counts = new Uint32Array(distinct.length + 1)
  const countUpTo = (rank: number): number => {
    let sum = 0
    for (let i = rank; i > 0; i -= i & -i) sum += counts[i]!
    return sum
  }
  let seen = 0
  return Int32Array.from(values, (value) => {
    if (Number.isNaN(value)) return -1
    const rank = rankOf(distinct, value)
    const [below, upTo] = [countUpTo(rank - 1), countUpTo(rank)]
    const bucket =
      seen < SEEN_PER_BUCKET * buckets ? -1 : Math.min(buckets - 1, Math.floor((buckets * (below + upTo)) / (2 * seen)))
    for (let i = rank; i < counts.length; i += i & -i) counts[i]!++
    seen++
    return bucket
  })
}

/** The different values that occur, ascending, if there are no more than `most` of them; else `undefined`. */
export function fewValues(values: Float64Array, most: number): readonly number[] | undefined {
  const found = new Set<number>()
  for (const value of values) {
    if (!Number.isNaN(value)) found.add(value + 0)
    if (found.size > most) return undefined
  }
  return [...found].sort((a, b) => a - b)
}

/** The place of a value among different ones, from 1 up. */
function rankOf(distinct: Float64Array, value: number): number {
  let [low, high] = [0, distinct.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (distinct[middle]! < value) low = middle + 1
    else high = middle
  }
  return low + 1
}
