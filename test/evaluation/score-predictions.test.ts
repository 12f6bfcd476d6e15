import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/index.ts'
import { scorePredictions } from '../../src/evaluation/index.ts'
import { LogLoss } from '../../src/metrics/index.ts'

test('scorePredictions sets live predictions beside the base rate of the labels known by then', () => {
  const rng = new SeededRng(1)
  const n = 600
  const delay = 3
  const truth = Array.from({ length: n }, () => 0.2 + 0.6 * rng.next())
  const y = truth.map((p) => Number(rng.next() < p))
  const times = y.map((_, i) => 1.6e12 + i * 60_000)
  const labelEnds = times.map((t) => t + delay * 60_000)
  const { scores, verdict } = scorePredictions(
    { y, netReturns: y.map((label) => label - 0.5), times, labelEnds },
    truth,
    { resamples: 200 },
  )
  const [model, baseRate] = [new LogLoss(), new LogLoss()]
  for (let i = 0; i < n; i++) {
    model.update(y[i]!, truth[i]!)
    const known = y.slice(0, Math.max(0, i - delay + 1))
    baseRate.update(y[i]!, (known.reduce((sum, label) => sum + label, 0) + 1) / (known.length + 2))
  }
  const loss = scores.find(({ name }) => name === 'logLoss')!
  expect(loss.model.value).toBeCloseTo(model.value, 12)
  expect(loss.baselines.baseRate.value).toBeCloseTo(baseRate.value, 12)
  expect(verdict).toMatchObject({ skill: 'shown', direction: 'shown', probabilities: 'shown' })
})

describe('what cannot be scored is refused', () => {
  const n = 40
  const times = Array.from({ length: n }, (_, i) => 1.6e12 + i * 60_000)
  const dataset = { y: times.map((_, i) => i % 2), netReturns: times.map(() => 0.01), times, labelEnds: times }
  const fair = times.map(() => 0.5)

  test.each([
    ['one too few', fair.slice(1), '"probabilities" must have 40 values like "y", got 39'],
    ['one too many', [...fair, 0.5], '"probabilities" must have 40 values like "y", got 41'],
    ['NaN', fair.with(7, Number.NaN), '"probabilities[7]" must be a number from 0 to 1, got NaN'],
    ['above 1', fair.with(0, 1.01), '"probabilities[0]" must be a number from 0 to 1, got 1.01'],
    ['null from JSON', fair.with(3, null as never), '"probabilities[3]" must be a number from 0 to 1, got null'],
  ])('probabilities: %s', (_, probabilities, message) => {
    expect(() => scorePredictions(dataset, probabilities)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(message) }),
    )
  })

  test.each([{ threshold: 2 }, { stake: -1 }, { blockLength: 0 }, { resamples: 0.5 }, { coverage: 1 }])(
    'options %j',
    (options) => {
      expect(() => scorePredictions(dataset, fair, options)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(Object.keys(options)[0]!) }),
      )
    },
  )
})
