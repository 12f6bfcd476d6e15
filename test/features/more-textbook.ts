import type { Candle } from '../../src/market.ts'

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
const population = (values: readonly number[]): number => mean(values.map((value) => (value - mean(values)) ** 2))

/**
 * Indicators over a whole series at once, from their textbook definitions: slow, obvious, and sharing nothing with the
 * library. One array an output, NaN where it is not defined.
 */
export function moreTextbook(candles: readonly Candle[]): { [name: string]: number[] } {
  const n = candles.length
  const map = (f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i))
  const column = (f: (candle: Candle) => number): number[] => candles.map(f)
  const [open, high, low, close] = [
    column((c) => c.open),
    column((c) => c.high),
    column((c) => c.low),
    column((c) => c.close),
  ] as [number[], number[], number[], number[]]
  const volume = column((c) => c.volume ?? NaN)
  // (high + low + close) / 3 with the library's rounding, which decides what counts as unchanged
  const typical = map((i) => close[i]! + (high[i]! - close[i]! + (low[i]! - close[i]!)) / 3)
  /** The last `size` values up to `i`, or none while there are fewer or one is missing. */
  const last = (series: readonly number[], i: number, size: number): number[] | undefined => {
    const values = i + 1 < size ? [] : series.slice(i + 1 - size, i + 1)
    return values.length === size && !values.some(Number.isNaN) ? values : undefined
  }
  const over = (series: readonly number[], size: number, f: (values: number[]) => number): number[] =>
    map((i) => {
      const values = last(series, i, size)
      return values ? f(values) : NaN
    })
  const top = (size: number): number[] => over(high, size, (values) => Math.max(...values))
  const bottom = (size: number): number[] => over(low, size, (values) => Math.min(...values))
  const place = (price: number, from: number, to: number): number => (to === from ? 0.5 : (price - from) / (to - from))

  function smooth(series: readonly number[], period: number, alpha: number): number[] {
    const out = map(() => NaN)
    const first = series.findIndex((value) => !Number.isNaN(value))
    const seed = first + period - 1
    if (first < 0 || seed >= n) return out
    out[seed] = mean(series.slice(first, seed + 1))
    for (let i = seed + 1; i < n; i++) out[i] = alpha * series[i]! + (1 - alpha) * out[i - 1]!
    return out
  }
  const ema = (series: readonly number[], period: number): number[] => smooth(series, period, 2 / (period + 1))

  // stochastic 14, 3, 3 and what stands on the same ranges
  const [top14, bottom14] = [top(14), bottom(14)]
  const k = over(
    map((i) => 100 * place(close[i]!, bottom14[i]!, top14[i]!)),
    3,
    mean,
  )
  const [top20, bottom20] = [top(20), bottom(20)]

  // Keltner 20, 10, 2 and SuperTrend 10, 3
  const range = map((i) =>
    i === 0
      ? high[0]! - low[0]!
      : Math.max(high[i]! - low[i]!, Math.abs(high[i]! - close[i - 1]!), Math.abs(low[i]! - close[i - 1]!)),
  )
  const atr10 = smooth(range, 10, 1 / 10)
  const centre = ema(close, 20)
  const [direction, band] = [map(() => NaN), map(() => NaN)]
  let [upper, lower, trend] = [NaN, NaN, 0]
  for (let i = 9; i < n; i++) {
    const middle = (high[i]! + low[i]!) / 2
    const [newUpper, newLower] = [middle + 3 * atr10[i]!, middle - 3 * atr10[i]!]
    upper = i === 9 || newUpper < upper || close[i - 1]! > upper ? newUpper : upper
    lower = i === 9 || newLower > lower || close[i - 1]! < lower ? newLower : lower
    if (trend === 0) trend = close[i]! > middle ? 1 : -1
    else if (trend === 1 && close[i]! < lower) trend = -1
    else if (trend === -1 && close[i]! > upper) trend = 1
    direction[i] = trend
    band[i] = trend === 1 ? lower : upper
  }

  // Ichimoku 9, 26, 52
  const line = (size: number): number[] => {
    const [above, below] = [top(size), bottom(size)]
    return map((i) => (above[i]! + below[i]!) / 2)
  }
  const [fast, base, slow] = [line(9), line(26), line(52)]
  const spanA = map((i) => (i < 25 ? NaN : (fast[i - 25]! + base[i - 25]!) / 2))
  const spanB = map((i) => (i < 25 ? NaN : slow[i - 25]!))

  // money
  const flow = (side: number): number[] =>
    map((i) =>
      i === 0 ? NaN : Math.sign(typical[i]! - typical[i - 1]!) === side ? typical[i]! * volume[i]! : 0 * volume[i]!,
    )
  const [up, down] = [over(flow(1), 14, sum), over(flow(-1), 14, sum)]
  const signed = map((i) => (i === 0 ? NaN : Math.sign(close[i]! - close[i - 1]!) * volume[i]!))
  const [balance, traded] = [over(signed, 20, sum), over(volume, 20, sum)]

  // TRIX 15, 9 and PPO 12, 26, 9
  const ema3 = ema(ema(ema(close, 15), 15), 15)
  const trix = map((i) => (i === 0 ? NaN : ema3[i]! / ema3[i - 1]! - 1))
  const [ema12, ema26] = [ema(close, 12), ema(close, 26)]
  const ppo = map((i) => ema12[i]! / ema26[i]! - 1)
  const ppoSignal = ema(ppo, 9)

  // returns
  const step = (size: number): number[] => map((i) => (i < size ? NaN : Math.log(close[i]! / close[i - size]!)))
  const [short, long] = [step(1), step(5)]
  const ratio = map((i) => {
    const [near, far] = [last(short, i, 100), last(long, i, 100)]
    if (!near || !far) return NaN
    return new Set(near).size === 1 && near[0] === 0 ? 1 : population(far) / (5 * population(near))
  })
  const skew = over(short, 50, (values) => {
    const [middle, variance] = [mean(values), population(values)]
    return new Set(values).size === 1 ? 0 : mean(values.map((r) => (r - middle) ** 3)) / variance ** 1.5
  })
  const logRange = map((i) => Math.log(high[i]! / low[i]!) ** 2)
  const body = map((i) => Math.log(close[i]! / open[i]!) ** 2)

  const cci = map((i) => {
    const values = last(typical, i, 20)
    if (!values) return NaN
    const away = mean(values.map((value) => Math.abs(value - mean(values))))
    return new Set(values).size === 1 ? 0 : (typical[i]! - mean(values)) / (0.015 * away)
  })
  const estimate = map((i) => {
    if (i === 0) return NaN
    const b = Math.log(high[i]! / low[i]!) ** 2 + Math.log(high[i - 1]! / low[i - 1]!) ** 2
    const g = Math.log(Math.max(high[i]!, high[i - 1]!) / Math.min(low[i]!, low[i - 1]!)) ** 2
    const c = 3 - 2 * Math.sqrt(2)
    const a = (Math.sqrt(2 * b) - Math.sqrt(b)) / c - Math.sqrt(g / c)
    return Math.max(0, (2 * (Math.exp(a) - 1)) / (1 + Math.exp(a)))
  })
  const session = map((i) => {
    const day = Math.floor(candles[i]!.time / 86_400_000)
    const own = candles.map((_, j) => j).filter((j) => j <= i && Math.floor(candles[j]!.time / 86_400_000) === day)
    const total = sum(own.map((j) => volume[j]!))
    return total > 0 ? close[i]! / (sum(own.map((j) => typical[j]! * volume[j]!)) / total) - 1 : NaN
  })
  const ago = (series: readonly number[], i: number, better: (a: number, b: number) => boolean): number => {
    let best = i
    for (let j = i; j >= i - 14; j--) if (better(series[j]!, series[best]!)) best = j
    return i - best
  }
  const aroon = (series: readonly number[], better: (a: number, b: number) => boolean): number[] =>
    map((i) => (i < 14 ? NaN : (100 * (14 - ago(series, i, better))) / 14))
  const [rise, fall] = [aroon(high, (a, b) => a > b), aroon(low, (a, b) => a < b)]

  const profile = (what: 'bucket' | 'share' | 'below' | 'control'): number[] =>
    map((i) => {
      if (i + 1 < 100) return NaN
      const from = i - 99
      const [ceiling, floor] = [Math.max(...high.slice(from, i + 1)), Math.min(...low.slice(from, i + 1))]
      const bucketOf = (price: number): number =>
        ceiling === floor ? 0 : Math.min(11, Math.floor(((price - floor) / (ceiling - floor)) * 12))
      const own = Array.from({ length: 12 }, () => 0)
      for (let j = from; j <= i; j++) own[bucketOf(typical[j]!)]! += volume[j]!
      const total = sum(own)
      const at = bucketOf(close[i]!)
      if (!(total > 0)) return NaN
      if (what === 'bucket') return ceiling === floor ? 0.5 : at / 11
      if (what === 'share') return (own[at]! * 12) / total
      if (what === 'below') return (sum(own.slice(0, at)) + own[at]! / 2) / total
      const busiest = own.indexOf(Math.max(...own))
      return ceiling === floor ? 0 : (close[i]! - (floor + ((busiest + 0.5) * (ceiling - floor)) / 12)) / close[i]!
    })

  return {
    'stochastic.k': k,
    'stochastic.d': over(k, 3, mean),
    williamsR: map((i) => -100 * (1 - place(close[i]!, bottom14[i]!, top14[i]!))),
    cci,
    obv: map((i) => (traded[i]! > 0 ? balance[i]! / traded[i]! : NaN)),
    mfi: map((i) => (up[i]! + down[i]! === 0 ? 50 : (100 * up[i]!) / (up[i]! + down[i]!))),
    'keltner.place': map((i) =>
      atr10[i] === 0 && close[i] === centre[i] ? 0.5 : (close[i]! - centre[i]! + 2 * atr10[i]!) / (4 * atr10[i]!),
    ),
    'keltner.width': map((i) => (4 * atr10[i]!) / centre[i]!),
    'donchian.place': map((i) => place(close[i]!, bottom20[i]!, top20[i]!)),
    'donchian.width': map((i) => (top20[i]! - bottom20[i]!) / close[i]!),
    'superTrend.direction': direction,
    'superTrend.distance': map((i) => (close[i]! - band[i]!) / close[i]!),
    'ichimoku.conversion': map((i) => close[i]! / fast[i]! - 1),
    'ichimoku.base': map((i) => close[i]! / base[i]! - 1),
    'ichimoku.cross': map((i) => fast[i]! / base[i]! - 1),
    'ichimoku.cloud': map((i) => {
      const [above, below] = [Math.max(spanA[i]!, spanB[i]!), Math.min(spanA[i]!, spanB[i]!)]
      return close[i]! > above ? close[i]! / above - 1 : close[i]! < below ? close[i]! / below - 1 : 0 * above
    }),
    'ichimoku.thickness': map((i) => (spanA[i]! - spanB[i]!) / close[i]!),
    'aroon.up': rise,
    'aroon.down': fall,
    'aroon.oscillator': map((i) => rise[i]! - fall[i]!),
    roc: map((i) => (i < 10 ? NaN : close[i]! / close[i - 10]! - 1)),
    trix,
    'trix.signal': ema(trix, 9),
    'ppo.line': ppo,
    'ppo.signal': ppoSignal,
    'ppo.histogram': map((i) => ppo[i]! - ppoSignal[i]!),
    varianceRatio: ratio,
    'varianceRatio.hurst': map((i) =>
      ratio[i] === 0 ? 0 : Math.min(1, Math.max(0, 0.5 * (1 + Math.log(ratio[i]!) / Math.log(5)))),
    ),
    'rangeVolatility.parkinson': over(logRange, 20, (values) => Math.sqrt(mean(values) / (4 * Math.log(2)))),
    'rangeVolatility.garmanKlass': over(
      map((i) => logRange[i]! / 2 - (2 * Math.log(2) - 1) * body[i]!),
      20,
      (values) => Math.sqrt(Math.max(0, mean(values))),
    ),
    skewness: skew,
    spread: over(estimate, 20, mean),
    sessionVwap: session,
    'volumeProfile.bucket': profile('bucket'),
    'volumeProfile.share': profile('share'),
    'volumeProfile.below': profile('below'),
    'volumeProfile.control': profile('control'),
  }
}
