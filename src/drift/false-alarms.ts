import type { JsonObject } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import { type State, unpackState } from '../core/state.ts'
import type { Direction } from './direction.ts'

/** The other way to set a detector up: by its false alarms rather than by its paper's symbols. */
export type FalseAlarmOption = {
  /**
   * Values from one false alarm to the next, on average, while nothing changes: 300 to 1,000,000. Takes the place of
   * the threshold, which then follows the rate of the errors that the detector sees; true for the defaults of the other
   * options unless they say otherwise. @defaultValue undefined
   */
  readonly falseAlarmEvery?: number
}

/** Rows of `[falseAlarmEvery, threshold]`, the rarest alarms last. */
export type Calibration = readonly (readonly [every: number, threshold: number])[]

/** Rows of `falseAlarmEvery` and the threshold at each of nine error rates, 0.1 to 0.9; the rarest alarms last. */
export type RateCalibration = readonly (readonly number[])[]

/** A table for rises alone, and one for rises and falls together. */
export type Directed = { readonly one: RateCalibration; readonly both: RateCalibration }

/** The lowest and the highest error rate that there are thresholds for. */
export const LOWEST_RATE = 0.1
export const HIGHEST_RATE = 0.9

/** What has been simulated: below, the values that a detector needs for its start are most of the time. */
const LEAST = 300
const MOST = 1_000_000

/** Passes a mean time between false alarms that detectors are calibrated for, else throws. */
export function checkEvery(every: number): number {
  if (typeof every === 'number' && every >= LEAST && every <= MOST) return every
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"falseAlarmEvery" must be a number from ${LEAST} to ${MOST}, got ${String(every)}.`,
  )
}

/**
 * The threshold for a mean time between false alarms: linear in its logarithm between the rows of a table, because the
 * tails that alarms come from fall off exponentially.
 *
 * Where a table is for one direction, watching both doubles the alarms, so that each side gets half of them.
 */
export function thresholdFor(every: number, table: Calibration, direction: Direction = 'up'): number {
  checkEvery(every)
  const wanted = direction === 'both' ? 2 * every : every
  const last = table.length - 1
  let row = 1
  while (row < last && table[row]![0] < wanted) row++
  const [e0, t0] = table[row - 1]!
  const [e1, t1] = table[row]!
  return t0 + ((t1 - t0) * Math.log(wanted / e0)) / Math.log(e1 / e0)
}

/** {@link thresholdFor} at each error rate of a table. */
export function thresholdsFor(every: number, table: RateCalibration, direction: Direction = 'up'): Float64Array {
  return Float64Array.from(table[0]!.slice(1), (_, rate) => {
    const column = table.map((row) => [row[0]!, row[rate + 1]!] as const)
    return thresholdFor(every, column, direction)
  })
}

/** {@link thresholdsFor} a direction. A rise of errors of one rate is a fall of errors of the rest to 1. */
export function directedThresholds(every: number, { one, both }: Directed, direction: Direction): Float64Array {
  const thresholds = thresholdsFor(every, direction === 'both' ? both : one)
  return direction === 'down' ? thresholds.reverse() : thresholds
}

/**
 * The threshold at an error rate, between those of the nearest rates, which lie evenly from 0.1 to 0.9; beyond them that
 * of the end. Allocates nothing.
 */
export function atRate(thresholds: Float64Array, rate: number): number {
  const last = thresholds.length - 1
  const place = ((rate - LOWEST_RATE) / (HIGHEST_RATE - LOWEST_RATE)) * last
  if (!(place > 0)) return thresholds[0]!
  if (place >= last) return thresholds[last]!
  const low = Math.floor(place)
  const below = thresholds[low]!
  return below + (place - low) * (thresholds[low + 1]! - below)
}

/** The rate half-way between all and nothing, whose threshold stands in the options for all of them. */
export const HALF = 0.5

/** -ln of five times a chance, at most of a half: the ratio of the two levels in the papers on Hoeffding's bounds. */
export function warningStrictness(strictness: number): number {
  return Math.min(strictness, Math.max(strictness - Math.log(5), Math.LN2))
}

/** What a detector that was set by its false alarms adds to its options: nothing where it was not. */
export function kept(falseAlarmEvery: number | undefined): FalseAlarmOption {
  return falseAlarmEvery === undefined ? {} : { falseAlarmEvery }
}

/**
 * Reads the options of a snapshot: all of them, or `falseAlarmEvery` and those that are `free` beside it, from which the
 * rest follows.
 */
export function readOptions<O extends { readonly [name: string]: State }>(
  json: JsonObject,
  template: O,
  free: readonly (keyof O)[],
): Partial<O> & FalseAlarmOption {
  if (!Object.hasOwn(json, 'falseAlarmEvery')) return unpackState(json, template, 'options')
  const read = unpackState(json, { ...template, falseAlarmEvery: 0 }, 'options')
  const wanted: { -readonly [K in keyof O]?: O[K] } = {}
  for (const name of free) wanted[name] = read[name]
  return { ...wanted, falseAlarmEvery: read.falseAlarmEvery }
}

/** Throws where an option was given that `falseAlarmEvery` decides, or that its table does not hold for. */
export function refuseBeside(options: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    throw new TradeLearnError('INVALID_OPTION', `"${name}" cannot be given beside "falseAlarmEvery", which sets it.`)
  }
}
