import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer, positive } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { Crew, type CrewInput, type CrewOptions, type CrewSettings, complete, weightOf } from './crew.ts'
import { drawPoisson } from './draws.ts'
import { meanOf } from './mean.ts'
import { plantTree } from './plant.ts'

/** Options of {@link OnlineBagging}. */
export type OnlineBaggingOptions = CrewOptions & {
  /** Mean of the counts with which members learn, λ. @defaultValue 1 */
  readonly rate: number
}

type Settings = CrewSettings & Pick<OnlineBaggingOptions, 'rate'>

/**
 * Bagging for streams: many learners of one kind, each on its own random weighting of the past, and their mean.
 *
 * A bootstrap sample holds each observation about Poisson(1) times. So each member learns from each observation with
 * weight k ~ Poisson(λ), and not at all where k is 0. What single members get wrong by the luck of the draw averages
 * out. Costs what the members cost; works for classifiers and regressions alike, and can `refit` when its members can.
 *
 * It forgets nothing: {@link LeveragingBagging} and {@link AdaptiveRandomForest} replace members that have outlived
 * themselves.
 *
 * @see N. C. Oza, S. Russell (2001), "Online bagging and boosting", AISTATS
 *
 * @example
 * ```ts
 * const bag = new OnlineBagging({ features: 2, create: (_seed, features) => new LinearRegression({ features }) })
 * bag.learn(Float64Array.of(1, -1), 0.02)
 * ```
 */
export class OnlineBagging implements Learner {
  static readonly type: string = 'online-bagging'
  static readonly version: number = 1

  readonly options: Settings
  #crew: Crew
  #state = { seen: 0 }

  constructor(input: CrewInput & Partial<Omit<OnlineBaggingOptions, 'seed'>>) {
    const { create = plantTree, rate = 1 } = input
    this.#crew = Crew.of(input, create)
    this.options = { ...this.#crew.settings, rate: positive('rate', rate) }
    this.#crew.lendRefits(this)
  }

  get task(): Learner['task'] {
    return this.#crew.task
  }

  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    return this.#crew.sizeInBytes + 8
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return meanOf(this.#crew.ask(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.task, x, this.options.features, y, weight)
    const { members, rng } = this.#crew
    const { rate } = this.options
    for (let i = 0; i < members.length; i++) {
      const count = drawPoisson(rng, rate)
      if (count > 0) members[i]!.learn(x, y, weightOf(count, weight))
    }
    this.#crew.changed()
    this.#state.seen++
  }

  toJSON(): Snapshot {
    return snapshot(OnlineBagging, this.options, { ...this.#state, ...this.#crew.pack() })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): OnlineBagging {
    const { options: saved, state } = checkSnapshot(OnlineBagging, json)
    const options = unpackState(saved, { features: 0, members: 0, seed: '', rate: 0 }, 'options')
    const { rng: _, prototype: __, crew: ___, ...own } = state
    const { seen } = unpackState(own, { seen: 0 })
    const crew = complete(Crew.restore(options, state, 'online-bagging', restore), 'online-bagging')
    const learner = new OnlineBagging({ ...options, create: crew.create })
    learner.#crew = crew
    learner.#state = { seen: integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT') }
    crew.lendRefits(learner)
    return learner
  }
}
