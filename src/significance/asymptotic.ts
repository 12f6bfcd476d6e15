import { openFraction, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'

/**
 * Which ends an interval has: `'lower'` bounds the mean from below only, to show that it is high; `'upper'` from
 * above.
 */
export type Sides = 'both' | 'lower' | 'upper'

export const SIDES: readonly Sides[] = ['both', 'lower', 'upper']

/**
 * The rho that makes a confidence sequence tightest at `tunedAt` observations.
 *
 *     rho = sqrt((-2 ln a + ln(1 - 2 ln a)) / tunedAt)        a = alpha, or 2 alpha for one side
 *
 * @see I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas (2021), "Time-uniform central limit theory and
 *   asymptotic confidence sequences", arXiv 2103.06476
 */
export function asymptoticRho(alpha: number, tunedAt: number, sides: Sides = 'both'): number {
  const a = checkAlpha(alpha, sides)
  return Math.sqrt((-2 * Math.log(a) + Math.log1p(-2 * Math.log(a))) / positive('tunedAt', tunedAt))
}

/**
 * Half the width of the confidence sequence, in deviations of one observation, after `n` of them.
 *
 *     sqrt(2 (n rho² + 1) / (n rho)² ln(sqrt(n rho² + 1) / alpha))
 *
 * and ln(1 + sqrt(n rho² + 1) / (2 alpha)) for one side.
 */
export function asymptoticHalfWidth(n: number, rho: number, alpha: number, sides: Sides = 'both'): number {
  checkAlpha(alpha, sides)
  const grown = n * rho * rho + 1
  const root = Math.sqrt(grown)
  const log = sides === 'both' ? Math.log(root / alpha) : Math.log1p(root / (2 * alpha))
  return (Math.sqrt(2 * grown) / (n * rho)) * Math.sqrt(log)
}

/**
 * The always-valid p-value of a mean that lies `gap` deviations of one observation away from what is tested: the least
 * alpha at which the confidence sequence with this rho leaves it out.
 *
 *     1 / E,  E = exp(rho² n² gap² / (2 (n rho² + 1))) / sqrt(n rho² + 1)
 *
 * For one side `gap` counts in its direction, and below 0 the p-value is 1.
 */
export function asymptoticP(n: number, gap: number, rho: number, sides: Sides = 'both'): number {
  const grown = n * rho * rho + 1
  const root = Math.sqrt(grown)
  const lean = rho * n * gap
  const grows = (lean / grown) * (lean / 2)
  if (sides === 'both') return Math.min(1, Math.exp(-grows) * root)
  const ahead = sides === 'lower' ? gap > 0 : gap < 0
  return ahead ? Math.min(1, root / (2 * Math.expm1(grows))) : 1
}

/** The alpha that both tails share, or twice that of one. */
function checkAlpha(alpha: number, sides: Sides): number {
  openFraction('alpha', alpha)
  if (sides === 'both') return alpha
  if (alpha < 0.5) return 2 * alpha
  throw new TradeLearnError('INVALID_OPTION', `"alpha" must be below 0.5 for one side, got ${alpha}.`)
}
