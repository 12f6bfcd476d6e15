import type { Contribution, Explainable, Forgetful, Learner, Sized, Snapshot, Vector } from '../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, integer, positive } from '../core/check.ts'
import { decayOf } from '../core/decayed-moments.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp, sigmoid } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { packState, unpackState } from '../core/state.ts'
import { checkAmount, checkAmounts, checkCount, checkNumbers, count } from './checks.ts'
import { sortByMagnitude } from './contributions.ts'

/** Options of {@link GaussianNaiveBayes}. */
export type GaussianNaiveBayesOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Features whose values are codes of categories, whole numbers from 0 up: counted rather than averaged. @defaultValue [] */
  readonly nominal: readonly number[]
  /** Categories told apart; codes from `categories` - 1 up, and what is no code, share the last. @defaultValue 32 */
  readonly categories: number
  /** Weight that every category of a nominal feature starts with in both classes, α of Laplace. @defaultValue 1 */
  readonly smoothing: number
  /** Observations after which the weight of the past has halved; Infinity for a world that stays. @defaultValue Infinity */
  readonly halfLife: number
  /**
   * Log-odds that a feature by itself may add or take away, at most, so that no stray value decides; Infinity is the
   * textbook's rule. @defaultValue 5, odds of 148 to 1
   */
  readonly maxEvidence: number
}

type Input = Partial<GaussianNaiveBayesOptions> & Pick<GaussianNaiveBayesOptions, 'features'>

type State = {
  seen: number
  /** Observations that are remembered, faded ones as fractions. */
  held: number
  /** Weight of each class. */
  classes: Float64Array
  /** Weight, mean and sum of squared deviations of a feature in a class, at 2 · feature + class; of nominal ones the weight. */
  weights: Float64Array
  means: Float64Array
  squares: Float64Array
  /** Weight of a category of the k-th nominal feature in a class, at 2 · (k · categories + category) + class. */
  counts: Float64Array
}

/** Values beyond this count as this large, and variances below its square inverted as none: no quotient overflows. */
const LARGEST = 1e60
const LEAST_VARIANCE = 1e-120
/** Weights of observations count no more than this. */
const LARGEST_WEIGHT = 1e12
/** More than all weights can add up to: 2^53 of the largest. */
const LARGEST_SUM = 1e28
/** A class of which less weight is left says nothing about a feature. */
const LEAST_WEIGHT = 1e-12
/** Where a product of ratios is turned into its logarithm: 1e30 times the largest ratio, 1e274, is still a number. */
const LARGEST_PRODUCT = 1e30
/** 128 MB of counts, so that no snapshot can ask for all memory. */
const MOST_COUNTS = 16_777_216

/**
 * Naive Bayes: weighs what each feature by itself says about the class, and adds it up in log-odds.
 *
 *     log-odds = ln (N₁ + 1) / (N₀ + 1) + Σ ln N(x; m₁, v₁) / N(x; m₀, v₀) + Σ ln P₁(category) / P₀(category)
 *                each of the summands of Σ kept between -maxEvidence and maxEvidence
 *
 * A numeric feature has a mean and a variance in each class; the variance starts from one imagined observation at the
 * feature's variance over both, so a handful of labels cannot make it 0. A nominal one has counts, each with α to start
 * from: with both kinds this is mixed naive Bayes. A feature counts only where both classes have shown it, and for
 * `maxEvidence` at most: normal tails are thinner than those of the world. A missing value contributes nothing.
 *
 * It learns from few labels and without scaling, but counts features that say the same twice over: good for ranking, too
 * sure of itself. O(d) time and memory; one pass of arithmetic, and a logarithm for each feature that says much.
 *
 * @see P. Domingos, M. Pazzani (1997), "On the optimality of the simple Bayesian classifier under zero-one loss",
 *   Machine Learning 29
 *
 * @example
 * ```ts
 * const learner = new GaussianNaiveBayes({ features: 3, nominal: [2], categories: 4, halfLife: 2000 })
 * learner.learn(Float64Array.of(0.3, -12, 1), 1)
 * learner.predict(Float64Array.of(0.3, -12, 1))
 * ```
 */
export class GaussianNaiveBayes implements Learner, Explainable, Forgetful, Sized {
  static readonly type: string = 'gaussian-naive-bayes'
  static readonly version: number = 2

  readonly task: 'binary' = 'binary'
  readonly explains: 'log-odds' = 'log-odds'
  readonly options: GaussianNaiveBayesOptions
  readonly #decay: number
  /** Odds of a feature at most. */
  readonly #steepest: number
  /** Where a feature's counts begin, in categories; -1 for a numeric one. */
  readonly #offsets: Int32Array
  #state: State

  constructor({ features, nominal = [], categories = 32, smoothing = 1, halfLife = Infinity, maxEvidence = 5 }: Input) {
    this.options = {
      features: count('features', features),
      nominal: checkNominal(nominal, features),
      categories: count('categories', categories, 2),
      smoothing: positive('smoothing', smoothing),
      halfLife: checkHalfLife('halfLife', halfLife),
      maxEvidence: maxEvidence === Infinity ? maxEvidence : positive('maxEvidence', maxEvidence),
    }
    count('nominal features * categories', Math.max(1, this.options.nominal.length * categories), 1, MOST_COUNTS / 2)
    this.#decay = decayOf(halfLife)
    this.#steepest = Math.exp(maxEvidence)
    this.#offsets = new Int32Array(features).fill(-1)
    for (const [k, feature] of this.options.nominal.entries()) this.#offsets[feature] = k * categories
    this.#state = fresh(this.options)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    const { classes, weights, counts } = this.#state
    return classes.byteLength + 3 * weights.byteLength + counts.byteLength + 16
  }

  predict(x: Vector): number {
    return sigmoid(this.baseValue(x) + this.#evidence(x))
  }

  /** The log-odds of the classes' weights alone. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    const { classes } = this.#state
    return Math.log((classes[1]! + 1) / (classes[0]! + 1))
  }

  /** What each feature by itself adds to the log-odds. */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    const alone = new Float64Array(x.length).fill(NaN)
    const parts = Array.from(x, (value, feature) => {
      alone[feature] = value
      const amount = this.#evidence(alone)
      alone[feature] = NaN
      return { feature, amount }
    })
    return sortByMagnitude(parts)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features } = this.options
    checkObservation('binary', x, features, y, weight)
    if (this.#decay < 1) this.#fade(this.#decay)
    const { classes, weights, means, squares, counts } = this.#state
    const offsets = this.#offsets
    const w = Math.min(weight, LARGEST_WEIGHT)
    classes[y]! += w
    for (let i = 0; i < features; i++) {
      const raw = x[i]!
      if (raw !== raw) continue
      const offset = offsets[i]!
      if (offset >= 0) {
        counts[2 * (offset + this.#category(raw)) + y]! += w
        weights[2 * i + y]! += w
        continue
      }
      // Finch's step, in which squares can only grow and a constant stays exactly itself
      const at = 2 * i + y
      const value = raw > LARGEST ? LARGEST : raw < -LARGEST ? -LARGEST : raw
      const n = weights[at]! + w
      const share = w / n
      const delta = value - means[at]!
      squares[at]! += w * (1 - share) * delta * delta
      means[at] = share < 1 ? means[at]! + share * delta : value
      weights[at] = n
    }
    this.#state.held++
    this.#state.seen++
  }

  /** Shrinks all weights to those of the newest `keep` labels. */
  forget(keep: number): void {
    const { held } = this.#state
    if (integer('keep', keep, 0, 'INVALID_INPUT') < held) this.#fade(keep / held)
  }

  toJSON(): Snapshot {
    return snapshot(GaussianNaiveBayes, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): GaussianNaiveBayes {
    const { version, options, state } = checkSnapshot(GaussianNaiveBayes, json)
    const template = { features: 0, nominal: [0], categories: 0, smoothing: 0, halfLife: 0, maxEvidence: 0 }
    // version 1 knew no limit of the evidence
    const written = version >= 2 ? options : { maxEvidence: packState(Infinity), ...options }
    const settings = unpackState(written, template, 'options')
    const { features, nominal, categories } = settings
    const s = unpackState(state, fresh({ features: 0, nominal: [], categories: 0 }))
    checkCount('state.seen', s.seen)
    checkAmount('state.held', s.held, s.seen)
    // before anything of that size is made, and with a little more for the last bits
    checkNumbers('state.means', s.means, 2 * features, 2 * LARGEST)
    checkAmounts('state.classes', s.classes, 2, LARGEST_SUM)
    checkAmounts('state.weights', s.weights, 2 * features, LARGEST_SUM)
    checkAmounts('state.squares', s.squares, 2 * features, 2 * LARGEST * LARGEST * LARGEST_SUM)
    checkAmounts('state.counts', s.counts, 2 * nominal.length * categories, LARGEST_SUM)
    const learner = new GaussianNaiveBayes(settings)
    learner.#state = s
    if (version === 1) learner.#weighNominal()
    return learner
  }

  /** What the features add to the log-odds of the classes. */
  #evidence(x: Vector): number {
    const { features, maxEvidence } = this.options
    const { weights, means, squares } = this.#state
    const offsets = this.#offsets
    // twice the log-odds; where both of its parts are below half of the limit, the sum is below the limit
    const limit = 2 * maxEvidence
    const steepest = this.#steepest
    const flattest = 1 / steepest
    let sum = 0
    let product = 1
    for (let i = 0; i < features; i++) {
      const raw = x[i]!
      if (raw !== raw) continue
      if (offsets[i]! >= 0) {
        product *= clamp(this.#categoryOdds(i, raw), flattest, steepest)
      } else {
        const n0 = weights[2 * i]!
        const n1 = weights[2 * i + 1]!
        if (n0 < LEAST_WEIGHT || n1 < LEAST_WEIGHT) continue
        const value = raw > LARGEST ? LARGEST : raw < -LARGEST ? -LARGEST : raw
        const mean0 = means[2 * i]!
        const mean1 = means[2 * i + 1]!
        const s0 = squares[2 * i]!
        const s1 = squares[2 * i + 1]!
        const gap = mean1 - mean0
        const pooled = (s0 + s1 + (gap * gap * n0 * n1) / (n0 + n1)) / (n0 + n1)
        if (!(pooled > LEAST_VARIANCE)) continue
        // the odds of the two densities: quotients under the exponent, one product for what stands before it
        const precision0 = n0 / (s0 + pooled)
        const precision1 = n1 / (s1 + pooled)
        const from0 = value - mean0
        const from1 = value - mean1
        const nearer = from0 * from0 * precision0 - from1 * from1 * precision1
        const ratio = precision1 / precision0
        if (Math.abs(nearer) < maxEvidence && ratio < steepest && ratio > flattest) {
          sum += nearer
          product *= Math.sqrt(ratio)
        } else sum += clamp(nearer + Math.log(ratio), -limit, limit)
      }
      if (product > LARGEST_PRODUCT || product < 1 / LARGEST_PRODUCT) {
        sum += 2 * Math.log(product)
        product = 1
      }
    }
    return Math.log(product) + sum / 2
  }

  /** P₁ / P₀ of a value of a nominal feature. */
  #categoryOdds(feature: number, value: number): number {
    const { smoothing, categories } = this.options
    const { counts, weights } = this.#state
    const n0 = weights[2 * feature]!
    const n1 = weights[2 * feature + 1]!
    if (n0 < LEAST_WEIGHT || n1 < LEAST_WEIGHT) return 1
    const at = 2 * (this.#offsets[feature]! + this.#category(value))
    const spread = smoothing * categories
    const odds = (counts[at + 1]! + smoothing) / (counts[at]! + smoothing)
    return (odds * (n0 + spread)) / (n1 + spread)
  }

  /** Adds up how often nominal features were there, which version 1 did not keep. */
  #weighNominal(): void {
    const { nominal, categories } = this.options
    const { weights, counts } = this.#state
    for (const feature of nominal) {
      const first = 2 * this.#offsets[feature]!
      for (let i = 0; i < 2 * categories; i++) weights[2 * feature + (i & 1)]! += counts[first + i]!
    }
  }

  #category(value: number): number {
    const last = this.options.categories - 1
    return value >= 0 && value < last && Number.isInteger(value) ? value : last
  }

  #fade(share: number): void {
    const s = this.#state
    for (const array of [s.classes, s.weights, s.squares, s.counts]) {
      for (let i = 0; i < array.length; i++) array[i]! *= share
    }
    s.held *= share
  }
}

function fresh({
  features,
  nominal,
  categories,
}: Pick<GaussianNaiveBayesOptions, 'features' | 'nominal' | 'categories'>): State {
  return {
    seen: 0,
    held: 0,
    classes: new Float64Array(2),
    weights: new Float64Array(2 * features),
    means: new Float64Array(2 * features),
    squares: new Float64Array(2 * features),
    counts: new Float64Array(2 * nominal.length * categories),
  }
}

/** Passes a list of features, sorted; else throws. */
function checkNominal(list: readonly number[], features: number): readonly number[] {
  if (!Array.isArray(list)) throw new TradeLearnError('INVALID_OPTION', `"nominal" must be a list, got ${show(list)}.`)
  for (const feature of list) count('nominal', feature, 0, features - 1)
  return [...new Set(list)].sort((a, b) => a - b)
}
