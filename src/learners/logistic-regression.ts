import type { Contribution, Explainable, Forgetful, Learner, Sized, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector } from '../core/check.ts'
import { clamp, sigmoid } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { linearContributions } from './contributions.ts'
import { linearScore, MAX_GRADIENT } from './linear/kernel.ts'
import {
  forgetLinear,
  freshLinear,
  type LinearInput,
  type LinearOptions,
  type LinearState,
  learningScore,
  resolveLinear,
  sizeOfLinear,
  stepLinear,
  unpackLinearOptions,
  unpackSeenLinear,
} from './linear/linear-model.ts'

/** Options of {@link LogisticRegression}. */
export type LogisticRegressionOptions = LinearOptions

type State = LinearState & { seen: number }

/**
 * Logistic regression by stochastic gradient descent, or a better optimizer: one small step downhill per label.
 *
 *     p = 1 / (1 + e^-(b + w·x))       w <- w - η ((p - y) x + λ w)       b <- b - η_b (p - y)
 *
 * O(d) time and memory. Give it scaled features (a `Pipeline` with `StandardScaler`): unscaled ones make it useless.
 * A missing value contributes nothing. It needs thousands of labels; for hundreds take
 * `BayesianLogisticRegression`. Number for number River's `LogisticRegression` with `SGD`, `AdaGrad` or `Adam`; the
 * papers of the optimizers stand at {@link LinearRegression}.
 *
 * @see L. Bottou (1998), "Online learning and stochastic approximations"
 *
 * @example
 * ```ts
 * const learner = new LogisticRegression({ features: 2, optimizer: 'adam' })
 * learner.learn(Float64Array.of(1, -1), 1)
 * learner.predict(Float64Array.of(1, -1)) // above 0.5
 * ```
 */
export class LogisticRegression implements Learner, Explainable, Forgetful, Sized {
  static readonly type: string = 'logistic-regression'
  static readonly version: number = 2

  readonly task: 'binary' = 'binary'
  readonly explains: 'log-odds' = 'log-odds'
  readonly options: LogisticRegressionOptions
  #state: State

  constructor(options: LinearInput) {
    this.options = resolveLinear(options)
    this.#state = { seen: 0, ...freshLinear(this.options) }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    return sizeOfLinear(this.#state)
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
    return sigmoid(linearScore(this.#state.weights, this.#state.intercept, x))
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
    const { options } = this
    checkObservation('binary', x, options.features, y, weight)
    const s = this.#state
    const p = sigmoid(learningScore(options, s, x))
    stepLinear(options, s, x, clamp((p - y) * weight, -MAX_GRADIENT, MAX_GRADIENT))
    s.seen++
  }

  /** Shrinks the weights to what the newest `keep` labels would have taught from nothing. */
  forget(keep: number): void {
    forgetLinear(this.options, this.#state, keep)
  }

  toJSON(): Snapshot {
    return snapshot(LogisticRegression, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LogisticRegression {
    const learner = new LogisticRegression(unpackLinearOptions(checkSnapshot(LogisticRegression, json)))
    learner.#state = unpackSeenLinear(json, learner.options)
    return learner
  }
}
