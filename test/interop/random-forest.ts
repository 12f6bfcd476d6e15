import { SeededRng } from '../../src/core/index.ts'
import { createForest, type Forest } from '../../src/learners/forest/forest.ts'

/** What to vary. */
export type RandomForestOptions = {
  readonly seed: string
  readonly features: number
  readonly trees: number
  readonly depth: number
  readonly base: readonly number[]
  /** Features from this one on are categories. */
  readonly categoriesFrom: number
  /** The output of each tree. */
  readonly outputOf: (tree: number) => number
}

type Node = {
  feature: number
  threshold: number
  words: number[] | null
  missingLeft: number
  value: number
  cover: number
}

/** A forest with questions of both sorts, missing values on both sides, infinite thresholds, and single leaves. */
export function randomForest(options: RandomForestOptions): Forest {
  const { seed, features, trees, depth, base, categoriesFrom, outputOf } = options
  const rng = new SeededRng(seed)
  const nodes: Node[] = []
  const children: [number, number][] = []
  const roots: number[] = []
  const whole = (n: number): number => Math.floor(rng.next() * n)
  const grow = (left: number): number => {
    const id = nodes.length
    const leaf = left === 0 || rng.next() < 0.15
    const feature = leaf ? -1 : whole(features)
    const category = feature >= categoriesFrom
    nodes.push({
      feature,
      threshold: category ? 0 : rng.next() < 0.05 ? Infinity : rng.next() * 4 - 2,
      words: category ? Array.from({ length: 1 + whole(2) }, () => whole(4294967296)) : null,
      missingLeft: !leaf && !category && rng.next() < 0.5 ? 1 : 0,
      value: leaf ? (rng.next() - 0.5) / 3 : 0,
      cover: leaf ? 1 + whole(50) : 0,
    })
    children.push([0, 0])
    if (!leaf) {
      children[id] = [grow(left - 1), grow(left - 1)]
      const [l, r] = children[id]!.map((child) => nodes[child]!)
      nodes[id]!.cover = l!.cover + r!.cover
      nodes[id]!.value = (l!.cover * l!.value + r!.cover * r!.value) / nodes[id]!.cover
    }
    return id
  }
  for (let t = 0; t < trees; t++) roots.push(grow(depth))
  const forest = createForest(features, base, trees, nodes.length)
  const sets: number[] = []
  nodes.forEach(({ feature, threshold, words, missingLeft, value, cover }, i) => {
    forest.feature[i] = feature
    forest.threshold[i] = threshold
    forest.missingLeft[i] = missingLeft
    forest.value[i] = value
    forest.cover[i] = cover
    forest.left[i] = children[i]![0]
    forest.right[i] = children[i]![1]
    if (words) {
      forest.set[i] = sets.length
      sets.push(words.length, ...words)
    }
  })
  roots.forEach((root, t) => {
    forest.roots[t] = root
    forest.output[t] = outputOf(t)
  })
  return { ...forest, sets: Uint32Array.from(sets) }
}

/** Rows with missing and odd values: zeros, categories that are unknown, negative or cut, and large numbers. */
export function randomRows(seed: string, features: number, categoriesFrom: number, rows: number): Float64Array[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: rows }, () =>
    Float64Array.from({ length: features }, (_, f) => {
      const chance = rng.next()
      if (chance < 0.1) return Number.NaN
      if (chance < 0.15) return [0, -0, -1, 1e300, -1e300, 0.5, -0.5, 2147483648][Math.floor(rng.next() * 8)]!
      return f >= categoriesFrom ? Math.floor(rng.next() * 80) + (chance < 0.2 ? 0.7 : 0) : rng.next() * 4 - 2
    }),
  )
}
