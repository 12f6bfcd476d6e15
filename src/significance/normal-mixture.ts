import { nonNegative, openFraction, positive } from '../core/check.ts'

/**
 * The rho at which {@link normalMixtureBound} is tightest when the sum's variance is `variance`.
 *
 *     rho = variance / (2 ln(1/alpha) + ln(1 + 2 ln(1/alpha)))
 */
export function normalMixtureRho(variance: number, alpha: number): number {
  const wanted = -2 * Math.log(openFraction('alpha', alpha))
  return positive('variance', variance) / (wanted + Math.log1p(wanted))
}

/**
 * How far a sum of centred, normal or lighter-tailed steps strays at any time, with probability `alpha` at most over
 * all time.
 *
 *     |sum| <= sqrt((v + rho) (ln(1 + v / rho) + 2 ln(1 / alpha)))        v the steps' variances, added up
 *
 * The steps' variance must be known, or bounded; `MeanConfidenceSequence` estimates it.
 *
 * @see S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence
 *   sequences", Annals of Statistics 49
 *
 * @example
 * ```ts
 * normalMixtureBound(50, normalMixtureRho(100, 0.05), 0.05) // 21.8
 * ```
 */
export function normalMixtureBound(variance: number, rho: number, alpha: number): number {
  nonNegative('variance', variance)
  positive('rho', rho)
  const wanted = -2 * Math.log(openFraction('alpha', alpha))
  return Math.sqrt((variance + rho) * (Math.log1p(variance / rho) + wanted))
}
