import type { JsonValue, Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, integer, oneOf, positive, text } from '../../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../../core/decayed-moments.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { SeededRng } from '../../core/rng.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkCount, checkMoments } from '../checks.ts'
import { packMember } from '../members.ts'
import { checkTree } from './check-tree.ts'
import { type Growth, learnTree } from './learn-tree.ts'
import { areSpreads, createSpreads, learnSpreads, type Spreads } from './spreads.ts'
import { bytesOfTree, createTree, type MondrianTree, makeRoom, predictTree, trimTree } from './tree.ts'

/** Options of {@link AggregatedMondrianForest}. */
export type AggregatedMondrianForestOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** What the labels are. @defaultValue "binary" */
  readonly task: 'binary' | 'regression'
  /** Trees that are averaged. @defaultValue 10 */
  readonly trees: number
  /** Step size η of the aggregation: 1 is Bayes' rule. @defaultValue 1 */
  readonly step: number
  /** Labels' worth of trust in what a node says before its first label; 1 is Jeffreys' prior. @defaultValue 1 */
  readonly smoothing: number
  /** Labels of its own after which a label of a node counts half; Infinity is the paper's. @defaultValue 50 */
  readonly halfLife: number
  /** Nodes that a tree may have. @defaultValue 1000 */
  readonly maxNodes: number
  /**
   * `"any"` measures each feature by its own spread, so units do not matter; `"common"` takes the values as they are,
   * as in the paper, where all features are of one unit. @defaultValue "any"
   */
  readonly units: 'any' | 'common'
  /** Seed of the splits. @defaultValue "amf" */
  readonly seed: string
}

type State = { seen: number; errors: DecayedMoments; spreads: Spreads; trees: readonly MondrianTree[] }

/** Labels after which the size of regression errors has half forgotten: as in `Hedge`. */
const SCALE_DECAY: number = decayOf(100)
/** Labels beyond count as this large: differences and squares of larger ones overflow. */
const LARGEST_LABEL = 1e300
const LARGEST_ERROR = 1e75

const fresh = ({ features, trees, task }: AggregatedMondrianForestOptions): State => ({
  seen: 0,
  errors: createDecayedMoments(),
  spreads: createSpreads(features),
  trees: Array.from({ length: trees }, () => createTree(features, 1, task === 'binary' ? 0.5 : 0)),
})

/**
 * A forest of random splits that averages over all its prunings, and so needs no tuning.
 *
 * Each tree is a Mondrian process that grows with the stream: a split falls where a value lies outside the box of what
 * its node has seen, soon where it lies far outside, at a random place in the gap; only where all labels agree is none
 * made. Each node makes its own estimate, and the tree's prediction is the exact average over every tree that can be
 * cut out of it, weighted by its prior and by e^(-η loss) of what it had said. That average needs only the path of `x`,
 * with one number a node:
 *
 *     estimate = (Σ y + c prior) / (n + c)                          c = smoothing, prior = 1/2 or the parent's estimate
 *     said     = t estimate + (1 - t) said by the child             t = trust in the node left whole, 1/2 at first
 *     t        <- t e^(-η loss) / (t e^(-η loss) + (1 - t) e^(-η loss of the child's part))
 *
 * Binary: the loss is log loss. Regression: half the squared error over the exponentially weighted mean square of the
 * forest's own errors, so the unit of y does not matter. A missing value of a split goes to the child that has seen
 * more, and leaves the boxes alone. With `halfLife` the estimates follow a changing world; leaves not passed for long
 * are forgotten when a tree has `maxNodes`, so that its detail is where the stream is now, and paths do not grow any more.
 *
 * O(trees (depth + features of a path)) time; memory up to `trees` × `maxNodes` × (16 features + 61) bytes.
 *
 * Use it where there is no time to tune and thousands of labels; on few labels take `BayesianLogisticRegression`. On
 * Elec2, predicting before learning, it reaches 87.7 % and a log loss of 0.342, with a `halfLife` of 3 labels 89.2 %
 * and 0.342; River's `AMFClassifier` 84.15 % and 0.390 (`test/learners/mondrian-forest/quality.test.ts`).
 *
 * @see J. Mourtada, S. Gaïffas, E. Scornet (2021), "AMF: Aggregated Mondrian forests for online learning", JRSS B 83
 * @see B. Lakshminarayanan, D. M. Roy, Y. W. Teh (2014), "Mondrian forests: efficient online random forests", NIPS
 *
 * @example
 * ```ts
 * const forest = new AggregatedMondrianForest({ features: 2, seed: 'my forest' })
 * forest.learn(Float64Array.of(0.3, 61_000), 1)
 * forest.predict(Float64Array.of(0.2, 60_500)) // above 0.5
 * ```
 */
export class AggregatedMondrianForest implements Learner, Sized {
  static readonly type: string = 'aggregated-mondrian-forest'
  static readonly version: number = 1

  readonly options: AggregatedMondrianForestOptions
  readonly #growth: Growth
  #rng: SeededRng
  #state: State

  constructor({
    features,
    task = 'binary',
    trees = 10,
    step = 1,
    smoothing = 1,
    halfLife = 50,
    maxNodes = 1000,
    units = 'any',
    seed = 'amf',
  }: Partial<AggregatedMondrianForestOptions> & Pick<AggregatedMondrianForestOptions, 'features'>) {
    this.options = {
      features: integer('features', features),
      task: oneOf('task', task, ['binary', 'regression']),
      trees: integer('trees', trees),
      step: positive('step', step),
      smoothing: positive('smoothing', smoothing),
      halfLife: checkHalfLife('halfLife', halfLife),
      // a root with two leaves is the least that can be split and forgotten
      maxNodes: integer('maxNodes', maxNodes, 3),
      units: oneOf('units', units, ['any', 'common']),
      seed: text('seed', seed),
    }
    this.#growth = {
      task,
      features,
      maxNodes,
      step,
      smoothing,
      keep: decayOf(halfLife),
      scale: Infinity,
      rates: new Float64Array(features).fill(1),
      gaps: new Float64Array(features),
    }
    this.#rng = new SeededRng(seed)
    this.#state = fresh(this.options)
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Nodes of all trees. */
  get nodes(): number {
    return this.#state.trees.reduce((sum, tree) => sum + tree.nodes, 0)
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    const { spreads, trees } = this.#state
    // eight numbers besides: what has been seen, of the errors, and of the sample
    const rest = 8 * 8 + spreads.samples.byteLength + spreads.spread.byteLength
    return trees.reduce((sum, tree) => sum + bytesOfTree(tree), rest)
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#say(x)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, task } = this.options
    checkObservation(task, x, features, y, weight)
    const { trees, errors } = this.#state
    const growth = this.#growth
    const rng = this.#rng
    const label = Math.max(Math.min(y, LARGEST_LABEL), -LARGEST_LABEL)
    if (task === 'regression') {
      growth.scale = errors.mean > 0 ? Math.sqrt(errors.mean) : Infinity
      const error = Math.max(Math.min(label - this.#say(x), LARGEST_ERROR), -LARGEST_ERROR)
      addDecayed(errors, error * error, SCALE_DECAY)
    }
    if (this.options.units === 'any') this.#compareUnits(x)
    for (let i = 0; i < trees.length; i++) learnTree(trees[i]!, x, label, weight, growth, rng)
    this.#state.seen++
  }

  toJSON(): Snapshot {
    const { trees, ...state } = this.#state
    const trimmed = trees.map((tree) => trimTree(tree, this.options.features))
    return snapshot(AggregatedMondrianForest, this.options, { ...state, trees: trimmed, rng: packMember(this.#rng) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): AggregatedMondrianForest {
    const { options, state } = checkSnapshot(AggregatedMondrianForest, json)
    const { rng: _, ...own } = state
    const template = { ...new AggregatedMondrianForest({ features: 1, trees: 1 }).options }
    const { features, trees, ...rest } = unpackState(options, template, 'options')
    // before anything of that size is made
    checkLength('trees', own['trees'], trees)
    const spreads = unpackState(own['spreads'], { ...createSpreads(0) }, 'state.spreads')
    if (!areSpreads(spreads, features)) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"state.spreads" must be those of ${features} features, got others.`,
      )
    }
    const forest = new AggregatedMondrianForest({ features, trees, ...rest })
    const shape = { ...fresh({ ...forest.options, trees: 0 }), trees: [createTree(features, 0, 0)] }
    const read = unpackState(own, shape)
    checkCount('state.seen', read.seen)
    checkMoments('state.errors', read.errors, 0, LARGEST_ERROR * LARGEST_ERROR)
    for (const tree of read.trees) {
      checkTree(tree, forest.options)
      makeRoom(tree, features, forest.options.maxNodes)
    }
    forest.#state = read
    forest.#rng = SeededRng.fromJSON(nested(state, 'rng', AggregatedMondrianForest.type))
    return forest
  }

  #say(x: Vector): number {
    const { smoothing } = this.options
    const { trees } = this.#state
    let mean = 0
    for (let i = 0; i < trees.length; i++) mean += (predictTree(trees[i]!, x, smoothing) - mean) / (i + 1)
    return mean
  }

  /** Measures each feature by its own spread, so that neither a unit nor a few wild values decide where splits fall. */
  #compareUnits(x: Vector): void {
    const { spreads, trees } = this.#state
    const { rates } = this.#growth
    const { lows, highs } = trees[0]!
    learnSpreads(spreads, x)
    const { spread } = spreads
    for (let j = 0; j < rates.length; j++) {
      let width = spread[j]!
      if (width === 0) {
        // the same value in all of the sample: take what the root has seen
        const value = x[j]!
        width = (value > highs[j]! ? value : highs[j]!) - (value < lows[j]! ? value : lows[j]!)
      }
      rates[j] = width > 0 && width < Infinity ? 1 / width : 1
    }
  }
}

function checkLength(name: string, list: JsonValue | undefined, wanted: number): void {
  if (Array.isArray(list) && list.length === wanted) return
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"state.${name}" must be a list of ${wanted}, got ${show(list)}.`)
}
