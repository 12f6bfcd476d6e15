import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer, openFraction } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { Crew, type CrewInput, type CrewOptions, type CrewSettings, ofTask } from './crew.ts'
import { misses } from './miss.ts'
import { plantTree } from './plant.ts'

/** Options of {@link DynamicWeightedMajority}. */
export type DynamicWeightedMajorityOptions = CrewOptions & {
  /** Observations from one review of the members to the next, p. @defaultValue 50 */
  readonly period: number
  /** What the weight of a member that is wrong at a review is multiplied by, β. @defaultValue 0.5 */
  readonly discount: number
  /** Weight below which a member goes, of 1 for the best, θ. @defaultValue 0.01 */
  readonly leastWeight: number
}

type Settings = CrewSettings & Pick<DynamicWeightedMajorityOptions, 'period' | 'discount' | 'leastWeight'>
type State = { seen: number; weights: Float64Array }

/**
 * Members that come and go: one joins when all together are wrong, and leaves when it has been wrong too often.
 *
 * All members learn from every observation. Every `period` observations those that are wrong have their weight
 * multiplied by β, weights are scaled so that the best has 1, members below θ go, and if the weighted vote is wrong a
 * fresh member joins. `members` is the most there may be; at that many the lightest makes room.
 *
 *     p = Σ w_i p_i / Σ w_i
 *
 * So a new regime gets a learner with no past, next to those that may yet be right again. The paper counts votes, this
 * adds up probabilities, which keeps their odds. Costs what the members cost. Use it where drift is abrupt and a fresh
 * learner is soon good, as naive Bayes or a Hoeffding tree is; to weigh a fixed set of different learners take `Hedge`.
 *
 * @see J. Z. Kolter, M. A. Maloof (2007), "Dynamic weighted majority: an ensemble method for drifting concepts", Journal
 * of Machine Learning Research 8
 *
 * @example
 * ```ts
 * const majority = new DynamicWeightedMajority({ features: 2, members: 5 })
 * majority.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class DynamicWeightedMajority implements Learner {
  static readonly type: string = 'dynamic-weighted-majority'
  static readonly version: number = 1

  readonly task = 'binary'
  readonly options: Settings
  #crew: Crew
  #state: State

  constructor(input: CrewInput & Partial<Omit<DynamicWeightedMajorityOptions, 'seed'>>) {
    const { create = plantTree, period = 50, discount = 0.5, leastWeight = 0.01 } = input
    this.#crew = ofTask('binary', Crew.of(input, create)).start(1)
    const { members } = this.#crew.settings
    this.options = {
      ...this.#crew.settings,
      period: integer('period', period),
      discount: openFraction('discount', discount),
      leastWeight: openFraction('leastWeight', leastWeight),
    }
    this.#state = { seen: 0, weights: new Float64Array(members) }
    this.#state.weights[0] = 1
    this.#crew.lendRefits(this)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Members at present. */
  get size(): number {
    return this.#crew.members.length
  }

  /** The present members' weights, copied; the newest stands last. */
  get weights(): Float64Array {
    return this.#state.weights.slice(0, this.size)
  }

  get sizeInBytes(): number {
    return this.#crew.sizeInBytes + this.#state.weights.byteLength + 8
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#mix(this.#crew.ask(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    this.#state.seen++
    if (this.#state.seen % this.options.period === 0) this.#review(this.#crew.ask(x), y)
    for (const member of this.#crew.members) member.learn(x, y, weight)
    this.#crew.changed()
  }

  toJSON(): Snapshot {
    return snapshot(DynamicWeightedMajority, this.options, { ...this.#state, ...this.#crew.pack() })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): DynamicWeightedMajority {
    const { options: saved, state } = checkSnapshot(DynamicWeightedMajority, json)
    const template = { features: 0, members: 0, seed: '', period: 0, discount: 0, leastWeight: 0 }
    const options = unpackState(saved, template, 'options')
    const owner = DynamicWeightedMajority.type
    const crew = ofTask('binary', Crew.restore(options, state, owner, restore))
    const learner = new DynamicWeightedMajority({ ...options, create: crew.create })
    const { rng: _, prototype: __, crew: ___, ...own } = state
    learner.#crew = crew
    crew.lendRefits(learner)
    learner.#state = checkWeights(unpackState(own, learner.#state), crew.members.length)
    return learner
  }

  #mix(answers: Float64Array): number {
    const { weights } = this.#state
    const n = this.size
    let sum = 0
    let total = 0
    for (let i = 0; i < n; i++) {
      sum += weights[i]! * answers[i]!
      total += weights[i]!
    }
    return Math.min(sum / total, 1)
  }

  /** Discounts, dismisses and hires. */
  #review(answers: Float64Array, y: number): void {
    const { weights } = this.#state
    const { members } = this.#crew
    const { discount, leastWeight } = this.options

    // who was wrong?
    let best = 0
    for (let i = 0; i < members.length; i++) {
      if (misses(answers[i]!, y)) weights[i]! *= discount
      best = Math.max(best, weights[i]!)
    }
    const wrong = misses(this.#mix(answers), y)

    // of 1 for the best; the lightest ones go
    for (let i = 0; i < members.length; i++) weights[i]! /= best
    for (let i = members.length - 1; i >= 0; i--) if (weights[i]! < leastWeight) this.#dismiss(i)

    if (!wrong) return
    if (members.length === this.options.members) this.#dismiss(lightestOf(weights, members.length))
    weights[members.length] = 1
    members.push(this.#crew.fresh())
  }

  #dismiss(at: number): void {
    const { weights } = this.#state
    this.#crew.members.splice(at, 1)
    weights.copyWithin(at, at + 1)
    weights[weights.length - 1] = 0
  }
}

/** The first of the lightest. */
function lightestOf(weights: Float64Array, n: number): number {
  let lightest = 0
  for (let i = 1; i < n; i++) if (weights[i]! < weights[lightest]!) lightest = i
  return lightest
}

function checkWeights(state: State, members: number): State {
  integer('state.seen', state.seen, 0, 'CORRUPT_SNAPSHOT')
  if (state.weights.every((weight, i) => (i < members ? weight > 0 && weight <= 1 : weight === 0))) return state
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A "${DynamicWeightedMajority.type}" snapshot must have weights above 0 and up to 1 for its ${members} members alone, got others.`,
  )
}
