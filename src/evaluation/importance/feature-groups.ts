import { sampleRankCorrelation } from 'simple-statistics'
import type { Vector } from '../../contracts.ts'
import { integer, openFraction } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'

/** Features that are judged together. */
export type FeatureGroup = { readonly name: string; readonly features: readonly number[] }

/** Names the groups and checks their positions; each feature alone where there are none. */
export function namedGroups(
  groups: readonly (readonly number[])[] | undefined,
  names: readonly string[],
): readonly FeatureGroup[] {
  const width = names.length
  return (groups ?? names.map((_, feature) => [feature])).map((features, g) => {
    if (features.length === 0) {
      throw new TradeLearnError('INVALID_OPTION', `"groups[${g}]" must hold at least one position, got none.`)
    }
    for (const [i, feature] of features.entries()) {
      if (Number.isInteger(feature) && feature >= 0 && feature < width && features.indexOf(feature) === i) continue
      const wanted = `different positions below ${width}`
      throw new TradeLearnError('INVALID_OPTION', `"groups[${g}]" must hold ${wanted}, got ${show(feature)}.`)
    }
    return { name: features.map((feature) => names[feature]!).join(' + '), features }
  })
}

/** Options of {@link correlatedGroups}. */
export type CorrelatedGroupsOptions = {
  /** Features whose rank correlation is at least so large, of either sign, stand in for each other. @defaultValue 0.9 */
  readonly correlation: number
  /** Rows to look at, at even distances. @defaultValue 1000 */
  readonly rows: number
}

/**
 * Puts features that stand in for each other into one group, for importances by group.
 *
 * Of two features that say the same, neither is missed when it alone is shuffled or dropped, so both look worthless.
 * Groups are chains: whoever is close to one member belongs to it. Features without a partner are groups of one. Looks at
 * features only, never at labels; rows where either of two is missing do not count for them.
 * O(features² x rows log rows).
 *
 * @example
 * ```ts
 * importanceOverTime(dataset, create, splitter, { groups: correlatedGroups(dataset.rows) })
 * ```
 */
export function correlatedGroups(
  rows: readonly Vector[],
  options: Partial<CorrelatedGroupsOptions> = {},
): readonly (readonly number[])[] {
  const { correlation = 0.9, rows: most = 1000 } = options
  openFraction('correlation', correlation)
  integer('rows', most, 3)
  const step = Math.max(1, rows.length / most)
  const sample = Array.from({ length: Math.min(most, rows.length) }, (_, i) => rows[Math.floor(i * step)]!)
  const width = rows[0]?.length ?? 0
  // each feature starts alone; groups carry the number of their first member
  const groupOf = Array.from({ length: width }, (_, feature) => feature)
  for (let a = 0; a < width; a++) {
    for (let b = a + 1; b < width; b++) {
      if (groupOf[a] === groupOf[b]) continue
      const both = sample.filter((x) => !Number.isNaN(x[a]! + x[b]!))
      if (both.length < 3) continue
      const rho = sampleRankCorrelation(
        both.map((x) => x[a]!),
        both.map((x) => x[b]!),
      )
      if (!(Math.abs(rho) >= correlation)) continue
      const [keep, gone] = [Math.min(groupOf[a]!, groupOf[b]!), Math.max(groupOf[a]!, groupOf[b]!)]
      for (let f = 0; f < width; f++) if (groupOf[f] === gone) groupOf[f] = keep
    }
  }
  return [...new Set(groupOf)].sort((a, b) => a - b).map((g) => groupOf.flatMap((group, f) => (group === g ? [f] : [])))
}
