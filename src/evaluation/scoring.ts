import { fraction, integer, openFraction } from '../core/check.ts'
import { SeededRng } from '../core/rng.ts'
import { blockLengthFor } from './block-bootstrap.ts'
import { compareField, type Field, type ScoreReport } from './compare.ts'
import type { Scored } from './scorecard.ts'
import { skillOf } from './skill.ts'
import { judge, type Verdict } from './verdict.ts'

/** Options of `scorePredictions`. */
export type ScorePredictionsOptions = {
  /** A signal is taken at this probability or above. @defaultValue 0.5 */
  readonly threshold: number
  /** Fraction of the equity put into each trade, for the drawdown. @defaultValue 1 */
  readonly stake: number
  /** Neighbouring rows that the bootstrap draws together. @defaultValue twice the labels open at once */
  readonly blockLength: number
  /** Resamples of the bootstrap. @defaultValue 1000 */
  readonly resamples: number
  /** Probability with which each interval should hold the truth. @defaultValue 0.95 */
  readonly coverage: number
  /** Seed of the bootstrap; learners bring their own. @defaultValue 0 */
  readonly seed: number | string
  /**
   * Models, settings or rules that were tried on this data before this one was chosen, itself included. The more there
   * were, the better the best of them looks by luck, and the stricter the verdict is. @defaultValue 1
   */
  readonly trials: number
}

/** Checked options; the block length follows from the rows where it is not given. */
export type Scoring = Omit<ScorePredictionsOptions, 'blockLength'> & { readonly blockLength: number | undefined }

/** Predictions in order of time, one column each, beside what was known and what came of them. */
export type Predicted = {
  readonly times: ArrayLike<number>
  readonly labelEnds: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly netReturns: ArrayLike<number>
  readonly probabilities: ArrayLike<number>
  /** The share of 1s in the rows that each prediction's model was trained on. */
  readonly baseRates: ArrayLike<number>
  /** The share of 1s among all labels that were settled before each. */
  readonly usualRates: ArrayLike<number>
  /** The mean net return of all signals that were settled before each. */
  readonly usualReturns: ArrayLike<number>
  /** The label that was settled last before each, NaN while there was none. */
  readonly lastLabels: ArrayLike<number>
}

/** Fills in the defaults and checks what was given. */
export function checkScoring(options: Partial<ScorePredictionsOptions>): Scoring {
  const { threshold = 0.5, stake = 1, blockLength, resamples = 1000, coverage = 0.95, seed = 0, trials = 1 } = options
  return {
    threshold: fraction('threshold', threshold),
    stake: fraction('stake', stake),
    blockLength: blockLength === undefined ? undefined : integer('blockLength', blockLength),
    resamples: integer('resamples', resamples),
    coverage: openFraction('coverage', coverage),
    seed,
    trials: integer('trials', trials),
  }
}

/** The model and the baselines as they would have answered the same signals. */
export function fieldOf(predicted: Predicted, { threshold, stake }: Scoring): Field<Scored> {
  const { probabilities, baseRates, lastLabels, times, labelEnds } = predicted
  const y = Uint8Array.from(predicted.y)
  const netReturns = Float64Array.from(predicted.netReturns)
  const surprises = Float64Array.from(y, (label, row) => label - predicted.usualRates[row]!)
  const excesses = netReturns.map((netReturn, row) => netReturn - predicted.usualReturns[row]!)
  const none = new Float64Array(y.length)
  const shared = { y, netReturns, surprises, excesses, times, labelEnds, threshold, stake }
  const player = (kind: Scored['kind'], p: (row: number) => number, leans: Float64Array): Scored => {
    return { ...shared, kind, leans, probabilities: Float64Array.from(y, (_, row) => p(row)) }
  }
  return {
    model: player('probability', (row) => probabilities[row]!, leansOf(probabilities, predicted.usualRates)),
    takeAll: player('decision', () => 1, none),
    // it changes from fold to fold, but never leans to either side
    baseRate: player('probability', (row) => baseRates[row]!, none),
    // before the first label there is only the base rate to go by
    lastLabel: player('decision', (row) => (Number.isNaN(lastLabels[row]) ? baseRates[row]! : lastLabels[row]!), none),
  }
}

/** How far each probability lies from the mean of those before it, which starts at what was usual before the first. */
function leansOf(probabilities: ArrayLike<number>, usual: ArrayLike<number>): Float64Array {
  let sum = usual[0] ?? NaN
  return Float64Array.from(probabilities, (p, row) => {
    const lean = p - sum / (row + 1)
    sum += p
    return lean
  })
}

/** Scores the field with intervals and judges it. */
export function scoreAll(
  predicted: Predicted,
  scoring: Scoring,
): { readonly scores: readonly ScoreReport[]; readonly verdict: Verdict; readonly options: ScorePredictionsOptions } {
  const blockLength = scoring.blockLength ?? blockLengthFor(predicted.times, predicted.labelEnds)
  const rng = new SeededRng(scoring.seed).fork('bootstrap')
  const field = fieldOf(predicted, scoring)
  const gains = skillOf(field)
  const scores = compareField(field, gains, { ...scoring, rng, blockLength })
  const auc = scores.find(({ name }) => name === 'auc')!.model
  return { scores, verdict: judge(gains, auc, scoring), options: { ...scoring, blockLength } }
}
