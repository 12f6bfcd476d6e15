import type { Layout } from './layout.ts'
import { EQUALS, type Tree, UP_TO } from './tree.ts'

/** A node in plain words; its place in the list is its number, 0 the root. */
export type TreeNode = {
  /** Weight of each class that came through, in part as estimated when its parent split. */
  readonly counts: readonly number[]
  /** The question of a branch, with the numbers of the nodes it leads to; `null` for a leaf. */
  readonly split: null | TreeSplit
}

/** The question of a branch. */
export type TreeSplit =
  /** Values up to the threshold go left. */
  | { readonly feature: number; readonly threshold: number; readonly left: number; readonly right: number }
  /** One category goes left, the others right. */
  | { readonly feature: number; readonly category: number; readonly left: number; readonly right: number }
  /** Each category has a branch of its own. */
  | { readonly feature: number; readonly categories: readonly number[]; readonly children: readonly number[] }

/** The tree as plain data. */
export function describeTree(tree: Tree, { classes }: Layout): TreeNode[] {
  return Array.from({ length: tree.nodes }, (_, node) => ({
    counts: Array.from(tree.counts.subarray(classes * node, classes * (node + 1))),
    split: tree.feature[node]! < 0 ? null : splitOf(tree, node),
  }))
}

function splitOf({ feature: features, question, threshold, child, arity, answer }: Tree, node: number): TreeSplit {
  const feature = features[node]!
  const first = child[node]!
  const sides = { left: first, right: first + 1 }
  if (question[node] === UP_TO) return { feature, threshold: threshold[node]!, ...sides }
  if (question[node] === EQUALS) return { feature, category: threshold[node]!, ...sides }
  const children = Array.from({ length: arity[node]! }, (_, i) => first + i)
  return { feature, categories: children.map((at) => answer[at]!), children }
}
