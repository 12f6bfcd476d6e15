import { TradeLearnError } from '../core/errors.ts'
import { asymptoticHalfWidth, asymptoticP, asymptoticRho } from './asymptotic.ts'
import { checkSeries } from './check-series.ts'
import {
  checkDifferenceOptions,
  type DifferenceOptions,
  type DifferenceReport,
  type DifferenceSettings,
  type MeasuredDifference,
  reportDifference,
} from './difference-report.ts'

/**
 * Whether the signals that were taken did better than those that were skipped, which is what a filter is for.
 *
 * The difference of the two mean returns, in order of time, with an interval that is valid however often one looks:
 *
 *     m1 - m0 ± s sqrt(2 (n rho² + 1) / (n rho)² ln(sqrt(n rho² + 1) / alpha)),    s² = n SE²
 *
 * SE² adds up, over rows or clusters, the squares of what each adds to the difference. Skipped signals need labels too,
 * from the candles that followed (`OutcomeTracker`). Taken by the model's own choice, the two groups differ in more
 * than luck, and that is the point: a difference shows selection, not that trading the rest would do harm.
 *
 * @param returns net returns of all signals, in order of time
 * @param taken whether each was taken: 1 or true, 0 or false
 * @throws `INVALID_INPUT` for lists of different length and the first value that is not one of these
 * @see I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas (2021), "Time-uniform central limit theory and
 *   asymptotic confidence sequences", arXiv 2103.06476
 *
 * @example
 * ```ts
 * compareTakenAndSkipped(rows.map((r) => r.label.netReturn), rows.map((r) => r.taken), { clusters: days }).text
 * // "Taken signals do better: difference 0.0021 (0.0003 to 0.0039), p 0.012."
 * ```
 */
export function compareTakenAndSkipped(
  returns: ArrayLike<number>,
  taken: ArrayLike<number | boolean>,
  options: Partial<DifferenceOptions> = {},
): DifferenceReport {
  const n = returns.length
  checkSeries('returns', returns)
  if (taken.length !== n) {
    throw new TradeLearnError('INVALID_INPUT', `"taken" must have ${n} values, got ${taken.length}.`)
  }
  const isTaken = Uint8Array.from({ length: n }, (_, row) => {
    const flag = Number(taken[row])
    if (flag === 0 || flag === 1) return flag
    throw new TradeLearnError('INVALID_INPUT', `"taken[${row}]" must be 0 or 1, got ${taken[row]}.`)
  })
  const settings = checkDifferenceOptions(options, n)
  return reportDifference(measure(returns, isTaken, settings), settings, WORDS)
}

/**
 * The sums from which means and standard error follow: of the groups' returns R and rows N in each unit, and products.
 */
type Sums = { readonly rows: [number, number]; readonly returns: [number, number]; readonly products: Float64Array }

function measure(returns: ArrayLike<number>, isTaken: Uint8Array, settings: DifferenceSettings): MeasuredDifference {
  const { coverage, tunedAt, minSamples } = settings
  const rho = asymptoticRho(1 - coverage, tunedAt)
  // about the mean and in units of the largest, so that no product overflows or cancels
  const { centre, scale } = unitOf(returns)
  const sums: Sums = { rows: [0, 0], returns: [0, 0], products: new Float64Array(10) }
  // returns taken, rows taken, returns skipped, rows skipped, of the unit at hand
  const unit = new Float64Array(4)
  let [units, low, high, p, difference, deviation] = [0, -Infinity, Infinity, 1, NaN, NaN]
  for (let row = 0; row < returns.length; row++) {
    const value = (returns[row]! - centre) / scale
    unit[isTaken[row] === 1 ? 0 : 2]! += value
    unit[isTaken[row] === 1 ? 1 : 3]!++
    if (!settings.endsAfter(row)) continue
    addUnit(sums, unit)
    unit.fill(0)
    units++
    if (Math.min(...sums.rows, units) < minSamples) continue
    difference = sums.returns[0] / sums.rows[0] - sums.returns[1] / sums.rows[1]
    deviation = Math.sqrt(units * squaredError(sums) * (units / (units - 1)))
    if (!(deviation > 1e-12)) continue
    const half = deviation * asymptoticHalfWidth(units, rho, 1 - coverage)
    low = Math.max(low, difference - half)
    high = Math.min(high, difference + half)
    p = Math.min(p, asymptoticP(units, difference / deviation, rho))
  }
  const scaled = { difference: difference * scale, low: low * scale, high: high * scale, deviation: deviation * scale }
  return { ...scaled, p, have: Math.min(...sums.rows, units), needs: minSamples, units }
}

/** Adds a unit's returns and rows, and the ten products of two of the four. */
function addUnit({ rows, returns, products }: Sums, unit: Float64Array): void {
  returns[0] += unit[0]!
  rows[0] += unit[1]!
  returns[1] += unit[2]!
  rows[1] += unit[3]!
  for (let i = 0, at = 0; i < 4; i++) for (let j = i; j < 4; j++) products[at++]! += unit[i]! * unit[j]!
}

/** Sum over units of (R1 / n1 - m1 N1 / n1 - R0 / n0 + m0 N0 / n0)², by its products. */
function squaredError({ rows, returns, products }: Sums): number {
  const weights = [0, 1].flatMap((group) => {
    const sign = group === 0 ? 1 : -1
    return [sign / rows[group]!, (-sign * returns[group]!) / rows[group]! / rows[group]!]
  })
  let sum = 0
  for (let i = 0, at = 0; i < 4; i++) {
    for (let j = i; j < 4; j++) sum += (i === j ? 1 : 2) * weights[i]! * weights[j]! * products[at++]!
  }
  return Math.max(0, sum)
}

function unitOf(returns: ArrayLike<number>): { readonly centre: number; readonly scale: number } {
  let centre = 0
  for (let row = 0; row < returns.length; row++) centre += (returns[row]! - centre) / (row + 1)
  let scale = 0
  for (let row = 0; row < returns.length; row++) scale = Math.max(scale, Math.abs(returns[row]! - centre))
  return { centre, scale: scale > 0 ? scale : 1 }
}

const WORDS = {
  shown: 'Taken signals do better:',
  worse: 'Skipped signals do better:',
  'not shown': 'No difference shown between taken and skipped signals:',
  'too little data': 'Too little data to tell taken from skipped signals:',
} as const
