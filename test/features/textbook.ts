import type { Candle } from '../../src/market.ts'

/**
 * The default features over a whole series at once, from their textbook definitions: slow, obvious, and sharing
 * nothing with the library. One array a feature, NaN where it is not defined.
 */
export function textbook(candles: readonly Candle[]): { [name: string]: number[] } {
  const close = candles.map((candle) => candle.close)
  const volume = candles.map((candle) => candle.volume ?? NaN)
  const n = candles.length
  const map = (f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i))
  const at = (series: number[], i: number) => (i < 0 ? NaN : series[i]!)
  const windowOf = (series: number[], i: number, size: number) =>
    i + 1 < size ? undefined : series.slice(i + 1 - size, i + 1)

  /** From `first` on: the mean of the first `period`, then the recursion. */
  function smooth(series: number[], first: number, period: number, alpha: number): number[] {
    const out: number[] = map(() => NaN)
    const seed = first + period - 1
    if (seed >= n) return out
    out[seed] = mean(series.slice(first, seed + 1))
    for (let i = seed + 1; i < n; i++) out[i] = alpha * series[i]! + (1 - alpha) * out[i - 1]!
    return out
  }
  const ema = (series: number[], period: number, first = 0) => smooth(series, first, period, 2 / (period + 1))
  const wilder = (series: number[], period: number, first: number) => smooth(series, first, period, 1 / period)

  const change = map((i) => close[i]! - at(close, i - 1))
  const rises = change.map((d) => Math.max(d, 0))
  const falls = change.map((d) => Math.max(-d, 0))
  const [gain, loss] = [wilder(rises, 14, 1), wilder(falls, 14, 1)]
  const rsi = map((i) => (gain[i] === 0 && loss[i] === 0 ? 50 : 100 - 100 / (1 + gain[i]! / loss[i]!)))

  const [ema9, ema12, ema21, ema26] = [ema(close, 9), ema(close, 12), ema(close, 21), ema(close, 26)]
  const line = map((i) => ema12[i]! - ema26[i]!)
  const signal = ema(line, 9, 25)

  const range = candles.map(({ high, low }, i) => {
    const before = at(close, i - 1)
    return i === 0 ? high - low : Math.max(high - low, Math.abs(high - before), Math.abs(low - before))
  })
  const atr = wilder(range, 14, 0)
  const up = candles.map(({ high }, i) => (i === 0 ? 0 : high - candles[i - 1]!.high))
  const down = candles.map(({ low }, i) => (i === 0 ? 0 : candles[i - 1]!.low - low))
  const travelled = wilder(range, 14, 1)
  const plusDm = up.map((u, i) => (u > down[i]! && u > 0 ? u : 0))
  const minusDm = down.map((d, i) => (d > up[i]! && d > 0 ? d : 0))
  const [plusMoves, minusMoves] = [wilder(plusDm, 14, 1), wilder(minusDm, 14, 1)]
  const plus = map((i) => (travelled[i] === 0 ? 0 : (100 * plusMoves[i]!) / travelled[i]!))
  const minus = map((i) => (travelled[i] === 0 ? 0 : (100 * minusMoves[i]!) / travelled[i]!))
  const dx = map((i) =>
    plus[i]! + minus[i]! === 0 ? 0 : (100 * Math.abs(plus[i]! - minus[i]!)) / (plus[i]! + minus[i]!),
  )
  const adx = wilder(dx, 14, 14)

  const bands = candles.map((_, i) => {
    const closes = windowOf(close, i, 20)
    if (!closes) return { middle: NaN, sigma: NaN }
    const middle = mean(closes)
    const sigma = new Set(closes).size === 1 ? 0 : Math.sqrt(mean(closes.map((c) => (c - middle) ** 2)))
    return { middle, sigma }
  })

  const logs = map((i) => Math.log(close[i]! / at(close, i - 1)))
  const over = (k: number) => map((i) => Math.log(close[i]! / at(close, i - k)))

  return {
    rsi,
    'macd.line': map((i) => line[i]! / close[i]!),
    'macd.signal': map((i) => signal[i]! / close[i]!),
    'macd.histogram': map((i) => (line[i]! - signal[i]!) / close[i]!),
    adx,
    'adx.plus': plus,
    'adx.minus': minus,
    atr: map((i) => atr[i]! / close[i]!),
    'ema.fast': map((i) => close[i]! / ema9[i]! - 1),
    'ema.slow': map((i) => close[i]! / ema21[i]! - 1),
    'ema.cross': map((i) => ema9[i]! / ema21[i]! - 1),
    'bollinger.percentB': bands.map(({ middle, sigma }, i) =>
      sigma === 0 ? 0.5 : (close[i]! - (middle - 2 * sigma)) / (4 * sigma),
    ),
    'bollinger.width': bands.map(({ middle, sigma }) => (4 * sigma) / middle),
    volumeRatio: map((i) => {
      const before = windowOf(volume, i - 1, 20)
      return before && mean(before) > 0 ? volume[i]! / mean(before) : NaN
    }),
    vwap: map((i) => {
      const last = i < 19 ? [] : candles.slice(i - 19, i + 1)
      const traded = last.reduce((sum, c) => sum + (c.volume ?? NaN), 0)
      const paid = last.reduce((sum, c) => sum + ((c.high + c.low + c.close) / 3) * (c.volume ?? NaN), 0)
      return traded > 0 ? close[i]! / (paid / traded) - 1 : NaN
    }),
    rsiMomentum: map((i) => rsi[i]! - at(rsi, i - 5)),
    volumeSurge: map((i) => {
      const long = windowOf(volume, i, 20)
      return long && mean(long) > 0 ? mean(long.slice(15)) / mean(long) - 1 : NaN
    }),
    trendStrength: map((i) => {
      const changes = windowOf(change, i, 20)
      const gone = changes?.reduce((sum, d) => sum + Math.abs(d), 0) ?? NaN
      return gone === 0 ? 0 : (close[i]! - at(close, i - 20)) / gone
    }),
    'returns.1': over(1),
    'returns.5': over(5),
    'returns.10': over(10),
    volatility: map((i) => {
      const window = windowOf(logs, i, 20)
      if (!window || new Set(window).size === 1) return window?.[0] === undefined ? NaN : window[0] * 0
      const middle = mean(window)
      return Math.sqrt(window.reduce((sum, r) => sum + (r - middle) ** 2, 0) / 19)
    }),
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
