import { describe, expect, test } from 'vitest'
import type { JsonObject, Metric, Serializable, Snapshot } from '../../src/contracts.ts'
import { packState, type State, unpackState } from '../../src/core/state.ts'
import { ADWIN } from '../../src/drift/adwin.ts'
import {
  Accuracy,
  AUC,
  Brier,
  CalibrationError,
  FBeta,
  LogLoss,
  Precision,
  Recall,
  Rolling,
  TradeStatistics,
} from '../../src/metrics/index.ts'

const corrupt = expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' })

/** A part's snapshot after a change of its state. */
function changed(part: Serializable, change: (state: Record<string, State>) => void): Snapshot {
  const json = JSON.parse(JSON.stringify(part)) as Snapshot
  const state = unpackState(json.state, {}) as Record<string, State>
  change(state)
  return { ...json, state: packState(state) as JsonObject }
}
const scored = <M extends Metric>(metric: M): M => {
  for (let i = 0; i < 20; i++) metric.update(i % 2, i / 20)
  return metric
}

describe('a window with contents that cannot have been pushed is refused', () => {
  const windows: readonly [string, Metric, (json: Snapshot) => unknown][] = [
    ['AUC', new AUC(), AUC.fromJSON],
    ['CalibrationError', new CalibrationError(), CalibrationError.fromJSON],
    ['Rolling', new Rolling(() => new Accuracy(), { window: 50 }), (json) => Rolling.fromJSON(json, Accuracy.fromJSON)],
  ]
  test.each(windows)('%s', (_, metric, read) => {
    scored(metric)
    const bad: [string, number][] = [
      ...[Number.NaN, -0.1, 1.1, Infinity].map((value): [string, number] => ['predictions', value]),
      ...[0, -1, Number.NaN, Infinity, 1e300].map((value): [string, number] => ['weights', value]),
      ['labels', 2],
    ]
    for (const [key, value] of bad) {
      const json = changed(metric, (state) => {
        ;(state[key] as Float64Array)[7] = value
      })
      expect(() => read(json)).toThrow(corrupt)
    }
    for (const size of [-1, 0.5]) {
      const json = changed(metric, (state) => Object.assign(state, { size, head: size }))
      expect(() => read(json)).toThrow(corrupt)
    }
  })
})

describe('sums that cannot be are refused', () => {
  const cases: readonly [Serializable, (json: Snapshot) => unknown, object][] = [
    [scored(new Accuracy()), Accuracy.fromJSON, { right: 21 }],
    [scored(new Accuracy()), Accuracy.fromJSON, { total: Infinity }],
    [scored(new Precision()), Precision.fromJSON, { hits: 11 }],
    [scored(new Recall()), Recall.fromJSON, { winners: Number.NaN }],
    [scored(new FBeta()), FBeta.fromJSON, { hits: Infinity }],
    [scored(new Brier()), Brier.fromJSON, { mean: 1.5 }],
    [scored(new Brier()), Brier.fromJSON, { n: -1 }],
    [scored(new LogLoss()), LogLoss.fromJSON, { mean: 40 }],
    [scored(new LogLoss()), LogLoss.fromJSON, { m2: Number.NaN }],
    [new TradeStatistics(), TradeStatistics.fromJSON, { wins: 1 }],
    [new TradeStatistics(), TradeStatistics.fromJSON, { level: 1.5 }],
    [new TradeStatistics(), TradeStatistics.fromJSON, { gains: Number.NaN }],
    [new TradeStatistics(), TradeStatistics.fromJSON, { trades: 0.5, returns: { n: 0.5, mean: 0, m2: 0 } }],
  ]
  test.each(cases)('%#', (part, read, change) => {
    expect(() => read(changed(part, (state) => Object.assign(state, change)))).toThrow(corrupt)
    expect(read(changed(part, () => {}))).toBeDefined()
  })
})

test('six of the largest weights leave a value, and a metric that goes on counting', () => {
  for (const metric of [new Accuracy(), new LogLoss(), new Brier(), new AUC(), new CalibrationError()]) {
    for (let i = 0; i < 6; i++) metric.update(i % 2, 0.3, 1e308)
    expect(Number.isFinite(metric.value)).toBe(true)
  }
  const tiny = new AUC()
  tiny.update(1, 0.8, 1e-170)
  tiny.update(0, 0.2, 1e-170)
  expect(tiny.value).toBe(1)
})

test('returns of any size leave statistics that can be saved', () => {
  const statistics = new TradeStatistics()
  for (let i = 0; i < 40; i++) statistics.update(i % 2 ? 1e308 : -1e308)
  const read = TradeStatistics.fromJSON(JSON.parse(JSON.stringify(statistics)) as Snapshot)
  for (const measure of ['profitFactor', 'expectancy', 'sharpe', 'maxDrawdown'] as const) {
    expect(Number.isFinite(read.value(measure))).toBe(true)
  }
  expect(statistics.sizeInBytes).toBeGreaterThan(0)
})

test('as many bins as there are bytes are refused', () => {
  expect(() => new CalibrationError({ bins: 1e9 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('Rolling refuses to hold what is no metric', () => {
  const json = new Rolling(() => new Accuracy(), { window: 5 }).toJSON()
  const other = { ...json, options: { ...json.options, metric: { ...new ADWIN().toJSON() } } } as Snapshot
  expect(() => Rolling.fromJSON(other, ADWIN.fromJSON)).toThrow(corrupt)
})
