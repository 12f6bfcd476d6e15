import type { Contribution, Explainable, Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, nonNegative } from '../../core/check.ts'
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

/** Options of {@link PassiveAggressiveRegressor}. */
export type PassiveAggressiveRegressorOptions = PassiveAggressiveOptions & {
  /** Error that is let pass, in the unit of y, ε. @defaultValue 0.1, as in River: set it to the scale of your targets */
  readonly tolerance: number
}

/**
 * A linear regression that changes nothing while it is right within a tolerance, and otherwise just enough to be so.
 *
 *     f = b + w·x       loss = max(0, |y - f| - ε)       w <- w + τ sign(y - f) x
 *     τ = loss / |x|² (PA),   min(C, loss / |x|²) (PA-I),   loss / (|x|² + 1 / (2 C)) (PA-II)
 *
 * It follows a moving world at once, and noise too. O(d) time and memory. Give it scaled features, and a tolerance and
 * an aggressiveness in the scale of the targets. A missing value contributes nothing.
 *
 * @see K. Crammer, O. Dekel, J. Keshet, S. Shalev-Shwartz, Y. Singer (2006), "Online passive-aggressive algorithms",
 *   JMLR 7
 *
 * @example
 * ```ts
 * const learner = new PassiveAggressiveRegressor({ features: 1, tolerance: 0.01 })
 * for (let i = 0; i < 1000; i++) learner.learn(Float64Array.of(i % 3), 5 + 2 * (i % 3))
 * learner.predict(Float64Array.of(2)) // close to 9
 * ```
 */
export class PassiveAggressiveRegressor implements Learner, Explainable, Sized {
  static readonly type: string = 'passive-aggressive-regressor'
  static readonly version: number = 1

  readonly task: 'regression' = 'regression'
  readonly explains: 'value' = 'value'
  readonly options: PassiveAggressiveRegressorOptions
  #state: PassiveAggressiveState

  constructor({
    tolerance = 0.1,
    ...options
  }: PassiveAggressiveInput & Partial<Pick<PassiveAggressiveRegressorOptions, 'tolerance'>>) {
    this.options = { ...resolvePassiveAggressive(options), tolerance: nonNegative('tolerance', tolerance) }
    this.#state = freshPassiveAggressive(this.options.features)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    return sizeOfPassiveAggressive(this.#state)
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
    return scoreOf(this.#state, x)
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
    checkObservation('regression', x, this.options.features, y, weight)
    const miss = y - scoreOf(this.#state, x)
    const loss = Math.abs(miss) - this.options.tolerance
    stepPassiveAggressive(this.options, this.#state, x, loss, miss > 0 ? 1 : -1, weight)
  }

  toJSON(): Snapshot {
    return snapshot(PassiveAggressiveRegressor, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PassiveAggressiveRegressor {
    const { options, state } = checkSnapshot(PassiveAggressiveRegressor, json)
    const template = { ...resolvePassiveAggressive({ features: 1 }), tolerance: 0 }
    const learner = new PassiveAggressiveRegressor(unpackState(options, template, 'options'))
    learner.#state = unpackPassiveAggressive(state, learner.options.features)
    return learner
  }
}
