import type { Learner, Vector } from '../contracts.ts'
import { fraction, integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'

/** Options of {@link partialDependence}. */
export type PartialDependenceOptions = {
  /** Values to try, in this order; NaN is "missing". @defaultValue quantiles of those in the rows, see `points` */
  readonly grid: ArrayLike<number>
  /** Most values to try where there is no grid; one more for "missing" where rows have that. @defaultValue 20 */
  readonly points: number
  /** Share of the rows' predictions between `low` and `high`. @defaultValue 0.8 */
  readonly band: number
}

/** What a learner says where a feature has one value. */
export type PartialDependencePoint = {
  /** The value; NaN for missing. */
  readonly value: number
  /** Mean prediction over the rows. */
  readonly prediction: number
  /** The band that the single rows' predictions lie in. */
  readonly low: number
  readonly high: number
}

/**
 * How the predictions of any learner depend on one feature: their mean over `rows` when it is set to one value after
 * the other in all of them, and the band in which the single rows' predictions lie.
 *
 * A flat mean in a wide, changing band tells that the feature matters together with others. Where features move
 * together it asks about rows that do not occur; mind the ends. Predicts values × rows times, so give it some hundred
 * rows rather than all.
 *
 * @see J. H. Friedman (2001), "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29
 * @see A. Goldstein et al. (2015), "Peeking inside the black box", J. Computational and Graphical Statistics 24 (the band)
 *
 * @example
 * ```ts
 * for (const { value, prediction } of partialDependence(learner, rows, 0)) table.push([value, prediction])
 * ```
 */
export function partialDependence(
  learner: Pick<Learner, 'predict'>,
  rows: readonly Vector[],
  feature: number,
  { grid, points = 20, band = 0.8 }: Partial<PartialDependenceOptions> = {},
): readonly PartialDependencePoint[] {
  integer('points', points)
  fraction('band', band)
  const width = rows[0]?.length ?? 0
  if (!(Number.isInteger(feature) && feature >= 0 && feature < width)) {
    const got = `${feature} for ${rows.length} rows of ${width}`
    throw new TradeLearnError('INVALID_INPUT', `"feature" must be a position in the rows, got ${got}.`)
  }
  const values = grid ?? quantileGrid(rows, feature, points)
  const x = new Float64Array(width)
  const said = new Float64Array(rows.length)
  return Array.from(values, (value) => {
    let sum = 0
    rows.forEach((row, i) => {
      x.set(row)
      x[feature] = value
      said[i] = learner.predict(x)
      sum += said[i]! / rows.length
    })
    said.sort()
    return { value, prediction: sum, low: quantile(said, (1 - band) / 2), high: quantile(said, (1 + band) / 2) }
  })
}

/** Up to `points` different values that occur, from the lowest to the highest at even ranks; NaN last where it occurs. */
function quantileGrid(rows: readonly Vector[], feature: number, points: number): number[] {
  const all = Float64Array.from(rows, (row) => row[feature]!)
  // NaN sorts last
  const present = all.sort().subarray(0, all.filter((value) => !Number.isNaN(value)).length)
  const distinct = present.filter((value, i) => i === 0 || value !== present[i - 1])
  const source = distinct.length <= points ? distinct : present
  const count = Math.min(points, source.length)
  const at = (i: number): number =>
    source[count > 1 ? Math.round((i * (source.length - 1)) / (count - 1)) : source.length >> 1]!
  const grid = [...new Set(Array.from({ length: count }, (_, i) => at(i)))]
  return present.length < all.length ? [...grid, NaN] : grid
}

/** The quantile of sorted numbers, interpolated between the nearest two. */
function quantile(sorted: Float64Array, q: number): number {
  const rank = q * (sorted.length - 1)
  const below = sorted[Math.floor(rank)]!
  return below + (rank - Math.floor(rank)) * (sorted[Math.ceil(rank)]! - below)
}
