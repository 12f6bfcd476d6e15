import { TradeLearnError } from '../../core/errors.ts'
import type { ADWIN } from '../../drift/adwin.ts'
import { isAlike } from '../alike.ts'
import { type Grown, type Kernel, prune } from './growth.ts'
import { takePlace } from './leaf-statistics.ts'
import { cutBelow, growTree } from './tree.ts'

/**
 * A tree whose nodes are watched, with a second tree beside some of them: its root stands among the nodes, without a
 * parent, and `alternate` leads to it.
 */
export type Adaptive = Grown & {
  /** Root of the tree beside a node; -1 where there is none. */
  alternate: Int32Array
  /** Watches the errors of a node of the live tree, or of the root of one beside it. */
  watches: (ADWIN | undefined)[]
}

/** Bytes of a watch, at most: ADWIN keeps 28 rows of 6 buckets, of two numbers each, for 1e9 observations. */
export const WATCH_BYTES = 3072

/** A lone node, watched by nobody yet. */
export function adapt(grown: Grown): Adaptive {
  return { ...grown, alternate: new Int32Array(grown.tree.feature.length).fill(-1), watches: [] }
}

/** Makes room for the alternates of nodes that have been added. */
export function fitAlternates(adaptive: Adaptive): void {
  const room = adaptive.tree.feature.length
  if (adaptive.alternate.length === room) return
  const larger = new Int32Array(room).fill(-1)
  larger.set(adaptive.alternate)
  adaptive.alternate = larger
}

/** Plants a leaf beside a node. */
export function plantBeside({ layout, options }: Kernel, adaptive: Adaptive, node: number): void {
  const { tree, leaves } = adaptive
  growTree(tree, layout.classes, tree.leaves + 1, layout.maxLeaves)
  fitAlternates(adaptive)
  const root = tree.nodes++
  tree.leaves++
  tree.place[root] = takePlace(leaves, layout, options.seed)
  adaptive.alternate[node] = root
  adaptive.watches[root] = undefined
}

/** Puts the tree beside a node in the node's place. */
export function promote(kernel: Kernel, adaptive: Adaptive, node: number): void {
  const { tree, alternate, watches } = adaptive
  const { classes } = kernel.layout
  const root = alternate[node]!
  for (const name of ['feature', 'question', 'threshold', 'child', 'arity', 'place'] as const) {
    tree[name][node] = tree[name][root]!
  }
  tree.counts.copyWithin(classes * node, classes * root, classes * (root + 1))
  if (tree.feature[node]! >= 0) tree.parent.fill(node, tree.child[node]!, tree.child[node]! + tree.arity[node]!)
  // the place has moved
  cutBelow(tree, root)
  tree.place[root] = -1
  watches[node] = watches[root]
  alternate[node] = -1
  tidy(kernel, adaptive)
}

/** Fells the tree beside a node. */
export function fell(kernel: Kernel, adaptive: Adaptive, node: number): void {
  adaptive.alternate[node] = -1
  tidy(kernel, adaptive)
}

/** Drops all nodes that no way leads to any more, and numbers the others anew. O(nodes). */
function tidy(kernel: Kernel, adaptive: Adaptive): void {
  const { tree, alternate, watches } = adaptive
  const roots = [0]
  const live = [0]
  for (let next = 0; next < live.length; next++) {
    const node = live[next]!
    if (alternate[node]! >= 0) roots.push(alternate[node]!)
    if (tree.feature[node]! < 0) continue
    for (let i = 0; i < tree.arity[node]!; i++) live.push(tree.child[node]! + i)
  }
  const to = prune(kernel, adaptive, roots)
  adaptive.alternate = new Int32Array(alternate.length).fill(-1)
  adaptive.watches = []
  for (const [from, node] of to.entries()) {
    if (node < 0) continue
    if (alternate[from]! >= 0) adaptive.alternate[node] = to[alternate[from]!]!
    adaptive.watches[node] = watches[from]
  }
}

/** Leaves of the live tree. O(nodes). */
export function liveLeaves({ tree }: Grown): number {
  let found = 0
  const below = [0]
  for (let next = 0; next < below.length; next++) {
    const node = below[next]!
    if (tree.feature[node]! < 0) found++
    else for (let i = 0; i < tree.arity[node]!; i++) below.push(tree.child[node]! + i)
  }
  return found
}

/** Throws unless the roots of alternates that were read back each stand beside one node, and are watched as `fresh` would. */
export function checkAlternates({ tree, alternate, watches }: Adaptive, fresh: ADWIN): void {
  const { nodes, parent, feature } = tree
  const beside = alternate.filter((root) => root !== -1)
  const sound =
    alternate.length === feature.length &&
    watches.length <= nodes &&
    watches.every((watch) => watch === undefined || isAlike(watch, fresh)) &&
    new Set(beside).size === beside.length &&
    beside.every((root) => root > 0 && root < nodes && parent[root] === -1)
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Saved alternates must be roots beside one node each with watches of the tree's options, got ${beside.length} others.`,
  )
}
