import { type BinnedColumn, type Bins, binCategories, binColumn } from './binning.ts'
import type { TreeOptions } from './options.ts'
import { partOf, type Team } from './team.ts'

/** Rows that a category needs for a bin of its own, as in LightGBM ("min_data_in_bin"). */
const LEAST_IN_CATEGORY = 3

/**
 * Bins a row-major table, one feature a step; each member of a team does its own features and reads the others' edges.
 */
export function* binTable(
  x: Float64Array,
  features: number,
  { bins: most, categorical }: TreeOptions,
  team: Team,
): Generator<number, Bins, void> {
  const rows = x.length / features
  const byFeature = team.shareBytes(x.length)
  // of each feature: how many edges, or minus the number of categories, then those
  const room = most + 1
  const told = team.share(features * room)
  const [first, end] = partOf(team, features)
  for (let f = first; f < end; f++) {
    const column = categorical.includes(f)
      ? binCategories(x, features, f, most, LEAST_IN_CATEGORY, byFeature)
      : binColumn(x, features, f, most, byFeature)
    const { edges, categories } = column
    told[f * room] = categories ? -1 - categories.length : edges.length
    told.set(categories ?? edges, f * room + 1)
    yield (f + 1 - first) / (end - first)
  }
  team.meet()
  const columns = Array.from({ length: features }, (_, f) => readColumn(told, f * room))
  return { rows, features, byFeature, columns }
}

function readColumn(told: Float64Array, at: number): BinnedColumn {
  const count = told[at]!
  if (count >= 0) return { edges: told.slice(at + 1, at + 1 + count) }
  return { edges: new Float64Array(0), categories: told.slice(at + 1, at - count) }
}
