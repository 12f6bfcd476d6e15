import type { Learner } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'

/** Throws unless the learner says probabilities. */
export function onlyBinary({ task }: Learner): void {
  if (task !== 'binary') throw new TradeLearnError('INVALID_OPTION', `"learner" must be a binary learner, got ${task}.`)
}
