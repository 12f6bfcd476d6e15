import type { BatchLearner, Fold, Learner, Range, Splitter } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkDataset, type Dataset } from '../dataset.ts'

/** Makes a fresh learner for so many features of these names. */
export type CreateLearner = (features: number, names: readonly string[]) => Learner | BatchLearner

/** How to follow and stop long work. */
export type Watch = {
  /** Told after each step. */
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void
  /** Looked at before each step, e.g. an `AbortSignal`. */
  readonly signal: { readonly aborted: boolean }
}

/** Where a fold lies and how large it is. */
export type FoldSpan = {
  readonly fold: number
  /** Times of the first and the last test row. */
  readonly from: number
  readonly to: number
  readonly trainRows: number
  readonly testRows: number
}

/** The row numbers of a fold. */
export type FoldRows = { readonly train: readonly number[]; readonly test: readonly number[] }

/** Fewest test rows for the figures of a fold, as for any mean of losses. */
export const ROWS_NEEDED = 30

/** Checks the dataset and cuts it into folds, at least one. */
export function foldsOf(dataset: Dataset, splitter: Splitter): readonly FoldRows[] {
  checkDataset(dataset)
  const folds = [...splitter.split(dataset.times, dataset.labelEnds)].map(
    ({ train, test }: Fold): FoldRows => ({ train: rowsIn(train), test: rowsIn(test) }),
  )
  if (folds.length > 0) return folds
  throw new TradeLearnError(
    'NOT_ENOUGH_DATA',
    `The splitter must give at least one fold, got none of ${dataset.y.length} rows.`,
  )
}

/** Says where a fold lies. */
export function spanOf({ times }: Dataset, { train, test }: FoldRows, fold: number): FoldSpan {
  const [first, last] = [test[0], test.at(-1)]
  return {
    fold,
    from: first === undefined ? NaN : times[first]!,
    to: last === undefined ? NaN : times[last]!,
    trainRows: train.length,
    testRows: test.length,
  }
}

/** What a learner is to predict: labels for binary tasks, net returns for regressions. */
export function targetOf({ y, netReturns }: Dataset, { task }: Pick<Learner, 'task'>): ArrayLike<number> {
  return task === 'binary' ? y : netReturns
}

/** Some values of a column. */
export function pick(column: ArrayLike<number>, rows: readonly number[]): Float64Array {
  return Float64Array.from(rows, (row) => column[row]!)
}

/** The names of the features, `feature 0` and so on where the dataset has none. */
export function namesOf({ rows, names }: Dataset): readonly string[] {
  return names ?? Array.from(rows[0]!, (_, feature) => `feature ${feature}`)
}

/** Throws if it is time to stop. */
export function checkAborted(signal: Watch['signal'] | undefined, done: number, of: number): void {
  if (signal?.aborted) throw new TradeLearnError('ABORTED', `The work was aborted after ${done} of ${of} steps.`)
}

const rowsIn = (ranges: readonly Range[]): number[] =>
  ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
