import type { Models } from '../parts.ts'
import type { RowLog } from './row-log.ts'
import type { SettledRow } from './settled-row.ts'

/** Rows that are learned in one step. */
const ROWS_A_STEP = 10

/** What a candidate has yet to learn, in the order of settling. Rows that settle meanwhile are added at its end. */
export type Backlog = { readonly rows: SettledRow[]; next: number }

/**
 * The settled rows that a training does without: those in no complete cohort yet. Rows decided before the training's first
 * are older than what it was to look at.
 */
export function beginBacklog(log: RowLog, trained: readonly SettledRow[]): Backlog {
  const known = new Set(trained.map(({ id }) => id))
  const from = trained[0]!.time
  return { rows: [...log.settled()].filter(({ id, time }) => time >= from && !known.has(id)), next: 0 }
}

/** Shows a candidate its backlog, with what is added to it meanwhile; yields now and then. Returns how many rows it was. */
export function* catchUp(models: Models, backlog: Backlog): Generator<number, number, void> {
  const { rows } = backlog
  for (; backlog.next < rows.length; backlog.next++) {
    const { x, y, netReturn, stopHit } = rows[backlog.next]!
    models.success.learn(x, y)
    models.expectedReturn.learn(x, netReturn)
    models.stopRisk.learn(x, stopHit)
    if (backlog.next % ROWS_A_STEP === ROWS_A_STEP - 1) yield backlog.next / rows.length
  }
  return rows.length
}

/** {@link catchUp} in one go, for the last few. */
export function catchUpNow(models: Models, backlog: Backlog): number {
  const steps = catchUp(models, backlog)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}
