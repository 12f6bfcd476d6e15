import type { Contribution, Explainable, Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, integer, nonNegative, positive } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { describeTree, type TreeNode } from './describe.ts'
import { explainTree } from './explain.ts'
import {
  boundAt,
  bytesOf,
  checkGrown,
  createKernel,
  dropPoorFeatures,
  type Grown,
  HEAVIEST,
  hasRoom,
  isDue,
  type Kernel,
  mayGrow,
  plant,
  probabilityAt,
  prune,
  scoreLeaf,
  split,
  templateGrown,
} from './growth.ts'
import { majorityProbability } from './leaf-prediction.ts'
import { observe } from './leaf-statistics.ts'
import { REVIEW_EVERY, shareOutPlaces } from './memory.ts'
import {
  type HoeffdingTreeInput,
  type HoeffdingTreeOptions,
  resolveTreeOptions,
  templateTreeOptions,
} from './options.ts'
import { findSplit, gainOfQuestion } from './split.ts'
import { childOf, cutBelow, route, UP_TO } from './tree.ts'

/** Options of {@link ExtremelyFastDecisionTree}; `gracePeriod` is 50 unless given. */
export type ExtremelyFastDecisionTreeOptions = HoeffdingTreeOptions & {
  /** Weight that a branch sees between two looks at whether a better split has turned up, until it settles. @defaultValue 200 */
  readonly reevaluateEvery: number
  /** Lead in gain that a better split must have where ε < τ, a tie. @defaultValue 0.005 */
  readonly tieLead: number
  /**
   * Weight from which on a branch has settled: of n it takes in one row in n / `settledAfter`, with as many times its
   * weight, and looks as much more rarely. `Infinity` takes in every row, as in the paper, and costs more the deeper the
   * tree. @defaultValue 5000
   */
  readonly settledAfter: number
}

/**
 * 1 / golden ratio. Its multiples modulo 1 spread evenly, those of every k-th row as well: no rhythm in a stream is sampled
 * askew, and no source of chance is needed.
 */
const GOLDEN = 0.6180339887498949

type Own = Pick<ExtremelyFastDecisionTreeOptions, 'reevaluateEvery' | 'tieLead' | 'settledAfter'>
type Input = HoeffdingTreeInput & Partial<Own>
type State = { seen: number } & Grown

function resolveOptions(input: Input): ExtremelyFastDecisionTreeOptions {
  return {
    ...resolveTreeOptions({ ...input, gracePeriod: input.gracePeriod ?? 50 }),
    reevaluateEvery: positive('reevaluateEvery', input.reevaluateEvery ?? 200),
    tieLead: nonNegative('tieLead', input.tieLead ?? 0.005),
    // like a half-life at least 1, or Infinity
    settledAfter: checkHalfLife('settledAfter', input.settledAfter ?? 5000),
  }
}

/** Branches keep statistics as well as leaves. */
const createExtremelyFastKernel = (options: ExtremelyFastDecisionTreeOptions): Kernel => createKernel(options, 2, 0, 2)

/**
 * A Hoeffding tree that splits as soon as a split is better than none, and takes the decision back when a better one
 * turns up.
 *
 * Where a {@link HoeffdingTreeClassifier} waits until the best feature is surely ahead of the second, this tree, also
 * known as Hoeffding anytime tree, splits once the best is surely ahead of not splitting: G(a) - minGain > ε. Its
 * branches go on keeping statistics, and every `reevaluateEvery` observations the question c that they ask is weighed against
 * the best:
 *
 *     G(a) - G(c) > ε      or ε < τ and G(a) - G(c) > tieLead
 *
 * Then a takes c's place. Another feature starts with new leaves; another threshold of the same one keeps the subtrees.
 * Where even the best gains less than `minGain` by more than ε, the branch becomes a leaf again.
 *
 * The grace period is a quarter of the usual one, as deciding early is the point. A look at a branch costs as much as an attempt
 * to split: River looks after 20 rows, MOA after 2,000. Branches that have settled learn from a sample, so that a deep tree costs
 * hardly more than a shallow one: their gains, over all that was seen, move ever more slowly.
 *
 * `predict` takes O(depth + features), `learn` O(depth + features x branches that have not settled); memory is
 * O(maxLeaves x features), twice that of a Hoeffding tree, and at most `maxBytes`: where that is too little, leaves come
 * first, and branches without statistics keep their question. Missing values, weights and memory are else handled as there.
 *
 * For streams where waiting costs more than deciding twice. It follows a drift only as far as the newer rows outweigh the
 * older ones, so under lasting drift take a {@link HoeffdingAdaptiveTree}.
 *
 * River lets a tie replace a split by any that is ahead at all, so that after some 3,000 rows each change of first place
 * among near-equal features kills the subtree; and once a look changed nothing it looks at every row. MOA wants a lead of
 * τ/2, which holds on to stale splits; `tieLead` is a tenth of τ. Neither weighs the very threshold that is asked, only
 * the best one of its feature. MOA compares means of gains over all attempts, River and this tree the gains by all that
 * was seen.
 *
 * @see C. Manapragada, G. Webb, M. Salehi (2018), "Extremely fast decision tree", KDD
 *
 * @example
 * ```ts
 * const tree = new ExtremelyFastDecisionTree({ features: 2 })
 * const p = tree.predict(Float64Array.of(0.3, NaN)) // P(y = 1)
 * tree.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class ExtremelyFastDecisionTree implements Learner, Explainable {
  static readonly type: string = 'extremely-fast-decision-tree'
  static readonly version: number = 2

  readonly task = 'binary'
  readonly explains: 'probability' = 'probability'
  readonly options: ExtremelyFastDecisionTreeOptions
  readonly #kernel: Kernel
  #state: State

  constructor(options: Input) {
    this.options = resolveOptions(options)
    this.#kernel = createExtremelyFastKernel(this.options)
    this.#state = { seen: 0, ...plant(this.#kernel) }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Leaves of the tree. */
  get leaves(): number {
    return this.#state.tree.leaves
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
    const { features, gracePeriod, reevaluateEvery, settledAfter } = this.options
    checkObservation('binary', x, features, y, weight)
    const counted = weight < HEAVIEST ? weight : HEAVIEST
    const { layout } = this.#kernel
    const state = this.#state
    const { tree, leaves } = state
    state.seen++
    const luck = (state.seen * GOLDEN) % 1

    // down the branches, which learn as well; one that changes ends the round with its new leaves
    let node = 0
    while (tree.feature[node]! >= 0) {
      const place = tree.place[node]!
      tree.counts[2 * node + y]! += counted
      if (place >= 0) {
        // of a settled branch's rows one stands for several
        const stands = Math.max(1, leaves.arrived[place]! / settledAfter)
        if (stands * luck < 1) {
          observe(leaves, layout, place, x, y, stands * counted)
          if (isDue(leaves, place, stands * reevaluateEvery) && this.#reconsider(node)) return
        }
      }
      node = childOf(tree, layout, node, x)
    }

    // the leaf
    scoreLeaf(this.#kernel, state, node, x, y, counted)
    const place = tree.place[node]!
    tree.counts[2 * node + y]! += counted
    if (place >= 0) observe(leaves, layout, place, x, y, counted)
    if (state.seen % REVIEW_EVERY === 0) shareOutPlaces(this.#kernel, state)
    else if (place >= 0 && isDue(leaves, place, gracePeriod)) this.#tryToSplit(node)
  }

  /** Splits a leaf whose best split is surely better than none. */
  #tryToSplit(leaf: number): void {
    const kernel = this.#kernel
    const state = this.#state
    const { tree, leaves } = state
    const { minGain, tieThreshold } = this.options
    const { layout, candidate: best } = kernel
    if (!mayGrow(kernel, tree, leaf)) return
    const place = tree.place[leaf]!
    findSplit(this.options, layout, leaves, place, best)
    const bound = boundAt(kernel, tree, leaf)
    const lead = best.gain - minGain
    if (lead > 0 && (lead > bound || bound < tieThreshold)) this.#ask(leaf)
    else dropPoorFeatures(kernel, leaves, place, bound)
  }

  /** Looks whether a branch should ask something else, or nothing; tells whether what is below it is new. */
  #reconsider(node: number): boolean {
    const kernel = this.#kernel
    const { layout, candidate: best } = kernel
    const { minGain, tieThreshold, tieLead } = this.options
    const { tree, leaves } = this.#state
    const feature = tree.feature[node]!
    const question = tree.question[node]!
    const place = tree.place[node]!
    const now = gainOfQuestion(this.options, layout, leaves, place, feature, question, tree.threshold[node]!, best)
    findSplit(this.options, layout, leaves, place, best)
    // a settled branch has seen fewer rows than it counts: settledAfter (1 + ln stands)
    const stands = Math.max(1, leaves.arrived[place]! / this.options.settledAfter)
    const bound = boundAt(kernel, tree, node) * Math.sqrt(stands / (1 + Math.log(stands)))

    // no question is worth it
    if (minGain - best.gain > bound) {
      cutBelow(tree, node)
      prune(kernel, this.#state)
      return true
    }
    const lead = best.gain - now
    if (!(lead > bound || (bound < tieThreshold && lead > tieLead))) return false

    // the same question with another threshold
    if (best.feature === feature && best.question === UP_TO && question === UP_TO) {
      tree.threshold[node] = best.threshold
      return false
    }
    cutBelow(tree, node)
    const to = prune(kernel, this.#state)
    this.#ask(to[node]!)
    return true
  }

  /** Hangs the leaves of the split that was found below a leaf, whose statistics stay with it. */
  #ask(leaf: number): void {
    if (!hasRoom(this.#kernel, this.#state.tree)) return
    split(this.#kernel, this.#state, leaf)
    shareOutPlaces(this.#kernel, this.#state)
  }

  toJSON(): Snapshot {
    return snapshot(ExtremelyFastDecisionTree, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ExtremelyFastDecisionTree {
    const { version, options, state } = checkSnapshot(ExtremelyFastDecisionTree, json)
    // version 1 took in every row, and looked more rarely from here on
    const written = version >= 2 ? options : { settledAfter: 20_000, ...options }
    const template = { ...templateTreeOptions(), reevaluateEvery: 0, tieLead: 0, settledAfter: 0 }
    const resolved = resolveOptions(unpackState(written, template, 'options'))
    const kernel = createExtremelyFastKernel(resolved)
    const { seen, tree, leaves } = unpackState(state, { seen: 0, ...templateGrown(kernel) })
    integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT')
    checkGrown({ tree, leaves }, kernel)
    const classifier = new ExtremelyFastDecisionTree(resolved)
    classifier.#state = { seen, tree, leaves }
    return classifier
  }
}
