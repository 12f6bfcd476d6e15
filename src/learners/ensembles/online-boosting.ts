import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer, oneOf, openFraction } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { Crew, type CrewInput, type CrewOptions, type CrewSettings, complete, ofTask, weightOf } from './crew.ts'
import { drawPoisson } from './draws.ts'
import { misses } from './miss.ts'
import { plantTree } from './plant.ts'
import { Watch } from './watch.ts'

/** Options of {@link OnlineBoosting}. */
export type OnlineBoostingOptions = CrewOptions & {
  /** What happens when a member's errors rise: the worst is replaced, or nothing. @defaultValue 'replace' */
  readonly onDrift: 'replace' | 'ignore'
  /** ADWIN's "delta" for that. @defaultValue 0.002 */
  readonly confidence: number
}

type Settings = CrewSettings & Pick<OnlineBoostingOptions, 'onDrift' | 'confidence'>
type State = { seen: number; replaced: number; right: Float64Array; wrong: Float64Array }

const fresh = (members: number): State => ({
  seen: 0,
  replaced: 0,
  right: new Float64Array(members),
  wrong: new Float64Array(members),
})

/** λ is kept below this: a row that a row of good members all miss would otherwise outweigh all others. */
const HEAVIEST = 100
/** Sums of weights lie between these, so that their sum stays finite and their quotients are numbers. */
const SMALLEST = 1e-300
const LARGEST = 1e300
/** Shares of errors count as no smaller, so that a member without any has a finite vote; River's number, of a sum there. */
const LEAST_ERROR = 1e-16

/**
 * Boosting for streams: each member learns most from what those before it got wrong.
 *
 * An observation starts with λ = 1 and passes from member to member. Each learns from it with weight Poisson(λ); where
 * it is still wrong afterwards, λ rises for the next, else it falls, such that right and wrong answers have weighed the
 * same in the past. Members vote by the log-odds of having been right:
 *
 *     right:  S+ <- S+ + λ,  λ <- λ (S+ + S-) / 2 S+        ε = S- / (S+ + S-)
 *     wrong:  S- <- S- + λ,  λ <- λ (S+ + S-) / 2 S-        p = Σ w_i p_i / Σ w_i,  w = ln((1 - ε) / ε)
 *
 * A member that is worse than a coin has no vote. λ stays below 100. An ADWIN on each member's errors finds drift, upon
 * which the worst member starts anew. Costs what the members cost, of which each predicts twice an observation.
 *
 * Gets more out of weak members than bagging, and answers worse to noise in the labels.
 *
 * @see N. C. Oza, S. Russell (2001), "Online bagging and boosting", AISTATS
 *
 * @example
 * ```ts
 * const boosted = new OnlineBoosting({ features: 2, members: 5 })
 * boosted.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class OnlineBoosting implements Learner {
  static readonly type: string = 'online-boosting'
  static readonly version: number = 1

  readonly task = 'binary'
  readonly options: Settings
  #crew: Crew
  #watch: Watch
  #state: State

  constructor(input: CrewInput & Partial<Omit<OnlineBoostingOptions, 'seed'>>) {
    const { create = plantTree, onDrift = 'replace', confidence = 0.002 } = input
    this.#crew = ofTask('binary', Crew.of(input, create))
    const { members } = this.#crew.settings
    this.options = {
      ...this.#crew.settings,
      onDrift: oneOf('onDrift', onDrift, ['replace', 'ignore']),
      confidence: openFraction('confidence', confidence),
    }
    this.#watch = new Watch(members, confidence)
    this.#state = fresh(members)
    this.#crew.lendRefits(this)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Members replaced so far. */
  get replaced(): number {
    return this.#state.replaced
  }

  get sizeInBytes(): number {
    return this.#crew.sizeInBytes + this.#watch.sizeInBytes + 16 + 2 * this.#state.right.byteLength
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const answers = this.#crew.ask(x)
    let sum = 0
    let total = 0
    let mean = 0
    for (let i = 0; i < answers.length; i++) {
      const weight = this.#voteOf(i)
      sum += weight * answers[i]!
      total += weight
      mean += answers[i]! / answers.length
    }
    return Math.min(total > 0 ? sum / total : mean, 1)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    const { members, rng } = this.#crew
    const { right, wrong } = this.#state
    const watched = this.options.onDrift === 'replace'
    let lambda = 1
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!
      const count = drawPoisson(rng, lambda)
      if (count > 0) member.learn(x, y, weightOf(count, weight))
      const hit = !misses(member.predict(x), y)
      const sums = hit ? right : wrong
      sums[i] = clamp(sums[i]! + lambda * weight, SMALLEST, LARGEST)
      lambda = Math.min((lambda * (right[i]! + wrong[i]!)) / (2 * sums[i]!), HEAVIEST)
      if (watched) this.#watch.see(i, hit ? 0 : 1)
    }
    this.#crew.changed()
    this.#state.seen++
    if (watched) this.#replaceWorst()
  }

  toJSON(): Snapshot {
    const state = { ...this.#state, ...this.#crew.pack(), detectors: this.#watch.pack() }
    return snapshot(OnlineBoosting, this.options, state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): OnlineBoosting {
    const { options: saved, state } = checkSnapshot(OnlineBoosting, json)
    const template = { features: 0, members: 0, seed: '', onDrift: '', confidence: 0 }
    const options = unpackState(saved, template, 'options') as Settings
    const owner = OnlineBoosting.type
    const crew = complete(ofTask('binary', Crew.restore(options, state, owner, restore)), owner)
    const learner = new OnlineBoosting({ ...options, create: crew.create })
    const { rng: _, prototype: __, crew: ___, detectors, ...own } = state
    learner.#crew = crew
    crew.lendRefits(learner)
    learner.#watch = Watch.restore(detectors, options.members, options.confidence, owner)
    learner.#state = checkSums(unpackState(own, fresh(options.members)))
    return learner
  }

  #voteOf(member: number): number {
    const { right, wrong } = this.#state
    const total = right[member]! + wrong[member]!
    if (total === 0) return 0
    const error = Math.max(wrong[member]! / total, LEAST_ERROR)
    return error < 0.5 ? Math.log((1 - error) / error) : 0
  }

  #replaceWorst(): void {
    const worst = this.#watch.toReplace()
    if (worst < 0) return
    this.#crew.replace(worst, this.#crew.fresh())
    this.#state.right[worst] = 0
    this.#state.wrong[worst] = 0
    this.#state.replaced++
  }
}

function checkSums(state: State): State {
  integer('state.seen', state.seen, 0, 'CORRUPT_SNAPSHOT')
  integer('state.replaced', state.replaced, 0, 'CORRUPT_SNAPSHOT')
  if ([...state.right, ...state.wrong].every((sum) => sum >= 0 && sum <= LARGEST)) return state
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    'Saved sums of weights must be finite numbers of at least 0, got others.',
  )
}
