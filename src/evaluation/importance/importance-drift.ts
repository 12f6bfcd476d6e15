import { sampleRankCorrelation } from 'simple-statistics'
import { TradeLearnError } from '../../core/errors.ts'
import type { Estimate } from '../compare.ts'
import { FOLDS_FOR_MEAN, FOLDS_FOR_TREND, trendOverFolds } from './over-folds.ts'

/** What changed from one fold to the next. */
export type NeighbourDrift = {
  readonly from: number
  readonly to: number
  /** Spearman's rank correlation of the importances; NaN below 5 features and where all are alike. */
  readonly correlation: number
  /** Features that carry an even share or more of all importance now, and did not before. */
  readonly came: readonly string[]
  /** Features that did, and no longer do. */
  readonly went: readonly string[]
}

/** How steady importances are over time. */
export type ImportanceDrift = {
  readonly neighbours: readonly NeighbourDrift[]
  /**
   * Mean correlation of neighbouring folds: 1 where the order of features never changes, 0 where it is drawn anew each
   * time. Ends of an interval are NaN: neighbours share folds, so they are too few and too dependent for one.
   */
  readonly stability: Estimate
  /** Change of each feature's importance from fold to fold, in its unit. */
  readonly trends: readonly (Estimate & { readonly name: string })[]
  /** Features whose trend would be sure even after asking about all of them (Bonferroni). */
  readonly rising: readonly string[]
  readonly fading: readonly string[]
  readonly text: string
}

/** Fewest features for a rank correlation: chance alone brings 4 into the same order once in 24 folds, 5 once in 120. */
const FEATURES_NEEDED = 5

/**
 * How the importance of features moves from fold to fold.
 *
 * A model whose order of features is another one in each fold has found nothing that lasts. Correlations are of ranks, so
 * that one dominant feature does not decide alone. Folds of which a figure is NaN are left out; their neighbours are then
 * compared with each other. For any kind of importance: shuffled, dropped, or explained. O(folds x features).
 *
 * @param folds one list of amounts a fold, in order of time, in the order of `names`
 *
 * @example
 * ```ts
 * importanceDrift(['rsi', 'macd', 'atr', 'hour', 'gap'], amountsByFold).text
 * ```
 */
export function importanceDrift(
  names: readonly string[],
  folds: readonly (readonly number[])[],
  { coverage = 0.95 }: { readonly coverage?: number } = {},
): ImportanceDrift {
  for (const [fold, { length }] of folds.entries()) {
    if (length === names.length) continue
    throw new TradeLearnError('INVALID_INPUT', `"folds[${fold}]" must have ${names.length} amounts, got ${length}.`)
  }
  const known = folds.map((amounts, fold) => ({ amounts, fold })).filter(({ amounts }) => !amounts.some(Number.isNaN))
  const neighbours = known.slice(1).map(({ amounts, fold }, i): NeighbourDrift => {
    const before = known[i]!
    const [old, now] = [carriers(before.amounts), carriers(amounts)]
    return {
      from: before.fold,
      to: fold,
      correlation: names.length < FEATURES_NEEDED ? NaN : sampleRankCorrelation([...before.amounts], [...amounts]),
      came: names.filter((_, f) => now[f] && !old[f]),
      went: names.filter((_, f) => old[f] && !now[f]),
    }
  })
  const correlations = neighbours.map(({ correlation }) => correlation).filter((value) => !Number.isNaN(value))
  const enough = known.length >= FOLDS_FOR_MEAN && correlations.length > 0
  const stability: Estimate = {
    value: enough ? correlations.reduce((sum, value) => sum + value, 0) / correlations.length : NaN,
    low: NaN,
    high: NaN,
    have: known.length,
    needs: FOLDS_FOR_MEAN,
  }
  const columns = names.map((_, f) => folds.map((amounts) => amounts[f]!))
  const strict = 1 - (1 - coverage) / Math.max(1, names.length)
  const sure = columns.map((values) => trendOverFolds(values, strict))
  const rising = names.filter((_, f) => sure[f]!.low > 0)
  const fading = names.filter((_, f) => sure[f]!.high < 0)
  return {
    neighbours,
    stability,
    trends: columns.map((values, f) => ({ name: names[f]!, ...trendOverFolds(values, coverage) })),
    rising,
    fading,
    text: inWords(stability, names.length, rising, fading),
  }
}

/** Which features carry at least an even share of all importance above 0. */
function carriers(amounts: readonly number[]): readonly boolean[] {
  const even = amounts.reduce((sum, amount) => sum + Math.max(0, amount) / amounts.length, 0)
  return amounts.map((amount) => amount > 0 && amount >= even)
}

function inWords(
  { value, have, needs }: Estimate,
  features: number,
  rising: readonly string[],
  fading: readonly string[],
): string {
  if (have < needs) return `N/A (needs ${needs} folds of enough rows, has ${have}).`
  if (features < FEATURES_NEEDED) return `N/A (needs ${FEATURES_NEEDED} features, has ${features}).`
  if (Number.isNaN(value)) return 'N/A: all features are alike in importance.'
  const order = `From fold to fold the order of features keeps a rank correlation of ${value.toFixed(2)} (1 never changes, 0 is drawn anew).`
  if (have < FOLDS_FOR_TREND) return `${order} Trends: N/A (needs ${FOLDS_FOR_TREND} folds, has ${have}).`
  const moves = [
    ...(rising.length > 0 ? [`Rising: ${rising.join(', ')}.`] : []),
    ...(fading.length > 0 ? [`Fading: ${fading.join(', ')}.`] : []),
  ]
  return [order, ...(moves.length > 0 ? moves : ['No feature has a sure trend.'])].join(' ')
}
