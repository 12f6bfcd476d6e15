import { TradeLearnError } from '../../core/errors.ts'
import type { ToldRow } from './told-row.ts'

/** Options of {@link RowSender}. */
export type RowSenderOptions = {
  /** Most rows that may wait. */
  readonly capacity: number
  /** Most rows sent at a time. */
  readonly batch: number
  /** Resolves once the events behind the rows are stored. */
  readonly stored: () => Promise<unknown>
  readonly wait: (milliseconds: number) => Promise<void>
}

/** Milliseconds until the next attempt, where the tables' own queue is full. */
const FULL_PAUSE = 50

/**
 * Rows on their way to the tables: queued at once, sent in later turns of the event loop, kept until they are stored.
 *
 * The first error of the database ends the sending; what waits stays, the oldest dropped and counted. O(1) a row.
 */
export class RowSender {
  readonly #record: (row: ToldRow) => Promise<void>
  readonly #options: RowSenderOptions
  /** By number, in order. */
  #rows = new Map<number, ToldRow>()
  #newest = 0
  #lost = 0
  #refused = 0
  #failure: TradeLearnError | null = null
  /** What nobody has been told yet. */
  #fault: TradeLearnError | null = null
  #isAsleep = false
  /** Whether it was said that the store is not open. */
  #hasComplained = false
  #sending: Promise<void> | undefined

  constructor(record: (row: ToldRow) => Promise<void>, options: RowSenderOptions) {
    this.#record = record
    this.#options = options
  }

  get failure(): TradeLearnError | null {
    return this.#failure
  }

  get waiting(): number {
    return this.#rows.size
  }

  get lost(): number {
    return this.#lost
  }

  get refused(): number {
    return this.#refused
  }

  /** What waits, oldest first. */
  rows(): readonly ToldRow[] {
    return [...this.#rows.values()]
  }

  /** Queues a row; its number. */
  add(row: ToldRow): number {
    const { capacity } = this.#options
    this.#rows.set(++this.#newest, row)
    if (this.#rows.size > capacity) {
      this.#rows.delete(this.#rows.keys().next().value!)
      if (this.#lost++ === 0) {
        const text = `At most ${capacity} rows may wait to be stored, got more: the oldest are dropped.`
        this.#fault ??= new TradeLearnError('STORE_FULL', text)
      }
    }
    this.#send()
    return this.#newest
  }

  /** Takes a row back, where it still waits. */
  drop(number: number): void {
    this.#rows.delete(number)
  }

  /** Puts other rows in the place of those that wait. */
  resume(rows: readonly ToldRow[], lost: number): void {
    const { capacity } = this.#options
    this.#lost = lost + Math.max(rows.length - capacity, 0)
    this.#rows = new Map(rows.slice(-capacity).map((row) => [++this.#newest, row]))
    this.#send()
  }

  /** Sends nothing until `wake`. */
  sleep(): void {
    this.#isAsleep = true
  }

  wake(): void {
    this.#isAsleep = false
    this.#send()
  }

  /** Throws what went wrong since it was last asked, once. */
  speak(): void {
    const fault = this.#fault
    this.#fault = null
    if (fault) throw fault
  }

  /** Resolves when nothing waits any more, or nothing can be sent. */
  async flush(): Promise<void> {
    this.#send()
    while (this.#sending) await this.#sending
  }

  // --------------------------------------------------------------- mechanics

  #send(): void {
    if (this.#isAsleep || this.#failure || this.#sending || this.#rows.size === 0) return
    this.#sending = this.#sendAll().then((isDone) => {
      this.#sending = undefined
      // what came in the very last moment
      if (isDone) this.#send()
    })
  }

  /** Whether everything was sent. */
  async #sendAll(): Promise<boolean> {
    const { batch: most, wait } = this.#options
    // never in the turn of the call that brought a row
    await wait(0)
    while (this.#rows.size > 0) {
      if (this.#isAsleep) return false
      const batch: (readonly [number, ToldRow])[] = []
      for (const entry of this.#rows) {
        if (batch.push(entry) === most) break
      }
      const errors = await this.#sendBatch(batch.map(([, row]) => row))
      for (const [i, [number, row]] of batch.entries()) {
        const error = errors[i]
        const code = error?.code
        if (code === 'NOT_OPEN') return this.#notOpen(error!)
        if (code === 'STORE_FULL') continue
        if (code?.startsWith('STORE_')) return this.#fail(error!)
        // told again after a change of configuration: what was stored then stands
        if (error && !(row.again && code === 'RECORD_CONFLICT')) this.#refuse(error)
        this.#rows.delete(number)
      }
      await wait(errors.some((error) => error?.code === 'STORE_FULL') ? FULL_PAUSE : 0)
    }
    return true
  }

  /** Sends rows once their events are stored; why each was not taken, where it was not. */
  async #sendBatch(rows: readonly ToldRow[]): Promise<readonly (TradeLearnError | undefined)[]> {
    try {
      await this.#options.stored()
    } catch (error) {
      return [new TradeLearnError('STORE_FAILED', (error as Error | null)?.message ?? String(error))]
    }
    const results = await Promise.allSettled(rows.map(async (row) => this.#record(row)))
    return results.map((result) => (result.status === 'rejected' ? (result.reason as TradeLearnError) : undefined))
  }

  #fail({ message }: Error): false {
    const text = `No rows can be stored any more, until the learner is opened anew: ${message}`
    this.#failure = new TradeLearnError('STORE_FAILED', text)
    this.#fault = this.#failure
    return false
  }

  /** Before a store is opened, and after it was closed, rows wait. */
  #notOpen(error: TradeLearnError): false {
    if (!this.#hasComplained) this.#fault ??= error
    this.#hasComplained = true
    return false
  }

  #refuse(error: Error): void {
    this.#refused++
    const text = `A row was refused, ${this.#refused} so far: ${error.message ?? error}`
    this.#fault ??= new TradeLearnError('INVALID_INPUT', text)
  }
}
