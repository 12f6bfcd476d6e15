import { describe, expect, test } from 'vitest'
import { sigmoid } from '../../../src/core/math.ts'
import {
  type CustomLoss,
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
  type MultiGradientBoostingInput,
} from '../../../src/learners/gradient-boosting/index.ts'
import { trainingMemory } from '../../../src/learners/gradient-boosting/memory.ts'
import { resolveOptions } from '../../../src/learners/gradient-boosting/options.ts'
import { learnerLaws } from '../../../src/testing/index.ts'

const refused = expect.objectContaining({ code: 'INVALID_OPTION' })

describe('options of the wrong shape or size are refused with a code', () => {
  test.each<[string, object]>([
    ['more features than any bot has', { features: 4e9 }],
    ['a number for the interactions', { interactions: 5 }],
    ['a number for the monotone constraints', { monotone: 5 }],
    ['a list for the monotone constraints', { monotone: [0] }],
    ['a number for the rising features', { monotone: { increasing: 5 } }],
    ['a Poisson base that no count has', { task: 'regression', loss: 'poisson', baseScore: 1e25 }],
    ['dropout where leaves are refreshed', { strategy: 'refreshLeaves', dropout: 0.1 }],
  ])('%s', (_, more) => {
    expect(() => new GradientBoosting({ features: 2, ...more } as GradientBoostingInput)).toThrow(refused)
  })
  test.each<[string, object]>([
    ['text for the quantiles', { loss: 'quantile', quantiles: 'abc' }],
    ['more classes than there can be trees for', { loss: 'softmax', classes: 2e8 }],
    ['more classes than an array has room for', { loss: 'softmax', classes: 5e9 }],
  ])('%s', (_, more) => {
    expect(() => new MultiGradientBoosting({ features: 2, ...more } as MultiGradientBoostingInput)).toThrow(refused)
  })
  test('more trees than there is room for, when they are asked for', () => {
    const model = new GradientBoosting({ features: 1, trees: 2e9, maxLeaves: 50, minSamplesLeaf: 1 })
    const rows = Array.from({ length: 100 }, (_, i) => Float64Array.of(i))
    const before = JSON.stringify(model)
    expect(() =>
      model.fit(
        rows,
        rows.map((_, i) => i % 2),
      ),
    ).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }))
    expect(JSON.stringify(model)).toBe(before)
  })
})

describe('categories numbered wildly', () => {
  test('are refused once their sets would take more than 64 MB, and the model stays as it was', () => {
    // each question takes a bit for every number up to the largest
    const rows = Array.from({ length: 3000 }, (_, i) => Float64Array.of(1_000_000 + (i % 250)))
    const model = new GradientBoosting({
      features: 1,
      categorical: [0],
      trees: 600,
      maxLeaves: 8,
      minSamplesLeaf: 1,
      bins: 255,
      window: 3000,
    })
    const y = rows.map((_, i) => Number((i * 7919) % 250 < 125 !== (i % 13 === 0)))
    const before = JSON.stringify(model)
    expect(() => model.fit(rows, y)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }))
    expect(JSON.stringify(model)).toBe(before)
  })
})

test('the memory stated for appending trees has room for the old ones and the new', () => {
  const stated = (more: object): number =>
    trainingMemory(resolveOptions({ features: 4, trees: 10, ...more }), 500).perThread
  const nodes = 5000 * (2 * 8 - 1)
  expect(stated({ strategy: 'appendTrees', appended: 5000 }) - stated({})).toBe(2 * 49 * nodes)
})

describe('a binary model with a loss of the user', () => {
  const odds: CustomLoss = {
    name: 'log loss again',
    base: () => 0,
    derive(y, margins, g, h) {
      for (let i = 0; i < y.length; i++) {
        const p = sigmoid(margins[i]!)
        g[i] = p - y[i]!
        h[i] = p * (1 - p)
      }
    },
    predict: sigmoid,
  }
  const create = (): GradientBoosting =>
    new GradientBoosting({ features: 3, loss: odds.name, trees: 20, minSamples: 20 }, odds)
  test('explains a probability', () => expect(create().explains).toBe('probability'))
  for (const { name, run } of learnerLaws(create, GradientBoosting.codec(odds))) test(name, run)
})
