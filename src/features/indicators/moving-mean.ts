/**
 * The weighted mean of the last numbers of a stream, as plain data, in O(1) a number; see {@link MovingSum} for how.
 *
 * Parts are put together by their distance, so that equal numbers have exactly that mean, whatever their weights.
 */
export type MovingMean = {
  readonly means: Float64Array
  readonly weights: Float64Array
  /** Numbers of this block so far, their mean and weight. */
  at: number
  mean: number
  weight: number
  /** Numbers in the window. */
  size: number
}

export function createMovingMean(window: number): MovingMean {
  return { means: new Float64Array(window), weights: new Float64Array(window), at: 0, mean: 0, weight: 0, size: 0 }
}

/** Takes in a number with a weight of at least 0 in place of the oldest. O(1), on average over a window. */
export function pushMean(state: MovingMean, value: number, weight: number): void {
  const { means, weights } = state
  means[state.at] = value
  weights[state.at] = weight
  state.weight += weight
  if (weight !== 0) state.mean += (value - state.mean) * (weight / state.weight)
  if (state.size < means.length) state.size++
  if (++state.at < means.length) return
  let total = 0
  let mean = 0
  for (let i = means.length - 1; i >= 0; i--) {
    const own = weights[i]!
    total += own
    if (own !== 0) mean += (means[i]! - mean) * (own / total)
    means[i] = mean
    weights[i] = total
  }
  state.at = 0
  state.mean = 0
  state.weight = 0
}

/** The mean; NaN before the window is full, where nothing in it has a weight, and while a NaN is in it. */
export function weightedMeanIn({ means, weights, at, mean, weight, size }: MovingMean): number {
  if (size < means.length) return NaN
  const rest = weights[at]!
  const total = rest + weight
  // nothing in the window, or no number
  if (!(total > 0)) return NaN
  const other = means[at]!
  return weight === 0 ? other : rest === 0 ? mean : other + (mean - other) * (weight / total)
}
