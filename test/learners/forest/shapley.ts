import { SeededRng } from '../../../src/core/rng.ts'
import { createForest, type Forest, leafOf } from '../../../src/learners/forest/forest.ts'

/** Options of {@link randomForest}. */
export type Shape = {
  readonly features: number
  readonly outputs?: number
  readonly trees?: number
  readonly leaves?: number
  /** Share of questions about categories. */
  readonly categorical?: number
  /** Share of nodes with a cover of 0. */
  readonly empty?: number
}

/** A forest of random trees, grown by splitting random leaves. */
export function randomForest(
  seed: string,
  { features, outputs = 1, trees = 3, leaves = 8, categorical = 0, empty = 0 }: Shape,
): Forest {
  const rng = new SeededRng(seed)
  const below = (n: number): number => Math.floor(rng.next() * n)
  const base = Array.from({ length: outputs }, () => rng.next())
  const size = 2 * leaves - 1
  const forest = createForest(features, base, trees, trees * size)
  const sets: number[] = []
  for (let t = 0; t < trees; t++) {
    const root = t * size
    forest.roots[t] = root
    forest.output[t] = t % outputs
    const open = [root]
    forest.cover[root] = 1000
    for (let next = root + 1; next < root + size; next += 2) {
      const node = open.splice(below(open.length), 1)[0]!
      forest.feature[node] = below(features)
      forest.threshold[node] = 2 * rng.next() - 1
      forest.missingLeft[node] = below(2)
      forest.left[node] = next
      forest.right[node] = next + 1
      if (rng.next() < categorical) {
        forest.set[node] = sets.length
        sets.push(1, Math.floor(rng.next() * 2 ** 32))
      }
      const share = rng.next() < empty ? below(2) : rng.next()
      forest.cover[next] = forest.cover[node]! * share
      forest.cover[next + 1] = forest.cover[node]! * (1 - share)
      open.push(next, next + 1)
    }
    for (const leaf of open) forest.value[leaf] = 2 * rng.next() - 1
  }
  return { ...forest, sets: Uint32Array.from(sets) }
}

/** A vector for such forests: numbers around 0, small whole numbers, and missing values. */
export function randomVector(rng: SeededRng, features: number): Float64Array {
  return Float64Array.from({ length: features }, () => {
    const kind = rng.next()
    if (kind < 0.2) return Number.NaN
    return kind < 0.6 ? 2 * rng.next() - 1 : Math.floor(40 * rng.next()) - 4
  })
}

/** The mean margin of one output where only the features in `known` (a bit each) are known. */
export function expectation(forest: Forest, output: number, x: Float64Array, known: number): number {
  const { feature, left, right, cover, value } = forest
  const walk = (node: number): number => {
    const f = feature[node]!
    if (f < 0) return value[node]!
    const [l, r] = [left[node]!, right[node]!]
    // the way that leaves take: one step from this node
    if ((known >> f) & 1) return walk(childFor(forest, node, x))
    const total = cover[l]! + cover[r]!
    const share = total > 0 ? cover[l]! / total : 0.5
    return share * walk(l) + (1 - share) * walk(r)
  }
  let sum = forest.base[output]!
  for (let t = 0; t < forest.roots.length; t++) if (forest.output[t] === output) sum += walk(forest.roots[t]!)
  return sum
}

function childFor(forest: Forest, node: number, x: Float64Array): number {
  // a forest of this one question: the leaf is the child
  const { features, threshold, set, sets, missingLeft, feature } = forest
  const one = createForest(features, [0], 1, 3)
  one.feature[0] = feature[node]!
  one.threshold[0] = threshold[node]!
  one.set[0] = set[node]!
  one.missingLeft[0] = missingLeft[node]!
  one.left[0] = 1
  one.right[0] = 2
  return leafOf({ ...one, sets }, 0, x, 0) === 1 ? forest.left[node]! : forest.right[node]!
}

const bits = (mask: number): number => (mask === 0 ? 0 : (mask & 1) + bits(mask >>> 1))
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

/** Shapley values by their definition, over all sets of features; the bias last. */
export function shapley(forest: Forest, output: number, x: Float64Array): number[] {
  const n = forest.features
  const worth = Array.from({ length: 1 << n }, (_, known) => expectation(forest, output, x, known))
  const parts = Array.from({ length: n }, (_, f) => {
    let part = 0
    for (let known = 0; known < 1 << n; known++) {
      if ((known >> f) & 1) continue
      const s = bits(known)
      part += ((factorial(s) * factorial(n - s - 1)) / factorial(n)) * (worth[known | (1 << f)]! - worth[known]!)
    }
    return part
  })
  return [...parts, worth[0]!]
}

/** Shapley interaction values by their definition; bias last, what a feature does alone on the diagonal. */
export function interactions(forest: Forest, output: number, x: Float64Array): number[][] {
  const n = forest.features
  const worth = Array.from({ length: 1 << n }, (_, known) => expectation(forest, output, x, known))
  const parts = shapley(forest, output, x)
  const matrix = Array.from({ length: n + 1 }, () => new Array<number>(n + 1).fill(0))
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i === j) continue
      const [a, b] = [1 << i, 1 << j]
      for (let known = 0; known < 1 << n; known++) {
        if (known & (a | b)) continue
        const s = bits(known)
        const weight = (factorial(s) * factorial(n - s - 2)) / (2 * factorial(n - 1))
        matrix[i]![j]! += weight * (worth[known | a | b]! - worth[known | a]! - worth[known | b]! + worth[known]!)
      }
    }
    matrix[i]![i] = parts[i]! - matrix[i]!.reduce((sum, part) => sum + part, 0)
  }
  matrix[n]![n] = parts[n]!
  return matrix
}
