import { finite } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'

/**
 * Throws unless every value is a finite number, naming the first row that is not, and unless there are `length` of
 * them.
 */
export function checkSeries(name: string, values: ArrayLike<number>, length: number = values.length): void {
  if (values.length !== length) {
    throw new TradeLearnError('INVALID_INPUT', `"${name}" must have ${length} values, got ${values.length}.`)
  }
  for (let row = 0; row < length; row++) {
    if (!Number.isFinite(values[row])) finite(`${name}[${row}]`, values[row]!, 'INVALID_INPUT')
  }
}

/** Throws unless there is at least one series, all are of one length, and every value is a finite number. */
export function checkTrials(trials: readonly ArrayLike<number>[]): void {
  if (trials.length === 0) {
    throw new TradeLearnError('NOT_ENOUGH_DATA', '"trials" must hold at least one series, got none.')
  }
  for (const [i, series] of trials.entries()) checkSeries(`trials[${i}]`, series, trials[0]!.length)
}

/** Refuses what was read back. */
export function corrupt(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${name}" must be ${wanted}, got ${show(got)}.`)
}
