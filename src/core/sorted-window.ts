/**
 * The last numbers of a stream, in the order of time and in that of size, as plain data.
 *
 * `values` is a ring: `head` is where the next number goes. `sorted` holds the same `size` numbers, smallest first.
 */
export type SortedWindow = { readonly values: Float64Array; readonly sorted: Float64Array; head: number; size: number }

/** An empty window for up to `capacity` numbers. */
export function createSortedWindow(capacity: number): SortedWindow {
  return { values: new Float64Array(capacity), sorted: new Float64Array(capacity), head: 0, size: 0 }
}

/**
 * Takes in a finite number in place of the oldest, once the window is full.
 *
 * O(log capacity) steps and one move of at most `capacity` numbers in memory.
 */
export function pushSorted(window: SortedWindow, number: number): void {
  const { values, sorted, head } = window
  // no -0: equal numbers must be the same bits, whichever of them leaves first
  const value = number + 0
  if (window.size === values.length) {
    const gone = countBelow(window, values[head]!)
    const place = countBelow(window, value)
    // everything between the leaver and the newcomer moves by one
    if (place > gone) {
      sorted.copyWithin(gone, gone + 1, place)
      sorted[place - 1] = value
    } else {
      sorted.copyWithin(place + 1, place, gone)
      sorted[place] = value
    }
  } else {
    const place = countBelow(window, value)
    sorted.copyWithin(place + 1, place, window.size)
    sorted[place] = value
    window.size++
  }
  values[head] = value
  window.head = head + 1 === values.length ? 0 : head + 1
}

/** How many of the numbers lie below `value`. O(log size). */
export function countBelow({ sorted, size }: SortedWindow, value: number): number {
  let low = 0
  let high = Math.min(size, sorted.length)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** How many of the numbers are at most `value`. O(log size). */
export function countUpTo({ sorted, size }: SortedWindow, value: number): number {
  let low = 0
  let high = Math.min(size, sorted.length)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The `q`-quantile, 0 to 1, on a straight line between the two numbers next to it (R's type 7); NaN of none.
 *
 * O(1).
 */
export function quantileIn({ sorted, size }: SortedWindow, q: number): number {
  if (size === 0) return NaN
  const rank = q * (size - 1)
  const below = Math.floor(rank)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, size - 1)]!
  const share = rank - below
  // two products, so that the difference of huge numbers does not overflow
  return share === 0 ? low : low * (1 - share) + high * share
}
