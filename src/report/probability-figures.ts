import { wilsonEnds } from '../core/wilson.ts'
import type { Figure } from './figure.ts'
import { formatNumber, formatPercent, isNumber, plotted } from './format.ts'
import type { CalibrationBin, ConfidenceBin } from './report-data.ts'

/** Two-sided 95 % point of the normal distribution. */
const Z95 = 1.959964

/** How often trades won against how often they were predicted to. */
export function calibrationFigure(all: readonly CalibrationBin[]): Figure {
  const bins = all
    .flatMap(({ predicted, observed, count }) =>
      count > 0 && isNumber(predicted) && isNumber(observed) ? [{ predicted, observed, count }] : [],
    )
    .sort((a, b) => a.predicted - b.predicted)
  const intervals = bins.map(({ observed, count }) => wilsonEnds(observed, count, Z95))
  const columns = ['predicted', 'observed', '95 % interval', 'trades']
  return {
    title: 'Calibration',
    explanation:
      'Each dot is a group of trades, larger for more trades: it lies on the diagonal where wins come as often as predicted, and only bars that miss the diagonal are evidence of over- or underconfidence.',
    summary:
      bins.length === 0
        ? 'Calibration: no data.'
        : `Calibration: ${bins.map((bin) => `predicted ${formatPercent(bin.predicted)}, observed ${formatPercent(bin.observed)} of ${bin.count}`).join('; ')}.`,
    ...(bins.length === 0
      ? {}
      : {
          chart: {
            kind: 'calibration',
            range: commonRange(bins.flatMap(({ predicted, observed }) => [predicted, observed])),
            predicted: bins.map(({ predicted }) => predicted),
            observed: bins.map(({ observed }) => observed),
            low: intervals.map(([low]) => low),
            high: intervals.map(([, high]) => high),
            count: bins.map(({ count }) => count),
          },
          key: [{ sign: 'whisker', text: '95 % interval (Wilson)' }],
        }),
    tables: [
      {
        title: 'Numbers',
        table: {
          columns: columns.map((name) => ({ name, numeric: true })),
          rows: bins.map(({ predicted, observed, count }, i) => [
            formatPercent(predicted),
            formatPercent(observed),
            intervals[i]!.map((end) => formatPercent(end)).join(' to '),
            formatNumber(count),
          ]),
        },
      },
    ],
  }
}

/** The tenths around all values with a little air, at least 0.2 wide. */
function commonRange(values: readonly number[]): readonly [number, number] {
  const low = Math.max(0, Math.floor(Math.min(...values) * 10 - 0.5) / 10)
  const high = Math.min(1, Math.ceil(Math.max(...values) * 10 + 0.5) / 10)
  return [low, high]
}

/** What was done with signals of each predicted probability. */
export function confidenceFigure(bins: readonly ConfidenceBin[]): Figure {
  const total = bins.reduce((sum, { take, reduce, skip }) => sum + take + reduce + skip, 0)
  const labels = bins.map(({ low, high }) => `${percentOf(low)}\u2013${percentOf(high)}`)
  const columns = ['predicted, %', 'take', 'reduce', 'skip', 'won']
  return {
    title: 'Decisions by confidence',
    explanation:
      'Bars count the signals in each range of predicted win probability by what was done with them (left axis); the line is the share that won or would have won (right axis) and should rise to the right.',
    summary: `Decisions by confidence: ${formatNumber(total)} signals in ${bins.length} ranges of predicted probability.`,
    ...(total > 0
      ? {
          chart: {
            kind: 'confidence',
            labels,
            take: bins.map(({ take }) => take),
            reduce: bins.map(({ reduce }) => reduce),
            skip: bins.map(({ skip }) => skip),
            winRate: bins.map(({ winRate }) => plotted(winRate)),
          },
        }
      : {}),
    tables: [
      {
        title: 'Numbers',
        table: {
          columns: columns.map((name, i) => ({ name, numeric: i > 0 })),
          rows: bins.map(({ take, reduce, skip, winRate }, i) => [
            labels[i]!,
            formatNumber(take),
            formatNumber(reduce),
            formatNumber(skip),
            formatPercent(winRate),
          ]),
        },
      },
    ],
  }
}

const percentOf = (fraction: number): string => String(Number((fraction * 100).toFixed(1)))
