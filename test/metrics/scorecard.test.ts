import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Metric } from '../../src/contracts.ts'
import { createScorecard, SCORES, type ScoreName, scoreRows } from '../../src/evaluation/scorecard.ts'
import * as metrics from '../../src/metrics/index.ts'

const METRICS: { readonly [name in ScoreName]?: () => Metric } = {
  auc: () => new metrics.AUC(),
  logLoss: () => new metrics.LogLoss(),
  brier: () => new metrics.Brier(),
  calibrationError: () => new metrics.CalibrationError(),
  accuracy: () => new metrics.Accuracy(),
  precision: () => new metrics.Precision(),
  recall: () => new metrics.Recall(),
}
const TRADES = ['winRate', 'profitFactor', 'expectancy', 'sharpe', 'maxDrawdown'] as const

const rows = fc.array(
  fc.record({
    p: fc.integer({ min: 0, max: 40 }).map((k) => k / 40),
    r: fc.integer({ min: -60, max: 60 }).map((k) => k / 1000),
  }),
  { minLength: 70, maxLength: 150 },
)

test('the scores of evaluations are those of the metrics', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom(1, 0.3), (table, stake) => {
      const n = table.length
      const probabilities = Float64Array.from(table, ({ p }) => p)
      const netReturns = Float64Array.from(table, ({ r }) => r)
      const y = Uint8Array.from(table, ({ r }) => Number(r > 0))
      const none = new Float64Array(n)
      const card = createScorecard({
        y,
        netReturns,
        probabilities,
        leans: none,
        surprises: none,
        excesses: none,
        times: none,
        labelEnds: none,
        kind: 'probability',
        threshold: 0.5,
        stake,
      })
      const values = scoreRows(
        card,
        Uint32Array.from(table, (_, i) => i),
        new Float64Array(SCORES.length),
      )
      const of = (name: ScoreName): number => values[SCORES.findIndex((rule) => rule.name === name)]!
      const same = (name: string, a: number, b: number): void => {
        if (Number.isFinite(a))
          expect(Math.abs(a - b), `${name}: ${a} and ${b}`).toBeLessThan(1e-12 * Math.max(1, Math.abs(a)))
        else expect(b, name).toBe(a)
      }
      for (const [name, create] of Object.entries(METRICS)) {
        same(name, metrics.scoreTable(create(), { y, predictions: probabilities }), of(name as ScoreName))
      }
      const trades = new metrics.TradeStatistics({ stake })
      for (const { p, r } of table) if (p >= 0.5) trades.update(r)
      const floors = SCORES.filter(({ name }) => (TRADES as readonly string[]).includes(name))
      expect(floors.map(({ needs }) => needs)).toEqual(TRADES.map((name) => metrics.TRADE_FLOORS[name]))
      for (const name of TRADES) {
        const { value, have, needs } = trades.figure(name)
        if (have >= needs) same(name, value, of(name))
      }
    }),
    { numRuns: 60 },
  )
})
