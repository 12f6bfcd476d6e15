import type { Explainable, Forgetful, Offloadable, Refittable, RefitWork } from '../contracts.ts'

/** Whether a learner has expensive work that waits until it is asked for. */
export function isRefittable<T extends object>(learner: T): learner is T & Refittable {
  return 'refit' in learner
}

/** Whether a learner's refits can be done on another thread. */
export function isOffloadable<T extends object>(learner: T): learner is T & Offloadable {
  return 'beginRefit' in learner
}

/** Whether a learner can let go of the past. */
export function isForgetful<T extends object>(learner: T): learner is T & Forgetful {
  return 'forget' in learner
}

/** Whether a learner can say why. */
export function isExplainable<T extends object>(learner: T): learner is T & Explainable {
  return 'explain' in learner
}

/**
 * Gives one object the abilities of a model made of models, so that `'refit' in composite` is true exactly when a
 * part can refit: the properties become the object's own, hidden from enumeration.
 */
export function lend(composite: object, abilities: Partial<Refittable & Offloadable & Forgetful & Explainable>): void {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(abilities))) {
    Object.defineProperty(composite, name, { ...property, enumerable: false })
  }
}

/**
 * Refits a group of learners one at a time.
 *
 * Each `refit()` trains the first member that is due, or the first that can refit at all where none is, so a run
 * changes the whole once, at its last step. While another member is due `refitDue` stays true.
 */
export function refitInTurn(members: () => readonly object[]): Refittable & Offloadable {
  const next = (): Refittable | undefined => {
    const able = members().filter(isRefittable)
    return able.find((member) => member.refitDue) ?? able[0]
  }
  return {
    get refitDue(): boolean {
      return members().some((member) => isRefittable(member) && member.refitDue)
    },
    refit(): Generator<number, void, void> {
      return next()?.refit() ?? nothing()
    },
    beginRefit(): RefitWork | undefined {
      const member = next()
      return member && isOffloadable(member) ? member.beginRefit() : undefined
    },
  }
}

function* nothing(): Generator<number, void, void> {}
