import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  asymptoticHalfWidth,
  asymptoticP,
  asymptoticRho,
  BoundedMeanConfidenceSequence,
  backtestOverfitting,
  compareTakenAndSkipped,
  deflatedSharpeRatio,
  type Effect,
  expectedMaximumSharpe,
  falseDiscoveryRates,
  MeanConfidenceSequence,
  meanCorrelation,
  minimumTrackRecordLength,
  normalMixtureBound,
  normalMixtureRho,
  optimalBlockLength,
  pairedComparison,
  powerOf,
  probabilisticSharpeRatio,
  sharpeRatio,
  WinRateConfidenceSequence,
  wilsonInterval,
} from '../../src/significance/index.ts'
import golden from '../golden/significance.json' with { type: 'json' }

/** Agrees to nine digits. */
const near = (got: number, wanted: number, what = ''): void =>
  expect(Math.abs(got - wanted), `${what}: ${got} is not ${wanted}`).toBeLessThanOrEqual(
    1e-9 * Math.max(1e-3, Math.abs(wanted)),
  )

describe('the published figures of the research notes', () => {
  test('confidence sequences', () => {
    near(asymptoticRho(0.05, 5000), 0.03984006677137368)
    near(asymptoticRho(0.05, 400), 0.14085590688481583)
    near(asymptoticHalfWidth(1000, asymptoticRho(0.05, 5000), 0.05), 0.10637547006557505)
    near(0.5 * asymptoticHalfWidth(400, asymptoticRho(0.05, 400), 0.05), 0.07588022475940633)
    near(asymptoticP(1600, 0.07 / (0.025 * 40), asymptoticRho(0.05, 400)), 0.12797551030927848)
    near(normalMixtureRho(100, 0.05), 12.60056097925634)
    near(normalMixtureBound(50, normalMixtureRho(100, 0.05), 0.05), 21.804123481845448)
  })

  test('evidence of wins, and the interval of Wilson', () => {
    const evidence = (k: number, n: number): number => {
      const rate = new WinRateConfidenceSequence()
      for (let i = 0; i < n; i++) rate.update(i < k)
      return rate.evidence
    }
    near(evidence(65, 100), 11.46139394769095)
    near(evidence(60, 100), 0.9130497784875727)
    const { low, high } = wilsonInterval(55, 100)
    near(low, 0.45244602997442135)
    near(high, 0.6438546202048803)
  })

  test('Sharpe ratios', () => {
    const estimate = { sharpe: 0.1, have: 250, skewness: -0.5, kurtosis: 6 }
    near(probabilisticSharpeRatio(estimate), 0.9370978833330887)
    near(minimumTrackRecordLength(estimate), 288.46399199763766)
    near(expectedMaximumSharpe(100, 0.004), 0.1600493799185831)
    near(deflatedSharpeRatio({ sharpe: 0.2, have: 500, skewness: -0.3, kurtosis: 5 }, 100, 0.004), 0.8025869658129586)
  })

  const matrix = join(import.meta.dirname, '../../../shared/reference/pbo_gold_matrix.csv')
  test.skipIf(!existsSync(matrix))('overfitting of the reference matrix', () => {
    const rows = readFileSync(matrix, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(',').map(Number))
    const trials = rows[0]!.map((_, i) => rows.map((row) => row[i]!))
    const report = backtestOverfitting(trials, { blocks: 8 })
    expect(report).toMatchObject({ splits: 70, trials: 5, have: 64, needs: 16 })
    near(report.pbo, 0.18571428571428572)
  })
})

describe('independent computations', () => {
  test.each(golden.blockLengths)('block lengths of $name are those of arch', ({ values, stationary, circular }) => {
    const lengths = optimalBlockLength(values)
    // arch goes below 1, which no block can
    near(lengths.stationary, Math.max(1, stationary))
    near(lengths.circular, Math.max(1, circular))
  })

  test.each(golden.sharpe)('Sharpe ratio of $name returns', (wanted) => {
    const estimate = sharpeRatio(wanted.returns)
    for (const name of ['sharpe', 'skewness', 'kurtosis', 'error'] as const) near(estimate[name], wanted[name], name)
    near(probabilisticSharpeRatio(estimate, wanted.benchmark), wanted.psr)
    near(minimumTrackRecordLength(estimate, wanted.minTRLBenchmark, 0.9), wanted.minTRL)
  })

  test('the best of many trials, and what is left of it', () => {
    for (const { trials, variance, value } of golden.expectedMaximum)
      near(expectedMaximumSharpe(trials, variance), value)
    for (const { value, trials, variance, ...estimate } of golden.deflated) {
      near(deflatedSharpeRatio(estimate, trials, variance), value)
    }
    near(meanCorrelation(golden.correlation.trials), golden.correlation.mean)
  })

  test.each(golden.pbo)('overfitting by $metric in $blocks blocks of uneven length', (wanted) => {
    const mean = (half: Float64Array): number => half.reduce((sum, x) => sum + x, 0) / half.length
    const { blocks } = wanted
    const got = backtestOverfitting(golden.pboMatrix, wanted.metric === 'mean' ? { blocks, metric: mean } : { blocks })
    for (const name of ['pbo', 'degradation', 'lossProbability', 'splits'] as const) near(got[name], wanted[name], name)
    const logits = got.logits.toSorted((a, b) => a - b)
    for (const [i, logit] of wanted.logits.entries()) near(logits[i]!, logit)
  })

  test.each(golden.meanSequences)('mean of $name, $sides', ({ values, low, high, p, name: _, sides, ...options }) => {
    const sequence = new MeanConfidenceSequence({ ...options, sides: sides as 'both' })
    for (const value of values) sequence.update(value)
    if (low === null) expect(sequence.interval.low).toBe(-Infinity)
    else near(sequence.interval.low, low)
    if (high === null) expect(sequence.interval.high).toBe(Infinity)
    else near(sequence.interval.high, high)
    near(sequence.p, p)
  })

  test.each(golden.winRates)('win rate: $name', ({ won, low, high, evidence, p, name: _, ...options }) => {
    const sequence = new WinRateConfidenceSequence(options)
    for (const flag of won) sequence.update(flag === 1)
    near(sequence.interval.low, low)
    near(sequence.interval.high, high)
    near(sequence.evidence, evidence)
    near(sequence.p, p)
  })

  test.each(golden.bounded)('bounded mean: $name, $sides', ({ values, against, sides, low, high, p }) => {
    const sequence = new BoundedMeanConfidenceSequence({ least: -1, most: 1, against, sides: sides as 'both' })
    for (const value of values) sequence.update(value)
    near(sequence.interval.low, low)
    near(sequence.interval.high, high)
    near(sequence.p, p)
  })

  test('bounds of the normal mixture, intervals of Wilson, false discovery rates', () => {
    for (const { optimum, alpha, variance, rho, bound } of golden.normalMixture) {
      near(normalMixtureRho(optimum, alpha), rho)
      near(normalMixtureBound(variance, rho, alpha), bound)
    }
    for (const { hits, n, coverage, low, high } of golden.wilson) {
      const interval = wilsonInterval(hits, n, coverage)
      near(interval.low, low)
      near(interval.high, high)
    }
    for (const dependence of ['positive', 'any'] as const) {
      const rates = falseDiscoveryRates(golden.fdr.p, dependence)
      for (const [i, rate] of golden.fdr[dependence].entries()) near(rates[i]!, rate)
    }
  })

  test('comparisons, row by row and by clusters', () => {
    const { returns, taken, coverage, tunedAt } = golden.takenAndSkipped
    for (const { clustered, ...wanted } of golden.takenAndSkipped.reports) {
      const clusters = clustered ? { clusters: golden.takenAndSkipped.clusters } : {}
      const got = compareTakenAndSkipped(returns, taken, { coverage, tunedAt, ...clusters })
      for (const name of ['difference', 'low', 'high', 'p'] as const) near(got[name], wanted[name], name)
    }
    const { first, second, minSamples } = golden.paired
    for (const { clustered, ...wanted } of golden.paired.reports) {
      const clusters = clustered ? { clusters: golden.paired.clusters } : {}
      const got = pairedComparison(first, second, { minSamples, tunedAt: golden.paired.tunedAt, ...clusters })
      for (const name of ['difference', 'low', 'high', 'p'] as const) near(got[name], wanted[name], name)
    }
  })

  test('power', () => {
    for (const { effect, n, options, power } of golden.power)
      near(powerOf(effect as Effect, n, options as object), power)
  })
})
