import type { Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer, nonNegative, oneOf, openFraction, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { clamp, erfc, sigmoid } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { atMost } from '../at-most.ts'
import {
  checkFeatureBins,
  createFeatureBins,
  encode,
  type FeatureBins,
  lookAtBorders,
  remember,
} from './feature-bins.ts'
import {
  checkGradientTree,
  createGradientTree,
  type GradientTree,
  leafOf,
  learnGradient,
  moveTreeBorders,
  SUMS,
  type TreeKernel,
} from './gradient-tree.ts'
import { checkBins } from './options.ts'

/** Options of {@link StochasticGradientTree}. */
export type StochasticGradientTreeOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** `'binary'` lowers the log loss, `'regression'` the squared error. @defaultValue 'binary' */
  readonly task: 'binary' | 'regression'
  /** Weight that a leaf takes in between two attempts to change; 200 in the paper. @defaultValue 50 */
  readonly gracePeriod: number
  /** Probability, at one attempt, that a change that lowers the loss is an accident, δ; 1e-7 in the paper. @defaultValue 1e-4 */
  readonly confidence: number
  /** Hessian that is added to a row's and so shortens steps, λ. @defaultValue 0.1 */
  readonly l2: number
  /** Loss that a split has to take away beyond what a change of the leaf's value would, summed over its rows, γ. @defaultValue 1 */
  readonly splitPenalty: number
  /** Bins that values are sorted into, one of them for missing values; up to 256. @defaultValue 64 */
  readonly bins: number
  /** Leaves at which the tree stops growing. @defaultValue 256 */
  readonly maxLeaves: number
  /** Questions from the root to a leaf, at most. @defaultValue what `maxLeaves` allows */
  readonly maxDepth: number
}

/** What a constructor takes: all but `features` may be left out. */
export type StochasticGradientTreeInput = Partial<Omit<StochasticGradientTreeOptions, 'features'>> & {
  readonly features: number
}

/** `base` is the mean of the values until the tree first changes its mind. */
type State = { seen: number; n: number; base: number; readonly bins: FeatureBins; readonly tree: GradientTree }

/** Weights and values beyond these count as these: the fourth power of a step has to be finite. */
const MOST_WEIGHT = 1e12
const MOST_VALUE = 1e70
/** Far above what anyone needs, so that a damaged snapshot cannot ask for all memory: 1 GiB. */
const MOST_FEATURES = 65_536
const MOST_LEAVES = 65_536
const MOST_BYTES = 1_073_741_824

/**
 * A single tree that grows by gradients: it splits, or changes a leaf's value, when a test says that the loss falls for it.
 *
 * Each leaf sums up the loss's derivatives g and h at its value, by the bins of every feature. Every `gracePeriod` rows it
 * looks for the change, of its value or into two leaves of different values, whose expected loss
 *
 *     mean(g δ + h δ² / 2) + γ / n for a split,   δ = -Σ g / Σ (h + λ)
 *
 * is least, and makes it if that is below 0 with F = n mean² / variance beyond the level of δ. Since values go on moving
 * it follows slow changes of the world that a Hoeffding tree would average over.
 *
 * `predict` takes O(depth), `learn` O(depth + features), an attempt O(features x bins); memory is O(maxLeaves x features x
 * bins), and little once the tree is full. Weights count as that many observations: scale them to a mean of 1.
 *
 * Smaller and quicker than any committee; {@link StreamingGradientBoosting} is the better predictor.
 *
 * @see H. Gouk, B. Pfahringer, E. Frank (2019), "Stochastic gradient trees", ACML
 *
 * @example
 * ```ts
 * const tree = new StochasticGradientTree({ features: 2, gracePeriod: 50 })
 * const p = tree.predict(Float64Array.of(0.3, NaN)) // P(y = 1)
 * tree.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class StochasticGradientTree implements Learner, Sized {
  static readonly type: string = 'stochastic-gradient-tree'
  static readonly version: number = 1

  readonly options: StochasticGradientTreeOptions
  readonly #kernel: TreeKernel
  #state: State

  constructor(options: StochasticGradientTreeInput) {
    this.options = resolve(options)
    this.#kernel = createKernel(this.options)
    const { features, bins } = this.options
    const tree = createGradientTree(this.#kernel, 1)
    this.#state = { seen: 0, n: 0, base: 0, bins: createFeatureBins(features, bins), tree }
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Leaves of the tree. */
  get leaves(): number {
    return (this.#state.tree.nodes + 1) / 2
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    let sum = 8 * 3
    for (const part of [this.#state.bins, this.#state.tree]) {
      for (const value of Object.values(part)) sum += typeof value === 'number' ? 8 : value.byteLength
    }
    return sum
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const { tree, base } = this.#state
    const value = tree.value[leafOf(tree, x)]!
    return this.options.task === 'binary' ? sigmoid(value) : base + value
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { task, features, bins: width } = this.options
    checkObservation(task, x, features, y, weight)
    const kernel = this.#kernel
    const state = this.#state
    const { bins, tree } = state
    const w = Math.min(weight, MOST_WEIGHT)
    state.seen++
    if (remember(bins, x)) this.#lookAtBorders()
    encode(bins, width, x, kernel.codes)
    let target = y
    if (task === 'regression') {
      target = clamp(y, -MOST_VALUE, MOST_VALUE)
      if (state.n >= 0) {
        state.n += w
        state.base += (w / state.n) * (target - state.base)
      }
      target -= state.base
    }
    // from the first change on the base is no longer free to move
    if (learnGradient(kernel, tree, bins, x, target, w)) state.n = -1
  }

  toJSON(): Snapshot {
    return snapshot(StochasticGradientTree, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): StochasticGradientTree {
    const { options, state } = checkSnapshot(StochasticGradientTree, json)
    const resolved = resolve(unpackState(options, resolve({ features: 1 }), 'options'))
    const kernel = createKernel(resolved)
    const any = new Float64Array(0)
    const bins = { seen: 0, borders: any, recent: any }
    const read: State = unpackState(state, { seen: 0, n: 0, base: 0, bins, tree: createGradientTree(kernel, 0) })
    integer('state.seen', read.seen, 0, 'CORRUPT_SNAPSHOT')
    if (!(Math.abs(read.base) <= MOST_VALUE && read.n >= -1 && read.n < Infinity)) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"state.base" must be a mean of values, got ${show(read.base)}.`)
    }
    checkFeatureBins(read.bins, resolved.features, resolved.bins)
    // a value is as far from the base, at most, as two values are from each other
    checkGradientTree(read.tree, kernel, 2 * MOST_VALUE)
    const tree = new StochasticGradientTree(resolved)
    tree.#state = read
    return tree
  }

  /** Lets the histograms follow where the borders of the bins go. */
  #lookAtBorders(): void {
    const kernel = this.#kernel
    const { bins, tree } = this.#state
    lookAtBorders(bins, this.options.features, this.options.bins, (feature, old, low, high) =>
      moveTreeBorders(kernel, tree, bins, feature, old, low, high),
    )
  }
}

function resolve(input: StochasticGradientTreeInput): StochasticGradientTreeOptions {
  const maxLeaves = atMost('maxLeaves', integer('maxLeaves', input.maxLeaves ?? 256), MOST_LEAVES)
  const options = {
    features: atMost('features', integer('features', input.features), MOST_FEATURES),
    task: oneOf('task', input.task ?? 'binary', ['binary', 'regression']),
    gracePeriod: positive('gracePeriod', input.gracePeriod ?? 50),
    confidence: openFraction('confidence', input.confidence ?? 1e-4),
    l2: nonNegative('l2', input.l2 ?? 0.1),
    splitPenalty: nonNegative('splitPenalty', input.splitPenalty ?? 1),
    bins: checkBins(input.bins ?? 64),
    maxLeaves,
    maxDepth: integer('maxDepth', input.maxDepth ?? Math.max(1, maxLeaves - 1)),
  }
  const bytes = options.features * options.bins * maxLeaves * SUMS * 8
  if (bytes <= MOST_BYTES) return options
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"features", "bins" and "maxLeaves" must keep the tree within ${MOST_BYTES} bytes, got ${bytes}.`,
  )
}

function createKernel(options: StochasticGradientTreeOptions): TreeKernel {
  const { features, bins, task, maxLeaves, maxDepth, gracePeriod, l2, splitPenalty } = options
  return {
    features,
    bins,
    binary: task === 'binary',
    maxLeaves,
    maxDepth,
    gracePeriod,
    l2,
    splitPenalty,
    critical: criticalValue(options.confidence),
    codes: new Uint8Array(features),
    scratch: new Float64Array(bins),
  }
}

/** The square of a normal number that is exceeded with probability `confidence`: F with 1 and many degrees of freedom. */
function criticalValue(confidence: number): number {
  let [low, high] = [0, 40]
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (erfc(middle / Math.SQRT2) > confidence) low = middle
    else high = middle
  }
  return low * low
}
