import { expect, test } from 'vitest'
import { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'
import { featuresOf } from './leaf-features.ts'
import { errorOf, friedman } from './streams.ts'

const eager = { features: 6, gracePeriod: 50, confidence: 0.01 }
const rows = friedman(2000, 'subsets')
const grown = (options: object): HoeffdingTreeRegressor => {
  const tree = new HoeffdingTreeRegressor({ ...eager, ...options })
  for (const { x, y } of rows) tree.learn(x, y)
  return tree
}

test('leaves see other features from seed to seed, and the same with the same seed', () => {
  const roots = Array.from({ length: 20 }, (_, seed) => {
    const [a, b] = [grown({ featuresPerLeaf: 2, seed }), grown({ featuresPerLeaf: 2, seed: String(seed) })]
    expect(JSON.stringify(a)).toBe(JSON.stringify(b))
    return a.describe()[0]!.feature
  })
  expect(new Set(roots).size).toBeGreaterThan(2)
})

test('each feature is drawn equally often, and the leaves of one tree see different ones', () => {
  const drawn = new Float64Array(6)
  for (let seed = 0; seed < 600; seed++) {
    const [features] = featuresOf(new HoeffdingTreeRegressor({ features: 6, featuresPerLeaf: 2, seed }))
    expect(features![1]).toBeGreaterThan(features![0]!)
    for (const feature of features!) drawn[feature]!++
  }
  // 200 each; five standard deviations of a binomial count are 58
  for (const n of drawn) expect(Math.abs(n - 200)).toBeLessThan(58)
  expect(new Set(featuresOf(grown({ featuresPerLeaf: 2 })).map(String)).size).toBeGreaterThan(5)
})

test.each(['quantizer', 'e-bst'])(
  '%s: all of the features are the tree without the option, whatever the seed',
  (observer) => {
    const all = grown({ observer, featuresPerLeaf: 6, seed: 'x' })
    expect(JSON.stringify(all.toJSON().state)).toBe(JSON.stringify(grown({ observer }).toJSON().state))
  },
)

test('a leaf splits on features that it looks at', () => {
  for (let seed = 0; seed < 20; seed++) {
    const options = { ...eager, featuresPerLeaf: 2, maxLeaves: 2, seed }
    const [root] = featuresOf(new HoeffdingTreeRegressor(options))
    const asked = grown(options).describe()[0]!.feature
    expect(root).toContain(asked)
  }
})

test('slots find their radius where the leaf above did not look at the feature', () => {
  const later = friedman(6000, 'radius')
  const errorWith = (radius: number | 'deviation'): number => {
    const errors = [1, 2, 3, 4, 5].map((seed) =>
      errorOf(
        new HoeffdingTreeRegressor({ ...eager, featuresPerLeaf: 2, seed, radius, leafPrediction: 'mean' }),
        later,
      ),
    )
    return errors.reduce((sum, error) => sum + error / errors.length, 0)
  }
  // the features lie between 0 and 1
  expect(errorWith('deviation')).toBeLessThan(1.03 * errorWith(0.05))
})

test('takes memory for those features alone', () => {
  const size = (options: object): number =>
    new HoeffdingTreeRegressor({ features: 40, leafPrediction: 'mean', ...options }).sizeInBytes
  expect(size({ featuresPerLeaf: 4 })).toBeLessThan(size({}) / 8)
})
