/**
 * The sum of the last numbers of a stream, as plain data, in O(1) a number.
 *
 * The stream is cut into blocks as long as the window. A window is then the end of the last block and the beginning of
 * this one: `sums` holds, up to `at`, this block's numbers, and from `at` on the sums of the last block's numbers from
 * there to its end, which are made anew once a block. Numbers are added and never taken away, so nothing drifts and
 * nothing cancels: a jump from 1e7 to 1e-8 leaves no trace, and what was NaN or infinite is gone with the number itself.
 *
 * @see M. van Herk (1992), "A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels",
 *   Pattern Recognition Letters 13; the same trick for sums
 */
export type MovingSum = {
  readonly sums: Float64Array
  /** Numbers of this block so far. */
  at: number
  /** Their sum. */
  head: number
  /** Numbers in the window. */
  size: number
}

export function createMovingSum(window: number): MovingSum {
  return { sums: new Float64Array(window), at: 0, head: 0, size: 0 }
}

/** Takes in a number in place of the oldest. O(1), on average over a window. */
export function pushSum(state: MovingSum, value: number): void {
  const { sums } = state
  sums[state.at] = value
  state.head += value
  if (state.size < sums.length) state.size++
  if (++state.at < sums.length) return
  for (let i = sums.length - 2; i >= 0; i--) sums[i]! += sums[i + 1]!
  state.at = 0
  state.head = 0
}

/** The sum; NaN before the window is full, and while a NaN is in it. */
export function sumIn({ sums, at, head, size }: MovingSum): number {
  return size < sums.length ? NaN : head + sums[at]!
}
