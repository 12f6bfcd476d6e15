import type { Dataset, Validation } from '../evaluation/index.ts'
import { AUC, CalibrationError } from '../metrics/index.ts'
import type { ReportSection } from './report-data.ts'
import { scoreRows } from './score-rows.ts'

/** Sums up a walk-forward validation: scores beside baselines, calibration, and the AUC of each fold. */
export function validationSection(
  { predictions, scores, folds }: Validation,
  { times }: Pick<Dataset, 'times'>,
  { title, intro }: { readonly title: string; readonly intro?: string },
): ReportSection {
  const calibration = new CalibrationError({ window: Math.max(1, predictions.length) })
  for (const { y, p } of predictions) calibration.update(y, p)
  const aucs = folds.map(({ predictions: tested }) => {
    const auc = new AUC()
    for (const { y, p } of tested) auc.update(y, p)
    return Number.isNaN(auc.value) ? null : auc.value
  })
  return {
    title,
    ...(intro === undefined ? {} : { intro }),
    metrics: scoreRows(scores),
    calibration: { bins: [...calibration.bins] },
    // one fold is no course
    rolling:
      folds.length < 2
        ? []
        : [
            {
              name: 'AUC of each fold',
              times: folds.map(({ test }) => times[test[0]!.start]!),
              values: aucs,
              reference: { name: 'no skill', values: 0.5 },
              unit: 'AUC',
              explanation:
                'One point a fold, at its first test signal. Points on both sides of 0.5 are what no skill looks like.',
            },
          ],
  }
}
