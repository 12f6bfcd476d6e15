import type { Learner, Vector } from '../../contracts.ts'

/**
 * What each member says about a vector, kept from `predict` to the `learn` that follows with the same vector, so that
 * members need not be asked twice. Nothing learnt: dropping it changes no answer.
 */
export class Advice {
  readonly #x: Vector
  readonly #answers: Float64Array
  #kept = false

  constructor(features: number, members: number) {
    this.#x = new Float64Array(features)
    this.#answers = new Float64Array(members)
  }

  /** The members' predictions for `x`, which must have been checked. To be read before the next call. */
  of(members: readonly Learner[], x: Vector): Float64Array {
    const answers = this.#answers
    if (this.#kept && this.#knows(x)) return answers
    this.#kept = false
    for (let i = 0; i < members.length; i++) answers[i] = members[i]!.predict(x)
    this.#x.set(x)
    this.#kept = true
    return answers
  }

  /** To be called whenever a member changes. */
  drop(): void {
    this.#kept = false
  }

  #knows(x: Vector): boolean {
    const known = this.#x
    // to the bit: a member may tell 0 from -0
    for (let i = 0; i < known.length; i++) if (!Object.is(known[i], x[i])) return false
    return true
  }
}
