import type { Contribution, Explainable, Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { describeTree, type TreeNode } from './describe.ts'
import { explainTree } from './explain.ts'
import {
  bytesOf,
  checkGrown,
  createKernel,
  type Grown,
  HEAVIEST,
  isDue,
  type Kernel,
  plant,
  probabilityAt,
  scoreLeaf,
  templateGrown,
  tryToSplit,
} from './growth.ts'
import { majorityProbability } from './leaf-prediction.ts'
import { observe } from './leaf-statistics.ts'
import { REVIEW_EVERY, shareOutPlaces } from './memory.ts'
import { migrate } from './migrate.ts'
import {
  type HoeffdingTreeInput,
  type HoeffdingTreeOptions,
  resolveTreeOptions,
  templateTreeOptions,
} from './options.ts'
import { count, route } from './tree.ts'

/** Options of {@link HoeffdingTreeClassifier}. */
export type HoeffdingTreeClassifierOptions = HoeffdingTreeOptions

type State = { seen: number } & Grown

/**
 * A decision tree that grows from a stream, one leaf at a time, and splits only when it has seen enough to be sure.
 *
 * Each leaf keeps the mean, variance and range of every feature in either class, or the weights of its categories.
 * Every `gracePeriod` observations it compares the features by what a split on them gains, G, and splits on the best, a,
 * rather than on the runner-up, b, once
 *
 *     G(a) - G(b) > ε = sqrt(R² ln(1/δ) / 2n)      or ε < τ: a tie that more data would hardly settle
 *
 * where n is the leaf's weight, R the criterion's range and not splitting takes part with a gain of `minGain`. Between
 * the splits the leaves predict by class share or naive Bayes, so that the tree is useful long before its first split.
 *
 * `predict` and `learn` take O(depth + features), an attempt to split O(features x thresholds); memory is
 * O(maxLeaves x features) and at most `maxBytes`. At `maxLeaves` the shape is final, and the leaves go on learning.
 * Where `maxBytes` is too little for all leaves, the most promising ones keep statistics and the others predict by class
 * share until they promise more.
 *
 * Weights count as that many observations: scale them to a mean of 1, or ε means nothing. A missing value follows the
 * larger part of the weight at its branch, and is left out of the statistics and of naive Bayes.
 *
 * A good first model for streams with interactions; it forgets nothing, so watch it with a drift detector or take a
 * {@link HoeffdingAdaptiveTree}. With a few hundred observations it is naive Bayes: `confidence` 0.01 with `gracePeriod`
 * 50 makes it split early.
 *
 * Grown as in River and MOA, but for the following. Rows with a rare class do not wipe a leaf's statistics. Not
 * splitting has a gain of 0, so that a single feature has to earn its split. A feature's gain is reckoned on the
 * rows where it was known and scaled by their share, so that often missing features gain no edge. Rows with a missing
 * split value, too, can set off an attempt. The grace period counts what has arrived, where River compares rounded
 * sums and is at times one row late. Naive Bayes leaves a feature out unless both classes have a spread: one density
 * alone depends on the feature's unit. Leaves at `maxDepth` keep their naive Bayes. Equal gains go to the lower feature,
 * equal class shares to class 0.
 *
 * @see P. Domingos, G. Hulten (2000), "Mining high-speed data streams", KDD
 * @see G. Holmes, R. Kirkby, B. Pfahringer (2005), "Stress-testing Hoeffding trees", PKDD (the adaptive leaves)
 *
 * @example
 * ```ts
 * const tree = new HoeffdingTreeClassifier({ features: 2, gracePeriod: 50, confidence: 0.01 })
 * const p = tree.predict(Float64Array.of(0.3, NaN)) // P(y = 1)
 * tree.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class HoeffdingTreeClassifier implements Learner, Explainable {
  static readonly type: string = 'hoeffding-tree-classifier'
  static readonly version: number = 2

  readonly task = 'binary'
  readonly explains: 'probability' = 'probability'
  readonly options: HoeffdingTreeClassifierOptions
  readonly #kernel: Kernel
  #state: State

  constructor(options: HoeffdingTreeInput) {
    this.options = resolveTreeOptions(options)
    this.#kernel = createKernel(this.options, 2)
    this.#state = { seen: 0, ...plant(this.#kernel) }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Leaves of the tree. */
  get leaves(): number {
    return this.#state.tree.leaves
  }

  /** Leaves that keep statistics: all, unless `maxBytes` is too little for that. */
  get activeLeaves(): number {
    return this.#state.leaves.taken.reduce((sum, taken) => sum + taken, 0)
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    return 8 + bytesOf(this.#state.tree) + bytesOf(this.#state.leaves)
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const state = this.#state
    return probabilityAt(this.#kernel, state, route(state.tree, this.#kernel.layout, 0, x), x)
  }

  /** The base rate of all that was seen. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    const { counts } = this.#state.tree
    return majorityProbability(counts[0]!, counts[1]!)
  }

  /** The features' parts in the step from the base rate of all that was seen to the prediction, which they sum up to. */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    return explainTree(this.#kernel, this.#state, x)
  }

  /** The tree as a list of nodes, the root first. */
  describe(): readonly TreeNode[] {
    return describeTree(this.#state.tree, this.#kernel.layout)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    const counted = weight < HEAVIEST ? weight : HEAVIEST
    const kernel = this.#kernel
    const state = this.#state
    const { tree, leaves } = state
    const leaf = route(tree, kernel.layout, 0, x)
    const place = tree.place[leaf]!
    state.seen++

    // who would have been right?
    scoreLeaf(kernel, state, leaf, x, y, counted)

    // take it in
    count(tree, 2, leaf, y, counted)
    if (place >= 0) observe(leaves, kernel.layout, place, x, y, counted)
    if (state.seen % REVIEW_EVERY === 0) shareOutPlaces(kernel, state)
    // time to try a split?
    else if (place >= 0 && isDue(leaves, place, this.options.gracePeriod)) tryToSplit(kernel, state, leaf)
  }

  toJSON(): Snapshot {
    return snapshot(HoeffdingTreeClassifier, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote, and what earlier releases wrote. */
  static fromJSON(json: Snapshot): HoeffdingTreeClassifier {
    const { options, state } = migrate(checkSnapshot(HoeffdingTreeClassifier, json))
    const resolved = resolveTreeOptions(unpackState(options, templateTreeOptions(), 'options'))
    const kernel = createKernel(resolved, 2)
    const { seen, tree, leaves } = unpackState(state, { seen: 0, ...templateGrown(kernel) })
    integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT')
    checkGrown({ tree, leaves }, kernel)
    const classifier = new HoeffdingTreeClassifier(resolved)
    classifier.#state = { seen, tree, leaves }
    return classifier
  }
}
