import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { createForest } from '../../src/learners/forest/forest.ts'
import { forestImportance, permutationImportance, permutationImportanceInSteps } from '../../src/learners/importance.ts'
import { randomForest } from './forest/shapley.ts'

describe('importance of a forest', () => {
  test('is in shares of gain, splits and cover', () => {
    const forest = createForest(3, [0], 1, 5)
    forest.feature.set([2, 0, -1, -1, -1])
    forest.gain.set([6, 2, 0, 0, 0])
    forest.cover.set([10, 6, 4, 3, 3])
    expect(Array.from(forestImportance(forest, 'gain'))).toEqual([0.25, 0, 0.75])
    expect(Array.from(forestImportance(forest, 'splits'))).toEqual([0.5, 0, 0.5])
    expect(Array.from(forestImportance(forest, 'cover'))).toEqual([expect.closeTo(0.375, 12), 0, 0.625])
  })

  test('adds up to 1, for enormous gains too, and is 0 where nothing is asked', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom('gain', 'splits', 'cover'), (seed, kind) => {
        const forest = randomForest(seed, { features: 4, leaves: 9 })
        forest.gain.fill(1.5e308)
        const shares = forestImportance(forest, kind)
        expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
        expect(shares.every((share) => share >= 0)).toBe(true)
      }),
      { numRuns: 30 },
    )
    expect(Array.from(forestImportance(createForest(2, [0], 0, 0), 'gain'))).toEqual([0, 0])
    expect(Array.from(forestImportance(randomForest('a', { features: 2 }), 'gain'))).toEqual([0, 0])
  })
})

describe('permutation importance', () => {
  const rng = new SeededRng('rows')
  const rows = Array.from({ length: 400 }, () => Float64Array.from({ length: 3 }, () => rng.next() - 0.5))
  const y = rows.map(([a, b]) => 3 * a! + b!)
  const learner = { task: 'regression' as const, predict: (x: Float64Array): number => 3 * x[0]! + x[1]! }

  test('of an independent feature is twice the variance of its effect', () => {
    const worth = permutationImportance(learner, rows, y, { repeats: 10 })
    // values from -0.5 to 0.5 have a variance of 1/12
    expect(worth.map(({ features }) => features)).toEqual([[0], [1], [2]])
    expect(worth[0]!.mean).toBeCloseTo((2 * 9) / 12, 0)
    expect(worth[1]!.mean).toBeCloseTo(2 / 12, 1)
    expect(worth[2]).toEqual({ features: [2], mean: 0, deviation: 0 })
    expect(worth[0]!.deviation).toBeGreaterThan(0)
    expect(worth[0]!.deviation).toBeLessThan(0.2)
  })

  test('of a group moves its features together', () => {
    const twins = rows.map(([a]) => Float64Array.of(a!, a!))
    const difference = { task: 'regression' as const, predict: (x: Float64Array): number => x[0]! - x[1]! }
    const [together] = permutationImportance(difference, twins, new Float64Array(400), { groups: [[0, 1]] })
    expect(together!.mean).toBe(0)
    const [alone] = permutationImportance(difference, twins, new Float64Array(400), { groups: [[0]] })
    expect(alone!.mean).toBeGreaterThan(0.1)
  })

  test('takes log loss for classes, and any other loss', () => {
    const said = { task: 'binary' as const, predict: ([a]: Float64Array): number => (a! > 0 ? 0.9 : 0.1) }
    const labels = rows.map(([a]) => Number(a! > 0))
    const [log] = permutationImportance(said, rows, labels, { groups: [[0]] })
    expect(log!.mean).toBeCloseTo(Math.log(9) / 2, 0)
    const wrong = (label: number, p: number): number => Number((label === 1) !== p > 0.5)
    const [error] = permutationImportance(said, rows, labels, { groups: [[0]], loss: wrong })
    expect(error!.mean).toBeCloseTo(0.5, 1)
  })

  test('is the same each time, leaves the rows alone, and comes in steps', () => {
    const before = rows.map((row) => row.slice())
    const once = permutationImportance(learner, rows, y, { rng: new SeededRng('a') })
    expect(permutationImportance(learner, rows, y, { rng: new SeededRng('a') })).toEqual(once)
    expect(rows).toEqual(before)
    const fractions = [...permutationImportanceInSteps(learner, rows, y, { repeats: 2 })]
    expect(fractions).toEqual([1, 2, 3, 4, 5, 6].map((k) => k / 6))
    // a group's shuffles do not depend on the other groups
    const [, , third] = permutationImportance(learner, rows, y, { groups: [[1], [2], [0]], rng: new SeededRng('a') })
    expect(third).toEqual(once[0])
  })

  test('refuses what it cannot work with', () => {
    const refused = (act: () => unknown, code: string): void => {
      expect(act).toThrow(expect.objectContaining({ code }))
    }
    refused(() => permutationImportance(learner, [], []), 'INVALID_INPUT')
    refused(() => permutationImportance(learner, rows, [1]), 'INVALID_INPUT')
    refused(() => permutationImportance(learner, rows, y, { groups: [[3]] }), 'INVALID_OPTION')
    refused(() => permutationImportance(learner, rows, y, { repeats: 0 }), 'INVALID_OPTION')
  })
})
