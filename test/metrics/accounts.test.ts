import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as metrics from '../../src/metrics/index.ts'

const T0 = 1.6e12
const HOUR = 3_600_000

const account = (points: readonly number[], options: Partial<metrics.EquityStatisticsOptions> = {}) => {
  const statistics = new metrics.EquityStatistics(options)
  for (const [i, equity] of points.entries()) statistics.update(T0 + i * HOUR, equity)
  return statistics
}
const trades = (netReturns: readonly number[], stake = 1) => {
  const statistics = new metrics.TradeStatistics({ stake })
  for (const netReturn of netReturns) statistics.update(netReturn)
  return statistics
}

/** The deepest fall and the longest by looking at every point from every peak. */
function falls(equity: readonly number[]) {
  let [depth, start, bottom, end, longest] = [0, -1, -1, -1, 0]
  let peak = 0
  for (const [i, value] of equity.entries()) {
    if (value >= equity[peak]!) {
      if (i > peak + 1) longest = Math.max(longest, i - peak)
      if (start === peak && end < 0 && depth > 0) end = i
      peak = i
      continue
    }
    longest = Math.max(longest, i - peak)
    const fall = (equity[peak]! - value) / equity[peak]!
    if (fall > depth) [depth, start, bottom, end] = [fall, peak, i, -1]
  }
  return { depth, start, bottom, end, longest }
}

describe('the falls of an account', () => {
  const points = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 25, maxLength: 90 })

  test('are those that looking back from every point finds, ties and all', () => {
    fc.assert(
      fc.property(points, (equity) => {
        const found = account(equity)
        const { depth, start, bottom, end, longest } = falls(equity)
        const deepest = found.deepest
        expect(deepest.depth).toBe(depth)
        if (depth === 0) {
          expect(deepest).toMatchObject({ steps: 0, recovered: true })
          return
        }
        expect([deepest.start, deepest.bottom]).toEqual([T0 + start * HOUR, T0 + bottom * HOUR])
        expect(deepest.recovered).toBe(end >= 0)
        expect(deepest.steps).toBe((end >= 0 ? end : equity.length - 1) - start)
        expect(found.figure('longestDrawdown').value).toBe(longest * HOUR)
        expect(found.figure('longestDrawdownPeriods').value).toBe(longest)
        expect(found.recovered).toBe(equity.at(-1) === Math.max(...equity))
      }),
    )
  })

  test('do not depend on its unit', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: -20, max: 20 }), (equity, k) => {
        // powers of two scale without rounding
        const scaled = equity.map((value) => value * 2 ** k)
        expect(account(scaled).deepest).toEqual(account(equity).deepest)
        expect(account(scaled).figure('sharpe')).toEqual(account(equity).figure('sharpe'))
      }),
    )
  })

  test('of trades at full stake are those of the account that they make', () => {
    const returns = fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 30, maxLength: 90 })
    fc.assert(
      fc.property(returns, (table) => {
        const netReturns = table.map((r) => r / 100)
        const equity = [1]
        for (const r of netReturns) equity.push(equity.at(-1)! * (1 + r))
        const [a, b] = [trades(netReturns).deepest, account(equity).deepest]
        expect(a.depth).toBeCloseTo(b.depth, 12)
        // where it falls as deep twice, rounding decides which is the deepest
        if (a.depth > 0 && a.start === (b.start - T0) / HOUR) expect(a.bottom).toBe((b.bottom - T0) / HOUR)
      }),
    )
  })
})

describe('the ratios of an account', () => {
  test('by another number of periods a year change by the root of it', () => {
    const points = Array.from({ length: 60 }, (_, i) => 100 + ((i * 37) % 11))
    const [daily, hourly] = [account(points, { periodsPerYear: 252 }), account(points, { periodsPerYear: 8760 })]
    for (const measure of ['sharpe', 'sortino'] as const) {
      expect(hourly.figure(measure).value / daily.figure(measure).value).toBeCloseTo(Math.sqrt(8760 / 252), 12)
    }
  })

  test('are of what exceeds the return without risk', () => {
    const points = [100]
    for (let i = 0; i < 60; i++) points.push(points.at(-1)! * (i % 2 ? 1.03 : 0.99))
    const risky = account(points, { riskFree: 0.01 })
    expect(risky.figure('sharpe').value).toBeCloseTo(0, 10)
    expect(account(points).figure('sharpe').value).toBeGreaterThan(5)
    expect(risky.figure('annualReturn')).toEqual(account(points).figure('annualReturn'))
  })

  test('of one that grows by the same share every day are unknown, not made of rounding', () => {
    for (const rate of [1.01, 0.99, 1.0000001]) {
      const points = [100]
      for (let i = 0; i < 60; i++) points.push(points.at(-1)! * rate)
      expect(account(points).figure('sharpe').value, String(rate)).toBeNaN()
    }
  })

  test('from next to nothing to riches stay numbers', () => {
    const points = Array.from({ length: 40 }, (_, i) => (i < 20 ? 1e-300 : 1e300))
    for (const measure of Object.keys(metrics.EQUITY_FLOORS) as metrics.EquityMeasure[]) {
      const { value } = account(points).figure(measure)
      expect(Number.isFinite(value) || Number.isNaN(value), `${measure} ${value}`).toBe(true)
    }
  })
})

describe('figures below their floor', () => {
  test('say what they have and need, and nothing else; one more and they speak', () => {
    const returns = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? -0.01 : 0.01))
    const points = returns.map((_, i) => 100 + ((i * 7) % 5))
    for (const [measure, needs] of Object.entries(metrics.TRADE_FLOORS)) {
      const below = trades(returns.slice(0, needs - 1)).figure(measure as metrics.TradeMeasure)
      expect(below).toEqual({ value: Number.NaN, have: needs - 1, needs })
      expect(trades(returns.slice(0, needs)).value(measure as metrics.TradeMeasure), measure).not.toBeNaN()
    }
    for (const [measure, needs] of Object.entries(metrics.EQUITY_FLOORS)) {
      const below = account(points.slice(0, needs)).figure(measure as metrics.EquityMeasure)
      expect(below).toEqual({ value: Number.NaN, have: needs - 1, needs })
      expect(account(points.slice(0, needs + 1)).figure(measure as metrics.EquityMeasure).value, measure).not.toBeNaN()
    }
  })

  test('of nothing, of one trade and of one point are unknown', () => {
    for (const statistics of [trades([]), trades([0.5])]) {
      for (const measure of Object.keys(metrics.TRADE_FLOORS) as metrics.TradeMeasure[]) {
        expect(statistics.value(measure)).toBeNaN()
      }
    }
    for (const statistics of [account([]), account([5])]) {
      expect(statistics.figure('sharpe')).toEqual({ value: Number.NaN, have: 0, needs: 30 })
      expect(statistics.deepest).toMatchObject({ depth: 0, steps: 0, recovered: true })
    }
    expect(new metrics.RMultipleStatistics().text('median')).toBe('N/A (needs 20)')
    expect(new metrics.ExposureStatistics().text('turnover')).toBe('N/A (needs 20)')
  })
})

describe('ends of the scale', () => {
  test('all winners: an infinite profit factor, no Sortino, no fall', () => {
    const winners = trades(Array.from({ length: 30 }, (_, i) => 0.01 + i / 1000))
    expect([winners.text('profitFactor'), winners.text('sortino'), winners.text('winRate')]).toEqual([
      '∞',
      'N/A',
      '1.000',
    ])
    expect(winners.deepest).toMatchObject({ depth: 0, recovered: true })
  })

  test('all losers: a profit factor of 0, and a fall from the first trade to the last', () => {
    const losers = trades(Array.from({ length: 30 }, () => -0.01))
    expect([losers.value('profitFactor'), losers.value('winRate'), losers.value('longestDrawdown')]).toEqual([0, 0, 30])
    expect(losers.deepest).toMatchObject({ start: 0, bottom: 30, steps: 30, recovered: false })
  })

  test('a loss of all is never made good, and an account of nothing earns nothing until something is paid in', () => {
    const ruined = trades([...Array.from({ length: 30 }, () => 0.01), -1, 5, 5])
    expect(ruined.value('maxDrawdown')).toBe(1)
    expect(ruined.deepest).toMatchObject({ start: 30, bottom: 31, recovered: false })
    const empty = account([100, 0, 0, 50, 100, ...Array.from({ length: 30 }, () => 100)])
    expect(empty.figure('maxDrawdown').value).toBe(1)
    expect(empty.deepest).toMatchObject({ recovered: true, steps: 4 })
    expect(() => account([0])).toThrow('"equity" must be a positive number, got 0.')
  })
})

describe('R multiples', () => {
  test('of no risk, or of another number of risks, are refused by name', () => {
    expect(() => metrics.rMultiples([1, 1], [1, 0])).toThrow('"risks[1]" must be a positive number, got 0.')
    expect(() => new metrics.RMultipleStatistics().update(1, -1)).toThrow('"risk" must be a positive number, got -1.')
  })

  test('of immense returns and tiny risks stay numbers', () => {
    const many = metrics.rMultiples(Array(30).fill(1e300), Array(30).fill(1e-300))
    for (const measure of ['mean', 'median', 'low', 'high', 'beyondStop'] as const) {
      expect(Number.isFinite(many[measure].value)).toBe(true)
    }
    expect(many.distribution.at(-1)).toEqual({ from: 5, to: Number.POSITIVE_INFINITY, count: 30 })
    expect(metrics.rMultiples([], []).mean).toEqual({ value: Number.NaN, have: 0, needs: 20 })
  })
})

describe('exposure as trades close', () => {
  const positions = fc.array(
    fc.record({
      from: fc.integer({ min: 0, max: 300 }),
      length: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 200 })),
      size: fc.integer({ min: 0, max: 16 }),
    }),
    { minLength: 20, maxLength: 60 },
  )
  const closed = (table: { from: number; length: number; size: number }[]): metrics.HeldPosition[] =>
    table.map(({ from, length, size }) => ({ from, to: from + length, size: size / 16 })).sort((a, b) => a.to - b.to)

  test('is that of the whole table, whatever overlaps what', () => {
    fc.assert(
      fc.property(positions, fc.nat(60), (table, cut) => {
        const held = closed(table)
        let exposure = new metrics.ExposureStatistics()
        for (const [i, position] of held.entries()) {
          if (i === cut) exposure = metrics.ExposureStatistics.fromJSON(JSON.parse(JSON.stringify(exposure)))
          exposure.update(position)
        }
        const whole = metrics.exposureOf(held)
        for (const measure of ['inMarket', 'average', 'holding', 'turnover'] as const) {
          const { value, have } = exposure.figure(measure)
          expect(have).toBe(held.length)
          expect(Math.abs(value / (whole[measure] || 1) - (whole[measure] === 0 ? 0 : 1)), measure).toBeLessThan(1e-12)
        }
      }),
    )
  })

  test('with room for few spells never counts more than there was, and all where no trade outlasts them', () => {
    fc.assert(
      fc.property(positions, fc.integer({ min: 1, max: 5 }), (table, spells) => {
        const held = closed(table)
        const exposure = new metrics.ExposureStatistics({ spells })
        for (const position of held) exposure.update(position)
        const { inMarket } = metrics.exposureOf(held)
        const { value } = exposure.figure('inMarket')
        expect(value).toBeLessThanOrEqual(inMarket + 1e-12)
        expect(value).toBeGreaterThan(0)
      }),
    )
    const brief = new metrics.ExposureStatistics({ spells: 1 })
    for (let i = 0; i < 1000; i++) brief.update({ from: 10 * i, to: 10 * i + 4, size: 1 })
    expect(brief.figure('inMarket').value).toBeCloseTo(4000 / 9994, 12)
  })

  test('counts a year of weekly round trips at a tenth of the equity as a turnover of ten', () => {
    const exposure = new metrics.ExposureStatistics()
    const week = 7 * 24 * HOUR
    // one each week, every second held to the next one's closing
    for (let i = 0; i < 53; i++) exposure.update({ from: T0 + i * week, to: T0 + (i + 1) * week, size: 0.1 })
    expect(exposure.figure('turnover').value).toBeCloseTo((2 * 0.1 * 53 * 365.25) / (53 * 7), 9)
    expect(exposure.figure('inMarket').value).toBe(1)
    expect(exposure.figure('average').value).toBeCloseTo(0.1, 12)
    expect(exposure.figure('holding').value).toBe(week)
  })

  test('stays a number for immense sizes and spans', () => {
    const held = Array.from({ length: 20 }, () => ({ from: -9e15, to: 9e15, size: 1e300 }))
    const exposure = new metrics.ExposureStatistics()
    for (const position of held) exposure.update(position)
    for (const measure of ['inMarket', 'average', 'holding', 'turnover'] as const) {
      expect(Number.isFinite(exposure.figure(measure).value)).toBe(true)
    }
    expect(Object.values(metrics.exposureOf(held)).every(Number.isFinite)).toBe(true)
  })
})
