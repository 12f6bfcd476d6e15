import type { Codec, RefitWork, Snapshot } from '../../contracts.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { TradeLearnError } from '../../core/errors.ts'
import type { State } from '../../core/state.ts'
import { packState } from '../../core/state.ts'
import type { Decision, Signal } from '../../market.ts'
import { unpackModels } from '../model-registry/model-bundle.ts'
import type { TradeLearner } from '../trade-learner.ts'
import type { LearnerEvent } from './learner-event.ts'
import type { ToldClock } from './told-clock.ts'
import { isUnchanged } from './unchanged.ts'

/**
 * Ids that are left out each time a learner is opened. More than can be waiting to be stored when a process dies, so that no
 * id is ever given to two decisions of which the bot may have acted on the first.
 */
export const IDS_LEFT_OUT = 46_656

/** A decision that came out otherwise when it was made again. */
export type Mismatch = { readonly seq: number; readonly then: Decision | null; readonly now: Decision | null }

/** An event that threw when it happened again; `refused` where it must have been taken in then, or it would not be stored. */
export type Thrown = {
  readonly seq: number
  readonly kind: LearnerEvent['kind']
  readonly message: string
  readonly refused: boolean
}

/** Mismatches, and errors, that are kept; all are counted. */
const KEPT = 100

/**
 * Lets what happened to a learner happen again, event by event.
 *
 * A refit that was begun takes its data where it took it then, and changes the model where it changed it then; one that was
 * never done is dropped, as it was. What threw then throws now, and changed what it changed.
 */
export class LiveAgain<S extends Signal> {
  readonly #learner: TradeLearner<S>
  readonly #clock: ToldClock
  readonly #codecs: readonly Codec[]
  readonly #stands: 'then' | 'now'
  #refit: { work: RefitWork } | { steps: Generator<number, void, void> } | undefined
  #decisions = 0
  #different = 0
  #refused = 0
  #firstRefused: Thrown | null = null
  #last: string | null = null
  readonly #mismatches: Mismatch[] = []
  readonly #thrown: Thrown[] = []

  /** `codecs` are those of models of the user's own; `stands`: whether a decision goes on as it was made then, or as it is made now. */
  constructor(
    learner: TradeLearner<S>,
    clock: ToldClock,
    codecs: readonly Codec[] = [],
    stands: 'then' | 'now' = 'then',
  ) {
    this.#learner = learner
    this.#clock = clock
    this.#codecs = codecs
    this.#stands = stands
  }

  /** Decisions made again. */
  get decisions(): number {
    return this.#decisions
  }

  /** The newest decision's id; null where there was none. */
  get lastDecision(): string | null {
    return this.#last
  }

  /** Decisions that came out otherwise. */
  get different(): number {
    return this.#different
  }

  /** Events that were taken in then and are refused now. */
  get refused(): number {
    return this.#refused
  }

  /** Decisions that came out otherwise, the first 100. */
  get mismatches(): readonly Mismatch[] {
    return this.#mismatches
  }

  /** Events that threw, the first 100: most of them threw then, too. */
  get thrown(): readonly Thrown[] {
    return this.#thrown
  }

  /** What a person should know of it, in words. */
  get warnings(): readonly string[] {
    const first = this.#firstRefused
    return [
      ...(this.#different === 0
        ? []
        : [
            `Of ${this.#decisions} decisions since the snapshot ${this.#different} came out otherwise than they did then, the first at ` +
              `event ${this.#mismatches[0]!.seq}: the configuration or the release is another.`,
          ]),
      ...(first === null
        ? []
        : [
            `Events since the snapshot that were taken in then and are refused now: ${this.#refused}, the first of them event ` +
              `${first.seq} (${first.kind}): ${first.message}`,
          ]),
    ]
  }

  /** Lets one event happen. */
  happen(seq: number, event: LearnerEvent<S>): void {
    if (event.kind === 'decide') this.#decide(seq, event)
    // models that cannot be read must not be left out without a word
    else if (event.kind === 'models' || event.kind === 'challenge') {
      const models = unpackModels(event.models as unknown as Snapshot, null, this.#codecs)
      const { kind, version } = event
      this.#quietly(seq, kind, () =>
        kind === 'models' ? this.#learner.replace(models, version) : this.#learner.challenge(models, version),
      )
    } else {
      this.#quietly(seq, event.kind, () => this.#apply(event))
    }
  }

  #apply(event: Exclude<LearnerEvent<S>, { kind: 'decide' | 'models' | 'challenge' }>): void {
    const learner = this.#learner
    switch (event.kind) {
      case 'opened':
        // what was being trained in the process before went with it
        this.#refit = undefined
        learner.skipIds(IDS_LEFT_OUT)
        break
      case 'candle':
        learner.onCandle(event.candle)
        break
      case 'learn':
        learner.learn(event.id, event.outcome)
        break
      case 'cancel':
        learner.cancel(event.id)
        break
      case 'equity':
        learner.observeEquity(event.equity)
        break
      case 'halt':
        learner.halt(event.reason)
        break
      case 'resume':
        learner.resume(event.reason)
        break
      case 'rollout':
        learner.tellRollout(event.event)
        break
      case 'refit':
        if (event.step === 'begun') this.#beginRefit()
        else this.#endRefit()
    }
  }

  #decide(
    seq: number,
    { signal, account, latency, decision: then }: Extract<LearnerEvent<S>, { kind: 'decide' }>,
  ): void {
    this.#clock.tell(latency)
    const now = this.#quietly(seq, 'decide', () => this.#learner.decide(signal, account)) ?? null
    this.#clock.endTelling()
    this.#decisions++
    if (then !== null) {
      this.#last = then.id
      // the ids after it stay those that the bot knows
      if (now === null) this.#learner.skipIds(1)
      // what was decided then stands, whatever today's configuration makes of it
      else if (this.#stands === 'then') this.#learner.amend(then)
    }
    if (same(then, now)) return
    this.#different++
    if (this.#mismatches.length < KEPT) this.#mismatches.push({ seq, then, now })
  }

  /** What an event does, without what it throws: it threw then, too, and whoever told it was told. */
  #quietly<T>(seq: number, kind: LearnerEvent['kind'], act: () => T): T | undefined {
    try {
      return act()
    } catch (error) {
      // what changes nothing is not stored, and a refit that was done then can be done now
      const refused = kind === 'refit' || isUnchanged(error)
      const message = error instanceof Error ? error.message : String(error)
      const thrown: Thrown = { seq, kind, message, refused }
      if (refused) this.#refused++
      // what threw then, too, may have filled the list by now
      if (refused) this.#firstRefused ??= thrown
      if (this.#thrown.length < KEPT) this.#thrown.push(thrown)
      return undefined
    }
  }

  #beginRefit(): void {
    const work = this.#learner.beginRefit()
    if (work) {
      this.#refit = { work }
      return
    }
    const steps = this.#learner.refit()
    steps.next()
    this.#refit = { steps }
  }

  #endRefit(): void {
    const refit = this.#refit
    this.#refit = undefined
    if (!refit) throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A refit is told to be done that was never begun.')
    if ('work' in refit) refit.work.adopt(lastOf(refit.work.run()))
    else lastOf(refit.steps)
  }
}

/** Whether two decisions are the same to the bit, in whatever order their parts stand. */
function same(then: Decision | null, now: Decision | null): boolean {
  const text = (decision: Decision | null): string => canonicalJson(packState(decision as unknown as State))
  return text(then) === text(now)
}

function lastOf<T>(steps: Generator<number, T, void>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
