import type { Forgetful, JsonObject, Learner, Snapshot, Vector } from '../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, integer, oneOf } from '../core/check.ts'
import { decayOf } from '../core/decayed-moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkAmount, checkCount, corrupt } from './checks.ts'

/** Options of {@link BaseRate} and {@link MeanTarget}. */
export type RunningMeanOptions = {
  /** Length of the feature vectors, which are checked and otherwise ignored. */
  readonly features: number
  /** Observations after which a label's weight has halved. @defaultValue Infinity */
  readonly halfLife: number
}

/** Options of {@link LastLabel}. */
export type LastLabelOptions = {
  /** Length of the feature vectors, which are checked and otherwise ignored. */
  readonly features: number
  /** What the labels are. @defaultValue "binary" */
  readonly task: 'binary' | 'regression'
}

type MeanState = { seen: number; total: number; mean: number }
type LastState = { seen: number; last: number }

const freshMean = (): MeanState => ({ seen: 0, total: 0, mean: 0 })
const freshLast = (): LastState => ({ seen: 0, last: NaN })

/** Adds one label to a weighted mean whose past fades by `decay`; a mean of finite numbers stays finite. */
function addToMean(state: MeanState, y: number, weight: number, decay: number): void {
  const total = Math.min(state.total * decay + weight, Number.MAX_VALUE)
  const share = weight / total
  state.mean = state.mean * (1 - share) + y * share
  state.total = total
  state.seen++
}

/** Keeps the mean and the trust of at most `keep` labels in it. */
function forgetMean(state: MeanState, keep: number): void {
  state.total = Math.min(state.total, integer('keep', keep, 0, 'INVALID_INPUT'))
  if (state.total === 0) state.mean = 0
}

/** A saved mean of labels of which none lies below `least` or above `most`. */
function readMean(json: JsonObject, least: number, most: number): MeanState {
  const state = unpackState(json, freshMean())
  checkCount('state.seen', state.seen)
  checkAmount('state.total', state.total)
  if (!(state.mean >= least && state.mean <= most)) corrupt('state.mean', `from ${least} to ${most}`, state.mean)
  return state
}

/**
 * The share of ones so far: what a classifier must beat.
 *
 * It ignores the features and starts from a Beta(1, 1) prior, one imagined label of each kind:
 *
 *     p = (ones + 1) / (labels + 2)
 *
 * O(1) time and memory. With a `halfLife` it follows a base rate that moves. Put it among the experts of a `Hedge`
 * so that the mix cannot claim skill that is not there.
 *
 * @see P. S. Laplace (1814), "Essai philosophique sur les probabilités", rule of succession
 *
 * @example
 * ```ts
 * const learner = new BaseRate({ features: 3, halfLife: 200 })
 * learner.learn(Float64Array.of(1, 2, 3), 1)
 * learner.predict(Float64Array.of(4, 5, 6)) // 2/3
 * ```
 */
export class BaseRate implements Learner, Forgetful {
  static readonly type: string = 'base-rate'
  static readonly version: number = 1

  readonly task: 'binary' = 'binary'
  readonly options: RunningMeanOptions
  readonly #decay: number
  #state: MeanState = freshMean()

  constructor({ features, halfLife = Infinity }: Partial<RunningMeanOptions> & Pick<RunningMeanOptions, 'features'>) {
    this.options = { features: integer('features', features), halfLife: checkHalfLife('halfLife', halfLife) }
    this.#decay = decayOf(halfLife)
  }

  get seen(): number {
    return this.#state.seen
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const { mean, total } = this.#state
    return (mean * total + 1) / (total + 2)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    addToMean(this.#state, y, weight, this.#decay)
  }

  forget(keep: number): void {
    forgetMean(this.#state, keep)
  }

  toJSON(): Snapshot {
    return snapshot(BaseRate, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): BaseRate {
    const { options, state } = checkSnapshot(BaseRate, json)
    const learner = new BaseRate(unpackState(options, { features: 0, halfLife: 0 }, 'options'))
    learner.#state = readMean(state, 0, 1)
    return learner
  }
}

/**
 * The mean target so far: what a regression must beat.
 *
 * It ignores the features; 0 before the first label. O(1) time and memory. With a `halfLife` it follows a mean that
 * moves.
 *
 * @example
 * ```ts
 * const learner = new MeanTarget({ features: 1 })
 * learner.learn(Float64Array.of(7), 0.01)
 * learner.predict(Float64Array.of(8)) // 0.01
 * ```
 */
export class MeanTarget implements Learner, Forgetful {
  static readonly type: string = 'mean-target'
  static readonly version: number = 1

  readonly task: 'regression' = 'regression'
  readonly options: RunningMeanOptions
  readonly #decay: number
  #state: MeanState = freshMean()

  constructor({ features, halfLife = Infinity }: Partial<RunningMeanOptions> & Pick<RunningMeanOptions, 'features'>) {
    this.options = { features: integer('features', features), halfLife: checkHalfLife('halfLife', halfLife) }
    this.#decay = decayOf(halfLife)
  }

  get seen(): number {
    return this.#state.seen
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#state.mean
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('regression', x, this.options.features, y, weight)
    addToMean(this.#state, y, weight, this.#decay)
  }

  forget(keep: number): void {
    forgetMean(this.#state, keep)
  }

  toJSON(): Snapshot {
    return snapshot(MeanTarget, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MeanTarget {
    const { options, state } = checkSnapshot(MeanTarget, json)
    const learner = new MeanTarget(unpackState(options, { features: 0, halfLife: 0 }, 'options'))
    learner.#state = readMean(state, -Number.MAX_VALUE, Number.MAX_VALUE)
    return learner
  }
}

/**
 * Predicts that the last label comes again: the baseline that streams with runs of equal labels fool people with.
 *
 * Before the first label it says 0.5 (binary) or 0 (regression). Its answers for binary labels are exactly 0 or 1, so
 * score it by accuracy; its log loss is unbounded. O(1) time and memory.
 *
 * @see I. Žliobaitė et al. (2015), "Evaluation methods and decision theory for classification of streaming data with
 *   temporal dependence", Machine Learning 98
 *
 * @example
 * ```ts
 * const learner = new LastLabel({ features: 1 })
 * learner.learn(Float64Array.of(7), 1)
 * learner.predict(Float64Array.of(8)) // 1
 * ```
 */
export class LastLabel implements Learner, Forgetful {
  static readonly type: string = 'last-label'
  static readonly version: number = 1

  readonly options: LastLabelOptions
  #state: LastState = freshLast()

  constructor({ features, task = 'binary' }: Partial<LastLabelOptions> & Pick<LastLabelOptions, 'features'>) {
    this.options = { features: integer('features', features), task: oneOf('task', task, ['binary', 'regression']) }
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const { last } = this.#state
    if (last === last) return last
    return this.options.task === 'binary' ? 0.5 : 0
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.options.task, x, this.options.features, y, weight)
    this.#state.last = y
    this.#state.seen++
  }

  forget(keep: number): void {
    if (integer('keep', keep, 0, 'INVALID_INPUT') < 1) this.#state.last = NaN
  }

  toJSON(): Snapshot {
    return snapshot(LastLabel, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LastLabel {
    const { options, state } = checkSnapshot(LastLabel, json)
    const learner = new LastLabel(unpackState(options, { features: 0, task: 'binary' } as LastLabelOptions, 'options'))
    const { seen, last } = unpackState(state, freshLast())
    checkCount('state.seen', seen)
    const isLabel = learner.task === 'binary' ? last === 0 || last === 1 : Math.abs(last) < Infinity
    if (last === last && !isLabel) corrupt('state.last', 'a label, or NaN', last)
    learner.#state = { seen, last }
    return learner
  }
}
