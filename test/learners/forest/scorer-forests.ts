import type { Forest } from '../../../src/learners/forest/forest.ts'

/** How a random forest is drawn. */
export type Shape = {
  readonly features: number
  readonly outputs: number
  /** Leaves of each tree. */
  readonly leaves: readonly number[]
  /** Which thresholds are asked for; few of them make duplicates. */
  readonly thresholds: readonly number[]
  /** Share of categorical questions. */
  readonly categorical: number
  /** How one-sided trees grow: 0 splits any leaf, 1 always the newest. */
  readonly depth: number
  readonly covers: 'shares' | 'none'
}

const CHILDREN_APART = 2

/** A forest with random questions, its nodes in an order that no kernel made. */
export function drawForest(shape: Shape, next: () => number): Forest {
  const { features, outputs, leaves, thresholds } = shape
  const pick = (n: number): number => Math.floor(next() * n)
  const nodes = leaves.reduce((sum, n) => sum + CHILDREN_APART * n - 1, 0)
  const forest = {
    features,
    base: Float64Array.from({ length: outputs }, () => next() - 0.5),
    roots: new Int32Array(leaves.length),
    output: Int32Array.from(leaves, () => pick(outputs)),
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    set: new Int32Array(nodes).fill(-1),
    sets: new Uint32Array(0),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    missingLeft: new Uint8Array(nodes),
    value: Float64Array.from({ length: nodes }, () => (next() < 0.1 ? -0 : next() - 0.5)),
    gain: new Float64Array(nodes),
    cover: new Float64Array(nodes),
  }
  const sets: number[] = []
  let free = 0
  for (const [t, count] of leaves.entries()) {
    const root = free++
    forest.roots[t] = root
    forest.cover[root] = shape.covers === 'none' ? 0 : 1000
    const open = [root]
    while (open.length < count) {
      const [node] = open.splice(next() < shape.depth ? open.length - 1 : pick(open.length), 1) as [number]
      forest.feature[node] = pick(features)
      forest.missingLeft[node] = pick(2)
      if (next() < shape.categorical) {
        forest.set[node] = sets.length
        const words = 1 + pick(3)
        sets.push(words, ...Array.from({ length: words }, () => pick(2 ** 32)))
      } else forest.threshold[node] = thresholds[pick(thresholds.length)]!
      const [first, second] = [free, free + 1]
      free += CHILDREN_APART
      const isSwapped = next() < 0.5
      forest.left[node] = isSwapped ? second : first
      forest.right[node] = isSwapped ? first : second
      const share = next()
      forest.cover[first] = forest.cover[node]! * share
      forest.cover[second] = forest.cover[node]! * (1 - share)
      open.push(first, second)
    }
  }
  return { ...forest, sets: Uint32Array.from(sets) }
}

/** Thresholds where comparisons go wrong first. */
export const AWKWARD: readonly number[] = [
  Number.NEGATIVE_INFINITY,
  -Number.MAX_VALUE,
  -1,
  -Number.MIN_VALUE,
  -0,
  0,
  Number.MIN_VALUE,
  1,
  1 + Number.EPSILON,
  31.5,
  Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
]

/** Values of all kinds: missing, on thresholds, just beside them, categories that are in no set, and huge ones. */
export function drawValue(thresholds: readonly number[], next: () => number): number {
  const pick = (list: readonly number[]): number => list[Math.floor(next() * list.length)]!
  const kind = next()
  if (kind < 0.15) return Number.NaN
  if (kind < 0.4) return pick(thresholds)
  if (kind < 0.5) return pick(thresholds) * (1 + (next() < 0.5 ? -1 : 1) * Number.EPSILON)
  if (kind < 0.7) return Math.floor(next() * 100)
  if (kind < 0.8) return next() * 100 - 2
  return pick([
    ...AWKWARD,
    -3,
    -0.5,
    0.5,
    95.9,
    96,
    2 ** 31,
    2 ** 31 - 1,
    2 ** 32,
    2 ** 32 + 1,
    2 ** 53,
    2 ** 53 + 2,
    1e300,
  ])
}
