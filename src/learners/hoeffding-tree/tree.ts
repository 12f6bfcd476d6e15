import { show, TradeLearnError } from '../../core/errors.ts'

/**
 * The nodes of a binary tree as flat arrays that grow when a leaf splits. Node 0 is the root; children stand side by
 * side behind their parent, so that an index never leads back.
 */
export type Tree = {
  /** Nodes and leaves in use. */
  nodes: number
  leaves: number
  /** Feature that a branch asks for; -1 marks a leaf. */
  feature: Int32Array
  /** Values up to the threshold go left. */
  threshold: Float64Array
  /** Left child of a branch, whose right neighbour is the right child; of a leaf, the place of its statistics. */
  child: Int32Array
  /** Parent; -1 at the root. */
  parent: Int32Array
  /** Weight of class 0 and of class 1 that came through node i, at 2i and 2i + 1. */
  counts: Float64Array
}

/** A lone leaf in a tree with room for `leaves`; 0 gives the template of a saved state. */
export function createTree(leaves: number): Tree {
  const capacity = Math.max(0, 2 * leaves - 1)
  return {
    nodes: 1,
    leaves: 1,
    feature: new Int32Array(capacity).fill(-1),
    threshold: new Float64Array(capacity),
    child: new Int32Array(capacity),
    parent: new Int32Array(capacity).fill(-1),
    counts: new Float64Array(2 * capacity),
  }
}

/** Moves everything into arrays with room for `leaves`. */
export function growTree(tree: Tree, leaves: number): void {
  const larger = createTree(leaves)
  for (const name of ['feature', 'child', 'parent'] as const) {
    larger[name].set(tree[name])
    tree[name] = larger[name]
  }
  for (const name of ['threshold', 'counts'] as const) {
    larger[name].set(tree[name])
    tree[name] = larger[name]
  }
}

/** The child of a branch that `x` goes to; where its value is missing, the one that more weight has gone to. */
export function childOf({ feature, threshold, child, counts }: Tree, node: number, x: Float64Array): number {
  const left = child[node]!
  const value = x[feature[node]!]!
  if (value !== value) {
    const i = 2 * left
    return counts[i]! + counts[i + 1]! < counts[i + 2]! + counts[i + 3]! ? left + 1 : left
  }
  return value <= threshold[node]! ? left : left + 1
}

/** The leaf that `x` falls into. O(depth). */
export function route(tree: Tree, x: Float64Array): number {
  const { feature } = tree
  let node = 0
  while (feature[node]! >= 0) node = childOf(tree, node, x)
  return node
}

/** Counts an observation on the way from a leaf up to the root. O(depth). */
export function count({ parent, counts }: Tree, leaf: number, y: number, weight: number): void {
  for (let node = leaf; node >= 0; node = parent[node]!) counts[2 * node + y]! += weight
}

/** Turns a leaf into a branch with two leaves, and returns the left one. The arrays must have room. */
export function splitLeaf(tree: Tree, leaf: number, feature: number, threshold: number): number {
  const left = tree.nodes
  tree.child[left] = tree.child[leaf]!
  tree.child[left + 1] = tree.leaves
  tree.parent.fill(leaf, left, left + 2)
  tree.feature[leaf] = feature
  tree.threshold[leaf] = threshold
  tree.child[leaf] = left
  tree.nodes += 2
  tree.leaves++
  return left
}

/** Steps from the root to a node. */
export function depthOf({ parent }: Tree, node: number): number {
  let depth = 0
  for (let up = parent[node]!; up >= 0; up = parent[up]!) depth++
  return depth
}

/** Throws unless every index of a tree that was read back leads where it should, with `capacity` leaves' room. */
export function checkTree(tree: Tree, features: number, capacity: number): void {
  const { nodes, leaves, feature, child, parent } = tree
  const room = 2 * capacity - 1
  const lengths = [feature, child, parent, tree.threshold].every(({ length }) => length === room)
  let sound = lengths && tree.counts.length === 2 * room && nodes === 2 * leaves - 1 && leaves >= 1 && nodes <= room
  for (let node = 0; sound && node < nodes; node++) {
    const to = child[node]!
    const up = parent[node]!
    const leaf = feature[node]! < 0
    sound = leaf ? to >= 0 && to < leaves : feature[node]! < features && to > node && to + 1 < nodes
    sound &&= node === 0 ? up === -1 : up >= 0 && up < node && feature[up]! >= 0 && (node - child[up]!) >> 1 === 0
  }
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A saved tree must have nodes that lead from the root to its leaves, got ${show(nodes)} nodes that do not.`,
  )
}

/** A node in plain words; its place in the list is its number, 0 the root. */
export type TreeNode = {
  /** Weight of class 0 and of class 1 that came through, in part as estimated when its parent split. */
  readonly counts: readonly [number, number]
  /** The question of a branch, with the numbers of the nodes it leads to; `null` for a leaf. */
  readonly split: null | {
    readonly feature: number
    /** Values up to it go left. */
    readonly threshold: number
    readonly left: number
    readonly right: number
  }
}

/** The tree as plain data. */
export function describeTree({ nodes, feature, threshold, child, counts }: Tree): TreeNode[] {
  return Array.from({ length: nodes }, (_, i) => ({
    counts: [counts[2 * i]!, counts[2 * i + 1]!],
    split:
      feature[i]! < 0
        ? null
        : { feature: feature[i]!, threshold: threshold[i]!, left: child[i]!, right: child[i]! + 1 },
  }))
}
