import { show, TradeLearnError } from '../core/errors.ts'

/** Passes a number of observations of at least 1, or Infinity, which means that nothing fades; else throws. */
export function checkHalfLife(halfLife: number): number {
  if (typeof halfLife === 'number' && halfLife >= 1) return halfLife
  throw new TradeLearnError('INVALID_OPTION', `"halfLife" must be at least 1 or Infinity, got ${show(halfLife)}.`)
}
