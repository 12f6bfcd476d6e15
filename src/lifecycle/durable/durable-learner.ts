import type { EventStore, RefitWork, Snapshot } from '../../contracts.ts'
import { integer, oneOf } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import type { Account, Candle, Decision, Outcome, Prediction, Signal } from '../../market.ts'
import { Companions } from '../companions.ts'
import type { Explanation } from '../explanation.ts'
import { packModels } from '../model-registry/model-bundle.ts'
import type { Models } from '../parts.ts'
import type { OperatorEvent, Transition } from '../rollout/rollout-event.ts'
import { systemClock } from '../system-clock.ts'
import type { TradeLearner } from '../trade-learner.ts'
import type { Status } from '../trade-learner-options.ts'
import { Diary } from './diary.ts'
import type { DurableOptions, LearnerRecovery, RestoreOptions } from './durable-options.ts'
import { type LearnerEvent, unpackEvent } from './learner-event.ts'
import { LiveAgain } from './live-again.ts'
import { ToldClock } from './told-clock.ts'
import { isUnchanged } from './unchanged.ts'

/** How a TradeLearner is made: handed in, since its class stands above this file. */
export type Maker<S extends Signal> = {
  readonly create: (options: RestoreOptions<S>) => TradeLearner<S>
  readonly restore: (saved: Snapshot, options: RestoreOptions<S>) => TradeLearner<S>
}

/**
 * A TradeLearner whose every event is stored, so that a crash loses nothing that was acknowledged.
 *
 * It is event-sourced: what is kept is what happened (candles, signals, outcomes, the operator's words, refits), and what
 * was decided. A restart reads the newest snapshot and lives through the events after it again; since a learner is a function
 * of its events it ends up where it was, to the bit.
 *
 * Deciding never waits for the disk: `decide` answers at once and queues its record. A bot that must not place an order that
 * a power cut makes it forget awaits {@link stored} first. What is told about trades is acknowledged by a promise, which
 * resolves once it is stored.
 *
 * After the first error of the store nothing more is stored until it is opened anew; `onStoreFailure` says what decisions
 * then look like.
 *
 * @see M. Fowler (2005), "Event Sourcing"
 *
 * @example
 * ```ts
 * const learner = await TradeLearner.open({ features, store })
 * for (const { id } of learner.recovery.openDecisions) await learner.learn(id, await broker.outcomeOf(id))
 * learner.onCandle(candle)
 * const decision = learner.decide(signal, account)
 * await learner.stored()
 * await learner.close()
 * ```
 */
export class DurableLearner<S extends Signal = Signal> {
  /** What was found when it was opened. */
  readonly recovery: LearnerRecovery
  readonly #learner: TradeLearner<S>
  readonly #store: EventStore
  readonly #diary: Diary<S>
  readonly #clock: ToldClock
  readonly #onStoreFailure: 'reduce-only' | 'halt' | 'continue-frozen'
  #closed = false

  private constructor(
    { store, snapshotEvery = 2000, onStoreFailure = 'reduce-only', companions = [] }: DurableOptions<S>,
    learner: TradeLearner<S>,
    clock: ToldClock,
    recovery: LearnerRecovery,
  ) {
    this.#store = store
    this.#onStoreFailure = onStoreFailure
    this.#learner = learner
    this.#clock = clock
    this.recovery = recovery
    const stop = ({ message }: TradeLearnError): void => {
      if (onStoreFailure === 'reduce-only') learner.halt(message)
      else new Companions(companions).tell((one) => one.halted?.())
    }
    this.#diary = new Diary(store, snapshotEvery, recovery.replayed, () => learner.toJSON(), stop)
  }

  /** Opens the store and lives through what it holds. `TradeLearner.open` is this with the class filled in. */
  static async open<S extends Signal>(
    options: DurableOptions<S>,
    { create, restore }: Maker<S>,
  ): Promise<DurableLearner<S>> {
    integer('snapshotEvery', options.snapshotEvery ?? 2000)
    oneOf('onStoreFailure', options.onStoreFailure ?? 'reduce-only', ['reduce-only', 'halt', 'continue-frozen'])
    const clock = new ToldClock(options.clock ?? systemClock)
    const own: RestoreOptions<S> = { ...options, clock }
    const companions = new Companions(options.companions ?? [])
    companions.tell((one) => one.sleep?.())
    let learner: TradeLearner<S> | undefined
    let again: LiveAgain<S> | undefined
    const begin = (): LiveAgain<S> => {
      learner ??= create(own)
      again ??= new LiveAgain(learner, clock, options.codecs)
      return again
    }
    try {
      const found = await options.store.open(
        (_, value) => {
          learner = restore(value as unknown as Snapshot, own)
        },
        ({ seq, event }) => begin().happen(seq, unpackEvent(event) as LearnerEvent<S>),
      )
      const lived = begin()
      const warnings = [...found.warnings, ...lived.warnings]
      const opened = new DurableLearner<S>(options, learner!, clock, {
        snapshot: found.snapshot?.seq ?? null,
        replayed: found.replayed,
        tornTail: found.tornTail,
        warnings,
        openDecisions: learner!.openDecisions(),
        lastDecision: lived.lastDecision,
      })
      lived.happen(0, { kind: 'opened' })
      opened.#diary.write({ kind: 'opened' })
      await opened.stored()
      companions.tell((one) => one.wake?.())
      warnings.push(...companions.faults)
      return opened
    } catch (error) {
      // the lock must not outlive an attempt that failed
      await options.store.close().catch(() => {})
      throw error
    }
  }

  // ---------------------------------------------------------------- queries

  /** Why nothing is stored any more, or null. */
  get failure(): TradeLearnError | null {
    return this.#diary.failure
  }

  /** What the models say about a signal now. Pure. */
  predict(signal: S, account?: Account): Prediction {
    return this.#learner.predict(signal, account)
  }

  /** Why the model said what it said of a decision. */
  explain(decisionId: string): Explanation {
    return this.#learner.explain(decisionId)
  }

  /** How it is doing. */
  status(): Status {
    return this.#learner.status()
  }

  /** Trades whose outcome has not been told yet, oldest first. */
  openDecisions(): readonly Decision[] {
    return this.#learner.openDecisions()
  }

  get refitDue(): boolean {
    return this.#learner.refitDue
  }

  /** The learner's whole state, as it would be saved now. */
  toJSON(): Snapshot {
    return this.#learner.toJSON()
  }

  /** Resolves once everything told and decided so far is stored. @throws `STORE_FAILED` */
  async stored(): Promise<void> {
    this.#check()
    await this.#diary.stored()
  }

  // --------------------------------------------------------------- commands

  /** Takes in a closed candle, as the learner does. @throws as `TradeLearner.onCandle` */
  onCandle(candle: Candle): void {
    this.#checkOpen()
    const event: LearnerEvent<S> = { kind: 'candle', candle }
    this.#tell(event, () => this.#learner.onCandle(candle))
    this.#diary.saveIfDue()
  }

  /**
   * Decides on a signal at once, and queues the record of it.
   *
   * @throws as `TradeLearner.decide`, and `STORE_FAILED` where the store has failed and `onStoreFailure` is `'halt'`
   */
  decide(signal: S, account: Account): Decision {
    this.#checkOpen()
    if (this.failure !== null && this.#onStoreFailure === 'halt') throw this.failure
    this.#clock.restart()
    let decision: Decision
    try {
      decision = this.#learner.decide(signal, account)
    } catch (error) {
      if (!isUnchanged(error)) this.#queueDecision(signal, account, null)
      // an account that is worth nothing is refused, but the kill switch has seen it
      else if (typeof account?.equity === 'number' && account.equity <= 0) {
        this.#diary.write({ kind: 'equity', equity: account.equity })
      }
      throw error
    }
    this.#queueDecision(signal, account, decision)
    return decision
  }

  /** Learns from how a trade closed; resolves once that is stored. @throws as `TradeLearner.learn`, and `STORE_FAILED` */
  learn(decisionId: string, outcome: Outcome): Promise<void> {
    return this.#acknowledged({ kind: 'learn', id: decisionId, outcome }, () =>
      this.#learner.learn(decisionId, outcome),
    )
  }

  /** Says that a decision was never traded; resolves once that is stored. @throws as `TradeLearner.cancel`, and `STORE_FAILED` */
  cancel(decisionId: string): Promise<void> {
    return this.#acknowledged({ kind: 'cancel', id: decisionId }, () => this.#learner.cancel(decisionId))
  }

  /** Takes in the account's equity between signals. */
  observeEquity(equity: number): void {
    this.#checkOpen()
    this.#tell({ kind: 'equity', equity }, () => this.#learner.observeEquity(equity))
  }

  /** Stops all trading at once, whatever the store does; resolves once that is stored. */
  async halt(reason: string = ''): Promise<void> {
    this.#learner.halt(reason)
    this.#check()
    this.#diary.write({ kind: 'halt', reason })
    await this.#diary.stored()
  }

  /** An operator's word to the rollout; resolves with what changed once it is stored. @throws `STORE_FAILED`, `INVALID_INPUT` */
  async tellRollout(event: OperatorEvent): Promise<readonly Transition[]> {
    let changes: readonly Transition[] = []
    await this.#acknowledged({ kind: 'rollout', event: { ...event } }, () => {
      changes = this.#learner.tellRollout(event)
    })
    return changes
  }

  /**
   * As `TradeLearner.challenge`, at once; resolves once the models are stored. Writing them down costs this thread some 10 ms a
   * megabyte.
   *
   * @throws as `TradeLearner.challenge`, and `STORE_FAILED`
   */
  async challenge(models: Models, version: string): Promise<void> {
    // as they are before they learn anything here
    const event: LearnerEvent<S> = { kind: 'challenge', version, models: { ...packModels(models) } }
    await this.#acknowledged(event, () => this.#learner.challenge(models, version))
  }

  /** As `TradeLearner.replace`, and otherwise as {@link challenge}. @throws as `TradeLearner.replace`, and `STORE_FAILED` */
  async replace(models: Models, version: string): Promise<void> {
    const event: LearnerEvent<S> = { kind: 'models', version, models: { ...packModels(models) } }
    await this.#acknowledged(event, () => this.#learner.replace(models, version))
  }

  /** The operator's word that trading may go on; resolves once that is stored. @throws `STORE_FAILED`, `INVALID_INPUT` */
  resume(reason: string): Promise<void> {
    return this.#acknowledged({ kind: 'resume', reason }, () => this.#learner.resume(reason))
  }

  /** As `TradeLearner.refit`; where it took its data, and where it changed the model, is stored. */
  *refit(): Generator<number, void, void> {
    if (!this.#learner.refitDue) return
    const steps = this.#learner.refit()
    const training = this.#diary.beginTraining()
    try {
      // the first step takes the data, and may be the last
      let step = steps.next()
      while (!step.done && this.#diary.isTraining(training)) {
        yield step.value
        step = steps.next()
      }
      if (step.done) this.#diary.endTraining()
    } finally {
      steps.return()
      this.#diary.dropTraining()
    }
  }

  /**
   * As `TradeLearner.beginRefit`, so that a `TrainingPool` can do it in another thread. A result that comes after a snapshot
   * that did not wait for it is dropped.
   */
  beginRefit(): RefitWork | undefined {
    const work = this.#learner.beginRefit()
    if (!work) return undefined
    const training = this.#diary.beginTraining()
    const adopt = (result: unknown): void => {
      if (!this.#diary.isTraining(training)) return
      work.adopt(result)
      this.#diary.endTraining()
    }
    const { memory } = work
    return {
      kind: work.kind,
      job: work.job,
      run: () => work.run(),
      adopt,
      ...(memory && { memory: (n) => memory.call(work, n) }),
    }
  }

  /**
   * Asks `fetch` for the candles of a symbol that were missed, until there are none; decisions that they settle are learned.
   * `since` is the open time of the newest candle that is known, undefined for a symbol without any. Returns how many it took.
   *
   * @throws what `fetch` throws; what was taken in before stays
   */
  async catchUp(
    symbol: string,
    fetch: (symbol: string, since: number | undefined) => Promise<readonly Candle[]> | readonly Candle[],
  ): Promise<number> {
    let taken = 0
    for (;;) {
      const since = this.#learner.newestCandle(symbol)
      const candles = await fetch(symbol, since)
      const missed = candles
        .filter((candle) => candle?.symbol === symbol && (since === undefined || candle.time > since))
        .sort((a, b) => a.time - b.time)
      if (missed.length === 0) return taken
      for (const candle of missed) {
        const known = this.#learner.newestCandle(symbol)
        // the bot's own feed may have been quicker
        if (known !== undefined && candle.time <= known) continue
        this.onCandle(candle)
        taken++
      }
      await this.#diary.stored().catch(() => {})
    }
  }

  /** Writes a snapshot now, so that the next start is quick; a refit under way comes to nothing. @throws `STORE_FAILED` */
  async save(): Promise<void> {
    this.#check()
    await this.#diary.save()
  }

  /** Stores what is queued and a snapshot, and lets go of the store. What is told afterwards is refused. */
  async close(): Promise<void> {
    if (this.#closed) return
    if (this.failure === null) await this.save().catch(() => {})
    this.#closed = true
    await this.#store.close()
  }

  // --------------------------------------------------------------- mechanics

  /** Changes the learner and queues the event, or throws what the learner throws. */
  #tell(event: LearnerEvent<S>, act: () => void): void {
    try {
      act()
    } catch (error) {
      if (!isUnchanged(error)) this.#diary.write(event)
      throw error
    }
    this.#diary.write(event)
  }

  async #acknowledged(event: LearnerEvent<S>, act: () => void): Promise<void> {
    this.#check()
    this.#tell(event, act)
    const stored = this.#diary.stored()
    this.#diary.saveIfDue()
    await stored
  }

  #queueDecision(signal: S, account: Account, decision: Decision | null): void {
    this.#diary.write({ kind: 'decide', signal, account, latency: this.#clock.elapsed, decision })
  }

  #checkOpen(): void {
    if (this.#closed) throw new TradeLearnError('NOT_OPEN', 'The learner must be open, got one that was closed.')
  }

  #check(): void {
    this.#checkOpen()
    if (this.failure !== null) throw this.failure
  }
}
