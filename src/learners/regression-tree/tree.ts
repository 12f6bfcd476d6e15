import { show, TradeLearnError } from '../../core/errors.ts'

/**
 * The nodes of a tree as flat arrays that grow when a leaf splits. Node 0 is the root; the two children of a branch stand
 * side by side behind their parent, so that an index never leads back.
 */
export type Tree = {
  /** Nodes in use: one more than twice the branches. */
  nodes: number
  /** Feature that a branch asks for; -1 marks a leaf. */
  feature: Int32Array
  /** Values up to the threshold go left. */
  threshold: Float64Array
  /** The left child of a branch. */
  child: Int32Array
  /** Steps from the root. */
  depth: Int32Array
  /** Where a leaf's observers stand; -1 where it has none. */
  place: Int32Array
  /** Weight, mean and sum of squared deviations of the targets that came to a node while it was a leaf. */
  stats: Float64Array
  /** Weight that came through a node, in all. */
  weight: Float64Array
  /** Weight at a leaf's last attempt to split. */
  attempt: Float64Array
  /** Fading squared errors of a leaf's mean and of its linear model. */
  errors: Float64Array
  /** A leaf's linear model: one number a feature and the constant. */
  linear: Float64Array
}

/** Numbers of {@link Tree.stats} and of {@link Tree.errors} by node. */
export const STATS = 3
export const ERRORS = 2

const WORDS = ['feature', 'child', 'depth', 'place'] as const
const NUMBERS = ['threshold', 'stats', 'weight', 'attempt', 'errors', 'linear'] as const

/** A lone leaf in a tree with room for so many nodes; 0 gives the template of a saved state. */
export function createTree(room: number, width: number): Tree {
  const words = (): Int32Array => new Int32Array(room).fill(-1)
  return {
    nodes: 1,
    feature: words(),
    threshold: new Float64Array(room),
    child: words(),
    depth: new Int32Array(room),
    place: words(),
    stats: new Float64Array(room * STATS),
    weight: new Float64Array(room),
    attempt: new Float64Array(room),
    errors: new Float64Array(room * ERRORS),
    linear: new Float64Array(room * width),
  }
}

/** Makes room for two more nodes, doubling as long as `most` allows. */
export function growTree(tree: Tree, width: number, most: number): void {
  const room = tree.feature.length
  if (tree.nodes + 2 <= room) return
  const larger = createTree(Math.min(most, 2 * room + 1), width)
  for (const name of WORDS) {
    larger[name].set(tree[name])
    tree[name] = larger[name]
  }
  for (const name of NUMBERS) {
    larger[name].set(tree[name])
    tree[name] = larger[name]
  }
}

/** The child of a branch that `x` goes to; where its value is missing, the one that more weight has come through. */
export function childOf({ feature, threshold, child, weight }: Tree, node: number, x: Float64Array): number {
  const left = child[node]!
  const value = x[feature[node]!]!
  if (value !== value) return weight[left + 1]! > weight[left]! ? left + 1 : left
  return value <= threshold[node]! ? left : left + 1
}

/** The leaf below `from` that `x` falls into. O(depth). */
export function route(tree: Tree, from: number, x: Float64Array): number {
  const { feature } = tree
  let node = from
  while (feature[node]! >= 0) node = childOf(tree, node, x)
  return node
}

/** The same, with the weight added to all nodes on the way. */
export function routeAndCount(tree: Tree, from: number, x: Float64Array, weight: number): number {
  const { feature } = tree
  let node = from
  tree.weight[node]! += weight
  while (feature[node]! >= 0) {
    node = childOf(tree, node, x)
    tree.weight[node]! += weight
  }
  return node
}

/** Whether triples of weight, mean and squared deviations that were read back are such, of values up to `most`. */
export function areMoments(list: Float64Array, most: number): boolean {
  for (let i = 0; i < list.length; i += 3) {
    const n = list[i]!
    // deviations of the largest values overflow, which those who use them allow for
    if (!(n >= 0 && n < Infinity && Math.abs(list[i + 1]!) <= ROUNDED_UP * most && list[i + 2]! >= 0)) return false
  }
  return true
}

/** Room for rounding in a mean. */
export const ROUNDED_UP: number = 1 + 1e-6
/** What is left for the right side of a split is a difference of sums, whose rounding can be much larger than a light mean. */
const MISTAKEN = 1e10
/** Steps of the linear models are of some deviations, so that no number of them leads anywhere near. */
const MOST_SLOPE = 1e100

/**
 * Throws unless every index of a tree that was read back leads where it should, it is no larger than allowed, and its
 * leaves are about targets up to `most`.
 */
export function checkTree(
  tree: Tree,
  { features, maxLeaves }: { readonly features: number; readonly maxLeaves: number },
  width: number,
  taken: Uint8Array,
  most: number,
): void {
  const { nodes, feature, child, depth, place } = tree
  const room = feature.length
  let sound = Number.isSafeInteger(nodes) && nodes >= 1 && nodes <= room && nodes % 2 === 1 && room <= 2 * maxLeaves - 1
  sound &&= WORDS.every((name) => tree[name].length === room)
  sound &&= [tree.threshold, tree.weight, tree.attempt].every(({ length }) => length === room)
  sound &&= tree.stats.length === room * STATS && tree.errors.length === room * ERRORS
  sound &&= tree.linear.length === room * width
  sound &&= NUMBERS.every((name) => tree[name].every((value) => value === value))
  sound &&= tree.linear.every((value) => Math.abs(value) <= MOST_SLOPE) && areMoments(tree.stats, MISTAKEN * most)
  sound &&= [tree.weight, tree.attempt, tree.errors].every((list) => list.every((value) => value >= 0))
  // what is not in use yet will be leaves
  for (let node = nodes; sound && node < room; node++) sound = feature[node] === -1 && place[node] === -1
  // every place that is taken has one owner, and every node but the root one parent
  const owned = new Uint8Array(taken.length)
  const parents = new Uint8Array(sound ? nodes : 0)
  for (let node = 0; sound && node < nodes; node++) {
    const at = place[node]!
    const to = child[node]!
    if (feature[node]! >= 0) {
      sound =
        feature[node]! < features && to > node && to + 1 < nodes && ++parents[to]! === 1 && ++parents[to + 1]! === 1
      sound &&= depth[to] === depth[node]! + 1 && depth[to + 1] === depth[to]
    }
    sound &&= at === -1 || (at >= 0 && taken[at] === 1 && owned[at] === 0)
    if (sound && at >= 0) owned[at] = 1
  }
  sound &&= parents.every((count, node) => count === Number(node > 0)) && depth[0] === 0
  sound &&= owned.every((owner, at) => owner === taken[at])
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A saved tree must have nodes that lead from the root to its leaves, got ${show(nodes)} nodes that do not.`,
  )
}
