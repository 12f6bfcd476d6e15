import type { Learner } from '../../contracts.ts'
import { isForgetful, isRefittable, lend, refitInTurn } from '../abilities.ts'

/** Gives a wrapper the abilities of its only learner that its own correction leaves true. */
export function lendAbilities(wrapper: object, learner: Learner): void {
  if (isRefittable(learner))
    lend(
      wrapper,
      refitInTurn(() => [learner]),
    )
  if (isForgetful(learner)) lend(wrapper, { forget: (keep) => learner.forget(keep) })
}
