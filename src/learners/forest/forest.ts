import { type ErrorCode, TradeLearnError } from '../../core/errors.ts'

/**
 * All trees of a model in flat arrays, one entry a node; a tree's nodes stand together, its root first, and children
 * after their parents. Plain data: nothing in it is ever changed after training, so it may be shared between threads.
 *
 * A numeric question sends a row left where its value is at most the threshold. A categorical one sends it left where
 * the value, cut to a whole number, is in the node's set. A missing value (NaN) goes where `missingLeft` says.
 */
export type Forest = {
  /** Length of the vectors that it reads. */
  readonly features: number
  /** The margins before the first tree, one for each output: 1, or as many as there are classes or quantiles. */
  readonly base: Float64Array
  /** Each tree's first node, ascending. */
  readonly roots: Int32Array
  /** Which margin each tree adds to. */
  readonly output: Int32Array
  /** The feature asked for; -1 in a leaf. */
  readonly feature: Int32Array
  /** The largest value that goes left; unused in leaves and at categorical questions. */
  readonly threshold: Float64Array
  /** At a categorical question, where its set begins in `sets`; -1 everywhere else. */
  readonly set: Int32Array
  /** Sets of categories, each as the number of its words and then those: category c is bit c % 32 of word c / 32. */
  readonly sets: Uint32Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** 1 where missing values go left. */
  readonly missingLeft: Uint8Array
  /** What a leaf adds to the margin; further up, the mean of that over the training rows below. */
  readonly value: Float64Array
  /** What the split gained in training; 0 in a leaf. */
  readonly gain: Float64Array
  /** Training rows that came by, or the sum of their weights. */
  readonly cover: Float64Array
}

/** Words of all sets of a forest: 64 MB. More would let a few large category numbers fill the memory. */
export const MOST_SET_WORDS: number = 1 << 24

/** Leaf values stay within this, so that no number of trees adds up to infinity. */
export const VALUE_LIMIT = 1e100

/** A forest with room for so many trees and nodes, and no categorical questions. */
export function createForest(features: number, base: ArrayLike<number>, trees: number, nodes: number): Forest {
  return {
    features,
    base: Float64Array.from(base),
    roots: new Int32Array(trees),
    output: new Int32Array(trees),
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    set: new Int32Array(nodes).fill(-1),
    sets: new Uint32Array(0),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    missingLeft: new Uint8Array(nodes),
    value: new Float64Array(nodes),
    gain: new Float64Array(nodes),
    cover: new Float64Array(nodes),
  }
}

/** A copy of the first `trees` trees, which have the first `nodes` nodes. */
export function trimForest(forest: Forest, trees: number, nodes: number): Forest {
  return {
    features: forest.features,
    base: forest.base.slice(),
    roots: forest.roots.slice(0, trees),
    output: forest.output.slice(0, trees),
    feature: forest.feature.slice(0, nodes),
    threshold: forest.threshold.slice(0, nodes),
    set: forest.set.slice(0, nodes),
    sets: forest.sets.slice(),
    left: forest.left.slice(0, nodes),
    right: forest.right.slice(0, nodes),
    missingLeft: forest.missingLeft.slice(0, nodes),
    value: forest.value.slice(0, nodes),
    gain: forest.gain.slice(0, nodes),
    cover: forest.cover.slice(0, nodes),
  }
}

/** Where a tree's nodes end. */
export function endOfTree({ roots, feature }: Forest, tree: number): number {
  return tree + 1 < roots.length ? roots[tree + 1]! : feature.length
}

/** Whether the set that begins at `start` holds the category `value`, cut to a whole number. NaN is in no set. */
export function inSet(sets: Uint32Array, start: number, value: number): boolean {
  const category = Math.trunc(value)
  if (!(category >= 0 && category < 32 * sets[start]!)) return false
  return ((sets[start + 1 + (category >>> 5)]! >>> (category & 31)) & 1) === 1
}

/** The child of the branch `node` that a value leads to. */
export function childOf(forest: Forest, node: number, value: number): number {
  const { threshold, set, sets, left, right, missingLeft } = forest
  if (value !== value) return missingLeft[node] === 1 ? left[node]! : right[node]!
  const start = set[node]!
  const goesLeft = start < 0 ? value <= threshold[node]! : inSet(sets, start, value)
  return goesLeft ? left[node]! : right[node]!
}

/** The leaf where the vector that starts at `x[at]` ends up. */
export function leafOf(forest: Forest, root: number, x: Float64Array, at: number): number {
  const { feature } = forest
  let node = root
  for (let f = feature[node]!; f >= 0; f = feature[node]!) node = childOf(forest, node, x[at + f]!)
  return node
}

/** The margins to expect before looking at any feature: base plus the roots' means. */
export function biasOf({ base, roots, output, value }: Forest): Float64Array {
  const bias = base.slice()
  for (let t = 0; t < roots.length; t++) bias[output[t]!]! += value[roots[t]!]!
  return bias
}

type Wanted = (holds: boolean, what: string, got: string | number) => void

/** Throws `code` unless walking a forest that was read back ends, stays in range and gives finite numbers. */
export function checkForest(forest: Forest, features: number, outputs: number, code: ErrorCode): void {
  const { base, roots, output, feature, threshold, set, left, right, missingLeft, value, gain, cover } = forest
  const wanted: Wanted = (holds: boolean, what: string, got: string | number): void => {
    if (!holds) throw new TradeLearnError(code, `A saved forest must have ${what}, got ${got}.`)
  }
  const nodes = feature.length
  for (const { length } of [threshold, set, left, right, missingLeft, value, gain, cover]) {
    wanted(length === nodes, `arrays of ${nodes} nodes`, `one of ${length}`)
  }
  wanted(forest.features === features, `${features} features`, forest.features)
  wanted(base.length === outputs, `${outputs} outputs`, base.length)
  for (const number of base) wanted(Math.abs(number) <= VALUE_LIMIT, `a base within ${VALUE_LIMIT}`, number)
  wanted((roots.length === 0) === (nodes === 0), 'a root for every tree', `${roots.length} roots for ${nodes} nodes`)
  wanted(output.length === roots.length, `an output for each of ${roots.length} trees`, output.length)
  const parents = new Uint8Array(nodes)
  for (let t = 0; t < roots.length; t++) {
    const root = roots[t]!
    wanted(t === 0 ? root === 0 : root > roots[t - 1]! && root < nodes, 'ascending roots', `root ${root}`)
    wanted(output[t]! >= 0 && output[t]! < outputs, `outputs below ${outputs}`, output[t]!)
    parents[root] = 1
    checkTree(forest, root, Math.min(endOfTree(forest, t), nodes), parents, wanted)
  }
  const orphan = parents.indexOf(0)
  wanted(orphan < 0, 'one parent for every node but the roots', `none for node ${orphan}`)
}

/** Checks the nodes of one tree. What is as it should be is passed over before any message is made. */
function checkTree(forest: Forest, root: number, end: number, parents: Uint8Array, wanted: Wanted): void {
  const { features, feature, threshold, set, sets, left, right, missingLeft, value, gain, cover } = forest
  for (let i = root; i < end; i++) {
    const [v, f] = [value[i]!, feature[i]!]
    if (!(v <= VALUE_LIMIT && v >= -VALUE_LIMIT)) wanted(false, `values within ${VALUE_LIMIT}`, v)
    if (!(f >= -1 && f < features)) wanted(false, `features below ${features}`, f)
    if (!(gain[i]! >= 0 && gain[i]! < Infinity)) wanted(false, 'gains of at least 0', gain[i]!)
    if (!(cover[i]! >= 0 && cover[i]! < Infinity)) wanted(false, 'covers of at least 0', cover[i]!)
    if (f === -1) continue
    if (Number.isNaN(threshold[i]!)) wanted(false, 'thresholds that are numbers', NaN)
    if (missingLeft[i]! > 1) wanted(false, 'missing directions of 0 or 1', missingLeft[i]!)
    for (const child of [left[i]!, right[i]!]) {
      if (!(child > i && child < end)) wanted(false, 'children after their parents', `child ${child} of ${i}`)
      // a tree whose ways meet again has more ways than nodes
      if (parents[child]! > 0) wanted(false, 'one parent for every node but the roots', `several for node ${child}`)
      parents[child] = 1
    }
    const start = set[i]!
    if (start === -1) continue
    const last = start + (sets[start] ?? NaN)
    if (!(start >= 0 && last < sets.length)) wanted(false, 'sets within their array', `set ${start}`)
  }
}
