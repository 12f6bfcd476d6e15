import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { type CrewInput, type CrewOptions, type CrewSettings, weightOf } from './crew.ts'
import { drawPoisson } from './draws.ts'
import { misses } from './miss.ts'
import { plantTree } from './plant.ts'
import { WatchedBag } from './watched-bag.ts'

/** Options of {@link ADWINBagging}. */
export type ADWINBaggingOptions = CrewOptions & {
  /** ADWIN's "delta": smaller replaces members more reluctantly. @defaultValue 0.002 */
  readonly confidence: number
}

type Settings = CrewSettings & Pick<ADWINBaggingOptions, 'confidence'>

/**
 * Online bagging that replaces its worst member when errors rise.
 *
 * Each member learns from each observation with weight Poisson(1). An ADWIN watches each member's errors, counted after
 * it has learned; when one of them has risen, the member with the most errors in its window is replaced by a fresh one.
 * The prediction is the members' mean. Costs what the members cost.
 *
 * {@link LeveragingBagging} is the same with heavier weights, and usually the better choice. River's class of this name
 * watches correct answers instead of errors, and so replaces its best member when it improves.
 *
 * @see A. Bifet, G. Holmes, B. Pfahringer, R. Kirkby, R. Gavaldà (2009), "New ensemble methods for evolving data
 * streams", KDD
 *
 * @example
 * ```ts
 * const bag = new ADWINBagging({ features: 2, members: 5 })
 * bag.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class ADWINBagging implements Learner {
  static readonly type: string = 'adwin-bagging'
  static readonly version: number = 1

  readonly task = 'binary'
  readonly options: Settings
  #bag: WatchedBag

  constructor(input: CrewInput & Partial<Omit<ADWINBaggingOptions, 'seed'>>) {
    const { create = plantTree, confidence = 0.002 } = input
    this.#bag = WatchedBag.of(input, create, confidence)
    this.#bag.crew.lendRefits(this)
    this.options = { ...this.#bag.crew.settings, confidence }
  }

  get seen(): number {
    return this.#bag.counts.seen
  }

  /** Members replaced so far. */
  get replaced(): number {
    return this.#bag.counts.replaced
  }

  get sizeInBytes(): number {
    return this.#bag.sizeInBytes
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#bag.predict(x)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    const { members, rng } = this.#bag.crew
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!
      const count = drawPoisson(rng, 1)
      if (count > 0) member.learn(x, y, weightOf(count, weight))
      this.#bag.see(i, misses(member.predict(x), y) ? 1 : 0)
    }
    this.#bag.end()
  }

  toJSON(): Snapshot {
    return snapshot(ADWINBagging, this.options, this.#bag.pack())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): ADWINBagging {
    const { options: saved, state } = checkSnapshot(ADWINBagging, json)
    const options = unpackState(saved, { features: 0, members: 0, seed: '', confidence: 0 }, 'options')
    const bag = WatchedBag.restore(options, state, 'adwin-bagging', restore)
    const learner = new ADWINBagging({ ...options, create: bag.crew.create })
    learner.#bag = bag
    bag.crew.lendRefits(learner)
    return learner
  }
}
