import type { Contribution, Explainable, Learner, Snapshot, Vector } from '../../contracts.ts'
import {
  checkObservation,
  checkVector,
  fraction,
  integer,
  nonNegative,
  oneOf,
  openFraction,
  positive,
} from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { explainTree } from './explain.ts'
import { bayesProbability, type LeafPrediction, leafProbability, majorityProbability } from './leaf-prediction.ts'
import {
  checkLeafStatistics,
  clearLeaf,
  createLeafStatistics,
  growLeafStatistics,
  type LeafStatistics,
  observe,
} from './leaf-statistics.ts'
import { type Candidate, createCandidate, findSplit, hoeffdingBound } from './split.ts'
import {
  checkTree,
  count,
  createTree,
  describeTree,
  growTree,
  route,
  splitLeaf,
  type Tree,
  type TreeNode,
} from './tree.ts'

/** Options of {@link HoeffdingTreeClassifier}. */
export type HoeffdingTreeClassifierOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Weight that a leaf takes in between two attempts to split, n_min. @defaultValue 200 */
  readonly gracePeriod: number
  /** Probability, at one attempt, that the best feature only looked best, δ. @defaultValue 1e-7 */
  readonly confidence: number
  /** Bound ε below which the best features count as equally good and the first is split on, τ. @defaultValue 0.05 */
  readonly tieThreshold: number
  /** Gain of not splitting, in bits, which every split has to beat: the paper's null attribute. @defaultValue 0 */
  readonly minGain: number
  /** How leaves predict; `'adaptive'` is whichever of the other two was right more often. @defaultValue 'adaptive' */
  readonly leafPrediction: LeafPrediction
  /** Thresholds tried per feature. @defaultValue 10 */
  readonly thresholds: number
  /** Share of the weight that either side of a split must exceed. @defaultValue 0.01 */
  readonly minBranchFraction: number
  /** Leaves at which the tree stops growing; 80 bytes a feature each. @defaultValue 512 */
  readonly maxLeaves: number
}

type Options = Partial<HoeffdingTreeClassifierOptions> & Pick<HoeffdingTreeClassifierOptions, 'features'>
type State = { seen: number; tree: Tree; leaves: LeafStatistics }

/** A tree of one leaf with room for `capacity`; 0 gives the template of a saved state. */
const fresh = (features: number, capacity: number): State => ({
  seen: 0,
  tree: createTree(capacity),
  leaves: createLeafStatistics(features, capacity),
})

/**
 * A decision tree that grows from a stream, one leaf at a time, and splits only when it has seen enough to be sure.
 *
 * Each leaf keeps the mean, variance and range of every feature in either class. Every `gracePeriod` observations it
 * compares the features by information gain G and splits on the best, a, rather than on the runner-up, b, once
 *
 *     G(a) - G(b) > ε = sqrt(ln(1/δ) / 2n)      or ε < τ: a tie that more data would hardly settle
 *
 * where n is the leaf's weight and not splitting takes part with a gain of `minGain`. Between the splits the leaves
 * predict by class share or naive Bayes, so that the tree is useful long before its first split.
 *
 * `predict` and `learn` take O(depth + features), an attempt to split O(features x thresholds); memory is
 * O(maxLeaves x features). At `maxLeaves` the shape is final, and the leaves go on learning.
 *
 * Weights count as that many observations: scale them to a mean of 1, or ε means nothing. A missing value follows the
 * larger part of the weight at its branch, and is left out of the statistics and of naive Bayes.
 *
 * A good first model for streams with interactions; it forgets nothing, so watch it with a drift detector. With a few
 * hundred observations it is naive Bayes: `confidence` 0.01 with `gracePeriod` 50 makes it split early.
 *
 * Grown as in River and MOA, but for the following. Rows with a rare class do not wipe a leaf's statistics. Not
 * splitting has a gain of 0, so that a single feature has to earn its split. A feature's gain is reckoned on the
 * rows where it was known and scaled by their share, so that often missing features gain no edge. Rows with a missing
 * split value, too, can set off an attempt. The grace period counts what has arrived, where River compares rounded
 * sums and is at times one row late. Naive Bayes leaves a feature out unless both classes have a spread: one density
 * alone depends on the feature's unit. Equal gains go to the lower feature, equal class shares to class 0.
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
  static readonly version: number = 1

  readonly task = 'binary'
  readonly explains: 'probability' = 'probability'
  readonly options: HoeffdingTreeClassifierOptions
  #state: State
  /** Scratch paper of split attempts; nothing learnt. */
  readonly #candidate: Candidate = createCandidate()

  constructor({
    features,
    gracePeriod = 200,
    confidence = 1e-7,
    tieThreshold = 0.05,
    minGain = 0,
    leafPrediction = 'adaptive',
    thresholds = 10,
    minBranchFraction = 0.01,
    maxLeaves = 512,
  }: Options) {
    this.options = {
      features: integer('features', features),
      gracePeriod: positive('gracePeriod', gracePeriod),
      confidence: openFraction('confidence', confidence),
      tieThreshold: nonNegative('tieThreshold', tieThreshold),
      minGain: nonNegative('minGain', minGain),
      leafPrediction: oneOf('leafPrediction', leafPrediction, ['majority', 'naive-bayes', 'adaptive']),
      thresholds: integer('thresholds', thresholds),
      minBranchFraction: fraction('minBranchFraction', minBranchFraction),
      maxLeaves: integer('maxLeaves', maxLeaves),
    }
    this.#state = fresh(features, 1)
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Leaves of the tree; it has one branch fewer. */
  get leaves(): number {
    return this.#state.tree.leaves
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    const { tree, leaves } = this.#state
    return [...Object.values(tree), ...Object.values(leaves)].reduce<number>(
      (sum, part) => sum + (typeof part === 'number' ? 8 : part.byteLength),
      0,
    )
  }

  predict(x: Vector): number {
    const { features, leafPrediction } = this.options
    checkVector(x, features)
    const { tree, leaves } = this.#state
    const { child, counts } = tree
    const node = route(tree, x)
    return leafProbability(leafPrediction, leaves, child[node]!, x, counts[2 * node]!, counts[2 * node + 1]!)
  }

  /** The base rate of all that was seen. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    const { counts } = this.#state.tree
    return majorityProbability(counts[0]!, counts[1]!)
  }

  /** The features' parts in the step from the base rate of all that was seen to the prediction, which they sum up to. */
  explain(x: Vector): readonly Contribution[] {
    const { features, leafPrediction } = this.options
    checkVector(x, features)
    const { tree, leaves } = this.#state
    return explainTree(tree, leaves, leafPrediction, x)
  }

  /** The tree as a list of nodes, the root first. */
  describe(): readonly TreeNode[] {
    return describeTree(this.#state.tree)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, gracePeriod, leafPrediction, maxLeaves } = this.options
    checkObservation('binary', x, features, y, weight)
    const { tree, leaves } = this.#state
    const node = route(tree, x)
    const leaf = tree.child[node]!
    this.#state.seen++

    // who would have been right?
    if (leafPrediction === 'adaptive') this.#compare(node, x, y, weight)

    // take it in
    observe(leaves, leaf, x, y, weight)
    count(tree, node, y, weight)

    // time to try a split?
    const arrived = leaves.arrived[leaf]!
    if (arrived - leaves.lastAttempt[leaf]! < gracePeriod || tree.leaves >= maxLeaves) return
    leaves.lastAttempt[leaf] = arrived
    if (this.#finds(node)) this.#split(node)
  }

  /** Credits those of majority and naive Bayes that get an observation right; in an empty leaf the majority does. */
  #compare(node: number, x: Vector, y: number, weight: number): void {
    const { tree, leaves } = this.#state
    const leaf = tree.child[node]!
    const negative = tree.counts[2 * node]!
    const positive = tree.counts[2 * node + 1]!
    const empty = negative + positive === 0
    if (empty || majorityProbability(negative, positive) > 0.5 === (y === 1)) leaves.majorityRight[leaf]! += weight
    if (!empty && bayesProbability(leaves, leaf, x, negative, positive) > 0.5 === (y === 1)) {
      leaves.bayesRight[leaf]! += weight
    }
  }

  /** Searches the best split of a leaf, and tells whether it is good enough. */
  #finds(node: number): boolean {
    const { features, confidence, tieThreshold, minGain, thresholds, minBranchFraction } = this.options
    const { tree, leaves } = this.#state
    const best = this.#candidate
    findSplit(leaves, tree.child[node]!, features, thresholds, minBranchFraction, best)
    const bound = hoeffdingBound(1, confidence, tree.counts[2 * node]! + tree.counts[2 * node + 1]!)
    return best.gain > minGain && (best.gain - Math.max(best.runnerUp, minGain) > bound || bound < tieThreshold)
  }

  /** Carries out the split that was found. */
  #split(node: number): void {
    const { features, maxLeaves } = this.options
    const { tree, leaves } = this.#state
    const { feature, threshold, left0, left1, right0, right1 } = this.#candidate
    const room = leaves.arrived.length
    if (tree.leaves === room) {
      growTree(tree, Math.min(2 * room, maxLeaves))
      growLeafStatistics(leaves, features, Math.min(2 * room, maxLeaves))
    }
    const left = splitLeaf(tree, node, feature, threshold)
    tree.counts.set([left0, left1, right0, right1], 2 * left)
    clearLeaf(leaves, features, tree.child[left]!)
    clearLeaf(leaves, features, tree.child[left + 1]!)
  }

  toJSON(): Snapshot {
    return snapshot(HoeffdingTreeClassifier, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): HoeffdingTreeClassifier {
    const { options, state } = checkSnapshot(HoeffdingTreeClassifier, json)
    const template = new HoeffdingTreeClassifier({ features: 1 }).options
    const classifier = new HoeffdingTreeClassifier(unpackState(options, template, 'options'))
    const { features } = classifier.options
    const { seen, tree, leaves } = unpackState(state, fresh(features, 0))
    integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT')
    checkTree(tree, features, leaves.arrived.length)
    checkLeafStatistics(leaves, features, leaves.arrived.length)
    classifier.#state = { seen, tree, leaves }
    return classifier
  }
}
