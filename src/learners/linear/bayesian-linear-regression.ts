import type { Contribution, Explainable, Forgetful, Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, integer, nonNegative, positive } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkAmount, checkCount, count } from '../checks.ts'
import { linearContributions } from '../contributions.ts'
import { createUD, projectUD, updateUD } from '../ud-covariance.ts'
import {
  checkPosterior,
  checkVariance,
  createScratch,
  type FadingPosterior,
  fadePosterior,
  LARGEST,
  MOST_FEATURES,
  marginOf,
  type Scratch,
  turnsOf,
} from './fading-posterior.ts'
import { linearScore, MAX_WEIGHT } from './kernel.ts'

/** Options of {@link BayesianLinearRegression}. */
export type BayesianLinearRegressionOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Observations after which the weight of the past has halved; Infinity for a world that stays. @defaultValue Infinity */
  readonly halfLife: number
  /** Variance of the weights before anything is seen, in multiples of that of the noise: β / α. @defaultValue 1 */
  readonly priorVariance: number
  /**
   * The same for the intercept; 0 for a line through the origin. @defaultValue 1e6: it may lie a thousand deviations of
   * the noise from 0
   */
  readonly interceptVariance: number
  /** Variance of the noise, 1 / β, in squared units of y, where it is known. @defaultValue 'learned' */
  readonly noiseVariance: number | 'learned'
}

type State = FadingPosterior & {
  seen: number
  /** Weight and weighted sum of the squared errors, each over how much of it the doubt about the weights explains. */
  labels: number
  squares: number
}

/** A prior variance of 0 in factors that cannot hold one. */
const LEAST_VARIANCE = 1e-100
/** More than all weights of observations can add up to: 2^53 of the largest. */
const LARGEST_SUM = 1e28

/**
 * Linear regression that knows how much it does not know: recursive least squares with a prior and forgetting.
 *
 * It keeps a normal distribution over the weights, in units of the noise σ², and with it says how far y may lie from
 * the prediction. With e = y - m·x:
 *
 *     m <- m + P x e / (1 + xᵀPx)       P <- P - P x xᵀP / (1 + xᵀPx)       Var(y) = σ² (1 + xᵀPx)
 *
 * σ² is the mean of e² / (1 + xᵀPx) so far. Between labels the past fades by 2^(-1 / halfLife) and the prior comes back
 * for as much, one coordinate at a time, so a feature that stays constant cannot blow the covariance up. P is kept in
 * factors, which no rounding can make indefinite. O(d²) time and memory. The scale of y does not matter; features
 * should have deviations near 1, as the prior takes them for alike. A missing value contributes nothing.
 *
 * Without forgetting and intercept its means are number for number those of River's `BayesianLinearRegression`.
 *
 * @see C. M. Bishop (2006), "Pattern recognition and machine learning", 3.3
 * @see G. J. Bierman (1977), "Factorization methods for discrete sequential estimation", chapter V
 *
 * @example
 * ```ts
 * const learner = new BayesianLinearRegression({ features: 1, halfLife: 500 })
 * for (let i = 0; i < 100; i++) learner.learn(Float64Array.of(i % 3), 5 + 2 * (i % 3))
 * learner.predict(Float64Array.of(2)) // close to 9
 * learner.predictVariance(Float64Array.of(50)) // larger than at 2: never been there
 * ```
 */
export class BayesianLinearRegression implements Learner, Explainable, Forgetful, Sized {
  static readonly type: string = 'bayesian-linear-regression'
  static readonly version: number = 1

  readonly task: 'regression' = 'regression'
  readonly explains: 'value' = 'value'
  readonly options: BayesianLinearRegressionOptions
  readonly #variances: Float64Array
  readonly #decay: number
  readonly #turns: number
  readonly #scratch: Scratch
  #state: State

  constructor({
    features,
    halfLife = Infinity,
    priorVariance = 1,
    interceptVariance = 1e6,
    noiseVariance = 'learned',
  }: Partial<BayesianLinearRegressionOptions> & Pick<BayesianLinearRegressionOptions, 'features'>) {
    this.options = {
      features: count('features', features, 1, MOST_FEATURES),
      halfLife: checkHalfLife('halfLife', halfLife),
      priorVariance: checkVariance('priorVariance', positive('priorVariance', priorVariance)),
      interceptVariance: checkVariance('interceptVariance', nonNegative('interceptVariance', interceptVariance)),
      noiseVariance: noiseVariance === 'learned' ? noiseVariance : positive('noiseVariance', noiseVariance),
    }
    const n = features + 1
    this.#variances = new Float64Array(n).fill(priorVariance)
    this.#variances[features] = Math.max(interceptVariance, LEAST_VARIANCE)
    this.#decay = decayOf(halfLife)
    this.#turns = Math.ceil(turnsOf(n, halfLife))
    this.#scratch = createScratch(n)
    this.#state = fresh(this.#variances)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    const { mean, diagonal, factor } = this.#state
    return mean.byteLength + diagonal.byteLength + factor.byteLength + 40
  }

  /** The means of the weights, copied, in units of y per unit of each feature; the intercept last. */
  get weights(): Float64Array {
    return this.#state.mean.slice()
  }

  /** Variance of the noise, as given or as estimated so far; Infinity before the first label. */
  get noiseVariance(): number {
    const { noiseVariance } = this.options
    const { labels, squares } = this.#state
    return noiseVariance === 'learned' ? squares / labels || (labels > 0 ? 0 : Infinity) : noiseVariance
  }

  predict(x: Vector): number {
    const { features } = this.options
    checkVector(x, features)
    const { mean } = this.#state
    return linearScore(mean, mean[features]!, x)
  }

  /** Variance of y around the prediction for `x`: the noise, and the doubt about the weights there. Pure. */
  predictVariance(x: Vector): number {
    checkVector(x, this.options.features)
    const { x: known, projected } = this.#scratch
    marginOf(this.#state.mean, x, known)
    return this.noiseVariance * (1 + projectUD(this.#state, known, projected))
  }

  /** The intercept. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#state.mean[x.length]!
  }

  /** Each feature's part in the prediction, in the unit of y. */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    return linearContributions(this.#state.mean, x, 1)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('regression', x, this.options.features, y, weight)
    const s = this.#state
    const { x: known, projected, spread } = this.#scratch
    const trust = Math.min(weight, LARGEST)
    if (this.#decay < 1) fadePosterior(s, this.#variances, this.#decay, this.#turns, this.#scratch.spread)

    // the share of the squared error that is noise, were the weights' distribution true
    const error = clamp(y - marginOf(s.mean, x, known), -MAX_WEIGHT, MAX_WEIGHT)
    const stretch = 1 + trust * projectUD(s, known, projected)
    s.labels = s.labels * this.#decay + trust
    s.squares = s.squares * this.#decay + (trust * error * error) / stretch

    // narrow the covariance and move the means
    updateUD(s, projected, trust, spread)
    const push = (trust * error) / stretch
    const { mean } = s
    for (let i = 0; i < mean.length; i++) mean[i] = clamp(mean[i]! + spread[i]! * push, -MAX_WEIGHT, MAX_WEIGHT)
    s.held++
    s.seen++
  }

  /** Widens the covariance to what the newest `keep` labels would have left; the means move towards 0 as it lets them. */
  forget(keep: number): void {
    const s = this.#state
    if (integer('keep', keep, 0, 'INVALID_INPUT') >= s.held) return
    const { seen, mean } = s
    const share = keep / s.held
    if (keep > 0) {
      fadePosterior(s, this.#variances, share, mean.length, this.#scratch.spread)
      s.labels *= share
      s.squares *= share
    } else this.#state = { ...fresh(this.#variances), seen }
  }

  toJSON(): Snapshot {
    return snapshot(BayesianLinearRegression, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): BayesianLinearRegression {
    const { options, state } = checkSnapshot(BayesianLinearRegression, json)
    const template = { features: 0, halfLife: 0, priorVariance: 0, interceptVariance: 0, noiseVariance: null }
    const read = unpackState(options, template, 'options') as unknown as BayesianLinearRegressionOptions
    const learner = new BayesianLinearRegression(read)
    const variances = learner.#variances
    const s = unpackState(state, fresh(variances))
    checkCount('state.seen', s.seen)
    checkAmount('state.labels', s.labels, LARGEST_SUM)
    checkAmount('state.squares', s.squares, MAX_WEIGHT * MAX_WEIGHT * LARGEST_SUM)
    checkPosterior('state', s, variances.length, s.seen, MAX_WEIGHT, (i) => variances[i]!)
    learner.#state = s
    return learner
  }
}

function fresh(variances: Float64Array): State {
  const mean = new Float64Array(variances.length)
  return { seen: 0, held: 0, turn: 0, labels: 0, squares: 0, mean, ...createUD(variances) }
}
