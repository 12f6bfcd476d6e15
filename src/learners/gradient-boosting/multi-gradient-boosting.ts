import type {
  BatchOffloadable,
  Contribution,
  Forgetful,
  Measurable,
  MultiLearner,
  Offloadable,
  Refittable,
  RefitWork,
  Snapshot,
  Vector,
} from '../../contracts.ts'
import { checkVector } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkOut } from '../check-out.ts'
import { type ExplainedOutput, explainOutput } from '../forest/explain-output.ts'
import type { Forest } from '../forest/forest.ts'
import { ForestModel } from '../forest/forest-model.ts'
import type { ModelContent } from '../forest/model-file.ts'
import { leavesInto, stagedInto } from '../forest/scorer.ts'
import { type Tree, treeAt } from '../forest/tree.ts'
import { forestImportance } from '../importance.ts'
import { Booster } from './booster.ts'
import { type GradientBoostingInput, type GradientBoostingOptions, resolveOptions, templateOptions } from './options.ts'

/** What the constructor takes: everything of `GradientBoosting` but the task, and one of two losses. */
export type MultiGradientBoostingInput = Omit<GradientBoostingInput, 'task' | 'loss'> & {
  /**
   * `"softmax"` predicts the probabilities of `classes` outcomes, such as target, stop and timeout; `"quantile"` predicts
   * the `quantiles` of a number, such as the return of a trade.
   */
  readonly loss: 'softmax' | 'quantile'
}

/**
 * Boosted trees that predict several numbers at once: a probability for each class, or several quantiles.
 *
 * Each round grows one tree for each output, at the derivatives that all outputs had before it. Probabilities add up to
 * 1; quantiles are sorted, so that a higher one never lies below a lower one. Everything else is as in
 * {@link GradientBoosting}: missing values, refits, forgetting, snapshots.
 *
 * @see R. Koenker, G. Bassett (1978), "Regression quantiles", Econometrica 46
 * @see J. Friedman, T. Hastie, R. Tibshirani (2000), "Additive logistic regression", Annals of Statistics 28
 *
 * @example
 * ```ts
 * const range = new MultiGradientBoosting({ features: 12, loss: 'quantile', quantiles: [0.1, 0.5, 0.9] })
 * range.fit(rows, returns)
 * const [low, middle, high] = range.predictInto(x, new Float64Array(range.outputs))
 * ```
 */
export class MultiGradientBoosting implements MultiLearner, Refittable, Forgetful, Offloadable, BatchOffloadable {
  static readonly type: string = 'multi-gradient-boosting'
  static readonly version: number = 1

  readonly options: GradientBoostingOptions
  readonly #booster: Booster

  constructor(options: MultiGradientBoostingInput) {
    this.options = resolveOptions({ ...options, task: 'regression' })
    if (this.options.loss !== 'softmax' && this.options.loss !== 'quantile') {
      throw new TradeLearnError('INVALID_OPTION', `"loss" must be "softmax" or "quantile", got "${this.options.loss}".`)
    }
    this.#booster = new Booster(this.options)
  }

  get outputs(): number {
    return this.#booster.forest.base.length
  }

  get seen(): number {
    return this.#booster.seen
  }

  get refitDue(): boolean {
    return this.#booster.refitDue
  }

  /** The trained trees as flat arrays, shared, not to be changed. */
  get forest(): Forest {
    return this.#booster.forest
  }

  predictInto(x: Vector, out: Vector): Vector {
    this.marginsInto(x, out)
    this.#booster.loss.predict(out)
    return out
  }

  /** What the trees add up to: unnormalised log-probabilities, or unsorted quantiles. */
  marginsInto(x: Vector, out: Vector): Vector {
    checkVector(x, this.options.features)
    checkOut(out, this.outputs)
    this.#booster.marginsInto(x, out)
    return out
  }

  /** Predictions for many vectors, those of the first one first: `outputs` numbers each. */
  predictMany(rows: readonly Vector[], out: Float64Array = new Float64Array(rows.length * this.outputs)): Float64Array {
    const { outputs } = this
    checkOut(out, rows.length * outputs)
    for (const [i, x] of rows.entries()) this.predictInto(x, out.subarray(i * outputs, (i + 1) * outputs))
    return out
  }

  /** Which leaf of each tree the vector ends in: the k-th of its tree. The trees of a round stand together. */
  leaves(x: Vector): Int32Array {
    checkVector(x, this.options.features)
    const out = new Int32Array(this.forest.roots.length)
    leavesInto(this.forest, x, 0, out)
    return out
  }

  /** The predictions after the first tree, the first two, and so on: `outputs` numbers each. */
  staged(x: Vector): Float64Array {
    checkVector(x, this.options.features)
    const { outputs } = this
    const out = new Float64Array(this.forest.roots.length * outputs)
    stagedInto(this.forest, x, 0, out)
    for (let at = 0; at < out.length; at += outputs) this.#booster.loss.predict(out.subarray(at, at + outputs))
    return out
  }

  /** The trees as plain data; the k-th adds to output k modulo `outputs`, except after a refit that gained nothing for one. */
  get trees(): readonly Tree[] {
    const { forest } = this
    return Array.from(forest.roots, (root) => treeAt(forest, root))
  }

  /**
   * Each feature's part in one output's margin: exact SHAP values, which with {@link baseValue} add up to it. The margin is
   * the log of the class's probability but for what all classes share, or the quantile before sorting.
   */
  explain(x: Vector, output: number = 0): readonly Contribution[] {
    return this.#explained(x, output).contributions
  }

  /** Where the parts of one output's margin start from. */
  baseValue(x: Vector, output: number = 0): number {
    return this.#explained(x, output).base
  }

  #explained(x: Vector, output: number): ExplainedOutput {
    checkVector(x, this.options.features)
    if (!(Number.isInteger(output) && output >= 0 && output < this.outputs)) {
      throw new TradeLearnError('INVALID_INPUT', `"output" must be from 0 to ${this.outputs - 1}, got ${show(output)}.`)
    }
    return explainOutput(this.#booster.shap, x, output, (margin) => margin)
  }

  /** The trees by themselves, for a file or for another process: they predict the same to the bit and learn nothing. */
  toForestModel(about: Pick<ModelContent, 'names' | 'meta'> = {}): ForestModel {
    const link = this.options.loss === 'softmax' ? 'softmax' : 'sorted'
    return new ForestModel({ ...about, forest: this.forest, link })
  }

  /** Each feature's share of the trees of all outputs, adding up to 1; see `GradientBoosting.importance`. */
  importance(kind: 'gain' | 'splits' | 'cover' = 'gain'): Float64Array {
    return forestImportance(this.forest, kind)
  }

  /** Trains anew on all rows, at once. The newest `window` of them are remembered: later refits see no others. */
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

  refit(): Generator<number, void, void> {
    return this.#booster.refit()
  }

  beginRefit(): RefitWork {
    return this.#booster.beginRefit()
  }

  forget(keep: number): void {
    this.#booster.forget(keep)
  }

  toJSON(): Snapshot {
    return snapshot(MultiGradientBoosting, this.options, this.#booster.pack())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MultiGradientBoosting {
    const { options, state } = checkSnapshot(MultiGradientBoosting, json)
    const read = unpackState(options, templateOptions(), 'options')
    const model = new MultiGradientBoosting(read as MultiGradientBoostingInput)
    model.#booster.unpack(state)
    return model
  }
}
