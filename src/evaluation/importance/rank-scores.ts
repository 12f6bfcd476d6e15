/** A column of scores beside what came of them, fold by fold, made ready for scoring many resamples. */
export type RankedFold = {
  /** Rows with a score, by ascending score: positions among all test rows. */
  readonly order: Uint32Array
  /** Their scores, labels, and the ranks of score and net return, about their middle and at most 1 in size. */
  readonly scores: Float64Array
  readonly labels: Uint8Array
  readonly scoreRanks: Float64Array
  readonly returnRanks: Float64Array
}

/** Sums that folds add up to an AUC and an information coefficient. */
export type RankSums = {
  /** Winners ranked above losers, ties counting half, and all pairs of the two. */
  area: number
  pairs: number
  /** Rank correlation with net returns times rows, and the rows. */
  together: number
  rows: number
}

/** Positions among the test rows, with the score, label and net return of each. */
export type FoldColumn = {
  readonly positions: readonly number[]
  readonly scores: Float64Array
  readonly y: ArrayLike<number>
  readonly netReturns: ArrayLike<number>
}

/** Sorts once what no resample changes. Missing scores (NaN) are left out. */
export function rankFold({ positions, scores, y, netReturns }: FoldColumn): RankedFold {
  const present = positions.map((_, i) => i).filter((i) => !Number.isNaN(scores[i]))
  const scoreRanks = middleRanks(present.map((i) => scores[i]!))
  const returnRanks = middleRanks(present.map((i) => netReturns[i]!))
  const sorted = present.map((_, k) => k).sort((a, b) => scoreRanks[a]! - scoreRanks[b]! || a - b)
  return {
    order: Uint32Array.from(sorted, (k) => positions[present[k]!]!),
    scores: Float64Array.from(sorted, (k) => scores[present[k]!]!),
    labels: Uint8Array.from(sorted, (k) => y[present[k]!]!),
    scoreRanks: Float64Array.from(sorted, (k) => scoreRanks[k]!),
    returnRanks: Float64Array.from(sorted, (k) => returnRanks[k]!),
  }
}

/**
 * Adds a fold to the sums, each row as often as `drawn` says. O(rows).
 *
 * The rank correlation is that of the ranks in the whole fold, so that a resample need not be sorted again.
 */
export function addFold(
  sums: RankSums,
  { order, scores, labels, scoreRanks, returnRanks }: RankedFold,
  drawn: Uint32Array,
): void {
  const n = order.length
  let losers = 0
  let winners = 0
  let area = 0
  let rows = 0
  let sumA = 0
  let sumB = 0
  let sumAA = 0
  let sumBB = 0
  let sumAB = 0
  // up the scores, one group of equals at a time
  for (let i = 0; i < n; ) {
    const score = scores[i]!
    let groupLosers = 0
    let groupWinners = 0
    for (; i < n && scores[i] === score; i++) {
      const count = drawn[order[i]!]!
      if (count === 0) continue
      if (labels[i] === 1) groupWinners += count
      else groupLosers += count
      const a = scoreRanks[i]!
      const b = returnRanks[i]!
      rows += count
      sumA += count * a
      sumB += count * b
      sumAA += count * a * a
      sumBB += count * b * b
      sumAB += count * a * b
    }
    area += groupWinners * (losers + groupLosers / 2)
    losers += groupLosers
    winners += groupWinners
  }
  sums.area += area
  sums.pairs += losers * winners
  const spreadA = sumAA - (sumA * sumA) / rows
  const spreadB = sumBB - (sumB * sumB) / rows
  // ranks are multiples of 1 / n at most 1 in size: what is left of a constant is rounding
  const scale = spreadA > 1e-12 * rows && spreadB > 1e-12 * rows ? Math.sqrt(spreadA * spreadB) : 0
  if (scale > 0) sums.together += (rows * (sumAB - (sumA * sumB) / rows)) / scale
  sums.rows += rows
}

/** Ranks about their middle, ties sharing theirs, over half their number: from -1 to 1. */
function middleRanks(values: readonly number[]): Float64Array {
  const n = values.length
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const ranks = new Float64Array(n)
  for (let i = 0; i < n; ) {
    let end = i
    while (end < n && values[order[end]!] === values[order[i]!]) end++
    for (let k = i; k < end; k++) ranks[order[k]!] = (i + end - n) / n
    i = end
  }
  return ranks
}
