import type { Contribution, Explainable, JsonObject, Learner, Snapshot, Vector } from '../contracts.ts'
import { checkHalfLife, checkObservation, integer } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp, logit, logLossOf, sigmoid } from '../core/math.ts'
import { createRing, pushRing, type Ring, ringAt, trimRing } from '../core/ring.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { isExplainable, isForgetful, isRefittable, lend, refitInTurn } from './abilities.ts'
import { checkAmount, checkCount, checkMoments, checkNumber, checkRing, count } from './checks.ts'
import { packMember, type Restore, restoreMember } from './members.ts'
import { fitPlatt } from './platt.ts'

/** Options of {@link OnlineCalibration}. */
export type OnlineCalibrationOptions = {
  /** The binary learner whose probabilities are to be made true. */
  readonly learner: Learner
  /** Labels before the first correction; the line is fitted from half as many on, on trial. @defaultValue 200 */
  readonly minSamples: number
  /** Newest labels that the line is fitted to. @defaultValue 500 */
  readonly window: number
  /** Labels from one fit to the next. @defaultValue 25 */
  readonly refitEvery: number
  /** Labels after which the weight of a loss in the comparison has halved. @defaultValue 200 */
  readonly halfLife: number
}

type Settings = Omit<OnlineCalibrationOptions, 'learner'>
type State = {
  seen: number
  slope: number
  offset: number
  scores: Ring
  labels: Ring
  /** Log loss of the learner's own probabilities and of the corrected ones, since the first fit. */
  raw: DecayedMoments
  corrected: DecayedMoments
}

/** The learner's probabilities are kept this far from 0 and 1, or one boast would bend the line. */
const MARGIN = 1e-6

/** 32 MB of pairs, so that no snapshot can ask for all memory. */
const MOST_PAIRS = 1_000_000
/** Slopes and offsets beyond are none that pairs could lead to, and would overflow. */
const LARGEST = 1e300
/** Log-odds of a probability at the margin, and log loss of one at the very edge, rounded up. */
const LARGEST_SCORE = 14
const LARGEST_LOSS = 35

const fresh = ({ window }: Pick<Settings, 'window'>): State => ({
  seen: 0,
  slope: 1,
  offset: 0,
  scores: createRing(window),
  labels: createRing(window),
  raw: createDecayedMoments(),
  corrected: createDecayedMoments(),
})

/**
 * Makes a learner's probabilities mean what they say: of all trades given 60 %, 60 % should win.
 *
 * Whatever the learner said before each label is kept beside the label, and a line through its log-odds is fitted to
 * the newest of these pairs (Platt scaling):
 *
 *     p = 1 / (1 + e^-(slope · logit(q) + offset))
 *
 * Both versions are scored as they go. The line is used only while its log loss, recent labels first, is lower than
 * the learner's own; else the learner's answer passes unchanged. Sample weights reach the learner only. Beside the
 * learner's own cost `predict` is O(1), `learn` amortised O(window / refitEvery), memory O(window).
 *
 * It can `refit` and `explain` exactly when its learner can; contributions are the
 * learner's, all scaled by what the line makes of their sum.
 *
 * @see J. C. Platt (1999), "Probabilistic outputs for support vector machines"
 * @see C. Gupta, A. Ramdas (2023), "Online Platt scaling with calibeating", ICML
 *
 * @example
 * ```ts
 * const learner = new OnlineCalibration({ learner: new BaseRate({ features: 1 }), minSamples: 100 })
 * learner.learn(Float64Array.of(3), 1)
 * learner.active // false: too early to correct anything
 * ```
 */
export class OnlineCalibration implements Learner {
  static readonly type: string = 'online-calibration'
  static readonly version: number = 1

  readonly task: 'binary' = 'binary'
  readonly learner: Learner
  readonly options: Settings
  readonly #decay: number
  readonly #scores: Float64Array
  readonly #labels: Float64Array
  #state: State

  constructor({
    learner,
    minSamples = 200,
    window = 500,
    refitEvery = 25,
    halfLife = 200,
  }: Partial<OnlineCalibrationOptions> & Pick<OnlineCalibrationOptions, 'learner'>) {
    if (learner.task !== 'binary') {
      throw new TradeLearnError('INVALID_OPTION', `"learner" must be binary, got ${learner.task}.`)
    }
    this.learner = learner
    this.options = {
      minSamples: integer('minSamples', minSamples),
      // what is fitted at half of minSamples must fit in
      window: count('window', window, Math.ceil(minSamples / 2), MOST_PAIRS),
      refitEvery: integer('refitEvery', refitEvery),
      halfLife: checkHalfLife('halfLife', halfLife),
    }
    this.#decay = decayOf(halfLife)
    this.#scores = new Float64Array(window)
    this.#labels = new Float64Array(window)
    this.#state = fresh(this.options)
    if (isRefittable(learner))
      lend(
        this,
        refitInTurn(() => [learner]),
      )
    if (isExplainable(learner)) {
      lend(this, {
        explains: learner.explains,
        baseValue: (x) => this.#bend(learner.explains, learner.baseValue(x)),
        explain: (x) => this.#explain(learner, x),
      })
    }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Whether probabilities are being corrected now. */
  get active(): boolean {
    const { seen, raw, corrected } = this.#state
    return seen >= this.options.minSamples && corrected.n > 0 && corrected.mean < raw.mean
  }

  /** Factor on the learner's log-odds: below 1 it was too sure of itself. */
  get slope(): number {
    return this.#state.slope
  }

  /** What is added to the log-odds: below 0 it was too hopeful. */
  get offset(): number {
    return this.#state.offset
  }

  predict(x: Vector): number {
    const q = this.learner.predict(x)
    return this.active ? this.#correct(q) : q
  }

  learn(x: Vector, y: number, weight = 1): void {
    const q = this.learner.predict(x)
    checkObservation('binary', x, x.length, y, weight)
    this.learner.learn(x, y, weight)

    // score both versions of what was said before the label; an unfitted line has nothing to compare
    const s = this.#state
    const first = Math.ceil(this.options.minSamples / 2)
    if (s.slope !== 1 || s.offset !== 0) {
      addDecayed(s.raw, logLossOf(y, q), this.#decay)
      addDecayed(s.corrected, logLossOf(y, this.#correct(q)), this.#decay)
    }
    pushRing(s.scores, logit(q, MARGIN))
    pushRing(s.labels, y)
    s.seen++
    if (s.scores.size >= first && s.seen % this.options.refitEvery === 0) this.#fit()
  }

  /** What becomes of a number in a learner's unit. */
  #bend(unit: Explainable['explains'], value: number): number {
    if (!this.active) return value
    if (unit === 'probability') return this.#correct(value)
    const edge = logit(1 - MARGIN)
    return this.#state.slope * clamp(value, -edge, edge) + this.#state.offset
  }

  #explain(learner: Explainable, x: Vector): readonly Contribution[] {
    const parts = learner.explain(x)
    if (!this.active) return parts
    let sum = 0
    let size = 0
    for (const { amount } of parts) {
      sum += amount
      size += Math.abs(amount)
    }
    const base = learner.baseValue(x)
    const bent = this.#bend(learner.explains, base + sum) - this.#bend(learner.explains, base)
    // what is left of parts that cancel out is rounding, and no measure to scale by
    const factor = Math.abs(sum) > 1e-9 * size ? bent / sum : this.#state.slope
    const { MAX_VALUE } = Number
    return parts.map(({ feature, amount }) => ({ feature, amount: clamp(amount * factor, -MAX_VALUE, MAX_VALUE) }))
  }

  /** Forgets all but the newest `keep` pairs, and the learner what it can. */
  forget(keep: number): void {
    integer('keep', keep, 0, 'INVALID_INPUT')
    const s = this.#state
    trimRing(s.scores, keep)
    trimRing(s.labels, keep)
    s.raw.n = Math.min(s.raw.n, keep)
    s.corrected.n = Math.min(s.corrected.n, keep)
    if (isForgetful(this.learner)) this.learner.forget(keep)
  }

  toJSON(): Snapshot {
    return snapshot(OnlineCalibration, this.options, { ...this.#state, learner: packMember(this.learner) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): OnlineCalibration {
    const { options, state } = checkSnapshot(OnlineCalibration, json)
    const { learner: _, ...own } = state
    const learner = restoreMember(state, 'learner', 'online-calibration', restore)
    const template = { minSamples: 0, window: 0, refitEvery: 0, halfLife: 0 }
    const calibration = new OnlineCalibration({ ...unpackState(options, template, 'options'), learner })
    calibration.#state = readState(own, calibration.options)
    return calibration
  }

  #correct(q: number): number {
    return sigmoid(this.#state.slope * logit(q, MARGIN) + this.#state.offset)
  }

  /** Fits the line to the pairs in the window, oldest first so that sums do not depend on where the ring turns. */
  #fit(): void {
    const s = this.#state
    const n = s.scores.size
    for (let i = 0; i < n; i++) {
      this.#scores[i] = ringAt(s.scores, n - 1 - i)
      this.#labels[i] = ringAt(s.labels, n - 1 - i)
    }
    const { slope, offset } = fitPlatt(this.#scores, this.#labels, n, s)
    s.slope = slope
    s.offset = offset
  }
}

function readState(json: JsonObject, options: Settings): State {
  const state = unpackState(json, fresh(options))
  checkCount('state.seen', state.seen)
  checkAmount('state.slope', state.slope, LARGEST)
  checkNumber('state.offset', state.offset, LARGEST)
  checkRing('state.scores', state.scores, (score) => Math.abs(score) <= LARGEST_SCORE)
  checkRing('state.labels', state.labels, (label) => label === 0 || label === 1)
  for (const name of ['raw', 'corrected'] as const) checkMoments(`state.${name}`, state[name], 0, LARGEST_LOSS)
  return state
}
