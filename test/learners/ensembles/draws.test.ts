import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { drawPoisson, drawSubset } from '../../../src/learners/ensembles/draws.ts'

const N = 20_000

describe.each([0.2, 1, 6, 50, 500])('Poisson counts of rate %d', (rate) => {
  const rng = new SeededRng(rate)
  const counts = Array.from({ length: N }, () => drawPoisson(rng, rate))
  const mean = counts.reduce((a, b) => a + b) / N

  test('are whole numbers of at least 0', () => {
    expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true)
  })

  test('have mean and variance of the rate', () => {
    // 5 standard errors of the mean and of the variance
    expect(Math.abs(mean - rate)).toBeLessThan(5 * Math.sqrt(rate / N))
    const variance = counts.reduce((sum, count) => sum + (count - mean) * (count - mean), 0) / N
    expect(Math.abs(variance - rate)).toBeLessThan(5 * Math.sqrt((rate + 2 * rate * rate) / N))
  })
})

test('a rate of 6 gives each count as often as it should', () => {
  const rng = new SeededRng('six')
  const seen = new Float64Array(40)
  for (let i = 0; i < N; i++) seen[drawPoisson(rng, 6)]!++
  let chance = Math.exp(-6)
  for (let k = 0; k < 15; k++) {
    expect(Math.abs(seen[k]! / N - chance)).toBeLessThan(5 * Math.sqrt(chance / N))
    chance *= 6 / (k + 1)
  }
})

test('the largest draw ends the search', () => {
  const almostOne = { next: () => 1 - 2 ** -53 } as unknown as SeededRng
  expect(drawPoisson(almostOne, 6)).toBeLessThan(60)
  expect(drawPoisson(almostOne, 1e-9)).toBeLessThan(5)
})

test('a subset rises, repeats nothing, and takes every feature equally often', () => {
  const rng = new SeededRng('subsets')
  const taken = new Float64Array(8)
  for (let i = 0; i < N; i++) {
    const subset = drawSubset(rng, 8, 5)
    expect([...subset].every((f, j) => j === 0 || f > subset[j - 1]!)).toBe(true)
    for (const f of subset) taken[f]!++
  }
  for (const count of taken) expect(Math.abs(count / N - 5 / 8)).toBeLessThan(5 * Math.sqrt(0.25 / N))
})
