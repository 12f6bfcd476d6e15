import { integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'

/** Checks a fast and a slow period: whole numbers, the fast one the shorter. */
export function checkPair(fast: number, slow: number): void {
  integer('fast', fast)
  integer('slow', slow)
  if (fast < slow) return
  throw new TradeLearnError('INVALID_OPTION', `"fast" must be less than "slow", got ${fast} and ${slow}.`)
}
