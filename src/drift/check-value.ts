import { show, TradeLearnError } from '../core/errors.ts'

/** Squares of larger values would overflow the sums of a detector and deafen it for good. */
const LARGEST = 1e100

/** Throws unless `value` is a finite number that a detector can square and add up. */
export function checkValue(value: number): void {
  if (typeof value === 'number' && Math.abs(value) <= LARGEST) return
  throw new TradeLearnError('INVALID_INPUT', `"value" must be a finite number up to ±${LARGEST}, got ${show(value)}.`)
}
