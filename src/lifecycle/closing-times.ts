import type { Candle } from '../market.ts'

/**
 * When each candle closed, as far as opening times tell: when the symbol's next one opened, or a usual bar's length
 * after its own opening where that is earlier, as before a night or a weekend.
 *
 * A usual bar is the median distance of the symbol's candles, or of all where it has but one. A replay must know, or a
 * signal made within a bar would be decided on that bar's close. O(n log n).
 */
export function closingTimes(candles: readonly Candle[]): Float64Array {
  const gaps = new Map<string, number[]>()
  const following = new Float64Array(candles.length).fill(Number.POSITIVE_INFINITY)
  const next = new Map<string, number>()
  for (let i = candles.length - 1; i >= 0; i--) {
    // what is no candle is refused by who reads it, with a better message
    const { symbol, time } = candles[i] ?? NO_CANDLE
    const later = next.get(symbol)
    if (later !== undefined) {
      following[i] = later
      const known = gaps.get(symbol)
      if (known) known.push(later - time)
      else gaps.set(symbol, [later - time])
    }
    next.set(symbol, time)
  }
  // 1 ms where every symbol has one candle: it is at least known after its opening
  const common = median([...gaps.values()].flat()) ?? 1
  const usual = new Map([...gaps].map(([symbol, list]) => [symbol, median(list)]))
  return following.map((later, i) => {
    const { symbol, time } = candles[i] ?? NO_CANDLE
    return Math.min(later, time + (usual.get(symbol) ?? common))
  })
}

/**
 * Candles in the order in which they closed, with their closing times: a daily bar comes after the hours of its day,
 * although it opened with the first of them. Candles of one symbol that are out of order stay so, for their reader to
 * refuse.
 */
export function inClosingOrder(candles: readonly Candle[]): { candles: readonly Candle[]; closes: Float64Array } {
  const closes = closingTimes(candles)
  if (closes.every((close, i) => i === 0 || close >= closes[i - 1]!) || hasDisorder(candles)) return { candles, closes }
  const order = candles.map((_, i) => i).sort((a, b) => closes[a]! - closes[b]! || a - b)
  return { candles: order.map((i) => candles[i]!), closes: Float64Array.from(order, (i) => closes[i]!) }
}

function hasDisorder(candles: readonly Candle[]): boolean {
  const newest = new Map<string, number>()
  return candles.some((candle) => {
    const { symbol, time } = candle ?? NO_CANDLE
    const before = newest.get(symbol)
    newest.set(symbol, time)
    return before !== undefined && !(time > before)
  })
}

const NO_CANDLE = { symbol: '', time: Number.NaN } as const

function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.filter((gap) => gap > 0).sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
