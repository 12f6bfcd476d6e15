import type { Codec, EventStore, Recovery } from '../../contracts.ts'
import type { Decision, Signal } from '../../market.ts'
import type { Features } from '../parts.ts'
import type { TradeLearnerOptions } from '../trade-learner-options.ts'

/** Options for reading a learner back: those of its constructor, and how to read what the library does not know. */
export type RestoreOptions<S extends Signal = Signal> = TradeLearnerOptions<S> & {
  readonly features: Features<S> & { codec(): Codec }
  /** Codecs of parts of the user's own. */
  readonly codecs?: readonly Codec[]
}

/** Options of a learner that loses nothing. */
export type DurableOptions<S extends Signal = Signal> = RestoreOptions<S> & {
  /** Where everything that it is told is kept; it is opened and closed with the learner. */
  readonly store: EventStore
  /**
   * Events from one snapshot to the next. A snapshot is written in one go, and fewer of them mean a longer way back after
   * a crash. @defaultValue 2000
   */
  readonly snapshotEvery?: number
  /**
   * What to do once nothing can be stored any more. `'reduce-only'`: nothing new is opened, positions may be closed.
   * `'halt'`: `decide` throws. `'continue-frozen'`: decisions go on, and are forgotten with the process; nothing that is
   * told about trades is accepted. @defaultValue 'reduce-only'
   */
  readonly onStoreFailure?: 'reduce-only' | 'halt' | 'continue-frozen'
}

/** What a learner found when it was opened. */
export type LearnerRecovery = Pick<Recovery, 'replayed' | 'tornTail' | 'warnings'> & {
  /** Sequence number of the snapshot that it started from; null where there was none. */
  readonly snapshot: number | null
  /** Trades whose outcome is still to be told: ask the broker about them. */
  readonly openDecisions: readonly Decision[]
  /** The newest decision after the snapshot, by which the bot can tell what it lost; null where there was none. */
  readonly lastDecision: string | null
}
