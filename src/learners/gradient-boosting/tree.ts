import type { Forest } from './forest.ts'

/** The end of a way down: what it adds to the margin, and how many training rows ended here. */
export type TreeLeaf = { readonly value: number; readonly rows: number }

/** A question: values of `feature` up to `threshold` go left, larger ones right. */
export type TreeBranch = {
  readonly feature: number
  readonly threshold: number
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

/** The tree below `node`. */
export function treeAt(forest: Forest, node: number): Tree {
  const value = forest.value[node]!
  const rows = forest.rows[node]!
  const feature = forest.feature[node]!
  if (feature < 0) return { value, rows }
  return {
    feature,
    threshold: forest.threshold[node]!,
    missing: forest.missingLeft[node] === 1 ? 'left' : 'right',
    gain: forest.gain[node]!,
    value,
    rows,
    left: treeAt(forest, forest.left[node]!),
    right: treeAt(forest, forest.right[node]!),
  }
}
