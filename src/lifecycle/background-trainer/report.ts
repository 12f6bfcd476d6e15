import type { JsonObject } from '../../contracts.ts'
import { fraction, integer, oneOf, openFraction } from '../../core/check.ts'
import type { DifferenceReport } from '../../significance/index.ts'

/** How a retraining is done and judged. */
export type RetrainPlan = {
  /** Share of the rows before the first test: the models compared know at least these. @defaultValue 0.5 */
  readonly train: number
  /** Tests that the rest is cut into, one after another. @defaultValue 4 */
  readonly folds: number
  /** Trials of the search in each fold, and again for the model itself; 0 for no search. @defaultValue 0 */
  readonly trials: number
  /** Probability from which on a signal counts as taken, to compare returns. @defaultValue 0.5 */
  readonly threshold: number
  /**
   * What a candidate must be: `'ahead'` of the champion in log loss and not shown to be worse in returns, which is enough for
   * one that goes to shadow next; or `'shown'` to be better in log loss, with the coverage asked for. @defaultValue 'ahead'
   */
  readonly accept: 'ahead' | 'shown'
  /** Probability with which each interval holds the difference. @defaultValue 0.95 */
  readonly coverage: number
  /** Rows that champion and candidate must both have judged. @defaultValue 50 */
  readonly minCompared: number
  /** Rows whose predictions must be the same to the bit in both threads. @defaultValue 32 */
  readonly golden: number
  /** @defaultValue 'retrain' */
  readonly seed: string
}

/** The plan with its defaults. */
export function checkPlan(plan: Partial<RetrainPlan>): RetrainPlan {
  const { train = 0.5, folds = 4, trials = 0, threshold = 0.5, accept = 'ahead', coverage = 0.95 } = plan
  const { minCompared = 50, golden = 32, seed = 'retrain' } = plan
  return {
    train: openFraction('plan.train', train),
    folds: integer('plan.folds', folds),
    trials: integer('plan.trials', trials, 0),
    threshold: fraction('plan.threshold', threshold),
    accept: oneOf('plan.accept', accept, ['ahead', 'shown']),
    coverage: openFraction('plan.coverage', coverage),
    minCompared: integer('plan.minCompared', minCompared, 2),
    golden: integer('plan.golden', golden),
    seed: String(seed),
  }
}

/** Two models on the same rows: positive differences are in favour of the first. */
export type Comparison = {
  /** Whom the candidate was compared with. */
  readonly against: 'champion' | 'base rate'
  readonly rows: number
  /** Mean log loss of both. */
  readonly candidate: number
  readonly other: number
  readonly logLoss: DifferenceReport
  /** Net return a signal, nothing for those not taken. */
  readonly netReturn: DifferenceReport
}

/** What was found, as plain data. */
export type RetrainReport = {
  readonly rows: number
  readonly features: number
  /** Times of the first and the last decision, and when the last label was known. */
  readonly from: number
  readonly to: number
  readonly known: number
  readonly recipe: string
  /** Parameters of the model, and those chosen in each fold without it. */
  readonly params: JsonObject
  readonly chosen: readonly JsonObject[]
  /** Trials of all searches together. */
  readonly trials: number
  readonly comparison: Comparison
}
