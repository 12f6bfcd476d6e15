import type { Clock } from '../contracts.ts'
import { integer, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { StopRule } from './patience.ts'
import type { Direction, Trial, TrialOutcome, TrialRecord } from './trial.ts'

/** What is to be made small or large: gives a value, or `'pruned'` where the trial was told to stop. */
export type Objective<P> = (params: P, trial: Trial<P>) => number | 'pruned' | Promise<number | 'pruned'>

/** Options of {@link optimize}. */
export type OptimizeOptions = {
  /** Trials that the study is to have in all, those it has already among them. */
  readonly trials: number
  /** Milliseconds after which no trial is begun. @defaultValue Infinity */
  readonly timeBudget?: number
  /** Tells the time for `timeBudget`. */
  readonly clock?: Clock
  /** Looked at before every trial, e.g. an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean }
  /** Told after every trial: the moment to save the study. */
  readonly onProgress?: (progress: { readonly done: number; readonly of: number }) => void
  /** Ends the search early, such as `patience()`. @defaultValue never */
  readonly stopWhen?: StopRule
}

/** What a search needs of a study. */
export type Asking<P> = {
  readonly options: { readonly direction: Direction }
  readonly trials: readonly TrialRecord<P>[]
  readonly visible: readonly TrialRecord<P>[]
  readonly counts: { readonly asked: number; readonly pending: number }
  readonly canAsk: boolean
  ask(): Trial<P>
  tell(id: number, outcome: TrialOutcome): void
}

/** Runs trials one after another; see {@link Study.optimize}. */
export async function optimize<P>(
  study: Asking<P>,
  objective: Objective<P>,
  { trials, timeBudget = Infinity, clock, signal, onProgress, stopWhen }: OptimizeOptions,
): Promise<void> {
  integer('trials', trials)
  if (timeBudget !== Infinity) positive('timeBudget', timeBudget)
  if (timeBudget !== Infinity && !clock) {
    throw new TradeLearnError('INVALID_OPTION', '"timeBudget" must come with a "clock", got none.')
  }
  const end = (clock?.now() ?? 0) + timeBudget
  const done = (): number => study.counts.asked - study.counts.pending
  while (done() < trials) {
    if (signal?.aborted) {
      throw new TradeLearnError('ABORTED', `The search was aborted after ${done()} of ${trials} trials.`)
    }
    if (clock && clock.now() >= end) return
    if (stopWhen?.(study.visible, study.options.direction)) return
    const trial = study.ask()
    study.tell(trial.id, await run(objective, trial))
    onProgress?.({ done: done(), of: trials })
  }
}

async function run<P>(objective: Objective<P>, trial: Trial<P>): Promise<TrialOutcome> {
  try {
    return await objective(trial.params, trial)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    return { failed: said || 'The objective threw an error without a message.' }
  }
}
