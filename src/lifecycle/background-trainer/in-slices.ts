import type { Clock } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'

/** How work here is watched and stopped. */
export type InSlicesOptions = {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Milliseconds of work before other events get their turn. */
  readonly sliceMs: number
  /** Milliseconds after which the work is dropped. A step that does not return cannot be stopped. */
  readonly timeout: number
  readonly onProgress?: (done: number) => void
}

/** Lets other events have their turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

/**
 * Runs steps in slices here and returns what they return.
 *
 * @throws `ABORTED`, `WORKER_FAILED` where it takes too long, and what the steps throw
 */
export async function inSlices<T>(
  steps: Generator<number, T, void>,
  { clock, signal, sliceMs, timeout, onProgress }: InSlicesOptions,
): Promise<T> {
  const start = clock.now()
  try {
    for (;;) {
      const begun = clock.now()
      let step: IteratorResult<number, T>
      do {
        if (signal.aborted) {
          throw new TradeLearnError('ABORTED', 'The retraining was aborted; the model in charge stays.')
        }
        step = steps.next()
        if (step.done) return step.value
      } while (clock.now() - begun < sliceMs)
      onProgress?.(step.value)
      if (clock.now() - start > timeout) {
        throw new TradeLearnError('WORKER_FAILED', `The retraining must be done within ${timeout} ms; it was dropped.`)
      }
      await turn()
    }
  } finally {
    steps.return(undefined as T)
  }
}

/** Runs steps with their progress moved into a part of the whole. */
export function* scaled<T>(steps: Generator<number, T, void>, from: number, to: number): Generator<number, T, void> {
  let step = steps.next()
  for (; !step.done; step = steps.next()) yield from + (to - from) * step.value
  return step.value
}
