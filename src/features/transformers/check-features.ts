import { integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'

/** As many as the learners take; a larger number comes from a damaged file, and would ask for all memory. */
const MOST_FEATURES = 65_536

/** Passes a number of features, else throws. */
export function checkFeatures(features: number): number {
  if (integer('features', features) <= MOST_FEATURES) return features
  throw new TradeLearnError('INVALID_OPTION', `"features" must be at most ${MOST_FEATURES}, got ${features}.`)
}
