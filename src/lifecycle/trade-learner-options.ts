import type { Clock, DriftLevel } from '../contracts.ts'
import type { RiskLedger } from '../decision/index.ts'
import type { AnomalyScorer } from '../learners/index.ts'
import type { Reason, Signal } from '../market.ts'
import type { Companion } from './companion.ts'
import type { ExplorationOptions } from './exploration.ts'
import type { FeatureSummary } from './feature-health.ts'
import type { Features, GuardLock, Models, Monitor, Parts, TradePolicy } from './parts.ts'
import type { RolloutReport } from './rollout/rollout.ts'
import type { RunningScores } from './scoreboard.ts'

/** Options of a `TradeLearner`: every part has a default but the features, and every part can be your own. */
export type TradeLearnerOptions<S extends Signal = Signal> = {
  /** Candles and signals to vectors: a `FeatureEngineer`, or your own. */
  readonly features: Features<S>
  /** `shadow`: answer with the baseline's plan and only log the model's. `live`: answer with the model's. `rollout`: as `rollout` deals signals out.
   * @defaultValue 'shadow', or 'rollout' where one is given */
  readonly mode?: 'shadow' | 'live' | 'rollout'
  /**
   * What lets the models decide a growing share of signals, as they show that they choose well: `new Rollout({ name: 'first' })`.
   * The baseline decides the others, and models that were promoted once `challenge` puts others on trial. In mode `"live"` the
   * models of the constructor count as promoted, and it waits for a challenger. @defaultValue nothing: the mode decides
   */
  readonly rollout?: Parts<S>['rollout']
  /** First part of every decision id: 1 to 20 characters of `[A-Za-z0-9_]`. @defaultValue 'tl' */
  readonly name?: string
  /** What turns predictions into plans. @defaultValue `new DecisionPolicy()` */
  readonly policy?: TradePolicy
  /** What has the last word. @defaultValue `new KillSwitch()` */
  readonly killSwitch?: Parts<S>['killSwitch']
  /**
   * What an account does not show, for limits on the rate of orders and on the loss of a day: `new RiskLedger()`. One learner a
   * ledger, for it is saved and restored with its learner. @defaultValue nothing, so that such limits let nothing pass
   */
  readonly ledger?: RiskLedger
  /** What finds out what became of a decision. @defaultValue `new TripleBarrier()` */
  readonly labeler?: Parts<S>['labeler']
  /** What predicts. @defaultValue `defaultModels(features.schema.size)` */
  readonly models?: Models
  /**
   * What watches the model's errors: 1 where its probability lay on the wrong side of the base rate, else 0.
   * @defaultValue `defaultDetectors()`: Page-Hinkley and ADWIN
   */
  readonly detectors?: Parts<S>['detectors']
  /** What puts a range around the expected return. @defaultValue `new ConformalInterval()` */
  readonly interval?: Parts<S>['interval']
  /**
   * What says what the true win rate lies above where a probability is predicted, such as `new ReliabilityBound()`: sizing by
   * `'kelly'` then stakes on that. @defaultValue nothing: the policy makes do with the number of trades
   */
  readonly bound?: Parts<S>['bound']
  /**
   * What says how unlike the past a signal is, such as `new PrototypeNovelty({ features: features.schema.size })`. The
   * policy gets to know, and abstains above its `maxNovelty`; 1 there for never. @defaultValue nothing
   */
  readonly novelty?: AnomalyScorer
  /** What watches the features for faults, such as `new FeatureMonitor({ schema: features.schema })`. @defaultValue nothing */
  readonly monitor?: Monitor
  /**
   * Who goes along and is told what happens: a `BackgroundTrainer`, a `DecisionLog`, your own. Their snapshots are part of the
   * learner's. @defaultValue nobody
   */
  readonly companions?: readonly Companion[]
  /** How much of what the model would skip is tried at the smallest size. @defaultValue nothing */
  readonly exploration?: Partial<ExplorationOptions>
  /** Where latencies are measured. @defaultValue `systemClock` */
  readonly clock?: Clock
  /** Most decisions that may be open at once. @defaultValue 1000 */
  readonly maxOpen?: number
  /** Closed decisions that are remembered, for `explain` and for telling repeats. @defaultValue 1000 */
  readonly remember?: number
  /** Candles that a traded decision waits for the bot's report once candles have settled it. @defaultValue 50 */
  readonly reportWithin?: number
  /** What models keep after drift, in observations, where the detector cannot say. @defaultValue 100 */
  readonly keepAfterDrift?: number
  /**
   * Milliseconds that an outcome waits for others whose trades closed before it: told in any order within that time, outcomes
   * are learned in the order in which the trades closed, as candles go on. The kill switch hears of them as late. 0: each is
   * learned when it is told. @defaultValue 0
   */
  readonly outcomeLag?: number
}

/** When and by which detector drift was flagged. */
export type DriftMark = {
  readonly time: number
  readonly detector: string
  readonly trades: number
  readonly kept: number
}

/** How a TradeLearner is doing, as plain data. */
export type Status = {
  readonly mode: 'shadow' | 'live' | 'rollout'
  /** Closed trades, real or followed on candles, that have been learned from. */
  readonly trades: number
  /** Decisions whose label is not known yet. */
  readonly open: number
  /** Whether the model may already reduce and skip. */
  readonly model: 'gathering' | 'active'
  readonly scores: RunningScores
  readonly drift: { readonly level: DriftLevel; readonly marks: readonly DriftMark[] }
  readonly killSwitch: {
    readonly halted: boolean
    readonly cause: Reason | null
    /** The locks that stand, of narrower scopes too. */
    readonly locks: readonly GuardLock[]
    /** How far equity lies below its peak, and how far it may; NaN for what is not known. */
    readonly drawdown: { readonly value: number; readonly limit: number }
    /** Milliseconds that a prediction may take; Infinity where any time will do. */
    readonly latencyLimit: number
  }
  /** Who decides what is not dealt to models on trial: the bot's own rules, or the models of `version`. */
  readonly champion: 'baseline' | 'models'
  /** Which models decide: what `replace` was told, empty for those of the constructor. */
  readonly version: string
  /** Which models are on trial beside them; empty for none. */
  readonly challenger: string
  /** What companions threw lately, the newest last. */
  readonly faults: readonly string[]
  /** What is wrong with the features of decided signals; null where no monitor watches them. */
  readonly features: FeatureSummary | null
  /** Where the rollout is and what it still needs; null where there is none. */
  readonly rollout: RolloutReport | null
  /** Whether `refit()` has something to do. */
  readonly refitDue: boolean
}
