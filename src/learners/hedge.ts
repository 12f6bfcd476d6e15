import type { JsonObject, Learner, Snapshot, Vector } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkObservation, integer, openFraction, positive } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp, logLossOf } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { isForgetful, isRefittable, lend, refitInTurn } from './abilities.ts'
import { checkAmount, checkAmounts, checkCount, checkMoments, corrupt } from './checks.ts'
import { packMember, type Restore, restoreMembers } from './members.ts'
import { checkOneWidth } from './one-width.ts'
import { sizeOfAll } from './size.ts'

/** Options of {@link Hedge}. */
export type HedgeOptions = {
  /** The experts: one or more learners of the same task, each its own object. */
  readonly learners: readonly Learner[]
  /** Share α of its weight that each expert gives to the others after each label. @defaultValue 1 / 500 */
  readonly share: number
  /** How sharply weights answer to losses, η; 1 is Bayes' rule. @defaultValue 1 */
  readonly learningRate: number
}

type State = { seen: number; held: number; weights: Float64Array; squares: DecayedMoments }

/** Probabilities count as no closer to 0 and 1 than this, so that no single label can silence an expert for ever. */
const MARGIN = 1e-6
/** Labels after which the deviation of regression errors has half forgotten: some months of trades. */
const SCALE_DECAY: number = decayOf(100)
/** Errors beyond this count as this large, so that their fourth powers stay finite. */
const LARGEST_ERROR = 1e75

/**
 * Mixes several learners and leans on whichever has been right lately.
 *
 * Each expert's weight is multiplied by e^(-η loss) for what it had predicted before it saw the label; then each gives
 * the share α of its weight to the others, so that one that was bad for long can come back within a few labels:
 *
 *     p = Σ w_i p_i       w_i <- w_i e^(-η loss_i) / Σ       w_i <- (1 - α) w_i + α (1 - w_i) / (N - 1)
 *
 * Binary: the loss is log loss, and with η = 1 the total loss of the mix stays below that of the best sequence of
 * experts with k switches in T labels plus ln N + k ln((N - 1) / α) + (T - k - 1) ln(1 / (1 - α)). So put a `BaseRate`
 * among the experts, and the mix cannot lose much to it. Regression: the loss is half the squared error over the
 * exponentially weighted mean square of the mix's own errors, as for normal errors of that size; no such bound holds.
 *
 * Costs what the experts cost. It can `refit` when an expert can: one due expert a run.
 *
 * @see Y. Freund, R. E. Schapire (1997), "A decision-theoretic generalization of on-line learning" (Hedge)
 * @see M. Herbster, M. K. Warmuth (1998), "Tracking the best expert", Machine Learning 32 (fixed share)
 *
 * @example
 * ```ts
 * const learner = new Hedge({
 *   learners: [new BaseRate({ features: 2 }), new BayesianLogisticRegression({ features: 2 })],
 * })
 * learner.learn(Float64Array.of(1, -1), 1)
 * learner.weights // what each is trusted, summing to 1
 * ```
 */
export class Hedge implements Learner {
  static readonly type: string = 'hedge'
  static readonly version: number = 1

  readonly task: 'binary' | 'regression'
  readonly learners: readonly Learner[]
  readonly options: Omit<HedgeOptions, 'learners'>
  readonly #advice: Float64Array
  #state: State

  constructor({ learners, share = 1 / 500, learningRate = 1 }: Partial<HedgeOptions> & Pick<HedgeOptions, 'learners'>) {
    checkExperts(learners)
    this.task = learners[0]!.task
    this.learners = [...learners]
    this.options = { share: openFraction('share', share), learningRate: positive('learningRate', learningRate) }
    this.#advice = new Float64Array(learners.length)
    this.#state = fresh(learners.length)
    if (learners.some(isRefittable))
      lend(
        this,
        refitInTurn(() => this.learners),
      )
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the experts and their weights take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state) + sizeOfAll(this.learners)
  }

  /** The experts' weights, in their order, copied; they sum to 1. */
  get weights(): Float64Array {
    return this.#state.weights.slice()
  }

  predict(x: Vector): number {
    const { learners, task } = this
    const { weights } = this.#state
    let sum = 0
    for (let i = 0; i < learners.length; i++) {
      const advice = learners[i]!.predict(x)
      sum += weights[i]! * (task === 'binary' ? clamp(advice, MARGIN, 1 - MARGIN) : advice)
    }
    return sum
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { learners } = this
    // what was said before the label, which also checks x
    for (let i = 0; i < learners.length; i++) this.#advice[i] = learners[i]!.predict(x)
    checkObservation(this.task, x, x.length, y, weight)
    for (let i = 0; i < learners.length; i++) learners[i]!.learn(x, y, weight)
    const s = this.#state
    s.seen++
    // with fixed share weights remember some 1 / α labels at most
    s.held = Math.min(s.held + 1, 1 / this.options.share)

    if (this.task === 'binary') this.#weighByLogLoss(y, weight)
    else this.#weighBySquares(y, weight)
  }

  /** Takes back the weights' distance from equal to what the newest `keep` labels would have earned. */
  forget(keep: number): void {
    integer('keep', keep, 0, 'INVALID_INPUT')
    const s = this.#state
    const { weights } = s
    if (keep < s.held) {
      const equal = 1 / weights.length
      for (let i = 0; i < weights.length; i++) weights[i] = equal + (weights[i]! - equal) * (keep / s.held)
      s.held = keep
    }
    s.squares.n = Math.min(s.squares.n, keep)
    for (const learner of this.learners) if (isForgetful(learner)) learner.forget(keep)
  }

  toJSON(): Snapshot {
    return snapshot(Hedge, this.options, { ...this.#state, learners: this.learners.map(packMember) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): Hedge {
    const { options, state } = checkSnapshot(Hedge, json)
    const { learners: _, ...own } = state
    const learners = restoreMembers(state, 'learners', 'hedge', restore)
    checkOneWidth(learners, 'hedge')
    const hedge = new Hedge({ ...unpackState(options, { share: 0, learningRate: 0 }, 'options'), learners })
    hedge.#state = readState(own, learners.length)
    return hedge
  }

  /** Turns the advice into log losses and updates the weights. */
  #weighByLogLoss(y: number, weight: number): void {
    const losses = this.#advice
    for (let i = 0; i < losses.length; i++) losses[i] = logLossOf(y, clamp(losses[i]!, MARGIN, 1 - MARGIN))
    this.#weigh(losses, weight)
  }

  /** Turns the advice into scaled squared errors and updates the weights. */
  #weighBySquares(y: number, weight: number): void {
    const losses = this.#advice
    const { weights, squares } = this.#state
    let mix = 0
    for (let i = 0; i < losses.length; i++) mix += weights[i]! * losses[i]!
    // no scale yet, or no error so far: nothing to weigh by
    const scale = squares.mean > 0 ? Math.sqrt(squares.mean) : Infinity
    for (let i = 0; i < losses.length; i++) {
      const error = clamp((y - losses[i]!) / scale, -LARGEST_ERROR, LARGEST_ERROR)
      losses[i] = (error * error) / 2
    }
    this.#weigh(losses, weight)
    const error = clamp(y - mix, -LARGEST_ERROR, LARGEST_ERROR)
    addDecayed(squares, error * error, SCALE_DECAY)
  }

  /** Multiplies the weights by e^(-η loss), relative to the best so that none can all vanish, and shares. */
  #weigh(losses: Float64Array, weight: number): void {
    const { share, learningRate } = this.options
    const { weights } = this.#state
    const n = weights.length
    if (n === 1) return
    const rate = Math.min(learningRate * weight, Number.MAX_VALUE)
    let least = Infinity
    for (let i = 0; i < n; i++) least = Math.min(least, losses[i]!)
    let total = 0
    for (let i = 0; i < n; i++) {
      const gap = losses[i]! - least
      if (gap > 0) weights[i]! *= Math.exp(-rate * gap)
      total += weights[i]!
    }
    for (let i = 0; i < n; i++) {
      const w = weights[i]! / total
      weights[i] = (1 - share) * w + (share * (1 - w)) / (n - 1)
    }
  }
}

function fresh(experts: number): State {
  return { seen: 0, held: 0, weights: new Float64Array(experts).fill(1 / experts), squares: createDecayedMoments() }
}

/** What rounding may have taken from weights that sum to 1. */
const ROUNDING = 1e-9

function readState(json: JsonObject, experts: number): State {
  const state = unpackState(json, fresh(experts))
  const { seen, held, weights, squares } = state
  checkCount('state.seen', seen)
  checkAmount('state.held', held, seen)
  checkAmounts('state.weights', weights, experts, 1)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (Math.abs(sum - 1) > ROUNDING) corrupt('state.weights', 'weights that sum to 1', sum)
  checkMoments('state.squares', squares, 0, LARGEST_ERROR * LARGEST_ERROR)
  return state
}

function checkExperts(learners: readonly Learner[]): void {
  if (learners.length === 0) {
    throw new TradeLearnError('INVALID_OPTION', '"learners" must hold at least one learner, got none.')
  }
  if (new Set(learners).size < learners.length) {
    throw new TradeLearnError('INVALID_OPTION', '"learners" must each be their own object, got one of them twice.')
  }
  const tasks = new Set(learners.map(({ task }) => task))
  if (tasks.size > 1) {
    throw new TradeLearnError('INVALID_OPTION', `"learners" must share one task, got ${[...tasks].join(' and ')}.`)
  }
}
