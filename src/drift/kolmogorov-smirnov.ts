import { kolmogorovTail } from '../core/distributions.ts'

/**
 * The largest gap between the distribution functions of two sorted samples, the first `n` and `m` numbers of `a` and
 * `b`.
 *
 * O(n + m). NaN where one is empty.
 */
export function kolmogorovSmirnov(a: Float64Array, n: number, b: Float64Array, m: number): number {
  if (n === 0 || m === 0) return NaN
  let i = 0
  let j = 0
  let largest = 0
  while (i < n && j < m) {
    const value = Math.min(a[i]!, b[j]!)
    while (i < n && a[i]! === value) i++
    while (j < m && b[j]! === value) j++
    largest = Math.max(largest, Math.abs(i * m - j * n))
  }
  return largest / (n * m)
}

/**
 * The chance of a distance as large while both samples, of `n` and `m` numbers without ties, come from one
 * distribution, with half of the chance of the very same distance: that of very large samples, at
 *
 *     sqrt(n m / (n + m)) D + (N + 2 M) / (6 sqrt(n m (n + m)))        N, M = the larger and the smaller of n and m
 *
 * Within a tenth of the exact chance from 50 numbers and down to 0.001. With all of the chance of the same distance,
 * p-values of a half or less would come too rarely, by up to a half where the sizes share divisors.
 *
 * @see J. L. Hodges (1958), "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3, (5.3)
 */
export function distanceTail(distance: number, n: number, m: number): number {
  const between = (Math.max(n, m) + 2 * Math.min(n, m)) / (6 * Math.sqrt(n * m * (n + m)))
  return kolmogorovTail(Math.sqrt((n * m) / (n + m)) * distance + between)
}

/**
 * The exact chance that the distance of two samples of `n` and `m` numbers without ties is `steps` / (n m) or more,
 * while both come from one distribution: the share of orders of n and m things whose path leaves the band.
 *
 * O(n m).
 *
 * @see J. L. Hodges (1958), "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3
 */
export function exactTail(steps: number, n: number, m: number): number {
  // inside[j]: chance that a random path to (i, j) has stayed in the band
  const inside = new Float64Array(m + 1)
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * m - j * n) >= steps) inside[j] = 0
      else if (i + j === 0) inside[j] = 1
      else inside[j] = (inside[j]! * i + (j > 0 ? inside[j - 1]! * j : 0)) / (i + j)
    }
  }
  return 1 - inside[m]!
}

/**
 * The least number of steps of 1 / (n m) whose {@link exactTail} is at most `p`; one more than there are where none is.
 */
export function criticalSteps(p: number, n: number, m: number): number {
  let low = 0
  let high = n * m + 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (exactTail(middle, n, m) <= p) high = middle
    else low = middle
  }
  return high
}
