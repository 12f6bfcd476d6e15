import { incompleteBeta } from '../../core/quantiles.ts'
import { MIN_BLOCKS } from '../block-bootstrap.ts'
import { overlappingMean } from '../overlap.ts'
import { pick } from './folds.ts'

/** What came of all rows of a dataset, and what was usual before each. */
export type Usual = {
  readonly y: ArrayLike<number>
  /** The share of 1s among the labels that were settled before each row. */
  readonly usual: ArrayLike<number>
  readonly times: ArrayLike<number>
  readonly labelEnds: ArrayLike<number>
}

/**
 * How often a feature that knows nothing would win its bets as clearly: the tail of Student's t; NaN where fewer than 10
 * labels fit one after another.
 *
 * @param leans where the feature stood in each tested row, from -1 to 1 in its direction; NaN where it was missing
 * @param tested the rows, ascending
 */
export function chanceOfBets(
  leans: Float64Array,
  tested: readonly number[],
  { y, usual, times, labelEnds }: Usual,
): number {
  const present = tested.map((_, at) => at).filter((at) => !Number.isNaN(leans[at]))
  const rows = present.map((at) => tested[at]!)
  let sum = 0
  const bets = present.map((at, before) => {
    // ranks among the training rows have the mean 0 there, which counts as one row
    const lean = leans[at]! - sum / (before + 1)
    sum += leans[at]!
    return lean * (y[rows[before]!]! - usual[rows[before]!]!)
  })
  const { value, error, spans } = overlappingMean(bets, pick(times, rows), pick(labelEnds, rows))
  if (!(spans >= MIN_BLOCKS)) return NaN
  if (!(error > 0)) return 1
  const t = value / error
  const freedom = spans - 1
  const tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
  return t > 0 ? tail : 1 - tail
}
