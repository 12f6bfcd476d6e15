import { type ScoreReport, scorePredictions, type Verdict } from '../evaluation/index.ts'
import type { ReplayedSignal, ReplayResult } from '../lifecycle/index.ts'
import type { Signal } from '../market.ts'
import { AUC } from '../metrics/index.ts'
import { fixed } from './format.ts'
import { confidenceBins, reliability } from './probability-bins.ts'
import type { ReportMetric, ReportSection } from './report-data.ts'
import { scoreRows } from './score-rows.ts'

/** What {@link summarizeReplay} needs besides the replay. */
export type ReplaySectionOptions = {
  readonly title: string
  readonly intro?: string
  /** Signals whose newest AUC is drawn. @defaultValue 250 */
  readonly rollingWindow?: number
  /** A known line to hold the rolling AUC against, e.g. the Bayes AUC of a simulated market; one value a signal. */
  readonly reference?: { readonly name: string; readonly values: readonly number[] }
}

/** A replay in words and figures. */
export type ReplaySummary = {
  readonly section: ReportSection
  readonly scores: readonly ScoreReport[]
  readonly verdict: Verdict
  /** Money at the end over money at the start, and the deepest fall on the way, each for learner and baseline. */
  readonly money: { readonly [side in 'learner' | 'baseline']: { readonly growth: number; readonly drawdown: number } }
}

/**
 * Sums up a replay: how good the probabilities were beside what needs no learning, and what the money did.
 *
 * All probabilities are those stored when the decisions were made, and all labels come from the baseline's bracket, so
 * that taken and skipped signals are judged alike.
 */
export function summarizeReplay<S extends Signal>(
  result: ReplayResult<S>,
  options: ReplaySectionOptions,
): ReplaySummary {
  const { signals, equity, halts, learner } = result
  const { title, intro, rollingWindow = 250, reference } = options
  const probabilities = signals.map(({ decision }) => decision.prediction.probability)
  const { scores, verdict } = scorePredictions(
    {
      y: Float64Array.from(signals, ({ label }) => label.y),
      netReturns: Float64Array.from(signals, ({ label }) => label.netReturn),
      times: Float64Array.from(signals, ({ decision }) => decision.time),
      labelEnds: Float64Array.from(signals, ({ knownAt }) => knownAt),
    },
    probabilities,
    { stake: 0.1 },
  )
  const binned = signals.map(({ decision, label }) => ({
    probability: decision.prediction.probability,
    y: label.y,
    action: decision.action,
  }))
  const money = { learner: growthOf(equity.learner), baseline: growthOf(equity.baseline) }
  const end = equity.times.at(-1) ?? 0
  const start = equity.learner[0] ?? 1
  const section: ReportSection = {
    title,
    ...(intro === undefined ? {} : { intro }),
    metrics: [...moneyRows(result, money), ...scoreRows(scores)],
    equity: {
      times: equity.times,
      series: [
        { name: 'learner', values: equity.learner.map((value) => value / start) },
        { name: 'take every signal', values: equity.baseline.map((value) => value / start) },
      ],
    },
    driftMarks: learner.status().drift.marks.map(({ time, detector, kept }) => ({
      time,
      label: `drift (${detector}, kept ${kept})`,
    })),
    halts: halts.map(({ from, to, code }) => ({ from, to: Number.isNaN(to) ? end : to, reason: code })),
    calibration: { bins: reliability(binned) },
    confidence: confidenceBins(binned),
    rolling: [rollingAuc(signals, rollingWindow, reference)],
    importance: importance(result),
  }
  return { section, scores, verdict, money }
}

function growthOf(values: readonly number[]): { growth: number; drawdown: number } {
  let peak = Number.NEGATIVE_INFINITY
  let drawdown = 0
  for (const value of values) {
    peak = Math.max(peak, value)
    drawdown = Math.max(drawdown, 1 - value / peak)
  }
  return { growth: values.length > 0 ? values.at(-1)! / values[0]! : 1, drawdown }
}

const percent = (fraction: number, digits = 1): string =>
  Number.isNaN(fraction) ? 'N/A' : `${fixed(100 * fraction, digits)} %`

function moneyRows<S extends Signal>(
  { signals, halts }: ReplayResult<S>,
  { learner, baseline }: ReplaySummary['money'],
): ReportMetric[] {
  const traded = signals.filter(({ decision }) => decision.action !== 'skip').length
  const [mine, theirs] = [
    investedReturn(signals.map(({ decision, trade }) => [trade ? decision.size : 0, trade?.netReturn ?? 0])),
    investedReturn(signals.map(({ label, baselineSize }) => [baselineSize, label.netReturn])),
  ]
  const row = (name: string, model: string, other: string, note: string): ReportMetric => ({
    name,
    model,
    baselines: [
      { name: 'take every signal', value: other },
      { name: 'base rate', value: '' },
      { name: 'last label', value: '' },
    ],
    n: signals.length,
    note,
  })
  return [
    row('Growth of the account', percent(learner.growth - 1), percent(baseline.growth - 1), 'costs included'),
    row('Drawdown of the account', percent(learner.drawdown), percent(baseline.drawdown), 'lower is better'),
    row(
      'Return on money invested',
      percent(mine, 3),
      percent(theirs, 3),
      'a trade, weighted by size: trading less does not flatter it',
    ),
    row('Signals traded', String(traded), String(signals.length), `${halts.length} halts by the kill switch`),
  ]
}

/** Net return a trade, weighted by size. */
function investedReturn(trades: readonly (readonly [size: number, netReturn: number])[]): number {
  const invested = trades.reduce((sum, [size]) => sum + size, 0)
  return trades.reduce((sum, [size, netReturn]) => sum + size * netReturn, 0) / invested
}

function rollingAuc(
  signals: readonly ReplayedSignal[],
  window: number,
  reference: ReplaySectionOptions['reference'],
): NonNullable<ReportSection['rolling']>[number] {
  const auc = new AUC({ window })
  // a value every few signals is all that a screen can show
  const every = Math.max(1, Math.floor(signals.length / 400))
  const times: number[] = []
  const values: (number | null)[] = []
  const known: (number | null)[] = []
  signals.forEach(({ decision, label }, i) => {
    auc.update(label.y, decision.prediction.probability)
    if (i % every !== 0 || decision.time === times.at(-1)) return
    times.push(decision.time)
    values.push(i + 1 < window ? null : auc.value)
    known.push(reference?.values[i] ?? null)
  })
  return {
    name: `AUC of the newest ${window} signals`,
    times,
    values,
    reference: reference ? { name: reference.name, values: known } : { name: 'no skill', values: 0.5 },
    unit: 'AUC',
  }
}

/** How much each feature moves the probability, on average over the newest decisions. */
function importance<S extends Signal>({ learner, signals }: ReplayResult<S>): { name: string; amount: number }[] {
  const totals = new Map<string, number>()
  const newest = signals.slice(-100)
  for (const { decision } of newest) {
    for (const { feature, amount } of learner.explain(decision.id).causes) {
      totals.set(feature, (totals.get(feature) ?? 0) + Math.abs(amount) / newest.length)
    }
  }
  return [...totals]
    .map(([name, amount]) => ({ name, amount }))
    .sort((a, b) => b.amount - a.amount)
    .slice(0, 12)
}
