import { expect, test } from 'vitest'
import type { Metric } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import * as metrics from '../../src/metrics/index.ts'

type Row = readonly [y: number, prediction: number, weight: number]

const rng = new SeededRng('weights')
const rows = Array.from({ length: 300 }, (): Row => {
  const y = Number(rng.next() < 0.3)
  return [y, Math.round(8 * (0.4 * y + 0.6 * rng.next())) / 8, 1 + Math.floor(3 * rng.next())]
})

/** The metrics of a stream; kappa-temporal looks at the label before, which repeated rows would change. */
const METRICS: readonly (readonly [string, () => Metric])[] = [
  ['Accuracy', () => new metrics.Accuracy()],
  ['BalancedAccuracy', () => new metrics.BalancedAccuracy()],
  ['Brier', () => new metrics.Brier()],
  ['CohenKappa', () => new metrics.CohenKappa()],
  ['FBeta', () => new metrics.FBeta()],
  ['GeometricMean', () => new metrics.GeometricMean()],
  ['LogLoss', () => new metrics.LogLoss()],
  ['MatthewsCorrelation', () => new metrics.MatthewsCorrelation()],
  ['Precision', () => new metrics.Precision()],
  ['Recall', () => new metrics.Recall()],
  ['CalibrationError', () => new metrics.CalibrationError()],
]

// River dropped weights in its collections of metrics and in CohenKappa until 0.26
test.each(METRICS)('%s: a weight of k counts as k rows', (_, create) => {
  const [weighted, repeated, deaf] = [create(), create(), create()]
  for (const [y, prediction, weight] of rows) {
    weighted.update(y, prediction, weight)
    for (let k = 0; k < weight; k++) repeated.update(y, prediction)
    deaf.update(y, prediction)
  }
  expect(weighted.value).toBeCloseTo(repeated.value, 12)
  expect(Math.abs(weighted.value - deaf.value)).toBeGreaterThan(1e-6)
})

test('a balanced accuracy counts a label that was called and never seen as no class', () => {
  const metric = new metrics.BalancedAccuracy()
  for (const [, prediction] of rows) metric.update(0, prediction)
  // one class alone has no balance: not half of its share, as with a recall of 0 for the other
  expect(metric.value).toBeNaN()
  metric.update(1, 0.9)
  const right = rows.filter(([, prediction]) => prediction < 0.5).length
  expect(metric.value).toBeCloseTo((right / rows.length + 1) / 2, 12)
})
