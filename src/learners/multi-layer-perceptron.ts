import type { Learner, Sized, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector, nonNegative, oneOf, openFraction, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp, settled, sigmoid } from '../core/math.ts'
import { SeededRng } from '../core/rng.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkAmount, checkAmounts, checkCount, checkNumber, checkNumbers, count } from './checks.ts'

/** Options of {@link MultiLayerPerceptron}. */
export type MultiLayerPerceptronOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** What the labels are. @defaultValue 'binary' */
  readonly task: 'binary' | 'regression'
  /** Units of the one or two hidden layers. @defaultValue [16] */
  readonly hidden: readonly number[]
  /** What a hidden unit makes of its sum: max(0, z), or tanh z. @defaultValue 'relu' */
  readonly activation: 'relu' | 'tanh'
  /** Step size of Adam, η. @defaultValue 0.003: a few times that for batches, as each label comes once */
  readonly learningRate: number
  /** Pull of the weights towards 0 at each step, a share of η (AdamW's λ); biases left out. @defaultValue 0 */
  readonly l2: number
  /** Start of the random weights. @defaultValue '1' */
  readonly seed: string
}

type Input = Partial<Omit<MultiLayerPerceptronOptions, 'features' | 'seed'>> & {
  readonly features: number
  readonly seed?: string | number
}

type State = {
  seen: number
  /** Weight, mean and sum of squared deviations of the targets of a regression. */
  n: number
  mean: number
  squares: number
  /** Layer after layer: each unit's weights and then its bias. */
  weights: Float64Array
  /** Adam's means of the gradients, and of their squares. */
  first: Float64Array
  second: Float64Array
}

/** Inputs and weights beyond this count as this large, and nothing that is multiplied along the layers overflows. */
const LARGEST = 1e6
/** Targets beyond this count as this large, so that their squares stay finite. */
const LARGEST_TARGET = 1e75
const LARGEST_WEIGHT = 1e12
/** More than all weights of observations can add up to: 2^53 of the largest. */
const LARGEST_SUM = 1e28
/** No slope of the loss is as steep with such inputs and weights, through two hidden layers. */
const LARGEST_GRADIENT = 1e40
/** Adam's shares of the past in its means, and what keeps its quotient finite, as in the paper. */
const BETA_1 = 0.9
const BETA_2 = 0.999
const EPSILON = 1e-8
const MOST_UNITS = 1024
/** 400 MB, so that no snapshot can ask for all memory. */
const MOST_WEIGHTS = 16_777_216

/**
 * A small neural network of one or two hidden layers that learns from one label at a time by Adam.
 *
 *     a = relu(W₁ x + c₁)       f = w·a + b       p = σ(f), or y = mean + deviation · f
 *
 * Give it features scaled to deviation 1 (a `Pipeline` with `StandardScaler`); a missing value counts as 0, the mean. The
 * targets of a regression are scaled inside, by their mean and deviation so far. The last layer starts at 0, so the
 * first answer is 0.5, or the mean; the others start uniform within sqrt(6 / inputs) for ReLU (He) and sqrt(6 / (inputs
 * + outputs)) for tanh (Glorot). It needs thousands of labels to beat a linear model.
 *
 * O(weights) time and memory, 24 bytes a weight; allocates nothing.
 *
 * @see D. E. Rumelhart, G. E. Hinton, R. J. Williams (1986), "Learning representations by back-propagating errors"
 * @see D. P. Kingma, J. Ba (2015), "Adam: a method for stochastic optimization", ICLR
 * @see K. He, X. Zhang, S. Ren, J. Sun (2015), "Delving deep into rectifiers", ICCV
 *
 * @example
 * ```ts
 * const learner = new Pipeline({
 *   transformer: new StandardScaler({ features: 2 }),
 *   learner: new MultiLayerPerceptron({ features: 2, hidden: [32, 16], seed: 7 }),
 * })
 * learner.learn(Float64Array.of(61_000, 0.4), 1)
 * ```
 */
export class MultiLayerPerceptron implements Learner, Sized {
  static readonly type: string = 'multi-layer-perceptron'
  static readonly version: number = 1

  readonly options: MultiLayerPerceptronOptions
  /** Units of each layer, the inputs first and the answer last. */
  readonly #sizes: readonly number[]
  /** What each layer says, and the loss's slope there. */
  readonly #outputs: readonly Float64Array[]
  readonly #slopes: readonly Float64Array[]
  #state: State

  constructor({
    features,
    task = 'binary',
    hidden = [16],
    activation = 'relu',
    learningRate = 0.003,
    l2 = 0,
    seed = '1',
  }: Input) {
    this.options = {
      features: count('features', features),
      task: oneOf('task', task, ['binary', 'regression']),
      hidden: checkHidden(hidden),
      activation: oneOf('activation', activation, ['relu', 'tanh']),
      // a step of 1 in every weight is no learning; and with it no weight can be thrown across 0 by the penalty
      learningRate: openFraction('learningRate', learningRate),
      l2: nonNegative('l2', l2),
      seed: text('seed', String(seed)),
    }
    if (learningRate * l2 > 1) {
      throw new TradeLearnError('INVALID_OPTION', `"learningRate * l2" must be at most 1, got ${learningRate * l2}.`)
    }
    this.#sizes = [features, ...hidden, 1]
    this.#outputs = this.#sizes.map((units) => new Float64Array(units))
    this.#slopes = this.#sizes.map((units) => new Float64Array(units))
    this.#state = fresh(this.options, this.#sizes)
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    return 3 * this.#state.weights.byteLength + 32
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const answer = this.#forward(x)
    if (this.options.task === 'binary') return sigmoid(answer)
    return this.#state.mean + this.#deviation() * answer
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { task, features } = this.options
    checkObservation(task, x, features, y, weight)
    const s = this.#state
    const trust = Math.min(weight, LARGEST_WEIGHT)
    if (task === 'regression') this.#scale(clamp(y, -LARGEST_TARGET, LARGEST_TARGET), trust)
    const answer = this.#forward(x)
    s.seen++

    // the slope of the loss at the answer: that of log loss, or of half the squared error in deviations
    const deviation = this.#deviation()
    const target = deviation > 0 ? (clamp(y, -LARGEST_TARGET, LARGEST_TARGET) - s.mean) / deviation : 0
    const error = task === 'binary' ? sigmoid(answer) - y : answer - target
    this.#slopes[this.#slopes.length - 1]![0] = clamp(error * trust, -LARGEST_WEIGHT, LARGEST_WEIGHT)
    this.#backward()
  }

  toJSON(): Snapshot {
    return snapshot(MultiLayerPerceptron, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MultiLayerPerceptron {
    const { options, state } = checkSnapshot(MultiLayerPerceptron, json)
    const template = { features: 0, task: '', hidden: [0], activation: '', learningRate: 0, l2: 0, seed: '' }
    const settings = unpackState(options, template, 'options') as MultiLayerPerceptronOptions
    const none = new Float64Array(0)
    const s = unpackState(state, { seen: 0, n: 0, mean: 0, squares: 0, weights: none, first: none, second: none })
    checkCount('state.seen', s.seen)
    checkAmount('state.n', s.n, LARGEST_SUM)
    // a little more, for the last bits
    checkNumber('state.mean', s.mean, 2 * LARGEST_TARGET)
    checkAmount('state.squares', s.squares, 2 * LARGEST_TARGET * LARGEST_TARGET * s.n)
    // before anything of that size is made
    const total = weightsOf([settings.features, ...settings.hidden, 1])
    checkNumbers('state.weights', s.weights, total, LARGEST)
    checkNumbers('state.first', s.first, total, LARGEST_GRADIENT)
    checkAmounts('state.second', s.second, total, LARGEST_GRADIENT * LARGEST_GRADIENT)
    const learner = new MultiLayerPerceptron(settings)
    learner.#state = s
    return learner
  }

  /** Takes a target into the moments. */
  #scale(y: number, weight: number): void {
    const s = this.#state
    s.n += weight
    const share = weight / s.n
    const delta = y - s.mean
    s.squares += weight * (1 - share) * delta * delta
    s.mean = share < 1 ? s.mean + share * delta : y
  }

  #deviation(): number {
    const { n, squares } = this.#state
    return n > 0 ? Math.sqrt(squares / n) : 0
  }

  /** The network's answer; leaves what each layer says in the scratch vectors. */
  #forward(x: Vector): number {
    const { weights } = this.#state
    const relu = this.options.activation === 'relu'
    const layers = this.#outputs
    const inputs = layers[0]!
    for (let i = 0; i < inputs.length; i++) {
      const value = x[i]!
      inputs[i] = value === value ? clamp(value, -LARGEST, LARGEST) : 0
    }
    let at = 0
    for (let layer = 1; layer < layers.length; layer++) {
      const from = layers[layer - 1]!
      const to = layers[layer]!
      const last = layer + 1 === layers.length
      for (let unit = 0; unit < to.length; unit++) {
        let sum = 0
        for (let i = 0; i < from.length; i++) sum += weights[at++]! * from[i]!
        sum += weights[at++]!
        to[unit] = last ? sum : relu ? Math.max(0, sum) : tanh(sum)
      }
    }
    return layers[layers.length - 1]![0]!
  }

  /** Carries the slope of the loss back from the answer, and steps layer after layer. */
  #backward(): void {
    const { weights, first, second, seen } = this.#state
    const { learningRate, l2, activation } = this.options
    // 1 - β^t as -expm1(t ln β): powers are not the same everywhere
    const bias2 = -Math.expm1(seen * Math.log(BETA_2))
    const rate = (learningRate * Math.sqrt(bias2)) / -Math.expm1(seen * Math.log(BETA_1))
    const keep = 1 - learningRate * l2
    let end = weights.length
    for (let layer = this.#sizes.length - 1; layer > 0; layer--) {
      const from = this.#outputs[layer - 1]!
      const slopes = this.#slopes[layer]!
      const before = this.#slopes[layer - 1]!
      const n = from.length
      end -= slopes.length * (n + 1)
      before.fill(0)
      for (let unit = 0, at = end; unit < slopes.length; unit++) {
        const slope = slopes[unit]!
        for (let i = 0; i <= n; i++, at++) {
          const weight = weights[at]!
          // the unit's last weight is its bias, whose input is 1
          if (i < n) before[i]! += slope * weight
          const gradient = i < n ? slope * from[i]! : slope
          const mean = settled(BETA_1 * first[at]! + (1 - BETA_1) * gradient)
          const square = settled(BETA_2 * second[at]! + (1 - BETA_2) * gradient * gradient)
          first[at] = mean
          second[at] = square
          const moved = (i < n ? weight * keep : weight) - (rate * mean) / (Math.sqrt(square) + EPSILON)
          weights[at] = moved > LARGEST ? LARGEST : moved < -LARGEST ? -LARGEST : moved
        }
      }
      if (layer === 1) return
      // through the activation: its slope in terms of what it said
      for (let i = 0; i < n; i++) {
        const said = from[i]!
        before[i]! *= activation === 'tanh' ? 1 - said * said : said > 0 ? 1 : 0
      }
    }
  }
}

/** Through the exponential function, whose bits the rest of the library rests on too. */
function tanh(z: number): number {
  return 1 - 2 / (Math.exp(2 * z) + 1)
}

/** Weights and biases of layers of these sizes. */
function weightsOf(sizes: readonly number[]): number {
  let total = 0
  for (let layer = 1; layer < sizes.length; layer++) total += sizes[layer]! * (sizes[layer - 1]! + 1)
  return total
}

function fresh({ seed, activation }: MultiLayerPerceptronOptions, sizes: readonly number[]): State {
  const total = count('weights', weightsOf(sizes), 1, MOST_WEIGHTS)
  const weights = new Float64Array(total)
  const rng = new SeededRng(seed)
  let at = 0
  for (let layer = 1; layer + 1 < sizes.length; layer++) {
    const [inputs, units] = [sizes[layer - 1]!, sizes[layer]!]
    const bound = Math.sqrt(6 / (activation === 'relu' ? inputs : inputs + units))
    for (let unit = 0; unit < units; unit++, at++) {
      for (let i = 0; i < inputs; i++, at++) weights[at] = (2 * rng.next() - 1) * bound
    }
  }
  return {
    seen: 0,
    n: 0,
    mean: 0,
    squares: 0,
    weights,
    first: new Float64Array(total),
    second: new Float64Array(total),
  }
}

function checkHidden(list: readonly number[]): readonly number[] {
  if (!Array.isArray(list) || list.length < 1 || list.length > 2) {
    throw new TradeLearnError('INVALID_OPTION', `"hidden" must list the units of one or two layers, got ${show(list)}.`)
  }
  return list.map((units: number) => count('hidden', units, 1, MOST_UNITS))
}
