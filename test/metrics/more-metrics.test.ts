import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restore } from '../../src/core/index.ts'
import {
  AveragePrecision,
  Brier,
  CalibrationError,
  EQUITY_FLOORS,
  EquityStatistics,
  exposureOf,
  IntervalCoverage,
  MeanAbsoluteError,
  PinballLoss,
  RootMeanSquaredError,
  rMultiples,
} from '../../src/metrics/index.ts'
import { metricLaws } from '../../src/testing/index.ts'
import golden from '../golden/metrics-extra.json' with { type: 'json' }

const { p, y, w, v, f, low, high, equity } = golden
const DAY = 86_400_000
const T0 = 1.6e12

for (const [title, laws] of Object.entries({
  AveragePrecision: metricLaws(() => new AveragePrecision(), AveragePrecision),
  'AveragePrecision of a window that wraps': metricLaws(() => new AveragePrecision({ window: 80 }), AveragePrecision),
  MeanAbsoluteError: metricLaws(() => new MeanAbsoluteError(), MeanAbsoluteError, 'values'),
  RootMeanSquaredError: metricLaws(() => new RootMeanSquaredError(), RootMeanSquaredError, 'values'),
  PinballLoss: metricLaws(() => new PinballLoss({ quantile: 0.5 }), PinballLoss, 'values'),
})) {
  describe(title, () => {
    for (const { name, run } of laws) test(name, run)
  })
}

/** The value after all pairs, without and with weights. */
const both = (
  create: () => { update(y: number, p: number, w?: number): void; readonly value: number },
  ys: number[],
  ps: number[],
): number[] =>
  [undefined, w].map((weights) => {
    const metric = create()
    for (const [i, label] of ys.entries()) metric.update(label, ps[i]!, weights?.[i])
    return metric.value
  })
const expectClose = (got: readonly number[], wanted: readonly number[]): void =>
  got.forEach((value, i) => void expect(Math.abs(value / wanted[i]! - 1)).toBeLessThan(1e-9))

describe('golden values of scikit-learn and numpy', () => {
  test('average precision, with ties and weights', () =>
    expectClose(
      both(() => new AveragePrecision(), y, p),
      golden.averagePrecision,
    ))

  test('errors of values, with weights', () => {
    expectClose(
      both(() => new MeanAbsoluteError(), v, f),
      golden.mae,
    )
    expectClose(
      both(() => new RootMeanSquaredError(), v, f),
      golden.rmse,
    )
    for (const [quantile, wanted] of Object.entries(golden.pinball)) {
      expectClose(
        both(() => new PinballLoss({ quantile: Number(quantile) }), v, f),
        wanted,
      )
    }
  })

  test('intervals: coverage, width and score', () => {
    const [plain, weighted] = [new IntervalCoverage({ coverage: 0.9 }), new IntervalCoverage({ coverage: 0.9 })]
    for (const [i, value] of v.entries()) {
      plain.update(value, low[i]!, high[i]!)
      weighted.update(value, low[i]!, high[i]!, w[i])
    }
    const { coverage, width, score } = golden.interval
    expectClose(
      [plain.coverage, plain.width, plain.score, weighted.score],
      [coverage, width, score, golden.interval.weighted],
    )
  })

  test('an account: Sharpe, Sortino, Calmar, drawdown and its length', () => {
    const account = new EquityStatistics()
    for (const [i, value] of equity.entries()) account.update(T0 + i * DAY, value)
    const { sharpe, sortino, calmar, annualReturn, maxDrawdown, longestDrawdown } = golden.account
    const of = (name: Parameters<EquityStatistics['figure']>[0]): number => account.figure(name).value
    expectClose(
      [of('sharpe'), of('sortino'), of('calmar'), of('annualReturn'), of('maxDrawdown'), of('longestDrawdown')],
      [sharpe, sortino, calmar, annualReturn, maxDrawdown, longestDrawdown * DAY],
    )
    expect(account.recovered).toBe(equity.at(-1) === Math.max(...equity))
  })
})

describe('the parts of a Brier score', () => {
  const pairs = fc.array(
    fc.record({ p: fc.integer({ min: 0, max: 20 }), y: fc.constantFrom(0, 1), w: fc.integer({ min: 1, max: 5 }) }),
    { minLength: 1, maxLength: 200 },
  )

  test('add up to it, whatever the bins, and none that is a mean of squares is below 0', () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 30 }), (table, bins) => {
        const [calibration, brier] = [new CalibrationError({ bins }), new Brier()]
        for (const { p: twentieth, y: label, w: weight } of table) {
          calibration.update(label, twentieth / 20, weight)
          brier.update(label, twentieth / 20, weight)
        }
        const { reliability, resolution, uncertainty, within, spread, brier: whole } = calibration.brierParts
        expect(whole).toBeCloseTo(brier.value, 12)
        expect(reliability - resolution + uncertainty + within).toBeCloseTo(whole, 12)
        for (const part of [reliability, resolution, uncertainty, spread]) expect(part).toBeGreaterThanOrEqual(-1e-15)
      }),
    )
  })

  test('bins of one prediction each hide nothing', () => {
    const calibration = new CalibrationError({ bins: 1000 })
    for (const [i, label] of y.entries()) calibration.update(label, Math.round(10 * p[i]!) / 10)
    expect(Math.abs(calibration.brierParts.within)).toBeLessThan(1e-12)
    expect(new CalibrationError().brierParts.brier).toBeNaN()
  })
})

describe('streams and tables agree', () => {
  const values = fc.array(
    fc.record({ y: fc.double({ min: -5, max: 5, noNaN: true }), f: fc.double({ min: -5, max: 5, noNaN: true }) }),
    { minLength: 1, maxLength: 80 },
  )

  test('errors of values are their formulas, however the stream was cut and saved', () => {
    fc.assert(
      fc.property(values, fc.nat(), (table, cut) => {
        const codecs = [MeanAbsoluteError, RootMeanSquaredError, PinballLoss]
        const wanted = [
          table.reduce((sum, { y: a, f: b }) => sum + Math.abs(a - b), 0) / table.length,
          Math.sqrt(table.reduce((sum, { y: a, f: b }) => sum + (a - b) * (a - b), 0) / table.length),
          table.reduce((sum, { y: a, f: b }) => sum + (a > b ? 0.3 * (a - b) : 0.7 * (b - a)), 0) / table.length,
        ]
        for (const [k, metric] of [
          new MeanAbsoluteError(),
          new RootMeanSquaredError(),
          new PinballLoss({ quantile: 0.3 }),
        ].entries()) {
          let running: typeof metric = metric
          for (const [i, { y: a, f: b }] of table.entries()) {
            if (i === cut % table.length)
              running = restore(JSON.parse(JSON.stringify(running)), codecs) as typeof metric
            running.update(a, b)
          }
          expect(running.value).toBeCloseTo(wanted[k]!, 10)
        }
      }),
    )
  })

  test('an account read back half-way goes on to the bit', () => {
    const [steady, first] = [new EquityStatistics(), new EquityStatistics()]
    for (const [i, value] of equity.entries()) steady.update(T0 + i * DAY, value)
    for (const [i, value] of equity.slice(0, 50).entries()) first.update(T0 + i * DAY, value)
    const second = restore(JSON.parse(JSON.stringify(first)), [EquityStatistics])
    for (const [i, value] of equity.entries()) if (i >= 50) second.update(T0 + i * DAY, value)
    expect(JSON.stringify(second)).toBe(JSON.stringify(steady))
    const empty = new EquityStatistics()
    expect(JSON.stringify(restore(JSON.parse(JSON.stringify(empty)), [EquityStatistics]))).toBe(JSON.stringify(empty))
  })
})

describe('an account', () => {
  test('says nothing below its floors, and what it needs', () => {
    const account = new EquityStatistics()
    for (let i = 0; i < 20; i++) account.update(T0 + i * DAY, 100 + i)
    expect(account.figure('sharpe')).toEqual({ value: Number.NaN, have: 19, needs: 30 })
    expect(account.text('maxDrawdown')).toBe(`N/A (needs ${EQUITY_FLOORS.maxDrawdown})`)
    account.update(T0 + 20 * DAY, 90)
    expect(account.figure('maxDrawdown').value).toBeCloseTo(1 - 90 / 119, 12)
    expect([account.figure('longestDrawdown').value, account.recovered]).toEqual([DAY, false])
    // without a fall there is nothing to divide by
    const rising = new EquityStatistics()
    for (let i = 0; i < 40; i++) rising.update(T0 + i * DAY, 100 * (1 + i / 100))
    expect([rising.text('calmar'), rising.text('sortino'), rising.recovered]).toEqual(['N/A', 'N/A', true])
  })

  test('stays finite through ruin, riches and constants', () => {
    for (const path of [
      [100, 0, 0, 5],
      [1e300, 1e-300, 1e300],
      [7, 7, 7],
      [5e-324, 1],
    ]) {
      const account = new EquityStatistics()
      for (let i = 0; i < 90; i++) account.update(T0 + i * DAY, path[i % path.length]!)
      for (const name of Object.keys(EQUITY_FLOORS) as (keyof typeof EQUITY_FLOORS)[]) {
        const { value } = account.figure(name)
        expect(Number.isNaN(value) || Number.isFinite(value), `${name} ${value}`).toBe(true)
      }
      expect(account.figure('maxDrawdown').value).toBeLessThanOrEqual(1)
      restore(JSON.parse(JSON.stringify(account)), [EquityStatistics])
    }
  })

  test('refuses what cannot be, and stays as it was', () => {
    const account = new EquityStatistics()
    account.update(T0, 100)
    const before = JSON.stringify(account)
    expect(() => account.update(T0, 101)).toThrow('"time" must be after')
    expect(() => account.update(T0 + 1, -1)).toThrow('"equity" must be a number of at least 0, got -1.')
    expect(() => account.update(T0 + 1, Number.NaN)).toThrow('"equity"')
    expect(() => account.update(Number.NaN, 1)).toThrow('"time"')
    expect(JSON.stringify(account)).toBe(before)
    const json = JSON.parse(before)
    for (const damage of [
      { drawdowns: { ...json.state.drawdowns, depth: 2 } },
      { peak: 0 },
      { drawdowns: { ...json.state.drawdowns, peakAt: T0 + 5 } },
      { drawdowns: { ...json.state.drawdowns, longest: 1 } },
      { first: -1 },
      { returns: { n: 3, mean: 0, m2: 0 } },
    ]) {
      expect(() => EquityStatistics.fromJSON({ ...json, state: { ...json.state, ...damage } })).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }) as Error,
      )
    }
  })
})

describe('intervals', () => {
  test('refuse what cannot be, and damaged files', () => {
    const metric = new IntervalCoverage()
    metric.update(0.5, 0, 1)
    expect([metric.coverage, metric.width, metric.score]).toEqual([1, 1, 1])
    const before = JSON.stringify(metric)
    expect(() => metric.update(0, 1, 0.5)).toThrow('"low" must not be above "high"')
    expect(() => metric.update(Number.NaN, 0, 1)).toThrow('"y"')
    expect(() => metric.update(0, 0, 1, 0)).toThrow('"weight"')
    expect(JSON.stringify(metric)).toBe(before)
    expect(new IntervalCoverage().score).toBeNaN()
    const json = JSON.parse(before)
    const damaged = { ...json, state: { ...json.state, inside: { loss: 7, total: 1 } } }
    expect(() => IntervalCoverage.fromJSON(damaged)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }) as Error,
    )
  })
})

describe('exposure', () => {
  const positions = fc.array(
    fc.record({
      from: fc.integer({ min: 0, max: 40 }),
      length: fc.integer({ min: 0, max: 15 }),
      size: fc.integer({ min: 0, max: 8 }),
    }),
    { minLength: 1, maxLength: 25 },
  )

  test('is what counting every moment gives, in any order', () => {
    fc.assert(
      fc.property(positions, (table) => {
        const held = table.map(({ from, length, size }) => ({ from, to: from + length, size: size / 8 }))
        const [first, last] = [Math.min(...held.map(({ from }) => from)), Math.max(...held.map(({ to }) => to))]
        const moments = Array.from({ length: last - first }, (_, i) =>
          held.filter(({ from, to }) => from <= first + i && to > first + i),
        )
        const found = exposureOf(held)
        for (const [name, value] of Object.entries(exposureOf([...held].reverse()))) {
          if (!Number.isNaN(value)) expect(value).toBeCloseTo(found[name as keyof typeof found], 5)
        }
        if (moments.length === 0) return void expect(found.inMarket).toBeNaN()
        expect(found.inMarket).toBeCloseTo(moments.filter((open) => open.length > 0).length / moments.length, 12)
        const sizes = moments.map((open) => open.reduce((sum, { size }) => sum + size, 0))
        expect(found.average).toBeCloseTo(sizes.reduce((sum, size) => sum + size, 0) / moments.length, 12)
        expect(found.largest).toBeGreaterThanOrEqual(Math.max(...sizes) - 1e-12)
        expect(found.mostAtOnce).toBeGreaterThanOrEqual(Math.max(...moments.map((open) => open.length)))
        const traded = held.reduce((sum, { size }) => sum + 2 * size, 0)
        expect(found.turnover / ((traded * 365.25 * DAY) / moments.length) || 1).toBeCloseTo(1, 9)
      }),
    )
  })

  test('of nothing is unknown, and what cannot be is named', () => {
    expect(Object.values(exposureOf([])).every(Number.isNaN)).toBe(true)
    expect(() => exposureOf([{ from: 2, to: 1, size: 1 }])).toThrow('"positions[0].to" must not lie before 2, got 1.')
    expect(() => exposureOf([{ from: 0, to: 1, size: -1 }])).toThrow('"positions[0].size"')
    expect(
      exposureOf([
        { from: 0, to: 5, size: 0.1 },
        { from: 5, to: 10, size: 0.1 },
      ]),
    ).toMatchObject({ inMarket: 1, mostAtOnce: 1, largest: 0.1, holding: 5 })
  })
})

test('R multiples are returns over the stops, with their middle and ends from twenty trades on', () => {
  const returns = Array.from({ length: 21 }, (_, i) => (i - 10) / 100)
  const {
    mean,
    median,
    low: tenth,
    high: ninth,
    beyondStop,
    all,
  } = rMultiples(
    returns,
    returns.map(() => 0.05),
  )
  expect([...all].every((r, i) => r === returns[i]! / 0.05)).toBe(true)
  expect(mean.value).toBeCloseTo(0, 12)
  expect([median.value, tenth.value, ninth.value].map((r) => Math.round(r * 10) / 10)).toEqual([0, -1.6, 1.6])
  expect(beyondStop.value).toBeCloseTo(5 / 21, 12)
  expect(
    rMultiples(
      returns.slice(0, 19),
      returns.slice(0, 19).map(() => 1),
    ).mean,
  ).toEqual({ value: Number.NaN, have: 19, needs: 20 })
  expect(() => rMultiples([1], [0])).toThrow('"risks[0]"')
  expect(() => rMultiples([Number.NaN], [1])).toThrow('"netReturns[0]"')
  expect(() => rMultiples([1, 2], [1])).toThrow('"risks" must have 2 values')
})
