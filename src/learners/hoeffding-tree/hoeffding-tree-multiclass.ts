import type { MultiLearner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { atMost } from '../at-most.ts'
import { checkOut } from '../check-out.ts'
import { describeTree, type TreeNode } from './describe.ts'
import {
  bytesOf,
  checkGrown,
  createKernel,
  type Grown,
  HEAVIEST,
  isDue,
  type Kernel,
  plant,
  templateGrown,
  tryToSplit,
} from './growth.ts'
import { observe } from './leaf-statistics.ts'
import { createVotes, scoreVotes, sharesAt, type Votes } from './leaf-votes.ts'
import { REVIEW_EVERY, shareOutPlaces } from './memory.ts'
import {
  type HoeffdingTreeInput,
  type HoeffdingTreeOptions,
  resolveTreeOptions,
  templateTreeOptions,
} from './options.ts'
import { count, route } from './tree.ts'

/** Options of {@link HoeffdingTreeMulticlass}. */
export type HoeffdingTreeMulticlassOptions = HoeffdingTreeOptions & {
  /** Number of classes, at least 2; labels are whole numbers from 0 to `classes` - 1. */
  readonly classes: number
}

type Input = HoeffdingTreeInput & Pick<HoeffdingTreeMulticlassOptions, 'classes'>
type State = { seen: number } & Grown

/** As in `SoftmaxRegression`: so that no snapshot can ask for all memory. */
const MOST_CLASSES = 1024

function resolveOptions({ classes, ...input }: Input): HoeffdingTreeMulticlassOptions {
  atMost('classes', integer('classes', classes, 2), MOST_CLASSES)
  return { classes, ...resolveTreeOptions(input) }
}

/**
 * A {@link HoeffdingTreeClassifier} for several classes, such as target, stop and timeout, or trend, range and breakout.
 *
 * The same tree in every respect: a leaf keeps its statistics class by class and splits once the best feature is surely
 * ahead by
 *
 *     G(a) - G(b) > ε = sqrt(R² ln(1/δ) / 2n)
 *
 * where R, for information gain, is the binary logarithm of the number of classes that the leaf has seen. Its answer is
 * the classes' shares, or naive Bayes: of each class the share times the densities of the values in it, made to add up
 * to 1. Classes that a leaf has not seen have probability 0 there; before the first observation all are alike.
 *
 * A class without a spread in a feature, such as one seen once, is taken to look like the others together there. River
 * leaves out that class's density alone, so that its part depends on the feature's unit.
 *
 * `predictInto` and `learn` take O(depth + features x classes); memory is O(maxLeaves x features x classes) and at most
 * `maxBytes`. Of equal weights the lower class counts as the majority. With two classes it says what a
 * `HoeffdingTreeClassifier` says, which is quicker.
 *
 * @see P. Domingos, G. Hulten (2000), "Mining high-speed data streams", KDD
 * @see G. Holmes, R. Kirkby, B. Pfahringer (2005), "Stress-testing Hoeffding trees", PKDD (the adaptive leaves)
 *
 * @example
 * ```ts
 * const tree = new HoeffdingTreeMulticlass({ features: 2, classes: 3, gracePeriod: 50, confidence: 0.01 })
 * tree.learn(Float64Array.of(0.3, NaN), 2)
 * const [target, stop, timeout] = tree.predictInto(Float64Array.of(0.3, NaN), new Float64Array(3))
 * ```
 */
export class HoeffdingTreeMulticlass implements MultiLearner, Sized {
  static readonly type: string = 'hoeffding-tree-multiclass'
  static readonly version: number = 1

  readonly options: HoeffdingTreeMulticlassOptions
  readonly #kernel: Kernel
  readonly #votes: Votes
  #state: State

  constructor(input: Input) {
    this.options = resolveOptions(input)
    const { classes } = this.options
    this.#kernel = createKernel(this.options, classes)
    this.#votes = createVotes(classes)
    this.#state = { seen: 0, ...plant(this.#kernel) }
  }

  get outputs(): number {
    return this.options.classes
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

  /** Writes the probability of each class into `out`. */
  predictInto(x: Vector, out: Vector): Vector {
    const { features, classes } = this.options
    checkVector(x, features)
    checkOut(out, classes)
    const state = this.#state
    const leaf = route(state.tree, this.#kernel.layout, 0, x)
    // by way of the scratch paper, for `out` may be `x`
    const shares = sharesAt(this.#kernel, state, leaf, x, this.#votes)
    for (let c = 0; c < classes; c++) out[c] = shares[c]!
    return out
  }

  /** The tree as a list of nodes, the root first. */
  describe(): readonly TreeNode[] {
    return describeTree(this.#state.tree, this.#kernel.layout)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, classes, gracePeriod } = this.options
    checkObservation('regression', x, features, y, weight)
    if (!Number.isInteger(y) || y < 0 || y >= classes) {
      throw new TradeLearnError('INVALID_INPUT', `"y" must be a class from 0 to ${classes - 1}, got ${show(y)}.`)
    }
    const counted = weight < HEAVIEST ? weight : HEAVIEST
    const kernel = this.#kernel
    const state = this.#state
    const { tree, leaves } = state
    const leaf = route(tree, kernel.layout, 0, x)
    const place = tree.place[leaf]!
    state.seen++

    // who would have been right?
    scoreVotes(kernel, state, leaf, x, y, counted, this.#votes)

    // take it in
    count(tree, classes, leaf, y, counted)
    if (place >= 0) observe(leaves, kernel.layout, place, x, y, counted)
    if (state.seen % REVIEW_EVERY === 0) shareOutPlaces(kernel, state)
    // time to try a split?
    else if (place >= 0 && isDue(leaves, place, gracePeriod)) tryToSplit(kernel, state, leaf)
  }

  toJSON(): Snapshot {
    return snapshot(HoeffdingTreeMulticlass, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): HoeffdingTreeMulticlass {
    const { options, state } = checkSnapshot(HoeffdingTreeMulticlass, json)
    const resolved = resolveOptions(unpackState(options, { classes: 2, ...templateTreeOptions() }, 'options'))
    const kernel = createKernel(resolved, resolved.classes)
    const { seen, ...grown } = unpackState(state, { seen: 0, ...templateGrown(kernel) })
    integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT')
    checkGrown(grown, kernel)
    const tree = new HoeffdingTreeMulticlass(resolved)
    tree.#state = { seen, ...grown }
    return tree
  }
}
