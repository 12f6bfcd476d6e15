import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { InferParams, Space, StopRule, Study, TrialOutcome, TrialVerdict } from '../study/index.ts'
import { parentOf, type Thread } from './threads.ts'

/** A trial in another thread: as `Trial`, but the verdict has to be waited for. */
export type ServedTrial<P> = {
  readonly id: number
  readonly params: P
  /** Tells a value of one step; says whether the trial is worth going on with. Steps ascend. */
  report(step: number, value: number): Promise<TrialVerdict>
}

/** What is to be made small or large, in a thread of its own. */
export type ServedObjective<P> = (params: P, trial: ServedTrial<P>) => number | 'pruned' | Promise<number | 'pruned'>

/** Options of {@link optimizeInThreads}. */
export type ThreadedSearchOptions = {
  /** Trials that the study is to have in all, those it has already among them. */
  readonly trials: number
  /** Starts a thread whose script calls {@link serveTrials}, e.g. `() => nodeThread(new Worker(url))`. */
  readonly spawn: () => Thread
  /** Threads; more than the study's `batch` have nothing to do. @defaultValue 2 */
  readonly threads?: number
  /** Looked at before every trial. */
  readonly signal?: { readonly aborted: boolean }
  /** Told after every trial: the moment to save the study. */
  readonly onProgress?: (progress: { readonly done: number; readonly of: number }) => void
  /** Ends the search early, such as `patience()`. @defaultValue never */
  readonly stopWhen?: StopRule
}

type Asked =
  | { readonly trial: number; readonly params: unknown }
  | { readonly trial: number; readonly verdict: TrialVerdict }
type Said =
  | { readonly ready: true }
  | { readonly trial: number; readonly step: number; readonly value: number }
  | { readonly trial: number; readonly outcome: TrialOutcome }

/**
 * Runs the trials of a study in several threads at once; the result is to the bit that of one.
 *
 * The study decides what is tried from results that do not depend on who was quicker (see its `batch`), so two threads or
 * eight, and whichever ends first, lead to the same trials. A thread that ends by itself fails the trial that it was at,
 * with the reason, and another takes its place. Threads are ended when the search is.
 *
 * @throws `WORKER_FAILED` where a thread cannot load its script, `ABORTED` if the signal says so; the study then has what
 * was finished, and what was at work is asked again after it was saved and read
 *
 * @example
 * ```ts
 * // objective.js
 * serveTrials(async ({ rate }, trial) => {
 *   for (const [fold, loss] of lossesOf(rate)) if ((await trial.report(fold, loss)) === 'prune') return 'pruned'
 *   return meanLoss
 * })
 * // search.js
 * const spawn = () => nodeThread(new Worker(new URL('./objective.js', import.meta.url)))
 * await optimizeInThreads(study, { spawn, threads: 2, trials: 100 })
 * ```
 */
export async function optimizeInThreads<S extends Space>(
  study: Study<S>,
  options: ThreadedSearchOptions,
): Promise<void> {
  const { spawn, threads = 2, signal, onProgress, stopWhen } = options
  const trials = integer('trials', options.trials)
  integer('threads', threads)
  const workers = new Set<Worker>()
  let atWork = 0
  let stopped = false
  let wake = (): void => {}
  let told = new Promise<void>((resolve) => (wake = resolve))

  /** Another trial may begin: one that was at work when the study was saved, or a new one. */
  const wanted = (): boolean => {
    const { asked, pending } = study.counts
    if (stopped || (asked >= trials && pending <= atWork)) return false
    if (pending > atWork || !study.canAsk) return true
    stopped = stopWhen?.(study.visible, study.options.direction) ?? false
    return !stopped
  }
  const work = async (): Promise<void> => {
    let worker: Worker | undefined
    while (wanted()) {
      if (signal?.aborted) {
        const { asked, pending } = study.counts
        throw new TradeLearnError('ABORTED', `The search was aborted after ${asked - pending} of ${trials} trials.`)
      }
      if (!study.canAsk) {
        await told
        continue
      }
      const trial = study.ask()
      atWork++
      if (!worker || worker.gone) {
        worker = new Worker(spawn())
        workers.add(worker)
      }
      const outcome = await worker.run(trial.id, trial.params, (step, value) => trial.report(step, value))
      study.tell(trial.id, outcome)
      atWork--
      wake()
      told = new Promise<void>((resolve) => (wake = resolve))
      const { asked, pending } = study.counts
      onProgress?.({ done: asked - pending, of: trials })
    }
  }
  try {
    await Promise.all(Array.from({ length: threads }, work))
  } finally {
    stopped = true
    await Promise.all([...workers].map((worker) => worker.end()))
  }
}

/** A thread, one trial at a time. */
class Worker {
  readonly #thread: Thread
  readonly #ready: Promise<void>
  #settle: ((outcome: TrialOutcome) => void) | undefined
  #report: (step: number, value: number) => TrialVerdict = () => 'go on'
  #reason = ''
  #ended = false
  gone = false

  constructor(thread: Thread) {
    this.#thread = thread
    this.#ready = new Promise((resolve, reject) => {
      thread.listen(
        (message) => {
          const said = message as Said
          if ('ready' in said) resolve()
          else if ('outcome' in said) this.#settle?.(said.outcome)
          else this.#answer(said)
        },
        (reason) => {
          // one that is ended on purpose leaves its trial pending
          if (this.#ended) return
          this.gone = true
          this.#reason = reason
          reject(new TradeLearnError('WORKER_FAILED', `A thread of the search could not load its script: ${reason}.`))
          this.#settle?.({ failed: `Its thread ended: ${reason}.` })
        },
      )
    })
    // it is waited for where it matters
    this.#ready.catch(() => {})
  }

  async run(
    trial: number,
    params: unknown,
    report: (step: number, value: number) => TrialVerdict,
  ): Promise<TrialOutcome> {
    await this.#ready
    this.#report = report
    const outcome = new Promise<TrialOutcome>((resolve) => {
      this.#settle = resolve
      if (this.gone) resolve({ failed: `Its thread ended: ${this.#reason}.` })
    })
    this.#thread.post({ trial, params } satisfies Asked, [])
    return outcome
  }

  #answer({ trial, step, value }: { readonly trial: number; readonly step: number; readonly value: number }): void {
    let verdict: TrialVerdict
    try {
      verdict = this.#report(step, value)
    } catch (error) {
      // a report that cannot be fails the trial as it would here
      this.#settle?.({ failed: (error as Error).message })
      verdict = 'prune'
    }
    this.#thread.post({ trial, verdict } satisfies Asked, [])
  }

  async end(): Promise<void> {
    this.#ended = true
    await this.#thread.end()
  }
}

/**
 * Makes this thread one that runs trials: to be called once by the script that {@link optimizeInThreads} spawns.
 *
 * @throws `WORKER_FAILED` where this is no thread
 */
export function serveTrials<S extends Space = Space>(objective: ServedObjective<InferParams<S>>): void {
  const parent = parentOf()
  if (!parent) throw new TradeLearnError('WORKER_FAILED', 'Trials are served by a worker thread, and this is none.')
  const say = (message: Said): void => parent.post(message, [])
  let decide: (verdict: TrialVerdict) => void = () => {}
  const hear = async (asked: Asked): Promise<void> => {
    if ('verdict' in asked) return decide(asked.verdict)
    const { trial: id, params } = asked as { readonly trial: number; readonly params: InferParams<S> }
    const report = (step: number, value: number): Promise<TrialVerdict> =>
      new Promise((resolve) => {
        decide = resolve
        say({ trial: id, step, value })
      })
    let outcome: TrialOutcome
    try {
      outcome = await objective(params, { id, params, report })
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      outcome = { failed: said || 'The objective threw an error without a message.' }
    }
    say({ trial: id, outcome })
  }
  parent.listen((asked) => void hear(asked as Asked))
  say({ ready: true })
}
