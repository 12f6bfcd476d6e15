import type { Serializable, Snapshot } from '../../contracts.ts'
import { type TradeLearnError as Coded, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { type State, unpackState } from '../../core/state.ts'
import type { Companion } from '../companion.ts'
import { defaultCodecs } from '../defaults.ts'
import type { FeatureSummary } from '../feature-health.ts'
import type { Models } from '../parts.ts'
import { AnalysisQueue } from './analysis-queue.ts'
import { type Backlog, beginBacklog, catchUp, catchUpNow } from './catch-up.ts'
import { defaultTriggers, readTrigger } from './default-triggers.ts'
import { inSlices, turn } from './in-slices.ts'
import { RETRAIN_PROTOCOL, type RetrainJob, tableOf } from './protocol.ts'
import { RetrainGate } from './retrain-gate.ts'
import { type RetrainAnswer, retrainInThread } from './retrain-thread.ts'
import type { RetrainCause, RetrainTrigger, RetrainWish } from './retrain-trigger.ts'
import { RowLog } from './row-log.ts'
import { runRetrain } from './run-retrain.ts'
import type { SettledRow } from './settled-row.ts'
import { takeIn } from './take-in.ts'
import {
  type BackgroundTrainerOptions,
  checkTrainerOptions,
  type RetrainResult,
  type TrainerEvent,
  type TrainerSettings,
  threadOf,
} from './trainer-options.ts'

/** What comes of a job for models. */
type ModelAnswer = Extract<RetrainAnswer, { readonly retrain: 'candidate' | 'rejected' }>

/** How a trainer is doing. */
export type TrainerStatus = {
  readonly running: boolean
  /** Fraction done of what runs; NaN while nothing does. */
  readonly progress: number
  /** Settled rows that it remembers, and decisions that wait. */
  readonly rows: number
  readonly open: number
  /** What is wished and has not begun, and why it has not. */
  readonly wishes: readonly RetrainWish[]
  readonly waitsFor: string | undefined
  readonly failures: number
  readonly disabled: boolean
  /** How the newest retraining ended. */
  readonly last: RetrainResult | undefined
}

/**
 * Trains the models anew in a worker thread while the bot decides on, and hands them over when they are shown to be better.
 *
 * Triggers ask for it (drift, performance, a schedule, you); a gate says when it may begin; one runs at a time. The worker
 * walks forward over the rows of complete cohorts, with a search inside where the plan has trials, compares what such
 * models would have said with what the champion did say of the same rows, and trains a candidate on all of them. Back
 * here its snapshots are read by their codecs and must predict golden rows to the bit as they did over there. Then it
 * learns the rows that came in meanwhile, and `adopt` gets it in the same turn of the event loop as the last of them.
 *
 * Nothing of it can reach the bot: a worker that throws, ends, hangs, runs out of memory or returns garbage leaves the old
 * models in charge, is told to `onEvent`, and waits twice as long for the next try each time; after `maxFailures` in a row
 * the event `RETRAIN_DISABLED` is told and nothing runs until {@link reset}.
 *
 * `opened`, `observe` and `tick` are synchronous and cost what the triggers cost; a retraining begins in a later turn. On
 * this thread it copies the table, reads the candidate (10 ms a megabyte, in slices) and lets it catch up.
 *
 * @example
 * ```ts
 * const trainer = new BackgroundTrainer({
 *   schema: engineer.schema,
 *   adopt: (models, { to }) => learner.replace(models, `retrained up to ${new Date(to).toISOString()}`),
 * })
 * const learner = new TradeLearner({ features: engineer, companions: [trainer] })
 * ```
 */
export class BackgroundTrainer implements Serializable, Companion {
  static readonly type: string = 'background-trainer'
  static readonly version: number = 1

  readonly #settings: TrainerSettings
  #triggers: readonly RetrainTrigger[]
  #gate: RetrainGate
  #log: RowLog
  /** Event time. */
  #now = Number.NEGATIVE_INFINITY
  /** The newest wish of each cause. */
  readonly #wishes = new Map<RetrainCause, RetrainWish>()
  #run:
    | { readonly stop: AbortController; readonly wishes: readonly RetrainWish[]; progress: number; backlog?: Backlog }
    | undefined
  #ended: Promise<RetrainResult | undefined> = Promise.resolve(undefined)
  #last: RetrainResult | undefined
  #jobs = 0
  #closed = false
  #asleep = false
  readonly #analyses: AnalysisQueue

  constructor(options: BackgroundTrainerOptions) {
    this.#settings = checkTrainerOptions(options)
    this.#analyses = new AnalysisQueue(this.#settings, (event) => this.#tell(event))
    this.#triggers = options.triggers ?? defaultTriggers()
    this.#gate = new RetrainGate(options.gate)
    this.#log = new RowLog({ ...options.log, features: this.#settings.schema.size })
  }

  // ---------------------------------------------------------------- queries

  /** Whether a retraining runs. */
  get running(): boolean {
    return this.#run !== undefined
  }

  /** How it is doing. */
  status(): TrainerStatus {
    const { disabled, failures } = this.#gate
    return {
      running: this.running,
      progress: this.#run?.progress ?? Number.NaN,
      rows: this.#log.settledCount,
      open: this.#log.openCount,
      wishes: [...this.#wishes.values()],
      waitsFor: this.#wishes.size > 0 ? this.#waitsFor() : undefined,
      failures,
      disabled,
      last: this.#last,
    }
  }

  /** Settled once nothing runs, with how the newest retraining ended. Never rejects. */
  idle(): Promise<RetrainResult | undefined> {
    return this.#ended
  }

  // --------------------------------------------------------------- commands

  /** A decision was made whose outcome is awaited: rows decided after it are not complete until it settles. */
  opened(id: string, time: number): void {
    this.#log.open(id, time)
  }

  /** A decision will have no outcome. */
  dropped(id: string): void {
    this.#log.drop(id)
  }

  /** Takes in a settled decision. @throws `INVALID_INPUT` or `INVALID_TIME` for what is none */
  observe(row: SettledRow): void {
    const kept = this.#log.settle(row)
    this.#advance(kept.labelEnd)
    this.#run?.backlog?.rows.push(kept)
    this.#gate.observe()
    this.#askTriggers((trigger) => trigger.observe(kept))
    this.#consider()
  }

  /** Takes in that time has passed, and what the feature monitor says where there is one. */
  tick(time: number, features?: FeatureSummary): void {
    this.#advance(time)
    this.#askTriggers((trigger) => trigger.tick(this.#now, features))
    this.#consider()
  }

  /** Asks for a retraining, which begins when the gate lets it: the operator's wish. */
  request(text: string): void {
    this.#wish({ cause: 'asked', trigger: 'operator', time: this.#now, text, evidence: {} })
    this.#consider()
  }

  /** Ends the retraining that runs; it counts as none. */
  abort(): void {
    this.#run?.stop.abort()
  }

  /** The operator's word that it may be tried again after failures. */
  reset(): void {
    this.#gate.reset()
    this.#consider()
  }

  /** The past is told again: it is taken in, and nothing begins until {@link wake}. */
  sleep(): void {
    this.#asleep = true
  }

  /** What has been wished meanwhile may begin. */
  wake(): void {
    this.#asleep = false
    this.#sayIfDisabled(' before the restart.')
    this.#consider()
  }

  /** Ends what runs, for good. */
  async close(): Promise<void> {
    this.#closed = true
    this.abort()
    await Promise.all([this.#ended, this.#analyses.close()])
  }

  // --------------------------------------------------------------- mechanics

  /** Moves event time on, and begins the looks that are due. */
  #advance(time: number): void {
    const before = this.#now
    this.#now = Math.max(before, time)
    if (!this.#asleep) this.#analyses.advance(before, this.#now, this.#log)
  }

  /** Asks every trigger; one of the user's own that throws is told of, and keeps none of the others from its turn. */
  #askTriggers(ask: (trigger: RetrainTrigger) => RetrainWish | undefined): void {
    for (const trigger of this.#triggers) {
      try {
        this.#wish(ask(trigger))
      } catch (error) {
        this.#tell({ type: 'fault', text: `A trigger has failed: ${(error as Error)?.message ?? String(error)}` })
      }
    }
  }

  #wish(wish: RetrainWish | undefined): void {
    if (!wish) return
    this.#wishes.set(wish.cause, wish)
    this.#tell({ type: 'wish', wish })
  }

  /** Why no retraining may begin now; `undefined` where one may. */
  #waitsFor(): string | undefined {
    const { minRows } = this.#settings
    const rows = this.#log.settledCount
    return rows < minRows ? `${rows} of ${minRows} rows` : this.#gate.closedBecause(this.#now)
  }

  /** Begins a retraining where one is wished and may begin. */
  #consider(): void {
    if (this.#closed || this.#asleep || this.#run || this.#wishes.size === 0) return
    if (this.#waitsFor() !== undefined) return
    const wishes = [...this.#wishes.values()]
    this.#wishes.clear()
    const time = this.#now
    this.#gate.begin(time)
    this.#run = { stop: new AbortController(), wishes, progress: 0 }
    this.#ended = this.#retrain(wishes, time).then((result) => this.#end(result))
  }

  #end(result: RetrainResult): RetrainResult {
    this.#run = undefined
    this.#last = result
    const before = this.#gate.disabled
    this.#gate.end(result.outcome, this.#now)
    // what was not done is still wished
    if (result.outcome === 'failed') for (const wish of result.wishes) this.#wishes.set(wish.cause, wish)
    this.#tell({ type: 'result', result })
    if (!before && 'text' in result) this.#sayIfDisabled(`; the last: ${result.text}`)
    return result
  }

  #sayIfDisabled(why: string): void {
    if (!this.#gate.disabled) return
    const text = `No retraining any more after ${this.#gate.failures} failures in a row${why}`
    this.#tell({ type: 'disabled', code: 'RETRAIN_DISABLED', text })
  }

  /** One retraining from the rows to the swap. Never rejects. */
  async #retrain(wishes: readonly RetrainWish[], time: number): Promise<RetrainResult> {
    const { minRows, maxRows, schema, codecs, maxBytes, adopt, clock } = this.#settings
    try {
      // never within the bot's own call
      await turn()
      const rows = this.#log.complete(this.#now).slice(-maxRows)
      if (rows.length < minRows) {
        const text = `Retraining needs ${minRows} rows of complete cohorts, has ${rows.length}.`
        return { time, wishes, outcome: 'rejected', code: 'TOO_LITTLE_DATA', text }
      }
      const backlog = beginBacklog(this.#log, rows)
      this.#run!.backlog = backlog
      this.#tell({ type: 'started', time, rows: rows.length, wishes })
      const answer = await this.#ask(rows)
      if (answer.retrain === 'rejected') {
        const { code, text, report } = answer
        return { time, wishes, outcome: 'rejected', code, text, report }
      }
      const { models: packed, golden, report } = answer
      const options = { features: schema.size, codecs: [...codecs, ...defaultCodecs()], maxBytes }
      const models: Models = await this.#here(takeIn(packed, golden, options))
      await this.#here(catchUp(models, backlog))
      // what came in since the last slice is learned in the turn of the swap: nothing can come in between
      const start = clock.now()
      const caughtUp = catchUpNow(models, backlog)
      adopt(models, report)
      return { time, wishes, outcome: 'candidate', report, caughtUp, swapMs: clock.now() - start }
    } catch (error) {
      const { code = 'WORKER_FAILED', message = String(error) } = error as Partial<Coded>
      return { time, wishes, outcome: code === 'ABORTED' ? 'aborted' : 'failed', code, text: message }
    }
  }

  /** Has the job done, by a thread where there is one. */
  async #ask(rows: readonly SettledRow[]): Promise<ModelAnswer> {
    const { schema, policy, recipe, plan, timeout } = this.#settings
    const name = typeof recipe === 'string' ? recipe : recipe.name
    const heading = { protocol: RETRAIN_PROTOCOL, id: this.#jobs++, schema: schema.fingerprint, policy }
    const job: RetrainJob = { ...heading, retrain: 'job', recipe: name, plan, table: tableOf(rows, schema.size) }
    const thread = threadOf(this.#settings)
    if (thread) {
      const onProgress = (done: number): void => this.#progress(done)
      const { signal } = this.#run!.stop
      return (await retrainInThread(job, { thread, timeout, signal, onProgress })) as ModelAnswer
    }
    if (typeof recipe === 'string') {
      const text = `The recipe "${recipe}" must be given as such where there are no threads, got its name.`
      throw new TradeLearnError('WORKER_FAILED', text)
    }
    return (await this.#here(runRetrain(job, [recipe]), (done) => this.#progress(done))) as ModelAnswer
  }

  #here<T>(steps: Generator<number, T, void>, onProgress?: (done: number) => void): Promise<T> {
    const { clock, sliceMs, timeout } = this.#settings
    const { signal } = this.#run!.stop
    return inSlices(steps, { clock, signal, sliceMs, timeout, ...(onProgress && { onProgress }) })
  }

  #progress(done: number): void {
    if (this.#run) this.#run.progress = done
    this.#tell({ type: 'progress', done })
  }

  #tell(event: TrainerEvent): void {
    try {
      this.#settings.onEvent(event)
    } catch {
      // whoever listens must not be able to stop the bot
    }
  }

  // ---------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    const wishes = [...(this.#run?.wishes ?? []), ...this.#wishes.values()]
    return snapshot(
      BackgroundTrainer,
      { schema: this.#settings.schema.fingerprint },
      {
        now: this.#now,
        wishes: wishes as unknown as State,
        gate: this.#gate.toJSON() as unknown as State,
        log: this.#log.toJSON() as unknown as State,
        triggers: this.#triggers.map((trigger) => trigger.toJSON()) as unknown as State,
      },
    )
  }

  /** A new trainer that goes on where `saved` stopped. @throws as {@link resume} */
  static restore(saved: Snapshot, options: BackgroundTrainerOptions): BackgroundTrainer {
    const trainer = new BackgroundTrainer(options)
    trainer.resume(saved)
    return trainer
  }

  /**
   * Goes on where `saved` stopped; a retraining that ran is wished again. Limits (the gate's, the plan's) are its own; rows,
   * triggers, waits and failures come from the snapshot.
   *
   * @throws `CORRUPT_SNAPSHOT`, `UNKNOWN_SNAPSHOT`, `UNSUPPORTED_VERSION` or `SCHEMA_MISMATCH`, changing nothing
   */
  resume(saved: Snapshot): void {
    const { options, state } = checkSnapshot(BackgroundTrainer, saved)
    const { fingerprint } = this.#settings.schema
    if (options['schema'] !== fingerprint) {
      const text = `The trainer's rows must be of the declared features (${fingerprint}), got those of ${String(options['schema'])}.`
      throw new TradeLearnError('SCHEMA_MISMATCH', text)
    }
    const part = (name: string): Snapshot => nested(state, name, BackgroundTrainer.type)
    const gate = RetrainGate.fromJSON({ ...part('gate'), options: { ...this.#gate.options } })
    const log = RowLog.fromJSON({ ...part('log'), options: { ...this.#log.options } })
    const { now, wishes, triggers } = unpackState(
      { now: state['now']!, wishes: state['wishes']!, triggers: state['triggers']! },
      { now: 0, wishes: [WISH], triggers: [{}] } as State,
    ) as unknown as { now: number; wishes: RetrainWish[]; triggers: unknown[] }
    const restored = triggers.map((_, i) =>
      readTrigger((state['triggers'] as unknown as Snapshot[])[i]!, this.#settings.codecs),
    )
    if (Number.isNaN(now)) throw new TradeLearnError('CORRUPT_SNAPSHOT', '"state.now" must be a time, got NaN.')
    this.#gate = gate
    this.#log = log
    this.#triggers = restored
    this.#now = now
    this.#wishes.clear()
    for (const wish of wishes) this.#wishes.set(wish.cause, wish)
    // whoever listens in this process does not know yet
    if (!this.#asleep) this.#sayIfDisabled(' before the restart.')
  }
}

const WISH = { cause: '', trigger: '', time: 0, text: '', evidence: {} }
