/** Which way a feature points: high values go with winners, with losers, or with neither. */
export type Orientation = -1 | 0 | 1

/** The direction that training rows give a feature: which side of a half its AUC lies on there. O(n log n). */
export function orient(values: Float64Array, y: ArrayLike<number>): Orientation {
  const present = Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]))
  present.sort((a, b) => values[a]! - values[b]!)
  let [losers, winners, area] = [0, 0, 0]
  for (let i = 0; i < present.length; ) {
    const value = values[present[i]!]
    let [groupLosers, groupWinners] = [0, 0]
    for (; i < present.length && values[present[i]!] === value; i++) {
      if (y[present[i]!] === 1) groupWinners++
      else groupLosers++
    }
    // twice the area, so that all sums are whole
    area += groupWinners * (2 * losers + groupLosers)
    losers += groupLosers
    winners += groupWinners
  }
  return Math.sign(area - losers * winners) as Orientation
}

/**
 * Where each value stands among the training rows: -1 below all, 0 in the middle, 1 above all; NaN where it is missing.
 * O((n + m) log n).
 */
export function ranksAmong(training: Float64Array, values: Float64Array): Float64Array {
  // NaN sorts last
  const sorted = training.filter((value) => !Number.isNaN(value)).sort()
  const n = sorted.length
  return values.map((value) => {
    if (Number.isNaN(value)) return NaN
    return n > 0 ? (firstAt(sorted, (other) => other >= value) + firstAt(sorted, (other) => other > value) - n) / n : 0
  })
}

/** The first position whose value passes, in an array where all later ones pass too. */
function firstAt(sorted: Float64Array, passes: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (passes(sorted[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}
