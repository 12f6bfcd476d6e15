import type { JsonValue, Vector } from '../../contracts.ts'
import { oneOf, positive } from '../../core/check.ts'
import { clamp } from '../../core/math.ts'
import { unpackState } from '../../core/state.ts'
import { checkNumbers, corrupt, count } from '../checks.ts'
import { addScaled, linearScore, MAX_WEIGHT, squaredNorm } from './kernel.ts'

/** How far a passive-aggressive step goes. */
export type AggressiveStep = 'PA' | 'PA-I' | 'PA-II'

/** Options that {@link PassiveAggressiveClassifier} and {@link PassiveAggressiveRegressor} share. */
export type PassiveAggressiveOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /**
   * `'PA'` goes all the way, `'PA-I'` at most C, `'PA-II'` less the larger 1 / C is; noise wants one of the latter two.
   * @defaultValue 'PA-I'
   */
  readonly step: AggressiveStep
  /** How much one observation may change, C; no matter to `'PA'`. @defaultValue 1 */
  readonly aggressiveness: number
  /**
   * `'feature'` counts it as a feature that is always 1, as the paper says; `'free'` moves it with the weights but leaves
   * it out of the length of x, as River does, so that steps overshoot, without bound where x is near 0 and the step is
   * `'PA'`: bolder probabilities, for labels that are easy; `'none'` leaves it at 0. @defaultValue 'feature'
   */
  readonly intercept: 'free' | 'feature' | 'none'
}

/** What the constructors take: `features`, and whatever differs from the defaults. */
export type PassiveAggressiveInput = Partial<PassiveAggressiveOptions> & Pick<PassiveAggressiveOptions, 'features'>

export type PassiveAggressiveState = { seen: number; intercept: number; weights: Float64Array }

/** Checks the options and fills in the defaults. */
export function resolvePassiveAggressive({
  features,
  step = 'PA-I',
  aggressiveness = 1,
  intercept = 'feature',
}: PassiveAggressiveInput): PassiveAggressiveOptions {
  return {
    features: count('features', features),
    step: oneOf('step', step, ['PA', 'PA-I', 'PA-II']),
    aggressiveness: positive('aggressiveness', aggressiveness),
    intercept: oneOf('intercept', intercept, ['free', 'feature', 'none']),
  }
}

export function freshPassiveAggressive(features: number): PassiveAggressiveState {
  return { seen: 0, intercept: 0, weights: new Float64Array(features) }
}

export function scoreOf({ weights, intercept }: PassiveAggressiveState, x: Vector): number {
  return linearScore(weights, intercept, x)
}

/**
 * Moves the weights along `direction` times x by τ, which makes up for `loss` as far as the options let it. An
 * observation's `weight` is one on its loss, and so multiplies C.
 */
export function stepPassiveAggressive(
  options: PassiveAggressiveOptions,
  s: PassiveAggressiveState,
  x: Vector,
  loss: number,
  direction: number,
  weight: number,
): void {
  const { step, intercept } = options
  s.seen++
  if (!(loss > 0)) return
  const cap = Math.min(options.aggressiveness * weight, Number.MAX_VALUE)
  const norm = squaredNorm(x) + (intercept === 'feature' ? 1 : 0)
  // a vector of zeros could be stretched for ever; one beyond all bounds moves nothing
  let tau = norm > 0 ? loss / norm : 0
  if (step === 'PA-I') tau = Math.min(cap, tau)
  if (step === 'PA-II') tau = loss / (norm + 0.5 / cap)
  const move = clamp(tau, 0, MAX_WEIGHT) * direction
  addScaled(s.weights, x, move)
  if (intercept !== 'none') s.intercept = clamp(s.intercept + move, -MAX_WEIGHT, MAX_WEIGHT)
}

/** Bytes of the state. */
export function sizeOfPassiveAggressive({ weights }: PassiveAggressiveState): number {
  return weights.byteLength + 16
}

/** Reads a state and checks it. */
export function unpackPassiveAggressive(json: JsonValue, features: number): PassiveAggressiveState {
  const s = unpackState(json, { ...freshPassiveAggressive(features), weights: new Float64Array(0) })
  if (!Number.isSafeInteger(s.seen) || s.seen < 0) corrupt('state.seen', 'a whole number of at least 0', s.seen)
  if (!Number.isFinite(s.intercept)) corrupt('state.intercept', 'finite', s.intercept)
  checkNumbers('state.weights', s.weights, features)
  return s
}
