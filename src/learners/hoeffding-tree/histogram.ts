import { isWeight } from './tree.ts'

/**
 * A histogram whose bins follow the data, inside a larger array from `at` on: the number of bins, then the left end,
 * right end and weight of each, in ascending order. A value inside a bin joins it; any other opens a bin of its own, and
 * when there is one bin too many the two neighbours that weigh least together become one. Up to `bins` different
 * values are counted exactly. O(bins) a value.
 *
 * @see Y. Ben-Haim, E. Tom-Tov (2010), "A streaming parallel decision tree algorithm", JMLR 11 (which merges the two
 * closest: light neighbours keep the resolution where the values are)
 */
export function addToHistogram(cells: Float64Array, at: number, bins: number, value: number, weight: number): void {
  const used = cells[at]!
  const start = at + 1

  // the first bin that does not end before the value
  let low = 0
  let high = used
  while (low < high) {
    const middle = (low + high) >> 1
    if (cells[start + 3 * middle + 1]! < value) low = middle + 1
    else high = middle
  }
  const found = start + 3 * low
  if (low < used && cells[found]! <= value) {
    cells[found + 2]! += weight
    return
  }

  // a bin of its own
  for (let i = start + 3 * used - 1; i >= found; i--) cells[i + 3] = cells[i]!
  cells[found] = value
  cells[found + 1] = value
  cells[found + 2] = weight
  cells[at] = used + 1
  if (used < bins) return

  // the lightest two neighbours become one
  let least = Infinity
  let lightest = start
  for (let i = start; i < start + 3 * used; i += 3) {
    const sum = cells[i + 2]! + cells[i + 5]!
    if (sum < least) {
      least = sum
      lightest = i
    }
  }
  cells[lightest + 1] = cells[lightest + 4]!
  cells[lightest + 2] = least
  const end = start + 3 * (used + 1)
  for (let i = lightest + 3; i < end - 3; i++) cells[i] = cells[i + 3]!
  cells[at] = used
}

/** Weight of the values at and below a threshold; inside a bin it is taken to be spread evenly. */
export function histogramUpTo(cells: Float64Array, at: number, threshold: number): number {
  let sum = 0
  const end = at + 1 + 3 * cells[at]!
  for (let i = at + 1; i < end && cells[i]! <= threshold; i += 3) {
    const right = cells[i + 1]!
    const share = threshold >= right ? 1 : (threshold - cells[i]!) / (right - cells[i]!)
    sum += cells[i + 2]! * share
  }
  return sum
}

/** Whether a histogram that was read back can be worked with: its bins ascend, and weigh something. */
export function isHistogram(cells: Float64Array, at: number, bins: number): boolean {
  const used = cells[at]!
  if (!(Number.isInteger(used) && used >= 0 && used <= bins)) return false
  let before = -Infinity
  for (let i = at + 1; i < at + 1 + 3 * used; i += 3) {
    if (!(cells[i]! > before && cells[i + 1]! >= cells[i]! && isWeight(cells[i + 2]!))) return false
    before = cells[i + 1]!
  }
  return before < Infinity
}
