import fc from 'fast-check'
import * as peer from 'trading-signals'
import { describe, expect, test } from 'vitest'
import {
  adx,
  atr,
  bollinger,
  defaultFeatures,
  emaDistance,
  FeatureEngineer,
  type Indicator,
  level,
  macd,
  returns,
  rsi,
  rsiMomentum,
  trendStrength,
  volatility,
  volumeRatio,
  volumeSurge,
  vwapDistance,
} from '../../src/features/index.ts'
import type { Candle } from '../../src/market.ts'
import { anyBars, candlesOf, flat, hasSpy, spy, walk } from './candles.ts'
import { textbook } from './textbook.ts'

/** Everything an indicator says over a series: an array an output. */
function run(indicator: Indicator, candles: readonly Candle[]): number[][] {
  const state = indicator.init()
  const columns: number[][] = indicator.outputs.map(() => [])
  const out = new Float64Array(indicator.outputs.length)
  for (const candle of candles) {
    indicator.update(state, candle)
    indicator.read(state, out, 0)
    out.forEach((value, i) => {
      columns[i]!.push(value)
    })
  }
  return columns
}

const { candles: plain, directed } = defaultFeatures()
const INDICATORS: { readonly [name: string]: Indicator } = { ...plain, ...directed } as never

/** The default candle features over a series, by name. */
function stream(candles: readonly Candle[]): { [name: string]: number[] } {
  return Object.fromEntries(
    Object.entries(INDICATORS).flatMap(([key, indicator]) => {
      const columns = run(indicator as Indicator, candles)
      return indicator.outputs.map((output, i) => [output === 'value' ? key : `${key}.${output}`, columns[i]!])
    }),
  )
}

function expectTextbook(candles: readonly Candle[], tolerance = 1e-10): void {
  const got = stream(candles)
  const wanted = textbook(candles)
  expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort())
  for (const [name, column] of Object.entries(wanted)) {
    column.forEach((value, i) => {
      const off = Math.abs(got[name]![i]! - value)
      const fits = Number.isNaN(value) ? Number.isNaN(got[name]![i]) : off <= tolerance * Math.max(1, Math.abs(value))
      if (!fits) throw new Error(`${name} at bar ${i}: wanted ${value}, got ${got[name]![i]}`)
    })
  }
}

describe('against their textbook definitions over the whole series', () => {
  test('every default feature is equal from its first bar on', () => {
    expectTextbook(walk(400))
  })

  test('also after a flat start, with a flat gap, with silent bars and with bars that lack volume', () => {
    const bars = walk(300).map(({ open, high, low, close, volume }, i) =>
      i % 90 === 7 ? { open, high, low, close } : { open, high, low, close, volume: i % 11 === 0 ? 0 : volume! },
    )
    expectTextbook(candlesOf([...flat(60, 100), ...bars, ...flat(40, bars.at(-1)!.close), ...bars.slice(0, 50)]))
  })

  test('also on any bars', () => {
    fc.assert(
      fc.property(anyBars(1, 70), (bars) => {
        expectTextbook(candlesOf(bars), 1e-9)
      }),
      { numRuns: 60 },
    )
  })

  test.skipIf(!hasSpy)('also on 23 years of SPY', () => {
    expectTextbook(spy())
  })
})

describe('against trading-signals, once its other starting point has faded', () => {
  const cases: readonly (readonly [string, () => readonly Candle[]])[] = [
    ['a random walk', () => walk(2500)],
    ...(hasSpy ? ([['SPY', spy]] as const) : []),
  ]
  /** Bars until Wilder's smoothing of 14, done twice as in the ADX, has forgotten its start to 1e-9 of a point. */
  const FADED = 1000

  /** Largest distance from bar `from` on; Infinity where one of the two has no value. */
  function distance(got: readonly number[], wanted: readonly (number | null | undefined)[], from: number): number {
    expect(got.length).toBe(wanted.length)
    let worst = 0
    for (let i = from; i < got.length; i++) {
      const off = Math.abs(got[i]! - (wanted[i] ?? NaN))
      worst = Number.isNaN(off) ? Infinity : Math.max(worst, off)
    }
    return worst
  }

  describe.each(cases)('on %s', (_, load) => {
    const candles = load().map((candle) => ({ ...candle, volume: candle.volume! }))
    const closes = candles.map(({ close }) => close)
    const perClose = (values: readonly (number | null)[]) =>
      values.map((value, i) => (value === null ? null : value / closes[i]!))

    test('RSI', () => {
      const oracle = new peer.RSI(14)
      const wanted = closes.map((close) => oracle.update(close, false))
      expect(distance(run(rsi(14) as Indicator, candles)[0]!, wanted, 14)).toBeLessThan(1e-9)
    })

    test('RSI momentum', () => {
      const oracle = new peer.RSI(14)
      const points = closes.map((close) => oracle.update(close, false))
      const wanted = points.map((value, i) => (i < 19 ? null : value! - points[i - 5]!))
      expect(distance(run(rsiMomentum(14, 5) as Indicator, candles)[0]!, wanted, 19)).toBeLessThan(1e-9)
    })

    test('ATR', () => {
      const oracle = new peer.ATR(14)
      const wanted = candles.map((candle) => oracle.update(candle, false))
      expect(distance(run(atr(14) as Indicator, candles)[0]!, perClose(wanted), 13)).toBeLessThan(1e-12)
    })

    test('MACD', () => {
      const oracle = new peer.MACD(new peer.EMA(12), new peer.EMA(26), new peer.EMA(9))
      const wanted = closes.map((close) => oracle.update(close, false))
      const [line, signal, histogram] = run(macd() as Indicator, candles)
      expect(distance(line!, perClose(wanted.map((w) => w?.macd ?? null)), FADED)).toBeLessThan(1e-12)
      expect(distance(signal!, perClose(wanted.map((w) => w?.signal ?? null)), FADED)).toBeLessThan(1e-12)
      expect(distance(histogram!, perClose(wanted.map((w) => w?.histogram ?? null)), FADED)).toBeLessThan(1e-12)
    })

    test('EMA distance', () => {
      const [near, far] = [new peer.EMA(9), new peer.EMA(21)]
      const pairs = closes.map((close) => [near.update(close, false)!, far.update(close, false)!] as const)
      const [fast, slow, cross] = run(emaDistance(9, 21) as Indicator, candles)
      expect(
        distance(
          fast!,
          pairs.map(([e], i) => closes[i]! / e - 1),
          FADED,
        ),
      ).toBeLessThan(1e-12)
      expect(
        distance(
          slow!,
          pairs.map(([, e], i) => closes[i]! / e - 1),
          FADED,
        ),
      ).toBeLessThan(1e-12)
      expect(
        distance(
          cross!,
          pairs.map(([a, b]) => a / b - 1),
          FADED,
        ),
      ).toBeLessThan(1e-12)
    })

    test('ADX and its directional indicators', () => {
      const oracle = new peer.ADX(14)
      const wanted = candles.map((candle) => ({
        value: oracle.update(candle, false),
        plus: oracle.pdi,
        minus: oracle.mdi,
      }))
      const [value, plus, minus] = run(adx(14) as Indicator, candles)
      expect(
        distance(
          plus!,
          wanted.map((w) => 100 * w.plus!),
          FADED,
        ),
      ).toBeLessThan(1e-9)
      expect(
        distance(
          minus!,
          wanted.map((w) => 100 * w.minus!),
          FADED,
        ),
      ).toBeLessThan(1e-9)
      expect(
        distance(
          value!,
          wanted.map((w) => w.value),
          FADED,
        ),
      ).toBeLessThan(1e-9)
    })

    test('Bollinger bands', () => {
      const inside = new peer.PercentB({ interval: 20, deviationMultiplier: 2 })
      const wide = new peer.BollingerBandsWidth(new peer.BollingerBands(20, 2))
      const [percentB, width] = run(bollinger(20, 2) as Indicator, candles)
      expect(
        distance(
          percentB!,
          closes.map((close) => inside.update(close, false)),
          19,
        ),
      ).toBeLessThan(1e-9)
      expect(
        distance(
          width!,
          closes.map((close) => wide.update(close, false)),
          19,
        ),
      ).toBeLessThan(1e-12)
    })

    test('relative volume', () => {
      const oracle = new peer.RVOL(20)
      const wanted = candles.map(({ volume }) => oracle.update(volume, false))
      expect(distance(run(volumeRatio(20) as Indicator, candles)[0]!, wanted, 20)).toBeLessThan(1e-10)
    })

    test('volume surge', () => {
      const [short, long] = [new peer.SMA(5), new peer.SMA(20)]
      const wanted = candles.map(({ volume }) => {
        const [a, b] = [short.update(volume, false), long.update(volume, false)]
        return b === null ? null : a! / b - 1
      })
      expect(distance(run(volumeSurge(5, 20) as Indicator, candles)[0]!, wanted, 19)).toBeLessThan(1e-10)
    })

    test('distance from the VWAP', () => {
      // its rolling average is of closes, so it is given typical prices as closes
      const oracle = new peer.VWMA(20)
      const wanted = candles.map((candle) => {
        const average = oracle.update({ ...candle, close: (candle.high + candle.low + candle.close) / 3 }, false)
        return average === null ? null : candle.close / average - 1
      })
      expect(distance(run(vwapDistance(20) as Indicator, candles)[0]!, wanted, 19)).toBeLessThan(1e-11)
    })
  })
})

describe('where the textbook divides by zero', () => {
  const last = (indicator: Indicator, candles: readonly Candle[]) =>
    run(indicator, candles).map((column) => column.at(-1))

  test('flat prices give RSI 50, no movement elsewhere, and nothing is missing', () => {
    for (const price of [0.1, 100, 1e7]) {
      const row = Object.fromEntries(
        Object.entries(stream(candlesOf(flat(60, price)))).map(([name, column]) => [name, column.at(-1)]),
      )
      const still = Object.fromEntries(Object.keys(row).map((name) => [name, 0]))
      expect(row).toEqual({ ...still, rsi: 50, 'bollinger.percentB': 0.5, volumeRatio: 1 })
    }
  })

  test('a flat start does not poison what follows', () => {
    const later = walk(600)
    const candles = candlesOf([...flat(60), ...later])
    for (const [name, column] of Object.entries(stream(candles))) {
      expect(column.slice(60).filter(Number.isNaN), name).toEqual([])
    }
    const [alone] = run(adx() as Indicator, later)
    const [after] = run(adx() as Indicator, candles)
    expect(after!.at(-1)).toBeCloseTo(alone!.at(-1)!, 9)
    expect(alone!.at(-1)).toBeGreaterThan(0)
  })

  test('a rise alone gives RSI 100 and trend 1, a fall alone RSI 0 and trend -1', () => {
    const line = (step: number) =>
      candlesOf(
        Array.from({ length: 40 }, (_, i) => 100 + step * i).map((p) => ({ open: p, high: p, low: p, close: p })),
      )
    expect(last(rsi() as Indicator, line(0.7))).toEqual([100])
    expect(last(rsi() as Indicator, line(-0.7))).toEqual([0])
    expect(last(trendStrength() as Indicator, line(0.7))).toEqual([1])
    expect(last(trendStrength() as Indicator, line(-0.7))).toEqual([-1])
    expect(last(adx() as Indicator, line(0.7))).toEqual([100, expect.closeTo(100, 9), 0])
  })

  test('no volume traded leaves volume features missing until some has', () => {
    for (const indicator of [volumeRatio(20), volumeSurge(5, 20), vwapDistance(20)] as Indicator[]) {
      const [column] = run(indicator, candlesOf([...flat(30, 100, 0), ...flat(21, 100, 5)]))
      expect(column![29]).toBeNaN()
      expect(column!.at(-1)).not.toBeNaN()
    }
  })

  test('a candle without volume leaves them missing, not 0, while it is in the window, and no others', () => {
    const candles = walk(120).map(({ volume, ...bare }, i) => (i === 60 ? bare : { ...bare, volume: volume! }))
    const missing = Object.entries(stream(candles)).flatMap(([name, column]) =>
      column.flatMap((value, i) => (i >= 60 && Number.isNaN(value) ? [`${name} ${i}`] : [])),
    )
    const range = (name: string, to: number) => Array.from({ length: to - 59 }, (_, i) => `${name} ${60 + i}`)
    expect(missing.sort()).toEqual(
      [...range('volumeRatio', 80), ...range('vwap', 79), ...range('volumeSurge', 79)].sort(),
    )
  })

  test('Bollinger bands keep their digits at price 1e7 with a deviation of 0.3', () => {
    const low = walk(200, { step: 0.3, price: 100 })
    const lifted = low.map((c) => {
      const up = (p: number) => p - 100 + 1e7
      return { ...c, open: up(c.open), high: up(c.high), low: up(c.low), close: up(c.close) }
    })
    // what is left of the low series once its prices were rounded at 1e7
    const rounded = lifted.map(({ close }) => close - 1e7)
    const [percentB, width] = run(bollinger() as Indicator, lifted)
    for (let i = 19; i < 200; i++) {
      const closes = rounded.slice(i - 19, i + 1)
      const mean = closes.reduce((a, b) => a + b) / 20
      const sigma = Math.sqrt(closes.reduce((sum, c) => sum + (c - mean) ** 2, 0) / 20)
      expect(percentB![i]).toBeCloseTo((closes[19]! - mean + 2 * sigma) / (4 * sigma), 6)
      expect((width![i]! * (1e7 + mean)) / 4 / sigma).toBeCloseTo(1, 6)
    }
    expectTextbook(lifted, 1e-6)
  })

  test('a level is the close itself', () => {
    expect(last(level() as Indicator, walk(3))).toEqual([walk(3)[2]!.close])
  })
})

describe('definitions', () => {
  const all: readonly Indicator[] = [...Object.values(INDICATORS), level()] as Indicator[]

  test('kinds tell parameters apart', () => {
    expect(all.map(({ kind }) => kind)).toEqual([
      'rsi(14)',
      'adx(14)',
      'atr(14)',
      'bollinger(20,2)',
      'volumeRatio(20)',
      'volumeSurge(5,20)',
      'trendStrength(20)',
      'volatility(20)',
      'macd(12,26,9)',
      'emaDistance(9,21)',
      'vwapDistance(20)',
      'rsiMomentum(14,5)',
      'returns(1,5,10)',
      'level',
    ])
  })

  test('first values come when their documentation says', () => {
    const first = Object.fromEntries(
      Object.entries(stream(walk(60))).map(([name, column]) => [name, column.findIndex((v) => !Number.isNaN(v)) + 1]),
    )
    expect(first).toEqual({
      rsi: 15,
      'macd.line': 26,
      'macd.signal': 34,
      'macd.histogram': 34,
      adx: 28,
      'adx.plus': 15,
      'adx.minus': 15,
      atr: 14,
      'ema.fast': 9,
      'ema.slow': 21,
      'ema.cross': 21,
      'bollinger.percentB': 20,
      'bollinger.width': 20,
      volumeRatio: 21,
      vwap: 20,
      rsiMomentum: 20,
      volumeSurge: 20,
      trendStrength: 21,
      'returns.1': 2,
      'returns.5': 6,
      'returns.10': 11,
      volatility: 21,
    })
  })

  test('windowed features depend on their window alone, but for the last digits', () => {
    const candles = walk(300)
    for (const indicator of [
      bollinger(),
      volumeRatio(),
      volumeSurge(),
      vwapDistance(),
      trendStrength(),
      volatility(),
    ]) {
      const whole = run(indicator as Indicator, candles).map((column) => column.at(-1)!)
      const short = run(indicator as Indicator, candles.slice(-21)).map((column) => column.at(-1)!)
      expect(short).toEqual(whole.map((value) => expect.closeTo(value, 12)))
    }
  })

  test('reading changes nothing, and states are separate', () => {
    for (const indicator of all) {
      const [state, other] = [indicator.init(), indicator.init()]
      const untouched = JSON.stringify(other)
      for (const candle of walk(50)) indicator.update(state, candle)
      const before = JSON.stringify(state)
      indicator.read(state, new Float64Array(5), 1)
      expect(JSON.stringify(state)).toBe(before)
      expect(JSON.stringify(other)).toBe(untouched)
    }
  })

  test('write nothing but their own places', () => {
    for (const indicator of all) {
      const state = indicator.init()
      for (const candle of walk(50)) indicator.update(state, candle)
      const out = new Float64Array(indicator.outputs.length + 2).fill(77)
      indicator.read(state, out, 1)
      expect([out[0], out.at(-1)]).toEqual([77, 77])
      expect(out.slice(1, -1).includes(77)).toBe(false)
    }
  })

  test('refuse periods that make no sense', () => {
    const wrong: readonly (() => unknown)[] = [
      () => rsi(0),
      () => adx(1.5),
      () => atr(-1),
      () => macd(26, 12),
      () => macd(12, 26, 0),
      () => emaDistance(9, 9),
      () => bollinger(1),
      () => bollinger(20, 0),
      () => volumeRatio(NaN),
      () => volumeSurge(20, 5),
      () => vwapDistance(0),
      () => rsiMomentum(14, 0),
      () => trendStrength(0),
      () => returns(),
      () => returns(1, 0),
      () => volatility(1),
    ]
    for (const make of wrong) expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('one of your own works like the rest', () => {
    const gap: Indicator<{ close: number; gap: number }, 'value'> = {
      kind: 'gap',
      outputs: ['value'],
      init: () => ({ close: NaN, gap: NaN }),
      update(state, { open, close }) {
        state.gap = Math.log(open / state.close)
        state.close = close
      },
      read(state, out, at) {
        out[at] = state.gap
      },
    }
    const engineer = new FeatureEngineer({ candles: { gap } })
    const candles = walk(2)
    for (const candle of candles) engineer.update(candle)
    const x = engineer.vector({ symbol: 'AAPL', side: 'long', time: candles[1]!.time })
    expect(engineer.row(x).gap).toBe(Math.log(candles[1]!.open / candles[0]!.close))
  })
})
