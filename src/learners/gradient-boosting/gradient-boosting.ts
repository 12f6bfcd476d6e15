import type {
  BatchLearner,
  Contribution,
  Explainable,
  Forgetful,
  JsonObject,
  Refittable,
  Snapshot,
  Vector,
} from '../../contracts.ts'
import { checkObservation, checkVector, finite, integer, nonNegative } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { addMoment, createMoments, type Moments } from '../../core/moments.ts'
import { SeededRng } from '../../core/rng.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { sortByMagnitude } from '../contributions.ts'
import { boost, momentsOf } from './boost.ts'
import { attribute, biasOf, checkForest, createForest, type Forest, marginOf } from './forest.ts'
import { LOSSES, type Loss } from './loss.ts'
import { type GradientBoostingInput, type GradientBoostingOptions, resolveOptions } from './options.ts'
import { type Tree, treeAt } from './tree.ts'
import { boundLabel, boundWeight, checkTable, createWindow, newest, pushRow, type Window } from './window.ts'

type State = {
  seen: number
  /** Observations since the last refit began. */
  fresh: number
  /** Refits so far; names the stream of chance of the next one. */
  refits: number
  /** Rows that the trees were trained on; 0 while the model is no more than the mean of its labels. */
  trainedOn: number
  /** Whether the trees know a past that has since been forgotten. */
  forgotten: boolean
  /** Labels since the start or the last `forget`. */
  labels: Moments
  window: Window
  forest: Forest
}

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
 * `learn` O(features); `predict` O(trees × depth), no allocation; a refit O(rows × features × trees) in steps that bin
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
export class GradientBoosting implements BatchLearner, Refittable, Forgetful, Explainable {
  static readonly type: string = 'gradient-boosting'
  static readonly version: number = 1

  readonly options: GradientBoostingOptions
  readonly #loss: Loss
  #state: State

  constructor(options: GradientBoostingInput) {
    this.options = resolveOptions(options)
    this.#loss = LOSSES[this.options.task]
    this.#state = fresh(this.options, this.#loss)
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  get refitDue(): boolean {
    const { forgotten, window, trainedOn, fresh } = this.#state
    const { minSamples, refitEvery } = this.options
    return forgotten || (window.size >= minSamples && (trainedOn === 0 || fresh >= refitEvery))
  }

  predict(x: Vector): number {
    return this.#loss.output(this.margin(x))
  }

  /** What the trees add up to: log-odds for binary tasks, the prediction itself for regression. */
  margin(x: Vector): number {
    checkVector(x, this.options.features)
    return marginOf(this.#state.forest, x)
  }

  /** The margin to expect before looking at any feature: where the contributions of {@link explain} start from. */
  get bias(): number {
    return biasOf(this.#state.forest)
  }

  /**
   * Each feature's part in the margin (log-odds for binary tasks): how far the expected margin moves at the questions
   * about it on the row's way down the trees. The parts add up to margin minus {@link bias}, to rounding.
   *
   * Exact as bookkeeping but biased as attribution: questions near a root get less than their due, because what they
   * make possible further down is credited there. Shapley values divide that fairly and cost more.
   *
   * @see A. Saabas (2014), "Interpreting random forests"; S. Lundberg et al. (2020), "From local explanations to global
   *   understanding with explainable AI for trees", on the bias
   */
  explain(x: Vector): readonly Contribution[] {
    checkVector(x, this.options.features)
    const parts = attribute(this.#state.forest, x, new Float64Array(x.length))
    const asked = Array.from(parts, (amount, feature) => ({ feature, amount })).filter(({ amount }) => amount !== 0)
    return sortByMagnitude(asked)
  }

  /** Each feature's share of all that the splits gained in training, adding up to 1; all 0 where there are none. */
  importance(): Float64Array {
    const { feature, gain } = this.#state.forest
    const shares = new Float64Array(this.options.features)
    let total = 0
    for (let i = 0; i < feature.length; i++) {
      if (feature[i]! < 0) continue
      shares[feature[i]!]! += gain[i]!
      total += gain[i]!
    }
    return total > 0 ? shares.map((share) => share / total) : shares
  }

  /** The trees as plain data. */
  get trees(): readonly Tree[] {
    const { forest } = this.#state
    return Array.from(forest.roots, (root) => treeAt(forest, root))
  }

  /** Trains anew on all rows, at once, and remembers the newest of them for later refits. */
  fit(rows: readonly Vector[], y: ArrayLike<number>, weights?: ArrayLike<number>): void {
    const { features, task, window } = this.options
    if (y.length !== rows.length || (weights && weights.length !== rows.length)) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"y" and "weights" must have ${rows.length} entries like "rows", got ${y.length} and ${weights?.length}.`,
      )
    }
    for (const [i, x] of rows.entries()) checkObservation(task, x, features, y[i]!, weights?.[i] ?? 1)
    const all = createWindow(features)
    for (const [i, x] of rows.entries()) pushRow(all, rows.length, x, y[i]!, weights?.[i] ?? 1)
    const state = fresh(this.options, this.#loss)
    state.seen = rows.length
    state.window = all
    state.labels = momentsOf(newest(all, rows.length))
    this.#state = state
    finish(this.refit())
    state.window = createWindow(features, newest(all, window))
  }

  learn(x: Vector, y: number, weight: number = 1): void {
    const { features, task, window, refit } = this.options
    checkObservation(task, x, features, y, weight)
    const s = this.#state
    pushRow(s.window, window, x, y, weight)
    s.seen++
    s.fresh++
    addMoment(s.labels, boundLabel(y), boundWeight(weight))
    if (s.trainedOn === 0) s.forest = { ...s.forest, base: this.#loss.base(s.labels) }
    if (refit === 'inline' && this.refitDue) finish(this.refit())
  }

  /**
   * Trains on the window as it is at the first step. What comes of it is dropped if `fit`, `forget` or another refit
   * has overtaken it.
   */
  *refit(): Generator<number, void, void> {
    const { options } = this
    const s = this.#state
    const { window, refits, seen } = s
    const table = newest(window, window.size)
    const forest = yield* boost(table, options, new SeededRng(options.seed).fork(`refit ${refits}`))
    if (this.#state !== s || s.window !== window || s.refits !== refits) return
    s.forest = forest
    s.refits++
    s.fresh = s.seen - seen
    s.trainedOn = table.y.length < options.minSamples ? 0 : table.y.length
    s.forgotten = false
  }

  /** Keeps the newest `keep` observations; the trees stay until the refit that is now due. */
  forget(keep: number): void {
    integer('keep', keep, 0, 'INVALID_INPUT')
    const s = this.#state
    s.window = createWindow(this.options.features, newest(s.window, keep))
    s.labels = momentsOf(newest(s.window, keep))
    s.forgotten = true
    if (s.trainedOn === 0) s.forest = { ...s.forest, base: this.#loss.base(s.labels) }
  }

  toJSON(): Snapshot {
    const { window, ...rest } = this.#state
    return snapshot(GradientBoosting, this.options, { ...rest, window: newest(window, window.size) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): GradientBoosting {
    const { options, state } = checkSnapshot(GradientBoosting, json)
    const model = new GradientBoosting(unpackState(options, resolveOptions({ features: 1 }), 'options'))
    model.#state = readState(state, model.options, model.#state)
    return model
  }
}

const fresh = ({ features }: GradientBoostingOptions, loss: Loss): State => ({
  seen: 0,
  fresh: 0,
  refits: 0,
  trainedOn: 0,
  forgotten: false,
  labels: createMoments(),
  window: createWindow(features),
  forest: createForest(loss.base(createMoments()), 0, 0),
})

/** Runs a refit to its end. */
function finish(steps: Generator<number, void, void>): void {
  while (!steps.next().done);
}

function readState(json: JsonObject, { features, task, window: most }: GradientBoostingOptions, blank: State): State {
  const { window, ...rest } = unpackState(json, { ...blank, window: newest(blank.window, 0) })
  const code = 'CORRUPT_SNAPSHOT'
  for (const key of ['seen', 'fresh', 'refits', 'trainedOn'] as const) integer(`state.${key}`, rest[key], 0, code)
  nonNegative('state.labels.n', rest.labels.n, code)
  finite('state.labels.mean', rest.labels.mean, code)
  checkTable(window, features, most, task)
  checkForest(rest.forest, features)
  return { ...rest, window: createWindow(features, window) }
}
