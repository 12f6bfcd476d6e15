import type { Contribution, Learner, Vector } from '../contracts.ts'
import { sortByMagnitude } from './contributions.ts'

/**
 * Explains any learner's prediction: by how much it changes when each feature is withheld, that is made missing.
 *
 * One entry a feature, largest magnitude first, in the unit of the prediction; 0 where the value is missing anyway.
 * Features that stand in for each other both look unimportant, and the amounts need not sum to the prediction: for
 * that take `explain` where the learner has it. Costs one prediction a feature. Pure: works on a copy of `x`. Fills and
 * returns `out` where given.
 *
 * @see M. Robnik-Šikonja, I. Kononenko (2008), "Explaining classifications for individual instances", IEEE TKDE 20
 *
 * @example
 * ```ts
 * const [strongest] = explainByWithholding(learner, Float64Array.of(1, -1))
 * ```
 */
export function explainByWithholding(learner: Learner, x: Vector, out: Contribution[] = []): Contribution[] {
  const copy = x.slice()
  const whole = learner.predict(copy)
  out.length = 0
  for (let i = 0; i < x.length; i++) {
    copy[i] = NaN
    out.push({ feature: i, amount: whole - learner.predict(copy) })
    copy[i] = x[i]!
  }
  return sortByMagnitude(out)
}
