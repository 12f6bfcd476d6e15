import type { Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer } from '../../core/check.ts'
import { show as display, TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { createKernel, type Grown, type Kernel, learnAt, plant, show, valueAt } from './growth.ts'
import { addToScales, createScales, MOST_VALUE, type Scales } from './leaf-model.ts'
import { migrate } from './migrate.ts'
import { checkObservers, createObservers } from './observers.ts'
import { type RegressionTreeInput, type RegressionTreeOptions, resolveOptions } from './options.ts'
import { areMoments, checkTree, createTree, route, routeAndCount } from './tree.ts'

/** Options of {@link HoeffdingTreeRegressor}. */
export type HoeffdingTreeRegressorOptions = RegressionTreeOptions

type State = { seen: number; readonly scales: Scales } & Grown

/** Targets and weights beyond these count as these, so that differences and sums stay finite. */
const MOST_TARGET = 1e140
const MOST_WEIGHT = 1e12

/**
 * A tree for values that grows from a stream, one leaf at a time, and splits only when it has seen enough to be sure.
 *
 * A leaf keeps the targets by the values of each feature. Every `gracePeriod` observations it asks of each feature how much
 * variance its best threshold would take away, and splits on the best feature a rather than the runner-up b once
 *
 *     merit(b) / merit(a) < 1 - ε,   ε = sqrt(ln(1/δ) / 2n)      or ε < τ: a tie that more data would hardly settle
 *
 * where merit is the variance of the leaf less that of its parts. Leaves predict by mean, by a linear model of all
 * features, or by whichever missed by less lately. Linear models see inputs and targets in deviations from their running
 * means, take steps that cannot overshoot, and say nothing beyond the targets seen so far.
 *
 * `predict` takes O(depth), with linear models O(depth + features); `learn` O(depth + features), an attempt to split
 * O(featuresPerLeaf x slots). Memory is O(maxLeaves x (featuresPerLeaf x slots + features)); at `maxLeaves` the shape is
 * final, the observers are let go, and the leaves go on learning.
 *
 * Weights count as that many observations: scale them to a mean of 1, or ε means nothing. A missing value follows the
 * larger part of the weight at its branch; a feature's merit is reckoned on the rows where it was known and scaled by their
 * share.
 *
 * With `featuresPerLeaf` each leaf draws some features when it is made and splits on those alone, so that the trees of a
 * forest differ. Linear models see all features all the same.
 *
 * Features are compared with each other, not with no split at all, so that the tree grows on pure noise as well: to 5.8
 * leaves in 2,000 rows of ten features, and to 1.9 with `minGain` 0.02 or 1.0 with 0.05
 * (`test/learners/regression-tree/noise.test.ts`). Give one where there may be nothing to find.
 *
 * A good first model for values with interactions. It forgets nothing: take a {@link StreamingGradientBoosting} with
 * `task: 'regression'` where the world changes.
 *
 * @see E. Ikonomovska, J. Gama, S. Džeroski (2011), "Learning model trees from evolving data streams", Data Mining and
 *   Knowledge Discovery 23
 *
 * @example
 * ```ts
 * const tree = new HoeffdingTreeRegressor({ features: 2, gracePeriod: 50, confidence: 0.01 })
 * tree.learn(Float64Array.of(0.3, NaN), -0.004)
 * const expected = tree.predict(Float64Array.of(0.3, 1))
 * ```
 */
export class HoeffdingTreeRegressor implements Learner, Sized {
  static readonly type: string = 'hoeffding-tree-regressor'
  static readonly version: number = 2

  readonly task = 'regression'
  readonly options: HoeffdingTreeRegressorOptions
  readonly #kernel: Kernel
  #state: State

  constructor(options: RegressionTreeInput) {
    this.options = resolveOptions(options)
    this.#kernel = createKernel(this.options)
    this.#state = { seen: 0, scales: createScales(this.options.features), ...plant(this.#kernel) }
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
    const { scales, tree, observers } = this.#state
    let sum = 8
    for (const part of [scales, tree, observers]) {
      for (const value of Object.values(part)) sum += typeof value === 'number' ? 8 : value.byteLength
    }
    return sum
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const kernel = this.#kernel
    const state = this.#state
    show(kernel, state.scales, x)
    return valueAt(kernel, state, state.scales, route(state.tree, 0, x))
  }

  /** The tree as a list of nodes, the root first. */
  describe(): readonly RegressionTreeNode[] {
    const { nodes, feature, threshold, child, stats } = this.#state.tree
    return Array.from({ length: nodes }, (_, i) => {
      const seen = { weight: stats[3 * i]!, mean: stats[3 * i + 1]! }
      if (feature[i]! < 0) return seen
      return { ...seen, feature: feature[i]!, threshold: threshold[i]!, left: child[i]!, right: child[i]! + 1 }
    })
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('regression', x, this.options.features, y, weight)
    const kernel = this.#kernel
    const state = this.#state
    const target = clamp(y, -MOST_TARGET, MOST_TARGET)
    const w = Math.min(weight, MOST_WEIGHT)
    state.seen++
    addToScales(state.scales, x, w)
    show(kernel, state.scales, x)
    learnAt(kernel, state, state.scales, routeAndCount(state.tree, 0, x, w), x, target, w)
  }

  toJSON(): Snapshot {
    return snapshot(HoeffdingTreeRegressor, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote, and what earlier releases wrote. */
  static fromJSON(json: Snapshot): HoeffdingTreeRegressor {
    const { options, state } = migrate(checkSnapshot(HoeffdingTreeRegressor, json))
    const { radius, ...rest } = options
    const read = unpackState(rest, templateOptions(), 'options')
    const resolved = resolveOptions({ ...read, radius: radius as number | 'deviation' })
    const kernel = createKernel(resolved)
    const template: State = {
      seen: 0,
      scales: { ...createScales(0), moments: new Float64Array(0) },
      tree: createTree(0, kernel.width),
      observers: createObservers(resolved, 0),
    }
    const saved = unpackState(state, template)
    integer('state.seen', saved.seen, 0, 'CORRUPT_SNAPSHOT')
    checkScales(saved.scales, resolved.features)
    checkObservers(saved.observers, resolved, MOST_TARGET)
    checkTree(saved.tree, resolved, kernel.width, saved.observers.taken, MOST_TARGET)
    const tree = new HoeffdingTreeRegressor(resolved)
    tree.#state = saved
    return tree
  }
}

/** A node of a tree: what came to it while it was a leaf, and its question where it is a branch. */
export type RegressionTreeNode = {
  readonly weight: number
  readonly mean: number
  /** Values of this feature up to the threshold go to the node `left`, the others to `right`. */
  readonly feature?: number
  readonly threshold?: number
  readonly left?: number
  readonly right?: number
}

function templateOptions(): Omit<RegressionTreeOptions, 'radius'> {
  const { radius: _, ...rest } = resolveOptions({ features: 1 })
  return rest
}

function checkScales({ moments, low, high }: Scales, features: number): void {
  const seen = moments[3 * features]! > 0
  const range = seen
    ? low <= high && low >= -MOST_TARGET && high <= MOST_TARGET
    : low === Infinity && high === -Infinity
  if (range && moments.length === 3 * (features + 1) && areMoments(moments, MOST_VALUE)) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Saved scales must be numbers for all features, got ${display(moments)}.`,
  )
}
