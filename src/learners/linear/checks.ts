import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'

/** Far above what anyone needs, so that a damaged snapshot cannot ask for all memory. */
const MOST = 65_536

/** Passes a whole number from `least` to `most`, else throws. */
export function count(name: string, value: number, least = 1, most: number = MOST): number {
  if (integer(name, value, least) <= most) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${show(value)}.`)
}

/** Passes an array of `length` finite numbers from a snapshot, else throws. */
export function checkNumbers(name: string, array: Float64Array, length: number): Float64Array {
  if (array.length !== length) corrupt(name, `an array of ${length}`, array)
  for (let i = 0; i < length; i++) if (!Number.isFinite(array[i]!)) corrupt(`${name}[${i}]`, 'finite', array[i])
  return array
}

/** Passes an array of `length` numbers of at least 0 from a snapshot, else throws. */
export function checkAmounts(name: string, array: Float64Array, length: number): Float64Array {
  checkNumbers(name, array, length)
  for (let i = 0; i < length; i++) if (array[i]! < 0) corrupt(`${name}[${i}]`, 'at least 0', array[i])
  return array
}

/** Refuses a value from a snapshot. */
export function corrupt(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `Snapshot value "${name}" must be ${wanted}, got ${show(got)}.`)
}
