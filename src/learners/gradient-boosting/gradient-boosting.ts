import type {
  BatchLearner,
  BatchOffloadable,
  Codec,
  Contribution,
  Explainable,
  Forgetful,
  Measurable,
  Offloadable,
  Refittable,
  RefitWork,
  Snapshot,
  Vector,
} from '../../contracts.ts'
import { checkVector } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkOut } from '../check-out.ts'
import { explainOutput } from '../forest/explain-output.ts'
import { biasOf, type Forest } from '../forest/forest.ts'

import { ForestModel } from '../forest/forest-model.ts'
import type { ModelContent } from '../forest/model-file.ts'
import { leavesInto, scoreOne, stagedInto } from '../forest/scorer.ts'
import { shapInteractionsInto } from '../forest/shap.ts'
import { type Tree, treeAt } from '../forest/tree.ts'
import { forestImportance } from '../importance.ts'
import { Booster } from './booster.ts'
import type { CustomLoss } from './loss.ts'
import { migrate } from './migrate.ts'
import { type GradientBoostingInput, type GradientBoostingOptions, resolveOptions, templateOptions } from './options.ts'

/**
 * Gradient-boosted decision trees that remember the newest observations and retrain on them.
 *
 * A sum of small trees, each fitted to what the sum before it still gets wrong. With g and h the first and second
 * derivative of the loss at the current margin, a leaf adds
 *
 *     value = - learningRate · Σ g / (Σ h + λ)
 *
 * and trees ask the questions that gain most. Missing values take the side that training found better for them. It is
 * the strongest single model for tables of a few hundred rows and more, it needs no scaling of features, and it cannot
 * extrapolate: beyond the values it has seen it predicts what holds at their edge.
 *
 * Between refits `learn` only remembers, so a new trade counts from the next refit on; where each trade must count at
 * once, use an online learner beside it.
 *
 * `learn` O(features), and before the first trees now and then a sort of the labels; `predict` about O(trees), no allocation; a refit O(rows × features × trees) in steps that bin
 * one feature or grow one tree. Memory O(window × features + trees × maxLeaves).
 *
 * @see J. H. Friedman (2001), "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29
 * @see G. Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NIPS
 *
 * @example
 * ```ts
 * const model = new GradientBoosting({ features: 12 })
 * model.learn(x, won ? 1 : 0) // after each trade
 * if (model.refitDue) for (const done of model.refit()) await pause() // short steps, when there is time
 * model.predict(x) // P(win)
 * ```
 */
export class GradientBoosting
  implements BatchLearner, Refittable, Forgetful, Offloadable, BatchOffloadable, Explainable
{
  static readonly type: string = 'gradient-boosting'
  static readonly version: number = 2

  readonly options: GradientBoostingOptions
  readonly #booster: Booster
  readonly #out: Float64Array = new Float64Array(1)

  constructor(options: GradientBoostingInput, customLoss?: CustomLoss) {
    this.options = resolveOptions(options)
    if (this.options.loss === 'softmax' || (this.options.loss === 'quantile' && this.options.quantiles.length > 1)) {
      throw new TradeLearnError('INVALID_OPTION', '"loss" must have one output; MultiGradientBoosting has several.')
    }
    this.#booster = new Booster(this.options, customLoss)
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#booster.seen
  }

  get refitDue(): boolean {
    return this.#booster.refitDue
  }

  predict(x: Vector): number {
    const out = this.#out
    out[0] = this.margin(x)
    this.#booster.loss.predict(out)
    return out[0]!
  }

  /** What the trees add up to: log-odds for the logistic loss, the log of the mean for Poisson, else the prediction. */
  margin(x: Vector): number {
    checkVector(x, this.options.features)
    return scoreOne(this.#booster.scorer, x)
  }

  /**
   * Predictions for many vectors: a list of them, or all in one array, one after another. About a microsecond each.
   *
   * @throws `INVALID_INPUT` where an array is no multiple of `features`, a vector has a wrong length or holds infinities
   */
  predictMany(
    x: Float64Array | readonly Vector[],
    out: Float64Array = new Float64Array(this.#rowsOf(x)),
  ): Float64Array {
    const { features } = this.options
    const rows = this.#rowsOf(x)
    checkOut(out, rows)
    if (!isTable(x)) for (let i = 0; i < rows; i++) out[i] = this.predict(x[i]!)
    else {
      for (let i = 0; i < rows; i++) checkVector(x.subarray(i * features, (i + 1) * features), features)
      this.#booster.predictMany(x, rows, out)
    }
    return out
  }

  #rowsOf(x: Float64Array | readonly Vector[]): number {
    const rows = isTable(x) ? x.length / this.options.features : x.length
    if (Number.isInteger(rows)) return rows
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"x" must hold whole rows of ${this.options.features}, got ${x.length} values.`,
    )
  }

  /** Which leaf of each tree the vector ends in: the k-th of its tree. */
  leaves(x: Vector): Int32Array {
    checkVector(x, this.options.features)
    const out = new Int32Array(this.forest.roots.length)
    leavesInto(this.forest, x, 0, out)
    return out
  }

  /** The predictions of the first tree, the first two, and so on. */
  staged(x: Vector): Float64Array {
    checkVector(x, this.options.features)
    const out = new Float64Array(this.forest.roots.length)
    stagedInto(this.forest, x, 0, out)
    for (let t = 0; t < out.length; t++) this.#booster.loss.predict(out.subarray(t, t + 1))
    return out
  }

  /** The trained trees as flat arrays, shared, not to be changed: for `tradelearn/interop`, files and kernels. */
  get forest(): Forest {
    return this.#booster.forest
  }

  /**
   * The trees by themselves, for a file or for another process: they predict the same to the bit and learn nothing.
   *
   * @throws `INVALID_OPTION` with a loss of your own that has a `predict` of its own, which no file can hold
   */
  toForestModel(about: Pick<ModelContent, 'names' | 'meta'> = {}): ForestModel {
    const { loss } = this.options
    if (this.#booster.custom?.predict) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `A file cannot hold the "predict" of the loss ${JSON.stringify(loss)}.`,
      )
    }
    const link = loss === 'logistic' ? 'sigmoid' : loss === 'poisson' ? 'exp' : 'identity'
    return new ForestModel({ ...about, forest: this.forest, link })
  }

  /** The trees as plain data. */
  get trees(): readonly Tree[] {
    const { forest } = this
    return Array.from(forest.roots, (root) => treeAt(forest, root))
  }

  get explains(): 'log-odds' | 'probability' | 'value' {
    const { loss, task } = this.options
    if (loss === 'logistic') return 'log-odds'
    return task === 'binary' ? 'probability' : 'value'
  }

  /** The margin to expect before looking at any feature: where contributions start from. */
  get bias(): number {
    return biasOf(this.forest)[0]!
  }

  baseValue(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#explainedOf(this.bias)
  }

  /**
   * Each feature's part in the prediction: exact SHAP values of the margin, which divide fairly what features bring about
   * together. With {@link baseValue} they add up to the log-odds, or in regression to the prediction (where margin and
   * prediction differ, as for counts, parts are stretched alike until they do). Features without a part are left out.
   *
   * About 50 µs for 100 trees of 31 leaves; the first call after a refit prepares it in some milliseconds.
   *
   * @see S. Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees"
   */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    return explainOutput(this.#booster.shap, x, 0, (margin) => this.#explainedOf(margin)).contributions
  }

  /** What is explained of a margin: itself, where that is the log-odds. */
  #explainedOf(margin: number): number {
    return this.explains === 'log-odds' ? margin : this.#valueOf(margin)
  }

  #valueOf(margin: number): number {
    const out = Float64Array.of(margin)
    this.#booster.loss.predict(out)
    return out[0]!
  }

  /**
   * How the parts of the margin come about: entry (i, j) of a square of features + 1 is what i and j bring about only together, shared
   * between the two; the diagonal is what a feature does alone, the last entry the bias. Rows add up to the SHAP values.
   */
  interactions(x: Vector): Float64Array {
    checkVector(x, this.options.features)
    const side = x.length + 1
    const out = new Float64Array(side * side)
    shapInteractionsInto(this.#booster.shap, x, 0, out)
    return out
  }

  /**
   * Each feature's share of the trees, adding up to 1; all 0 where there are none: of what the splits gained, of their
   * number, or of the rows that they divided.
   */
  importance(kind: 'gain' | 'splits' | 'cover' = 'gain'): Float64Array {
    return forestImportance(this.forest, kind)
  }

  /**
   * Trains anew on all rows, at once. The newest `window` of them are remembered: later refits see no others, so set
   * `window` to more where they should.
   */
  fit(rows: readonly Vector[], y: ArrayLike<number>, weights?: ArrayLike<number>): void {
    this.#booster.fit(rows, y, weights)
  }

  /** The training that {@link fit} would do, for another thread: checks and copies the table in short steps first. */
  beginFit(
    rows: readonly Vector[],
    y: ArrayLike<number>,
    weights?: ArrayLike<number>,
  ): Generator<number, RefitWork, void> & Partial<Measurable> {
    return this.#booster.beginFit(rows, y, weights)
  }

  learn(x: Vector, y: number, weight: number = 1): void {
    this.#booster.learn(x, y, weight)
  }

  /**
   * Trains on the window as it is at the first step. What comes of it is dropped if `fit`, `forget` or another refit
   * has overtaken it.
   */
  refit(): Generator<number, void, void> {
    return this.#booster.refit()
  }

  /** The refit that {@link refit} would do, for another thread. */
  beginRefit(): RefitWork {
    return this.#booster.beginRefit()
  }

  /** Keeps the newest `keep` observations; the trees stay until the refit that is now due. */
  forget(keep: number): void {
    this.#booster.forget(keep)
  }

  toJSON(): Snapshot {
    return snapshot(GradientBoosting, this.options, this.#booster.pack())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): GradientBoosting {
    return GradientBoosting.codec().fromJSON(json, noParts)
  }

  /** Reads models with a loss of your own, which a snapshot cannot hold: `restore(json, [GradientBoosting.codec(loss)])`. */
  static codec(customLoss?: CustomLoss): Codec<GradientBoosting> {
    return {
      type: GradientBoosting.type,
      version: GradientBoosting.version,
      fromJSON: (json) => {
        const { options, state } = migrate(checkSnapshot(GradientBoosting, json))
        const read = unpackState(options, templateOptions(), 'options')
        // a snapshot with a loss of ours is read all the same
        const model = new GradientBoosting(read, read.loss === customLoss?.name ? customLoss : undefined)
        model.#booster.unpack(state)
        return model
      },
    }
  }
}

const isTable = (x: Float64Array | readonly Vector[]): x is Float64Array => ArrayBuffer.isView(x)

function noParts(): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A gradient-boosting snapshot holds no other snapshots.')
}
