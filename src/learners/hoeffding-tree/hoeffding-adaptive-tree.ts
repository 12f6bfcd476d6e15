import type { Contribution, Explainable, JsonObject, Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer, openFraction } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { ADWIN } from '../../drift/adwin.ts'
import {
  type Adaptive,
  adapt,
  checkAlternates,
  fell,
  fitAlternates,
  liveLeaves,
  plantBeside,
  promote,
  WATCH_BYTES,
} from './alternates.ts'
import { describeTree, type TreeNode } from './describe.ts'
import { addAmounts, toContributions } from './explain.ts'
import {
  bytesOf,
  checkGrown,
  createKernel,
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
import {
  type HoeffdingTreeInput,
  type HoeffdingTreeOptions,
  resolveTreeOptions,
  templateTreeOptions,
} from './options.ts'
import { childOf, count, depthOf, route } from './tree.ts'

/**
 * Options of {@link HoeffdingAdaptiveTree}. At `maxLeaves` the live tree stops growing; with the trees beside it, one of
 * which may become part of it, it has twice as many at most.
 */
export type HoeffdingAdaptiveTreeOptions = HoeffdingTreeOptions & {
  /** Confidence "delta" of the {@link ADWIN} that watches a node's errors. @defaultValue 0.002 */
  readonly driftConfidence: number
  /** Errors that both windows must exceed before a node and its alternate are compared. @defaultValue 300 */
  readonly minWindow: number
  /** Probability that a comparison is decided by chance. @defaultValue 0.05 */
  readonly significance: number
}

type Own = Pick<HoeffdingAdaptiveTreeOptions, 'driftConfidence' | 'minWindow' | 'significance'>
type Input = HoeffdingTreeInput & Partial<Own>
type State = { seen: number; switched: number } & Adaptive

/** An error rate below this counts as this: a tree that has been right so far would silence all others. */
const LEAST_ERROR = 0.01

function resolveOptions(input: Input): HoeffdingAdaptiveTreeOptions {
  return {
    ...resolveTreeOptions(input),
    driftConfidence: openFraction('driftConfidence', input.driftConfidence ?? 0.002),
    minWindow: integer('minWindow', input.minWindow ?? 300),
    significance: openFraction('significance', input.significance ?? 0.05),
  }
}

/** There is room for twice the leaves, the half of them for the trees beside the live one. */
const createAdaptiveKernel = (options: HoeffdingAdaptiveTreeOptions): Kernel =>
  createKernel({ ...options, maxLeaves: 2 * options.maxLeaves }, 2, WATCH_BYTES + 4)

/** Watches the errors of a node. */
const watchOf = ({ driftConfidence }: Own): ADWIN => new ADWIN({ confidence: driftConfidence, direction: 'up' })

/**
 * A Hoeffding tree that replaces the parts of itself that have gone stale.
 *
 * An {@link ADWIN} watches the errors of the tree at every node. Where they rise, a new tree starts to grow beside the
 * node and learns from the same observations. Once both have seen enough, it takes the node's place if it is
 * better by more than chance, and is felled if it is worse by as much:
 *
 *     e - e' > sqrt(2 e (1 - e) ln(2/α) (1/n + 1/n'))      e, e' error rates and n, n' widths of the two windows
 *
 * Meanwhile the prediction is the mean of the leaf's and of those of the alternates on the way to it, each weighted by
 * 1/e².
 *
 * `predict` takes O(depth x features) at worst, `learn` that and O(1) for each watch; memory is O(maxLeaves x features)
 * and at most `maxBytes`, of which 3 kB are set aside for the watch of each node: a leaf of the live tree wants 25 kB of it,
 * 512 leaves 12.8 MB, though they will use a fraction. Missing values, weights and memory are handled as in
 * {@link HoeffdingTreeClassifier}; a weight counts in the statistics, not in the windows.
 *
 * For streams that change in parts or come back to old regimes now and then, where starting anew would throw too much
 * away. With `gracePeriod` 50 and `confidence` 0.01 it follows faster.
 *
 * In River and MOA an alternate is trained with the parent of the node that it stands beside, so that the first split of
 * the alternate overwrites the live tree at once, untested. Here it grows in a place of its own. Leaves are watched as
 * well as branches; a window is that of ADWIN rather than all errors since the last change; a second change leaves the
 * alternate that is growing alone; and weights are not resampled, so that there is no chance in it.
 *
 * @see A. Bifet, R. Gavaldà (2009), "Adaptive learning from evolving data streams", IDA
 *
 * @example
 * ```ts
 * const tree = new HoeffdingAdaptiveTree({ features: 2 })
 * const p = tree.predict(Float64Array.of(0.3, NaN)) // P(y = 1)
 * tree.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class HoeffdingAdaptiveTree implements Learner, Explainable {
  static readonly type: string = 'hoeffding-adaptive-tree'
  static readonly version: number = 1

  readonly task = 'binary'
  readonly explains: 'probability' = 'probability'
  readonly options: HoeffdingAdaptiveTreeOptions
  readonly #kernel: Kernel
  /** Leaves at which the live tree stops growing: half of what there is room for, the rest is for the trees beside it. */
  readonly #most: number
  #state: State

  constructor(options: Input) {
    this.options = resolveOptions(options)
    this.#kernel = createAdaptiveKernel(this.options)
    this.#most = Math.max(1, Math.floor(this.#kernel.layout.maxLeaves / 2))
    this.#state = { seen: 0, switched: 0, ...adapt(plant(this.#kernel)) }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Leaves of the live tree. */
  get leaves(): number {
    return liveLeaves(this.#state)
  }

  /** Trees that are growing beside the live one, and times that one of them has taken a node's place. */
  get alternates(): number {
    return this.#state.alternate.reduce((sum, root) => sum + Number(root >= 0), 0)
  }

  get switched(): number {
    return this.#state.switched
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    const { tree, leaves, alternate, watches } = this.#state
    const watching = watches.reduce((sum, watch) => sum + (watch?.sizeInBytes ?? 0), 0)
    return 16 + bytesOf(tree) + bytesOf(leaves) + alternate.byteLength + watching
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const kernel = this.#kernel
    const { layout } = kernel
    const state = this.#state
    const { tree, alternate } = state
    let sum = 0
    let total = 0
    for (let node = 0; ; node = childOf(tree, layout, node, x)) {
      const root = alternate[node]!
      if (root >= 0) {
        const weight = this.#trust(root)
        sum += weight * probabilityAt(kernel, state, route(tree, layout, root, x), x)
        total += weight
      }
      if (tree.feature[node]! >= 0) continue
      const probability = probabilityAt(kernel, state, node, x)
      if (total === 0) return probability
      const weight = this.#trust(node)
      return (sum + weight * probability) / (total + weight)
    }
  }

  /** The base rates of all that the trees which take part in the prediction for `x` have seen, weighted as they are. */
  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    const { counts } = this.#state.tree
    let base = 0
    for (const [root, weight] of this.#parties(x)) {
      base += weight * majorityProbability(counts[2 * root]!, counts[2 * root + 1]!)
    }
    return base
  }

  /** The features' parts in the step from the base value to the prediction, which they sum up to. */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    const amounts = new Float64Array(x.length)
    for (const [root, weight] of this.#parties(x)) addAmounts(this.#kernel, this.#state, root, x, weight, amounts)
    return toContributions(amounts)
  }

  /** The live tree as a list of nodes, the root first; among them, led to by no other, the alternates. */
  describe(): readonly TreeNode[] {
    return describeTree(this.#state.tree, this.#kernel.layout)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    const counted = weight < HEAVIEST ? weight : HEAVIEST
    const { layout } = this.#kernel
    const state = this.#state
    state.seen++
    const leaf = route(state.tree, layout, 0, x)
    const wrong = this.#take(leaf, x, y, counted)

    // the watches on the way, and what grows beside it; a change ends the round, as the nodes have new numbers
    for (let node = 0; ; node = childOf(state.tree, layout, node, x)) {
      const rose = this.#watch(node).update(wrong) === 'drift'
      const root = state.alternate[node]!
      if (root >= 0) {
        this.#teach(root, depthOf(state.tree, node), x, y, counted)
        if (this.#decide(node, root)) return
      } else if (rose && state.tree.leaves < layout.maxLeaves) plantBeside(this.#kernel, state, node)
      if (state.tree.feature[node]! < 0) break
    }

    if (state.seen % REVIEW_EVERY === 0) shareOutPlaces(this.#kernel, state)
    else if (this.#isDue(leaf) && (state.tree.leaves < this.#most || this.leaves < this.#most)) {
      // below a new branch other leaves answer, so its errors are counted anew
      if (this.#tryToSplit(leaf, 0)) state.watches[leaf] = undefined
    }
  }

  /** Takes an observation in at a leaf; 1 if its answer would have been wrong. */
  #take(leaf: number, x: Vector, y: number, weight: number): number {
    const { tree, leaves } = this.#state
    const right = scoreLeaf(this.#kernel, this.#state, leaf, x, y, weight)
    count(tree, 2, leaf, y, weight)
    const place = tree.place[leaf]!
    if (place >= 0) observe(leaves, this.#kernel.layout, place, x, y, weight)
    return right ? 0 : 1
  }

  /** Takes an observation in at an alternate, whose root is `above` steps deep in the live tree. */
  #teach(root: number, above: number, x: Vector, y: number, weight: number): void {
    const leaf = route(this.#state.tree, this.#kernel.layout, root, x)
    this.#watch(root).update(this.#take(leaf, x, y, weight))
    if (this.#isDue(leaf)) this.#tryToSplit(leaf, above)
  }

  /** Whether an attempt to split a leaf is due; to be asked before the leaves are counted, which takes O(nodes). */
  #isDue(leaf: number): boolean {
    const { tree, leaves } = this.#state
    const place = tree.place[leaf]!
    return place >= 0 && isDue(leaves, place, this.options.gracePeriod)
  }

  #tryToSplit(leaf: number, above: number): boolean {
    const state = this.#state
    if (!tryToSplit(this.#kernel, state, leaf, above)) return false
    fitAlternates(state)
    return true
  }

  /** Settles the contest of a node with its alternate where one is better by more than chance. */
  #decide(node: number, root: number): boolean {
    const { minWindow, significance } = this.options
    const [live, other] = [this.#watch(node), this.#watch(root)]
    if (live.width <= minWindow || other.width <= minWindow) return false
    const error = live.mean
    const lead = error - other.mean
    const scatter = 2 * error * (1 - error) * Math.log(2 / significance)
    const bound = Math.sqrt(scatter * (1 / live.width + 1 / other.width))
    if (!(Math.abs(lead) > bound)) return false
    if (lead > 0) {
      promote(this.#kernel, this.#state, node)
      this.#state.switched++
    } else fell(this.#kernel, this.#state, node)
    return true
  }

  #watch(node: number): ADWIN {
    const { watches } = this.#state
    const watch = watches[node]
    if (watch !== undefined) return watch
    const fresh = watchOf(this.options)
    watches[node] = fresh
    return fresh
  }

  /** The weight of the answers of a leaf, or of the tree below a root: 1/e², and 1 while nothing is known of it. */
  #trust(node: number): number {
    const watch = this.#state.watches[node]
    if (watch === undefined || watch.width === 0) return 1
    const error = Math.max(watch.mean, LEAST_ERROR)
    return 1 / (error * error)
  }

  /** Roots of the trees that take part in the prediction for `x`, with their shares. */
  #parties(x: Vector): [root: number, share: number][] {
    const { tree, alternate } = this.#state
    const parties: [number, number][] = []
    let node = 0
    for (; ; node = childOf(tree, this.#kernel.layout, node, x)) {
      const root = alternate[node]!
      if (root >= 0) parties.push([root, this.#trust(root)])
      if (tree.feature[node]! < 0) break
    }
    parties.push([0, this.#trust(node)])
    const total = parties.reduce((sum, [, weight]) => sum + weight, 0)
    return parties.map(([root, weight]) => [root, weight / total])
  }

  toJSON(): Snapshot {
    const { watches, ...state } = this.#state
    const { state: own, ...rest } = snapshot(HoeffdingAdaptiveTree, this.options, state)
    const saved = Array.from({ length: watches.length }, (_, i) => watches[i]?.toJSON() ?? null)
    return { ...rest, state: { ...own, watches: saved as unknown as JsonObject[] } }
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): HoeffdingAdaptiveTree {
    const { options, state } = checkSnapshot(HoeffdingAdaptiveTree, json)
    const { watches: saved, ...own } = state
    const template = { ...templateTreeOptions(), driftConfidence: 0, minWindow: 0, significance: 0 }
    const resolved = resolveOptions(unpackState(options, template, 'options'))
    const kernel = createAdaptiveKernel(resolved)
    const blank = { seen: 0, switched: 0, ...templateGrown(kernel), alternate: new Int32Array(0) }
    const { alternate, seen, switched, ...grown } = unpackState(own, blank)
    integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT')
    integer('state.switched', switched, 0, 'CORRUPT_SNAPSHOT')
    if (!Array.isArray(saved)) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"state.watches" must be a list, got ${show(saved)}.`)
    }
    checkGrown(grown, kernel, 1 + alternate.filter((root) => root !== -1).length)
    const watches = saved.map((watch) => (watch === null ? undefined : ADWIN.fromJSON(watch as unknown as Snapshot)))
    checkAlternates({ ...grown, alternate, watches }, watchOf(resolved))
    const classifier = new HoeffdingAdaptiveTree(resolved)
    classifier.#state = { seen, switched, ...grown, alternate, watches }
    return classifier
  }
}
