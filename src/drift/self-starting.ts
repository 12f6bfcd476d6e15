/**
 * Scores beyond it count no further: one stray value must not be a drift. 4, which a normal value exceeds once in
 * 16,000.
 */
export const CLIP = 4

/**
 * How far a value lies from the `n` values before it, on the scale of a standard normal: the self-starting score.
 *
 * Student's t of the value against their mean and deviation, turned into the normal number of the same probability. Of
 * independent normal values the scores are independent and standard normal from the third value on, although mean
 * and deviation were never known, so thresholds need no training period. 0 for the first two values, and for one
 * that lies at the mean; squares of gaps below 1e-162 are 0 in a double, so those are none.
 *
 * @param m2 sum of squared deviations from the mean
 * @see D. M. Hawkins (1987), "Self-starting cusum charts for location and scale", The Statistician 36
 * @see D. L. Wallace (1959), "Bounds on normal approximations to Student's and the chi-square distributions", Annals of
 *   Mathematical Statistics 30: the transformation, good to about 0.5 % above 3 degrees of freedom
 */
export function selfStartingScore(n: number, mean: number, m2: number, value: number): number {
  const gap = value - mean
  const square = gap * gap
  if (n < 2 || square === 0) return 0
  const freedom = n - 1
  // t²/freedom, with t = gap / deviation sqrt(n / (n + 1)); infinite on a stream that never moved
  const ratio = (square * n) / (m2 * (n + 1))
  const z = ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p(ratio))
  return gap > 0 ? Math.min(z, CLIP) : Math.max(-z, -CLIP)
}

/**
 * {@link selfStartingScore} of a value against the `n` values before it and their mean, and then takes it into the sum of
 * squared deviations of a state that has taken it into its mean already.
 */
export function takeScore(
  state: { readonly mean: number; m2: number },
  n: number,
  mean: number,
  value: number,
): number {
  const score = selfStartingScore(n, mean, state.m2, value)
  state.m2 += (value - mean) * (value - state.mean)
  return score
}
