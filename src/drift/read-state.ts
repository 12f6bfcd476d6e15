import type { DriftLevel, JsonValue } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Ring } from '../core/ring.ts'
import { type State, unpackState } from '../core/state.ts'

const LEVELS: readonly DriftLevel[] = ['stable', 'warning', 'drift']

/**
 * Reads a detector's state of the template's shape, and passes it where `sane` holds of it: a damaged file must not
 * become a detector that is deaf or never stops.
 */
export function readState<T extends State & { level: DriftLevel }>(
  type: string,
  json: JsonValue | undefined,
  template: T,
  sane: (state: T) => boolean,
): T {
  const state = unpackState(json, template)
  if (LEVELS.includes(state.level) && sane(state)) return state
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `A "${type}" snapshot must hold a state that it can reach.`)
}

/** Whether a number counts something. */
export const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

/** Whether a number lies from 0 to 1. */
export const isShare = (value: number): boolean => value >= 0 && value <= 1

/** Whether a number is a sum that values may come to, and its square finite: more than 1e16 of the largest values. */
export const isSum = (sum: number): boolean => Math.abs(sum) <= 1e140

/** Whether a number is such a sum of squares. */
export const isSumOfSquares = (sum: number): boolean => sum >= 0 && sum <= 1e280

/** Whether a number is a value that detectors take, as it is or as a mean, whose last bits may lie beyond. */
export const isValue = (value: number): boolean => Math.abs(value) <= 2e100

/** Whether a ring of the right length is one that pushes can lead to. */
export const isRing = ({ values, head, size }: Ring): boolean =>
  isCount(head) && head < values.length && isCount(size) && size <= values.length
