import type { BatchLearner, Fold, Learner, Range, Splitter } from '../contracts.ts'
import { fraction } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { baseRateOf, lastLabels, runningBaseRate } from './baselines.ts'
import { type Field, type ScoreReport, type Scores, scoreField } from './compare.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import { checkScoring, fieldOf, type Predicted, type ScorePredictionsOptions, scoreAll } from './scoring.ts'
import type { Verdict } from './verdict.ts'
import type { WalkForward } from './walk-forward.ts'

/** Options of {@link walkForward}. */
export type ValidationOptions = ScorePredictionsOptions & {
  /** Told after every fold. */
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
  const scoring = checkScoring(options)
  checkDataset(dataset)

  const { y, times, labelEnds, netReturns } = dataset
  const folds = [...splitter.split(times, labelEnds)]
  if (folds.length === 0) {
    throw new TradeLearnError(
      'NOT_ENOUGH_DATA',
      `The splitter must give at least one fold, got none of ${y.length} rows.`,
    )
  }
  const last = lastLabels(dataset)
  const usual = runningBaseRate(dataset)
  const baseRates = folds.map(({ train }) => baseRateOf(y, train))
  const predicted = (predictions: readonly OutOfSample[]): Predicted => {
    const column = (of: ArrayLike<number>): Float64Array => Float64Array.from(predictions, ({ row }) => of[row]!)
    return {
      times: column(times),
      labelEnds: column(labelEnds),
      y: column(y),
      netReturns: column(netReturns),
      probabilities: Float64Array.from(predictions, ({ p }) => p),
      baseRates: Float64Array.from(predictions, ({ fold }) => baseRates[fold]!),
      usual: column(usual),
      lastLabels: column(last),
    }
  }

  const reports = folds.map((fold, number): FoldReport => {
    if (signal?.aborted) {
      throw new TradeLearnError('ABORTED', `Validation was aborted after ${number} of ${folds.length} folds.`)
    }
    const predictions = testFold(dataset, createLearner(), fold, number)
    onProgress?.({ done: number + 1, of: folds.length })
    const { train, test } = fold
    const scores = scoreField(fieldOf(predicted(predictions), scoring))
    return { train, test, trainRows: rowsOf(train).length, predictions, scores }
  })

  const predictions = reports.flatMap((report) => report.predictions).sort((a, b) => a.row - b.row || a.fold - b.fold)
  return { folds: reports, predictions, ...scoreAll(predicted(predictions), scoring) }
}

/**
 * The last word: trains on what came before the holdout, tests on the holdout, and closes it for good.
 *
 * @throws `HOLDOUT_OPENED` if this splitter's holdout was opened before
 */
export function validateHoldout(
  dataset: Dataset,
  createLearner: () => Learner | BatchLearner,
  splitter: WalkForward,
  options: Partial<ValidationOptions> = {},
): Validation {
  return walkForward(
    dataset,
    createLearner,
    { split: (times, labelEnds) => [splitter.openHoldout(times, labelEnds)] },
    options,
  )
}

/** Trains a learner on a fold and asks it about the test rows. */
function testFold(
  { rows, y, netReturns }: Dataset,
  learner: Learner | BatchLearner,
  { train, test }: Fold,
  fold: number,
): OutOfSample[] {
  if (learner.task !== 'binary') {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `A validated learner must have the task "binary", got ${show(learner.task)}.`,
    )
  }
  const known = rowsOf(train)
  if ('fit' in learner) {
    learner.fit(
      known.map((row) => rows[row]!),
      Float64Array.from(known, (row) => y[row]!),
    )
  } else for (const row of known) learner.learn(rows[row]!, y[row]!)
  return rowsOf(test).map((row) => ({
    row,
    fold,
    p: fraction('prediction', learner.predict(rows[row]!), 'INVALID_INPUT'),
    y: y[row] as 0 | 1,
    netReturn: netReturns[row]!,
  }))
}

const rowsOf = (ranges: readonly Range[]): number[] =>
  ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
