import { integer, nonNegative } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { LARGEST_VALUE } from './check-score.ts'

/** A position from its opening to its closing. */
export type HeldPosition = {
  /** Epoch milliseconds. */
  readonly from: number
  readonly to: number
  /** Value of the position, as a fraction of the equity. */
  readonly size: number
}

/** How much of the time, and of the money, positions took. All NaN without any. */
export type Exposure = {
  /** Share of the time from the first opening to the last closing in which anything was held; overlaps count once. */
  readonly inMarket: number
  /** Mean value held over that time, as a fraction of the equity; overlaps add up. */
  readonly average: number
  /** Largest value held at once. */
  readonly largest: number
  /** Most positions held at once. */
  readonly mostAtOnce: number
  /** Mean time from opening to closing, in milliseconds. */
  readonly holding: number
  /** Value bought and sold a year of 365.25 days, as a multiple of the equity. */
  readonly turnover: number
}

/** Milliseconds of a year, a leap day every fourth. */
export const YEAR: number = 365.25 * 86_400_000

/** Throws unless a position closes no earlier than it opens; returns it with a size whose sums stay finite. */
export function checkHeld({ from, to, size }: HeldPosition, name: string): HeldPosition {
  integer(`${name}from`, from, -Number.MAX_SAFE_INTEGER, 'INVALID_INPUT')
  integer(`${name}to`, to, -Number.MAX_SAFE_INTEGER, 'INVALID_INPUT')
  nonNegative(`${name}size`, size, 'INVALID_INPUT')
  if (to < from) throw new TradeLearnError('INVALID_INPUT', `"${name}to" must not lie before ${from}, got ${to}.`)
  return { from, to, size: Math.min(size, LARGEST_VALUE) }
}

/**
 * How exposed an account was: time in the market, value held, turnover.
 *
 * Positions may overlap and come in any order. One that closes as another opens does not overlap it. `ExposureStatistics`
 * says the same, but for the largest, as trades close. O(n log n).
 *
 * @throws `INVALID_INPUT` naming the first position that closes before it opens, or whose size is not a number of at least 0
 *
 * @example
 * ```ts
 * exposureOf([{ from: monday, to: friday, size: 0.1 }]).inMarket // 1
 * ```
 */
export function exposureOf(positions: readonly HeldPosition[]): Exposure {
  const events: { readonly at: number; readonly size: number; readonly count: 1 | -1 }[] = []
  let [first, last] = [Infinity, -Infinity]
  let holding = 0
  let traded = 0
  for (const [i, position] of positions.entries()) {
    const { from, to, size } = checkHeld(position, `positions[${i}].`)
    first = Math.min(first, from)
    last = Math.max(last, to)
    // what closes as it opens is held at no time
    if (to > from) events.push({ at: from, size, count: 1 }, { at: to, size: -size, count: -1 })
    holding += (to - from) / positions.length
    traded += 2 * size
  }
  // closings first, so that what follows at once does not overlap
  events.sort((a, b) => a.at - b.at || a.count - b.count)
  let held = 0
  let open = 0
  let [inMarket, area, largest, mostAtOnce] = [0, 0, 0, 0]
  for (const [i, { at, size, count }] of events.entries()) {
    const gap = i > 0 ? at - events[i - 1]!.at : 0
    if (open > 0) inMarket += gap
    area += held * gap
    open += count
    // what rounding leaves of nothing is nothing
    held = open === 0 ? 0 : held + size
    largest = Math.max(largest, held)
    mostAtOnce = Math.max(mostAtOnce, open)
  }
  const span = last - first
  const share = (part: number): number => (span > 0 ? part / span : NaN)
  const any = positions.length > 0
  return {
    inMarket: share(inMarket),
    average: share(area),
    largest: any ? largest : NaN,
    mostAtOnce: any ? mostAtOnce : NaN,
    holding: any ? holding : NaN,
    turnover: share(traded * YEAR),
  }
}
