import { TradeLearnError } from '../../core/errors.ts'
import type { Estimate } from '../compare.ts'
import type { FeatureGroup } from './feature-groups.ts'
import { type FoldSpan, ROWS_NEEDED } from './folds.ts'
import { type ImportanceDrift, importanceDrift } from './importance-drift.ts'
import { meanOverFolds } from './over-folds.ts'

/** By how much the loss rose on the test rows of a fold, one figure a group. */
export type FoldImportance = FoldSpan & {
  /** NaN in folds of fewer than 30 test rows. */
  readonly amounts: readonly number[]
  /** Standard errors within the fold: of the shuffles, or of the rows' losses where columns were dropped. */
  readonly errors: readonly number[]
}

/** What a feature, or a group of them, is worth over all folds. */
export type FeatureWorth = FeatureGroup & {
  /**
   * Mean rise of the loss, with Student's interval over folds: a little too narrow, since models of neighbouring folds
   * share training rows.
   */
  readonly mean: Estimate
  /** Standard deviation between folds. */
  readonly deviation: number
  /** Share of folds in which it was worth something; NaN where no fold counts. */
  readonly positive: number
}

/** Importances of all folds, as plain data. */
export type ImportanceByFold = {
  readonly folds: readonly FoldImportance[]
  /** In the order of the groups. */
  readonly features: readonly FeatureWorth[]
  readonly drift: ImportanceDrift
}

/** Sums up the folds. */
export function importanceByFold(
  groups: readonly FeatureGroup[],
  folds: readonly FoldImportance[],
  coverage: number,
): ImportanceByFold {
  for (const { fold, testRows, amounts } of folds) {
    amounts.forEach((amount, g) => {
      if (Number.isFinite(amount) || (Number.isNaN(amount) && testRows < ROWS_NEEDED)) return
      const got = `${amount} for "${groups[g]!.name}" in fold ${fold}`
      throw new TradeLearnError('INVALID_INPUT', `The rise of the loss must be a finite number, got ${got}.`)
    })
  }
  return {
    folds,
    features: groups.map((group, g) => {
      const values = folds.map(({ amounts }) => amounts[g]!)
      const counted = values.filter((value) => !Number.isNaN(value))
      const positive = counted.filter((value) => value > 0).length / counted.length
      return { ...group, ...meanOverFolds(values, coverage), positive }
    }),
    drift: importanceDrift(
      groups.map(({ name }) => name),
      folds.map(({ amounts }) => amounts),
      { coverage },
    ),
  }
}
