import { describe, expect, test } from 'vitest'
import type { Metric } from '../../src/contracts.ts'
import {
  Accuracy,
  AUC,
  AveragePrecision,
  BalancedAccuracy,
  Brier,
  CalibrationError,
  CohenKappa,
  EquityStatistics,
  FBeta,
  IntervalCoverage,
  LogLoss,
  MatthewsCorrelation,
  MeanAbsoluteError,
  PinballLoss,
  Precision,
  Recall,
  RMultipleStatistics,
  RootMeanSquaredError,
  RSquared,
  rMultiples,
  scoreTable,
  TradeStatistics,
} from '../../src/metrics/index.ts'
import golden from '../golden/metrics-more.json' with { type: 'json' }

const DAY = 86_400_000
const T0 = 1.6e12

/** Within 1e-9 of what was wanted, as a share of it, or of 1 where it is next to 0. */
function close(got: number, wanted: number, what: string): void {
  const scale = Math.abs(wanted) > 1e-3 ? Math.abs(wanted) : 1
  expect(Math.abs(got - wanted) / scale, `${what}: got ${got}, wanted ${wanted}`).toBeLessThan(1e-9)
}
/** Within 1e-9 as a share, however small. */
function closeShare(got: number, wanted: number, what: string): void {
  expect(Math.abs(got / wanted - 1), `${what}: got ${got}, wanted ${wanted}`).toBeLessThan(1e-9)
}
const both = ['plain', 'weighted'] as const
const weightsOf = (kind: (typeof both)[number], weights: readonly number[]) => (kind === 'plain' ? {} : { weights })

describe.each(golden.labels)('probabilities: $name', ({ p, y, w, ...wanted }) => {
  const scores: { readonly [name in keyof typeof wanted.plain]?: () => Metric } = {
    auc: () => new AUC(),
    averagePrecision: () => new AveragePrecision(),
    brier: () => new Brier(),
    logLoss: () => new LogLoss(),
    accuracy: () => new Accuracy(),
    balancedAccuracy: () => new BalancedAccuracy(),
    precision: () => new Precision(),
    recall: () => new Recall(),
    f1: () => new FBeta(),
    f2: () => new FBeta({ beta: 2 }),
    matthews: () => new MatthewsCorrelation(),
    kappa: () => new CohenKappa(),
    error5: () => new CalibrationError({ bins: 5, binning: 'equal-width' }),
    error10: () => new CalibrationError({ bins: 10, binning: 'equal-width' }),
  }
  test.each(both)('%s scores are those of scikit-learn', (kind) => {
    for (const [name, create] of Object.entries(scores)) {
      const value = scoreTable(create(), { y, predictions: p, ...weightsOf(kind, w) })
      close(value, wanted[kind][name as 'auc'], name)
    }
  })

  test.each(both)('%s Brier scores fall into the parts that numpy finds', (kind) => {
    for (const bins of [5, 10] as const) {
      const calibration = new CalibrationError({ bins, binning: 'equal-width' })
      scoreTable(calibration, { y, predictions: p, ...weightsOf(kind, w) })
      const parts = calibration.brierParts
      for (const [part, value] of Object.entries(wanted[kind][`parts${bins}`])) {
        close(parts[part as keyof typeof parts], value, part)
      }
      close(parts.reliability - parts.resolution + parts.uncertainty + parts.within, wanted[kind].brier, 'sum')
    }
  })

  test.each(both)('%s bins of equal width hold what the histograms of numpy do', (kind) => {
    for (const bins of [5, 10] as const) {
      const calibration = new CalibrationError({ bins, binning: 'equal-width' })
      scoreTable(calibration, { y, predictions: p, ...weightsOf(kind, w) })
      const found = calibration.bins
      expect(found.length).toBe(wanted[kind][`bins${bins}`].length)
      for (const [i, bin] of wanted[kind][`bins${bins}`].entries()) {
        closeShare(found[i]!.count, bin.count, `count ${i}`)
        close(found[i]!.predicted, bin.predicted, `predicted ${i}`)
        close(found[i]!.observed, bin.observed, `observed ${i}`)
      }
    }
  })

  test('the intervals of bins are the Wilson intervals of scipy', () => {
    for (const bins of [5, 10] as const) {
      const calibration = new CalibrationError({ bins, binning: 'equal-width' })
      scoreTable(calibration, { y, predictions: p })
      for (const [i, { low, high }] of calibration.bins.entries()) {
        close(low, wanted.plain[`wilson${bins}`][i]![0]!, `low ${i}`)
        close(high, wanted.plain[`wilson${bins}`][i]![1]!, `high ${i}`)
      }
    }
  })
})

describe.each(golden.values)('values: $name', ({ y, f, w, low, high, ...wanted }) => {
  test.each(both)('%s errors are those of scikit-learn', (kind) => {
    const table = { y, predictions: f, ...weightsOf(kind, w) }
    const { mae, rmse, r2, pinball } = wanted[kind]
    closeShare(scoreTable(new MeanAbsoluteError(), table), mae, 'mae')
    closeShare(scoreTable(new RootMeanSquaredError(), table), rmse, 'rmse')
    closeShare(scoreTable(new RSquared(), table), r2, 'r2')
    for (const [quantile, loss] of Object.entries(pinball)) {
      closeShare(scoreTable(new PinballLoss({ quantile: Number(quantile) }), table), loss, quantile)
    }
  })

  test.each(both)('%s intervals are those of numpy', (kind) => {
    const metric = new IntervalCoverage({ coverage: 0.8 })
    for (const [i, value] of y.entries()) metric.update(value, low[i]!, high[i]!, kind === 'plain' ? 1 : w[i])
    for (const name of ['coverage', 'width', 'score'] as const) {
      closeShare(metric[name], wanted[kind].interval[name], name)
    }
  })
})

test.each(golden.accounts)('an account: $name', ({ name, equity, periodsPerYear, ...wanted }) => {
  const account = new EquityStatistics({ periodsPerYear })
  for (const [i, value] of equity.entries()) account.update(T0 + i * DAY, value)
  for (const measure of ['sharpe', 'sortino', 'calmar', 'annualReturn', 'maxDrawdown'] as const) {
    close(account.figure(measure).value, wanted[measure], `${name} ${measure}`)
  }
  expect(account.figure('longestDrawdown').value).toBe(wanted.longest * DAY)
  expect(account.figure('longestDrawdownPeriods').value).toBe(wanted.longest)
  const { start, bottom, end, steps, recovered, depth } = account.deepest
  close(depth, wanted.numpyDrawdown, 'depth')
  expect([start, bottom]).toEqual([T0 + wanted.start * DAY, T0 + wanted.bottom * DAY])
  expect(recovered).toBe(wanted.end !== null)
  expect(steps).toBe((wanted.end ?? equity.length - 1) - wanted.start)
  if (wanted.end === null) expect(end).toBeNaN()
  else expect(end).toBe(T0 + wanted.end * DAY)
})

test.each(golden.trades)('trades: $name, stake $stake', ({ stake, returns, ...wanted }) => {
  const trades = new TradeStatistics({ stake })
  for (const netReturn of returns) trades.update(netReturn)
  for (const measure of ['winRate', 'expectancy', 'sharpe', 'annualSharpe', 'maxDrawdown', 'longestDrawdown'] as const)
    close(trades.value(measure), wanted[measure], measure)
  if (wanted.profitFactor === null)
    expect([trades.value('profitFactor'), trades.text('profitFactor')]).toEqual([Infinity, '∞'])
  else close(trades.value('profitFactor'), wanted.profitFactor, 'profit factor')
  if (wanted.sortino === null) expect(trades.text('sortino')).toBe('N/A')
  else close(trades.value('sortino'), wanted.sortino, 'sortino')
})

test('R multiples: a table, a stream, and the newest fifty of it', () => {
  const { returns, risks, counts, lastFifty, ...wanted } = golden.multiples
  const [all, fifty] = [new RMultipleStatistics(), new RMultipleStatistics({ window: 50 })]
  for (const [i, netReturn] of returns.entries()) {
    all.update(netReturn, risks[i]!)
    fifty.update(netReturn, risks[i]!)
  }
  const table = rMultiples(returns, risks)
  for (const measure of ['mean', 'median', 'low', 'high', 'beyondStop'] as const) {
    close(all.figure(measure).value, wanted[measure], measure)
    expect(table[measure]).toEqual(all.figure(measure))
  }
  expect(all.distribution.map(({ count }) => count)).toEqual(counts)
  expect(table.distribution).toEqual(all.distribution)
  for (const [i, measure] of (['low', 'median', 'high'] as const).entries()) {
    close(fifty.figure(measure).value, lastFifty[i]!, `${measure} of fifty`)
    expect(fifty.figure(measure).have).toBe(50)
  }
  expect(fifty.figure('mean')).toEqual(all.figure('mean'))
})
