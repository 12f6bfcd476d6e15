import { finite } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'

/**
 * All trees of a model in flat arrays, one entry a node; a tree's nodes stand together, its root first, and children
 * after their parents.
 *
 * A row goes left where its value is at most the threshold, and where a missing value is to go if it is missing.
 */
export type Forest = {
  /** The margin before the first tree. */
  readonly base: number
  /** Each tree's first node. */
  readonly roots: Int32Array
  /** The feature asked for; -1 in a leaf. */
  readonly feature: Int32Array
  readonly threshold: Float64Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** 1 where missing values go left. */
  readonly missingLeft: Uint8Array
  /** What a leaf adds to the margin; further up, the mean of that over the training rows below. */
  readonly value: Float64Array
  /** What the split gained; 0 in a leaf. */
  readonly gain: Float64Array
  /** Training rows that came by. */
  readonly rows: Float64Array
}

/** Leaf values stay within this, so that no number of trees adds up to infinity. */
export const VALUE_LIMIT = 1e100

/** A forest with room for so many trees and nodes. */
export function createForest(base: number, trees: number, nodes: number): Forest {
  return {
    base,
    roots: new Int32Array(trees),
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    missingLeft: new Uint8Array(nodes),
    value: new Float64Array(nodes),
    gain: new Float64Array(nodes),
    rows: new Float64Array(nodes),
  }
}

/** A copy without the unused room. */
export function trimForest(forest: Forest, trees: number, nodes: number): Forest {
  const { base, roots, feature, threshold, left, right, missingLeft, value, gain, rows } = forest
  return {
    base,
    roots: roots.slice(0, trees),
    feature: feature.slice(0, nodes),
    threshold: threshold.slice(0, nodes),
    left: left.slice(0, nodes),
    right: right.slice(0, nodes),
    missingLeft: missingLeft.slice(0, nodes),
    value: value.slice(0, nodes),
    gain: gain.slice(0, nodes),
    rows: rows.slice(0, nodes),
  }
}

/** The child of `node` that a value leads to. */
function childOf({ threshold, left, right, missingLeft }: Forest, node: number, value: number): number {
  const edge = threshold[node]!
  if (value <= edge) return left[node]!
  return value > edge || missingLeft[node] === 0 ? right[node]! : left[node]!
}

/** The leaf where the vector that starts at `x[at]` ends up. */
export function leafOf(forest: Forest, root: number, x: Float64Array, at: number): number {
  const { feature } = forest
  let node = root
  for (let f = feature[node]!; f >= 0; f = feature[node]!) node = childOf(forest, node, x[at + f]!)
  return node
}

/** Base plus leaves. O(trees × depth), no allocation. */
export function marginOf(
  { base, roots, feature, threshold, left, right, missingLeft, value }: Forest,
  x: Float64Array,
): number {
  let margin = base
  for (let t = 0; t < roots.length; t++) {
    let node = roots[t]!
    for (let f = feature[node]!; f >= 0; f = feature[node]!) {
      const v = x[f]!
      const edge = threshold[node]!
      if (v <= edge) node = left[node]!
      else node = v > edge || missingLeft[node] === 0 ? right[node]! : left[node]!
    }
    margin += value[node]!
  }
  return margin
}

/** The margin to expect before looking at any feature: base plus the roots' means. */
export function biasOf({ base, roots, value }: Forest): number {
  return roots.reduce((sum, root) => sum + value[root]!, base)
}

/** Adds up, per feature, by how much the expected margin moves at each question on the row's way down. */
export function attribute(forest: Forest, x: Float64Array, out: Float64Array): Float64Array {
  const { roots, feature, value } = forest
  for (const root of roots) {
    let node = root
    for (let f = feature[node]!; f >= 0; f = feature[node]!) {
      const child = childOf(forest, node, x[f]!)
      out[f]! += value[child]! - value[node]!
      node = child
    }
  }
  return out
}

/** Throws `CORRUPT_SNAPSHOT` unless walking a forest that was read back ends, stays in range and gives finite numbers. */
export function checkForest(forest: Forest, features: number): void {
  const { base, roots, feature, threshold, left, right, missingLeft, value, gain, rows } = forest
  const nodes = feature.length
  for (const { length } of [threshold, left, right, missingLeft, value, gain, rows]) {
    wanted(length === nodes, `arrays of ${nodes} nodes`, `one of ${length}`)
  }
  finite('forest.base', base, 'CORRUPT_SNAPSHOT')
  wanted((roots.length === 0) === (nodes === 0), 'a root for every tree', `${roots.length} roots for ${nodes} nodes`)
  for (let t = 0; t < roots.length; t++) {
    const root = roots[t]!
    wanted(t === 0 ? root === 0 : root > roots[t - 1]! && root < nodes, 'ascending roots', `root ${root}`)
    const end = t + 1 < roots.length ? Math.min(roots[t + 1]!, nodes) : nodes
    const inTree = (child: number, parent: number): boolean => child > parent && child < end
    for (let i = root; i < end; i++) {
      wanted(Math.abs(value[i]!) <= VALUE_LIMIT, `values within ${VALUE_LIMIT}`, value[i]!)
      wanted(feature[i]! >= -1 && feature[i]! < features, `features below ${features}`, feature[i]!)
      wanted(gain[i]! >= 0 && gain[i]! < Infinity, 'gains of at least 0', gain[i]!)
      wanted(Number.isSafeInteger(rows[i]) && rows[i]! > 0, 'whole numbers of rows', rows[i]!)
      if (feature[i] === -1) continue
      wanted(Number.isFinite(threshold[i]), 'finite thresholds', threshold[i]!)
      wanted(missingLeft[i]! <= 1, 'missing directions of 0 or 1', missingLeft[i]!)
      wanted(inTree(left[i]!, i), 'children after their parents', `left child ${left[i]} of ${i}`)
      wanted(inTree(right[i]!, i), 'children after their parents', `right child ${right[i]} of ${i}`)
    }
  }
}

function wanted(holds: boolean, what: string, got: string | number): void {
  if (!holds) throw new TradeLearnError('CORRUPT_SNAPSHOT', `A saved forest must have ${what}, got ${got}.`)
}
