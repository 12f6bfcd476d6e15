import { fraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { lastLabels, usualOf } from './baselines.ts'
import type { ScoreReport } from './compare.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import { checkScoring, type ScorePredictionsOptions, scoreAll } from './scoring.ts'
import type { Verdict } from './verdict.ts'

/**
 * Scores predictions that a live learner or a replay made before their labels were known, each score beside what needs
 * no learning, with intervals.
 *
 * The baselines are those of `walkForward`, made as the stream went: the base rate is (ones + 1) / (labels + 2) over
 * the labels that were settled before each question.
 *
 * @throws `INVALID_INPUT` unless there is one probability from 0 to 1 for each row
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
  const scoring = checkScoring(options)
  const n = dataset.y.length
  const whole: Dataset = { ...dataset, rows: Array.from({ length: n }, () => NOTHING) }
  checkDataset(whole)
  if (probabilities.length !== n) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"probabilities" must have ${n} values like "y", got ${probabilities.length}.`,
    )
  }
  for (let i = 0; i < n; i++) fraction(`probabilities[${i}]`, probabilities[i]!, 'INVALID_INPUT')
  const { baseRates, returns: usualReturns } = usualOf(whole)
  const predicted = {
    ...dataset,
    probabilities,
    baseRates,
    usualRates: baseRates,
    usualReturns,
    lastLabels: lastLabels(whole),
  }
  const { scores, verdict } = scoreAll(predicted, scoring)
  return { scores, verdict }
}

const NOTHING: Float64Array = /* @__PURE__ */ new Float64Array(0)
