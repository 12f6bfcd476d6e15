import type { BatchLearner, Fold, Learner, Range, Splitter } from '../contracts.ts'
import { fraction } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { baseRateOf, lastLabels, usualOf } from './baselines.ts'
import { scoreField } from './compare.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import { fieldOf, type Predicted, type Scoring, scoreAll } from './scoring.ts'
import type { FoldReport, OutOfSample, Validation } from './validate.ts'

/** The training rows of a fold, side by side. */
export type TrainingRows = { readonly rows: readonly Float64Array[]; readonly y: Float64Array }

/** The folds of a dataset and what is done with each: whoever trains them, here or elsewhere, does the same. */
export type FoldRun = {
  readonly folds: readonly Fold[]
  /** What a fold's learner is trained on. */
  trainingRows(fold: number): TrainingRows
  /** A trained learner's answers to the rows of a fold. */
  ask(fold: number, learner: Learner): FoldReport
  /** All folds together. */
  sumUp(reports: readonly FoldReport[]): Validation
}

/** Checks a dataset and cuts it into folds. @throws `NOT_ENOUGH_DATA` if the splitter gives none */
export function createFoldRun(dataset: Dataset, splitter: Splitter, scoring: Scoring): FoldRun {
  checkDataset(dataset)
  const { rows, y, times, labelEnds, netReturns } = dataset
  const folds = [...splitter.split(times, labelEnds)]
  if (folds.length === 0) {
    throw new TradeLearnError(
      'NOT_ENOUGH_DATA',
      `The splitter must give at least one fold, got none of ${y.length} rows.`,
    )
  }
  const last = lastLabels(dataset)
  const usual = usualOf(dataset)
  const baseRates = folds.map(({ train }) => baseRateOf(y, train))

  const predicted = (predictions: readonly OutOfSample[]): Predicted => {
    const pooled = meansByRow(predictions, baseRates)
    const column = (of: ArrayLike<number>): Float64Array => Float64Array.from(pooled, ({ row }) => of[row]!)
    return {
      times: column(times),
      labelEnds: column(labelEnds),
      y: column(y),
      netReturns: column(netReturns),
      probabilities: Float64Array.from(pooled, ({ p }) => p),
      baseRates: Float64Array.from(pooled, ({ baseRate }) => baseRate),
      usualRates: column(usual.baseRates),
      usualReturns: column(usual.returns),
      lastLabels: column(last),
    }
  }

  return {
    folds,
    trainingRows: (fold) => {
      const known = rowsOf(folds[fold]!.train)
      return { rows: known.map((row) => rows[row]!), y: Float64Array.from(known, (row) => y[row]!) }
    },
    ask: (fold, learner) => {
      const { train, test } = folds[fold]!
      const predictions = rowsOf(test).map((row) => ({
        row,
        fold,
        p: fraction('prediction', learner.predict(rows[row]!), 'INVALID_INPUT'),
        y: y[row] as 0 | 1,
        netReturn: netReturns[row]!,
      }))
      const scores = scoreField(fieldOf(predicted(predictions), scoring))
      return { train, test, trainRows: rowsOf(train).length, predictions, scores }
    },
    sumUp: (reports) => {
      const predictions = reports
        .flatMap((report) => report.predictions)
        .sort((a, b) => a.row - b.row || a.fold - b.fold)
      return { folds: reports, predictions, ...scoreAll(predicted(predictions), scoring) }
    },
  }
}

/** Throws unless a learner can be validated. */
export function checkLearner(learner: Learner | BatchLearner): void {
  if (learner.task === 'binary') return
  throw new TradeLearnError(
    'INVALID_INPUT',
    `A validated learner must have the task "binary", got ${show(learner.task)}.`,
  )
}

/** Trains a learner here and now. */
export function trainHere(learner: Learner | BatchLearner, { rows, y }: TrainingRows): void {
  if ('fit' in learner) learner.fit(rows, y)
  else for (const [i, row] of rows.entries()) learner.learn(row, y[i]!)
}

/** A row that several folds have tested is one observation, not several: their predictions are averaged. */
function meansByRow(
  predictions: readonly OutOfSample[],
  baseRates: readonly number[],
): readonly { readonly row: number; readonly p: number; readonly baseRate: number }[] {
  const byRow = new Map<number, OutOfSample[]>()
  for (const prediction of predictions) {
    const same = byRow.get(prediction.row)
    if (same) same.push(prediction)
    else byRow.set(prediction.row, [prediction])
  }
  return [...byRow]
    .sort(([a], [b]) => a - b)
    .map(([row, all]) => ({
      row,
      p: all.reduce((sum, { p }) => sum + p, 0) / all.length,
      baseRate: all.reduce((sum, { fold }) => sum + baseRates[fold]!, 0) / all.length,
    }))
}

const rowsOf = (ranges: readonly Range[]): number[] =>
  ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
