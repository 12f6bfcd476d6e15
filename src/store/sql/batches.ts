import { TradeLearnError } from '../../core/errors.ts'

/** Bounds of a {@link Batches}. */
export type BatchBounds = {
  /** Most items of one batch. */
  readonly batch: number
  /** Most characters that may wait; what comes on top is refused. */
  readonly maxWaiting: number
}

/** Most characters of one batch, so that a transaction stays some megabytes; one larger item makes a batch of its own. */
const BATCH_SIZE = 4_000_000

type Waiting<T> = {
  readonly item: T
  readonly size: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Collects what comes while a batch is being written into the next one, so that the pace of the disk sets the size of the
 * batches and nobody waits longer than for two of them.
 *
 * A batch is begun in a later turn of the event loop than the call that brought its first item: whoever calls is never held
 * up by a driver that blocks.
 */
export class Batches<T> {
  readonly #write: (items: readonly T[]) => Promise<readonly (Error | undefined)[]>
  readonly #bounds: BatchBounds
  readonly #later: () => Promise<void>
  #waiting: Waiting<T>[] = []
  #size = 0
  #running: Promise<void> | undefined

  /** `write` stores a batch and returns, item by item, why it was refused; if it throws, all are. */
  constructor(
    write: (items: readonly T[]) => Promise<readonly (Error | undefined)[]>,
    bounds: BatchBounds,
    later: () => Promise<void>,
  ) {
    this.#write = write
    this.#bounds = bounds
    this.#later = later
  }

  /** Whether an item of that size still fits. @throws `STORE_FULL` */
  checkRoom(size: number): void {
    if (this.#size + size <= this.#bounds.maxWaiting || this.#size === 0) return
    throw new TradeLearnError(
      'STORE_FULL',
      `At most ${this.#bounds.maxWaiting} characters may wait to be stored, got ${this.#size} and ${size} more.`,
    )
  }

  /** Queues an item; resolves once it is stored. */
  add(item: T, size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, size, resolve, reject })
      this.#size += size
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing waits any more, whatever became of it. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    await this.#later()
    while (this.#waiting.length > 0) {
      const batch = this.#take()
      let refusals: readonly (Error | undefined)[] = []
      try {
        refusals = await this.#write(batch.map(({ item }) => item))
      } catch (error) {
        refusals = batch.map(() => error as Error)
      }
      for (const [i, { size, resolve, reject }] of batch.entries()) {
        this.#size -= size
        const refusal = refusals[i]
        if (refusal) reject(refusal)
        else resolve()
      }
    }
    this.#running = undefined
  }

  #take(): Waiting<T>[] {
    let n = 0
    for (let size = 0; n < this.#waiting.length && n < this.#bounds.batch; n++) {
      size += this.#waiting[n]!.size
      if (n > 0 && size > BATCH_SIZE) break
    }
    return this.#waiting.splice(0, n)
  }
}
