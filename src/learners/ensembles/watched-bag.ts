import type { JsonObject, Vector } from '../../contracts.ts'
import { integer, openFraction } from '../../core/check.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { Crew, type CrewInput, type CrewSettings, complete, ofTask } from './crew.ts'
import { meanOf } from './mean.ts'
import type { CreateMember } from './nursery.ts'
import { Watch } from './watch.ts'

/** What a {@link WatchedBag} counts. */
type Counts = { seen: number; replaced: number }

/** What leveraging and ADWIN bagging share: a bag of classifiers of which the worst is replaced when errors rise. */
export class WatchedBag {
  readonly crew: Crew
  readonly #counts: Counts
  #watch: Watch

  private constructor(crew: Crew, watch: Watch, counts: Counts) {
    this.crew = crew
    this.#watch = watch
    this.#counts = counts
  }

  static of(input: CrewInput, create: CreateMember, confidence: number): WatchedBag {
    const crew = ofTask('binary', Crew.of(input, create))
    const watch = new Watch(crew.settings.members, openFraction('confidence', confidence))
    return new WatchedBag(crew, watch, { seen: 0, replaced: 0 })
  }

  get counts(): Readonly<Counts> {
    return this.#counts
  }

  get sizeInBytes(): number {
    return this.crew.sizeInBytes + this.#watch.sizeInBytes + 16
  }

  predict(x: Vector): number {
    return meanOf(this.crew.ask(x))
  }

  /** Mean error of a member in its window. */
  errorOf(member: number): number {
    return this.#watch.errorOf(member)
  }

  /** Takes in a member's newest error. */
  see(member: number, error: number): void {
    this.#watch.see(member, error)
  }

  /** Ends an observation: everyone has learned, and the worst goes if errors have risen. */
  end(): void {
    const worst = this.#watch.toReplace()
    if (worst >= 0) this.crew.replace(worst, this.crew.fresh())
    else this.crew.changed()
    this.#counts.seen++
    if (worst >= 0) this.#counts.replaced++
  }

  pack(): JsonObject {
    return { ...this.#counts, ...this.crew.pack(), detectors: this.#watch.pack() }
  }

  /** Reads back what {@link pack} wrote. */
  static restore(
    options: CrewSettings & { readonly confidence: number },
    state: JsonObject,
    owner: string,
    restore: Restore,
  ): WatchedBag {
    const { rng: _, prototype: __, crew: ___, detectors, ...own } = state
    const counts = unpackState(own, { seen: 0, replaced: 0 })
    for (const [name, count] of Object.entries(counts)) integer(`state.${name}`, count, 0, 'CORRUPT_SNAPSHOT')
    const crew = complete(ofTask('binary', Crew.restore(options, state, owner, restore)), owner)
    return new WatchedBag(crew, Watch.restore(detectors, options.members, options.confidence, owner), counts)
  }
}
