import type { JsonObject, Learner, Rng } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { isRefittable } from '../abilities.ts'
import { packMember, type Restore, restoreMember } from '../members.ts'
import { sizeOf } from '../size.ts'
import { drawSeed } from './draws.ts'
import { reseed } from './reseed.ts'

/**
 * Makes a fresh member for vectors of `features` numbers. Members may differ by their seed alone.
 *
 * Functions cannot be saved. So a restored ensemble makes new members from an unused one, by giving its class the same
 * options with another `seed`, or by exchanging the seeds of its parts; that this works is checked at the start. It does
 * not for an ensemble with a `create` of its own, which therefore cannot be a member of another.
 */
export type CreateMember = (seed: number, features: number) => Learner

/** Seed of the member that stands for all others in a snapshot: an unlikely number, so that it is found for sure. */
const PROTOTYPE_SEED = 1_597_463_007
/** Another one, to check that seeds can be exchanged. */
const OTHER_SEED = 1_263_405_321

/** Where new members come from. */
export class Nursery {
  readonly task: Learner['task']
  /** Whether members wait to be refitted. */
  readonly refits: boolean
  /** The unused member that stands for all others. */
  readonly prototype: JsonObject
  readonly sizeInBytes: number
  /** A fresh member with the given seed. */
  readonly create: (seed: number) => Learner

  private constructor(sample: Learner, features: number, make: (seed: number) => Learner) {
    // lets the member refuse the length of vectors before any has learned
    sample.predict(new Float64Array(features))
    this.task = sample.task
    this.refits = isRefittable(sample)
    this.prototype = packMember(sample)
    this.sizeInBytes = sizeOf(sample)
    this.create = make
  }

  /** A nursery by the caller's factory. */
  static of(create: CreateMember, features: number): Nursery {
    const sample = create(PROTOTYPE_SEED, features)
    const [twin, other] = [create(PROTOTYPE_SEED, features), create(OTHER_SEED, features)]
    if (twin === sample || other === sample) {
      throw new TradeLearnError('INVALID_OPTION', '"create" must make a new learner each time, got the same one again.')
    }
    if (JSON.stringify(reseed(sample, PROTOTYPE_SEED, OTHER_SEED)) !== JSON.stringify(packMember(other))) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        '"create" must make unused learners that differ in options named "seed" alone, got other differences ' +
          '(an ensemble with a "create" of its own cannot be a member of another).',
      )
    }
    return new Nursery(sample, features, (seed) => create(seed, features))
  }

  /** The nursery of a restored ensemble, whose state holds the prototype. */
  static restore(state: JsonObject, features: number, owner: string, restore: Restore): Nursery {
    const sample = restoreMember(state, 'prototype', owner, restore)
    return new Nursery(sample, features, (seed) =>
      restoreMember({ member: reseed(sample, PROTOTYPE_SEED, seed) }, 'member', owner, restore),
    )
  }

  /** A fresh member whose seed is the next draw. */
  make(rng: Rng): Learner {
    return this.create(drawSeed(rng))
  }
}
