import { sampleRankCorrelation } from 'simple-statistics'
import type { Explainable, Vector } from '../../contracts.ts'
import type { Estimate } from '../compare.ts'
import { type FoldSpan, ROWS_NEEDED } from './folds.ts'
import { type ImportanceDrift, importanceDrift } from './importance-drift.ts'
import { meanOverFolds } from './over-folds.ts'

/** What the features' parts in the predictions for the test rows of a fold look like, one figure a feature. */
export type FoldExplanation = FoldSpan & {
  /** Rows that were explained. All figures are NaN below 30. */
  readonly explained: number
  /** Mean size of the part. */
  readonly meanAbsolute: readonly number[]
  /** Mean part: which way the feature pushed predictions in this fold. */
  readonly mean: readonly number[]
  /** Rank correlation of part and value, without missing ones: above 0 where higher values raise predictions. */
  readonly direction: readonly number[]
}

/** A feature's part over all folds. */
export type FeatureExplanation = {
  readonly name: string
  readonly feature: number
  readonly meanAbsolute: Estimate
  readonly mean: Estimate
  readonly direction: Estimate
  /**
   * Share of folds whose direction has the sign that most have: 1 where high values always push the same way, 0.5 where
   * it is a coin toss. NaN where no fold has a direction.
   */
  readonly signStability: number
}

/** Explanations of all folds, as plain data. */
export type ExplanationByFold = {
  /** The unit of the parts, as the learner states it. */
  readonly unit: Explainable['explains']
  readonly folds: readonly FoldExplanation[]
  readonly features: readonly FeatureExplanation[]
  /** Of the mean sizes. */
  readonly drift: ImportanceDrift
}

/** Explains up to `most` test rows of a fold, at even distances. */
export function explainFold(
  learner: Explainable,
  rows: readonly Vector[],
  span: FoldSpan,
  most: number,
): FoldExplanation {
  const count = Math.min(most, rows.length)
  const chosen = Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!)
  const width = rows[0]?.length ?? 0
  const parts = Array.from({ length: width }, () => new Float64Array(count))
  chosen.forEach((x, i) => {
    for (const { feature, amount } of learner.explain(x)) parts[feature]![i] = amount
  })
  const each = (figure: (part: Float64Array, feature: number) => number): readonly number[] =>
    parts.map((part, feature) => (count < ROWS_NEEDED ? NaN : figure(part, feature)))
  return {
    ...span,
    explained: count,
    meanAbsolute: each((part) => part.reduce((sum, amount) => sum + Math.abs(amount) / count, 0)),
    mean: each((part) => part.reduce((sum, amount) => sum + amount / count, 0)),
    direction: each((part, feature) => {
      const present = chosen.flatMap((x, i) => (Number.isNaN(x[feature]) ? [] : [i]))
      if (present.length < ROWS_NEEDED) return NaN
      return sampleRankCorrelation(
        present.map((i) => chosen[i]![feature]!),
        present.map((i) => part[i]!),
      )
    }),
  }
}

/** Sums up the folds. */
export function explanationByFold(
  unit: Explainable['explains'],
  names: readonly string[],
  folds: readonly FoldExplanation[],
  coverage: number,
): ExplanationByFold {
  const features = names.map((name, feature): FeatureExplanation => {
    const over = (of: (fold: FoldExplanation) => readonly number[]): Estimate =>
      meanOverFolds(
        folds.map((fold) => of(fold)[feature]!),
        coverage,
      ).mean
    const signs = folds.map(({ direction }) => Math.sign(direction[feature]!)).filter((sign) => !Number.isNaN(sign))
    const ups = signs.filter((sign) => sign > 0).length
    const downs = signs.filter((sign) => sign < 0).length
    return {
      name,
      feature,
      meanAbsolute: over((fold) => fold.meanAbsolute),
      mean: over((fold) => fold.mean),
      direction: over((fold) => fold.direction),
      signStability: Math.max(ups, downs) / signs.length,
    }
  })
  const sizes = folds.map(({ meanAbsolute }) => meanAbsolute)
  return { unit, folds, features, drift: importanceDrift(names, sizes, { coverage }) }
}
