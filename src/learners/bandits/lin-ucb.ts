import type { JsonObject, Sized, Snapshot, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { checkHalfLife, checkVector, nonNegative, positive } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkAmount, checkCount, corrupt, count } from '../checks.ts'
import {
  checkPosterior,
  createScratch,
  type FadingPosterior,
  fadePosterior,
  type Scratch,
  turnsOf,
} from '../linear/fading-posterior.ts'
import { createUD, projectUD, updateUD } from '../ud-covariance.ts'
import { checkArm, checkReward } from './arm-statistics.ts'
import type { Bandit } from './bandit.ts'

/** Options of {@link LinUCB}. */
export type LinUCBOptions = {
  /** Number of arms. */
  readonly arms: number
  /** Length of the contexts. */
  readonly features: number
  /** Bonus α for what is little known, in standard errors. @defaultValue 1 */
  readonly exploration: number
  /** Ridge penalty λ: rewards' worth of belief that a weight is 0. @defaultValue 1 */
  readonly ridge: number
  /** Rewards of any arm after which one counts half. @defaultValue Infinity */
  readonly halfLife: number
  /** Deviation of the rewards around what can be foreseen, or `"measured"`. @defaultValue "measured" */
  readonly noise: number | 'measured'
}

/** Each arm's ridge regression; `errors` is the faded sum of squared errors, of the faded number `total`. */
type State = { seen: number; total: number; errors: number; arms: readonly FadingPosterior[] }

/** Contexts count as no larger: beyond, rounding would lose what small ones have taught. */
const LARGEST_CONTEXT = 1e12
/** Weights and errors count as no larger, so that squares of them stay finite. */
const LARGEST_WEIGHT = 1e125
const LARGEST_ERROR = 1e140
/** Penalties beyond say nothing more: all weights 0, or none held back. */
const LEAST_RIDGE = 1e-50
const LARGEST_RIDGE = 1e50
/** 128 MB of covariances, so that no snapshot can ask for all memory. */
const MOST_NUMBERS = 16_777_216

/**
 * Chooses the arm that could be the best in this situation: a ridge regression an arm, and a bonus where it is unsure.
 *
 *     w_i·z + α σ √(zᵀ P_i z)        z = (1, context), P_i = (λI + Σ zzᵀ)⁻¹ over the rewards of arm i
 *
 * The "disjoint" model of the paper: arms share nothing. σ is measured from the errors made so far, so the unit of the
 * rewards does not matter; that of the contexts does (put a `StandardScaler` before it). With a `halfLife` the past of
 * every arm fades at each reward, and the ridge comes back for as much, one coordinate at a time: what is no longer
 * known is as open as at first, and no more. A missing value counts as 0. Ties go to the arm of which less is
 * remembered, then to the lower number. P is kept in factors, which rounding cannot make indefinite.
 *
 * O(features²) for each arm; as much memory. An `update` without `halfLife` touches its own arm alone.
 *
 * @see L. Li, W. Chu, J. Langford, R. E. Schapire (2010), "A contextual-bandit approach to personalized news article
 *   recommendation", WWW, algorithm 1
 *
 * @example
 * ```ts
 * const bandit = new LinUCB({ arms: 2, features: 3 })
 * const context = Float64Array.of(0.2, -1, 0.5)
 * const arm = bandit.choose(context)
 * bandit.update(arm, 0.01, context)
 * ```
 */
export class LinUCB implements Bandit, Sized {
  static readonly type: string = 'lin-ucb'
  static readonly version: number = 2

  readonly options: LinUCBOptions
  readonly #decay: number
  readonly #variances: Float64Array
  readonly #turns: number
  readonly #scratch: Scratch
  #state: State

  constructor({
    arms,
    features,
    exploration = 1,
    ridge = 1,
    halfLife = Infinity,
    noise = 'measured',
  }: Partial<LinUCBOptions> & Pick<LinUCBOptions, 'arms' | 'features'>) {
    this.options = {
      arms: count('arms', arms),
      features: count('features', features),
      exploration: nonNegative('exploration', exploration),
      ridge: checkRidge(ridge),
      halfLife: checkHalfLife('halfLife', halfLife),
      noise: noise === 'measured' ? noise : positive('noise', noise),
    }
    const n = features + 1
    count('arms * features²', arms * n * n, 1, 2 * MOST_NUMBERS)
    this.#decay = decayOf(halfLife)
    this.#turns = turnsOf(n, halfLife)
    this.#variances = new Float64Array(n).fill(1 / ridge)
    this.#scratch = createScratch(n)
    const fresh = (): FadingPosterior => freshArm(this.#variances)
    this.#state = { seen: 0, total: 0, errors: 0, arms: Array.from({ length: arms }, fresh) }
  }

  get arms(): number {
    return this.options.arms
  }

  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** What an arm could bring at best in this situation. */
  boundOf(arm: number, context: Vector): number {
    checkArm(arm, this.options.arms)
    this.#read(context)
    return this.#bound(arm)
  }

  choose(context: Vector): number {
    this.#read(context)
    const { arms } = this.#state
    let best = 0
    let bound = this.#bound(0)
    for (let arm = 1; arm < arms.length; arm++) {
      const other = this.#bound(arm)
      if (other > bound || (other === bound && arms[arm]!.held < arms[best]!.held)) {
        best = arm
        bound = other
      }
    }
    return best
  }

  update(arm: number, reward: number, context: Vector): void {
    checkArm(arm, this.options.arms)
    const known = checkReward(reward)
    this.#read(context)
    const s = this.#state
    const { x: z, projected, spread } = this.#scratch
    if (this.#decay < 1) {
      for (let i = 0; i < s.arms.length; i++) {
        fadePosterior(s.arms[i]!, this.#variances, this.#decay, this.#turns, this.#scratch.spread)
      }
    }
    const model = s.arms[arm]!
    const { mean } = model
    const variance = projectUD(model, z, projected)
    const error = clamp(known - dot(mean, z), -LARGEST_ERROR, LARGEST_ERROR)
    updateUD(model, projected, 1, spread)
    const push = error / (1 + variance)
    for (let i = 0; i < mean.length; i++) {
      mean[i] = clamp(mean[i]! + spread[i]! * push, -LARGEST_WEIGHT, LARGEST_WEIGHT)
    }
    // an error before anything was known of z says more about z than about the noise: its variance is 1 + zᵀPz times that
    s.errors = s.errors * this.#decay + (error * error) / (1 + variance)
    s.total = s.total * this.#decay + 1
    model.held++
    s.seen++
  }

  toJSON(): Snapshot {
    return snapshot(LinUCB, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LinUCB {
    const { version, options, state } = checkSnapshot(LinUCB, json)
    // null stands for the noise, which is a number or a word
    const template = { arms: 0, features: 0, exploration: 0, ridge: 0, halfLife: 0, noise: null }
    const settings = unpackState(options, template, 'options') as unknown as LinUCBOptions
    const read = version === 1 ? unpackFirst(state) : unpackState<State>(state, { ...SUMS, arms: [freshArm(NONE)] })
    checkState(read, settings)
    const bandit = new LinUCB(settings)
    bandit.#state = read
    return bandit
  }

  /** Copies the context behind the 1 of the intercept. */
  #read(context: Vector): void {
    const { features } = this.options
    checkVector(context, features)
    const z = this.#scratch.x
    z[0] = 1
    for (let i = 0; i < features; i++) {
      const value = context[i]!
      z[i + 1] = value === value ? Math.max(Math.min(value, LARGEST_CONTEXT), -LARGEST_CONTEXT) : 0
    }
  }

  #bound(arm: number): number {
    const { exploration, noise } = this.options
    const { arms, errors, total } = this.#state
    const model = arms[arm]!
    const { x: z, projected } = this.#scratch
    const variance = projectUD(model, z, projected)
    // no error so far: any size orders the arms by how little is known of them
    const sigma = noise !== 'measured' ? noise : errors > 0 ? Math.sqrt(errors / total) : 1
    return dot(model.mean, z) + exploration * sigma * Math.sqrt(variance)
  }
}

function freshArm(variances: Float64Array): FadingPosterior {
  return { held: 0, turn: 0, mean: new Float64Array(variances.length), ...createUD(variances) }
}

function dot(weights: Float64Array, z: Float64Array): number {
  let sum = 0
  for (let i = 0; i < z.length; i++) sum += weights[i]! * z[i]!
  return sum
}

function checkRidge(ridge: number): number {
  if (positive('ridge', ridge) >= LEAST_RIDGE && ridge <= LARGEST_RIDGE) return ridge
  throw new TradeLearnError('INVALID_OPTION', `"ridge" must be from ${LEAST_RIDGE} to ${LARGEST_RIDGE}, got ${ridge}.`)
}

/** Templates of what a snapshot holds. */
const SUMS = { seen: 0, total: 0, errors: 0 }
const NONE: Float64Array = new Float64Array(0)

/** Reads version 1, whose arms counted what they had tried and had no turns. */
function unpackFirst(json: JsonObject): State {
  const { arms, ...sums } = unpackState(json, {
    ...SUMS,
    arms: [{ count: 0, diagonal: NONE, factor: NONE, weights: NONE }],
  })
  const later = arms.map(({ count: held, weights: mean, ...covariance }) => ({ held, turn: 0, mean, ...covariance }))
  return { ...sums, arms: later }
}

function checkState({ seen, total, errors, arms }: State, options: LinUCBOptions): void {
  const n = options.features + 1
  checkCount('state.seen', seen)
  checkAmount('state.total', total, seen)
  checkAmount('state.errors', errors, LARGEST_ERROR * LARGEST_ERROR * seen)
  if (arms.length !== options.arms) corrupt('state.arms', `a list of ${options.arms}`, arms)
  for (const [i, arm] of arms.entries()) {
    checkPosterior(`state.arms[${i}]`, arm, n, seen, LARGEST_WEIGHT, () => 1 / options.ridge)
  }
}
