import { unpackState } from '../../../src/core/state.ts'
import type { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'

/** Features that the leaves of a tree look at, by the number of their node. */
export function featuresOf(tree: HoeffdingTreeRegressor): number[][] {
  const { state } = tree.toJSON()
  const { tree: nodes, observers } = unpackState(state, {}) as unknown as {
    readonly tree: { readonly nodes: number; readonly place: Int32Array }
    readonly observers: { readonly feature: Int32Array }
  }
  const { featuresPerLeaf: n } = tree.options
  return [...nodes.place.subarray(0, nodes.nodes)]
    .filter((place) => place >= 0)
    .map((place) => [...observers.feature.subarray(place * n, (place + 1) * n)])
}
