import { describe, expect, test } from 'vitest'
import type { JsonValue, Learner, Snapshot } from '../../../src/contracts.ts'
import { restore } from '../../../src/core/snapshot.ts'
import { AdaptiveRandomForestRegressor } from '../../../src/learners/ensembles/index.ts'
import { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'
import golden from '../../golden/regression-tree-v1.json' with { type: 'json' }

const rows = Array.from({ length: 120 }, (_, i) => {
  const x = Float64Array.of((i * 7) % 13, (i * 5) % 11)
  return { x, y: (x[0]! > 5 ? 3 : -1) + (x[1]! > 7 ? 0.5 : 0) }
})
const goesOn = (learner: Learner): number[] => {
  for (const { x, y } of rows.slice(60)) learner.learn(x, y)
  return rows.slice(0, 5).map(({ x }) => learner.predict(x))
}

describe('a snapshot of version 1, in which leaves look at all features,', () => {
  test.each(['quantizer', 'e-bst'] as const)('%s: goes on as it would have', (observer) => {
    const { snapshot, leaves, said } = golden[observer]
    const tree = HoeffdingTreeRegressor.fromJSON(snapshot as unknown as Snapshot)
    expect(tree.options).toMatchObject({ featuresPerLeaf: 2, seed: '1' })
    expect(goesOn(tree)).toEqual(said)
    expect(tree.leaves).toBe(leaves)
    const copy = HoeffdingTreeRegressor.fromJSON(JSON.parse(JSON.stringify(tree)) as Snapshot)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(tree))
  })

  test('in a forest goes on as it would have', () => {
    const { snapshot, said } = golden.forest
    const forest = restore(snapshot as unknown as Snapshot, [AdaptiveRandomForestRegressor, HoeffdingTreeRegressor])
    expect(goesOn(forest as Learner)).toEqual(said)
  })

  test('that is damaged is refused', () => {
    const { snapshot } = golden.quantizer
    const read = (change: { options?: object; observers?: JsonValue | undefined }) => () =>
      HoeffdingTreeRegressor.fromJSON({
        ...snapshot,
        options: { ...snapshot.options, ...change.options },
        state: { ...snapshot.state, ...('observers' in change ? { observers: change.observers } : {}) },
      } as unknown as Snapshot)
    const { taken: _, ...rest } = snapshot.state.observers
    const many = { ...rest, taken: { $: 'Uint8Array', data: btoa('\0'.repeat(3000)) } }
    for (const observers of [null, 1, 'x', [], {}, rest, many]) {
      expect(read({ observers })).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    }
    expect(read({ options: { features: 1e9 } })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(read({ options: { features: 3 } })).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  })
})
