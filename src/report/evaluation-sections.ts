import { type Canary, type Dataset, type Evaluation, formatEstimate } from '../evaluation/index.ts'
import { formatNumber, formatPercent, formatTime } from './format.ts'
import type { FeatureImportance, ReportSection, ReportTable, ReportTone } from './report-data.ts'
import { validationSection } from './validation-section.ts'

/** Most rows of a table of features or buckets: the JSON has all of them. */
const MOST_ROWS = 20

/**
 * An evaluation as sections of a page: what came out, whether it can be trusted, what the model looks at, and which signals
 * pay.
 *
 * @example
 * ```ts
 * const sections = evaluationSections(evaluation, dataset, { title: 'SPY, hourly' })
 * ```
 */
export function evaluationSections(
  evaluation: Evaluation,
  dataset: Pick<Dataset, 'times'>,
  { title, intro }: { readonly title: string; readonly intro?: string },
): readonly ReportSection[] {
  const { validation, thresholds, canaries, importance, features, insights } = evaluation
  const base = validationSection(validation, dataset, { title, ...(intro !== undefined && { intro }) })
  const worth = importance?.permutation.features ?? []
  return [
    { ...base, sweep: thresholds, tables: [foldTable(evaluation, dataset)] },
    {
      title: 'Can it be trusted?',
      intro:
        'Questions whose answers are known, asked of the very same validation; and what choosing the best of several trials explains by itself.',
      tables: [...(canaries.length > 0 ? [canaryTable(canaries)] : []), triedTable(evaluation)],
    },
    ...(importance || features
      ? [
          {
            title: 'What the model looks at',
            ...(importance && { intro: importance.permutation.drift.text }),
            ...(importance && {
              importance: worth.map(({ name, mean }): FeatureImportance => ({ name, amount: mean.value })),
            }),
            tables: [...(importance ? [worthTable(evaluation)] : []), ...(features ? [featureTable(evaluation)] : [])],
          },
        ]
      : []),
    ...(insights ? [{ title: 'Which signals pay', intro: insights.text, tables: [patternTable(evaluation)] }] : []),
  ]
}

const text = (name: string): { readonly name: string; readonly numeric: boolean } => ({ name, numeric: false })
const figure = (name: string): { readonly name: string; readonly numeric: boolean } => ({ name, numeric: true })

function foldTable({ validation: { folds, options } }: Evaluation, { times }: Pick<Dataset, 'times'>): ReportTable {
  const show = (value: number, digits = 3): string => (Number.isNaN(value) ? 'N/A' : value.toFixed(digits))
  return {
    title: 'Folds',
    explanation:
      'Each row is a model of its own, trained on what came before (or on what the splitter gave it) and asked about signals that it has not seen. A result that rests on one fold rests on luck.',
    columns: [
      text('tested from'),
      text('to'),
      ...['trained on', 'signals', 'AUC', 'log loss', 'base rate', 'taken', 'return a trade', 'take all'].map(figure),
    ],
    rows: folds.map(({ test, trainRows, predictions, scores: { model, baseRate, takeAll } }) => ({
      cells: [
        formatTime(times[test[0]!.start]!),
        formatTime(times[test.at(-1)!.end - 1]!),
        formatNumber(trainRows),
        formatNumber(predictions.length),
        show(model.auc),
        show(model.logLoss, 4),
        show(baseRate.logLoss, 4),
        formatPercent(predictions.filter(({ p }) => p >= options.threshold).length / predictions.length, 0),
        formatPercent(model.expectancy, 3),
        formatPercent(takeAll.expectancy, 3),
      ],
    })),
  }
}

const RESULTS: { readonly [result in Canary['result']]: ReportTone } = {
  fine: 'good',
  alarm: 'bad',
  'for comparison': 'neutral',
  'not run': 'neutral',
}

function canaryTable(canaries: readonly Canary[]): ReportTable {
  return {
    title: 'Canaries',
    explanation:
      'An alarm says that nothing else on this page can be trusted. Each canary raises one for no reason in about one report of a thousand.',
    columns: [text('what was done'), text('result'), figure('AUC'), figure('correlation'), text('what it means')],
    rows: canaries.map(({ title, result, auc, correlation, text: meaning }) => ({
      tone: RESULTS[result],
      cells: [title, result, formatEstimate(auc), formatEstimate(correlation), meaning],
    })),
  }
}

function triedTable({ validation: { verdict }, money }: Evaluation): ReportTable {
  const { sharpe, probabilistic, minimumTrades, deflated, effectiveTrials, overfitting } = money
  const value = (x: number, digits = 3): string =>
    Number.isNaN(x) ? 'N/A' : x === Infinity ? 'never' : x.toFixed(digits)
  const rows: readonly (readonly [string, string, string])[] = [
    ['Trials', String(verdict.trials), 'models, settings or rules tried on this data before this one was chosen'],
    ['Independent trials', value(effectiveTrials, 1), 'trials that are alike offer less choice'],
    [
      'Correlation that would have been found',
      value(verdict.power.detectable),
      'in four of five cases, with as many signals and after as many trials',
    ],
    [
      'Signals needed',
      verdict.power.needed > 1e6 ? 'over a million' : formatNumber(verdict.power.needed),
      'to show the correlation found in four of five cases',
    ],
    [
      'Sharpe ratio a trade taken',
      sharpe.have < sharpe.needs ? `N/A (needs ${sharpe.needs})` : `${value(sharpe.sharpe)} ± ${value(sharpe.error)}`,
      `${sharpe.have} trades, not annualised`,
    ],
    ['P(true Sharpe ratio > 0)', value(probabilistic), 'as if trades did not depend on each other'],
    [
      'Trades needed to show it',
      minimumTrades === Infinity ? 'never' : formatNumber(Math.ceil(minimumTrades)),
      'at 95 %',
    ],
    [
      'P(Sharpe ratio beats the best by luck)',
      value(deflated),
      'deflated Sharpe ratio; needs the returns of all trials',
    ],
    [
      'Probability of overfitting',
      overfitting ? value(overfitting.pbo) : 'N/A',
      'share of halves of time in which the best trial ends in the worse half of the other; needs the returns of all trials',
    ],
  ]
  return {
    title: 'What was tried, and what could have been found',
    explanation: 'The best of many trials looks good by luck alone. Trials that are not told of cannot be counted.',
    columns: [text(''), figure('value'), text('what it is')],
    rows: rows.map((cells) => ({ cells })),
  }
}

function worthTable({ importance }: Evaluation): ReportTable {
  const { features, drift } = importance!.permutation
  const parts = new Map(importance!.explanation?.features.map((feature) => [feature.name, feature]))
  const sorted = [...features].sort((a, b) => b.mean.value - a.mean.value)
  return {
    title: 'Importance from fold to fold',
    explanation: `By how much the loss rises when a feature is shuffled among unseen signals: ${drift.text} Where features stand in for each other, none looks important.`,
    columns: [
      text('feature'),
      figure('rise of the loss'),
      figure('95 % interval'),
      figure('folds above 0'),
      figure('part in the prediction'),
      figure('direction'),
    ],
    rows: sorted.slice(0, MOST_ROWS).map(({ name, mean, positive }) => {
      const part = parts.get(name)
      return {
        cells: [
          name,
          formatNumber(mean.value),
          Number.isNaN(mean.low) ? '–' : `${formatNumber(mean.low)} to ${formatNumber(mean.high)}`,
          formatPercent(positive, 0),
          part ? formatNumber(part.meanAbsolute.value) : '–',
          part ? formatNumber(part.direction.value) : '–',
        ],
      }
    }),
  }
}

function featureTable({ features }: Evaluation): ReportTable {
  const sorted = [...features!.features].sort((a, b) => (Number.isNaN(a.q) ? 2 : a.q) - (Number.isNaN(b.q) ? 2 : b.q))
  return {
    title: 'Each feature by itself',
    explanation: features!.text,
    columns: [text('feature'), figure('AUC'), figure('rank correlation with return'), figure('q'), text('')],
    rows: sorted.slice(0, MOST_ROWS).map(({ name, auc, informationCoefficient, q, skill, suspicion }) => ({
      ...(suspicion ? { tone: 'bad' as const } : {}),
      cells: [
        name,
        formatEstimate(auc),
        formatEstimate(informationCoefficient),
        Number.isNaN(q) ? 'N/A' : q.toFixed(3),
        suspicion || skill,
      ],
    })),
  }
}

function patternTable({ insights }: Evaluation): ReportTable {
  const judged = insights!.findings.filter(({ q }) => !Number.isNaN(q)).sort((a, b) => a.q - b.q)
  return {
    title: 'Kinds of signals, the most unlike the rest first',
    explanation: `${insights!.tested.single + insights!.tested.pair} kinds were judged; only those with q of ${insights!.level} or less are told in words. Everything else here is what luck looks like.`,
    columns: [
      text('kind'),
      text(''),
      figure('signals'),
      figure('won'),
      figure('return a trade'),
      figure('more than the rest'),
      figure('q'),
      text('in time'),
    ],
    rows: judged.slice(0, MOST_ROWS).map((finding) => ({
      ...(finding.q <= insights!.level
        ? { tone: finding.difference.value > 0 ? ('good' as const) : ('bad' as const) }
        : {}),
      cells: [
        finding.dimension,
        finding.bucket,
        formatNumber(finding.trades),
        formatPercent(finding.winRate.value, 0),
        formatPercent(finding.meanReturn.value, 3),
        formatPercent(finding.difference.value, 3),
        finding.q.toFixed(3),
        finding.stability,
      ],
    })),
  }
}
