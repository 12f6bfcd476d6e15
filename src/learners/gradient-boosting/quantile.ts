/**
 * The weighted quantile of some numbers; NaN where there are none.
 *
 * Sorted values with equal weights stand at the positions 0, 1/(n-1), ..., 1 (Hyndman and Fan's type 7) and are joined by
 * straight lines. With unequal weights a value stands in the middle of its own share of the total, at the middle of what
 * lies between the first one's middle and the last one's.
 *
 * @see R. J. Hyndman, Y. Fan (1996), "Sample quantiles in statistical packages", American Statistician 50
 */
export function quantileOf(values: Float64Array, weights: Float64Array, q: number): number {
  const n = values.length
  if (n === 0) return NaN
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  order.sort((a, b) => values[a]! - values[b]! || a - b)
  // where each value stands: the weight before it and half its own
  const places = new Float64Array(n)
  let before = 0
  for (let i = 0; i < n; i++) {
    const weight = weights[order[i]!]!
    places[i] = before + weight / 2
    before += weight
  }
  const wanted = Math.min(places[0]! + q * (places[n - 1]! - places[0]!), places[n - 1]!)
  let low = 0
  let high = n - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (places[middle]! >= wanted) high = middle
    else low = middle + 1
  }
  const upper = values[order[low]!]!
  if (low === 0) return upper
  const lower = values[order[low - 1]!]!
  const share = (wanted - places[low - 1]!) / (places[low]! - places[low - 1]!)
  return lower + share * (upper - lower)
}

/**
 * The quantile of what the rows of a leaf have left over, each with its hessian as its weight: that is the row's own
 * weight, times the number of rows that a drawn one stands for. `at` is where the output's margins begin.
 */
export function quantileLeft(
  y: Float64Array,
  margins: Float64Array,
  hessians: Float64Array,
  at: number,
  rows: Int32Array,
  q: number,
): number {
  const left = Float64Array.from(rows, (row) => y[row]! - margins[at + row]!)
  return quantileOf(
    left,
    Float64Array.from(rows, (row) => hessians[row]!),
    q,
  )
}
