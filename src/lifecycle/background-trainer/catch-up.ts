import type { Models } from '../parts.ts'
import type { RowLog } from './row-log.ts'
import type { SettledRow } from './settled-row.ts'

/** Rows that are learned in one step. */
const ROWS_A_STEP = 10

/** What a candidate has learned, and what it need not learn. */
export type CatchUp = {
  readonly models: Models
  readonly log: RowLog
  /** Rows decided before it are older than the training's own, which were cut off. */
  readonly from: number
  /** Ids of the rows that it has learned. */
  readonly known: Set<string>
}

/** The start of catching up on what the training did not have. */
export function beginCatchUp(models: Models, log: RowLog, trained: readonly SettledRow[]): CatchUp {
  return { models, log, from: trained[0]!.time, known: new Set(trained.map(({ id }) => id)) }
}

/**
 * Shows a candidate the settled rows that it was not trained on, in the order of settling: those that came in meanwhile,
 * and those that were in no complete cohort then. Goes on until nothing is missing; returns how many there were.
 */
export function* catchUp({ models, log, from, known }: CatchUp): Generator<number, number, void> {
  let learned = 0
  for (;;) {
    const missing = [...log.settled()].filter(({ id, time }) => time >= from && !known.has(id))
    if (missing.length === 0) return learned
    for (const [i, { id, x, y, netReturn, stopHit }] of missing.entries()) {
      models.success.learn(x, y)
      models.expectedReturn.learn(x, netReturn)
      models.stopRisk.learn(x, stopHit)
      known.add(id)
      learned++
      if (i % ROWS_A_STEP === ROWS_A_STEP - 1) yield (i + 1) / missing.length
    }
  }
}

/** {@link catchUp} in one go, for the last few. */
export function catchUpNow(state: CatchUp): number {
  const steps = catchUp(state)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}
