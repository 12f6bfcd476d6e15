import type { JsonObject, MultiLearner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { checkOut } from '../check-out.ts'
import { corrupt, count } from '../checks.ts'
import { linearScore, MAX_GRADIENT } from './kernel.ts'
import {
  freshLinear,
  type LinearInput,
  type LinearOptions,
  type LinearState,
  learningScore,
  resolveLinear,
  sizeOfLinear,
  stepLinear,
  unpackLinear,
  unpackLinearOptions,
  unpackSeen,
} from './linear-model.ts'

/** Options of {@link SoftmaxRegression}. */
export type SoftmaxRegressionOptions = LinearOptions & {
  /** Number of classes, at least 2; labels are whole numbers from 0 to `classes` - 1. */
  readonly classes: number
}

type State = { seen: number; readonly sums: readonly LinearState[] }

/** So that no snapshot can ask for all memory. */
const MOST_CLASSES = 1024
/** 128 MB of weights; optimizers keep up to twice as much beside. */
const MOST_WEIGHTS = 16_777_216

/**
 * Logistic regression for several classes, such as target, stop and timeout: one weighted sum a class, made to add up to 1.
 *
 *     p_k = e^f_k / Σ e^f_j,  f_k = b_k + w_k·x       w_k <- w_k - η ((p_k - [y = k]) x + λ w_k)
 *
 * O(classes · d) time and memory. Give it scaled features. A missing value contributes nothing. The optimizers are those
 * of `LogisticRegression`, one for each class. Number for number River's `SoftmaxRegression` where
 * `interceptLearningRate` is 0, from the label on at which River has seen all classes.
 *
 * @see J. S. Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs"
 *
 * @example
 * ```ts
 * const learner = new SoftmaxRegression({ features: 2, classes: 3 })
 * learner.learn(Float64Array.of(1, -1), 2)
 * const [target, stop, timeout] = learner.predictInto(Float64Array.of(1, -1), new Float64Array(3))
 * ```
 */
export class SoftmaxRegression implements MultiLearner, Sized {
  static readonly type: string = 'softmax-regression'
  static readonly version: number = 1

  readonly options: SoftmaxRegressionOptions
  readonly #p: Float64Array
  #state: State

  constructor({ classes, ...input }: LinearInput & Pick<SoftmaxRegressionOptions, 'classes'>) {
    this.options = { classes: count('classes', classes, 2, MOST_CLASSES), ...resolveLinear(input) }
    count('classes * features', classes * this.options.features, 1, MOST_WEIGHTS)
    this.#p = new Float64Array(classes)
    this.#state = { seen: 0, sums: Array.from({ length: classes }, () => freshLinear(this.options)) }
  }

  get outputs(): number {
    return this.options.classes
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    return this.#state.sums.length * sizeOfLinear(this.#state.sums[0]!) + 8
  }

  /** The weights of each class, copied. */
  get weights(): readonly Float64Array[] {
    return this.#state.sums.map(({ weights }) => weights.slice())
  }

  predictInto(x: Vector, out: Vector): Vector {
    const { features, classes } = this.options
    const { sums } = this.#state
    checkVector(x, features)
    checkOut(out, classes)
    for (let k = 0; k < classes; k++) out[k] = linearScore(sums[k]!.weights, sums[k]!.intercept, x)
    return softmax(out)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { options } = this
    const { features, classes } = options
    checkObservation('regression', x, features, y, weight)
    if (!Number.isInteger(y) || y < 0 || y >= classes) {
      throw new TradeLearnError('INVALID_INPUT', `"y" must be a class from 0 to ${classes - 1}, got ${show(y)}.`)
    }
    const s = this.#state
    const p = this.#p
    for (let k = 0; k < classes; k++) p[k] = learningScore(options, s.sums[k]!, x)
    softmax(p)
    for (let k = 0; k < classes; k++) {
      const gradient = clamp((p[k]! - (y === k ? 1 : 0)) * weight, -MAX_GRADIENT, MAX_GRADIENT)
      stepLinear(options, s.sums[k]!, x, gradient)
    }
    s.seen++
  }

  toJSON(): Snapshot {
    return snapshot(SoftmaxRegression, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): SoftmaxRegression {
    const { options, state, ...rest } = checkSnapshot(SoftmaxRegression, json)
    const { classes: written, ...own } = options
    const classes = count('classes', written as number, 2, MOST_CLASSES)
    // its options began as those of version 2 of the other linear models
    const read = unpackLinearOptions({ ...rest, state, options: own, version: 2 })
    const { seen, sums, ...unknown } = state
    if (!Array.isArray(sums) || sums.length !== classes) corrupt('state.sums', `a list of ${classes}`, sums)
    for (const key of Object.keys(unknown)) corrupt(`state.${key}`, 'absent', unknown[key])
    // all that the options promise must be there before anything of that size is made
    const held = (sums as JsonObject[]).map((sum, k) => unpackLinear(sum, read, `state.sums[${k}]`))
    const learner = new SoftmaxRegression({ ...read, classes })
    learner.#state = { ...unpackSeen({ seen }), sums: held }
    return learner
  }
}

/** Turns scores into probabilities, in place; the largest is taken off first, so nothing overflows. */
function softmax(scores: Float64Array): Float64Array {
  let most = scores[0]!
  for (let k = 1; k < scores.length; k++) if (scores[k]! > most) most = scores[k]!
  let total = 0
  for (let k = 0; k < scores.length; k++) total += scores[k] = Math.exp(scores[k]! - most)
  for (let k = 0; k < scores.length; k++) scores[k]! /= total
  return scores
}
