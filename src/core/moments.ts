/** Weighted count, mean and sum of squared deviations of a stream. */
export type Moments = { n: number; mean: number; m2: number }

/** No numbers yet. */
export function createMoments(): Moments {
  return { n: 0, mean: 0, m2: 0 }
}

/**
 * Takes in one number, without the cancellation of a running sum of squares. O(1).
 *
 * @see B. P. Welford (1962), "Note on a method for calculating corrected sums of squares and products", Technometrics 4
 */
export function addMoment(moments: Moments, value: number, weight = 1): void {
  const n = moments.n + weight
  const delta = value - moments.mean
  moments.mean += (weight * delta) / n
  moments.m2 += weight * delta * (value - moments.mean)
  moments.n = n
}

/** Variance of the whole (`ddof` 0) or estimated from a sample (`ddof` 1); NaN below `ddof` + 1 numbers. */
export function variance({ n, m2 }: Moments, ddof: 0 | 1 = 1): number {
  return n > ddof ? m2 / (n - ddof) : NaN
}
