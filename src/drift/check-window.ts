import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'

/** Longer windows would take more memory than a detector is worth, or be a damaged snapshot. */
const LONGEST = 1_000_000

/** Passes a number of values that a detector can keep, else throws. */
export function checkWindow(name: string, window: number, least = 1, most: number = LONGEST): number {
  integer(name, window, least)
  if (window <= most) return window
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${window}.`)
}
