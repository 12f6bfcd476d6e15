import type { Forest } from './forest.ts'

/** The end of a way down: what it adds to the margin, and how many training rows ended here. */
export type TreeLeaf = { readonly value: number; readonly rows: number }

/** A question: values of `feature` up to `threshold`, or those among `categories`, go left, others right. */
export type TreeBranch = {
  readonly feature: number
  /** The largest value that goes left; of a categorical question NaN. */
  readonly threshold: number
  /** The categories that go left, ascending; only of a categorical question. */
  readonly categories?: readonly number[]
  /** Where missing values go. */
  readonly missing: 'left' | 'right'
  /** What the split gained in training. */
  readonly gain: number
  /** Mean of the leaves below over the training rows. */
  readonly value: number
  readonly rows: number
  readonly left: Tree
  readonly right: Tree
}

/** One tree as plain data, to look at or to draw. */
export type Tree = TreeLeaf | TreeBranch

/** The tree below the root `root`. From the last node to the first, so that no depth is too deep. */
export function treeAt(forest: Forest, root: number): Tree {
  const next = forest.roots.find((other) => other > root)
  const trees = new Map<number, Tree>()
  for (let node = (next ?? forest.feature.length) - 1; node >= root; node--)
    trees.set(node, nodeOf(forest, node, trees))
  return trees.get(root)!
}

function nodeOf(forest: Forest, node: number, below: ReadonlyMap<number, Tree>): Tree {
  const value = forest.value[node]!
  const rows = forest.cover[node]!
  const feature = forest.feature[node]!
  if (feature < 0) return { value, rows }
  const set = forest.set[node]!
  return {
    feature,
    threshold: set < 0 ? forest.threshold[node]! : Number.NaN,
    ...(set < 0 ? {} : { categories: categoriesOf(forest.sets, set) }),
    missing: forest.missingLeft[node] === 1 ? 'left' : 'right',
    gain: forest.gain[node]!,
    value,
    rows,
    left: below.get(forest.left[node]!)!,
    right: below.get(forest.right[node]!)!,
  }
}

/** The members of the set that begins at `start`. */
export function categoriesOf(sets: Uint32Array, start: number): number[] {
  const members: number[] = []
  for (let c = 0; c < 32 * sets[start]!; c++) {
    if (((sets[start + 1 + (c >>> 5)]! >>> (c & 31)) & 1) === 1) members.push(c)
  }
  return members
}
