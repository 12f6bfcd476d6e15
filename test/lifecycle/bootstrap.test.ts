import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { defaultFeatures, FeatureEngineer, numeric, recentWinRate, rsi, tradeSide } from '../../src/features/index.ts'
import { bootstrap, TradeLearner } from '../../src/lifecycle/index.ts'
import type { Candle, Signal } from '../../src/market.ts'
import type { PastTrade } from '../../src/trades/index.ts'
import { HOUR, walk } from '../features/candles.ts'

const candles = walk(600)
/** A trade a dozen candles long every five, entered in mid-candle at the last close. */
function tradesOf(market: readonly Candle[], n = 100): PastTrade[] {
  return Array.from({ length: n }, (_, k) => {
    const i = 60 + k * 5
    const exit = market[i + 12]!
    return {
      id: `t${k}`,
      symbol: market[i]!.symbol,
      side: k % 2 === 0 ? ('long' as const) : ('short' as const),
      entryTime: market[i]!.time + HOUR / 2,
      entryPrice: market[i - 1]!.close,
      exitTime: exit.time + HOUR / 2,
      exitPrice: exit.open,
      fees: 0.001,
    }
  })
}
const trades = tradesOf(candles)
const fresh = (): FeatureEngineer => new FeatureEngineer(defaultFeatures())

describe('bootstrap', () => {
  test('gives a row a trade, with the features that a live bot would have seen at its entry', () => {
    const { dataset, unused } = bootstrap({ trades, candles, features: fresh() })
    expect(unused).toEqual([])
    expect(dataset.rows.length).toBe(100)
    expect([...(dataset.times as Float64Array)]).toEqual(trades.map(({ entryTime }) => entryTime))
    // the same live: candles that have closed by the entry, and trades that have closed by then
    for (const k of [0, 7, 50, 99]) {
      const engineer = fresh()
      const { entryTime: time, symbol, side } = trades[k]!
      const closes = candles.filter((candle) => candle.time + HOUR <= time)
      for (const candle of closes) {
        engineer.update(candle)
        for (const [j, past] of trades.entries()) {
          const within = past.exitTime > candle.time && past.exitTime <= candle.time + HOUR
          if (!within || past.exitTime > time) continue
          const won = dataset.y[j] as 0 | 1
          engineer.settle({ symbol, side: past.side, time: past.entryTime, exitTime: past.exitTime, won, netReturn: 0 })
        }
      }
      for (const [j, past] of trades.entries()) {
        // those that closed within the candle of the entry, before it
        if (past.exitTime <= closes.at(-1)!.time + HOUR || past.exitTime > time) continue
        const won = dataset.y[j] as 0 | 1
        engineer.settle({ symbol, side: past.side, time: past.entryTime, exitTime: past.exitTime, won, netReturn: 0 })
      }
      expect(dataset.rows[k]).toEqual(engineer.vector({ symbol, side, time }))
    }
  })

  test('labels are what happened, net of the own fees', () => {
    const { dataset } = bootstrap({ trades, candles, features: fresh() })
    trades.forEach(({ side, entryPrice, exitPrice }, k) => {
      const gross = (side === 'long' ? exitPrice - entryPrice : entryPrice - exitPrice) / entryPrice
      expect(dataset.netReturns[k]).toBeCloseTo(gross - 0.001, 12)
      expect(dataset.y[k]).toBe(Number(gross > 0.001))
    })
    expect([...(dataset.labelEnds as Float64Array)]).toEqual(trades.map(({ exitTime }) => exitTime))
  })

  test('what happens after an entry changes nothing of its row', () => {
    const { dataset } = bootstrap({ trades, candles, features: fresh() })
    const cut = 300
    const other = walk(600, { seed: 'another future' })
    const mixed = candles.map((candle, i) => (i < cut ? candle : other[i]!))
    const past = bootstrap({ trades: tradesOf(mixed), candles: mixed, features: fresh() }).dataset
    const known = trades.filter(({ entryTime }) => entryTime < candles[cut]!.time).length
    expect(known).toBeGreaterThan(40)
    for (let k = 0; k < known; k++) expect(past.rows[k]).toEqual(dataset.rows[k])
  })

  test('the order in which trades and symbols are given does not matter', () => {
    const second = walk(600, { seed: 'second', symbol: 'MSFT' })
    const both = [...trades, ...tradesOf(second)]
    const declared = (): FeatureEngineer =>
      new FeatureEngineer({
        candles: { rsi: rsi(14) },
        history: { wins: recentWinRate(10) },
        signal: { side: tradeSide() },
      })
    const plain = bootstrap({ trades: both, candles: [...candles, ...second], features: declared() })
    const turned = bootstrap({ trades: [...both].reverse(), candles: [...second, ...candles], features: declared() })
    expect(plain.dataset.rows.length).toBe(200)
    const sums = ({ rows }: typeof plain.dataset): string[] => rows.map((x) => [...x].join()).sort()
    expect(sums(turned.dataset)).toEqual(sums(plain.dataset))
  })

  test('trades that cannot be used are listed with the reason, and the others are', () => {
    const broken = [
      { ...trades[0]!, symbol: 'GONE' },
      trades[1]!,
      { ...trades[2]!, entryPrice: 1e6 },
      { ...trades[3]!, exitTime: 5 },
      null as unknown as PastTrade,
      { ...trades[5]!, exitPrice: -1 },
    ]
    const { dataset, unused } = bootstrap({ trades: broken, candles, features: fresh() })
    expect(dataset.rows.length).toBe(1)
    expect(unused.map(({ trade, code }) => [trade, code])).toEqual([
      [0, 'UNKNOWN_SYMBOL'],
      [2, 'INVALID_SIGNAL'],
      [3, 'INVALID_INPUT'],
      [4, 'INVALID_INPUT'],
      [5, 'INVALID_OUTCOME'],
    ])
    expect(() => bootstrap({ trades: broken, candles, features: fresh(), least: 100 })).toThrow(
      expect.objectContaining({ code: 'NOT_ENOUGH_DATA', message: expect.stringContaining('got 1; trade 0:') }),
    )
  })

  test('what the bot knew goes into the features, and its lack is a reason', () => {
    const declared = (): FeatureEngineer<never, string, Signal> =>
      new FeatureEngineer({ candles: { rsi: rsi(14) }, meta: { confidence: numeric() } }) as never
    const told = trades.map((trade, k) => (k === 3 ? trade : { ...trade, meta: { confidence: k } }))
    const { dataset, unused } = bootstrap({ trades: told, candles, features: declared() })
    expect(dataset.rows.map((x) => x[1])).toEqual(Array.from({ length: 100 }, (_, k) => k).filter((k) => k !== 3))
    expect(unused).toEqual([{ trade: 3, code: 'INVALID_SIGNAL', message: expect.stringContaining('confidence') }])
  })
})

describe('a TradeLearner with a past', () => {
  const learner = (): TradeLearner => new TradeLearner({ features: fresh(), mode: 'live' })

  test('has its hundred trades on the first day, and is not halted by losses that are over', () => {
    const own = learner()
    expect(own.status().model).toBe('gathering')
    expect(own.bootstrap({ trades, candles })).toEqual({ taught: 100, unused: [], newest: candles.at(-1)!.time })
    const { model, killSwitch, scores } = own.status()
    expect([model, killSwitch.halted]).toEqual(['active', false])
    expect(Number.isFinite(scores.logLoss)).toBe(true)
    const { close, symbol, time } = candles.at(-1)!
    const signal = { symbol, side: 'long', time: time + HOUR, price: close } as const
    const { prediction, reasons } = own.decide(signal, { equity: 1e5, positions: [] })
    expect(prediction.trades).toBe(100)
    expect(reasons.map(({ code }) => code)).not.toContain('MIN_DATA')
  })

  test('predicts each trade before it learns from it: a past of chance shows no skill', () => {
    const rng = new SeededRng('chance')
    const random = tradesOf(candles).map((trade) => ({
      ...trade,
      exitPrice: trade.entryPrice * (rng.next() < 0.5 ? 1.02 : 0.98),
    }))
    const own = learner()
    own.bootstrap({ trades: random, candles })
    expect(own.status().scores.logLoss).toBeGreaterThan(0.6)
  })

  test('goes on after a restart as if it had never stopped', () => {
    const own = learner()
    own.bootstrap({ trades, candles: candles.slice(0, 590) })
    const restored = TradeLearner.restore(JSON.stringify(own), { features: fresh(), mode: 'live' })
    for (const each of [own, restored]) for (const candle of candles.slice(590)) each.onCandle(candle)
    expect(JSON.stringify(restored)).toBe(JSON.stringify(own))
  })

  test('must be fresh, and the past must hold something', () => {
    const own = learner()
    own.onCandle(candles[0]!)
    expect(() => own.bootstrap({ trades, candles })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(() => learner().bootstrap({ trades: [], candles })).toThrow(
      expect.objectContaining({ code: 'NOT_ENOUGH_DATA' }),
    )
  })
})
