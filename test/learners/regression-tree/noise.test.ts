import { expect, test } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'

/** Mean number of leaves after 2,000 rows of ten features that say nothing, over ten streams. */
function leavesOnNoise(minGain: number): number {
  let leaves = 0
  for (let stream = 0; stream < 10; stream++) {
    const rng = new SeededRng(`n${stream}`)
    const tree = new HoeffdingTreeRegressor({ features: 10, minGain })
    for (let i = 0; i < 2000; i++) {
      const x = Float64Array.from({ length: 10 }, () => drawNormal(rng))
      tree.learn(x, drawNormal(rng))
    }
    leaves += tree.leaves
  }
  return leaves / 10
}

test('on pure noise the tree grows all the same, unless it is told what a split has to gain', () => {
  expect(leavesOnNoise(0)).toBeCloseTo(5.8, 1)
  expect(leavesOnNoise(0.02)).toBeCloseTo(1.9, 1)
  expect(leavesOnNoise(0.05)).toBe(1)
})
