import { TradeLearnError } from '../core/errors.ts'

/** Passes a number that is not above `most`, else throws. */
export function atMost(name: string, value: number, most: number): number {
  if (value <= most) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${value}.`)
}
