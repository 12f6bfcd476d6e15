import type { Fold, Serializable, Snapshot, Splitter } from '../../contracts.ts'
import { integer, nonNegative } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkRows, trainAround } from './purge.ts'

/** Options of {@link PurgedKFold}. */
export type PurgedKFoldOptions = {
  /** Parts that each are tested on once, in order of time. @defaultValue 5 */
  readonly folds: number
  /** Rows left out after each test, on top of the purge; a hundredth of all is usual. @defaultValue 0 */
  readonly embargo: number
  /** Milliseconds from the end of a label until it is known. @defaultValue 0 */
  readonly delay: number
}

/**
 * k-fold cross-validation without shuffling, purged: every row is tested once, by a model of all others whose labels do not
 * overlap the test.
 *
 *     | train ...... | purged | test | purged, embargo | train ............ |
 *
 * It uses scarce rows better than walking forward, and trains on the future: a market that changed looks known before it
 * changed. Compare models by it; judge one by `WalkForward`. O(rows) a fold.
 *
 * Before a test, training stops at the first label that is still open when it begins, as in `WalkForward`; the book leaves
 * out the open ones alone, so that of the newest rows the quick losers stay.
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapter 7
 *
 * @example
 * ```ts
 * const result = walkForward(dataset, create, new PurgedKFold({ folds: 6, embargo: 50 }))
 * ```
 */
export class PurgedKFold implements Splitter, Serializable {
  static readonly type: string = 'purged-k-fold'
  static readonly version: number = 1

  readonly options: PurgedKFoldOptions

  constructor({ folds = 5, embargo = 0, delay = 0 }: Partial<PurgedKFoldOptions> = {}) {
    this.options = {
      folds: integer('folds', folds, 2),
      embargo: integer('embargo', embargo, 0),
      delay: nonNegative('delay', delay),
    }
  }

  *split(times: ArrayLike<number>, labelEnds: ArrayLike<number>): Generator<Fold, void, void> {
    const rows = { times, labelEnds }
    checkRows(rows)
    const { folds } = this.options
    const n = times.length
    if (n < folds) {
      throw new TradeLearnError('NOT_ENOUGH_DATA', `${folds} folds must have a row each at least, got ${n} rows.`)
    }
    for (let fold = 0; fold < folds; fold++) {
      const test = [{ start: Math.floor((fold * n) / folds), end: Math.floor(((fold + 1) * n) / folds) }]
      const train = trainAround(rows, test, this.options)
      if (train.length === 0) {
        throw new TradeLearnError(
          'NOT_ENOUGH_DATA',
          `Every fold must leave rows to train on, got none beside rows ${test[0]!.start} to ${test[0]!.end - 1}: labels are too long for ${folds} folds.`,
        )
      }
      yield { train, test }
    }
  }

  toJSON(): Snapshot {
    return snapshot(PurgedKFold, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PurgedKFold {
    const { options } = checkSnapshot(PurgedKFold, json)
    return new PurgedKFold(unpackState(options, { folds: 0, embargo: 0, delay: 0 }, 'options'))
  }
}
