import { integer, nonNegative } from '../core/check.ts'
import type { Direction, TrialRecord } from './trial.ts'

/** Whether to stop a search, given the trials that the next one may learn from. Law: it depends on them alone. */
export type StopRule = (visible: readonly TrialRecord<unknown>[], direction: Direction) => boolean

/** Options of {@link patience}. */
export type PatienceOptions = {
  /** Finished trials in a row without a better value after which the search stops. @defaultValue 30 */
  readonly trials: number
  /** By how much a value must be better to count. @defaultValue 0 */
  readonly margin: number
}

/**
 * Stops a search that has not got better for a while.
 *
 * It looks at the trials that the next one may learn from, so that the number of workers makes no difference.
 *
 * @example
 * ```ts
 * const study = new Study({ space: { x: float({ low: -1, high: 1 }) } })
 * await study.optimize(({ x }) => x * x, { trials: 500, stopWhen: patience({ trials: 40 }) })
 * ```
 */
export function patience({ trials = 30, margin = 0 }: Partial<PatienceOptions> = {}): StopRule {
  integer('trials', trials)
  nonNegative('margin', margin)
  return (visible, direction) => {
    const sign = direction === 'minimize' ? 1 : -1
    let best = Infinity
    let since = 0
    for (const { state, value } of visible) {
      since++
      if (state !== 'complete' || !(sign * value < best - (best === Infinity ? 0 : margin))) continue
      best = sign * value
      since = 0
    }
    return since >= trials
  }
}
