import { describe, test } from 'vitest'
import { AggregatedMondrianForest } from '../../../src/learners/mondrian-forest/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'

const features = 3
const kinds = [
  ['of classes', {}],
  ['of numbers', { task: 'regression' }],
  ['that forgets leaves', { maxNodes: 15 }],
  ['of numbers that forgets leaves', { task: 'regression', maxNodes: 7 }],
  ['in common units that never forgets', { units: 'common', halfLife: Infinity }],
] as const

describe.each(kinds)('a Mondrian forest %s', (_, options) => {
  const create = (): AggregatedMondrianForest => new AggregatedMondrianForest({ features, trees: 4, ...options })
  for (const { name, run } of learnerLaws(create, AggregatedMondrianForest, { features })) test(name, run)
})
