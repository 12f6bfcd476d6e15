import type { JsonObject, JsonValue, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, fraction, integer, nonNegative, oneOf, positive } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { packState, unpackState } from '../../core/state.ts'
import { checkCount, checkNumber, checkNumbers, corrupt, count } from '../checks.ts'
import { linearScore, MAX_WEIGHT, squaredNorm } from './kernel.ts'
import {
  average,
  descend,
  fadeMemory,
  memoryOf,
  OPTIMIZERS,
  type Optimizer,
  stepAdaGrad,
  stepAdam,
  stepFtrl,
} from './optimizer.ts'

/** Options that `LinearRegression`, `LogisticRegression` and `SoftmaxRegression` share. */
export type LinearOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /**
   * How gradients become steps. `'sgd'`: plain gradient descent, follows a world that moves. `'averaged'`: predicts with
   * the average of its weights, steadier in a world that stays (Polyak and Juditsky). `'adagrad'`: rates for each
   * feature that fall with its gradients. `'adam'`: rates for each feature that follow its gradients, with momentum.
   * `'ftrl'`: AdaGrad's rates, and exact zeros from `l1` (FTRL-Proximal). @defaultValue 'sgd'
   */
  readonly optimizer: Optimizer
  /** Step size of the weights, η; α of FTRL. @defaultValue 0.01; 0.1 for `'adagrad'` and `'ftrl'` */
  readonly learningRate: number
  /** Power p of the schedule η / (1 + t / decayAfter)^p after t observations; 0 keeps η. @defaultValue 0 */
  readonly decayPower: number
  /** Observations after which the schedule begins to bite. @defaultValue 1 */
  readonly decayAfter: number
  /** Penalty λ₁ on sizes of weights, which makes useless ones 0; the intercept left out. @defaultValue 0 */
  readonly l1: number
  /** Penalty λ₂ on squared weights, the intercept left out. @defaultValue 0 */
  readonly l2: number
  /** Step size η_b of the intercept, always by plain gradient descent. @defaultValue 0.01 */
  readonly interceptLearningRate: number
  /** Observations that `'averaged'` averages over, later ones replacing the oldest. @defaultValue Infinity, all */
  readonly averageOver: number
}

/** What a constructor takes: all but `features` may be left out. */
export type LinearInput = Partial<LinearOptions> & Pick<LinearOptions, 'features'>

/** What one weighted sum of features has learnt. */
export type LinearState = {
  /** Observations whose teaching it still holds. */
  held: number
  intercept: number
  /** What predicts. */
  weights: Float64Array
  /** What the optimizer keeps; the steps' own weights and intercept where the others are averages. */
  memory: Float64Array
}

/** Optimizers that divide the rate by what they have met, and so start from a larger one. */
const SCALED: readonly Optimizer[] = ['adagrad', 'ftrl']

/** What no use is known for, and products of which would overflow. Powers of the schedule are from ½ to 1. */
const MOST: readonly (readonly [keyof LinearOptions & ('learningRate' | 'decayPower' | 'l1' | 'l2'), number])[] = [
  ['learningRate', 1e50],
  ['decayPower', 10],
  ['l1', 1e50],
  ['l2', 1e50],
]

/** Rates fall no lower: quotients of weights and rates stay finite. */
const LEAST_RATE = 1e-100

/** Checks the options and fills in the defaults. */
export function resolveLinear(input: LinearInput): LinearOptions {
  const optimizer = oneOf('optimizer', input.optimizer ?? 'sgd', OPTIMIZERS)
  const options: LinearOptions = {
    features: count('features', input.features),
    optimizer,
    learningRate: positive('learningRate', input.learningRate ?? (SCALED.includes(optimizer) ? 0.1 : 0.01)),
    decayPower: nonNegative('decayPower', input.decayPower ?? 0),
    decayAfter: positive('decayAfter', input.decayAfter ?? 1),
    l1: nonNegative('l1', input.l1 ?? 0),
    l2: nonNegative('l2', input.l2 ?? 0),
    interceptLearningRate: nonNegative('interceptLearningRate', input.interceptLearningRate ?? 0.01),
    averageOver: checkHalfLife('averageOver', input.averageOver ?? Infinity),
  }
  for (const [name, most] of MOST) {
    if (options[name] <= most) continue
    throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${options[name]}.`)
  }
  // beyond 1 the penalty would throw weights across zero, ever further
  if (stepsAlongX(options)) fraction('learningRate * l2', options.learningRate * options.l2)
  return options
}

/** Whether steps of the weights are the rate times the gradient, as long as x is. */
function stepsAlongX({ optimizer }: LinearOptions): boolean {
  return optimizer === 'sgd' || optimizer === 'averaged'
}

/** Nothing learnt yet. */
export function freshLinear({ features, optimizer }: LinearOptions): LinearState {
  return {
    held: 0,
    intercept: 0,
    weights: new Float64Array(features),
    memory: new Float64Array(memoryOf(optimizer, features)),
  }
}

/** The score whose gradient the next step follows: that of the steps' own weights, before averaging. */
export function learningScore({ optimizer, features }: LinearOptions, s: LinearState, x: Vector): number {
  if (optimizer !== 'averaged') return linearScore(s.weights, s.intercept, x)
  return linearScore(s.memory, s.memory[features]!, x)
}

/** How far the score of `x` moves, at least, for a gradient of 1. */
export function reachOf(options: LinearOptions, s: LinearState, x: Vector): number {
  const { interceptLearningRate } = options
  return stepsAlongX(options) ? interceptLearningRate + rateAt(options, s.held) * squaredNorm(x) : interceptLearningRate
}

/** The schedule: η / (1 + t / decayAfter)^p. */
function rateAt({ learningRate, decayPower, decayAfter }: LinearOptions, held: number): number {
  const share = decayPower === 0 ? 1 : Math.exp(-decayPower * Math.log1p(held / decayAfter))
  return Math.max(learningRate * share, LEAST_RATE)
}

/** Takes one step down the gradient of the loss with respect to the score. O(d), allocates nothing. */
export function stepLinear(options: LinearOptions, s: LinearState, x: Vector, gradient: number): void {
  const { optimizer, features, interceptLearningRate } = options
  const rate = rateAt(options, s.held)
  const pull = interceptLearningRate * gradient
  s.held++
  if (optimizer === 'averaged') {
    // the raw weights take the step, and the averages follow
    s.memory[features] = clamp(s.memory[features]! - pull, -MAX_WEIGHT, MAX_WEIGHT)
    descend(s.memory, x, gradient, rate, options)
    s.intercept = average(s.weights, s.intercept, s.memory, 1 / Math.min(s.held, options.averageOver))
    return
  }
  s.intercept = clamp(s.intercept - pull, -MAX_WEIGHT, MAX_WEIGHT)
  if (optimizer === 'sgd') descend(s.weights, x, gradient, rate, options)
  else if (optimizer === 'adagrad') stepAdaGrad(s.weights, s.memory, x, gradient, rate, options)
  else if (optimizer === 'adam') stepAdam(s.weights, s.memory, x, gradient, rate, options, s.held)
  else stepFtrl(s.weights, s.memory, x, gradient, rate, options)
}

/**
 * Shrinks the weights to what the newest `keep` observations would have taught from nothing: gradient descent closes the
 * gap to the best weights like 1 - e^(-η n). Exact for one gentle slope alone; a rule of thumb for the other optimizers.
 */
export function forgetLinear(options: LinearOptions, s: LinearState, keep: number): void {
  const { held } = s
  if (integer('keep', keep, 0, 'INVALID_INPUT') >= held) return
  const { optimizer, learningRate } = options
  const share = Math.expm1(-learningRate * keep) / Math.expm1(-learningRate * held)
  s.intercept *= share
  for (let i = 0; i < s.weights.length; i++) s.weights[i]! *= share
  fadeMemory(optimizer, s.memory, s.weights, learningRate, options, { share, held, keep })
  s.held = keep
}

/** More than the squares of gradients can add up to: 2^53 of those of the largest. */
const LARGEST_MEMORY = MAX_WEIGHT * MAX_WEIGHT * 1e16

/** Bytes of the state. */
export function sizeOfLinear({ weights, memory }: LinearState): number {
  return weights.byteLength + memory.byteLength + 16
}

/** Reads options of any version: version 1 knew gradient descent alone. */
export function unpackLinearOptions({ version, options }: Snapshot): LinearOptions {
  if (version >= 2) return resolveLinear(unpackState(options, resolveLinear({ features: 1 }), 'options'))
  const template = { features: 0, learningRate: 0, l2: 0, interceptLearningRate: 0 }
  return resolveLinear(unpackState(options, template, 'options'))
}

/** Reads a state and checks it. */
export function unpackLinear(json: JsonObject, options: LinearOptions, path = 'state'): LinearState {
  const { features, optimizer } = options
  const s = unpackState(json, { ...freshLinear(options), memory: new Float64Array(0) }, path)
  checkCount(`${path}.held`, s.held)
  // averages may lie a little further out, by their last bits
  checkNumber(`${path}.intercept`, s.intercept, 2 * MAX_WEIGHT)
  checkNumbers(`${path}.weights`, s.weights, features, 2 * MAX_WEIGHT)
  checkNumbers(`${path}.memory`, s.memory, memoryOf(optimizer, features), LARGEST_MEMORY)
  // squares, whose roots are taken
  const squares = optimizer === 'adagrad' ? 0 : optimizer === 'adam' || optimizer === 'ftrl' ? features : Infinity
  for (let i = squares; i < s.memory.length; i++) {
    if (s.memory[i]! < 0) corrupt(`${path}.memory[${i}]`, 'at least 0', s.memory[i])
  }
  return s
}

/** Reads the state of a model of one sum, of any version: version 1 had no optimizer to remember anything. */
export function unpackSeenLinear({ version, state }: Snapshot, options: LinearOptions): LinearState & { seen: number } {
  const { seen, ...own } = version >= 2 ? state : { ...state, memory: packState(new Float64Array(0)) }
  return { ...unpackSeen({ seen }), ...unpackLinear(own as JsonObject, options) }
}

/** Reads the number of observations that a model has seen. */
export function unpackSeen(json: { readonly seen: JsonValue | undefined }): { seen: number } {
  const { seen } = unpackState(json as JsonObject, { seen: 0 })
  return { seen: checkCount('state.seen', seen) }
}
