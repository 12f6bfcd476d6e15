import type { Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, checkVector, integer, nonNegative, positive } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
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

/** One arm's ridge regression: the covariance P = (λI + Σ zzᵀ)⁻¹ in factors, and the weights. */
type Arm = { count: number; diagonal: Float64Array; factor: Float64Array; weights: Float64Array }
/** `errors` is the faded sum of squared errors, of the faded number `total`. */
type State = { seen: number; total: number; errors: number; arms: readonly Arm[] }

/** Contexts count as no larger, so that squares of them stay finite. */
const LARGEST_CONTEXT = 1e50

/**
 * Chooses the arm that could be the best in this situation: a ridge regression an arm, and a bonus where it is unsure.
 *
 *     w_i·z + α σ √(zᵀ P_i z)        z = (1, context), P_i = (λI + Σ zzᵀ)⁻¹ over the rewards of arm i
 *
 * The "disjoint" model of the paper: arms share nothing. σ is measured from the errors made so far, so the unit of the
 * rewards does not matter; that of the contexts does (put a `StandardScaler` before it). With a `halfLife` what is
 * known fades back towards the ridge. A missing value counts as 0. Ties go to the arm tried less, then to the lower
 * number. P is kept in factors, which rounding cannot make indefinite.
 *
 * O(features²) for each arm; as much memory.
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
  static readonly version: number = 1

  readonly options: LinUCBOptions
  readonly #decay: number
  readonly #z: Float64Array
  readonly #projected: Float64Array
  readonly #spread: Float64Array
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
      arms: integer('arms', arms),
      features: integer('features', features),
      exploration: nonNegative('exploration', exploration),
      ridge: positive('ridge', ridge),
      halfLife: checkHalfLife('halfLife', halfLife),
      noise: noise === 'measured' ? noise : positive('noise', noise),
    }
    this.#decay = decayOf(halfLife)
    this.#z = new Float64Array(features + 1)
    this.#projected = new Float64Array(features + 1)
    this.#spread = new Float64Array(features + 1)
    this.#state = { seen: 0, total: 0, errors: 0, arms: Array.from({ length: arms }, () => freshArm(features, ridge)) }
  }

  get arms(): number {
    return this.options.arms
  }

  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    const bytesOf = ({ diagonal, factor, weights }: Arm): number =>
      8 + diagonal.byteLength + factor.byteLength + weights.byteLength
    return this.#state.arms.reduce((sum, arm) => sum + bytesOf(arm), 3 * 8)
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
      if (other > bound || (other === bound && arms[arm]!.count < arms[best]!.count)) {
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
    if (this.#decay < 1) this.#fade()
    const model = s.arms[arm]!
    const { weights } = model
    const variance = projectUD(model, this.#z, this.#projected)
    const error = known - dot(weights, this.#z)
    updateUD(model, this.#projected, 1, this.#spread)
    for (let i = 0; i < weights.length; i++) weights[i]! += (this.#spread[i]! * error) / (1 + variance)
    // an error before anything was known of z says more about z than about the noise: its variance is 1 + zᵀPz times that
    s.errors = s.errors * this.#decay + (error * error) / (1 + variance)
    s.total = s.total * this.#decay + 1
    model.count++
    s.seen++
  }

  toJSON(): Snapshot {
    return snapshot(LinUCB, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LinUCB {
    const { options, state } = checkSnapshot(LinUCB, json)
    // null stands for the noise, which is a number or a word
    const template = { arms: 0, features: 0, exploration: 0, ridge: 0, halfLife: 0, noise: null }
    const settings = unpackState(options, template, 'options') as unknown as LinUCBOptions
    const empty = { count: 0, diagonal: new Float64Array(0), factor: new Float64Array(0), weights: new Float64Array(0) }
    const read = unpackState<State>(state, { seen: 0, total: 0, errors: 0, arms: [empty] })
    checkState(read, settings)
    const bandit = new LinUCB(settings)
    bandit.#state = read
    return bandit
  }

  /** Copies the context behind the 1 of the intercept. */
  #read(context: Vector): void {
    const { features } = this.options
    checkVector(context, features)
    const z = this.#z
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
    const variance = projectUD(model, this.#z, this.#projected)
    // no error so far: any size orders the arms by how little is known of them
    const sigma = noise !== 'measured' ? noise : errors > 0 ? Math.sqrt(errors / total) : 1
    return dot(model.weights, this.#z) + exploration * sigma * Math.sqrt(variance)
  }

  /** Widens every covariance as if each past reward counted less, though never beyond what the ridge allows. */
  #fade(): void {
    const most = 1 / this.options.ridge
    for (const { diagonal } of this.#state.arms) {
      for (let i = 0; i < diagonal.length; i++) diagonal[i] = Math.min(diagonal[i]! / this.#decay, most)
    }
  }
}

function freshArm(features: number, ridge: number): Arm {
  const variances = new Float64Array(features + 1).fill(1 / ridge)
  return { count: 0, ...createUD(variances), weights: new Float64Array(features + 1) }
}

function dot(weights: Float64Array, z: Float64Array): number {
  let sum = 0
  for (let i = 0; i < z.length; i++) sum += weights[i]! * z[i]!
  return sum
}

function checkState({ seen, total, errors, arms }: State, options: LinUCBOptions): void {
  const n = options.features + 1
  const isArm = ({ count, diagonal, factor, weights }: Arm): boolean =>
    Number.isFinite(count) &&
    diagonal.length === n &&
    factor.length === (n * (n - 1)) / 2 &&
    weights.length === n &&
    diagonal.every((d) => d > 0 && d < Infinity) &&
    factor.every(Number.isFinite) &&
    weights.every(Number.isFinite)
  const isSane = [seen, total, errors].every((value) => value >= 0 && value < Infinity)
  if (isSane && arms.length === options.arms && arms.every(isArm)) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A "lin-ucb" snapshot must have ${options.arms} arms of ${options.features} finite features, got others.`,
  )
}
