import type { Contribution, Explainable, Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector } from '../../core/check.ts'
import { sigmoid } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { linearContributions } from '../contributions.ts'
import {
  freshPassiveAggressive,
  type PassiveAggressiveInput,
  type PassiveAggressiveOptions,
  type PassiveAggressiveState,
  resolvePassiveAggressive,
  scoreOf,
  sizeOfPassiveAggressive,
  stepPassiveAggressive,
  unpackPassiveAggressive,
} from './passive-aggressive.ts'

/**
 * A linear classifier that changes nothing while it is right by a margin, and otherwise just enough to be so.
 *
 *     f = b + w·x       loss = max(0, 1 - s f),  s = 2 y - 1       w <- w + τ s x
 *     τ = loss / |x|² (PA),   min(C, loss / |x|²) (PA-I),   loss / (|x|² + 1 / (2 C)) (PA-II)
 *
 * It follows a moving world at once, and noise too. Its probability is the logistic function of f, as in River: a score,
 * to be calibrated where it counts (`OnlineCalibration`). O(d) time and memory. Give it scaled features. A missing value
 * contributes nothing. With a `'free'` intercept it is number for number River's `PAClassifier`.
 *
 * @see K. Crammer, O. Dekel, J. Keshet, S. Shalev-Shwartz, Y. Singer (2006), "Online passive-aggressive algorithms",
 *   JMLR 7
 *
 * @example
 * ```ts
 * const learner = new PassiveAggressiveClassifier({ features: 2, aggressiveness: 0.1 })
 * learner.learn(Float64Array.of(1, -1), 1)
 * learner.predict(Float64Array.of(1, -1)) // above 0.5
 * ```
 */
export class PassiveAggressiveClassifier implements Learner, Explainable, Sized {
  static readonly type: string = 'passive-aggressive-classifier'
  static readonly version: number = 1

  readonly task: 'binary' = 'binary'
  readonly explains: 'log-odds' = 'log-odds'
  readonly options: PassiveAggressiveOptions
  #state: PassiveAggressiveState

  constructor(options: PassiveAggressiveInput) {
    this.options = resolvePassiveAggressive(options)
    this.#state = freshPassiveAggressive(this.options.features)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    return sizeOfPassiveAggressive(this.#state)
  }

  /** The weights, copied, in log-odds per unit of each feature. */
  get weights(): Float64Array {
    return this.#state.weights.slice()
  }

  /** The log-odds where every feature is 0 or missing. */
  get intercept(): number {
    return this.#state.intercept
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return sigmoid(scoreOf(this.#state, x))
  }

  /** The intercept. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#state.intercept
  }

  /** Each feature's part in the log-odds. */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    return linearContributions(this.#state.weights, x, 1)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    const side = y === 1 ? 1 : -1
    const loss = 1 - side * scoreOf(this.#state, x)
    stepPassiveAggressive(this.options, this.#state, x, loss, side, weight)
  }

  toJSON(): Snapshot {
    return snapshot(PassiveAggressiveClassifier, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PassiveAggressiveClassifier {
    const { options, state } = checkSnapshot(PassiveAggressiveClassifier, json)
    const template = resolvePassiveAggressive({ features: 1 })
    const learner = new PassiveAggressiveClassifier(unpackState(options, template, 'options'))
    learner.#state = unpackPassiveAggressive(state, learner.options.features)
    return learner
  }
}
