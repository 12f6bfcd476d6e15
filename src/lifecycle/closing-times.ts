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

const NO_CANDLE = { symbol: '', time: Number.NaN } as const

function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.filter((gap) => gap > 0).sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
