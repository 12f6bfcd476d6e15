import { describe, expect, test } from 'vitest'
import type { Codec, Learner } from '../../../src/contracts.ts'
import { isRefittable } from '../../../src/learners/abilities.ts'
import {
  ADWINBagging,
  AdaptiveRandomForest,
  DynamicWeightedMajority,
  FeatureSubset,
  LeveragingBagging,
  OnlineBagging,
  OnlineBoosting,
  StreamingRandomPatches,
} from '../../../src/learners/ensembles/index.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'
import { Lazy, reread } from '../helpers.ts'

const create = (_seed: number, features: number): Learner => new Lazy({ features, start: 0.5 })
const plain = (_seed: number, features: number): Learner => new LogisticRegression({ features })
const size = { features: 4, members: 2 }
const kinds: readonly [new (options: typeof size & { create: typeof create }) => Learner, Codec][] = [
  [OnlineBagging, OnlineBagging],
  [LeveragingBagging, LeveragingBagging],
  [ADWINBagging, ADWINBagging],
  [OnlineBoosting, OnlineBoosting],
  [AdaptiveRandomForest, AdaptiveRandomForest],
  [StreamingRandomPatches, StreamingRandomPatches],
  [DynamicWeightedMajority, DynamicWeightedMajority],
]
const x = Float64Array.of(1, 2, 3, 4)

/** Trains all that is due, and says how many runs that took. */
function refitAll(learner: Learner): number {
  if (!isRefittable(learner)) throw new Error('cannot refit')
  let runs = 0
  for (; learner.refitDue; runs++) for (const _ of learner.refit());
  return runs
}

describe.each(kinds)('%o', (Kind, codec) => {
  test('refits its members where these can', () => {
    const ensemble = new Kind({ ...size, create })
    for (let i = 0; i < 60; i++) ensemble.learn(x, 1)
    expect(ensemble.predict(x)).toBe(0.5)
    expect(isRefittable(ensemble)).toBe(true)
    expect(refitAll(ensemble)).toBeGreaterThan(0)
    // it had predicted for the same vector before
    expect(ensemble.predict(x)).toBeGreaterThan(0.8)
  })

  test('can still do so when read back', () => {
    const ensemble = new Kind({ ...size, create })
    for (let i = 0; i < 60; i++) ensemble.learn(x, 1)
    const copy = reread(ensemble, [codec, Lazy])
    expect(isRefittable(copy)).toBe(true)
    refitAll(copy)
    expect(copy.predict(x)).toBeGreaterThan(0.8)
  })

  test('does not claim to where they cannot', () => {
    expect(isRefittable(new Kind({ ...size, create: plain }))).toBe(false)
  })
})

test('a learner that sees some of the features refits where it can', () => {
  const subset = new FeatureSubset({ features: 4, columns: [0, 2], learner: create(1, 2) })
  for (let i = 0; i < 20; i++) subset.learn(x, 1)
  expect(refitAll(subset)).toBe(1)
  expect(subset.predict(x)).toBeGreaterThan(0.8)
})

test('learners in the background are refitted as well', () => {
  const forest = new AdaptiveRandomForest({ ...size, create, warningConfidence: 0.9, driftConfidence: 1e-9 })
  // a member that says 0.9 is wrong from here on, which warns
  for (let i = 0; i < 100; i++) forest.learn(x, 1)
  refitAll(forest)
  for (let i = 0; i < 600 && forest.waiting < 2; i++) forest.learn(x, i < 300 ? 1 : 0)
  expect(forest.waiting).toBe(2)
  for (let i = 0; i < 12; i++) forest.learn(x, 0)
  expect(forest.waiting).toBe(2)
  // two members and two successors
  expect(refitAll(forest)).toBe(4)
})
