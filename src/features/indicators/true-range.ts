import type { Candle } from '../../market.ts'

/**
 * How far the price travelled in a bar, the gap from the last close included; high - low for the first bar, whose
 * `previousClose` is NaN.
 */
export function trueRange({ high, low }: Candle, previousClose: number): number {
  if (Number.isNaN(previousClose)) return high - low
  return Math.max(high, previousClose) - Math.min(low, previousClose)
}
