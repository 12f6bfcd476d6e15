import { show, TradeLearnError } from '../core/errors.ts'

/** Squares of larger values would overflow the sums of a detector and deafen it for good. */
const LARGEST = 1e100

/** Throws unless `value` is a finite number that a detector can square and add up. */
export function checkValue(value: number): void {
  if (typeof value === 'number' && Math.abs(value) <= LARGEST) return
  throw new TradeLearnError('INVALID_INPUT', `"value" must be a finite number up to ±${LARGEST}, got ${show(value)}.`)
}

/** Throws where an option in the unit of the values is larger than they may be. */
export function checkSize(name: string, size: number): void {
  if (size <= LARGEST) return
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${LARGEST}, got ${size}.`)
}

/** Throws unless `value` is an error from 0 to 1: what bounds on proportions are made for. */
export function checkError(value: number): void {
  if (typeof value === 'number' && value >= 0 && value <= 1) return
  throw new TradeLearnError('INVALID_INPUT', `"value" must be an error from 0 to 1, got ${show(value)}.`)
}

/** Throws unless `value` is 0 (right) or 1 (wrong). */
export function checkMistake(value: number): void {
  if (value === 0 || value === 1) return
  throw new TradeLearnError('INVALID_INPUT', `"value" must be 0 (right) or 1 (wrong), got ${show(value)}.`)
}
