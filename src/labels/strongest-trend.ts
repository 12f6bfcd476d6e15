import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'

/** The straightest stretch of a price's future. */
export type Trend = {
  /** t-value of the slope: its sign is the direction, its size how sure one can be of it. */
  readonly tValue: number
  /** Steps from the start to the end of the stretch. */
  readonly bars: number
}

/** Shortest and longest stretch that {@link trendScan} looks at. */
export type TrendScanOptions = {
  /** Fewest steps, at least 2: through two points any line is perfect. @defaultValue 3 */
  readonly minBars: number
  /** Most steps. @defaultValue 24 */
  readonly maxBars: number
}

/**
 * For each price, the direction of the trend that followed: of all stretches from there of `minBars` to `maxBars` steps
 * the one whose straight line fits with the largest t-value.
 *
 *     price at step s = a + b s,  s = 0..bars        t = b / standard error of b
 *
 * A label that looks `maxBars` ahead: for training and judging only, never a feature. Prices that fewer than `maxBars`
 * follow have no trend yet and get NaN and 0 bars. Ties go to the shorter stretch. O(n maxBars).
 *
 * @see M. López de Prado (2020), "Machine Learning for Asset Managers", section 5.4
 *
 * @example
 * ```ts
 * trendScan([1, 2, 3, 4, 3, 2, 1], { minBars: 2, maxBars: 3 })[0] // { tValue: above 1e6, bars: 2 or 3 }
 * ```
 */
export function trendScan(
  prices: ArrayLike<number>,
  { minBars = 3, maxBars = 24 }: Partial<TrendScanOptions> = {},
): Trend[] {
  checkScan(minBars, maxBars)
  for (let i = 0; i < prices.length; i++) {
    const price = prices[i]!
    if (Number.isFinite(price) && price > 0) continue
    throw new TradeLearnError('INVALID_INPUT', `"prices[${i}]" must be a positive number, got ${price}.`)
  }
  return Array.from({ length: prices.length }, (_, start) =>
    start + maxBars < prices.length ? strongestTrend(prices, start, minBars, maxBars) : { tValue: NaN, bars: 0 },
  )
}

/** Refuses lengths between which nothing can be fitted. */
export function checkScan(minBars: number, maxBars: number): void {
  integer('minBars', minBars, 2)
  integer('maxBars', maxBars, minBars)
}

/** The stretch from `start` with the largest t-value; `maxBars` prices follow it. */
export function strongestTrend(prices: ArrayLike<number>, start: number, minBars: number, maxBars: number): Trend {
  const first = prices[start]!
  // moments of step and of price over the first, grown by one point at a time (Welford)
  let meanX = 0
  let meanY = 0
  let xx = 0
  let xy = 0
  let yy = 0
  let best = { tValue: 0, bars: minBars }
  for (let s = 1; s <= maxBars; s++) {
    const y = prices[start + s]! / first - 1
    const dx = s - meanX
    const dy = y - meanY
    meanX += dx / (s + 1)
    meanY += dy / (s + 1)
    xx += dx * (s - meanX)
    xy += dx * (y - meanY)
    yy += dy * (y - meanY)
    if (s < minBars) continue
    const tValue = slopeT(xx, xy, yy, s - 1)
    if (Math.abs(tValue) > Math.abs(best.tValue)) best = { tValue, bars: s }
  }
  return best
}

/** t-value of a regression's slope with `free` degrees of freedom; a perfect line counts its rounding as its error. */
function slopeT(xx: number, xy: number, yy: number, free: number): number {
  if (!(yy > 0)) return 0
  const explained = (xy * xy) / xx
  // below this share of the variance nothing is left but rounding
  const error = Math.max(yy - explained, yy * Number.EPSILON)
  return (xy / xx) * Math.sqrt((xx * free) / error)
}
