/**
 * The third moment of the last numbers of a stream besides mean and variance, as plain data, in O(1) a number; see
 * `MovingMoments`, which it extends, for how.
 *
 * @see P. Pébay (2008), "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
 *   statistical moments", Sandia report 2008-6212
 */
export type MovingSkew = {
  readonly means: Float64Array
  readonly squares: Float64Array
  readonly cubes: Float64Array
  /** Numbers of this block so far, their mean, and the sums of the second and third powers of their deviations. */
  at: number
  mean: number
  m2: number
  m3: number
  /** Numbers in the window. */
  size: number
}

export function createMovingSkew(window: number): MovingSkew {
  return {
    means: new Float64Array(window),
    squares: new Float64Array(window),
    cubes: new Float64Array(window),
    ...{ at: 0, mean: 0, m2: 0, m3: 0, size: 0 },
  }
}

/** Takes in a number in place of the oldest. O(1), on average over a window. */
export function pushSkew(state: MovingSkew, value: number): void {
  const { means, squares, cubes } = state
  means[state.at++] = value
  const n = state.at
  const step = (value - state.mean) / n
  const square = step * (value - state.mean) * (n - 1)
  state.m3 += square * step * (n - 2) - 3 * step * state.m2
  state.m2 += square
  state.mean += step
  if (state.size < means.length) state.size++
  const window = means.length
  if (n < window) return

  let mean = 0
  let m2 = 0
  let m3 = 0
  // from the window, not from `n`: a damaged file may have put that anywhere
  for (let i = window - 1, k = 1; i >= 0; i--, k++) {
    const gap = (means[i]! - mean) / k
    const own = gap * (means[i]! - mean) * (k - 1)
    m3 += own * gap * (k - 2) - 3 * gap * m2
    m2 += own
    mean += gap
    means[i] = mean
    squares[i] = m2
    cubes[i] = m3
  }
  state.at = 0
  state.mean = 0
  state.m2 = 0
  state.m3 = 0
}

/**
 * The skewness of the population, g1 = sqrt(n) M3 / M2^1.5; 0 where nothing varies, NaN before the window is full.
 */
export function skewIn({ means, squares, cubes, at, mean, m2, m3, size }: MovingSkew): number {
  const n = means.length
  if (size < n) return NaN
  const rest = n - at
  const gap = at === 0 ? 0 : means[at]! - mean
  const second = squares[at]! + m2 + (gap * gap * at * rest) / n
  const third =
    cubes[at]! +
    m3 +
    (gap * gap * gap * at * rest * (at - rest)) / (n * n) +
    (3 * gap * (at * squares[at]! - rest * m2)) / n
  return second === 0 ? 0 : (Math.sqrt(n) * third) / (second * Math.sqrt(second))
}
