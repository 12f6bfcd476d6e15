import type { BatchLearner, Learner, Range, Splitter } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Field, ScoreReport, Scores } from './compare.ts'
import type { Dataset } from './dataset.ts'
import { checkLearner, createFoldRun, trainHere } from './fold-run.ts'
import { checkScoring, type ScorePredictionsOptions } from './scoring.ts'
import type { HoldOut } from './splitters/hold-out.ts'
import type { Verdict } from './verdict.ts'

/** Options of {@link walkForward}. */
export type ValidationOptions = ScorePredictionsOptions & {
  /** Told after every fold, and of parts of folds where they are trained elsewhere. */
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void
  /** Looked at before every fold, e.g. an `AbortSignal`. */
  readonly signal: { readonly aborted: boolean }
}

/** One prediction for a row that the model had not been trained on. */
export type OutOfSample = {
  readonly row: number
  readonly fold: number
  /** P(y = 1) as predicted. */
  readonly p: number
  readonly y: 0 | 1
  readonly netReturn: number
}

/** One training and its test. */
export type FoldReport = {
  readonly train: readonly Range[]
  readonly test: readonly Range[]
  readonly trainRows: number
  readonly predictions: readonly OutOfSample[]
  /** Scores without intervals: one fold is too short for them. NaN below a score's floor. */
  readonly scores: Field<Scores>
}

/** What walking forward found, as plain data. */
export type Validation = {
  readonly folds: readonly FoldReport[]
  /** All folds' predictions in order of rows. */
  readonly predictions: readonly OutOfSample[]
  /** Each score of the model beside the baselines, with intervals, over all predictions. */
  readonly scores: readonly ScoreReport[]
  readonly verdict: Verdict
  /** The resolved options. */
  readonly options: ScorePredictionsOptions
}

/**
 * Trains a fresh learner on every fold, tests it on rows that it has not seen, and sets each score beside what needs no
 * learning, with an interval for both and for the difference.
 *
 * A learner with `fit` is fitted, others learn the training rows in order; neither learns during the test (for that see
 * {@link progressive}). The baselines:
 *
 *     takeAll    take every signal
 *     baseRate   the share of winners among the training rows, as a probability
 *     lastLabel  take if the label that was settled last before the signal was a 1
 *
 * `takeAll` and `lastLabel` are decisions, not probabilities: they have no AUC, correlation, log loss, Brier
 * score or calibration.
 * Scores over all folds pool predictions of several models, so a model also has to say how the folds differ. Drawdown
 * takes trades one after another in order of their signals.
 *
 * Cost: the trainings, plus O(resamples x rows) for the intervals, a second or two for 10,000 rows. Meant for a worker.
 *
 * @throws `NOT_ENOUGH_DATA` if the splitter gives no folds, `ABORTED` if the signal says so
 *
 * @example
 * ```ts
 * const splitter = new WalkForward({ train: 2000, test: 250, embargo: 24 })
 * const { scores, verdict } = walkForward(dataset, () => new GradientBoosting({ features: 8, task: 'binary' }), splitter)
 * for (const { name, model } of scores) print(name, formatEstimate(model))
 * print(verdict.text) // "Skill not shown: correlation with the labels 0.013 (-0.024 to 0.049), ..."
 * ```
 */
export function walkForward(
  dataset: Dataset,
  createLearner: () => Learner | BatchLearner,
  splitter: Splitter,
  options: Partial<ValidationOptions> = {},
): Validation {
  const { onProgress, signal } = options
  const run = createFoldRun(dataset, splitter, checkScoring(options))
  const of = run.folds.length
  const reports = run.folds.map((_, fold) => {
    if (signal?.aborted) throw new TradeLearnError('ABORTED', `Validation was aborted after ${fold} of ${of} folds.`)
    const learner = createLearner()
    checkLearner(learner)
    trainHere(learner, run.trainingRows(fold))
    const report = run.ask(fold, learner)
    onProgress?.({ done: fold + 1, of })
    return report
  })
  return run.sumUp(reports)
}

/**
 * The last word: trains on what came before the hold-out, tests on it, and closes it for good.
 *
 * @param options `now` is when, epoch milliseconds, for the record
 * @throws `HOLDOUT_OPENED` if it was opened before
 */
export function validateHoldout(
  dataset: Dataset,
  createLearner: () => Learner | BatchLearner,
  holdOut: HoldOut,
  { now, ...options }: Partial<ValidationOptions> & { readonly now?: number } = {},
): Validation {
  const last: Splitter = { split: (times, labelEnds) => [holdOut.open(times, labelEnds, now)] }
  return walkForward(dataset, createLearner, last, options)
}
