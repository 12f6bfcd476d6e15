import type {
  BatchLearner,
  BatchOffloadable,
  Measurable,
  Offloadable,
  Refittable,
  RefitWork,
  Vector,
} from '../contracts.ts'
import { integer, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { isTraining, requestsFor } from '../learners/gradient-boosting/message.ts'
import { Crew } from './crew.ts'
import { runInSlices } from './slices.ts'
import { canShareMemory, type Spawn, spawnThread } from './threads.ts'

/** Options of {@link TrainingPool}. */
export type TrainingPoolOptions = {
  /**
   * Threads that work on one training together. Two are about 1.6 times as quick as one where two cores are idle, and
   * far slower where they are not, as they wait for each other at every split. It is one thread all the same where
   * threads cannot share memory: in browsers, on pages that are not isolated from other origins. @defaultValue 1
   */
  readonly threads?: number
  /**
   * Bytes that a training may take; a larger one is refused before it starts, and a table before it is copied. Models that
   * do not say what they will take (`Measurable`) are not asked. @defaultValue 2 GiB
   */
  readonly maxMemory?: number
  /** Starts a thread. @defaultValue a worker of Node or of the browser */
  readonly spawn?: Spawn
}

/** How one training is watched and stopped. */
export type TrainingRunOptions = {
  /**
   * Called with the fraction done after every tree, or slice of work here, and with 1 just before the model takes the trees in. What it throws
   * stops the training, which then fails with it and has changed nothing. Of a model that trains itself here, it hears
   * nothing once that has changed.
   */
  readonly onProgress?: (done: number) => void
  /** Stops the training at once; nothing is changed then. */
  readonly signal?: AbortSignal
}

/** How one training on a table is weighted, watched and stopped. */
export type TrainingFitOptions = TrainingRunOptions & {
  /** A weight for each row. @defaultValue 1 each */
  readonly weights?: ArrayLike<number>
}

/** Throws where a training that was asked for is not to go on. */
type Check = () => void

/**
 * Trains on other threads, so that the bot's own never waits.
 *
 * The table is handed over without a copy (or shared, where several threads work on it) and the trees come back the same
 * way. They are to the bit those that `refit()` or `fit()` would have made, with any number of threads. The new model is
 * taken in when it is whole: `predict` and `learn` go on meanwhile, and a training that is aborted or fails has changed
 * nothing. Where there are no threads, and for models that cannot leave theirs, the work is done in short slices here.
 *
 * Trainings run one after another. Threads are started with the first and kept until {@link close}; idle ones do not
 * keep the process alive. A training that `fit`, `forget` or another refit of the same model has overtaken is dropped,
 * without an error.
 *
 * What is done on the caller's thread: `fit` checks and copies the table, and several threads are given another copy that
 * they share, in slices of 1 ms (making room for 100 MB and more may set off a collection of garbage, once, of some
 * 20 ms); a refit copies the rows that the model remembers at once, 3 to 10 ms for 5000 of 200 features.
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
  #crew: Crew | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #next = 0
  /** Times that the pool has been closed. */
  #closed = 0

  constructor({ threads = 1, maxMemory = 2 * 1024 * 1024 * 1024, spawn = spawnThread }: TrainingPoolOptions = {}) {
    this.#threads = canShareMemory() ? integer('threads', threads) : Math.min(1, integer('threads', threads))
    this.#maxMemory = positive('maxMemory', maxMemory)
    this.#spawn = spawn
  }

  /**
   * Does a learner's next refit, as `refit()` would.
   *
   * @throws `ABORTED`, `DISPOSED` once the pool was closed, `OUT_OF_MEMORY` where it would take more than `maxMemory`,
   * `WORKER_FAILED`, and what `onProgress` throws
   */
  refit(learner: Refittable & Partial<Offloadable>, options: TrainingRunOptions = {}): Promise<void> {
    return this.#inTurn(options, async (check) => {
      const work = learner.beginRefit?.()
      if (work) await this.#train(work, options, check)
      else await inSlices(learner.refit(), check, options.onProgress)
    })
  }

  /**
   * Trains a model anew on a whole table, as `fit` would; the table is checked and copied in short slices here first.
   * What the model learns meanwhile it learns after that.
   *
   * A model without `beginFit` (`BatchOffloadable`) is trained by its own `fit`, here and in one go: that can be
   * stopped before it begins, tells nothing of its progress, and lets nothing else happen meanwhile.
   *
   * @throws as {@link refit}, and `INVALID_INPUT`
   */
  fit(
    model: Pick<BatchLearner, 'fit'> & Partial<BatchOffloadable>,
    rows: readonly Vector[],
    y: ArrayLike<number>,
    options: TrainingFitOptions = {},
  ): Promise<void> {
    return this.#inTurn(options, async (check) => {
      const steps = model.beginFit?.(rows, y, options.weights)
      if (!steps) {
        model.fit(rows, y, options.weights)
        return
      }
      this.#checkMemory(steps)
      await this.#train(await inSlices(steps, check), options, check)
    })
  }

  /**
   * Ends the threads. What was asked for before and is not done fails with `DISPOSED`, in whatever state it is, and has
   * changed nothing; what is asked for afterwards starts new threads.
   */
  async close(): Promise<void> {
    this.#closed++
    await this.#crew?.end(disposed())
  }

  /** Runs after everything that was asked before, whether that worked or not. */
  #inTurn({ signal }: TrainingRunOptions, act: (check: Check) => Promise<void>): Promise<void> {
    const closed = this.#closed
    const check = (): void => {
      if (this.#closed !== closed) throw disposed()
      if (signal?.aborted) throw aborted()
    }
    const turn = this.#queue.then(() => {
      check()
      return act(check)
    })
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #train(work: RefitWork, options: TrainingRunOptions, check: Check): Promise<void> {
    this.#checkMemory(work)
    const result = isTraining(work.kind)
      ? await this.#onThreads(work, options, check)
      : await inSlices(work.run(), check, options.onProgress)
    check()
    options.onProgress?.(1)
    check()
    work.adopt(result)
  }

  #checkMemory(work: Partial<Measurable>): void {
    const bytes = work.memory?.(this.#threads) ?? 0
    if (bytes <= this.#maxMemory) return
    throw new TradeLearnError(
      'OUT_OF_MEMORY',
      `The training may take at most ${megabytes(this.#maxMemory)}, and would take ${megabytes(bytes)}.`,
    )
  }

  /** Does it on threads, or here where there are none and where they cannot load their script. */
  async #onThreads(work: RefitWork, { onProgress, signal }: TrainingRunOptions, check: Check): Promise<unknown> {
    check()
    const crew = this.#start()
    const stop = (): void => void crew?.end(aborted())
    signal?.addEventListener('abort', stop, { once: true })
    try {
      if (!crew || !(await crew.load())) return await inSlices(work.run(), check, onProgress)
      const requests = await inSlices(requestsFor(work.job, this.#next++, this.#threads), check)
      return await crew.train(requests, onProgress)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** The threads, started unless they run; `undefined` where there are none. */
  #start(): Crew | undefined {
    if (this.#crew && !this.#crew.ended) return this.#crew
    try {
      this.#crew = new Crew(this.#threads, this.#spawn)
    } catch {
      this.#crew = undefined
    }
    return this.#crew
  }
}

const aborted = (): TradeLearnError =>
  new TradeLearnError('ABORTED', 'The training was aborted; it has changed nothing.')

const disposed = (): TradeLearnError =>
  new TradeLearnError('DISPOSED', 'The pool was closed before the training was done; it has changed nothing.')

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** Milliseconds of work here before other events get their turn. */
const SLICE_MS = 1

/** Runs steps in slices and returns what the last one does; `onProgress` hears of those before it. */
async function inSlices<T>(
  steps: Generator<number, T, void>,
  check: Check,
  onProgress: (done: number) => void = () => {},
): Promise<T> {
  let last: { readonly value: T } | undefined
  function* checked(): Generator<number, void, void> {
    try {
      while (last === undefined) {
        check()
        const step = steps.next()
        if (step.done) last = { value: step.value }
        else yield step.value
      }
    } finally {
      steps.return(undefined as T)
    }
  }
  const tell = (done: number): void => {
    if (last === undefined) onProgress(done)
  }
  await runInSlices(checked(), { sliceMs: SLICE_MS, onProgress: tell })
  return last!.value
}
