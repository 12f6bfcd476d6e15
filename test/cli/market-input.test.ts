import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readMarket } from '../../src/cli/market-input.ts'
import type { Candle, Signal } from '../../src/market.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-market-'))
afterAll(() => rmSync(folder, { recursive: true }))

let notes: string[] = []
beforeEach(() => {
  notes = []
  vi.spyOn(console, 'error').mockImplementation((text: string) => void notes.push(text))
})
afterEach(() => vi.restoreAllMocks())

let files = 0
function file(lines: readonly string[]): string {
  const path = join(folder, `m${files++}.csv`)
  writeFileSync(path, lines.join('\n'))
  return path
}

const HOUR = 3_600_000
const START = Date.UTC(2024, 0, 1)
/** A wave, so that the rule finds something to do. */
const price = (i: number): number => 100 + 5 * Math.sin(i / 9) + 3 * Math.sin(i / 31)
const bar = (i: number, symbol: string, close: number): string =>
  `${START + i * HOUR},${symbol},${close},${close + 1},${close - 1},${close}`
const HEAD = 'time,symbol,open,high,low,close'
const plain = file([HEAD, ...Array.from({ length: 20 }, (_, i) => bar(i, 'A', price(i)))])

function withSignals(columns: string, rows: readonly string[], ignore: readonly string[] = []) {
  const signals = file([`time,symbol,side,${columns}`, ...rows.map((row, i) => `${START + i * HOUR},A,long,${row}`)])
  return readMarket({ candles: plain, signals, rule: 'rsi-macd', ignore })
}
const own = (market: ReturnType<typeof readMarket>): string[] =>
  market.features().schema.names.slice(readMarket({ candles: plain, rule: 'rsi-macd' }).features().schema.size)
const metas = ({ signals }: ReturnType<typeof readMarket>) => (signals as readonly Signal[]).map(({ meta }) => meta)

describe('own columns of a signals file', () => {
  test('those that say the same everywhere are left out and named', () => {
    const market = withSignals('bot,score,empty,live,size', ['x,1,,true,7', 'x,2,,true,7'])
    expect(own(market)).toEqual(['score'])
    expect(metas(market)).toEqual([{ score: 1 }, { score: 2 }])
    expect(notes).toEqual(['Left out, as every signal has the same there: bot, empty, live, size.'])
  })

  test('a file with one signal has only such columns', () => {
    const market = withSignals('bot,score', ['x,1'])
    expect(own(market)).toEqual([])
    expect(market.signals).toEqual([{ time: START, symbol: 'A', side: 'long' }])
  })

  test('one word with gaps becomes yes or no', () => {
    const market = withSignals('retest', ['retest', '', 'retest'])
    expect(own(market)).toEqual(['retest'])
    expect(metas(market)).toEqual([{ retest: true }, { retest: false }, { retest: true }])
    expect(notes).toEqual([])
  })

  test('words, numbers and yes or no become features, with gaps', () => {
    const market = withSignals('setup,score,live', ['a,1,true', 'b,,', ',2,false'])
    expect(own(market)).toEqual(['setup.a', 'setup.b', 'setup.other', 'score', 'live'])
    const features = market.features()
    features.update(market.candles[0]!)
    const rows = (market.signals as readonly Signal[]).map((signal) => [...features.vector(signal)].slice(-5))
    expect(rows).toEqual([
      [1, 0, 0, 1, 1],
      [0, 1, 0, Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN, Number.NaN, 2, 0],
    ])
  })

  test('ids are refused with the way out, which works in any case of letters', () => {
    const rows = Array.from({ length: 51 }, (_, i) => `id-${i},${i}`)
    expect(() => withSignals('Id,score', rows)).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/"Id" must hold .* got 51 different values: .* --ignore "Id"/),
      }),
    )
    const market = withSignals('Id,score', rows, ['id'])
    expect(own(market)).toEqual(['score'])
    expect(metas(market)[3]).toEqual({ score: 3 })
  })

  test('ignoring what is not there is refused', () => {
    expect(() => withSignals('a', ['1', '2'], ['b'])).toThrow(/must name columns of the signals' own \("a"\), got "b"/)
    expect(() => readMarket({ candles: plain, rule: 'rsi-macd', ignore: ['a'] })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('--signals') }),
    )
  })
})

describe('context', () => {
  const lines = Array.from({ length: 400 }, (_, i) => [bar(i, 'A', price(i)), bar(i, 'VIX', 20 + (i % 7))]).flat()
  const both = file([HEAD, ...lines])

  /** Plays the rule over all candles. */
  function signalsOf({ candles, signals }: ReturnType<typeof readMarket>): Signal[] {
    return candles.flatMap((candle: Candle) => (typeof signals === 'function' ? (signals(candle) ?? []) : []))
  }

  test('symbols become features that signals of the others see, as of the same close', () => {
    const market = readMarket({ candles: both, rule: 'rsi-macd', context: ['VIX', 'VIX'] })
    const features = market.features()
    const at = features.schema.names.indexOf('VIX_level')
    expect(features.schema.names.filter((name) => name.startsWith('VIX'))).toEqual(['VIX_trend', 'VIX_level'])
    market.candles.forEach((candle) => {
      features.update(candle)
      if (candle.symbol !== 'A') return
      const { symbol, time } = candle
      expect(features.vector({ symbol, side: 'long', time })[at]).toBe(20 + (((time - START) / HOUR) % 7))
    })
  })

  test('the rule trades them only where they are no context', () => {
    const symbols = (context: readonly string[]) =>
      new Set(signalsOf(readMarket({ candles: both, rule: 'rsi-macd', context })).map(({ symbol }) => symbol))
    expect(symbols([])).toEqual(new Set(['A', 'VIX']))
    expect(symbols(['VIX'])).toEqual(new Set(['A']))
  })

  test('a symbol without candles is refused', () => {
    expect(() => readMarket({ candles: both, rule: 'rsi-macd', context: ['SPY'] })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: '"--context" must name symbols of the candles file ("A", "VIX"), got "SPY".',
      }),
    )
  })
})
