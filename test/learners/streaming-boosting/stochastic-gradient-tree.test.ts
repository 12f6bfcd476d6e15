import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { StochasticGradientTree } from '../../../src/learners/streaming-boosting/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import { readRows, recorded } from '../helpers.ts'
import { survivesDamage } from '../regression-tree/damage.ts'
import { errorOf, friedman } from '../regression-tree/streams.ts'
import { interactions, type Row, scoreOf } from './streams.ts'

const grown = (options: object = {}, rows: readonly Row[] = friedman(2000, 'grown')): StochasticGradientTree => {
  const tree = new StochasticGradientTree({ features: 6, task: 'regression', bins: 32, ...options })
  for (const { x, y } of rows) tree.learn(x, y)
  return tree
}

describe('obeys the laws of learners', () => {
  const options = { features: 3, gracePeriod: 20, confidence: 0.01, bins: 16 }
  for (const task of ['binary', 'regression'] as const) {
    const create = () => new StochasticGradientTree({ ...options, task })
    for (const { name, run } of learnerLaws(create, StochasticGradientTree)) test(`${task}: ${name}`, run)
  }

  test('among them with a tree that has split', () => {
    const [first, later] = [friedman(2000, 'grown'), friedman(1000, 'later')]
    expect(grown().leaves).toBeGreaterThan(5)
    const copy = StochasticGradientTree.fromJSON(JSON.parse(JSON.stringify(grown())) as Snapshot)
    for (const { x, y } of later) copy.learn(x, y)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(grown({}, [...first, ...later])))
  })

  test('a damaged number is refused or does no harm', () => {
    const read = (snapshot: Snapshot) => StochasticGradientTree.fromJSON(snapshot)
    expect(survivesDamage(grown().toJSON(), read, friedman(100, 'later'), 80)).toBeGreaterThan(5)
  })
})

describe('learns', () => {
  test('beside a feature that never changes, where River’s divides by zero', () => {
    const rows = friedman(3000, 'constant').map(({ x, y }) => ({ x: x.with(5, 1), y }))
    // guessing the mean misses by 4
    expect(errorOf(new StochasticGradientTree({ features: 6, task: 'regression' }), rows)).toBeLessThan(3.3)
  })

  test('probabilities, and nothing from noise', () => {
    const model = new StochasticGradientTree({ features: 5 })
    expect(scoreOf(model, interactions(4000, 'signal', 3), 2000).accuracy).toBeGreaterThan(0.68)
    const coins = new StochasticGradientTree({ features: 5 })
    expect(scoreOf(coins, interactions(4000, 'coins', 0)).logLoss).toBeLessThan(Math.LN2 + 0.003)
    expect(coins.leaves).toBe(1)
  })

  test('from one class for long, and comes back within some hundred rows when the class changes', () => {
    const tree = new StochasticGradientTree({ features: 1 })
    const x = Float64Array.of(0)
    for (let i = 0; i < 20_000; i++) tree.learn(x, 0)
    expect(tree.predict(x)).toBeGreaterThan(1e-4)
    expect(tree.predict(x)).toBeLessThan(0.02)
    for (let i = 0; i < 400; i++) tree.learn(x, 1)
    expect(tree.predict(x)).toBeGreaterThan(0.5)
  })

  test('values far from 0 before its first split', () => {
    const tree = new StochasticGradientTree({ features: 1, task: 'regression' })
    for (const y of [50_000, 50_002, 50_001]) tree.learn(Float64Array.of(y % 2), y)
    expect(tree.predict(Float64Array.of(0))).toBeCloseTo(50_001, 6)
  })

  test('in the same way whatever the unit of the values', () => {
    const rows = friedman(2000, 'grown')
    const scaled = rows.map(({ x, y }) => ({ x, y: y / 1024 }))
    const [plain, small] = [grown({ splitPenalty: 0 }), grown({ splitPenalty: 0 }, scaled)]
    expect(small.leaves).toBe(plain.leaves)
    for (const { x } of rows.slice(0, 50)) expect(small.predict(x) * 1024).toBeCloseTo(plain.predict(x), 6)
  })
})

test('the tree stops at as many leaves, or levels, as allowed', () => {
  const rows = friedman(6000, 'many')
  expect(grown({ maxLeaves: 5 }, rows).leaves).toBe(5)
  expect(grown({ maxDepth: 2 }, rows).leaves).toBeLessThanOrEqual(4)
  expect(grown({ maxLeaves: 1 }, rows).leaves).toBe(1)
  expect(grown({ maxLeaves: 5 }, rows).sizeInBytes).toBeLessThan(200_000)
})

describe.skipIf(!recorded)('on the streams of River’s recorded runs', () => {
  test('it is ahead of both of River’s trees in values, and in labels', () => {
    const tree = new StochasticGradientTree({ features: 6, task: 'regression' })
    // River: 5.706, and 5.402 with a grace period of 100 and confidence 0.01
    expect(errorOf(tree, readRows('regression_drift.csv'))).toBeLessThan(4.5)
    // River: 0.552, and 0.574 with a grace period of 100 and confidence 0.05
    const labels = scoreOf(new StochasticGradientTree({ features: 10 }), readRows('binary_drift.csv'))
    expect(labels.accuracy).toBeGreaterThan(0.61)
  })
})
