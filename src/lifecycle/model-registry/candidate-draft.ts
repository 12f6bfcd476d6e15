import type { RetrainReport } from '../background-trainer/report.ts'
import type { RetrainResult } from '../background-trainer/trainer-options.ts'
import type { ModelDraft } from './model-card.ts'

/** What a retraining does not know of its own candidate. */
export type CandidateDetails = Pick<ModelDraft, 'name' | 'schema'> &
  Partial<Pick<ModelDraft, 'tradesByRegime' | 'tradesBySymbol' | 'tags'>>

/** The card of what a retraining made or refused, but for its model; undefined where it came to neither. */
export function candidateDraft(
  result: RetrainResult,
  details: CandidateDetails,
  parent: number | null,
): Omit<ModelDraft, 'model'> | undefined {
  if (result.outcome !== 'candidate' && result.outcome !== 'rejected') return undefined
  const { report } = result
  const known = report && {
    dataRange: { from: report.from, to: report.to },
    trades: report.rows,
    trainer: report.recipe,
    hyperParameters: report.params,
    metrics: metricsOf(report),
  }
  const rejected = result.outcome === 'rejected' ? { code: result.code, text: result.text } : null
  return { dataRange: null, trades: 0, trainer: 'retraining', ...known, ...details, parent, rejected }
}

/** The figures of a comparison, each a number. */
function metricsOf({ comparison: { rows, candidate, other, logLoss, netReturn } }: RetrainReport): {
  readonly [name: string]: number
} {
  return {
    rowsCompared: rows,
    logLoss: candidate,
    logLossOfOther: other,
    logLossGain: logLoss.difference,
    logLossP: logLoss.p,
    returnGain: netReturn.difference,
    returnP: netReturn.p,
  }
}
