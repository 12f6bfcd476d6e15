import type { Rng } from '../contracts.ts'
import { shuffle } from '../core/draw.ts'
import type { Candle } from '../market.ts'

/**
 * Candles whose bars are dealt anew: prices in which nothing can be known, with the moves of the real ones.
 *
 * For each symbol, the gap from the last close to the open and the shape of the bar about its open are kept together
 * and shuffled; times stay. The last close is that of the original: the drift over the whole stays. What goes are trends,
 * reversals, and calm and wild times, and with them whatever features could have known. The volume goes with its bar.
 * O(candles).
 *
 * @example
 * ```ts
 * const walk = shuffleCandles(candles, new SeededRng(1))
 * ```
 */
export function shuffleCandles(candles: readonly Candle[], rng: Rng): Candle[] {
  const bySymbol = new Map<string, number[]>()
  for (const [i, { symbol }] of candles.entries()) {
    const places = bySymbol.get(symbol)
    if (places) places.push(i)
    else bySymbol.set(symbol, [i])
  }
  const out = [...candles]
  for (const [symbol, places] of bySymbol) {
    const bars = places.map((place) => candles[place]!)
    const gaps = bars.map(({ open }, n) => (n === 0 ? 1 : open / bars[n - 1]!.close))
    const dealt = shuffle(
      rng.fork(symbol),
      bars.map((_, n) => n),
    )
    let close = bars[0]!.open
    for (const [n, from] of dealt.entries()) {
      const bar = bars[from]!
      const scale = (close * gaps[from]!) / bar.open
      close = bar.close * scale
      out[places[n]!] = {
        ...bar,
        time: bars[n]!.time,
        open: bar.open * scale,
        high: bar.high * scale,
        low: bar.low * scale,
        close,
      }
    }
  }
  return out
}
