import { integer } from '../core/check.ts'
import type { DecayedMoments } from '../core/decayed-moments.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Ring } from '../core/ring.ts'

/** Far above what anyone needs, so that a damaged snapshot cannot ask for all memory. */
const MOST = 65_536

/** What rounding may add to the largest variance. */
const ROUNDING = 1.001

/** Passes a whole number from `least` to `most`, else throws. */
export function count(name: string, value: number, least = 1, most: number = MOST): number {
  if (integer(name, value, least) <= most) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${show(value)}.`)
}

/** Passes an array of `length` numbers of at most `most`, of either sign, from a snapshot; else throws. */
export function checkNumbers(
  name: string,
  array: Float64Array,
  length: number,
  most: number = Number.MAX_VALUE,
): Float64Array {
  if (array.length !== length) corrupt(name, `an array of ${length}`, array)
  const at = array.findIndex((value) => !(Math.abs(value) <= most))
  if (at >= 0) checkNumber(`${name}[${at}]`, array[at]!, most)
  return array
}

/** Passes an array of `length` numbers from 0 to `most` from a snapshot, else throws. */
export function checkAmounts(
  name: string,
  array: Float64Array,
  length: number,
  most: number = Number.MAX_VALUE,
): Float64Array {
  if (array.length !== length) corrupt(name, `an array of ${length}`, array)
  const at = array.findIndex((value) => !(value >= 0 && value <= most))
  if (at >= 0) checkAmount(`${name}[${at}]`, array[at]!, most)
  return array
}

/** Passes a number of at most `most`, of either sign, from a snapshot; else throws. */
export function checkNumber(name: string, value: number, most: number = Number.MAX_VALUE): number {
  return Math.abs(value) <= most ? value : corrupt(name, `a number up to ±${most}`, value)
}

/** Passes a number from 0 to `most` from a snapshot, else throws. */
export function checkAmount(name: string, value: number, most: number = Number.MAX_VALUE): number {
  return value >= 0 && value <= most ? value : corrupt(name, `a number from 0 to ${most}`, value)
}

/** Throws unless moments from a snapshot are those of numbers from `least` to `most`. */
export function checkMoments(name: string, { n, mean, variance }: DecayedMoments, least: number, most: number): void {
  checkAmount(`${name}.n`, n)
  if (!(mean >= least && mean <= most)) corrupt(`${name}.mean`, `from ${least} to ${most}`, mean)
  // the variance of numbers in an interval is largest where they lie at its ends
  const half = (most - least) / 2
  checkAmount(`${name}.variance`, variance, ROUNDING * half * half)
}

/** Throws unless a ring from a snapshot is one that pushes of such values can lead to. */
export function checkRing(name: string, { values, head, size }: Ring, isValue: (value: number) => boolean): void {
  if (checkCount(`${name}.head`, head) >= values.length) corrupt(`${name}.head`, `below ${values.length}`, head)
  checkAmount(`${name}.size`, checkCount(`${name}.size`, size), values.length)
  const at = values.findIndex((value) => !isValue(value))
  if (at >= 0) corrupt(`${name}.values[${at}]`, 'a value that it can hold', values[at])
}

/** Passes what counts something, a whole number of at least 0, from a snapshot; else throws. */
export function checkCount(name: string, value: number): number {
  return Number.isSafeInteger(value) && value >= 0 ? value : corrupt(name, 'a whole number of at least 0', value)
}

/** Refuses a value from a snapshot. */
export function corrupt(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `Snapshot value "${name}" must be ${wanted}, got ${show(got)}.`)
}
