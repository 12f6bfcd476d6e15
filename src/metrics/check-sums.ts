import { show, TradeLearnError } from '../core/errors.ts'
import type { Moments } from '../core/moments.ts'

/** More than all weights can add up to: 2^53 of the largest, 1e50. */
const LARGEST_SUM = 1e66
/** Share that rounding may have added: numbers that are all alike can have a mean next to them. */
const SLACK = 1e-9

/** Refuses what was read back. */
export function corrupt(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${name}" must be ${wanted}, got ${show(got)}.`)
}

/** Throws unless sums of weights that were read back are finite numbers of at least 0. */
export function checkSums<T extends { readonly [name: string]: number }>(sums: T): T {
  for (const [name, sum] of Object.entries(sums)) {
    if (!(sum >= 0 && sum <= LARGEST_SUM)) corrupt(name, `a sum of weights up to ${LARGEST_SUM}`, sum)
  }
  return sums
}

/** {@link checkSums}, where no other sum may be above that called `whole`. */
export function checkShares<T extends { readonly [name: string]: number }>(sums: T, whole: keyof T & string): T {
  const most = checkSums(sums)[whole]!
  for (const [name, sum] of Object.entries(sums)) {
    if (sum > most) corrupt(name, `at most "${whole}", which is ${most}`, sum)
  }
  return sums
}

/** Throws unless moments that were read back are those of numbers from `low` to `high`. */
export function checkMoments(moments: Moments, low: number, high: number): Moments {
  const { n, mean, m2 } = moments
  checkSums({ n })
  const width = high - low
  if (!(mean >= low - SLACK * width && mean <= high + SLACK * width)) corrupt('mean', `from ${low} to ${high}`, mean)
  // no spread is larger than that of numbers half of which lie at either end
  const most = ((n * width) / 4) * width
  if (!(m2 >= -SLACK * most && m2 <= (1 + SLACK) * most)) corrupt('m2', `from 0 to ${most}`, m2)
  return moments
}

/** {@link checkMoments} of numbers that all weigh 1: their count is whole, and rounding takes nothing below 0. */
export function checkCounted(moments: Moments, low: number, high: number): Moments {
  if (!Number.isSafeInteger(moments.n)) corrupt('n', 'a whole number', moments.n)
  if (!(moments.m2 >= 0)) corrupt('m2', 'at least 0', moments.m2)
  if (low === 0 && !(moments.mean >= 0)) corrupt('mean', 'at least 0', moments.mean)
  return checkMoments(moments, low, high)
}
