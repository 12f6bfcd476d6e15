import { describe, expect, test } from 'vitest'
import { scorePredictions } from '../../src/evaluation/index.ts'
import { defaultModels, type ReplayResult, replay } from '../../src/lifecycle/index.ts'
import { AUC } from '../../src/metrics/index.ts'
import { type SimulatedMarket, simulateMarket, simulateRandomWalk } from '../../src/simulate/index.ts'
import { patient, simulatedFeatures, still } from './helpers.ts'

function play({ candles, signals }: SimulatedMarket, refitEvery: number) {
  const features = simulatedFeatures()
  const models = defaultModels(features.schema.size, { refitEvery })
  // halts would hide the model
  return replay({
    candles,
    signals,
    learner: { mode: 'live', features, models, killSwitch: patient(), clock: still },
  })
}

/** The AUC of the stored predictions and of the truth, on the same signals. */
function rank({ signals }: Pick<ReplayResult, 'signals'>, { truth }: SimulatedMarket, from: number, to: number) {
  const window = truth.length
  const [model, best] = [new AUC({ window }), new AUC({ window })]
  for (let i = from; i < to; i++) {
    const { decision, label } = signals[i]!
    model.update(label.y, decision.prediction.probability)
    best.update(label.y, truth[i]!.probability)
  }
  return { model: model.value, best: best.value }
}

test('on a market whose edge flips half-way the learner finds it, notices the flip and finds it again', () => {
  const n = 12_000
  const market = simulateMarket({ seed: 1, signals: n })
  const result = play(market, 250)
  expect(result.signals).toHaveLength(n)
  for (const [i, { decision, label }] of result.signals.entries()) {
    if (decision.time !== market.signals[i]!.time || label.y !== market.truth[i]!.y)
      expect.fail(`signal ${i} is another`)
  }

  // out of sample: every prediction was stored before its label existed
  const before = rank(result, market, n / 4, n / 2)
  expect(before.best).toBeGreaterThan(0.68)
  expect(before.model).toBeGreaterThan(before.best - 0.03)
  // and no better than the best there is, which only a look ahead could be
  expect(before.model).toBeLessThan(before.best + 0.005)

  const marks = result.learner.status().drift.marks.map(({ trades }) => trades)
  const calm = marks.filter((trades) => trades > n / 4 && trades <= n / 2)
  expect(calm.length).toBeLessThanOrEqual(1)
  expect(marks.filter((trades) => trades > n / 2 && trades <= n / 2 + 500)).not.toEqual([])

  const end = rank(result, market, 0.75 * n, n)
  expect(end.model).toBeGreaterThan(end.best - 0.06)
  expect(end.model).toBeLessThan(end.best + 0.005)

  // knowing is worth money here: costs eat whoever takes every signal
  expect(result.equity.learner.at(-1)!).toBeGreaterThan(result.equity.learner[0]!)
  expect(result.equity.baseline.at(-1)!).toBeLessThan(result.equity.baseline[0]!)
}, 120_000)

describe('on a random walk, where there is nothing to know', () => {
  test.each([1, 2, 3])('no skill is shown and the model stays with the base rate (seed %i)', (seed) => {
    const market = simulateRandomWalk({ seed, signals: 1200 })
    const { signals, learner } = play(market, 100)
    const { scores, verdict } = scorePredictions(
      {
        y: Float64Array.from(signals, ({ label }) => label.y),
        netReturns: Float64Array.from(signals, ({ label }) => label.netReturn),
        times: Float64Array.from(signals, ({ decision }) => decision.time),
        labelEnds: Float64Array.from(signals, ({ label }) => label.exitTime + 1),
      },
      signals.map(({ decision }) => decision.prediction.probability),
      { resamples: 400 },
    )
    expect(verdict.skill).not.toBe('shown')
    const loss = scores.find(({ name }) => name === 'logLoss')!
    // over all signals, and over the newest ones as the learner itself tells
    expect(loss.baselines.baseRate.gain.value).toBeGreaterThan(-0.02)
    expect(loss.baselines.baseRate.gain.value).toBeLessThan(0.02)
    const { logLoss, baseRateLogLoss } = learner.status().scores
    expect(logLoss - baseRateLogLoss).toBeLessThan(0.02)
  })
})
