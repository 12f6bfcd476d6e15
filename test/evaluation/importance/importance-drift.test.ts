import { expect, test } from 'vitest'
import { importanceDrift } from '../../../src/evaluation/importance/importance-drift.ts'
import { meanOverFolds, trendOverFolds } from '../../../src/evaluation/importance/over-folds.ts'
import golden from '../../golden/insights.json' with { type: 'json' }

const names = ['a', 'b', 'c', 'd', 'e']

test('means and trends over folds are those of scipy', () => {
  for (const { values, mean, deviation, low, high, slope } of golden.overFolds) {
    const over = meanOverFolds(values, 0.95)
    expect(over.mean.value).toBeCloseTo(mean, 9)
    expect(over.deviation).toBeCloseTo(deviation, 9)
    expect(over.mean.low).toBeCloseTo(low, 9)
    expect(over.mean.high).toBeCloseTo(high, 9)
    const trend = trendOverFolds(values, 0.95)
    expect(trend.value).toSatisfy((value: number) =>
      slope ? Math.abs(value - slope.value) < 1e-9 : Number.isNaN(value),
    )
    if (slope)
      expect([trend.low, trend.high].map((x) => x.toFixed(9))).toEqual([slope.low, slope.high].map((x) => x.toFixed(9)))
  }
})

test('rank correlations of neighbouring folds are those of scipy', () => {
  const { folds, correlations, stability } = golden.drift
  const drift = importanceDrift(['a', 'b', 'c', 'd', 'e', 'f', 'g'], folds)
  drift.neighbours.forEach(({ correlation }, i) => {
    expect(correlation).toBeCloseTo(correlations[i]!, 9)
  })
  expect(drift.stability.value).toBeCloseTo(stability, 9)
})

test('an order that turns round is a correlation of -1, and carriers come and go', () => {
  const drift = importanceDrift(names, [
    [5, 4, 0.3, 0.2, 0.1],
    [0.1, 0.2, 0.3, 4, 5],
    [5, 4, 0.3, 0.2, 0.1],
  ])
  for (const { correlation } of drift.neighbours) expect(correlation).toBeCloseTo(-1, 12)
  expect(drift.neighbours[0]).toMatchObject({ from: 0, to: 1, came: ['d', 'e'], went: ['a', 'b'] })
  expect(drift.stability).toMatchObject({ have: 3, needs: 3 })
  expect(drift.text).toMatch(/Trends: N\/A \(needs 5 folds, has 3\)/)
})

test('a feature that fades is named, one that only wobbles is not', () => {
  const folds = Array.from({ length: 8 }, (_, fold) => [
    1 - 0.1 * fold + 0.01 * (fold % 2),
    0.5,
    0.4 + 0.1 * (fold % 2),
    0.2,
    0.1,
  ])
  const drift = importanceDrift(names, folds)
  expect(drift.fading).toEqual(['a'])
  expect(drift.rising).toEqual([])
  expect(drift.trends[0]!.high).toBeLessThan(0)
  expect(drift.text).toMatch(/Fading: a\.$/)
})

test('folds without figures are left out, and their neighbours compared', () => {
  const even = [1, 2, 3, 4, 5]
  const drift = importanceDrift(names, [even, [NaN, 2, 3, 4, 5], even, even])
  expect(drift.neighbours.map(({ from, to }) => [from, to])).toEqual([
    [0, 2],
    [2, 3],
  ])
  expect(drift.stability.value).toBeCloseTo(1, 12)
  expect(drift.stability.have).toBe(3)
})

test('features that are all alike have no order', () => {
  const drift = importanceDrift(names, Array(4).fill([0, 0, 0, 0, 0]))
  expect(drift.stability.value).toBeNaN()
  expect(drift.text).toBe('N/A: all features are alike in importance.')
  expect(drift.neighbours[0]).toMatchObject({ came: [], went: [] })
})

test('a fold of another width is refused', () => {
  expect(() => importanceDrift(names, [[1, 2]])).toThrow('"folds[0]" must have 5 amounts, got 2.')
})
