import type { Learner, Rng, Vector } from '../contracts.ts'
import { integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { logLossOf } from '../core/math.ts'
import { SeededRng } from '../core/rng.ts'
import type { Forest } from './forest/forest.ts'

/**
 * How much a forest relies on each feature, as shares that add up to 1; all 0 where it asks nothing.
 *
 * `'gain'` adds up what the questions about a feature gained in training, `'splits'` counts them, `'cover'` adds up the
 * rows that they were put to. All three describe training: features with many values get more than they are worth.
 * {@link permutationImportance} on rows that the model has not seen says what they are worth. O(nodes).
 */
export function forestImportance(forest: Forest, kind: 'gain' | 'splits' | 'cover'): Float64Array {
  const { features, feature, gain, cover } = forest
  const weightOf = (node: number): number => (kind === 'splits' ? 1 : kind === 'gain' ? gain[node]! : cover[node]!)
  // in units of the largest, so that no sum overflows
  let largest = 0
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! >= 0) largest = Math.max(largest, weightOf(node) || 0)
  }
  const shares = new Float64Array(features)
  if (!(largest > 0)) return shares
  let total = 0
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! < 0) continue
    const weight = Math.max(0, weightOf(node) / largest) || 0
    shares[feature[node]!]! += weight
    total += weight
  }
  for (let f = 0; f < features; f++) shares[f]! /= total
  return shares
}

/** Options of {@link permutationImportance}. */
export type PermutationOptions = {
  /** The cost of one prediction. @defaultValue log loss for binary tasks, squared error else */
  readonly loss: (y: number, prediction: number) => number
  /** Shuffles of each group. @defaultValue 5 */
  readonly repeats: number
  /** @defaultValue a generator with a seed of its own, so that equal calls give equal results */
  readonly rng: Rng
  /** Positions that are shuffled together, as features that stand in for each other should be. @defaultValue each alone */
  readonly groups: readonly (readonly number[])[]
}

/** What a group of features is worth to a model. */
export type PermutationImportance = {
  readonly features: readonly number[]
  /** By how much the mean loss rises when the group is shuffled. */
  readonly mean: number
  /** Standard deviation of that between shuffles; 0 for a single one. */
  readonly deviation: number
}

/**
 * What each feature is worth to any learner: by how much its loss rises when the feature's values are dealt out to the
 * rows anew.
 *
 * Give it rows that the model has not learned from. Of features that stand in for each other none looks important, so
 * shuffle those as a group. Predicts rows × repeats × groups times; for a bot that is busy meanwhile take
 * {@link permutationImportanceInSteps}.
 *
 * @see L. Breiman (2001), "Random forests", Machine Learning 45
 * @see A. Fisher, C. Rudin, F. Dominici (2019), "All models are wrong, but many are useful", JMLR 20
 *
 * @example
 * ```ts
 * const worth = permutationImportance(learner, rows, y, { groups: [[0, 1], [2]] })
 * worth[0].mean // how much the log loss rises without features 0 and 1
 * ```
 */
export function permutationImportance(
  learner: Pick<Learner, 'predict' | 'task'>,
  rows: readonly Vector[],
  y: ArrayLike<number>,
  options: Partial<PermutationOptions> = {},
): readonly PermutationImportance[] {
  const steps = permutationImportanceInSteps(learner, rows, y, options)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}

/** The same, one shuffle per `next()`: yields the fraction done and returns what `permutationImportance` does. */
export function* permutationImportanceInSteps(
  learner: Pick<Learner, 'predict' | 'task'>,
  rows: readonly Vector[],
  y: ArrayLike<number>,
  {
    loss = learner.task === 'binary' ? logLossOf : squaredError,
    repeats = 5,
    rng = new SeededRng('permutation-importance'),
    groups = Array.from({ length: rows[0]?.length ?? 0 }, (_, feature) => [feature]),
  }: Partial<PermutationOptions> = {},
): Generator<number, readonly PermutationImportance[], void> {
  integer('repeats', repeats)
  const n = rows.length
  if (n === 0 || y.length !== n) {
    throw new TradeLearnError('INVALID_INPUT', `"y" must be as long as "rows", at least 1, got ${y.length} and ${n}.`)
  }
  const width = rows[0]!.length
  for (const feature of groups.flat()) {
    if (Number.isInteger(feature) && feature >= 0 && feature < width) continue
    throw new TradeLearnError('INVALID_OPTION', `"groups" must hold positions below ${width}, got ${show(feature)}.`)
  }

  let whole = 0
  for (let i = 0; i < n; i++) whole += loss(y[i]!, learner.predict(rows[i]!)) / n
  const results: PermutationImportance[] = []
  const order = new Int32Array(n)
  const x = new Float64Array(width)
  for (const [g, features] of groups.entries()) {
    const rises: number[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      // a stream of its own for each shuffle: other groups do not change it
      shuffle(order, rng.fork(`${features.join(',')}/${repeat}`))
      let mean = 0
      for (let i = 0; i < n; i++) {
        x.set(rows[i]!)
        for (const feature of features) x[feature] = rows[order[i]!]![feature]!
        mean += loss(y[i]!, learner.predict(x)) / n
      }
      rises.push(mean - whole)
      yield (g * repeats + repeat + 1) / (groups.length * repeats)
    }
    const mean = rises.reduce((sum, rise) => sum + rise, 0) / repeats
    const squares = rises.reduce((sum, rise) => sum + (rise - mean) * (rise - mean), 0)
    results.push({ features, mean, deviation: repeats > 1 ? Math.sqrt(squares / (repeats - 1)) : 0 })
  }
  return results
}

const squaredError = (y: number, prediction: number): number => (y - prediction) * (y - prediction)

/** Fills `order` with its positions in random order (Fisher and Yates). */
function shuffle(order: Int32Array, rng: Rng): void {
  for (let i = 0; i < order.length; i++) {
    const j = Math.floor(rng.next() * (i + 1))
    order[i] = order[j]!
    order[j] = i
  }
}
