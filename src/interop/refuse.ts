import { show, TradeLearnError } from '../core/errors.ts'

/** Refuses a file that is damaged, or was never whole. */
export function corrupt(what: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_MODEL', `A model file's ${what} must be ${wanted}, got ${show(got)}.`)
}

/** Refuses a file that may well be whole, but has parts that we do not run. */
export function unsupported(what: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('UNSUPPORTED_MODEL', `Of ${what} we can read ${wanted}, got ${show(got)}.`)
}

/** Passes a whole number from `least` to `most`, else refuses the file. */
export function wholeIn(what: string, value: number, least: number, most: number): number {
  return Number.isInteger(value) && value >= least && value <= most
    ? value
    : corrupt(what, `a whole number from ${least} to ${most}`, value)
}
