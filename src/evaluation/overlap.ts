/** A mean of terms that may depend on each other where their labels overlap. */
export type OverlappingMean = {
  readonly value: number
  /** Standard error. */
  readonly error: number
  /** Terms that fit one after another without overlap: what the error itself was estimated from. */
  readonly spans: number
}

/**
 * The mean of terms of which two depend on each other only while the labels of both are open, and how sure it is.
 *
 * A term that is a fair bet placed in advance, (p - p̄)(y - b) of a model without skill, depends on no label that was
 * settled before. So of all products of two terms only those count whose labels overlap:
 *
 *     variance of the sum = sum of u[i]² + 2 · sum of u[i] u[j] over all i < j with times[j] < labelEnds[i]
 *
 * but at least the sum of squares, below which it may fall by chance. It is taken about 0, where the terms lie if there is
 * nothing to find, and so a little too large where there is. Nothing is cut off, as a block bootstrap cuts the dependence
 * at its edges: see ADR 31. O(n log n).
 *
 * @param times ascending; `labelEnds` say when each term's label was settled
 */
export function overlappingMean(
  terms: ArrayLike<number>,
  times: ArrayLike<number>,
  labelEnds: ArrayLike<number>,
): OverlappingMean {
  const n = terms.length
  const sums = new Float64Array(n + 1)
  let squares = 0
  for (let i = 0; i < n; i++) {
    sums[i + 1] = sums[i]! + terms[i]!
    squares += terms[i]! * terms[i]!
  }
  let products = 0
  let open = 0
  for (let i = 0; i < n; i++) {
    const after = firstFrom(times, labelEnds[i]!, i + 1)
    products += terms[i]! * (sums[after]! - sums[i + 1]!)
    open += after - i
  }
  const variance = Math.max(squares, squares + 2 * products)
  return {
    value: n > 0 ? sums[n]! / n : NaN,
    error: Math.sqrt(variance) / n,
    spans: (n * n) / open,
  }
}

/** The first row from `low` on that begins at `end` or later. */
export function firstFrom(times: ArrayLike<number>, end: number, low: number): number {
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! < end) low = middle + 1
    else high = middle
  }
  return low
}
