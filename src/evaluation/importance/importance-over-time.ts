import type { Explainable, Learner, Splitter } from '../../contracts.ts'
import { integer, openFraction } from '../../core/check.ts'
import { SeededRng } from '../../core/rng.ts'
import { permutationImportanceInSteps } from '../../learners/importance.ts'
import type { Dataset } from '../dataset.ts'
import { trainHere } from '../fold-run.ts'
import { type ExplanationByFold, explainFold, explanationByFold, type FoldExplanation } from './explanation-by-fold.ts'
import { namedGroups } from './feature-groups.ts'
import {
  type CreateLearner,
  checkAborted,
  foldsOf,
  namesOf,
  pick,
  ROWS_NEEDED,
  spanOf,
  targetOf,
  type Watch,
} from './folds.ts'
import { type FoldImportance, type ImportanceByFold, importanceByFold } from './importance-by-fold.ts'

/** Options of {@link importanceOverTime}. */
export type ImportanceOptions = Watch & {
  /** The cost of one prediction. @defaultValue log loss for binary tasks, squared error else */
  readonly loss: (y: number, prediction: number) => number
  /** Shuffles of each group in each fold. @defaultValue 5 */
  readonly repeats: number
  /** Positions that are shuffled together; see `correlatedGroups`. @defaultValue each alone */
  readonly groups: readonly (readonly number[])[]
  /** Most test rows of a fold that are explained, at even distances. @defaultValue 200 */
  readonly explainedRows: number
  /** Probability with which each interval should hold the truth. @defaultValue 0.95 */
  readonly coverage: number
  /** Seed of the shuffles; learners bring their own. @defaultValue 0 */
  readonly seed: number | string
}

/** What features were worth to a model in each fold, as plain data. */
export type ImportanceOverTime = {
  /** By how much the loss rises when a group's values are dealt out to the test rows anew. */
  readonly permutation: ImportanceByFold
  /** The features' parts in the predictions; left out for learners without `explain`. */
  readonly explanation?: ExplanationByFold
}

/**
 * What each feature is worth on rows that the model has not seen, fold by fold, and whether that lasts.
 *
 * A fresh learner is trained on every fold; then each feature's values are shuffled among the test rows of that fold and
 * the rise of the loss is measured, and learners with `explain` say what each feature added.
 *
 * Single rows are shuffled, not blocks of neighbours: the loss of a row depends on that row alone, so blocks would lead to
 * the same rise on average and a noisier one from shuffle to shuffle. That neighbouring rows are alike makes the rise itself
 * less certain; the spread over folds shows by how much. Of features that stand in for each other none looks
 * important: shuffle those as a group. Features that drift, such as price levels, are shuffled into rows of another
 * time, which overstates them; short folds help.
 *
 * Cost: one training a fold and test rows x repeats x groups predictions. Meant for a worker.
 *
 * @see L. Breiman (2001), "Random forests", Machine Learning 45
 * @see S. Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees", Nature
 *   Machine Intelligence 2
 *
 * @throws `NOT_ENOUGH_DATA` if the splitter gives no folds, `ABORTED` if the signal says so
 *
 * @example
 * ```ts
 * const { permutation } = importanceOverTime(dataset, (features) => new LogisticRegression({ features }), splitter)
 * for (const { name, mean } of permutation.features) print(name, formatEstimate(mean, 4))
 * print(permutation.drift.text)
 * ```
 */
export function importanceOverTime(
  dataset: Dataset,
  createLearner: CreateLearner,
  splitter: Splitter,
  options: Partial<ImportanceOptions> = {},
): ImportanceOverTime {
  const { loss, repeats = 5, explainedRows = 200, coverage = 0.95, seed = 0, onProgress, signal } = options
  integer('repeats', repeats)
  integer('explainedRows', explainedRows, ROWS_NEEDED)
  openFraction('coverage', coverage)
  const folds = foldsOf(dataset, splitter)
  const names = namesOf(dataset)
  const groups = namedGroups(options.groups, names)
  const rng = new SeededRng(seed).fork('importance')

  const worths: FoldImportance[] = []
  const explanations: FoldExplanation[] = []
  let unit: Explainable['explains'] | undefined
  for (const [number, rows] of folds.entries()) {
    checkAborted(signal, number, folds.length)
    const span = spanOf(dataset, rows, number)
    const learner: Learner & Partial<Explainable> = createLearner(names.length, names)
    const target = targetOf(dataset, learner)
    const vectors = rows.test.map((row) => dataset.rows[row]!)
    trainHere(learner, { rows: rows.train.map((row) => dataset.rows[row]!), y: pick(target, rows.train) })
    if (vectors.length < ROWS_NEEDED) {
      worths.push({ ...span, amounts: groups.map(() => NaN), errors: groups.map(() => NaN) })
    } else {
      const steps = permutationImportanceInSteps(learner, vectors, pick(target, rows.test), {
        repeats,
        rng: rng.fork(`fold ${number}`),
        groups: groups.map(({ features }) => features),
        ...(loss && { loss }),
      })
      let step = steps.next()
      for (; !step.done; step = steps.next()) checkAborted(signal, number, folds.length)
      worths.push({
        ...span,
        amounts: step.value.map(({ mean }) => mean),
        errors: step.value.map(({ deviation }) => (repeats > 1 ? deviation / Math.sqrt(repeats) : NaN)),
      })
    }
    if (isExplainable(learner)) {
      unit = learner.explains
      explanations.push(explainFold(learner, vectors, span, explainedRows))
    }
    onProgress?.({ done: number + 1, of: folds.length })
  }
  const permutation = importanceByFold(groups, worths, coverage)
  return unit === undefined
    ? { permutation }
    : { permutation, explanation: explanationByFold(unit, names, explanations, coverage) }
}

const isExplainable = (learner: Partial<Explainable>): learner is Explainable => 'explain' in learner
