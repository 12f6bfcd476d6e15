import type { Contribution, Explainable, Forgetful, Learner, Sized, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector } from '../core/check.ts'
import { clamp } from '../core/math.ts'
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
  reachOf,
  resolveLinear,
  sizeOfLinear,
  stepLinear,
  unpackLinearOptions,
  unpackSeenLinear,
} from './linear/linear-model.ts'

/** Options of {@link LinearRegression}. */
export type LinearRegressionOptions = LinearOptions

type State = LinearState & { seen: number }

/**
 * Linear regression by stochastic gradient descent, or a better optimizer, on the squared error.
 *
 *     f = b + w·x       g = 2 (f - y)       w <- w - η (g x + λ w)       b <- b - η_b g
 *
 * Where a step would carry the prediction for `x` past `y`, that is where 2 (η_b + η |x|²) exceeds 1, it is cut short
 * to land on `y`; |g| is kept below 1e12. So unscaled features and targets of any size make it slow, never divergent.
 * With features scaled to deviation 1 (a `Pipeline` with `StandardScaler`) neither bound is met, and it is number for
 * number River's `LinearRegression` with `SGD`, `AdaGrad` or `Adam`. A missing value contributes nothing. O(d) time and
 * memory.
 *
 * @see B. Widrow, M. Hoff (1960), "Adaptive switching circuits"
 * @see J. Duchi, E. Hazan, Y. Singer (2011), "Adaptive subgradient methods", JMLR 12 (`'adagrad'`)
 * @see D. P. Kingma, J. Ba (2015), "Adam: a method for stochastic optimization", ICLR
 * @see H. B. McMahan et al. (2013), "Ad click prediction: a view from the trenches", KDD (`'ftrl'`)
 * @see B. T. Polyak, A. B. Juditsky (1992), "Acceleration of stochastic approximation by averaging" (`'averaged'`)
 *
 * @example
 * ```ts
 * const learner = new LinearRegression({ features: 1 })
 * for (let i = 0; i < 1000; i++) learner.learn(Float64Array.of(i % 3), 5 + 2 * (i % 3))
 * learner.predict(Float64Array.of(2)) // close to 9
 * ```
 */
export class LinearRegression implements Learner, Explainable, Forgetful, Sized {
  static readonly type: string = 'linear-regression'
  static readonly version: number = 2

  readonly task: 'regression' = 'regression'
  readonly explains: 'value' = 'value'
  readonly options: LinearRegressionOptions
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
    const { options } = this
    checkObservation('regression', x, options.features, y, weight)
    const s = this.#state
    const error = learningScore(options, s, x) - y
    // the share of the error that the whole step would take away
    const reach = 2 * weight * reachOf(options, s, x)
    const full = clamp(2 * error * weight, -MAX_GRADIENT, MAX_GRADIENT)
    stepLinear(options, s, x, reach > 1 ? full / reach : full)
    s.seen++
  }

  /** Shrinks the weights to what the newest `keep` targets would have taught from nothing. */
  forget(keep: number): void {
    forgetLinear(this.options, this.#state, keep)
  }

  toJSON(): Snapshot {
    return snapshot(LinearRegression, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LinearRegression {
    const learner = new LinearRegression(unpackLinearOptions(checkSnapshot(LinearRegression, json)))
    learner.#state = unpackSeenLinear(json, learner.options)
    return learner
  }
}
