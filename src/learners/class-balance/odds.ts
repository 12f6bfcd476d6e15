import { logit, sigmoid } from '../../core/math.ts'

/**
 * The probability whose odds are `ratio` times those of `p`.
 *
 * A learner that saw the ones with `r` times the weight of the zeros says odds that are `r` times too high; with
 * `ratio` 1 / r they are right again. Exactly 0 and 1 stay what they are.
 *
 * @see M. Saerens, P. Latinne, C. Decaestecker (2002), "Adjusting the outputs of a classifier to new a priori
 *   probabilities", Neural Computation 14
 */
export function scaleOdds(p: number, ratio: number): number {
  const odds = ratio * p
  const whole = odds + (1 - p)
  if (whole > 0 && whole < Infinity) return odds / whole
  // so lopsided that a product over- or underflowed
  return p > 0 && p < 1 ? sigmoid(logit(p, 0) + Math.log(ratio)) : p
}
