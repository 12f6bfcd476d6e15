import fc from 'fast-check'
import * as peer from 'trading-signals'
import { describe, expect, test } from 'vitest'
import type { Indicator } from '../../src/features/index.ts'
import * as features from '../../src/features/index.ts'
import { recipeIndicators } from '../../src/features/recipe-indicators.ts'
import type { Candle } from '../../src/market.ts'
import taLib from '../golden/ta-lib.json' with { type: 'json' }
import { anyBars, candlesOf, flat, hasSpy, rounded, spy, walk } from './candles.ts'
import { moreTextbook } from './more-textbook.ts'

const { adx, aroon, atr, bollinger, cci, donchian, emaDistance, ichimoku, keltner, macd, mfi, obv, ppo } = features
const { rangeVolatility, roc, rsi, sessionVwap, skewness, spread, stochastic, superTrend, trix } = features
const { varianceRatio, volumeProfile, williamsR } = features

const MORE: { readonly [name: string]: Indicator } = {
  ...{ aroon: aroon(), cci: cci(), donchian: donchian(), ichimoku: ichimoku(), keltner: keltner(), mfi: mfi() },
  ...{ obv: obv(), ppo: ppo(), rangeVolatility: rangeVolatility(), roc: roc(), sessionVwap: sessionVwap() },
  ...{ skewness: skewness(), spread: spread(), stochastic: stochastic(), superTrend: superTrend(), trix: trix() },
  ...{ varianceRatio: varianceRatio(), volumeProfile: volumeProfile(), williamsR: williamsR() },
} as never

/** Everything an indicator says over a series, by the name of the output. */
function run(indicator: Indicator, candles: readonly Candle[]): { [output: string]: number[] } {
  const state = indicator.init()
  const columns: { [output: string]: number[] } = Object.fromEntries(indicator.outputs.map((output) => [output, []]))
  const out = new Float64Array(indicator.outputs.length)
  for (const candle of candles) {
    indicator.update(state, candle)
    indicator.read(state, out, 0)
    for (const [i, output] of indicator.outputs.entries()) columns[output]!.push(out[i]!)
  }
  return columns
}
const widen = (indicator: unknown): Indicator => indicator as Indicator

function expectTextbook(candles: readonly Candle[], tolerance = 1e-9): void {
  const wanted = moreTextbook(candles)
  let compared = 0
  for (const [key, indicator] of Object.entries(MORE)) {
    for (const [output, column] of Object.entries(run(indicator, candles))) {
      const name = output === 'value' ? key : `${key}.${output}`
      wanted[name]!.forEach((value, i) => {
        const off = Math.abs(column[i]! - value)
        const fits = Number.isNaN(value) ? Number.isNaN(column[i]) : off <= tolerance * Math.max(1, Math.abs(value))
        if (!fits) throw new Error(`${name} at bar ${i}: wanted ${value}, got ${column[i]}`)
      })
      compared++
    }
  }
  expect(compared).toBe(Object.keys(wanted).length)
}

describe('against their textbook definitions over the whole series', () => {
  test('every one is equal from its first bar on', () => expectTextbook(walk(400)))

  test('also after a flat start, with a flat gap, with silent bars and with bars that lack volume', () => {
    const bars = walk(300).map(({ open, high, low, close, volume }, i) =>
      i % 150 === 7 ? { open, high, low, close } : { open, high, low, close, volume: i % 11 === 0 ? 0 : volume! },
    )
    // after a flat stretch the ATR is almost nothing, and what is divided by it keeps fewer digits
    expectTextbook(
      candlesOf([...flat(130, 100), ...bars, ...flat(130, bars.at(-1)!.close), ...bars.slice(0, 50)]),
      1e-7,
    )
  })

  test('also on any bars', () => {
    fc.assert(
      fc.property(anyBars(1, 130), (bars) => expectTextbook(candlesOf(bars), 1e-8)),
      { numRuns: 25, endOnFailure: true },
    )
  })

  test.skipIf(!hasSpy)('also on years of SPY', () => expectTextbook(spy().slice(0, 2000)))
})

test('against TA-Lib, once its other starting points have faded', () => {
  const candles = rounded(1500)
  const last = candles.slice(-3)
  const say = (indicator: unknown, output: string): number[] => run(widen(indicator), candles)[output]!.slice(-3)
  const close = last.map((candle) => candle.close)
  const times = (values: number[], by: number[]): number[] => values.map((value, i) => value * by[i]!)
  const hundred = [100, 100, 100]
  const volumes = [2, 1, 0].map((ago) => {
    const end = candles.length - ago
    return candles.slice(end - 20, end).reduce((total, { volume }) => total + volume!, 0)
  })
  const ema = (output: string): number[] => say(emaDistance(9, 21), output).map((gap, i) => close[i]! / (1 + gap))
  const ours: { readonly [name: string]: number[] } = {
    rsi: say(rsi(14), 'value'),
    'macd.MACD': times(say(macd(), 'line'), close),
    'macd.MACDSignal': times(say(macd(), 'signal'), close),
    'macd.MACDHist': times(say(macd(), 'histogram'), close),
    adx: say(adx(14), 'value'),
    plusDI: say(adx(14), 'plus'),
    minusDI: say(adx(14), 'minus'),
    atr: times(say(atr(14), 'value'), close),
    ema9: ema('fast'),
    ema21: ema('slow'),
    variance: say(bollinger(20, 2), 'width').map((width, i) => ((width * taLib['bbands.middleBand'][i]!) / 4) ** 2),
    cci: say(cci(20), 'value'),
    willr: say(williamsR(14), 'value'),
    'obv.change20': times(say(obv(20), 'value'), volumes),
    mfi: say(mfi(14), 'value'),
    'aroon.aroonUp': say(aroon(14), 'up'),
    'aroon.aroonDown': say(aroon(14), 'down'),
    rocp: say(roc(10), 'value'),
    trix: times(say(trix(15, 9), 'value'), hundred),
    ppo: times(say(ppo(12, 26, 9), 'line'), hundred),
  }
  for (const [name, values] of Object.entries(ours)) {
    const wanted = taLib[name as keyof typeof taLib] as number[]
    // its variance is a difference of sums of squares, which costs it some digits
    const tolerance = name === 'variance' ? 1e-8 : 1e-9
    for (const [i, value] of values.entries()) {
      expect(Math.abs(value - wanted[i]!), `${name} ${i}`).toBeLessThanOrEqual(
        tolerance * Math.max(Math.abs(wanted[i]!), 1e-3),
      )
    }
  }
  expect(Object.keys(ours).length + 2).toBe(Object.keys(taLib).length)
})

describe('against trading-signals', () => {
  const cases: readonly (readonly [string, () => readonly Candle[]])[] = [
    ['a random walk', () => walk(1500)],
    ...(hasSpy ? ([['SPY', spy]] as const) : []),
  ]

  test.each(cases)('on %s', (_name, make) => {
    const candles = make()
    const from = candles.length - 200
    const near = (ours: number[], theirs: (number | null | undefined)[], name: string): void => {
      for (let i = from; i < candles.length; i++) {
        expect(Math.abs(ours[i]! - theirs[i]!), `${name} at ${i}`).toBeLessThanOrEqual(
          1e-9 * Math.max(1, Math.abs(theirs[i]!)),
        )
      }
    }
    const stoch = new peer.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 })
    const stochs = candles.map((candle) => stoch.add(candle))
    near(
      run(widen(stochastic(14, 3, 3)), candles)['k']!,
      stochs.map((s) => s?.stochK),
      'stochastic k',
    )
    near(
      run(widen(stochastic(14, 3, 3)), candles)['d']!,
      stochs.map((s) => s?.stochD),
      'stochastic d',
    )
    const percentR = new peer.WilliamsR(14)
    near(
      run(widen(williamsR(14)), candles)['value']!,
      candles.map((candle) => percentR.add(candle)),
      'Williams %R',
    )
    const channel = new peer.CCI(20)
    near(
      run(widen(cci(20)), candles)['value']!,
      candles.map((candle) => channel.add(candle)),
      'CCI',
    )
  })
})

describe('nothing is missing for ever', () => {
  /** Every indicator that a recipe can name, and those that take other parameters. */
  const all: readonly (readonly [string, Indicator])[] = Object.entries(recipeIndicators).map(([name, { make }]) => [
    name,
    make(...(name === 'returns' ? [1, 5] : name === 'percentile' ? [50] : [])),
  ])
  const scaled = (candles: readonly Candle[], by: number): Candle[] =>
    candles.map((candle) => ({
      ...candle,
      ...{ open: candle.open * by, high: candle.high * by, low: candle.low * by, close: candle.close * by },
    }))
  const after = (start: readonly Candle[], n = 400): Candle[] => [
    ...start,
    ...walk(n).map((candle, i) => ({ ...candle, time: start.at(-1)!.time + (i + 1) * 3_600_000 })),
  ]
  const starts: readonly (readonly [string, Candle[]])[] = [
    ['a flat start', candlesOf(flat(300))],
    ['zero volume', candlesOf(flat(100, 100, 0))],
    ['missing volume', walk(200).map(({ volume: _, ...candle }) => candle)],
    ['a price of 1e7', scaled(walk(200), 1e5)],
    ['a price of 1e-8', scaled(walk(200), 1e-10)],
    ['a jump from 1e7 to 1e-8', [...scaled(walk(100), 1e5), ...scaled(walk(200), 1e-10).slice(100)]],
    ['prices at the edge of numbers', scaled(walk(200), 1e305)],
    ['the smallest prices', scaled(walk(200), 1e-300)],
  ]

  test.each(starts)('after %s every number is finite again', (_name, start) => {
    for (const [name, indicator] of all) {
      for (const [output, column] of Object.entries(run(indicator, after(start)))) {
        expect(Number.isFinite(column.at(-1)), `${name}.${output}: ${column.at(-1)}`).toBe(true)
      }
    }
  })

  test('a scale of 1e7 or 1e-8 changes nothing but the last digits', () => {
    const candles = walk(400)
    for (const [name, indicator] of all) {
      const plain = run(indicator, candles)
      for (const by of [1e5, 1e-10]) {
        for (const [output, column] of Object.entries(run(indicator, scaled(candles, by)))) {
          const [got, wanted] = [column.at(-1)!, plain[output]!.at(-1)!]
          expect(Math.abs(got - wanted), `${name}.${output}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)))
        }
      }
    }
  })

  test('a state that was written and read back goes on to the bit', () => {
    const candles = walk(300)
    for (const [name, indicator] of all) {
      const engineer = new features.FeatureEngineer({ candles: { it: indicator } })
      for (const candle of candles.slice(0, 137)) engineer.update(candle)
      const restored = engineer.codec().fromJSON(JSON.parse(JSON.stringify(engineer)), () => engineer)
      for (const candle of candles.slice(137)) for (const each of [engineer, restored]) each.update(candle)
      expect(JSON.stringify(restored), name).toBe(JSON.stringify(engineer))
    }
  })
})
