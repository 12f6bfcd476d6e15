/** The best split found so far, and the sums that the search for it works with. */
export type Candidate = {
  /** Variance taken away by the best split, and by the best one of the runner-up feature. */
  merit: number
  second: number
  feature: number
  threshold: number
  /** Weight, mean and squared deviations on the left and on the right of the best split. */
  readonly left: Float64Array
  readonly right: Float64Array
  /** Scratch paper for the search through a feature. */
  readonly scan: Scan
}

/** No split yet. */
export function createCandidate(): Candidate {
  const [left, right] = [new Float64Array(3), new Float64Array(3)]
  return { merit: 0, second: 0, feature: -1, threshold: 0, left, right, scan: createScan() }
}

/** Forgets the last search. */
export function clearCandidate(candidate: Candidate): void {
  candidate.merit = 0
  candidate.second = 0
  candidate.feature = -1
}

/** The variance that is estimated from a sample: 0 below a weight of more than 1, as in River. */
export const varianceOf = (n: number, m2: number): number => (n > 1 ? m2 / (n - 1) : 0)

/** What a feature is asked for: how much a split takes from the variance of all its targets, at most. */
export type Scan = {
  /** All targets of rows where the feature was known. */
  n: number
  mean: number
  m2: number
  /** Their share of all rows, which the merit is scaled by so that often missing features gain no edge. */
  share: number
  /** Weight on either side, at least. */
  least: number
  /** The best split of the feature. */
  merit: number
  threshold: number
  readonly left: Float64Array
}

/** Room for a search through a feature. */
function createScan(): Scan {
  return { n: 0, mean: 0, m2: 0, share: 1, least: 0, merit: 0, threshold: NaN, left: new Float64Array(3) }
}

/**
 * Variance that is taken away by a split with `n`, `mean`, `m2` on the left: that of all less that of the parts, by weight. 0
 * where a part is too small.
 */
export function meritOf(scan: Scan, n: number, mean: number, m2: number): number {
  const rest = scan.n - n
  if (n < scan.least || rest < scan.least) return 0
  const restMean = (scan.n * scan.mean - n * mean) / rest
  const gap = restMean - mean
  const restM2 = Math.max(0, scan.m2 - m2 - (gap * gap * rest * n) / scan.n)
  const parts = (n / scan.n) * varianceOf(n, m2) + (rest / scan.n) * varianceOf(rest, restM2)
  return scan.share * (varianceOf(scan.n, scan.m2) - parts)
}

/** Keeps a split of the feature that is searched if it is the best yet. */
export function offer(scan: Scan, merit: number, threshold: number, n: number, mean: number, m2: number): void {
  if (!(merit > scan.merit)) return
  scan.merit = merit
  scan.threshold = threshold
  scan.left[0] = n
  scan.left[1] = mean
  scan.left[2] = m2
}

/** Takes the best split of a feature into the comparison of the features; of equal ones the lower feature stays. */
export function compare(candidate: Candidate, feature: number): void {
  const { scan } = candidate
  if (!(scan.merit > candidate.merit)) {
    candidate.second = Math.max(candidate.second, scan.merit)
    return
  }
  candidate.second = candidate.merit
  candidate.merit = scan.merit
  candidate.feature = feature
  candidate.threshold = scan.threshold
  const { left, right } = candidate
  left.set(scan.left)
  const [n, mean, m2] = scan.left as unknown as [number, number, number]
  const rest = scan.n - n
  const restMean = (scan.n * scan.mean - n * mean) / rest
  right[0] = rest
  right[1] = restMean
  right[2] = Math.max(0, scan.m2 - m2 - ((restMean - mean) * (restMean - mean) * rest * n) / scan.n)
}
