import { clamp } from '../../core/math.ts'
import type { Forest } from '../forest/forest.ts'

/**
 * Moves leaves of one tree that were set without regard to monotone constraints no further than is needed to keep to
 * them: where the two sides of a question about a feature with a direction overlap, both are cut off at the middle
 * between their means. A tree that is in order stays as it is, to the bit. Branches must hold the means of their leaves
 * before, and must be given them again afterwards.
 */
export function keepOrder(forest: Forest, root: number, end: number, direction: Int8Array): void {
  const { feature, left, right, value } = forest
  const [lowest, highest] = rangesOf(forest, root, end)
  const low = new Float64Array(end - root).fill(-Infinity)
  const high = new Float64Array(end - root).fill(Infinity)
  for (let node = root; node < end; node++) {
    const asked = feature[node]!
    const [from, to] = [low[node - root]!, high[node - root]!]
    if (asked < 0) {
      value[node] = clamp(value[node]!, from, to)
      continue
    }
    const rises = direction[asked]! >= 0
    const under = rises ? left[node]! : right[node]!
    const over = rises ? right[node]! : left[node]!
    const overlap = direction[asked] !== 0 && highest[under - root]! > lowest[over - root]!
    const middle = clamp(value[under]! / 2 + value[over]! / 2, from, to)
    low[under - root] = from
    high[under - root] = overlap ? middle : to
    low[over - root] = overlap ? middle : from
    high[over - root] = to
  }
}

/** The least and the greatest leaf below each node. */
function rangesOf({ feature, left, right, value }: Forest, root: number, end: number): [Float64Array, Float64Array] {
  const lowest = value.slice(root, end)
  const highest = value.slice(root, end)
  for (let node = end - 1; node >= root; node--) {
    if (feature[node]! < 0) continue
    const [l, r] = [left[node]! - root, right[node]! - root]
    lowest[node - root] = Math.min(lowest[l]!, lowest[r]!)
    highest[node - root] = Math.max(highest[l]!, highest[r]!)
  }
  return [lowest, highest]
}
