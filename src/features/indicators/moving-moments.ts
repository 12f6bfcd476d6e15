/**
 * Mean and variance of the last numbers of a stream, as plain data, in O(1) a number; see {@link MovingSum} for how.
 *
 * Up to `at`, `means` holds this block's numbers; from there on `means` and `squares` hold the mean, and the sum of
 * squared deviations from it, of the last block's numbers from there to its end. Parts are put together by deviations
 * from means, never by sums of squares, so equal numbers have a variance of exactly 0 at any price.
 *
 * @see T. F. Chan, G. H. Golub, R. J. LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample
 *   variances"
 */
export type MovingMoments = {
  readonly means: Float64Array
  readonly squares: Float64Array
  /** Numbers of this block so far, their mean, and the sum of their squared deviations. */
  at: number
  mean: number
  m2: number
  /** Numbers in the window. */
  size: number
}

export function createMovingMoments(window: number): MovingMoments {
  return { means: new Float64Array(window), squares: new Float64Array(window), at: 0, mean: 0, m2: 0, size: 0 }
}

/** Takes in a number in place of the oldest. O(1), on average over a window. */
export function pushMoments(state: MovingMoments, value: number): void {
  const { means } = state
  means[state.at] = value
  const gap = value - state.mean
  state.mean += gap / ++state.at
  state.m2 += gap * (value - state.mean)
  if (state.size < means.length) state.size++
  if (state.at >= means.length) closeBlock(state)
}

/** The mean; NaN before the window is full, and while a NaN is in it. */
export function meanIn({ means, at, mean, size }: MovingMoments): number {
  const window = means.length
  if (size < window) return NaN
  const rest = means[at]!
  return at === 0 ? rest : rest + ((mean - rest) * at) / window
}

/** The sum of squared deviations from the mean; NaN before the window is full, and while a NaN is in it. */
export function squaresIn({ means, squares, at, mean, m2, size }: MovingMoments): number {
  const window = means.length
  if (size < window) return NaN
  const gap = mean - means[at]!
  return at === 0 ? squares[0]! : squares[at]! + m2 + (gap * gap * at * (window - at)) / window
}

/** Turns a whole block's numbers into what they are from each position to the end. */
function closeBlock(state: MovingMoments): void {
  const { means, squares } = state
  let mean = 0
  let m2 = 0
  for (let i = means.length - 1, n = 1; i >= 0; i--, n++) {
    const value = means[i]!
    const gap = value - mean
    mean += gap / n
    m2 += gap * (value - mean)
    means[i] = mean
    squares[i] = m2
  }
  state.at = 0
  state.mean = 0
  state.m2 = 0
}
