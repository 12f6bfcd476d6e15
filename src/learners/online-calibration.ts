import type { Contribution, Explainable, JsonObject, Learner, Snapshot, Vector } from '../contracts.ts'
import { checkHalfLife, checkObservation, integer, nonNegative, oneOf } from '../core/check.ts'
import { type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp, logit, logLossOf } from '../core/math.ts'
import { createRing, pushRing, type Ring, ringAt, trimRing } from '../core/ring.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { type State as Plain, unpackState } from '../core/state.ts'
import { isExplainable, isForgetful, isRefittable, lend, refitInTurn } from './abilities.ts'
import {
  CALIBRATION_METHODS,
  type CalibrationMethod,
  type ChoiceState,
  checkChoice,
  chooseAnew,
  createChoice,
  scoreMethod,
} from './calibration-choice.ts'
import {
  checkMaps,
  correct,
  correctLogOdds,
  createMaps,
  fitMap,
  isFitted,
  MARGIN,
  type MapsState,
} from './calibration-maps.ts'
import { checkCount, checkRing, count } from './checks.ts'
import { packMember, type Restore, restoreMember } from './members.ts'

/** Options of {@link OnlineCalibration}. */
export type OnlineCalibrationOptions = {
  /** The binary learner whose probabilities are to be made true. */
  readonly learner: Learner
  /**
   * Ways to correct that are tried, each once there are enough labels for it: a line through the log-odds (`'platt'`), a
   * bent one (`'beta'`), any rising line (`'isotonic'`). @defaultValue all
   */
  readonly methods: readonly CalibrationMethod[]
  /**
   * Labels before the first correction by a line; a bent one takes twice as many and a free one five times. Each is fitted
   * from half as many on, on trial. @defaultValue 200
   */
  readonly minSamples: number
  /** Newest labels that corrections are fitted to. @defaultValue 500 */
  readonly window: number
  /** Labels from one fit to the next. @defaultValue 25 */
  readonly refitEvery: number
  /** Labels after which the weight of a loss in the comparison has halved. @defaultValue 200 */
  readonly halfLife: number
  /**
   * Standard errors that the mean gain in log loss must lie above 0 for a correction to begin, and above that of the
   * one in use to take its place. A correction ends when its gain falls below 0. @defaultValue 1
   */
  readonly margin: number
}

type Settings = Omit<OnlineCalibrationOptions, 'learner'>
type State = { seen: number; maps: MapsState; choice: ChoiceState; scores: Ring; labels: Ring }

/** Times `minSamples` that each method needs: one with more freedom is fooled by fewer pairs. */
const NEEDS: { readonly [method in CalibrationMethod]: number } = { platt: 1, beta: 2, isotonic: 5 }
/** 32 MB of pairs, so that no snapshot can ask for all memory. */
const MOST_PAIRS = 1_000_000
/** Log-odds of a probability at the margin, rounded up. */
const LARGEST_SCORE = 14

const fresh = ({ window }: Pick<Settings, 'window'>): State => ({
  seen: 0,
  maps: createMaps(),
  choice: createChoice(),
  scores: createRing(window),
  labels: createRing(window),
})

/**
 * Makes a learner's probabilities mean what they say: of all trades given 60 %, 60 % should win.
 *
 * Whatever the learner said before each label is kept beside the label, and corrections are fitted to the newest of these
 * pairs (q, y), with more freedom the more of them there are:
 *
 *     Platt      logit p = slope · logit q + offset
 *     beta       logit p = a ln q - b ln(1 - q) + c
 *     isotonic   any p that never falls with q
 *
 * All are scored as they go, on labels that they were not fitted to. The best is used only while its log loss, recent
 * labels first, is lower than the learner's own by more than chance; else the learner's answer passes unchanged. Sample
 * weights reach the learner only. Beside the learner's own cost `predict` is O(log window) at most, `learn` amortised
 * O(window log window / refitEvery), memory O(window).
 *
 * It can `refit` and `explain` exactly when its learner can; contributions are the
 * learner's, all scaled by what the line makes of their sum.
 *
 * @see J. C. Platt (1999), "Probabilistic outputs for support vector machines"
 * @see M. Kull, T. Silva Filho, P. Flach (2017), "Beta calibration", AISTATS
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
  static readonly version: number = 2

  readonly task: 'binary' = 'binary'
  readonly learner: Learner
  readonly options: Settings
  readonly #decay: number
  readonly #scores: Float64Array
  readonly #labels: Float64Array
  #state: State

  constructor({
    learner,
    methods = CALIBRATION_METHODS,
    minSamples = 200,
    window = 500,
    refitEvery = 25,
    halfLife = 200,
    margin = 1,
  }: Partial<OnlineCalibrationOptions> & Pick<OnlineCalibrationOptions, 'learner'>) {
    if (learner.task !== 'binary') {
      throw new TradeLearnError('INVALID_OPTION', `"learner" must be binary, got ${learner.task}.`)
    }
    this.learner = learner
    this.options = {
      // in the order of their freedom, each once
      methods: CALIBRATION_METHODS.filter((method) => checkMethods(methods).includes(method)),
      minSamples: integer('minSamples', minSamples),
      // what is fitted at half of minSamples must fit in
      window: count('window', window, Math.ceil(minSamples / 2), MOST_PAIRS),
      refitEvery: integer('refitEvery', refitEvery),
      halfLife: checkHalfLife('halfLife', halfLife),
      margin: nonNegative('margin', margin),
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
    return this.#state.choice.used !== 'none'
  }

  /** How they are corrected now. */
  get method(): CalibrationMethod | 'none' {
    return this.#state.choice.used
  }

  /** Platt's factor on the learner's log-odds: below 1 it was too sure of itself. */
  get slope(): number {
    return this.#state.maps.slope
  }

  /** What Platt's line adds to the log-odds: below 0 it was too hopeful. */
  get offset(): number {
    return this.#state.maps.offset
  }

  predict(x: Vector): number {
    return this.#correct(this.learner.predict(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    const q = this.learner.predict(x)
    checkObservation('binary', x, x.length, y, weight)
    this.learner.learn(x, y, weight)

    // score every version of what was said before the label; one that is not fitted has nothing to compare
    const s = this.#state
    const { methods, minSamples, margin, refitEvery } = this.options
    const raw = logLossOf(y, q)
    for (const method of methods) {
      if (!isFitted(s.maps, method)) continue
      scoreMethod(s.choice, method, { raw, corrected: logLossOf(y, correct(s.maps, method, q)) }, this.#decay)
    }
    pushRing(s.scores, logit(q, MARGIN))
    pushRing(s.labels, y)
    s.seen++
    const known = Math.min(s.seen, this.#mostKnown())
    chooseAnew(
      s.choice,
      methods.filter((method) => known >= NEEDS[method] * minSamples),
      margin,
    )
    if (s.seen % refitEvery === 0) this.#fit()
  }

  /** Labels behind a fit: those of the line were always counted from the first one on, others need the window to hold them. */
  #mostKnown(): number {
    return Math.max(this.options.minSamples, this.#state.scores.size)
  }

  /** What becomes of a number in a learner's unit. */
  #bend(unit: Explainable['explains'], value: number): number {
    const { maps, choice } = this.#state
    if (choice.used === 'none') return value
    return unit === 'probability' ? this.#correct(value) : correctLogOdds(maps, choice.used, value)
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
    const factor = Math.abs(sum) > 1e-9 * size ? bent / sum : this.#state.maps.slope
    const { MAX_VALUE } = Number
    return parts.map(({ feature, amount }) => ({ feature, amount: clamp(amount * factor, -MAX_VALUE, MAX_VALUE) }))
  }

  /** Forgets all but the newest `keep` pairs, and the learner what it can. */
  forget(keep: number): void {
    integer('keep', keep, 0, 'INVALID_INPUT')
    const s = this.#state
    trimRing(s.scores, keep)
    trimRing(s.labels, keep)
    for (const gain of Object.values(s.choice.gains)) gain.n = Math.min(gain.n, keep)
    if (isForgetful(this.learner)) this.learner.forget(keep)
  }

  toJSON(): Snapshot {
    const state = { ...(this.#state as unknown as { [key: string]: Plain }), learner: packMember(this.learner) }
    return snapshot(OnlineCalibration, this.options, state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): OnlineCalibration {
    const { version, options, state } = checkSnapshot(OnlineCalibration, json)
    const { learner: _, ...own } = state
    const learner = restoreMember(state, 'learner', 'online-calibration', restore)
    const numbers = { minSamples: 0, window: 0, refitEvery: 0, halfLife: 0 }
    if (version === 1) {
      const settings = { ...unpackState(options, numbers, 'options'), methods: ['platt'] as const }
      const calibration = new OnlineCalibration({ ...settings, learner })
      calibration.#state = readVersion1(own, calibration.options)
      return calibration
    }
    const settings = unpackState(options, { ...numbers, margin: 0, methods: [''] }, 'options')
    const calibration = new OnlineCalibration({
      ...settings,
      methods: settings.methods as CalibrationMethod[],
      learner,
    })
    calibration.#state = checkState(
      unpackState(own, fresh(calibration.options) as unknown as Plain) as unknown as State,
    )
    return calibration
  }

  #correct(q: number): number {
    const { maps, choice } = this.#state
    return choice.used === 'none' ? q : correct(maps, choice.used, q)
  }

  /** Fits what there is enough for to the pairs in the window, oldest first so that sums do not depend on where the ring turns. */
  #fit(): void {
    const { methods, minSamples } = this.options
    const s = this.#state
    const n = s.scores.size
    for (let i = 0; i < n; i++) {
      this.#scores[i] = ringAt(s.scores, n - 1 - i)
      this.#labels[i] = ringAt(s.labels, n - 1 - i)
    }
    for (const method of methods) {
      if (n >= Math.ceil((NEEDS[method] * minSamples) / 2)) fitMap(s.maps, method, this.#scores, this.#labels, n)
    }
  }
}

function checkMethods(methods: readonly CalibrationMethod[]): readonly CalibrationMethod[] {
  if (!Array.isArray(methods)) throw new TradeLearnError('INVALID_OPTION', '"methods" must be a list of methods.')
  for (const method of methods) oneOf('methods', method, CALIBRATION_METHODS)
  return methods
}

function checkState(state: State): State {
  checkCount('state.seen', state.seen)
  checkRing('state.scores', state.scores, (score) => Math.abs(score) <= LARGEST_SCORE)
  checkRing('state.labels', state.labels, (label) => label === 0 || label === 1)
  checkMaps(state.maps, state.scores.values.length)
  checkChoice(state.choice)
  return state
}

/** Version 1 knew Platt's line alone, and kept the losses of both versions one by one. */
function readVersion1(json: JsonObject, options: Settings): State {
  const now = fresh(options)
  const moments: DecayedMoments = { n: 0, mean: 0, variance: 0 }
  const { scores, labels } = now
  const template = { seen: 0, slope: 0, offset: 0, scores, labels, raw: moments, corrected: moments }
  const old = unpackState(json, template)
  now.maps.slope = old.slope
  now.maps.offset = old.offset
  const gain = now.choice.gains.platt
  gain.n = old.raw.n
  gain.mean = old.raw.mean - old.corrected.mean
  // what the two have in common is not known: an upper bound
  gain.variance = old.raw.variance + old.corrected.variance
  if (old.seen >= options.minSamples && old.corrected.n > 0 && gain.mean > 0) now.choice.used = 'platt'
  return checkState({ ...now, seen: old.seen, scores: old.scores, labels: old.labels })
}
