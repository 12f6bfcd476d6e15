import { type ErrorCode, TradeLearnError } from '../core/errors.ts'
import { checkForest, type Forest } from '../learners/forest/forest.ts'
import type { Columns } from './columns.ts'
import { checkLinearLeaves, type LinearLeaves } from './linear-leaves.ts'
import { LARGEST_FLOAT, LINKS, type Link } from './link.ts'

/** Where models come from. */
export const SOURCES = ['lightgbm', 'xgboost', 'catboost'] as const

/** What describes an imported model. */
export type ImportedOptions = {
  /** The library that trained it. */
  readonly source: (typeof SOURCES)[number]
  /** What it was trained for, in that library's words. */
  readonly objective: string
  /** Length of the vectors that it reads. */
  readonly features: number
  /** The features' names; empty where the file has none. */
  readonly names: readonly string[]
  /** How margins become predictions. */
  readonly link: Link
  /** What the origin calculates in. */
  readonly precision: 'float32' | 'float64'
  /** Trees here for each one of the origin: its outputs, where each of its leaves has one value for every output. */
  readonly stride: number
}

/** Everything that an imported model is made of. */
export type ImportedParts = {
  readonly options: ImportedOptions
  /** The trees, which ask for columns. */
  readonly forest: Forest
  readonly columns: Columns
  /** What the origin calls each leaf. */
  readonly leaf: Int32Array
  readonly linear: LinearLeaves
}

/** Throws `code` unless the parts fit together, and every margin is finite for every vector without infinities. */
export function checkParts({ options, forest, columns, leaf, linear }: ImportedParts, code: ErrorCode): void {
  const wanted = (holds: boolean, what: string, got: string | number): void => {
    if (!holds) throw new TradeLearnError(code, `An imported model must have ${what}, got ${got}.`)
  }
  const { source, features, names, link, precision, stride } = options
  wanted(SOURCES.includes(source), `one of ${SOURCES.join(', ')} as its source`, String(source).slice(0, 40))
  wanted(LINKS.includes(link.name), `one of ${LINKS.join(', ')} as its link`, String(link.name).slice(0, 40))
  wanted(link.slope >= 1e-6 && link.slope <= 1e6, 'a slope from 1e-6 to 1e6', link.slope)
  wanted(Number.isInteger(link.divisor) && link.divisor > 0, 'a whole positive divisor', link.divisor)
  wanted(precision === 'float32' || precision === 'float64', 'float32 or float64', String(precision).slice(0, 40))
  wanted(Number.isInteger(features) && features >= 1, 'at least one feature', features)
  wanted(names.length === 0 || names.length === features, `${features} names or none`, names.length)

  // columns
  const width = columns.feature.length
  wanted(width >= features && columns.kind.length === width && columns.value.length === width, 'whole columns', width)
  for (const f of columns.feature) wanted(f >= 0 && f < features, `columns of ${features} features`, f)
  for (const kind of columns.kind) wanted(kind <= 4, 'known ways of reading', kind)

  // trees
  const outputs = forest.base.length
  wanted(outputs >= 1, 'at least one output', outputs)
  checkForest(forest, width, outputs, code)
  const { roots, output, feature, value, base } = forest
  wanted(stride >= 1 && roots.length % stride === 0, 'a whole number of trees for each of the origin', stride)
  wanted(leaf.length === feature.length, `${feature.length} leaf numbers`, leaf.length)
  checkLinearLeaves(linear, feature.length, width, code)

  // sums
  const most = precision === 'float32' ? LARGEST_FLOAT : Number.MAX_VALUE
  const reach = base.map(Math.abs)
  for (let t = 0; t < roots.length; t++) {
    const end = t + 1 < roots.length ? roots[t + 1]! : feature.length
    let largest = 0
    for (let i = roots[t]!; i < end; i++) if (feature[i]! < 0) largest = Math.max(largest, Math.abs(value[i]!))
    reach[output[t]!]! += largest
  }
  for (const sum of reach) wanted(sum <= most, `leaves that add up to at most ${most}`, sum)
}
