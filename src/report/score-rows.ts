import { formatEstimate, type ScoreName, type ScoreReport } from '../evaluation/index.ts'
import type { ReportMetric } from './report-data.ts'

const NAMES: { readonly [name in ScoreName]: string } = {
  returnCorrelation: 'Correlation with the net return',
  correlation: 'Correlation with the label',
  auc: 'AUC',
  logLoss: 'Log loss',
  brier: 'Brier score',
  calibrationError: 'Calibration error',
  accuracy: 'Accuracy',
  precision: 'Precision',
  recall: 'Recall',
  winRate: 'Win rate',
  profitFactor: 'Profit factor',
  expectancy: 'Expectancy a trade',
  sharpe: 'Sharpe ratio a trade',
  maxDrawdown: 'Maximum drawdown',
}

/** Which scores are about all signals, and which about the trades taken. */
const DIGITS: { readonly [name in ScoreName]?: number } = { logLoss: 4, brier: 4, expectancy: 5 }

/** Scores as rows of a table: the model, each baseline, the interval, and what it rests on. */
export function scoreRows(scores: readonly ScoreReport[]): ReportMetric[] {
  return scores.map(({ name, better, model, baselines }) => {
    const digits = DIGITS[name] ?? 3
    const bare = (estimate: ScoreReport['model']): string =>
      formatEstimate({ ...estimate, low: Number.NaN, high: Number.NaN }, digits)
    const { low, high } = model
    const { takeAll, baseRate, lastLabel } = baselines
    return {
      name: NAMES[name],
      model: bare(model),
      baselines: [
        { name: 'take every signal', value: bare(takeAll) },
        { name: 'base rate', value: bare(baseRate) },
        { name: 'last label', value: bare(lastLabel) },
      ],
      // resampled blocks tear a long fall apart, so an interval for the drawdown would lie below it
      ...(Number.isNaN(low) || name === 'maxDrawdown'
        ? {}
        : { interval: `${low.toFixed(digits)} to ${high.toFixed(digits)}` }),
      n: model.have,
      note: `${better} is better`,
    }
  })
}
