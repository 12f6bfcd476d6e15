import { logLossOf } from '../../core/math.ts'
import { pairedComparison } from '../../significance/index.ts'
import type { RetrainTable } from './protocol.ts'
import type { Comparison, RetrainPlan } from './report.ts'
import type { CandidateValidation } from './validate-candidate.ts'

const DAY = 86_400_000
/** Days from which on each of them counts as one unit; below, rows do, and intervals are too narrow where labels overlap. */
const DAYS_NEEDED = 40

/** Why a candidate is not to be taken, or `undefined` where it is. */
export type Objection = { readonly code: 'TOO_LITTLE_DATA' | 'NOT_BETTER' | 'WORSE_RETURN'; readonly text: string }

/**
 * Holds a candidate against the champion on the same recent rows: what the champion said of them at the time against what
 * models made like the candidate say without having seen them. Where there is no champion yet, against the base rate.
 *
 * Days count as units, as trades of a day share its fate, where there are enough of them.
 */
export function compareCandidate(
  { y, netReturns, times, champion }: RetrainTable,
  { probabilities, baseRates }: Pick<CandidateValidation, 'probabilities' | 'baseRates'>,
  { threshold, coverage }: RetrainPlan,
): Comparison {
  const tested = Array.from(y.keys()).filter((row) => !Number.isNaN(probabilities[row]))
  const hasChampion = tested.some((row) => !Number.isNaN(champion[row]))
  const other = hasChampion ? champion : baseRates
  const rows = tested.filter((row) => !Number.isNaN(other[row]))
  const losses = (p: Float64Array): number[] => rows.map((row) => logLossOf(y[row]!, p[row]!))
  const returns = (p: Float64Array): number[] => rows.map((row) => (p[row]! >= threshold ? netReturns[row]! : 0))
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

  const days = rows.map((row) => Math.floor(times[row]! / DAY))
  const units = new Set(days).size
  const settings = {
    coverage,
    // the interval is tightest at what there is: it is looked at once
    tunedAt: Math.max(2, units >= DAYS_NEEDED ? units : rows.length),
    ...(units >= DAYS_NEEDED && { clusters: days }),
  }
  const [mine, theirs] = [losses(probabilities), losses(other)]
  return {
    against: hasChampion ? 'champion' : 'base rate',
    rows: rows.length,
    candidate: meanOf(mine),
    other: meanOf(theirs),
    logLoss: pairedComparison(mine, theirs, { ...settings, better: 'lower' }),
    netReturn: pairedComparison(returns(probabilities), returns(other), { ...settings, better: 'higher' }),
  }
}

/** What speaks against a candidate. */
export function objectionTo(
  { against, rows, candidate, other, logLoss, netReturn }: Comparison,
  { accept, minCompared }: RetrainPlan,
): Objection | undefined {
  if (rows < minCompared) {
    return { code: 'TOO_LITTLE_DATA', text: `Compared on ${rows} rows, at least ${minCompared} are needed.` }
  }
  const figures = `log loss ${candidate.toFixed(4)} against ${other.toFixed(4)} of the ${against} on ${rows} rows`
  if (!(candidate < other)) return { code: 'NOT_BETTER', text: `The candidate is not ahead: ${figures}.` }
  if (accept === 'shown' && logLoss.verdict !== 'shown') {
    return { code: 'NOT_BETTER', text: `The candidate is not shown to be better: ${figures}. ${logLoss.text}` }
  }
  if (netReturn.verdict === 'worse') {
    return { code: 'WORSE_RETURN', text: `The candidate would have earned less. ${netReturn.text}` }
  }
  return undefined
}
