import { logLossOf } from '../../core/math.ts'
import type { Action, Label } from '../../market.ts'
import { AUC, CalibrationError } from '../../metrics/index.ts'
import type { PerformanceRecord } from './records.ts'

export const DAY = 86_400_000
/** Predictions of a day that its AUC and calibration error are computed from, the first ones. */
const MOST_PREDICTIONS = 2000

/** What a day's labels have added up to so far, for the decisions of one model: plain data. */
export type ModelDay = {
  model: string
  start: number
  /** All labels: what taking every signal would have come to. */
  labels: number
  labelWins: number
  labelReturn: number
  /** Those that were traded. */
  trades: number
  wins: number
  netReturn: number
  gain: number
  loss: number
  equity: number
  peak: number
  drawdown: number
  /** Those with a probability. */
  scored: number
  correct: number
  logLoss: number
  squares: number
  predictions: number[]
  outcomes: number[]
}

/** A day on which nothing has ended yet. */
export function newModelDay(model: string, start: number): ModelDay {
  const labels = { labels: 0, labelWins: 0, labelReturn: 0 }
  const trades = { trades: 0, wins: 0, netReturn: 0, gain: 0, loss: 0, equity: 1, peak: 1, drawdown: 0 }
  const scores = { scored: 0, correct: 0, logLoss: 0, squares: 0, predictions: [], outcomes: [] }
  return { model, start, ...labels, ...trades, ...scores }
}

/** Adds what became of one decision. Only what was not skipped is a trade, as in the views. */
export function addToDay(
  day: ModelDay,
  { y, netReturn }: Label,
  { action, size }: { readonly action: Action; readonly size: number },
  probability: number,
): void {
  day.labels++
  day.labelWins += y
  day.labelReturn += netReturn
  if (action !== 'skip') {
    day.trades++
    day.wins += y
    day.netReturn += netReturn
    if (netReturn > 0) day.gain += netReturn
    else day.loss -= netReturn
    day.equity += size * netReturn
    day.peak = Math.max(day.peak, day.equity)
    day.drawdown = Math.max(day.drawdown, (day.peak - day.equity) / day.peak)
  }
  if (!(probability >= 0 && probability <= 1)) return
  day.scored++
  day.correct += probability >= 0.5 === (y === 1) ? 1 : 0
  day.logLoss += logLossOf(y, Math.min(Math.max(probability, 1e-6), 1 - 1e-6))
  day.squares += (probability - y) * (probability - y)
  if (day.predictions.length >= MOST_PREDICTIONS) return
  day.predictions.push(probability)
  day.outcomes.push(y)
}

/** The row of `ml_performance`. */
export function performanceOf(day: ModelDay): PerformanceRecord {
  const { model, start, labels, trades, wins, netReturn, gain, loss, scored, predictions, outcomes } = day
  const auc = new AUC()
  const calibration = new CalibrationError()
  for (const [i, probability] of predictions.entries()) {
    auc.update(outcomes[i]!, probability)
    calibration.update(outcomes[i]!, probability)
  }
  return {
    model,
    period: 'day',
    start,
    end: start + DAY,
    trades,
    wins,
    // what is divided by 0 is NaN, and NULL in the table
    figures: {
      netReturn,
      meanReturn: netReturn / trades,
      profitFactor: gain / loss,
      maxDrawdown: day.drawdown,
      accuracy: day.correct / scored,
      logLoss: day.logLoss / scored,
      brier: day.squares / scored,
      auc: auc.value,
      calibrationError: calibration.value,
      baselineWinRate: day.labelWins / labels,
      baselineNetReturn: day.labelReturn,
    },
    metrics: { labels, scored },
  }
}
