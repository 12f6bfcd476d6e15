import { describe, expect, test } from 'vitest'
import type { Codec, JsonObject, Metric, Serializable, Sized, Snapshot } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/index.ts'
import * as metrics from '../../src/metrics/index.ts'
import { damageLaws } from '../../src/testing/damage-laws.ts'
import { metricLaws } from '../../src/testing/index.ts'
import { refuses } from '../../src/testing/law.ts'
import { shapeLaws } from '../../src/testing/shape-laws.ts'
import { sizeLaws } from '../../src/testing/size-laws.ts'

const corrupt = expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }) as Error
const T0 = 1.6e12
const HOUR = 3_600_000

/** A codec of `Rolling` over one metric. */
const rolling = (inner: Codec<Metric>): Codec<metrics.Rolling> => ({
  type: metrics.Rolling.type,
  version: metrics.Rolling.version,
  fromJSON: (json) => metrics.Rolling.fromJSON(json, (nested) => inner.fromJSON(nested, () => new metrics.Brier())),
})

/** An interval metric scored on points with half a unit to each side, so that the laws of metrics can be tried on it. */
class Around implements Metric, Sized {
  readonly better = 'lower'
  readonly inner: metrics.IntervalCoverage
  constructor(inner: metrics.IntervalCoverage = new metrics.IntervalCoverage()) {
    this.inner = inner
  }
  get value(): number {
    return this.inner.value
  }
  get sizeInBytes(): number {
    return this.inner.sizeInBytes
  }
  update(y: number, prediction: number, weight = 1): void {
    this.inner.update(y, prediction - 0.5, prediction + 0.5, weight)
  }
  toJSON(): Snapshot {
    return this.inner.toJSON()
  }
}
const around: Codec<Around> = {
  type: metrics.IntervalCoverage.type,
  version: metrics.IntervalCoverage.version,
  fromJSON: (json) => new Around(metrics.IntervalCoverage.fromJSON(json)),
}

for (const [title, laws] of Object.entries({
  RSquared: metricLaws(() => new metrics.RSquared(), metrics.RSquared, 'values'),
  'PinballLoss of a tail': metricLaws(() => new metrics.PinballLoss({ quantile: 0.95 }), metrics.PinballLoss, 'values'),
  IntervalCoverage: metricLaws(() => new Around(), around, 'values'),
  'Rolling over values': metricLaws(
    () => new metrics.Rolling(() => new metrics.MeanAbsoluteError(), { window: 70 }),
    rolling(metrics.MeanAbsoluteError),
    'values',
  ),
  'Rolling over an AUC': metricLaws(
    () => new metrics.Rolling(() => new metrics.AUC(), { window: 70 }),
    rolling(metrics.AUC),
  ),
  'CalibrationError with bins of equal width': metricLaws(
    () => new metrics.CalibrationError({ binning: 'equal-width', bins: 7 }),
    metrics.CalibrationError,
  ),
})) {
  describe(title, () => {
    for (const { name, run } of laws) test(name, run)
  })
}

type Part = Serializable & Sized
/** What is fed with trades or points rather than predictions: made, read back, fed with the i-th, asked for every figure. */
type Fed = {
  readonly create: () => Part
  readonly reread: (json: Snapshot) => Part
  readonly feed: (part: Part, i: number) => void
  readonly figures: (part: Part) => number[]
  /** What it must refuse. */
  readonly bad: readonly ((part: Part) => void)[]
}
const valuesOf = <M extends string>(part: { figure(measure: M): metrics.Figure }, measures: readonly M[]): number[] =>
  measures.map((measure) => part.figure(measure).value)

const rng = new SeededRng('fed')
const draws = Array.from({ length: 400 }, () => rng.next())
const netReturn = (i: number): number => (draws[i % 400]! - 0.48) / 10

const FED: { readonly [name: string]: Fed } = {
  TradeStatistics: {
    create: () => new metrics.TradeStatistics({ stake: 0.5 }),
    reread: metrics.TradeStatistics.fromJSON,
    feed: (part, i) => (part as metrics.TradeStatistics).update(netReturn(i)),
    figures: (part) => {
      const trades = part as metrics.TradeStatistics
      const { depth, steps } = trades.deepest
      return [...valuesOf(trades, Object.keys(metrics.TRADE_FLOORS) as metrics.TradeMeasure[]), depth, steps]
    },
    bad: [(part) => (part as metrics.TradeStatistics).update(Number.NaN)],
  },
  EquityStatistics: {
    create: () => new metrics.EquityStatistics({ periodsPerYear: 8760, riskFree: 1e-6 }),
    reread: metrics.EquityStatistics.fromJSON,
    feed: (part, i) => {
      ;(part as metrics.EquityStatistics).update(T0 + i * HOUR, 1000 + 100 * draws[i % 400]!)
    },
    figures: (part) => {
      const account = part as metrics.EquityStatistics
      const { depth, steps } = account.deepest
      return [...valuesOf(account, Object.keys(metrics.EQUITY_FLOORS) as metrics.EquityMeasure[]), depth, steps]
    },
    bad: [
      (part) => (part as metrics.EquityStatistics).update(T0 - HOUR, 5),
      (part) => (part as metrics.EquityStatistics).update(Number.NaN, 5),
      (part) => (part as metrics.EquityStatistics).update(T0 + 9999 * HOUR, -1),
      (part) => (part as metrics.EquityStatistics).update(T0 + 9999 * HOUR, Number.POSITIVE_INFINITY),
    ],
  },
  RMultipleStatistics: {
    create: () => new metrics.RMultipleStatistics({ window: 60 }),
    reread: metrics.RMultipleStatistics.fromJSON,
    feed: (part, i) => (part as metrics.RMultipleStatistics).update(netReturn(i), 0.01 + draws[(i + 7) % 400]! / 50),
    figures: (part) =>
      valuesOf(part as metrics.RMultipleStatistics, ['mean', 'median', 'low', 'high', 'beyondStop'] as const),
    bad: [
      (part) => (part as metrics.RMultipleStatistics).update(0.1, 0),
      (part) => (part as metrics.RMultipleStatistics).update(0.1, Number.NaN),
      (part) => (part as metrics.RMultipleStatistics).update(Number.POSITIVE_INFINITY, 1),
    ],
  },
  ExposureStatistics: {
    create: () => new metrics.ExposureStatistics({ spells: 10 }),
    reread: metrics.ExposureStatistics.fromJSON,
    feed: (part, i) => {
      const to = T0 + i * HOUR
      const from = to - Math.floor(3 * HOUR * draws[i % 400]! * draws[(i + 3) % 400]!)
      ;(part as metrics.ExposureStatistics).update({ from, to, size: draws[(i + 5) % 400]! })
    },
    figures: (part) =>
      valuesOf(part as metrics.ExposureStatistics, ['inMarket', 'average', 'holding', 'turnover'] as const),
    bad: [
      (part) => (part as metrics.ExposureStatistics).update({ from: T0, to: T0 - 1, size: 1 }),
      (part) => (part as metrics.ExposureStatistics).update({ from: T0 - 9e8, to: T0 - 8e8, size: 1 }),
      (part) => (part as metrics.ExposureStatistics).update({ from: T0, to: T0 + 9999 * HOUR, size: -1 }),
      (part) => (part as metrics.ExposureStatistics).update({ from: 0.5, to: T0 + 9999 * HOUR, size: 1 }),
      (part) => (part as metrics.ExposureStatistics).update({ from: T0, to: Number.NaN, size: 1 }),
    ],
  },
}

for (const [name, { create, reread, feed, figures, bad }] of Object.entries(FED)) {
  const COUNT = 150
  const trained = (): Part => {
    const part = create()
    for (let i = 0; i < COUNT; i++) feed(part, i)
    return part
  }
  const copy = (part: Part): Part => reread(JSON.parse(JSON.stringify(part)) as Snapshot)
  describe(name, () => {
    test('restored from its snapshot it goes on to the bit', () => {
      for (const stop of [0, 1, 70]) {
        const steady = create()
        for (let i = 0; i < stop; i++) feed(steady, i)
        const restored = copy(steady)
        for (let i = stop; i < COUNT; i++) {
          feed(steady, i)
          feed(restored, i)
        }
        expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
        expect(figures(restored)).toEqual(figures(steady))
      }
    })

    test('has figures, and reading them changes nothing', () => {
      const part = trained()
      const before = JSON.stringify(part)
      expect(figures(part).every(Number.isFinite), String(figures(part))).toBe(true)
      expect(JSON.stringify(part)).toBe(before)
    })

    test('refuses bad input and stays as it was', () => {
      const part = trained()
      for (const [i, act] of bad.entries()) refuses(part, `bad input ${i}`, () => act(part))
    })

    test('takes no more room for more', () => {
      const part = trained()
      const { sizeInBytes } = part
      for (let i = COUNT; i < 3 * COUNT; i++) feed(part, i)
      expect(part.sizeInBytes).toBe(sizeInBytes)
    })

    const laws = [
      ...shapeLaws(trained, reread),
      ...sizeLaws(trained, copy),
      ...damageLaws(trained, reread, (part) => {
        for (let i = COUNT; i < 2 * COUNT; i++) feed(part, i)
        for (const value of figures(part)) {
          if (!Number.isFinite(value)) throw new Error(`figures are ${figures(part)}`)
        }
      }),
    ]
    for (const law of laws) test(law.name, law.run)
  })
}

test('a file whose account is below its deepest fall, or came back before it fell, is refused', () => {
  const trades = new metrics.TradeStatistics()
  for (const r of [0.1, -0.2, 0.5, -0.1]) trades.update(r)
  const json = JSON.parse(JSON.stringify(trades)) as Snapshot
  const drawdowns = json.state['drawdowns'] as JsonObject
  for (const damage of [
    { depth: 0.05 },
    { endStep: 0 },
    { endAt: 1 },
    { startAt: 3 },
    { startStep: 0.5 },
    { depth: 0 },
  ]) {
    const state = { ...json.state, drawdowns: { ...drawdowns, ...damage } }
    expect(() => metrics.TradeStatistics.fromJSON({ ...json, state }), JSON.stringify(damage)).toThrow(corrupt)
  }
  expect(JSON.stringify(metrics.TradeStatistics.fromJSON(json))).toBe(JSON.stringify(trades))
})

test('options that would take all memory, or mean nothing, are refused', () => {
  const invalid = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error
  for (const make of [
    () => new metrics.RMultipleStatistics({ window: 1e9 }),
    () => new metrics.ExposureStatistics({ spells: 1e9 }),
    () => new metrics.ExposureStatistics({ spells: 0 }),
    () => new metrics.EquityStatistics({ periodsPerYear: 0 }),
    () => new metrics.EquityStatistics({ riskFree: Number.NaN }),
    () => new metrics.CalibrationError({ binning: 'quantile' as 'equal-count' }),
    () => new metrics.CalibrationError({ coverage: 1 }),
    () => new metrics.IntervalCoverage({ coverage: 1 }),
  ]) {
    expect(make).toThrow(invalid)
  }
})

describe('files of earlier releases', () => {
  /** A snapshot as version 1 wrote it. */
  const first = (json: Snapshot, options: JsonObject, state: JsonObject): Snapshot => ({
    ...json,
    version: 1,
    options,
    state,
  })

  test('calibration: bins of equal count', () => {
    const now = new metrics.CalibrationError({ bins: 4, window: 30 })
    for (let i = 0; i < 50; i++) now.update(i % 2, draws[i]!)
    const json = now.toJSON()
    const read = metrics.CalibrationError.fromJSON(first(json, { bins: 4, window: 30 }, json.state))
    expect(JSON.stringify(read)).toBe(JSON.stringify(now))
  })

  test('rolling: labels of 0 and 1', () => {
    const now = new metrics.Rolling(() => new metrics.Brier(), { window: 20 })
    for (let i = 0; i < 50; i++) now.update(i % 2, draws[i]!)
    const json = JSON.parse(JSON.stringify(now)) as Snapshot
    const auc = new metrics.AUC({ window: 20 })
    for (let i = 0; i < 50; i++) auc.update(i % 2, draws[i]!)
    // its window was that of an AUC
    const old = first(json, json.options, JSON.parse(JSON.stringify(auc)).state as JsonObject)
    const read = rolling(metrics.Brier).fromJSON(old, () => now)
    expect(JSON.stringify(read)).toBe(JSON.stringify(now))
  })

  test('trades: all that was known goes on, what was not is counted from now on', () => {
    const now = new metrics.TradeStatistics({ stake: 0.5 })
    for (let i = 0; i < 40; i++) now.update(netReturn(i))
    const json = JSON.parse(JSON.stringify(now)) as Snapshot
    const { since: _, drawdowns, ...known } = json.state as JsonObject & { since: JsonObject; drawdowns: JsonObject }
    const read = metrics.TradeStatistics.fromJSON(
      first(json, json.options, { ...known, maxDrawdown: drawdowns['depth']! }),
    )
    for (const measure of ['winRate', 'profitFactor', 'expectancy', 'sharpe', 'maxDrawdown'] as const) {
      expect(read.figure(measure)).toEqual(now.figure(measure))
    }
    expect(read.figure('sortino')).toEqual({ value: Number.NaN, have: 0, needs: 30 })
    expect(read.figure('longestDrawdown').have).toBe(0)
    for (let i = 40; i < 75; i++) {
      now.update(netReturn(i))
      read.update(netReturn(i))
    }
    expect(read.figure('sharpe')).toEqual(now.figure('sharpe'))
    // of the trades since, mean and falls alike
    const since = new metrics.TradeStatistics({ stake: 0.5 })
    for (let i = 40; i < 75; i++) since.update(netReturn(i))
    expect(read.figure('sortino')).toEqual(since.figure('sortino'))
    expect(read.figure('sortino').have).toBe(35)
    expect(JSON.stringify(metrics.TradeStatistics.fromJSON(read.toJSON()))).toBe(JSON.stringify(read))
  })

  test('with a damaged state are refused', () => {
    const json = new metrics.TradeStatistics().toJSON()
    expect(() => metrics.TradeStatistics.fromJSON(first(json, json.options, { trades: -1 }))).toThrow(corrupt)
  })
})

test('Rolling refuses what its metric does, and a file with what its metric would not take', () => {
  const labels = new metrics.Rolling(() => new metrics.Brier(), { window: 5 })
  expect(() => labels.update(0.5, 0.5)).toThrow('"y" must be 0 or 1')
  const values = new metrics.Rolling(() => new metrics.MeanAbsoluteError(), { window: 2 })
  for (const y of [5, 1, 3]) values.update(y, 0)
  expect(values.value).toBe(2)
  const json = JSON.parse(JSON.stringify(values)) as Snapshot
  const other = { ...json, options: { ...json.options, metric: JSON.parse(JSON.stringify(new metrics.Brier())) } }
  expect(() => rolling(metrics.Brier).fromJSON(other, () => values)).toThrow(corrupt)
})
