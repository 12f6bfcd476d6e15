import { type Forest, leafOf } from './forest.ts'

/**
 * Writes the margins of the vector that starts at `x[at]`: base plus the leaves, tree by tree. The plain way, which
 * needs nothing made beforehand; O(trees × depth).
 */
export function marginsInto(forest: Forest, x: Float64Array, at: number, out: Float64Array): void {
  const { base, roots, output, value } = forest
  for (let k = 0; k < base.length; k++) out[k] = base[k]!
  for (let t = 0; t < roots.length; t++) out[output[t]!]! += value[leafOf(forest, roots[t]!, x, at)]!
}
