import type { Contribution, Explainable, Forgetful, Learner, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector, fraction, integer, nonNegative, positive } from '../core/check.ts'
import { clamp, sigmoid } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { linearContributions } from './contributions.ts'
import { descend, keptShare, linearScore, MAX_GRADIENT } from './linear-kernel.ts'

/** Options of {@link LogisticRegression}. */
export type LogisticRegressionOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Step size η of the weights. @defaultValue 0.01 */
  readonly learningRate: number
  /** Penalty λ on squared weights, the intercept left out. @defaultValue 0 */
  readonly l2: number
  /** Step size of the intercept. @defaultValue 0.01 */
  readonly interceptLearningRate: number
}

type State = { seen: number; held: number; intercept: number; weights: Float64Array }

const fresh = (features: number): State => ({ seen: 0, held: 0, intercept: 0, weights: new Float64Array(features) })

/**
 * Logistic regression by stochastic gradient descent: one small step downhill per label.
 *
 *     p = 1 / (1 + e^-(b + w·x))       w <- w - η ((p - y) x + λ w)       b <- b - η_b (p - y)
 *
 * O(d) time and memory. Give it scaled features (a `Pipeline` with `StandardScaler`): unscaled ones make it useless.
 * A missing value contributes nothing. It needs thousands of labels; for hundreds take
 * `BayesianLogisticRegression`. Number for number River's `LogisticRegression` with `SGD`.
 *
 * @see L. Bottou (1998), "Online learning and stochastic approximations"
 *
 * @example
 * ```ts
 * const learner = new LogisticRegression({ features: 2, learningRate: 0.1 })
 * learner.learn(Float64Array.of(1, -1), 1)
 * learner.predict(Float64Array.of(1, -1)) // above 0.5
 * ```
 */
export class LogisticRegression implements Learner, Explainable, Forgetful {
  static readonly type: string = 'logistic-regression'
  static readonly version: number = 1

  readonly task: 'binary' = 'binary'
  readonly explains: 'log-odds' = 'log-odds'
  readonly options: LogisticRegressionOptions
  #state: State

  constructor({
    features,
    learningRate = 0.01,
    l2 = 0,
    interceptLearningRate = 0.01,
  }: Partial<LogisticRegressionOptions> & Pick<LogisticRegressionOptions, 'features'>) {
    this.options = {
      features: integer('features', features),
      learningRate: positive('learningRate', learningRate),
      l2: nonNegative('l2', l2),
      interceptLearningRate: nonNegative('interceptLearningRate', interceptLearningRate),
    }
    // beyond 1 the penalty would throw weights across zero, ever further
    fraction('learningRate * l2', learningRate * l2)
    this.#state = fresh(features)
  }

  get seen(): number {
    return this.#state.seen
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
    const { features, learningRate, l2, interceptLearningRate } = this.options
    checkObservation('binary', x, features, y, weight)
    const s = this.#state
    const p = sigmoid(linearScore(s.weights, s.intercept, x))
    const gradient = clamp((p - y) * weight, -MAX_GRADIENT, MAX_GRADIENT)
    s.intercept -= interceptLearningRate * gradient
    descend(s.weights, x, gradient, learningRate, l2)
    s.held++
    s.seen++
  }

  /** Shrinks the weights to what the newest `keep` labels would have taught from nothing. */
  forget(keep: number): void {
    const s = this.#state
    const share = keptShare(this.options.learningRate, s.held, integer('keep', keep, 0, 'INVALID_INPUT'))
    s.intercept *= share
    for (let i = 0; i < s.weights.length; i++) s.weights[i]! *= share
    s.held = Math.min(s.held, keep)
  }

  toJSON(): Snapshot {
    return snapshot(LogisticRegression, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LogisticRegression {
    const { options, state } = checkSnapshot(LogisticRegression, json)
    const template = { features: 0, learningRate: 0, l2: 0, interceptLearningRate: 0 }
    const learner = new LogisticRegression(unpackState(options, template, 'options'))
    learner.#state = unpackState(state, fresh(learner.options.features))
    return learner
  }
}
