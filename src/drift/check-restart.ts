import { TradeLearnError } from '../core/errors.ts'

/** Throws where a detector would always start again before it may alarm. */
export function checkRestart(restartEvery: number, minSamples: number): void {
  // the first value after those sets the best state, the next can be worse
  if (restartEvery >= minSamples + 2) return
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"restartEvery" must be at least 2 more than "minSamples", ${minSamples}, for an alarm to be possible, got ${restartEvery}.`,
  )
}
