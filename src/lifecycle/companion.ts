import type { Snapshot, Vector } from '../contracts.ts'
import type { Candle, Decision, Label, Plan, SignalMeta } from '../market.ts'
import type { SettledRow } from './background-trainer/settled-row.ts'
import type { FeatureSummary } from './feature-health.ts'
import type { Gradual } from './parts.ts'
import type { Transition } from './rollout/rollout-event.ts'
import type { Status } from './trade-learner-options.ts'

/** A decision that has just been made, with what it was made on. */
export type DecidedSignal = {
  readonly decision: Decision
  /** Its features; to be read, never written or kept without a copy. */
  readonly x: Vector
  /** What would have been done without a model. */
  readonly baseline: Plan
  /** Average true range at the decision, in price units; NaN where it is not known. */
  readonly atr: number
  /** Which models decided, as `replace` was told. */
  readonly version: string
  /** What the bot said of its signal. */
  readonly meta: SignalMeta
  /** Milliseconds from the signal to its prediction, as the kill switch is told. */
  readonly latency: number
}

/** What a companion may ask the learner that it goes along with. */
export type Accompanied = {
  /** How it is doing. */
  status(): Status
  /** Its rollout; null where there is none. */
  readonly rollout: Pick<Gradual, 'history' | 'share'> | null
}

/** What became of a decision. */
export type EndedSignal = {
  readonly decision: Decision
  readonly label: Label
  /** Whether the label is the bot's own report of a trade, rather than what candles say of its bracket. */
  readonly told: boolean
}

/**
 * Goes along with a learner: it is told what happens and has no say in it. A `BackgroundTrainer` is one, a `DecisionLog`
 * another.
 *
 * It is told after the learner has changed, in the order in which things happen, and must be quick: the bot waits. What it
 * throws is kept in `status().faults` and harms nobody.
 */
export interface Companion {
  /** It goes along with this learner from now on, and may ask it; before anything else, and before `resume`. */
  joined?(learner: Accompanied): void
  /** A decision was made, and its outcome is followed from now on. */
  opened?(id: string, time: number, decided: DecidedSignal): void
  /** Its outcome is known. `row` holds what models learn from. */
  observe?(row: SettledRow, ended: EndedSignal): void
  /** It will have no outcome. */
  dropped?(id: string): void
  /** A candle has closed; `time` is its open time. With what the feature monitor says, where there is one. */
  tick?(time: number, features: FeatureSummary | undefined, candle: Candle): void
  /** The rollout of `version` has gone on, has stopped or has ended; the models have changed places already. */
  moved?(transition: Transition, version: string): void
  /** Trading was halted, or let go on, by a word, or the store has failed, whatever is done about it. */
  halted?(): void
  /** The past is lived through again after a restart: take it in, and begin nothing until `wake`. */
  sleep?(): void
  wake?(): void
  /** Where it has a state that a snapshot of the learner is to hold. */
  toJSON?(): Snapshot
  /** Goes on where `saved` stopped, with its own options. @throws `CORRUPT_SNAPSHOT` */
  resume?(saved: Snapshot): void
}
