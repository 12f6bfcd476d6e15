import type { Splitter, Vector } from '../../contracts.ts'
import { openFraction } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { logLossOf } from '../../core/math.ts'
import type { Dataset } from '../dataset.ts'
import { trainHere } from '../fold-run.ts'
import { overlappingMean } from '../overlap.ts'
import { namedGroups } from './feature-groups.ts'
import {
  type CreateLearner,
  checkAborted,
  type FoldRows,
  foldsOf,
  namesOf,
  pick,
  ROWS_NEEDED,
  spanOf,
  targetOf,
} from './folds.ts'
import { type FoldImportance, type ImportanceByFold, importanceByFold } from './importance-by-fold.ts'
import type { ImportanceOptions } from './importance-over-time.ts'

/** Options of {@link dropColumnImportance}. */
export type DropColumnOptions = Pick<ImportanceOptions, 'loss' | 'groups' | 'coverage' | 'onProgress' | 'signal'>

/**
 * What each feature adds that the others cannot make up for: by how much the loss on the test rows rises when the model is
 * trained without it, fold by fold.
 *
 * The plainest answer there is, and the dearest: (groups + 1) x folds trainings, where shuffling takes one a fold. A
 * feature with a stand-in is worth nothing here, even where the model uses it; drop such features as a group. Negative
 * where the model does better without. A learner that draws at random differs from itself by as much as a useless
 * feature does: give it the same seed each time, and mind the errors within the fold.
 *
 * @see J. Lei et al. (2018), "Distribution-free predictive inference for regression", Journal of the American Statistical
 *   Association 113, section 6 ("leave one covariate out")
 *
 * @param createLearner makes a learner for so many features; it is asked for models of several widths
 * @throws `NOT_ENOUGH_DATA` if the splitter gives no folds, `ABORTED` if the signal says so, `INVALID_OPTION` if a group
 *   leaves no feature
 *
 * @example
 * ```ts
 * const worth = dropColumnImportance(dataset, (features) => new LogisticRegression({ features }), splitter, {
 *   onProgress: ({ done, of }) => print(`${done} of ${of} trainings`),
 * })
 * ```
 */
export function dropColumnImportance(
  dataset: Dataset,
  createLearner: CreateLearner,
  splitter: Splitter,
  options: Partial<DropColumnOptions> = {},
): ImportanceByFold {
  const { coverage = 0.95, onProgress, signal } = options
  openFraction('coverage', coverage)
  const folds = foldsOf(dataset, splitter)
  const names = namesOf(dataset)
  const groups = namedGroups(options.groups, names)
  for (const { name, features } of groups) {
    if (features.length < names.length) continue
    throw new TradeLearnError(
      'INVALID_OPTION',
      `Dropping must leave at least one feature, but "${name}" are all of them.`,
    )
  }
  const all = names.map((_, feature) => feature)
  const of = folds.length * (groups.length + 1)
  let done = 0
  const lossesWith = (kept: readonly number[], rows: FoldRows): Float64Array => {
    checkAborted(signal, done, of)
    const losses = testLosses(dataset, createLearner, kept, rows, options.loss)
    onProgress?.({ done: ++done, of })
    return losses
  }
  const results = folds.map((rows, number): FoldImportance => {
    const span = spanOf(dataset, rows, number)
    if (rows.test.length < ROWS_NEEDED) {
      done += groups.length + 1
      return { ...span, amounts: groups.map(() => NaN), errors: groups.map(() => NaN) }
    }
    const whole = lossesWith(all, rows)
    const figures = groups.map(({ features }) => {
      const without = lossesWith(
        all.filter((feature) => !features.includes(feature)),
        rows,
      )
      const rises = without.map((loss, i) => loss - whole[i]!)
      return overlappingMean(rises, pick(dataset.times, rows.test), pick(dataset.labelEnds, rows.test))
    })
    return { ...span, amounts: figures.map(({ value }) => value), errors: figures.map(({ error }) => error) }
  })
  return importanceByFold(groups, results, coverage)
}

/** Trains a learner on some features only and returns its loss on each test row. */
function testLosses(
  dataset: Dataset,
  createLearner: CreateLearner,
  kept: readonly number[],
  { train, test }: FoldRows,
  loss: DropColumnOptions['loss'] | undefined,
): Float64Array {
  const names = namesOf(dataset)
  const narrow = (row: number): Vector => pick(dataset.rows[row]!, kept)
  const learner = createLearner(
    kept.length,
    kept.map((feature) => names[feature]!),
  )
  const target = targetOf(dataset, learner)
  trainHere(learner, { rows: train.map(narrow), y: pick(target, train) })
  const cost = loss ?? (learner.task === 'binary' ? logLossOf : squaredError)
  return Float64Array.from(test, (row) => cost(target[row]!, learner.predict(narrow(row))))
}

const squaredError = (y: number, prediction: number): number => (y - prediction) * (y - prediction)
