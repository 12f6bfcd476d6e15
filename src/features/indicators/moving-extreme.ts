/**
 * The largest of the last numbers of a stream, and how long ago it was, as plain data, in O(1) a number; see
 * {@link MovingSum} for how. The smallest is the largest of the negated.
 *
 * Up to `at`, `best` holds this block's numbers; from there on the largest of the last block's numbers from there to its
 * end, whose positions are in `places`. Of equal numbers the newest counts.
 */
export type MovingExtreme = {
  readonly best: Float64Array
  readonly places: Int32Array
  /** Numbers of this block so far, the largest of them, and where it stands. */
  at: number
  head: number
  place: number
  /** Numbers in the window. */
  size: number
}

export function createMovingExtreme(window: number): MovingExtreme {
  const blank = { at: 0, head: -Infinity, place: 0, size: 0 }
  return { best: new Float64Array(window), places: new Int32Array(window), ...blank }
}

/** Takes in a number in place of the oldest. O(1), on average over a window. */
export function pushExtreme(state: MovingExtreme, value: number): void {
  const { best, places } = state
  best[state.at] = value
  if (value >= state.head) {
    state.head = value
    state.place = state.at
  }
  if (state.size < best.length) state.size++
  if (++state.at < best.length) return
  let most = -Infinity
  let place = 0
  for (let i = best.length - 1; i >= 0; i--) {
    if (best[i]! > most) {
      most = best[i]!
      place = i
    }
    best[i] = most
    places[i] = place
  }
  state.at = 0
  state.head = -Infinity
  state.place = 0
}

/** The largest number; NaN before the window is full. */
export function extremeIn({ best, at, head, size }: MovingExtreme): number {
  return size < best.length ? NaN : Math.max(head, best[at]!)
}

/** How many numbers ago the largest came, 0 for the newest; NaN before the window is full. */
export function agoOf({ best, places, at, head, place, size }: MovingExtreme): number {
  if (size < best.length) return NaN
  return head >= best[at]! ? at - 1 - place : at - 1 + best.length - places[at]!
}
