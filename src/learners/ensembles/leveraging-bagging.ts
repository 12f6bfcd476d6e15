import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, oneOf, openFraction, positive } from '../../core/check.ts'
import { drawFlag } from '../../core/draw.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { type Crew, type CrewInput, type CrewOptions, type CrewSettings, weightOf } from './crew.ts'
import { drawPoisson } from './draws.ts'
import { misses } from './miss.ts'
import { plantTree } from './plant.ts'
import { WatchedBag } from './watched-bag.ts'

/**
 * How often a member learns from an observation: Poisson(`rate`) times; always if it is wrong about it, else with
 * probability e / (1 - e), e its error; once or never, half of the time each; 1 + Poisson(1) times; once or never, with
 * probability 1 - 1/e that of a bootstrap sample without its repeats.
 */
export type LeveragingMethod = 'poisson' | 'misclassified' | 'half' | 'without-loss' | 'subagging'

/** Options of {@link LeveragingBagging}. */
export type LeveragingBaggingOptions = CrewOptions & {
  /** How often a member learns from an observation. @defaultValue 'poisson' */
  readonly method: LeveragingMethod
  /** Mean of the counts of `'poisson'`, w. @defaultValue 6 */
  readonly rate: number
  /** ADWIN's "delta": smaller replaces members more reluctantly. @defaultValue 0.002 */
  readonly confidence: number
}

type Settings = CrewSettings & Pick<LeveragingBaggingOptions, 'method' | 'rate' | 'confidence'>

const METHODS: readonly LeveragingMethod[] = ['poisson', 'misclassified', 'half', 'without-loss', 'subagging']

/**
 * Bagging with heavier weights and a watch for drift: members differ more, and the worst goes when errors rise.
 *
 * Each member learns from each observation with a weight of its own, Poisson(6) instead of online bagging's Poisson(1).
 * An ADWIN watches each member's errors; when one of them has risen, the member with the most errors in its window is
 * replaced by a fresh one. The prediction is the members' mean.
 *
 * Errors are counted after the member has learned from the observation, as in the paper, in River and in MOA. Costs
 * what the members cost, of which each predicts twice an observation; memory is bounded by them.
 *
 * A strong choice for streams that drift, at the price of explaining itself badly. Members default to
 * {@link HoeffdingTreeClassifier} with `confidence` 0.01.
 *
 * @see A. Bifet, G. Holmes, B. Pfahringer (2010), "Leveraging bagging for evolving data streams", ECML PKDD
 *
 * @example
 * ```ts
 * const bag = new LeveragingBagging({ features: 2 })
 * bag.learn(Float64Array.of(0.3, NaN), 1)
 * const copy = restore(bag.toJSON(), [LeveragingBagging, HoeffdingTreeClassifier])
 * ```
 */
export class LeveragingBagging implements Learner {
  static readonly type: string = 'leveraging-bagging'
  static readonly version: number = 1

  readonly task = 'binary'
  readonly options: Settings
  #bag: WatchedBag

  constructor(input: CrewInput & Partial<Omit<LeveragingBaggingOptions, 'seed'>>) {
    const { create = plantTree, method = 'poisson', rate = 6, confidence = 0.002 } = input
    this.#bag = WatchedBag.of(input, create, confidence)
    this.#bag.crew.lendRefits(this)
    this.options = {
      ...this.#bag.crew.settings,
      method: oneOf('method', method, METHODS),
      rate: positive('rate', rate),
      confidence: openFraction('confidence', confidence),
    }
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
    const { crew } = this.#bag
    const { members } = crew
    const said = this.options.method === 'misclassified' ? crew.ask(x) : undefined
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!
      const count = this.#count(crew, i, said !== undefined && misses(said[i]!, y))
      if (count > 0) member.learn(x, y, weightOf(count, weight))
      this.#bag.see(i, misses(member.predict(x), y) ? 1 : 0)
    }
    this.#bag.end()
  }

  toJSON(): Snapshot {
    return snapshot(LeveragingBagging, this.options, this.#bag.pack())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): LeveragingBagging {
    const { options: saved, state } = checkSnapshot(LeveragingBagging, json)
    const template = { features: 0, members: 0, seed: '', method: '', rate: 0, confidence: 0 }
    const options = unpackState(saved, template, 'options') as Settings
    const bag = WatchedBag.restore(options, state, 'leveraging-bagging', restore)
    const learner = new LeveragingBagging({ ...options, create: bag.crew.create })
    learner.#bag = bag
    bag.crew.lendRefits(learner)
    return learner
  }

  #count({ rng }: Crew, member: number, wrong: boolean): number {
    const { method, rate } = this.options
    if (method === 'poisson') return drawPoisson(rng, rate)
    if (method === 'half') return drawFlag(rng, 0.5) ? 0 : 1
    if (method === 'without-loss') return 1 + drawPoisson(rng, 1)
    if (method === 'subagging') return drawPoisson(rng, 1) > 0 ? 1 : 0
    const error = this.#bag.errorOf(member)
    return wrong || drawFlag(rng, error / (1 - error)) ? 1 : 0
  }
}
