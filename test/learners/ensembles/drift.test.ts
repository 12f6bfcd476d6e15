import { describe, expect, test } from 'vitest'
import type { Learner } from '../../../src/contracts.ts'
import {
  ADWINBagging,
  AdaptiveRandomForest,
  AdaptiveRandomForestRegressor,
  DynamicWeightedMajority,
  LeveragingBagging,
  OnlineBagging,
  OnlineBoosting,
  StreamingRandomPatches,
} from '../../../src/learners/ensembles/index.ts'
import { LinearRegression } from '../../../src/learners/linear-regression.ts'
import { readRows } from '../hoeffding-tree/streams.ts'
import { recorded } from './recorded.ts'
import { elec2, hasElec2, score, turningRows } from './streams.ts'

describe('on a stream whose rule turns round every 1,000 rows, of which 9 in 10 can be right', () => {
  const rows = turningRows(4000, 1000)
  const options = { features: 4, members: 5 }
  const still = score(new OnlineBagging(options), rows)
  const learners: [string, () => Learner][] = [
    ['LeveragingBagging', () => new LeveragingBagging(options)],
    ['ADWINBagging', () => new ADWINBagging(options)],
    ['OnlineBoosting', () => new OnlineBoosting(options)],
    ['AdaptiveRandomForest', () => new AdaptiveRandomForest(options)],
    ['StreamingRandomPatches', () => new StreamingRandomPatches({ ...options, featuresPerMember: 3 })],
    ['DynamicWeightedMajority', () => new DynamicWeightedMajority(options)],
  ]
  test.each(learners)('%s follows, where plain bagging does not', (_, create) => {
    expect(still.accuracy).toBeLessThan(0.65)
    expect(score(create(), rows).accuracy).toBeGreaterThan(0.75)
  })
})

test('a forest of regressions replaces its members when the errors rise, and not before', () => {
  const forest = new AdaptiveRandomForestRegressor({
    features: 4,
    members: 5,
    create: (_seed, features) => new LinearRegression({ features, learningRate: 0.001 }),
  })
  const rows = turningRows(4000, 2000)
  for (const { x } of rows.slice(0, 2000)) forest.learn(x, 1e-4 * x[0]!)
  expect(forest.replaced).toBe(0)
  for (const { x } of rows.slice(2000)) forest.learn(x, 1e-4 * (10 - x[0]!))
  expect(forest.replaced).toBeGreaterThanOrEqual(4)
})

describe.skipIf(!recorded)('on River’s regression stream with drift, test-then-train', () => {
  test('the forest misses by less than any of River’s trees, and than its forest of three in the first 2,000 rows', () => {
    const forest = new AdaptiveRandomForestRegressor({ features: 6 })
    let sum = 0
    const means = readRows('regression_drift.csv').map(({ x, y }, i) => {
      sum += Math.abs(y - forest.predict(x))
      forest.learn(x, y)
      return sum / (i + 1)
    })
    expect(means[1999]).toBeLessThan(2.156)
    expect(means.at(-1)).toBeLessThan(2.438)
  })
})

// the other figures, of 5 seeds, stand in docs/adr/0022
describe.skipIf(!hasElec2)('on Elec2, test-then-train, with 10 members', () => {
  const options = { features: 8, seed: 1 }
  test.each<[string, () => Learner, { accuracy: number; logLoss: number }]>([
    ['LeveragingBagging', () => new LeveragingBagging(options), { accuracy: 0.898, logLoss: 0.274 }],
    ['AdaptiveRandomForest', () => new AdaptiveRandomForest(options), { accuracy: 0.8934, logLoss: 0.29 }],
    ['StreamingRandomPatches', () => new StreamingRandomPatches(options), { accuracy: 0.8882, logLoss: 0.313 }],
    ['OnlineBoosting', () => new OnlineBoosting(options), { accuracy: 0.8876, logLoss: 0.35 }],
  ])('%s is at least as good as MOA’s and River’s', (_, create, { accuracy, logLoss }) => {
    const ours = score(create(), elec2())
    expect(ours.accuracy).toBeGreaterThanOrEqual(accuracy)
    expect(ours.logLoss).toBeLessThanOrEqual(logLoss)
  })
})
