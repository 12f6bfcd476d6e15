import type { Learner } from '../../contracts.ts'
import { isForgetful, isRefittable, lend, refitInTurn } from '../abilities.ts'

/** Gives a wrapper the abilities of its only learner; `forget` is what the wrapper has to do beside. */
export function lendAbilities(wrapper: object, learner: Learner, forget: (keep: number) => void): void {
  if (isRefittable(learner))
    lend(
      wrapper,
      refitInTurn(() => [learner]),
    )
  if (isForgetful(learner)) {
    lend(wrapper, {
      forget: (keep) => {
        // first, as it refuses what is no number of observations
        learner.forget(keep)
        forget(keep)
      },
    })
  }
}
