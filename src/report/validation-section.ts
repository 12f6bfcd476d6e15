import type { Dataset, Validation } from '../evaluation/index.ts'
import { AUC } from '../metrics/index.ts'
import { type BinnedSignal, confidenceBins, reliability } from './probability-bins.ts'
import type { ReportEquity, ReportRolling, ReportSection } from './report-data.ts'
import { scoreRows } from './score-rows.ts'

/** Sums up a walk-forward validation: scores beside baselines, equity, calibration, decisions, and the AUC of each fold. */
export function validationSection(
  { predictions, scores, folds, options }: Validation,
  { times }: Pick<Dataset, 'times'>,
  { title, intro }: { readonly title: string; readonly intro?: string },
): ReportSection {
  const binned = predictions.map(({ p, y }): BinnedSignal => {
    return { probability: p, y, action: p >= options.threshold ? 'take' : 'skip' }
  })
  const aucs = folds.map(({ predictions: tested }) => {
    const auc = new AUC()
    for (const { y, p } of tested) auc.update(y, p)
    return Number.isNaN(auc.value) ? null : auc.value
  })
  const equity = equityOf(predictions, times, options)
  return {
    title,
    ...(intro === undefined ? {} : { intro }),
    metrics: scoreRows(scores),
    equity,
    calibration: { bins: reliability(binned) },
    confidence: confidenceBins(binned),
    // one fold is no course
    rolling: [
      drawdownOf(equity),
      // one fold is no course
      ...(folds.length < 2
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
          ]),
    ],
  }
}

/** How far each line of the equity lies below its highest point so far. */
function drawdownOf({ times, series: [model, all] }: ReportEquity): ReportRolling {
  const falls = ({ values }: ReportEquity['series'][number]): number[] => {
    let top = 1
    return values.map((value) => {
      top = Math.max(top, value!)
      return value! / top - 1
    })
  }
  return {
    name: 'Drawdown',
    times,
    values: falls(model!),
    reference: { name: all!.name, values: falls(all!) },
    unit: model!.name,
    explanation:
      'How far the equity lies below its highest point so far; what has to be borne to get to the end of the line above.',
  }
}

/** Signals one after another in order of time, each with the same stake: those the model takes, and all. */
function equityOf(
  predictions: Validation['predictions'],
  times: ArrayLike<number>,
  { threshold, stake }: Validation['options'],
): ReportEquity {
  let [model, baseline] = [1, 1]
  const points = predictions.map(({ row, p, netReturn }) => {
    if (p >= threshold) model *= 1 + stake * netReturn
    baseline *= 1 + stake * netReturn
    return { time: times[row]!, model, baseline }
  })
  // signals at one moment make one point
  const last = points.filter(({ time }, i) => time !== points[i + 1]?.time)
  return {
    times: last.map(({ time }) => time),
    series: [
      { name: 'signals that the model takes', values: last.map((point) => point.model) },
      { name: 'take every signal', values: last.map((point) => point.baseline) },
    ],
    unit: `equity (${Math.round(100 * stake)} % a trade)`,
  }
}
