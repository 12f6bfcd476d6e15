import type { Contribution, Explainable, Forgetful, Learner, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector, fraction, integer, nonNegative, positive } from '../core/check.ts'
import { clamp } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { linearContributions } from './contributions.ts'
import { descend, keptShare, linearScore, MAX_GRADIENT, squaredNorm } from './linear-kernel.ts'

/** Options of {@link LinearRegression}. */
export type LinearRegressionOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Step size η of the weights. @defaultValue 0.01 */
  readonly learningRate: number
  /** Penalty λ on squared weights, the intercept left out. @defaultValue 0 */
  readonly l2: number
  /** Step size η_b of the intercept. @defaultValue 0.01 */
  readonly interceptLearningRate: number
}

type State = { seen: number; held: number; intercept: number; weights: Float64Array }

const fresh = (features: number): State => ({ seen: 0, held: 0, intercept: 0, weights: new Float64Array(features) })

/**
 * Linear regression by stochastic gradient descent on the squared error.
 *
 *     f = b + w·x       g = 2 (f - y)       w <- w - η (g x + λ w)       b <- b - η_b g
 *
 * Where a step would carry the prediction for `x` past `y`, that is where 2 (η_b + η |x|²) exceeds 1, it is cut short
 * to land on `y`; |g| is kept below 1e12. So unscaled features and targets of any size make it slow, never divergent.
 * With features scaled to deviation 1 (a `Pipeline` with `StandardScaler`) neither bound is met, and it is number for
 * number River's `LinearRegression` with `SGD`. A missing value contributes nothing. O(d) time and memory.
 *
 * @see B. Widrow, M. Hoff (1960), "Adaptive switching circuits"
 *
 * @example
 * ```ts
 * const learner = new LinearRegression({ features: 1 })
 * for (let i = 0; i < 1000; i++) learner.learn(Float64Array.of(i % 3), 5 + 2 * (i % 3))
 * learner.predict(Float64Array.of(2)) // close to 9
 * ```
 */
export class LinearRegression implements Learner, Explainable, Forgetful {
  static readonly type: string = 'linear-regression'
  static readonly version: number = 1

  readonly task: 'regression' = 'regression'
  readonly explains: 'value' = 'value'
  readonly options: LinearRegressionOptions
  #state: State

  constructor({
    features,
    learningRate = 0.01,
    l2 = 0,
    interceptLearningRate = 0.01,
  }: Partial<LinearRegressionOptions> & Pick<LinearRegressionOptions, 'features'>) {
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

  /** The weights, copied, in units of y per unit of each feature. */
  get weights(): Float64Array {
    return this.#state.weights.slice()
  }

  /** The prediction where every feature is 0 or missing. */
  get intercept(): number {
    return this.#state.intercept
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return linearScore(this.#state.weights, this.#state.intercept, x)
  }

  /** The intercept. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#state.intercept
  }

  /** Each feature's part in the prediction, in the unit of y. */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    return linearContributions(this.#state.weights, x, 1)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, learningRate, l2, interceptLearningRate } = this.options
    checkObservation('regression', x, features, y, weight)
    const s = this.#state
    const error = linearScore(s.weights, s.intercept, x) - y
    // the share of the error that the whole step would take away
    const reach = 2 * weight * (interceptLearningRate + learningRate * squaredNorm(x))
    const full = clamp(2 * error * weight, -MAX_GRADIENT, MAX_GRADIENT)
    const gradient = reach > 1 ? full / reach : full
    s.intercept -= interceptLearningRate * gradient
    descend(s.weights, x, gradient, learningRate, l2)
    s.held++
    s.seen++
  }

  /** Shrinks the weights to what the newest `keep` targets would have taught from nothing. */
  forget(keep: number): void {
    const s = this.#state
    const share = keptShare(this.options.learningRate, s.held, integer('keep', keep, 0, 'INVALID_INPUT'))
    s.intercept *= share
    for (let i = 0; i < s.weights.length; i++) s.weights[i]! *= share
    s.held = Math.min(s.held, keep)
  }

  toJSON(): Snapshot {
    return snapshot(LinearRegression, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LinearRegression {
    const { options, state } = checkSnapshot(LinearRegression, json)
    const template = { features: 0, learningRate: 0, l2: 0, interceptLearningRate: 0 }
    const learner = new LinearRegression(unpackState(options, template, 'options'))
    learner.#state = unpackState(state, fresh(learner.options.features))
    return learner
  }
}
