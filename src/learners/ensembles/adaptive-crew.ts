import type { JsonObject, Vector } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { type Crew, weightOf } from './crew.ts'
import { drawPoisson } from './draws.ts'
import type { Judge } from './judge.ts'
import { Renewal, type RenewalOptions } from './renewal.ts'

/** When the errors are made that the detectors see. */
export type Tested = 'before learning' | 'after learning'

/** What {@link AdaptiveCrew} counts. */
type Counts = { seen: number; replaced: number }

/**
 * What adaptive random forests and random patches share: members that learn from Poisson counts, are judged by what
 * they said before the label, and are renewed when their errors rise.
 */
export class AdaptiveCrew {
  readonly #crew: Crew
  readonly #judge: Judge
  readonly #renewal: Renewal
  readonly #rate: number
  readonly #tested: Tested
  #counts: Counts = { seen: 0, replaced: 0 }

  constructor(crew: Crew, judge: Judge, rate: number, renewal: RenewalOptions, tested: Tested) {
    this.#crew = crew
    this.#judge = judge
    this.#rate = rate
    this.#tested = tested
    this.#renewal = new Renewal(crew.settings.members, renewal, () => crew.fresh())
  }

  get counts(): Readonly<Counts> {
    return this.#counts
  }

  /** Members that have a learner in the background. */
  get waiting(): number {
    return this.#renewal.waiting
  }

  get sizeInBytes(): number {
    return this.#crew.sizeInBytes + this.#judge.sizeInBytes + this.#renewal.sizeInBytes + 16
  }

  /** The prediction for a checked vector. */
  predict(x: Vector): number {
    return this.#judge.mix(this.#crew.ask(x))
  }

  /** Learns from a checked observation. */
  learn(x: Vector, y: number, weight: number): void {
    const { members, rng } = this.#crew
    const judge = this.#judge
    const before = this.#tested === 'before learning'
    const said = this.#crew.ask(x)
    this.#counts.seen++
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!
      const error = judge.errorOf(i, said[i]!, y)
      judge.see(i, said[i]!, y)
      const count = drawPoisson(rng, this.#rate)
      // as in River and MOA those that do not learn from an observation are not tested on it
      if (count === 0) continue
      const counted = weightOf(count, weight)
      this.#renewal.learn(i, x, y, counted)
      member.learn(x, y, counted)
      const successor = this.#renewal.see(i, before ? error : judge.errorOf(i, member.predict(x), y))
      if (successor === undefined) continue
      this.#crew.replace(i, successor)
      judge.replaced(i)
      this.#counts.replaced++
    }
    this.#crew.changed()
  }

  /** Gives an ensemble the ability to refit of its learners, if they have it, those in the background included. */
  lendRefits(ensemble: object): void {
    this.#crew.lendRefits(ensemble, () => this.#renewal.learners)
  }

  pack(): JsonObject {
    return { ...this.#crew.pack(), ...this.#counts, judge: this.#judge.pack(), renewal: this.#renewal.pack() }
  }

  /** Reads back what {@link pack} wrote, the crew aside, into one of the same options. */
  restore(state: JsonObject, owner: string, restore: Restore): this {
    const { rng: _, prototype: __, crew: ___, judge, renewal, ...own } = state
    const counts = unpackState(own, { seen: 0, replaced: 0 })
    for (const [name, count] of Object.entries(counts)) integer(`state.${name}`, count, 0, 'CORRUPT_SNAPSHOT')
    this.#counts = counts
    this.#judge.restore(judge)
    this.#renewal.restore(renewal, owner, restore, (learner) => this.#crew.check(learner, owner))
    return this
  }
}
