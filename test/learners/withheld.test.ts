import { expect, test } from 'vitest'
import type { Contribution } from '../../src/contracts.ts'
import { LinearRegression } from '../../src/learners/linear-regression.ts'
import { explainByWithholding } from '../../src/learners/withheld.ts'

function taught(): LinearRegression {
  const learner = new LinearRegression({ features: 3, learningRate: 0.05 })
  for (let i = 0; i < 4000; i++) {
    const x = Float64Array.of((i % 3) - 1, (i % 5) - 2, (i % 7) - 3)
    learner.learn(x, 10 + 3 * x[0]! - x[1]!)
  }
  return learner
}

test('withholding says what each feature added, the largest first, and what was missing added nothing', () => {
  const learner = taught()
  const [first, second, third] = explainByWithholding(learner, Float64Array.of(1, 2, NaN))
  expect(first!.feature).toBe(0)
  expect(first!.amount).toBeCloseTo(3, 3)
  expect(second!.feature).toBe(1)
  expect(second!.amount).toBeCloseTo(-2, 3)
  expect(third).toEqual({ feature: 2, amount: 0 })
})

test('for a linear learner it agrees with its own explanation', () => {
  const learner = taught()
  const x = Float64Array.of(-1, 2, 3)
  const [own, withheld] = [learner.explain(x), explainByWithholding(learner, x)]
  expect(withheld.map(({ feature }) => feature)).toEqual(own.map(({ feature }) => feature))
  for (const [i, { amount }] of own.entries()) expect(withheld[i]!.amount).toBeCloseTo(amount, 9)
})

test('x and the learner stay as they were, and the list that was given is filled anew', () => {
  const learner = taught()
  const before = JSON.stringify(learner)
  const x = Float64Array.of(1, NaN, 3)
  const out: Contribution[] = [{ feature: 9, amount: 9 }]
  expect(explainByWithholding(learner, x, out)).toBe(out)
  expect(out).toHaveLength(3)
  expect([...x]).toEqual([1, NaN, 3])
  expect(JSON.stringify(learner)).toBe(before)
})
