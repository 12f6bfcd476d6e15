import type { Contribution, Explainable, Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, openFraction, positive } from '../../core/check.ts'
import { sigmoid } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkNumbers, corrupt, count } from '../checks.ts'
import { linearContributions } from '../contributions.ts'
import { addScaled, linearScore, MAX_WEIGHT, squaredNorm } from './kernel.ts'

/** Options of {@link ALMA}. */
export type AlmaOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** How near to the largest margin it aims, α: nearer with a smaller one, after more corrections. @defaultValue 0.9 */
  readonly approximation: number
  /** Scale of the margin aimed at, B. @defaultValue 1 / approximation */
  readonly marginScale: number
  /** Scale of the steps, C. @defaultValue √2 */
  readonly stepScale: number
}

type State = { seen: number; corrections: number; weights: Float64Array }

const fresh = (features: number): State => ({ seen: 0, corrections: 0, weights: new Float64Array(features) })

/**
 * A perceptron that aims at a large margin: weights of length 1 at most, and steps that shorten with every correction.
 *
 * At its k-th correction, k from 1, with s = 2 y - 1:
 *
 *     correct if s w·x < (1 - α) B / √k       w <- w + C / √k · s x       w <- w / max(1, |w|)
 *
 * Steps shorten with corrections, not with time, so it goes on following a world that moves. There is no intercept: add
 * a feature that is always 1 where the classes are uneven. Its probability is the logistic function of w·x, as in
 * River: a score, to be calibrated where it counts. O(d) time and memory. Give it scaled features. A missing value
 * contributes nothing. This is the algorithm for the Euclidean norm, p = 2, and number for number River's
 * `ALMAClassifier`; an observation's weight multiplies its step.
 *
 * @see C. Gentile (2001), "A new approximate maximal margin classification algorithm", JMLR 2
 *
 * @example
 * ```ts
 * const learner = new ALMA({ features: 2 })
 * learner.learn(Float64Array.of(1, -1), 1)
 * learner.predict(Float64Array.of(1, -1)) // above 0.5
 * ```
 */
export class ALMA implements Learner, Explainable, Sized {
  static readonly type: string = 'alma'
  static readonly version: number = 1

  readonly task: 'binary' = 'binary'
  readonly explains: 'log-odds' = 'log-odds'
  readonly options: AlmaOptions
  #state: State

  constructor({
    features,
    approximation = 0.9,
    marginScale = 1 / approximation,
    stepScale = Math.SQRT2,
  }: Partial<AlmaOptions> & Pick<AlmaOptions, 'features'>) {
    this.options = {
      features: count('features', features),
      approximation: openFraction('approximation', approximation),
      marginScale: positive('marginScale', marginScale),
      stepScale: positive('stepScale', stepScale),
    }
    this.#state = fresh(features)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    return this.#state.weights.byteLength + 16
  }

  /** The weights, copied: of length 1 at most. */
  get weights(): Float64Array {
    return this.#state.weights.slice()
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return sigmoid(linearScore(this.#state.weights, 0, x))
  }

  /** 0: there is no intercept. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    return 0
  }

  /** Each feature's part in the log-odds. */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    return linearContributions(this.#state.weights, x, 1)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, approximation, marginScale, stepScale } = this.options
    checkObservation('binary', x, features, y, weight)
    const s = this.#state
    const side = y === 1 ? 1 : -1
    const root = Math.sqrt(s.corrections + 1)
    s.seen++
    if (!(side * linearScore(s.weights, 0, x) < ((1 - approximation) * marginScale) / root)) return

    addScaled(s.weights, x, side * Math.min((stepScale / root) * weight, MAX_WEIGHT))
    const length = Math.sqrt(squaredNorm(s.weights))
    if (length > 1) for (let i = 0; i < features; i++) s.weights[i]! /= length
    s.corrections++
  }

  toJSON(): Snapshot {
    return snapshot(ALMA, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ALMA {
    const { options, state } = checkSnapshot(ALMA, json)
    const template = { features: 0, approximation: 0, marginScale: 0, stepScale: 0 }
    const learner = new ALMA(unpackState(options, template, 'options'))
    const { features } = learner.options
    const read = unpackState(state, { ...fresh(0) })
    for (const key of ['seen', 'corrections'] as const) {
      const value = read[key]
      if (!Number.isSafeInteger(value) || value < 0) corrupt(`state.${key}`, 'a whole number of at least 0', value)
    }
    checkNumbers('state.weights', read.weights, features)
    learner.#state = read
    return learner
  }
}
