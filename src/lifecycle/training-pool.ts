import type { Offloadable, Refittable, RefitWork, Vector } from '../contracts.ts'
import { integer, positive } from '../core/check.ts'
import { type ErrorCode, TradeLearnError } from '../core/errors.ts'
import { isTraining, memoryFor, requestsFor, type TrainingReply } from '../learners/gradient-boosting/message.ts'
import { runInSlices, type SliceOptions } from './slices.ts'
import { type Spawn, spawnThread, type Thread } from './threads.ts'

/** Options of {@link TrainingPool}. */
export type TrainingPoolOptions = {
  /**
   * Threads that work on one training together. Two are about 1.6 times as quick as one where two cores are idle, and
   * far slower where they are not, as they wait for each other at every split. @defaultValue 1
   */
  readonly threads?: number
  /** Bytes that a training may take; a larger one is refused before it starts. @defaultValue 2 GiB */
  readonly maxMemory?: number
  /** Starts a thread. @defaultValue a worker of Node or of the browser */
  readonly spawn?: Spawn
}

/** How one training is watched and stopped. */
export type TrainingRunOptions = {
  /** Called with the fraction done after every tree. */
  readonly onProgress?: (done: number) => void
  /** Stops the training at once; nothing is changed then. */
  readonly signal?: AbortSignal
}

/** How one training on a table is weighted, watched and stopped. */
export type TrainingFitOptions = TrainingRunOptions & {
  /** A weight for each row. @defaultValue 1 each */
  readonly weights?: ArrayLike<number>
}

/** A model that can hand out its training on a whole table. */
type Fittable = {
  beginFit(
    rows: readonly Vector[],
    y: ArrayLike<number>,
    weights?: ArrayLike<number>,
  ): Generator<number, RefitWork, void>
}

/** What the threads are doing. */
type Run = {
  readonly id: number
  onReply(reply: TrainingReply, rank: number): void
  onFailure(reason: string): void
}

/**
 * Trains on other threads, so that the bot's own never waits.
 *
 * The table is handed over without a copy (or shared, where several threads work on it) and the trees come back the same
 * way. They are to the bit those that `refit()` or `fit()` would have made, with any number of threads. The new model is
 * taken in when it is whole: `predict` and `learn` go on meanwhile, and a training that is aborted or fails has changed
 * nothing. Where there are no threads, and for models that cannot leave theirs, the work is done in short slices here.
 *
 * Trainings run one after another. Threads are started with the first and kept until {@link close}; idle ones do not
 * keep the process alive.
 *
 * @example
 * ```ts
 * const pool = new TrainingPool()
 * while (learner.refitDue) await pool.refit(learner, { onProgress: (done) => console.log(done) })
 * await pool.close()
 * ```
 */
export class TrainingPool {
  readonly #threads: number
  readonly #maxMemory: number
  readonly #spawn: Spawn
  #team: readonly Thread[] = []
  #run: Run | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #next = 0

  constructor({ threads = 1, maxMemory = 2 * 1024 * 1024 * 1024, spawn = spawnThread }: TrainingPoolOptions = {}) {
    this.#threads = integer('threads', threads)
    this.#maxMemory = positive('maxMemory', maxMemory)
    this.#spawn = spawn
  }

  /**
   * Does a learner's next refit, as `refit()` would.
   *
   * @throws `ABORTED`, `OUT_OF_MEMORY` where it would take more than `maxMemory`, `WORKER_FAILED`
   */
  refit(learner: Refittable & Partial<Offloadable>, options: TrainingRunOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      const work = learner.beginRefit?.()
      if (work) await this.#train(work, options)
      else await runInSlices(learner.refit(), options)
    })
  }

  /**
   * Trains a model anew on a whole table, as `fit` would; the table is checked and copied in short slices here first.
   *
   * @throws as {@link refit}, and `INVALID_INPUT`
   */
  fit(model: Fittable, rows: readonly Vector[], y: ArrayLike<number>, options: TrainingFitOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      const { signal, weights } = options
      const steps = model.beginFit(rows, y, weights)
      await this.#train(await inSlices(steps, { sliceMs: 1, ...(signal ? { signal } : {}) }), options)
    })
  }

  /** Ends the threads, and with them what they are doing: a training then fails with `WORKER_FAILED`. */
  async close(): Promise<void> {
    const team = this.#team
    const run = this.#run
    this.#team = []
    this.#run = undefined
    run?.onFailure('the pool was closed')
    await Promise.all(team.map((thread) => thread.end()))
  }

  /** Runs after everything that was asked before, whether that worked or not. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(act)
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #train(work: RefitWork, options: TrainingRunOptions): Promise<void> {
    if (!isTraining(work.kind)) {
      work.adopt(await inSlices(work.run(), options))
      return
    }
    const bytes = memoryFor(work.job, this.#threads)
    if (bytes > this.#maxMemory) {
      throw new TradeLearnError(
        'OUT_OF_MEMORY',
        `The training may take at most ${megabytes(this.#maxMemory)}, and would take ${megabytes(bytes)}.`,
      )
    }
    const threads = await this.#start()
    const result = threads ? await this.#trainOnThreads(work, options) : await inSlices(work.run(), options)
    work.adopt(result)
    options.onProgress?.(1)
  }

  /** Starts the threads unless they run; `false` where there are none, or where they cannot load their script. */
  async #start(): Promise<boolean> {
    if (this.#team.length > 0) return true
    try {
      this.#team = Array.from({ length: this.#threads }, this.#spawn)
    } catch {
      return false
    }
    const loaded = this.#team.map(
      (thread, rank) =>
        new Promise<void>((resolve, reject) => {
          thread.hold()
          thread.listen(
            (message) => {
              const reply = message as TrainingReply
              if (reply.id === -1) resolve()
              else this.#run?.onReply(reply, rank)
            },
            (reason) => {
              reject(new Error(reason))
              this.#run?.onFailure(reason)
              void this.close()
            },
          )
        }),
    )
    try {
      await Promise.all(loaded)
    } catch {
      await this.close()
      return false
    }
    for (const thread of this.#team) thread.release()
    return true
  }

  async #trainOnThreads(work: RefitWork, { onProgress, signal }: TrainingRunOptions): Promise<unknown> {
    const id = this.#next++
    let stop = (): void => {}
    try {
      return await new Promise((resolve, reject) => {
        // threads that wait for one that is gone would wait for ever, so all are ended
        const fail = (code: ErrorCode, reason: string): void => {
          reject(new TradeLearnError(code, reason))
          void this.close()
        }
        stop = () => fail('ABORTED', 'The training was aborted; it has changed nothing.')
        if (signal?.aborted) {
          stop()
          return
        }
        signal?.addEventListener('abort', stop, { once: true })
        this.#run = {
          id,
          onReply(reply, rank) {
            if (reply.id !== id) return
            if ('code' in reply) fail(reply.code as ErrorCode, reply.message)
            else if ('forest' in reply) rank === 0 && resolve(reply.forest)
            else if ('done' in reply) onProgress?.(reply.done)
          },
          onFailure: (reason) => fail('WORKER_FAILED', `A training thread has failed: ${reason}.`),
        }
        for (const [rank, { message, transfer }] of requestsFor(work.job, id, this.#threads).entries()) {
          this.#team[rank]!.hold()
          this.#team[rank]!.post(message, transfer)
        }
      })
    } finally {
      this.#run = undefined
      for (const thread of this.#team) thread.release()
      signal?.removeEventListener('abort', stop)
    }
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** Runs steps in slices and returns what the last one does. */
async function inSlices<T>(steps: Generator<number, T, void>, options: SliceOptions): Promise<T> {
  let result: T | undefined
  await runInSlices(
    (function* () {
      result = yield* steps
    })(),
    options,
  )
  return result as T
}
