import type { Serializable } from '../contracts.ts'
import type { Direction, Report, TrialRecord, Verdict } from './trial.ts'

/** What a pruner may look at. */
export type Race = {
  /** What the trial has reported so far, the newest last; never empty. */
  readonly reports: readonly Report[]
  /** The finished trials that could be seen when this one was asked, without those that failed. */
  readonly rivals: readonly TrialRecord<unknown>[]
  readonly direction: Direction
}

/**
 * Ends trials that will not pay.
 *
 * Law: `judge` depends on its argument alone. Rivals are those that the trial could see when it was asked, whatever has
 * been told since, so that nothing depends on who is quickest.
 */
export interface Pruner extends Serializable {
  /** Whether a trial is worth going on with, after its newest report. */
  judge(race: Race): Verdict
}

/** What a pruner compares: the mean of all reports up to a step, or the newest alone. */
export type Yardstick = 'mean' | 'newest'

/** The first `count` reports as one number, lower being better. */
export function lossOf(reports: readonly Report[], count: number, of: Yardstick, direction: Direction): number {
  const sign = direction === 'minimize' ? 1 : -1
  if (of === 'newest') return sign * reports[count - 1]!.value
  let mean = 0
  for (let i = 0; i < count; i++) mean += (reports[i]!.value - mean) / (i + 1)
  return sign * mean
}
