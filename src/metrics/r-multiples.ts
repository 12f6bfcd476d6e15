import { quantileSorted } from 'simple-statistics'
import { finite, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Figure } from './equity-statistics.ts'

/** Net returns in units of what was at risk. */
export type RMultiples = {
  /** Mean: what a trade earns for each unit that it risks. NaN below 20 trades, as all below. */
  readonly mean: Figure
  readonly median: Figure
  /** The tenth and the ninth tenth. */
  readonly low: Figure
  readonly high: Figure
  /** Share of trades that lost more than was at risk, by gaps and costs. */
  readonly beyondStop: Figure
  /** Each trade's, in order. */
  readonly all: Float64Array
}

/** As for the other figures about trades. */
const NEEDS = 20

/**
 * What trades earned for what they risked: net return over the distance of the stop.
 *
 *     R = net return / risk        both as fractions of the entry price
 *
 * A stop that holds costs 1 R and its costs. O(n log n).
 *
 * @param risks distances of the stops at entry, positive, one a trade
 * @throws `INVALID_INPUT` naming the first trade that has none
 * @see V. K. Tharp (1998), "Trade your way to financial freedom"
 *
 * @example
 * ```ts
 * rMultiples([0.02, -0.011], [0.01, 0.01]).all // [2, -1.1]
 * ```
 */
export function rMultiples(netReturns: ArrayLike<number>, risks: ArrayLike<number>): RMultiples {
  if (netReturns.length !== risks.length) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"risks" must have ${netReturns.length} values like "netReturns", got ${risks.length}.`,
    )
  }
  const all = Float64Array.from(
    netReturns,
    (netReturn, i) =>
      finite(`netReturns[${i}]`, netReturn, 'INVALID_INPUT') / positive(`risks[${i}]`, risks[i]!, 'INVALID_INPUT'),
  )
  const have = all.length
  const sorted = Array.from(all).sort((a, b) => a - b)
  const figure = (value: () => number): Figure => ({ value: have < NEEDS ? NaN : value(), have, needs: NEEDS })
  return {
    mean: figure(() => all.reduce((sum, r) => sum + r / have, 0)),
    median: figure(() => quantileSorted(sorted, 0.5)),
    low: figure(() => quantileSorted(sorted, 0.1)),
    high: figure(() => quantileSorted(sorted, 0.9)),
    beyondStop: figure(() => all.filter((r) => r < -1).length / have),
    all,
  }
}
