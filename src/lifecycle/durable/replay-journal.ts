import type { JsonValue, Snapshot, StoredEvent } from '../../contracts.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { type ErrorCode, show, TradeLearnError } from '../../core/errors.ts'
import { fnv1a } from '../../core/hash.ts'
import { packState, type State } from '../../core/state.ts'
import { DecisionPolicy } from '../../decision/index.ts'
import type { Decision, Signal } from '../../market.ts'
import type { Companion } from '../companion.ts'
import type { TradePolicy } from '../parts.ts'
import { TradeLearner } from '../trade-learner.ts'
import type { RestoreOptions } from './durable-options.ts'
import { type Difference, firstDifference } from './first-difference.ts'
import { type LearnerEvent, unpackEvent } from './learner-event.ts'
import { LiveAgain, type Mismatch } from './live-again.ts'
import { OtherPolicy } from './other-policy.ts'
import { ToldClock } from './told-clock.ts'
import type { JudgedSignal } from './what-if.ts'

/** What a store holds of a learner's life: a snapshot, and every event after it. */
export type JournalLife = {
  /** Null where the events begin with the first. */
  readonly snapshot: StoredSnapshot | null
  /** In order and without a gap; those that the snapshot stands for are passed over. */
  readonly events: Iterable<StoredEvent>
}

/** A learner's state after event `seq`. */
export type StoredSnapshot = { readonly seq: number; readonly value: JsonValue }

/** What else a replay does. */
export type ReplayJournalOptions = {
  /** Another policy, to be asked about every signal: see `whatIf`. */
  readonly policy?: TradePolicy
  /** Hears of every event that has been lived through. */
  readonly onEvent?: (seq: number) => void
}

/** A decision that came out otherwise. */
export type DecisionDifference = Difference & {
  readonly seq: number
  readonly id: string
}

/** What a journal came to when it was lived through again. */
export type JournalReplay = {
  /** The event whose snapshot it began with, 0 for the beginning; and the last event. */
  readonly from: number
  readonly to: number
  /** Events lived through, and decisions among them. */
  readonly events: number
  readonly decisions: number
  /** Whether every decision came out as it did then, to the bit, and everything that was taken in then was taken in. */
  readonly equal: boolean
  /** Decisions that came out otherwise, and the first 100 of them with the first field that differs. */
  readonly different: number
  readonly differences: readonly DecisionDifference[]
  /** Events that were taken in then and are refused now. */
  readonly refused: number
  /** Names the learner's whole state at the end: equal states have equal digests, on every engine. */
  readonly digest: string
  /** What events threw, the first 100, and what companions did; a part of the user's own may have thrown then, too. */
  readonly faults: readonly string[]
  /** What the other policy says; empty where none was given. */
  readonly signals: readonly JudgedSignal[]
}

/**
 * Lives through a journal again, and compares every decision with what was decided then, to the bit.
 *
 * A learner is a function of its options and of what happened to it, and all that happened is in the journal. So with the
 * options of then every decision comes out as it did; one that does not names what has changed: the options, the release, a
 * part of the bot's own that is not a function of what it is told, or the machine. What was decided then stands, so that one
 * difference does not make others by itself: each is judged against the same past. Only options that were in force throughout
 * give equal decisions throughout.
 *
 * `options` are those of `TradeLearner.open`, freshly made, for their parts learn and cannot be used twice. Companions sleep.
 * It touches no file and tells nobody. As long as the life took to compute, and O(1) memory beside the learner's own; with
 * another policy some hundred bytes a signal.
 *
 * @throws `CORRUPT_STORE` where events are missing, `CORRUPT_SNAPSHOT` or `UNSUPPORTED_VERSION` for what cannot be read, by number
 *
 * @example
 * ```ts
 * const { snapshot, events } = await readJournal(nodeFs, 'state/btc')
 * const { equal, differences } = replayJournal({ snapshot, events }, botOptions())
 * ```
 */
export function replayJournal<S extends Signal = Signal>(
  { snapshot, events }: JournalLife,
  options: RestoreOptions<S>,
  { policy, onEvent }: ReplayJournalOptions = {},
): JournalReplay {
  const clock = new ToldClock(STOPPED)
  const other = policy === undefined ? undefined : new OtherPolicy(options.policy ?? new DecisionPolicy(), policy)
  const companions: readonly Companion[] = [...(options.companions ?? []), ...(other ? [other] : [])]
  for (const companion of companions) companion.sleep?.()
  const own: RestoreOptions<S> = { ...options, clock, companions, ...(other && { policy: other }) }
  const learner =
    snapshot === null
      ? new TradeLearner<S>(own)
      : at(`The snapshot of event ${snapshot.seq}`, () =>
          TradeLearner.restore<S>(snapshot.value as unknown as Snapshot, own),
        )
  const again = new LiveAgain<S>(learner, clock, options.codecs)

  const from = snapshot?.seq ?? 0
  let to = from
  for (const { seq, event: stored } of events) {
    if (seq <= from) continue
    if (seq !== to + 1) {
      const wanted = `Events must follow each other without a gap, event ${to + 1} next`
      throw new TradeLearnError('CORRUPT_STORE', `${wanted}, got ${show(seq)}.`)
    }
    to = seq
    at(`Event ${seq}`, () => {
      const event = unpackEvent(stored) as LearnerEvent<S>
      if (event.kind === 'decide') other?.expect(event.decision)
      again.happen(seq, event)
    })
    other?.check()
    onEvent?.(seq)
  }
  const { decisions, different, refused, mismatches, thrown } = again
  return {
    from,
    to,
    events: to - from,
    decisions,
    equal: different === 0 && refused === 0,
    different,
    differences: mismatches.map(differenceOf),
    refused,
    digest: digestOf(learner),
    faults: [
      ...thrown.map(({ seq, kind, message }) => `Event ${seq} (${kind}): ${message}`),
      ...learner.status().faults,
    ],
    signals: other?.signals ?? [],
  }
}

/** Names a learner's whole state: equal states have equal digests. */
export function digestOf(learner: { toJSON(): Snapshot }): string {
  // as it would be written, so that nested snapshots are plain data
  return fnv1a(canonicalJson(JSON.parse(JSON.stringify(learner)) as JsonValue))
}

/** No time passes but what is told. */
const STOPPED = { now: (): number => 0 }

/** Where decisions differ in several fields, those that come first are the cause of the others. */
const CAUSES = ['prediction', 'action', 'size'] as const

function differenceOf({ seq, then, now }: Mismatch): DecisionDifference {
  const { id } = (then ?? now)!
  // where there is no decision there is no action
  const pack = (decision: Decision | null): JsonValue =>
    decision === null ? { action: null } : packState(decision as unknown as State)
  const causes = then === null || now === null ? ['action'] : CAUSES
  return { seq, id, ...firstDifference(pack(then), pack(now), causes)! }
}

/** Runs something that reads what was stored, and says where it stood if it cannot be read. */
function at<T>(where: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const { code, message } = error as { readonly code?: ErrorCode; readonly message?: string }
    if (typeof code !== 'string') throw error
    throw new TradeLearnError(code, `${where}: ${message}`)
  }
}
