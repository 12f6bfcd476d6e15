import type { Clock } from '../contracts.ts'
import { positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { systemClock } from './system-clock.ts'

/** Options of {@link runInSlices}. */
export type SliceOptions = {
  /** How long to work before other events get their turn, in milliseconds. @defaultValue 5 */
  readonly sliceMs?: number
  /** Called after each slice with the fraction done. */
  readonly onProgress?: (done: number) => void
  /** Stops between two slices; nothing is changed then. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/**
 * Runs long work in short slices, so that the bot's event loop keeps turning.
 *
 * One slice ends at the first step after `sliceMs`, so the loop waits for at most a slice and a step. It takes no
 * extra thread and no copy of the data.
 *
 * @throws `ABORTED` when `signal` fires; the work is dropped and has changed nothing
 *
 * @example
 * ```ts
 * while (learner.refitDue) await runInSlices(learner.refit())
 * ```
 */
export async function runInSlices(
  work: Generator<number, void, void>,
  { sliceMs = 5, onProgress, signal, clock = systemClock }: SliceOptions = {},
): Promise<void> {
  positive('sliceMs', sliceMs)
  for (;;) {
    const end = clock.now() + sliceMs
    let step: IteratorResult<number, void>
    do {
      if (signal?.aborted) {
        work.return()
        throw new TradeLearnError('ABORTED', 'The work was aborted between two slices; it has changed nothing.')
      }
      step = work.next()
    } while (!step.done && clock.now() < end)
    if (step.done) {
      onProgress?.(1)
      return
    }
    onProgress?.(step.value)
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}
