import { SeededRng } from '../core/rng.ts'
import { lastLabels } from './baselines.ts'
import { blockLengthFor } from './bootstrap.ts'
import { compareField, type ScoreReport } from './compare.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import type { Scored } from './scorecard.ts'
import { createSettlement, settleNext } from './settlement.ts'
import type { ValidationOptions } from './validate.ts'
import { judge, type Verdict } from './verdict.ts'

/** Options of {@link scorePredictions}. */
export type ScorePredictionsOptions = Pick<
  ValidationOptions,
  'threshold' | 'stake' | 'blockLength' | 'resamples' | 'coverage' | 'seed'
>

/**
 * Scores predictions that a live learner or a replay made before their labels were known, each score beside what needs
 * no learning, with intervals.
 *
 * The baselines are those of `walkForward`, made as the stream went: the base rate is (ones + 1) / (labels + 2) over
 * the labels that were settled before each question.
 *
 * @example
 * ```ts
 * const { scores, verdict } = scorePredictions(dataset, probabilities, { threshold: 0.6 })
 * ```
 */
export function scorePredictions(
  dataset: Omit<Dataset, 'rows' | 'names'>,
  probabilities: ArrayLike<number>,
  options: Partial<ScorePredictionsOptions> = {},
): { readonly scores: readonly ScoreReport[]; readonly verdict: Verdict } {
  const { threshold = 0.5, stake = 1, resamples = 1000, coverage = 0.95, seed = 0 } = options
  const { times, labelEnds } = dataset
  const n = dataset.y.length
  const whole: Dataset = { ...dataset, rows: Array.from({ length: n }, () => NOTHING) }
  checkDataset(whole)
  const baseRates = runningBaseRate(whole)
  const last = lastLabels(whole)
  const player = (kind: Scored['kind'], p: (row: number) => number): Scored => ({
    y: Uint8Array.from(dataset.y),
    netReturns: Float64Array.from(dataset.netReturns),
    probabilities: Float64Array.from({ length: n }, (_, row) => p(row)),
    baseRates,
    kind,
    threshold,
    stake,
  })
  const field = {
    model: player('probability', (row) => probabilities[row]!),
    takeAll: player('decision', () => 1),
    baseRate: player('probability', (row) => baseRates[row]!),
    lastLabel: player('decision', (row) => (Number.isNaN(last[row]) ? baseRates[row]! : last[row]!)),
  }
  const blockLength = options.blockLength ?? blockLengthFor(times, labelEnds)
  const rng = new SeededRng(seed).fork('bootstrap')
  const scores = compareField(field, { rng, blockLength, resamples, coverage })
  return { scores, verdict: judge(scores) }
}

const NOTHING: Float64Array = /* @__PURE__ */ new Float64Array(0)

/** For each row the share of 1s among the labels that were settled by then, by Laplace's rule. */
function runningBaseRate({ y, times, labelEnds }: Dataset): Float64Array {
  const settlement = createSettlement(labelEnds)
  let ones = 0
  let labels = 0
  return Float64Array.from({ length: y.length }, (_, asked) => {
    for (let row = settleNext(settlement, times[asked]!, asked); row >= 0; ) {
      ones += y[row]!
      labels++
      row = settleNext(settlement, times[asked]!, asked)
    }
    return (ones + 1) / (labels + 2)
  })
}
