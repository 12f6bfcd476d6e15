import { finite, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'

/** What the operator allows one parameter to be. */
export type ParameterRange = {
  /** The value that a person has approved: where it starts, and what 20 % are counted from. */
  readonly approved: number
  /** Least and largest value that may ever apply. */
  readonly low: number
  readonly high: number
  /** Distance of neighbouring values: the finer, the more candidates share the evidence. */
  readonly step: number
}

/** The values that a parameter may take, ascending; the approved one is among them. */
export type Grid = {
  readonly values: readonly number[]
  /** Position of the approved value. */
  readonly approved: number
}

/** More values than this would each wait too long for evidence, and cost more than they tell. */
const MOST_VALUES = 101
/** What rounding may take off a bound that is a whole number of steps away. */
const SLACK = 1e-9

/**
 * The values `approved + j step` between the bounds. A bound that is no whole number of steps away is not among them.
 *
 * @throws `INVALID_OPTION`
 */
export function createGrid(name: string, { approved, low, high, step }: ParameterRange): Grid {
  finite(`${name}.low`, low)
  finite(`${name}.high`, high)
  positive(`${name}.step`, step)
  if (!(finite(`${name}.approved`, approved) >= low && approved <= high)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"${name}.approved" must lie from ${show(low)} to ${show(high)}, got ${show(approved)}.`,
    )
  }
  const below = Math.floor((approved - low) / step + SLACK)
  const above = Math.floor((high - approved) / step + SLACK)
  if (!(below + above + 1 <= MOST_VALUES)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"${name}.step" must leave at most ${MOST_VALUES} values between the bounds, got ${show(step)}.`,
    )
  }
  const values = Array.from({ length: below + above + 1 }, (_, i) => {
    // rounded to 12 digits, so that 0.6 + 3 * 0.03 reads 0.69
    const value = Number((approved + (i - below) * step).toPrecision(12))
    return i === below ? approved : Math.min(Math.max(value, low), high)
  })
  return { values, approved: below }
}
