import type { JsonObject, Vector } from '../../contracts.ts'
import type { Action, Decision, Label, SignalMeta } from '../../market.ts'

/** A decision with everything that it was made on. */
export type DecisionRecord = {
  readonly decision: Decision
  /** The features by name, in the order of `x`. */
  readonly names: readonly string[]
  readonly x: Vector
  /** Fingerprint of the features' schema. */
  readonly schema: string
  readonly meta?: SignalMeta
  /** The model whose prediction counted. */
  readonly model: ModelReference
  /** The rollout's arm, and the chance with which it was assigned. */
  readonly arm?: string
  readonly propensity?: number
  readonly policyHash?: string
  /** Milliseconds that the decision took. */
  readonly latency?: number
  /** What models in the shadow said about the same signal. */
  readonly watchers?: readonly WatcherRecord[]
}

/** Which model. */
export type ModelReference = { readonly id: string; readonly version?: number; readonly hash?: string }

/** What a model in the shadow said. */
export type WatcherRecord = {
  readonly model: ModelReference
  readonly prediction: Decision['prediction']
  /** What it would have done. */
  readonly action: Action
  readonly size: number
}

/** What became of a decision. */
export type OutcomeRecord = {
  readonly label: Label
  /** `'bot'`: a real trade, as the bot reported it. `'candles'`: what would have become of it. */
  readonly source: 'bot' | 'candles'
}

/** A version of a model. Its status and metrics may be told again as they change; what it is may not. */
export type ModelRecord = {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly status: 'training' | 'shadow' | 'ab_test' | 'production' | 'retired'
  /** When it got that status. */
  readonly statusSince: number
  readonly createdAt: number
  readonly schema: string
  /** Hash of its content. */
  readonly hash: string
  readonly hyperparameters?: JsonObject
  readonly metrics?: JsonObject
  /** Times and number of the trades that it was trained on. */
  readonly trained?: { readonly from: number; readonly to: number; readonly trades: number }
  /** The model that it was made from. */
  readonly parent?: string
  /** The model itself, as text: a snapshot or a model file. */
  readonly artefact?: string
  readonly notes?: string
}

/** How a model did in a period, over all trades or a part of them. */
export type PerformanceRecord = {
  readonly model: string
  /** `'all'`, or a part of the trades such as `'symbol:BTC'` or `'arm:challenger'`. @defaultValue 'all' */
  readonly scope?: string
  readonly period: 'hour' | 'day' | 'week' | 'month' | 'all'
  readonly start: number
  readonly end: number
  readonly trades: number
  readonly wins: number
  /** Figures with a column of their own; one that is undefined yet is NaN or left out. */
  readonly figures: { readonly [name in PerformanceFigure]?: number }
  /** Whatever else is worth keeping. */
  readonly metrics?: JsonObject
}

/** Figures that `ml_performance` has columns for. */
export type PerformanceFigure =
  | 'netReturn'
  | 'meanReturn'
  | 'profitFactor'
  | 'sharpe'
  | 'maxDrawdown'
  | 'accuracy'
  | 'logLoss'
  | 'brier'
  | 'auc'
  | 'calibrationError'
  | 'baselineWinRate'
  | 'baselineNetReturn'
  | 'latencyP99'

/** Something that happened at a time and belongs on the chart. */
export type MarkRecord = {
  readonly time: number
  /** Such as `'drift'`, `'status'`, `'kill-switch'`, `'retrain'`, `'alert'`. */
  readonly kind: string
  /** The detector, model or rule. */
  readonly subject: string
  readonly detail?: JsonObject
}

/**
 * Tables for people and dashboards: what was decided on which features, what became of it, which models there were.
 *
 * Laws: a promise resolves once the rows are stored. Telling the same twice changes nothing; another content under the same
 * key is `RECORD_CONFLICT` and changes nothing either. A record that cannot be is refused with `INVALID_INPUT` before
 * anything is sent, and keeps no other from being stored. The tables can be made again from the events.
 */
export interface TradeTables {
  recordDecision(record: DecisionRecord): Promise<void>
  /** @throws `UNKNOWN_DECISION` where the decision was not recorded before */
  recordOutcome(record: OutcomeRecord): Promise<void>
  recordModel(record: ModelRecord): Promise<void>
  recordPerformance(record: PerformanceRecord): Promise<void>
  recordMark(record: MarkRecord): Promise<void>
  /** Resolves when nothing waits any more. */
  flush(): Promise<void>
}
