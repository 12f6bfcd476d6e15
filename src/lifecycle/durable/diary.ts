import type { EventStore, JsonValue, Snapshot } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import type { Signal } from '../../market.ts'
import { type LearnerEvent, packEvent } from './learner-event.ts'

/** Times the usual distance that a snapshot waits for a refit under way, before it comes without it. */
const PATIENCE = 10

/**
 * Writes down what happens to a learner, in order, with a snapshot now and then, until the store fails.
 *
 * After a failure nothing is written any more: it would stand after something that is missing.
 */
export class Diary<S extends Signal> {
  readonly #store: EventStore
  readonly #snapshotEvery: number
  /** The learner's whole state. */
  readonly #whole: () => Snapshot
  readonly #onFailure: (failure: TradeLearnError) => void
  #failure: TradeLearnError | null = null
  /** Events since the newest snapshot. */
  #since: number
  /** The newest event's acknowledgement, which comes after all others'. */
  #newest: Promise<number> = Promise.resolve(0)
  #saving: Promise<void> | undefined
  /** The refit under way: a snapshot in its midst would hold neither its data nor its result. */
  #training: object | undefined

  constructor(
    store: EventStore,
    snapshotEvery: number,
    since: number,
    whole: () => Snapshot,
    onFailure: (failure: TradeLearnError) => void,
  ) {
    this.#store = store
    this.#snapshotEvery = snapshotEvery
    this.#since = since
    this.#whole = whole
    this.#onFailure = onFailure
  }

  /** Why nothing is written any more, or null. */
  get failure(): TradeLearnError | null {
    if (this.#failure === null && this.#store.failure !== null) this.#fail(this.#store.failure)
    return this.#failure
  }

  /** Queues an event. */
  write(event: LearnerEvent<S>): void {
    if (this.failure !== null) return
    this.#since++
    this.#newest = this.#store.append(packEvent(event))
    this.#newest.catch((error) => this.#fail(error))
  }

  /** Resolves once everything queued so far is stored. @throws `STORE_FAILED` */
  async stored(): Promise<void> {
    await this.#newest.catch((error) => this.#fail(error))
    if (this.failure !== null) throw this.#failure
  }

  /** Writes that a refit has taken its data; what is returned stands for it. */
  beginTraining(): object {
    this.write({ kind: 'refit', step: 'begun' })
    this.#training = {}
    return this.#training
  }

  /** Whether it is the refit that is under way: no snapshot and no other refit has overtaken it. */
  isTraining(training: object): boolean {
    return this.#training === training
  }

  /** Writes that the refit under way has changed the model. */
  endTraining(): void {
    this.dropTraining()
    this.write({ kind: 'refit', step: 'done' })
  }

  /** The refit under way came to nothing. */
  dropTraining(): void {
    this.#training = undefined
  }

  /** Saves a snapshot where enough has happened since the last. */
  saveIfDue(): void {
    const due = this.#training === undefined ? this.#snapshotEvery : this.#snapshotEvery * PATIENCE
    if (this.#since >= due && this.#saving === undefined && this.failure === null) void this.#save()
  }

  /** Saves a snapshot now; a refit under way is overtaken by it. @throws `STORE_FAILED` */
  async save(): Promise<void> {
    await this.#saving
    if (this.failure === null) await this.#save()
    if (this.#failure !== null) throw this.#failure
  }

  #save(): Promise<void> {
    const value = this.#whole() as unknown as JsonValue
    this.#training = undefined
    this.#since = 0
    this.#saving = this.#newest
      .then((seq) => this.#store.saveSnapshot(seq, value))
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#saving = undefined
      })
    return this.#saving
  }

  #fail(cause: unknown): void {
    if (this.#failure !== null) return
    const text = cause instanceof Error ? cause.message : String(cause)
    this.#failure = new TradeLearnError(
      'STORE_FAILED',
      `Nothing can be stored any more, until it is opened anew: ${text}`,
    )
    this.#onFailure(this.#failure)
  }
}
