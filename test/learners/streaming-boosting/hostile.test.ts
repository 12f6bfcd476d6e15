import { describe, expect, test } from 'vitest'
import { StochasticGradientTree, StreamingGradientBoosting } from '../../../src/learners/streaming-boosting/index.ts'
import { codeOf, edited, type Parts } from '../edited.ts'
import { interactions } from './streams.ts'

const rows = interactions(600, 'hostile')
const small = { features: 5, bins: 8, gracePeriod: 20, confidence: 0.3, maxLeaves: 4 }
const tasks = ['binary', 'regression'] as const

describe.each(tasks)('a tree of gradients, %s', (task) => {
  const tree = new StochasticGradientTree({ ...small, maxLeaves: 64, task })
  for (const { x, y } of rows) tree.learn(x, y)
  const read = (change: (state: Parts) => void): unknown =>
    codeOf(() => StochasticGradientTree.fromJSON(edited(tree, change)))

  test('is read as it was written', () => {
    expect(read(() => {})).toBe(undefined)
  })

  test('is refused with rows or borders of another number than there are features', () => {
    for (const length of [0, 512 * 5 - 1, 512 * 5 + 1]) {
      expect(read(({ bins }) => Object.assign(bins, { recent: new Float64Array(length) }))).toBe('CORRUPT_SNAPSHOT')
    }
    expect(read(({ bins }) => Object.assign(bins, { borders: new Float64Array(31).fill(Infinity) }))).toBe(
      'CORRUPT_SNAPSHOT',
    )
  })

  test('is refused with values beyond what learning leads to', () => {
    expect(read(({ tree }) => tree.value.fill(1.7e308))).toBe('CORRUPT_SNAPSHOT')
    expect(read((state) => Object.assign(state, { base: 1e308 }))).toBe('CORRUPT_SNAPSHOT')
    for (const sum of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(read(({ tree }) => tree.totals.fill(sum))).toBe('CORRUPT_SNAPSHOT')
      expect(read(({ tree }) => tree.sums.fill(sum))).toBe('CORRUPT_SNAPSHOT')
    }
  })
})

test('a full tree of gradients gives its histograms back', () => {
  const tree = new StochasticGradientTree({ ...small, splitPenalty: 0 })
  let most = 0
  for (const { x, y } of interactions(4000, 'full', 4)) {
    tree.learn(x, y)
    most = Math.max(most, tree.sizeInBytes)
  }
  expect(tree.leaves).toBe(4)
  // six numbers for each bin of each feature of each leaf
  expect(most - tree.sizeInBytes).toBeGreaterThan(2 * 5 * 8 * 6 * 8)
  const copy = StochasticGradientTree.fromJSON(JSON.parse(JSON.stringify(tree)))
  for (const { x, y } of rows) {
    tree.learn(x, y)
    copy.learn(x, y)
  }
  expect(JSON.stringify(copy)).toBe(JSON.stringify(tree))
})

describe.each(tasks)('boosted trees, %s', (task) => {
  const model = new StreamingGradientBoosting({ ...small, stages: 4, task, l2: 0 })
  for (const { x, y } of rows) model.learn(x, y)
  const read = (change: (state: Parts) => void): unknown =>
    codeOf(() => StreamingGradientBoosting.fromJSON(edited(model, change)))

  test('are read as they were written', () => {
    expect(read(() => {})).toBe(undefined)
  })

  test('are refused with a mean or a trust beyond what learning leads to', () => {
    expect(read((state) => Object.assign(state, { mean: 1.7e308 }))).toBe('CORRUPT_SNAPSHOT')
    expect(read((state) => Object.assign(state, { trust: 11 }))).toBe('CORRUPT_SNAPSHOT')
  })

  test('are refused with memories that make answers beyond what learning leads to', () => {
    const fill = (gradient: number, hessian: number) => (state: Parts) => {
      const { memory } = state.committee
      for (let i = 0; i < memory.length; i += 2) {
        // some say much, others the opposite: the sum of such is no number
        memory[i] = i % 4 === 0 ? gradient : -gradient
        memory[i + 1] = hessian
      }
    }
    expect(read(fill(1e3, 1))).toBe(undefined)
    for (const spoil of [fill(1.7e308, 1e-10), fill(1e200, 1), fill(1, -1), fill(1, Number.NaN)]) {
      expect(read(spoil)).toBe('CORRUPT_SNAPSHOT')
    }
  })

  test('are refused with sums and losses that are none', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const name of ['totals', 'sums', 'missed', 'losses']) {
        expect(
          read(({ committee }) => committee[name].fill(value)),
          name,
        ).toBe('CORRUPT_SNAPSHOT')
      }
    }
  })
})
