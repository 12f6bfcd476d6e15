import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sigmoid } from '../../src/core/math.ts'
import { explainInWords, explainPrediction } from '../../src/learners/explain-in-words.ts'
import { GradientBoosting } from '../../src/learners/gradient-boosting/index.ts'

const names = ['rsi', 'macd', 'volume', 'spread', 'hour']
const values = Float64Array.of(28, -0.3, NaN, 12345.678, 9)

test('a probability is told with the features that moved it most, the others summed up', () => {
  const words = explainInWords({
    prediction: 0.63,
    explains: 'probability',
    baseValue: 0.55,
    contributions: [
      { feature: 0, amount: 0.07 },
      { feature: 1, amount: -0.02 },
      { feature: 2, amount: 0.02 },
      { feature: 4, amount: 0.012 },
      { feature: 3, amount: -0.002 },
    ],
    names,
    values,
  })
  expect(words.text).toBe(
    'Win probability 0.63: base 0.55, rsi 28 added 0.07, macd -0.3 took 0.02, volume (missing) added 0.02, the others added 0.01.',
  )
  expect(words.rest).toBeCloseTo(0.01, 12)
})

test('log-odds become points of probability that keep their ratios and add up', () => {
  const amounts = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 0, maxLength: 5 })
  fc.assert(
    fc.property(amounts, fc.double({ min: -5, max: 5, noNaN: true }), fc.nat(4), (list, baseValue, most) => {
      const prediction = sigmoid(list.reduce((sum, amount) => sum + amount, baseValue))
      const contributions = list.map((amount, feature) => ({ feature, amount }))
      const words = explainInWords({ prediction, explains: 'log-odds', baseValue, contributions, names, values, most })
      expect(words.base).toBeCloseTo(sigmoid(baseValue), 12)
      const sum = words.told.reduce((total, { amount }) => total + amount, words.base + words.rest)
      expect(sum).toBeCloseTo(prediction, 12)
      expect(words.told.length).toBeLessThanOrEqual(most)
      for (const { feature, amount } of words.told) {
        const own = list[names.indexOf(feature)]!
        expect(amount * own).toBeGreaterThan(0)
        expect(Math.abs(amount)).toBeLessThanOrEqual(Math.abs(own) / 4 + 1e-12)
        expect(amount / own).toBeCloseTo(words.told[0]!.amount / list[names.indexOf(words.told[0]!.feature)]!, 9)
      }
      // the printed figures add up too
      const figures = [...words.text.matchAll(/(added|took|base|probability) (?:\d)\.\d\d/g)].map(([all, what]) => ({
        what,
        cents: Math.round(100 * Number(all.split(' ')[1])) * (what === 'took' ? -1 : 1),
      }))
      const [head, ...parts] = figures
      if (parts.length > 0) expect(parts.reduce((total, { cents }) => total + cents, 0)).toBe(head!.cents)
    }),
    { numRuns: 300 },
  )
})

test('all told, log-odds leave no rest but rounding', () => {
  const contributions = [2, -1.5, 0.4].map((amount, feature) => ({ feature, amount }))
  const prediction = sigmoid(0.9 - 0.3)
  const words = explainInWords({
    prediction,
    explains: 'log-odds',
    baseValue: -0.3,
    contributions,
    names,
    values,
    most: 5,
  })
  expect(Math.abs(words.rest)).toBeLessThan(1e-12)
  expect(words.told).toHaveLength(3)
})

test('a value is told in its own unit', () => {
  const { text } = explainInWords({
    prediction: 0.0123,
    explains: 'value',
    baseValue: 0.01,
    contributions: [
      { feature: 3, amount: 0.0025 },
      { feature: 9, amount: -0.0002 },
    ],
    names,
    values,
    subject: 'expected return',
  })
  expect(text).toBe('Expected return 0.0123: base 0.01, spread 12350 added 0.0025, feature 9 (missing) took 0.0002.')
})

test('where nothing moves a prediction the sentence says so', () => {
  const input = { prediction: 0.5, baseValue: 0, contributions: [], names, values }
  expect(explainInWords({ ...input, explains: 'log-odds' }).text).toBe(
    'Win probability 0.50, as without any features: none of them moves it.',
  )
})

test('predictions of 0 and 1 are told with finite parts', () => {
  for (const [prediction, baseValue] of [
    [1, 0],
    [0, 3],
    [1, 40],
    [0, -800],
  ] as const) {
    const contributions = [{ feature: 0, amount: prediction === 1 ? 90 : -90 }]
    const { told, rest, base } = explainInWords({
      prediction,
      explains: 'log-odds',
      baseValue,
      contributions,
      names,
      values,
    })
    const sum = told.reduce((total, { amount }) => total + amount, base + rest)
    expect(sum).toBeCloseTo(prediction, 12)
  }
})

test('a learner and a vector are enough', () => {
  const model = new GradientBoosting({ features: 2, minSamples: 1, trees: 20 })
  const rows = Array.from({ length: 200 }, (_, i) => Float64Array.of(i % 7, i % 5))
  model.fit(
    rows,
    rows.map(([a]) => Number(a! > 3)),
  )
  const x = Float64Array.of(6, 2)
  const { text, base, told, rest } = explainPrediction(model, x, ['rsi', 'macd'])
  expect(text).toMatch(/^Win probability 0\.\d+: base 0\.\d+, rsi 6 added 0\.\d+/)
  expect(told.reduce((sum, { amount }) => sum + amount, base + rest)).toBeCloseTo(model.predict(x), 9)
})
