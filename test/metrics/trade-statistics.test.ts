import fc from 'fast-check'
import { maxSorted, mean, sampleStandardDeviation } from 'simple-statistics'
import { describe, expect, test } from 'vitest'
import { formatMeasure, TRADE_FLOORS, type TradeMeasure, TradeStatistics } from '../../src/metrics/index.ts'

const measures = Object.keys(TRADE_FLOORS) as TradeMeasure[]
const returns = fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 30, maxLength: 200 })

const of = (netReturns: readonly number[], stake = 1) => {
  const statistics = new TradeStatistics({ stake })
  for (const r of netReturns) statistics.update(r)
  return statistics
}

describe('TradeStatistics', () => {
  test('agrees with the textbook over an array', () => {
    fc.assert(
      fc.property(returns, (r) => {
        const statistics = of(r)
        expect(statistics.value('winRate')).toBe(r.filter((x) => x > 0).length / r.length)
        expect(statistics.value('expectancy')).toBeCloseTo(mean(r), 12)
        const sd = sampleStandardDeviation(r)
        if (sd > 1e-6) expect(statistics.value('sharpe')).toBeCloseTo(mean(r) / sd, 8)
        if (sd > 1e-6) expect(statistics.value('annualSharpe')).toBeCloseTo((mean(r) / sd) * Math.sqrt(252), 6)
        // the largest fall between any two points of the equity curve
        const equity = [1]
        for (const x of r) equity.push(equity.at(-1)! * (1 + x))
        const falls = equity.flatMap((peak, i) => equity.slice(i).map((later) => 1 - later / peak))
        expect(statistics.value('maxDrawdown')).toBeCloseTo(maxSorted(falls.sort((a, b) => a - b)), 10)
      }),
      { numRuns: 40 },
    )
  })

  test('profit factor is gains over losses, infinite without a loss, NaN with neither', () => {
    expect(of([...Array(15).fill(0.02), ...Array(15).fill(-0.01)]).value('profitFactor')).toBeCloseTo(2, 12)
    expect(of(Array(30).fill(0.01)).value('profitFactor')).toBe(Infinity)
    expect(of(Array(30).fill(0)).value('profitFactor')).toBeNaN()
  })

  test.each(measures)('%s says nothing one trade below its floor', (measure) => {
    const statistics = new TradeStatistics()
    const floor = TRADE_FLOORS[measure]
    for (let i = 0; i < floor - 1; i++) statistics.update(i % 2 ? 0.01 : -0.02)
    expect(statistics.value(measure)).toBeNaN()
    expect(statistics.text(measure)).toBe(`N/A (needs ${floor})`)
    statistics.update(0.01)
    expect(statistics.value(measure)).not.toBeNaN()
    expect(statistics.text(measure)).toMatch(/^-?\d+\.\d{3}$/)
  })

  test('a tenth of the stake gives a shallower drawdown, and a total loss is the deepest', () => {
    const r = Array.from({ length: 30 }, () => -0.1)
    expect(of(r, 0.1).value('maxDrawdown')).toBeLessThan(of(r).value('maxDrawdown'))
    expect(of([...r, -3, 5]).value('maxDrawdown')).toBe(1)
  })

  test('restored from its snapshot it goes on to the bit', () => {
    fc.assert(
      fc.property(returns, fc.nat(200), (r, cut) => {
        const restored = TradeStatistics.fromJSON(JSON.parse(JSON.stringify(of(r.slice(0, cut)))))
        for (const x of r.slice(cut)) restored.update(x)
        expect(JSON.stringify(restored)).toBe(JSON.stringify(of(r)))
      }),
    )
  })

  test('refuses a return that is not finite and stays as it was', () => {
    const statistics = of([0.01])
    const before = JSON.stringify(statistics)
    expect(() => statistics.update(NaN)).toThrow('"netReturn" must be a finite number, got NaN.')
    expect(JSON.stringify(statistics)).toBe(before)
  })

  test('words: figures, infinity, undefined and too few', () => {
    expect([
      formatMeasure(0.12345, 50, 20),
      formatMeasure(Infinity, 50, 20),
      formatMeasure(NaN, 50, 20),
      formatMeasure(0.5, 19, 20),
    ]).toEqual(['0.123', '∞', 'N/A', 'N/A (needs 20)'])
  })
})
