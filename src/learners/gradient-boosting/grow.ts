import { clamp } from '../../core/math.ts'
import type { Bins } from './binning.ts'
import { type Forest, VALUE_LIMIT } from './forest.ts'
import { addRows, createHistogram, subtract } from './histogram.ts'
import type { GradientBoostingOptions } from './options.ts'
import { findSplit, type Split, type Sums } from './split.ts'

/** What growing a tree works on; made once a refit and used by all its trees. */
export type Grower = {
  readonly options: GradientBoostingOptions
  readonly bins: Bins
  /** Gradient and hessian of each row, in pairs. */
  readonly gradients: Float64Array
  /** Row numbers: those the tree sees first, the others after them. Growing sorts the first part by leaf. */
  readonly rows: Int32Array
  /** Room for the rows that go right. */
  readonly scratch: Int32Array
  /** Histograms not in use. */
  readonly spare: Float64Array[]
}

/** A leaf of the tree so far: the rows from `start` to `end`, and the best question to ask them. */
type Leaf = {
  readonly node: number
  readonly start: number
  readonly end: number
  readonly depth: number
  readonly sums: Sums
  histogram?: Float64Array
  split?: Split | undefined
}

/** A finished leaf: its node and its part of `rows`. */
export type GrownLeaf = Pick<Leaf, 'node' | 'start' | 'end'>

/** A grower for one binned table. */
export function createGrower(options: GradientBoostingOptions, bins: Bins, rows: number): Grower {
  return {
    options,
    bins,
    gradients: new Float64Array(2 * rows),
    rows: Int32Array.from({ length: rows }, (_, i) => i),
    scratch: new Int32Array(rows),
    spare: [],
  }
}

/**
 * Grows one tree into `forest`, its root at `root`, from the first `count` rows and the given columns: leaf by leaf,
 * always the one whose split gains most (the older where equal), until leaves or gains run out.
 *
 * A split visits the rows of the smaller child only; the other child's histogram is the difference to the parent's.
 *
 * @see G. Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NIPS
 */
export function growTree(
  grower: Grower,
  forest: Forest,
  root: number,
  count: number,
  columns: Int32Array,
): readonly GrownLeaf[] {
  const { maxLeaves } = grower.options
  const first: Leaf = { node: root, start: 0, end: count, depth: 0, sums: sumRows(grower, count) }
  first.histogram = takeHistogram(grower)
  addRows(first.histogram, grower.bins, columns, grower.gradients, grower.rows, 0, count)
  search(grower, first, columns)
  const leaves: Leaf[] = [first]
  while (leaves.length < maxLeaves) {
    const at = mostGaining(leaves)
    if (at < 0) break
    const parent = leaves[at]!
    // a root and two nodes for each split before this one
    const next = root + 2 * leaves.length - 1
    writeBranch(grower, forest, parent, next)
    const [left, right] = divide(grower, parent, next)
    leaves[at] = left
    leaves.push(right)
    if (leaves.length < maxLeaves) passOn(grower, parent, left, right, columns)
  }
  for (const leaf of leaves) {
    writeLeaf(grower, forest, leaf)
    if (leaf.histogram) grower.spare.push(leaf.histogram)
  }
  fillMeans(forest, root, 2 * leaves.length - 1)
  return leaves
}

function sumRows({ gradients, rows }: Grower, n: number): Sums {
  let g = 0
  let h = 0
  for (let i = 0; i < n; i++) {
    g += gradients[2 * rows[i]!]!
    h += gradients[2 * rows[i]! + 1]!
  }
  return { g, h, n }
}

function takeHistogram({ spare, bins }: Grower): Float64Array {
  return spare.pop()?.fill(0) ?? createHistogram(bins)
}

/** Whether a leaf is large and shallow enough to be split at all. */
function splittable({ options }: Grower, { sums, depth }: Leaf): boolean {
  return sums.n >= 2 * options.minSamplesLeaf && depth < options.maxDepth
}

function search(grower: Grower, leaf: Leaf, columns: Int32Array): void {
  if (!splittable(grower, leaf)) return
  leaf.split = findSplit(leaf.histogram!, grower.bins, columns, leaf.sums, grower.options)
}

/** The position of the leaf with the highest gain; -1 where none can be split. */
function mostGaining(leaves: readonly Leaf[]): number {
  let at = -1
  for (let i = 0; i < leaves.length; i++) {
    const gain = leaves[i]!.split?.gain
    if (gain !== undefined && (at < 0 || gain > leaves[at]!.split!.gain)) at = i
  }
  return at
}

/** Sorts a leaf's rows into those that go left and those that go right, both in their old order. */
function divide({ bins, rows, scratch }: Grower, parent: Leaf, next: number): [Leaf, Leaf] {
  const { start, end, sums } = parent
  const { feature, bin, missingLeft, left } = parent.split!
  const { data, features } = bins
  const missing = bins.edges[feature]!.length
  let middle = start
  let rights = 0
  for (let i = start; i < end; i++) {
    const row = rows[i]!
    const value = data[row * features + feature]!
    if (value <= bin || (missingLeft && value === missing)) rows[middle++] = row
    else scratch[rights++] = row
  }
  for (let i = 0; i < rights; i++) rows[middle + i] = scratch[i]!
  const depth = parent.depth + 1
  const right: Sums = { g: sums.g - left.g, h: sums.h - left.h, n: sums.n - left.n }
  return [
    { node: next, start, end: middle, depth, sums: left },
    { node: next + 1, start: middle, end, depth, sums: right },
  ]
}

/** Gives two new leaves their histograms, out of their parent's, and their best splits. */
function passOn(grower: Grower, parent: Leaf, left: Leaf, right: Leaf, columns: Int32Array): void {
  const { bins, gradients, rows, spare } = grower
  const [small, large] = left.sums.n <= right.sums.n ? [left, right] : [right, left]
  if (splittable(grower, large)) {
    small.histogram = takeHistogram(grower)
    addRows(small.histogram, bins, columns, gradients, rows, small.start, small.end)
    subtract(parent.histogram!, small.histogram)
    large.histogram = parent.histogram!
    search(grower, small, columns)
    search(grower, large, columns)
  } else spare.push(parent.histogram!)
}

function writeBranch({ bins }: Grower, forest: Forest, { node, sums, split }: Leaf, next: number): void {
  const { feature, bin, missingLeft, gain } = split!
  forest.feature[node] = feature
  forest.threshold[node] = bins.edges[feature]![bin]!
  forest.left[node] = next
  forest.right[node] = next + 1
  forest.missingLeft[node] = missingLeft ? 1 : 0
  forest.gain[node] = gain
  forest.rows[node] = sums.n
}

function writeLeaf({ options }: Grower, forest: Forest, { node, sums }: Leaf): void {
  const value = (-sums.g / (sums.h + options.l2)) * options.learningRate
  forest.feature[node] = -1
  forest.value[node] = clamp(value, -VALUE_LIMIT, VALUE_LIMIT)
  forest.rows[node] = sums.n
}

/** Gives every branch the mean of its leaves over their rows; children stand after their parents. */
function fillMeans({ feature, left, right, value, rows }: Forest, root: number, nodes: number): void {
  for (let node = root + nodes - 1; node >= root; node--) {
    if (feature[node]! < 0) continue
    const [l, r] = [left[node]!, right[node]!]
    value[node] = (value[l]! * rows[l]! + value[r]! * rows[r]!) / rows[node]!
  }
}
