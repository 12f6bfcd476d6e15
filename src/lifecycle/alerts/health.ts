import type { DriftLevel } from '../../contracts.ts'
import type { Reason } from '../../market.ts'
import type { FeatureSummary } from '../feature-health.ts'

/** How often something was so, out of how many times. Both grow from a start (of the model, of the step) and never fall. */
export type Tally = { readonly n: number; readonly hits: number }

/** Something that happened, for people to know. Ids ascend. */
export type Happening = {
  readonly id: number
  readonly code: 'MODEL_PROMOTED' | 'MODEL_ROLLED_BACK' | 'RETRAIN_DONE' | 'RETRAIN_REJECTED' | 'ROLLOUT_STEP'
  readonly text: string
}

/**
 * How everything is doing, as plain data. A rule whose part is left out says nothing; what stands of the store, of training, of
 * features or of a model that was found goes on standing then, for only a word of theirs ends it.
 */
export type Health = {
  /** The locks that stand; `KillSwitch.locks` is such a list. */
  readonly locks?: readonly (Reason & { readonly scope: string; readonly until: number })[]
  /** Fall below the peak of equity, and how much is allowed, as fractions. */
  readonly drawdown?: { readonly value: number; readonly limit: number }
  /** Predictions that were right, since the model took over. */
  readonly accuracy?: Tally
  /** Trades that won: those that the model took, since it took over, and all signals. */
  readonly wins?: { readonly model: Tally; readonly baseline: Tally }
  readonly model?: {
    readonly state: 'ready' | 'missing' | 'corrupt' | 'unknown'
    /** What decides instead. */
    readonly fallback: 'previous' | 'baseline' | null
    readonly reason: string
    /** When it was last trained, epoch milliseconds. */
    readonly trainedAt: number
    /** Closed trades that it has learned from. */
    readonly trades: number
  }
  /** Why the store takes nothing any more; null while it does. */
  readonly storeFailure?: string | null
  /** Why there is no retraining any more; null while there is. */
  readonly trainingDisabled?: string | null
  /** The worst level of the detectors that watch the model's errors. */
  readonly drift?: { readonly level: DriftLevel; readonly detector: string }
  readonly features?: FeatureSummary
  /** Decisions that took no longer than the limit, and that limit in milliseconds. */
  readonly latency?: Tally & { readonly limit: number }
  /** Predictions since the model took over, by bins of the probability said: how often it came true, and its mean. */
  readonly calibration?: readonly (Tally & { readonly mean: number })[]
  readonly rollout?: {
    /** Why the rollout pauses; null while it goes on. */
    readonly paused: string | null
    /** Signals of each arm since the step began, and the share that was planned. */
    readonly arms: readonly { readonly name: string; readonly n: number; readonly share: number }[]
  }
  readonly happenings?: readonly Happening[]
  /** Numbers of the day that is ending, for the daily summary. */
  readonly summary?: { readonly [name: string]: number }
}
