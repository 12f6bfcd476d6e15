import { show, TradeLearnError } from '../../core/errors.ts'
import { categoryOf, type Layout } from './layout.ts'

/** What a branch asks: is the value up to the threshold? is it the category? which category is it? */
export const UP_TO = 0
export const EQUALS = 1
export const WHICH = 2

/**
 * The nodes of a tree as flat arrays that grow when a leaf splits. Node 0 is the root; the children of a branch stand
 * side by side behind their parent, so that an index never leads back.
 */
export type Tree = {
  /** Nodes and leaves in use. */
  nodes: number
  leaves: number
  /** Feature that a branch asks for; -1 marks a leaf. */
  feature: Int32Array
  /** {@link UP_TO}, {@link EQUALS} or {@link WHICH}. */
  question: Uint8Array
  /** Values up to the threshold go left; or the category that goes left. */
  threshold: Float64Array
  /** First child of a branch, and how many there are. */
  child: Int32Array
  arity: Int32Array
  /** Parent; -1 at the root. */
  parent: Int32Array
  /** Category that leads from the parent to here, where the parent asks {@link WHICH}; else -1. */
  answer: Int32Array
  /** Where the node's statistics stand; -1 where it keeps none. */
  place: Int32Array
  /** Weight of class c that came through node i, at classes x i + c. */
  counts: Float64Array
}

const WORDS = ['feature', 'child', 'arity', 'parent', 'answer', 'place'] as const

/** A lone leaf in a tree with room for `leaves`; 0 gives the template of a saved state. */
export function createTree(classes: number, leaves: number): Tree {
  const room = Math.max(0, 2 * leaves - 1)
  const words = (): Int32Array => new Int32Array(room).fill(-1)
  return {
    nodes: 1,
    leaves: 1,
    feature: words(),
    question: new Uint8Array(room),
    threshold: new Float64Array(room),
    child: words(),
    arity: words(),
    parent: words(),
    answer: words(),
    place: words(),
    counts: new Float64Array(classes * room),
  }
}

/** Makes room for `leaves`, doubling as long as `most` allows. */
export function growTree(tree: Tree, classes: number, leaves: number, most: number): void {
  let room = (tree.feature.length + 1) / 2
  if (leaves <= room) return
  while (room < leaves) room *= 2
  const larger = createTree(classes, Math.min(room, most))
  for (const name of WORDS) {
    larger[name].set(tree[name])
    tree[name] = larger[name]
  }
  for (const name of ['threshold', 'counts'] as const) {
    larger[name].set(tree[name])
    tree[name] = larger[name]
  }
  larger.question.set(tree.question)
  tree.question = larger.question
}

/** The child of a branch that `x` goes to; where its value is missing or new, the one that most weight has gone to. */
export function childOf(tree: Tree, { categories, classes }: Layout, node: number, x: Float64Array): number {
  const { question, threshold, child } = tree
  const first = child[node]!
  const value = x[tree.feature[node]!]!
  if (value !== value) return heaviest(tree, classes, node)
  if (question[node] === UP_TO) return value <= threshold[node]! ? first : first + 1
  const category = categoryOf(value, categories)
  if (question[node] === EQUALS) return category === threshold[node] ? first : first + 1
  const end = first + tree.arity[node]!
  for (let at = first; at < end; at++) if (tree.answer[at] === category) return at
  return heaviest(tree, classes, node)
}

/** The child that most weight has come through; of equal ones the first. */
function heaviest({ child, arity, counts }: Tree, classes: number, node: number): number {
  const first = child[node]!
  const end = first + arity[node]!
  let best = first
  let most = -1
  for (let at = first; at < end; at++) {
    let weight = 0
    for (let c = 0; c < classes; c++) weight += counts[classes * at + c]!
    if (weight > most) {
      most = weight
      best = at
    }
  }
  return best
}

/** The leaf below `from` that `x` falls into. O(depth). */
export function route(tree: Tree, layout: Layout, from: number, x: Float64Array): number {
  const { feature } = tree
  let node = from
  while (feature[node]! >= 0) node = childOf(tree, layout, node, x)
  return node
}

/** Counts an observation on the way from a leaf up to its root. O(depth). */
export function count({ parent, counts }: Tree, classes: number, leaf: number, y: number, weight: number): void {
  for (let node = leaf; node >= 0; node = parent[node]!) counts[classes * node + y]! += weight
}

/** Turns a leaf into a branch with `arity` leaves, and returns the first. The arrays must have room. */
export function addChildren(tree: Tree, node: number, arity: number): number {
  const first = tree.nodes
  tree.parent.fill(node, first, first + arity)
  tree.child[node] = first
  tree.arity[node] = arity
  tree.nodes += arity
  tree.leaves += arity - 1
  return first
}

/** Makes a node a leaf; what hung below it is dropped by the next {@link rebuild}. */
export function cutBelow(tree: Tree, node: number): void {
  tree.feature[node] = -1
  tree.question[node] = UP_TO
  tree.threshold[node] = 0
  tree.child[node] = -1
  tree.arity[node] = -1
}

/**
 * Drops all nodes that cannot be reached from `roots`, the first of which becomes node 0, and numbers the others anew,
 * parents before their children. Returns the new number of every old node, -1 for those that were dropped. O(nodes).
 */
export function rebuild(tree: Tree, classes: number, roots: readonly number[]): Int32Array {
  const { feature, child, arity, nodes } = tree
  const order: number[] = []
  const to = new Int32Array(nodes).fill(-1)
  for (const root of roots) {
    let next = order.length
    to[root] = next
    order.push(root)
    for (; next < order.length; next++) {
      const node = order[next]!
      if (feature[node]! < 0) continue
      for (let at = child[node]!; at < child[node]! + arity[node]!; at++) {
        to[at] = order.length
        order.push(at)
      }
    }
  }

  const fresh = createTree(classes, (feature.length + 1) / 2)
  for (const [i, from] of order.entries()) {
    for (const name of ['feature', 'arity', 'answer', 'place'] as const) fresh[name][i] = tree[name][from]!
    fresh.question[i] = tree.question[from]!
    fresh.threshold[i] = tree.threshold[from]!
    fresh.child[i] = feature[from]! < 0 ? -1 : to[child[from]!]!
    fresh.parent[i] = tree.parent[from]! < 0 ? -1 : to[tree.parent[from]!]!
    for (let c = 0; c < classes; c++) fresh.counts[classes * i + c] = tree.counts[classes * from + c]!
  }
  Object.assign(tree, fresh)
  tree.nodes = order.length
  tree.leaves = order.filter((_, i) => fresh.feature[i]! < 0).length
  return to
}

/** Steps from its root to a node. */
export function depthOf({ parent }: Tree, node: number): number {
  let depth = 0
  for (let up = parent[node]!; up >= 0; up = parent[up]!) depth++
  return depth
}

/** No weights that have been counted come near it, and two of it can be added. */
const LARGEST_COUNT = 1e300

/** Whether a number that was read back is a sum of weights: it adds up with others, and has a logarithm or is 0. */
export const isWeight = (n: number): boolean => n >= 0 && n <= LARGEST_COUNT

/** Throws unless every index of a tree that was read back leads where it should, and it is no larger than allowed. */
export function checkTree(tree: Tree, layout: Layout, taken: Uint8Array, roots: number): void {
  const { nodes, leaves, feature, child, arity, parent, place, question } = tree
  const { classes, features } = layout
  const room = feature.length
  const lengths = [question, tree.threshold, ...WORDS.map((name) => tree[name])].every(({ length }) => length === room)
  let sound = lengths && tree.counts.length === classes * room && Number.isSafeInteger(nodes)
  sound &&= nodes >= 1 && nodes <= room
  sound &&= room % 2 === 1 && room <= 2 * layout.maxLeaves - 1
  // their sums must be numbers
  sound &&= tree.counts.every(isWeight)
  // what is not in use yet will be leaves without a past
  for (let node = nodes; sound && node < room; node++) sound = WORDS.every((name) => tree[name][node] === -1)
  sound &&= tree.counts.subarray(classes * nodes).every((weight) => weight === 0)
  // every place that is taken has one owner
  const owned = new Uint8Array(taken.length)
  let found = 0
  let parentless = 0
  for (let node = 0; sound && node < nodes; node++) {
    const to = child[node]!
    const up = parent[node]!
    const at = place[node]!
    if (up < 0) parentless++
    if (feature[node]! < 0) found++
    else {
      sound = feature[node]! < features && to > node && arity[node]! >= 2 && to + arity[node]! <= nodes
      sound &&= question[node]! <= WHICH && (question[node] === WHICH || arity[node] === 2)
      for (let c = 0; sound && c < arity[node]!; c++) sound = parent[to + c] === node
    }
    sound &&=
      up < 0 ? up === -1 : up < node && feature[up]! >= 0 && node - child[up]! < arity[up]! && node >= child[up]!
    sound &&= at === -1 || (taken[at] === 1 && owned[at] === 0)
    if (sound && at >= 0) owned[at] = 1
  }
  sound &&= owned.every((owner, at) => owner === taken[at])
  if (sound && found === leaves && parentless === roots && parent[0] === -1) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A saved tree must have nodes that lead from the root to its leaves, got ${show(nodes)} nodes that do not.`,
  )
}
