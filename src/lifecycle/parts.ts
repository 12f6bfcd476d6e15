import type { DriftDetector, Labeler, Learner, Policy, ProbabilityBound, Serializable, Vector } from '../contracts.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import type { Clearance, DecisionContext, RiskLedger, Subject, TradeSubject } from '../decision/index.ts'
import type { ClosedTrade } from '../features/closed-trade.ts'
import type { AnomalyScorer } from '../learners/index.ts'
import type { Account, Bracket, Candle, Label, Plan, Prediction, Reason, Side, Signal } from '../market.ts'
import type { FeatureSummary } from './feature-health.ts'
import type { Assignment } from './rollout/assign.ts'
import type { RolloutReport } from './rollout/rollout.ts'
import type { RolloutEvent, Transition } from './rollout/rollout-event.ts'
import type { RolloutOptions } from './rollout/rollout-options.ts'

/** What a TradeLearner needs from its features; `FeatureEngineer` is one. */
export interface Features<S extends Signal = Signal> extends Serializable {
  readonly schema: { readonly names: readonly string[]; readonly size: number; readonly fingerprint: string }
  /** Takes in a closed candle, or throws and stays as it was. */
  update(candle: Candle): void
  /** Whether a candle of the symbol has been seen. */
  knows(symbol: string): boolean
  /** The symbol's newest close. */
  lastClose(symbol: string): number
  /** The open time of the symbol's newest candle. */
  lastTime(symbol: string): number
  /** Average true range in price units; NaN while warming up. */
  atr(symbol: string): number
  /** The features of a signal, from what is known now; `account` is whom it is for, where somebody is. Pure. */
  vector(signal: S, out?: Vector, account?: Account): Vector
  /** Takes in how a trade closed, or would have closed where its signal was skipped. */
  settle(trade: ClosedTrade): void
}

/** The three questions that a TradeLearner asks about a signal. */
export type Models = {
  /** P(net return > 0): a binary learner. */
  readonly success: Learner
  /** E[net return]: a regression learner. */
  readonly expectedReturn: Learner
  /** P(the stop is hit): a binary learner. */
  readonly stopRisk: Learner
}

/** A policy that can also say what it would do without any model. */
export interface TradePolicy extends Policy<Prediction, DecisionContext, Plan> {
  /** Closed trades before the model may reduce or skip anything. */
  readonly options: { readonly minTrades: number }
  /** Names the operator's limits that it keeps, for logs. */
  readonly limitsFingerprint?: string
  /** Take every signal at the base size, under the same limits and kill switch. Pure. */
  baseline(context: DecisionContext): Plan
}

/** A lock of a guard: what it stops, why, and until when; Infinity for until the operator lifts it. */
export type GuardLock = Reason & { readonly scope: string; readonly until: number }

/** The last word over every decision; `KillSwitch` is one. What is optional is for those that tell symbols or sides apart. */
export interface Guard extends Serializable {
  /** Whether new trades are forbidden. */
  readonly halted: boolean
  /** Why, while they are. */
  readonly cause: Reason | null
  /** The locks that stand. */
  readonly locks?: readonly GuardLock[]
  /** How far equity lies below its peak, NaN before any is seen, and how far it may. */
  readonly drawdown?: { readonly value: number; readonly limit: number }
  /** Milliseconds that a prediction may take; Infinity where any time will do. */
  readonly latencyLimit?: number
  /** How much of one signal may be traded, and by whose plan. Pure. */
  stateFor?(question: { readonly symbol: string; readonly side: Side; readonly time: number }): Clearance
  /** Takes in how a trade of the bot closed, as a fraction of its entry price. */
  observeOutcome(netReturn: number, trade?: TradeSubject): void
  /** Takes in the account's equity. */
  observeEquity(equity: number, about?: Pick<Subject, 'time'>): void
  /** Takes in how long a prediction took. */
  observeLatency(milliseconds: number, signal?: Subject): void
  /** Takes in the open time of a symbol's newest candle. */
  observeData?(data: { readonly symbol: string; readonly time: number }): void
  /** A trade is sent; it comes to nothing. */
  observeEntry?(trade: Subject): void
  observeCancel?(trade: TradeSubject): void
  /** Forbids new trades until `reset`. */
  halt(text?: string): void
  /** Allows them again: the operator's word. */
  reset(text: string): void
}

/** Labels from candles, with the excursions so far of what is still open; `TripleBarrier` is one. */
export interface TradeLabeler extends Labeler<Bracket, Candle, Label> {
  /** Round-trip costs that it charges, as a fraction of the entry value. */
  readonly options: { readonly costs: number }
  /** What an open bracket has been through. */
  excursions(
    id: string,
  ): { readonly maxFavorable: number; readonly maxAdverse: number; readonly bars: number } | undefined
}

/** A range for the next return, learned from past misses; `ConformalInterval` is one. */
export interface ReturnInterval extends Serializable {
  readonly options: { readonly coverage: number }
  /** Half the width for a trade of this scale; NaN while there is too little data. */
  halfWidth(scale: number): number
  /** Takes in by how much a prediction missed, and the half-width that it had been given (NaN for none). */
  learn(residual: number, scale: number, halfWidthAtPrediction: number): void
}

/** Watches the features of decided signals; `FeatureMonitor` is one. */
export interface Monitor extends Serializable {
  /** The features that it watches, in order. */
  readonly names: readonly string[]
  /** What is wrong with them. */
  readonly summary: FeatureSummary
  /** Takes in the vector of a decided signal, which it neither modifies nor keeps. */
  update(x: Vector): void
}

/** Deals signals out between the baseline and the models, by what the models have shown; `Rollout` is one. */
export interface Gradual extends Serializable {
  readonly name: string
  readonly options: Partial<RolloutOptions>
  /** An untouched one for the next candidate, under the same options. Without it nobody can be challenged. */
  next?(name: string): Gradual
  /** The step that it is in. */
  readonly step: number
  readonly report: RolloutReport
  /** Share of signals that the models decide now. */
  readonly share: number
  /** What has changed so far, the newest last. */
  readonly history: readonly Transition[]
  /** Who decides a signal. Pure. */
  assign(unit: string): Assignment
  /** Takes in what happened. */
  tell(event: RolloutEvent): readonly Transition[]
}

/** Models beside those that decide, with what has become of their own predictions. */
export type Contender = Models & Pick<Parts, 'bound'>

/** What watches models that were promoted, put aside while another is on trial beside them. */
export type Watch = {
  readonly rollout: Gradual
  /** What that rollout is called. */
  readonly trial: string
  /** Who decides, and which models come back, where it ends. */
  readonly champion: 'baseline' | 'models'
  readonly previous: Contender | null
  readonly previousName: string
}

/** Everything a TradeLearner is made of that changes with time, and so is saved. */
export type Parts<S extends Signal = Signal> = {
  readonly features: Features<S>
  readonly labeler: TradeLabeler
  readonly killSwitch: Guard
  readonly success: Learner
  readonly expectedReturn: Learner
  readonly stopRisk: Learner
  /** Models on trial beside those above, where those are champion. */
  readonly challenger: Contender | null
  /** Those that the models above have beaten, while a rollout still watches these. */
  readonly previous: Contender | null
  /** How those that decide are watched while `rollout` is a challenger's. */
  readonly watch: Watch | null
  readonly detectors: readonly DriftDetector[]
  readonly interval: ReturnInterval
  /** What has become of the predictions of those that decide. */
  readonly bound: ProbabilityBound | null
  readonly novelty: AnomalyScorer | null
  readonly monitor: Monitor | null
  readonly rollout: Gradual | null
  readonly ledger: RiskLedger | null
}

/** Throws unless `features` can do what a TradeLearner asks of it. */
export function checkFeatures(features: Features): void {
  if (typeof features?.vector === 'function' && typeof features.schema?.size === 'number') return
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"features" must be a FeatureEngineer or its like, got ${show(features)}.`,
  )
}

/** Throws unless what watches the features is made for those that there are. */
export function checkWatchers<S extends Signal>(
  { features: { schema }, novelty, monitor }: Pick<Parts<S>, 'features' | 'novelty' | 'monitor'>,
  code: ErrorCode = 'INVALID_OPTION',
): void {
  const fault = novelty === null ? '' : faultOf(novelty, schema.size)
  if (fault !== '') {
    throw new TradeLearnError(code, `"novelty" must score vectors of ${schema.size} features, got ${fault}.`)
  }
  const names = monitor === null ? schema.names : monitor.names
  if (names?.length === schema.size && schema.names.every((name, i) => names[i] === name)) return
  const differs = schema.names.find((name, i) => names?.[i] !== name)
  throw new TradeLearnError(
    code,
    `"monitor" must watch the ${schema.size} features of the schema in order, got ${names?.length ?? 'no'} names` +
      `${differs === undefined ? '' : ` without ${show(differs)} in its place`}.`,
  )
}

/** Why a scorer is none for such vectors; empty where it is. It does not say how many it takes, but asking changes nothing. */
function faultOf(novelty: AnomalyScorer, features: number): string {
  if (typeof novelty?.scoreOf !== 'function' || typeof novelty.learn !== 'function') return show(novelty)
  try {
    const score = novelty.scoreOf(new Float64Array(features))
    return score >= 0 && score <= 1 ? '' : `a score of ${show(score)}`
  } catch (error) {
    return `one that says: ${(error as Error).message.replace(/\.$/, '')}`
  }
}

/** Passes a learner that has the task its place wants, else throws. */
export function checkTask(name: keyof Models, model: Learner | undefined, task: Learner['task']): Learner {
  if (model?.task === task) return model
  throw new TradeLearnError('INVALID_OPTION', `"models.${name}" must be a ${task} learner, got ${show(model?.task)}.`)
}

/** Passes models of the three tasks that have an answer for vectors of so many features, else throws. */
export function checkModels(given: Models, features: number): Models {
  const { success, expectedReturn, stopRisk } = given ?? {}
  const models: Models = {
    success: checkTask('success', success, 'binary'),
    expectedReturn: checkTask('expectedReturn', expectedReturn, 'regression'),
    stopRisk: checkTask('stopRisk', stopRisk, 'binary'),
  }
  for (const [name, model] of Object.entries(models)) {
    const said = model.predict(new Float64Array(features))
    if (!Number.isFinite(said)) {
      throw new TradeLearnError('INVALID_OPTION', `"models.${name}" must predict a finite number, got ${show(said)}.`)
    }
  }
  return models
}
