import { show, TradeLearnError } from '../core/errors.ts'

/** Throws unless `out` is a vector with room for `length` numbers. */
export function checkOut(out: Float64Array, length: number): void {
  if (out instanceof Float64Array && out.length === length) return
  throw new TradeLearnError('INVALID_INPUT', `"out" must be a Float64Array of ${length}, got ${show(out)}.`)
}
