import { checkObservation, finite, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { GradientBoostingOptions } from './options.ts'
import { MOST_COUNT, MOST_LABEL, type Table } from './window.ts'

/** Checks one observation: the vector, the weight, and a label that suits the loss. */
export function checkRow(options: GradientBoostingOptions, x: Float64Array, y: number, weight: number): void {
  checkObservation(options.task, x, options.features, y, weight)
  const wanted = wantedLabel(options, y)
  if (wanted) throw new TradeLearnError('INVALID_INPUT', `"y" must be ${wanted}, got ${show(y)}.`)
}

/** What a label should have been; `undefined` where it is right. */
function wantedLabel({ loss, classes }: GradientBoostingOptions, y: number): string | undefined {
  if (Math.abs(y) > MOST_LABEL) return `at most ±${MOST_LABEL}, so that sums of squares stay finite`
  if (loss === 'poisson' && !(y >= 0 && y <= MOST_COUNT)) return `from 0 to ${MOST_COUNT} for the Poisson loss`
  if (loss === 'softmax' && !(Number.isInteger(y) && y >= 0 && y < classes)) return `a class from 0 to ${classes - 1}`
  return undefined
}

/** Throws unless rows, labels and weights, where there are any, are lists of one length. */
export function checkLengths(rows: readonly unknown[], y: ArrayLike<number>, weights?: ArrayLike<number>): void {
  if (!Array.isArray(rows)) {
    throw new TradeLearnError('INVALID_INPUT', `"rows" must be a list of vectors, got ${show(rows)}.`)
  }
  const { length } = rows
  if (y?.length === length && (!weights || weights.length === length)) return
  throw new TradeLearnError(
    'INVALID_INPUT',
    `"y" and "weights" must have ${length} entries like "rows", got ${show(y)} and ${show(weights)}.`,
  )
}

/** Throws `CORRUPT_SNAPSHOT` unless a table that was read back could have been written. */
export function checkWindow({ x, y, weights }: Table, options: GradientBoostingOptions): void {
  const { features, window: most, task } = options
  const rows = y.length
  if (rows > most || x.length !== rows * features || weights.length !== rows) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `The window must hold at most ${most} rows of ${features} features with a label and a weight each, ` +
        `got ${x.length} values, ${rows} labels and ${weights.length} weights.`,
    )
  }
  for (const value of x) finite('window.x', value === value ? value : 0, 'CORRUPT_SNAPSHOT')
  for (const value of weights) positive('window.weights', value, 'CORRUPT_SNAPSHOT')
  for (const value of y) {
    finite('window.y', value, 'CORRUPT_SNAPSHOT')
    const wanted = task === 'binary' && value !== 0 && value !== 1 ? '0 or 1' : wantedLabel(options, value)
    if (wanted) throw new TradeLearnError('CORRUPT_SNAPSHOT', `"window.y" must be ${wanted}, got ${value}.`)
  }
}
