import { type ErrorCode, TradeLearnError } from '../core/errors.ts'
import { type Parcel, READY, type TrainingReply, type TrainingRequest } from '../learners/gradient-boosting/message.ts'
import type { Spawn, Thread } from './threads.ts'

type OnReply = (reply: TrainingReply, rank: number) => void

/**
 * Threads that start together, work together and end together: one that waits for another that is gone would wait for
 * ever, so whatever fails ends them all.
 */
export class Crew {
  readonly #threads: Thread[] = []
  /** Threads that have not loaded their script yet. */
  #missing: number
  #loading: Promise<boolean> | undefined
  /** Takes what the threads say while something is waited for. */
  #onReply: OnReply | undefined
  /** Fails what is waited for. */
  #fail: (error: unknown) => void = () => {}
  #ending: Promise<unknown> | undefined
  /** Why they have ended. */
  #reason: unknown
  /** Whether a thread has ended by itself. */
  #broken = false

  /** @throws whatever `spawn` throws; threads that were started before are ended */
  constructor(size: number, spawn: Spawn) {
    this.#missing = size
    try {
      while (this.#threads.length < size) this.#threads.push(spawn())
    } catch (error) {
      void this.end(error)
      throw error
    }
    for (const [rank, thread] of this.#threads.entries()) {
      thread.listen(
        (message) => this.#listen(message as TrainingReply, rank),
        (reason) => this.#onFailure(reason),
      )
    }
  }

  /** Whether they are no longer there. */
  get ended(): boolean {
    return this.#ending !== undefined
  }

  /** Waits until all threads have loaded their script: `false` where one cannot. @throws what {@link end} was given */
  load(): Promise<boolean> {
    this.#loading ??= this.#until<boolean>((resolve) => {
      const settle = (): void => void (this.#missing === 0 && resolve(true))
      settle()
      return settle
    }).catch((error) => {
      if (this.#broken) return false
      throw error
    })
    return this.#loading
  }

  /**
   * Does one training; returns what the first thread makes of it.
   *
   * @throws the thread's error, `WORKER_FAILED` where one is gone, what `onProgress` throws, and what {@link end} was given
   */
  async train(
    requests: readonly Parcel<TrainingRequest>[],
    onProgress: ((done: number) => void) | undefined,
  ): Promise<unknown> {
    try {
      return await this.#until((resolve) => {
        for (const [rank, { message, transfer }] of requests.entries()) this.#threads[rank]!.post(message, transfer)
        return (reply, rank) => {
          if (reply.id !== requests[0]!.message.id) return
          if ('code' in reply) throw new TradeLearnError(reply.code as ErrorCode, reply.message)
          if ('done' in reply) onProgress?.(reply.done)
          else if ('forest' in reply && rank === 0) resolve(reply.forest)
        }
      })
    } catch (error) {
      void this.end(error)
      throw error
    }
  }

  /** Ends all threads, whatever they are doing, which then fails with `error`. */
  async end(error: unknown): Promise<void> {
    if (!this.ended) {
      this.#reason = error
      // what goes wrong in ending them is of no use to anyone
      this.#ending = Promise.allSettled(this.#threads.map(async (thread) => thread.end()))
      this.#fail(error)
    }
    await this.#ending
  }

  #listen(reply: TrainingReply, rank: number): void {
    if (reply.id === READY.message.id) this.#missing--
    try {
      this.#onReply?.(reply, rank)
    } catch (error) {
      // thrown on, it would end the process: nobody stands around a thread's messages
      void this.end(error)
    }
  }

  #onFailure(reason: string): void {
    if (this.ended) return
    this.#broken = true
    void this.end(new TradeLearnError('WORKER_FAILED', `A training thread has failed: ${reason}.`))
  }

  /** Listens to the threads until something is settled; meanwhile they keep the process alive. */
  async #until<T>(begin: (resolve: (value: T) => void) => OnReply): Promise<T> {
    if (this.ended) throw this.#reason
    for (const thread of this.#threads) thread.hold()
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#fail = reject
        this.#onReply = begin(resolve)
      })
    } finally {
      this.#onReply = undefined
      this.#fail = () => {}
      // threads that are being ended are waited for
      if (!this.ended) for (const thread of this.#threads) thread.release()
    }
  }
}
