import { fraction, integer, openFraction } from '../core/check.ts'
import { SeededRng } from '../core/rng.ts'
import { blockLengthFor } from './block-bootstrap.ts'
import { compareField, type Field, type ScoreReport } from './compare.ts'
import type { Scored } from './scorecard.ts'
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
  /** The share of 1s that was known before each. */
  readonly baseRates: ArrayLike<number>
  /** The label that was settled last before each, NaN while there was none. */
  readonly lastLabels: ArrayLike<number>
}

/** Fills in the defaults and checks what was given. */
export function checkScoring(options: Partial<ScorePredictionsOptions>): Scoring {
  const { threshold = 0.5, stake = 1, blockLength, resamples = 1000, coverage = 0.95, seed = 0 } = options
  return {
    threshold: fraction('threshold', threshold),
    stake: fraction('stake', stake),
    blockLength: blockLength === undefined ? undefined : integer('blockLength', blockLength),
    resamples: integer('resamples', resamples),
    coverage: openFraction('coverage', coverage),
    seed,
  }
}

/** The model and the baselines as they would have answered the same signals. */
export function fieldOf(predicted: Predicted, { threshold, stake }: Scoring): Field<Scored> {
  const { probabilities, baseRates, lastLabels } = predicted
  const y = Uint8Array.from(predicted.y)
  const netReturns = Float64Array.from(predicted.netReturns)
  const known = Float64Array.from(baseRates)
  const player = (kind: Scored['kind'], p: (row: number) => number): Scored => ({
    y,
    netReturns,
    probabilities: Float64Array.from(y, (_, row) => p(row)),
    baseRates: known,
    kind,
    threshold,
    stake,
  })
  return {
    model: player('probability', (row) => probabilities[row]!),
    takeAll: player('decision', () => 1),
    baseRate: player('probability', (row) => known[row]!),
    // before the first label there is only the base rate to go by
    lastLabel: player('decision', (row) => (Number.isNaN(lastLabels[row]) ? known[row]! : lastLabels[row]!)),
  }
}

/** Scores the field with intervals and judges it. */
export function scoreAll(
  predicted: Predicted,
  scoring: Scoring,
): { readonly scores: readonly ScoreReport[]; readonly verdict: Verdict; readonly options: ScorePredictionsOptions } {
  const blockLength = scoring.blockLength ?? blockLengthFor(predicted.times, predicted.labelEnds)
  const rng = new SeededRng(scoring.seed).fork('bootstrap')
  const scores = compareField(fieldOf(predicted, scoring), { ...scoring, rng, blockLength })
  return { scores, verdict: judge(scores), options: { ...scoring, blockLength } }
}
