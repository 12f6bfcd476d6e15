import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Codec, Metric, Serializable, Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/index.ts'
import * as metrics from '../../src/metrics/index.ts'

type Row = readonly [y: number, prediction: number, weight: number]

// few distinct predictions, so that ties are common; weights over six orders of size
const weight = fc.constantFrom(1, 0.5, 2, 1e-3, 1e3)
const scored: fc.Arbitrary<Row[]> = fc.array(
  fc.tuple(
    fc.constantFrom(0, 1),
    fc.integer({ min: 0, max: 20 }).map((k) => k / 20),
    weight,
  ),
  { minLength: 1, maxLength: 60 },
)
const value = fc.double({ min: -100, max: 100, noNaN: true })
const valued: fc.Arbitrary<Row[]> = fc.array(fc.tuple(value, value, weight), { minLength: 1, maxLength: 60 })

const sum = (rows: readonly Row[], of: (row: Row, i: number) => number): number =>
  rows.reduce((total, row, i) => total + row[2] * of(row, i), 0)
const mean = (rows: readonly Row[], of: (row: Row, i: number) => number): number => sum(rows, of) / sum(rows, () => 1)
const called = ([, p]: Row): number => Number(p >= 0.5)
const counts = (rows: readonly Row[]) => ({
  hits: sum(rows, (row) => called(row) * row[0]),
  alarms: sum(rows, (row) => called(row) * (1 - row[0])),
  misses: sum(rows, (row) => (1 - called(row)) * row[0]),
  passes: sum(rows, (row) => (1 - called(row)) * (1 - row[0])),
})

/** The textbook over arrays, each beside the class that must agree with it on streams. */
const TABLES: readonly (readonly [new () => Metric, fc.Arbitrary<Row[]>, (rows: readonly Row[]) => number])[] = [
  [metrics.Accuracy, scored, (rows) => mean(rows, (row) => Number(called(row) === row[0]))],
  [metrics.Brier, scored, (rows) => mean(rows, ([y, p]) => (p - y) ** 2)],
  [
    metrics.LogLoss,
    scored,
    (rows) =>
      mean(rows, ([y, p]) => {
        const q = Math.min(Math.max(p, 1e-15), 1 - 1e-15)
        return y === 1 ? -Math.log(q) : -Math.log1p(-q)
      }),
  ],
  [metrics.Precision, scored, (rows) => counts(rows).hits / (counts(rows).hits + counts(rows).alarms)],
  [metrics.Recall, scored, (rows) => counts(rows).hits / (counts(rows).hits + counts(rows).misses)],
  [
    metrics.FBeta,
    scored,
    (rows) => {
      const { hits, alarms, misses } = counts(rows)
      return (2 * hits) / (2 * hits + alarms + misses)
    },
  ],
  [
    metrics.BalancedAccuracy,
    scored,
    (rows) => {
      const { hits, alarms, misses, passes } = counts(rows)
      return (hits / (hits + misses) + passes / (passes + alarms)) / 2
    },
  ],
  [
    metrics.GeometricMean,
    scored,
    (rows) => {
      const { hits, alarms, misses, passes } = counts(rows)
      return Math.sqrt((hits / (hits + misses)) * (passes / (passes + alarms)))
    },
  ],
  [
    metrics.MatthewsCorrelation,
    scored,
    (rows) => {
      const { hits, alarms, misses, passes } = counts(rows)
      const bottom = (hits + alarms) * (hits + misses) * (passes + alarms) * (passes + misses)
      return bottom > 0 ? (hits * passes - alarms * misses) / Math.sqrt(bottom) : Number.NaN
    },
  ],
  [
    metrics.CohenKappa,
    scored,
    (rows) => {
      const { hits, alarms, misses, passes } = counts(rows)
      const apart = (hits + alarms) * (alarms + passes) + (hits + misses) * (misses + passes)
      return (2 * (hits * passes - misses * alarms)) / apart
    },
  ],
  [
    metrics.AUC,
    scored,
    (rows) => {
      const [winners, losers] = [rows.filter(([y]) => y === 1), rows.filter(([y]) => y === 0)]
      const right = sum(winners, ([, p]) => sum(losers, ([, q]) => (p > q ? 1 : p === q ? 0.5 : 0)))
      return right / (sum(winners, () => 1) * sum(losers, () => 1))
    },
  ],
  [
    metrics.AveragePrecision,
    scored,
    (rows) => {
      // for each winner the precision of taking all that stand at least as high
      const winners = rows.filter(([y]) => y === 1)
      return mean(winners, ([, p]) =>
        mean(
          rows.filter(([, q]) => q >= p),
          ([y]) => y,
        ),
      )
    },
  ],
  [metrics.MeanAbsoluteError, valued, (rows) => mean(rows, ([y, f]) => Math.abs(y - f))],
  [metrics.RootMeanSquaredError, valued, (rows) => Math.sqrt(mean(rows, ([y, f]) => (y - f) ** 2))],
  [
    metrics.RSquared,
    valued,
    (rows) => {
      const middle = mean(rows, ([y]) => y)
      const spread = sum(rows, ([y]) => (y - middle) ** 2)
      // next to no spread is rounding
      return spread > 1e-6 ? 1 - sum(rows, ([y, f]) => (y - f) ** 2) / spread : Number.NaN
    },
  ],
  [metrics.PinballLoss, valued, (rows) => mean(rows, ([y, f]) => 0.5 * Math.abs(y - f))],
]

/** The metric after all rows, written and read back between chunks of `chunk`. */
function streamed(Class: new () => Metric, rows: readonly Row[], chunk: number): Metric {
  const codec = Class as unknown as Codec<Serializable & Metric>
  let metric: Metric = new Class()
  for (const [i, [y, prediction, w]] of rows.entries()) {
    if (i % chunk === 0) metric = restore(JSON.parse(JSON.stringify(metric)) as Snapshot, [codec])
    metric.update(y, prediction, w)
    // reading on the way must not matter
    if (i % 3 === 0) metric.value
  }
  return metric
}

describe('streams are tables', () => {
  test.each(TABLES.map((row) => [row[0].name, ...row] as const))(
    '%s: within 1e-12 of its formula, whatever the chunks and their order',
    (_, Class, table, formula) => {
      fc.assert(
        fc.property(table, fc.integer({ min: 1, max: 20 }), fc.nat(60), (rows, chunk, turn) => {
          const wanted = formula(rows)
          // the chunks in another order
          const turned = [...rows.slice(turn % rows.length), ...rows.slice(0, turn % rows.length)]
          for (const order of [rows, turned]) {
            const got = streamed(Class, order, chunk).value
            if (Number.isNaN(wanted)) {
              if (Class !== metrics.RSquared) expect(got).toBeNaN()
            } else expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(wanted)))
          }
          const whole = metrics.scoreTable(new Class(), {
            y: rows.map(([y]) => y),
            predictions: rows.map(([, p]) => p),
            weights: rows.map(([, , w]) => w),
          })
          expect(Object.is(whole, streamed(Class, rows, chunk).value)).toBe(true)
        }),
        { numRuns: 60 },
      )
    },
  )

  test('a heavy weight after a light one costs no digits', () => {
    const explained = new metrics.RSquared()
    explained.update(-0.03, -0.02, 1e-3)
    explained.update(0, 0, 1e6)
    // spread: w₁ w₂ / (w₁ + w₂) times the square of what lies between
    const spread = ((1e-3 * 1e6) / (1e6 + 1e-3)) * 0.03 * 0.03
    expect(Math.abs(explained.value - (1 - (1e-3 * 1e-4) / spread))).toBeLessThan(1e-13)
    const error = new metrics.RootMeanSquaredError()
    error.update(30, 0, 1e-3)
    error.update(0, 0, 1e6)
    expect(error.value / Math.sqrt((1e-3 * 900) / (1e6 + 1e-3))).toBeCloseTo(1, 13)
    const kappa = new metrics.CohenKappa()
    kappa.update(0, 0.5, 1e-3)
    kappa.update(0, 0, 1e6)
    expect(kappa.value).toBe(0)
  })

  test('intervals: within 1e-12 of their formulas', () => {
    const rows = fc.array(fc.tuple(value, value, value, weight), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(rows, (table) => {
        let metric = new metrics.IntervalCoverage({ coverage: 0.9 })
        const total = table.reduce((all, [, , , w]) => all + w, 0)
        const average = (of: (y: number, low: number, high: number) => number): number =>
          table.reduce((all, [y, a, b, w]) => all + w * of(y, Math.min(a, b), Math.max(a, b)), 0) / total
        for (const [y, a, b, w] of table) {
          metric = restore(JSON.parse(JSON.stringify(metric)) as Snapshot, [metrics.IntervalCoverage])
          metric.update(y, Math.min(a, b), Math.max(a, b), w)
        }
        const outside = (y: number, low: number, high: number): number => Math.max(0, low - y, y - high)
        const wanted = [
          average((y, low, high) => Number(y >= low && y <= high)),
          average((_, low, high) => high - low),
          average((y, low, high) => high - low + (2 / (1 - 0.9)) * outside(y, low, high)),
        ]
        for (const [i, got] of [metric.coverage, metric.width, metric.value].entries()) {
          expect(Math.abs(got - wanted[i]!)).toBeLessThanOrEqual(1e-12 * Math.max(1, wanted[i]!))
        }
      }),
    )
  })
})

describe('a table', () => {
  test('names the row that cannot be, and columns of another length', () => {
    const table = { y: [0, 1, 2], predictions: [0.1, 0.2, 0.3] }
    expect(() => metrics.scoreTable(new metrics.Brier(), table)).toThrow('Row 2: "y" must be 0 or 1, got 2.')
    expect(() => metrics.scoreTable(new metrics.Brier(), { ...table, weights: [1] })).toThrow(
      '"weights" must have 3 values like "y", got 1.',
    )
    expect(() => metrics.scoreTable(new metrics.Brier(), { ...table, predictions: [] })).toThrow('"predictions"')
    expect(metrics.scoreTable(new metrics.Brier(), { y: [], predictions: [] })).toBeNaN()
  })
})

describe('the order of predictions is kept', () => {
  test('whatever is pushed between readings, through restarts, a reading is that of a sort', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.boolean()), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 90 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
        (plan, window, digits) => {
          const next = (): number => digits.next().value as number
          const classes = [metrics.AUC, metrics.AveragePrecision] as const
          let kept: Metric[] = classes.map((Class) => new Class({ window }))
          kept.push(new metrics.CalibrationError({ window, bins: 4 }))
          for (const [pushes, restart] of plan) {
            for (let i = 0; i < pushes; i++) {
              const [y, p] = [next() % 2, next() / 9]
              for (const metric of kept) metric.update(y, p, 1 + next())
            }
            // a copy has to sort anew
            const copies = kept.map((metric) =>
              restore(JSON.parse(JSON.stringify(metric)) as Snapshot, [...classes, metrics.CalibrationError]),
            )
            for (const [i, metric] of kept.entries()) expect(Object.is(metric.value, copies[i]!.value)).toBe(true)
            if (restart) kept = copies
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
