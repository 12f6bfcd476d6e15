import { TradeLearnError } from '../core/errors.ts'
import type { Direction } from './direction.ts'

/** The other way to set a detector up: by its false alarms rather than by its paper's symbols. */
export type FalseAlarmOption = {
  /**
   * Values from one false alarm to the next, on average, while nothing changes: 300 to 1,000,000. Takes the place of
   * the threshold, and is true for the defaults of the other options unless they say otherwise. @defaultValue undefined
   */
  readonly falseAlarmEvery?: number
}

/** Rows of `[falseAlarmEvery, threshold]`, the rarest alarms last. */
export type Calibration = readonly (readonly [every: number, threshold: number])[]

/** What has been simulated: below, the values that a detector needs for its start are most of the time. */
const LEAST = 300
const MOST = 1_000_000

/** Passes a mean time between false alarms that detectors are calibrated for, else throws. */
export function checkEvery(every: number): number {
  if (typeof every === 'number' && every >= LEAST && every <= MOST) return every
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"falseAlarmEvery" must be a number from ${LEAST} to ${MOST}, got ${String(every)}.`,
  )
}

/**
 * The threshold for a mean time between false alarms: linear in its logarithm between the rows of a table, because the
 * tails that alarms come from fall off exponentially.
 *
 * Where a table is for one direction, watching both doubles the alarms, so that each side gets half of them.
 */
export function thresholdFor(every: number, table: Calibration, direction: Direction = 'up'): number {
  checkEvery(every)
  const wanted = direction === 'both' ? 2 * every : every
  const last = table.length - 1
  let row = 1
  while (row < last && table[row]![0] < wanted) row++
  const [e0, t0] = table[row - 1]!
  const [e1, t1] = table[row]!
  return t0 + ((t1 - t0) * Math.log(wanted / e0)) / Math.log(e1 / e0)
}

/** Throws where an option was given that `falseAlarmEvery` decides, or that its table does not hold for. */
export function refuseBeside(options: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    throw new TradeLearnError('INVALID_OPTION', `"${name}" cannot be given beside "falseAlarmEvery", which sets it.`)
  }
}
