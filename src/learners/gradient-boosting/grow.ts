import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { type Forest, MOST_SET_WORDS, VALUE_LIMIT } from '../forest/forest.ts'
import { type Bins, binCount } from './binning.ts'
import { type Constraints, constraintsOf, outputOf } from './constraints.ts'
import { addRows, type Matrix, packColumns } from './histogram.ts'
import type { GradientBoostingOptions } from './options.ts'
import { gather, partition, putBack, sumOf } from './partition.ts'
import { type Candidate, findSplit, type Node, noCandidate, type Packed, type Search, type Units } from './split.ts'
import { partOf, type Team } from './team.ts'

/** What growing a tree works on; made once a training and used by all its trees. */
export type Grower = {
  readonly options: GradientBoostingOptions
  readonly bins: Bins
  readonly constraints: Constraints
  readonly team: Team
  /** First and second derivatives of the output that the next tree is for. */
  g: Float64Array
  h: Float64Array
  /** Both in one number a row, see histogram.ts; shared by the team. */
  readonly packed: Float64Array
  /** Row numbers: those the tree sees first, the others after them. Growing sorts the first part by leaf. */
  readonly rows: Int32Array
  /** Room for the rows that go right, and for a leaf's packed derivatives in its order. */
  readonly scratch: Int32Array
  readonly ordered: Float64Array
  /** Which bins go left at the question in work. */
  readonly goesLeft: Uint8Array
  /** Cells between two columns of a histogram. */
  readonly width: number
  /** All of this member's columns; the columns of one tree are among them. */
  readonly matrix: Matrix
  /** Histograms not in use. */
  readonly spare: Float64Array[]
  /** Words in use of the forest's sets of categories. */
  setWords: number
}

/** A forest in the making, whose sets of categories may still move to a larger array. */
export type Draft = Omit<Forest, 'sets'> & { sets: Uint32Array }

/** Where a leaf's rows stand in `rows`: those that the tree sees, and those that only come by for their margins. */
type Range = { readonly start: number; readonly end: number; readonly restStart: number; readonly restEnd: number }

/** A leaf of the tree so far: its rows, and the best question to ask them. */
type Leaf = Node &
  Range & {
    readonly node: number
    readonly depth: number
    /** Added to l2 in this leaf. */
    readonly extraL2: number
    histogram: Float64Array | undefined
    split: Candidate
  }

/** A finished leaf: its node and its parts of `rows`. */
export type GrownLeaf = Range & Pick<Leaf, 'node'>

/** A grower for one binned table. */
export function createGrower(options: GradientBoostingOptions, bins: Bins, team: Team): Grower {
  const { rows, features } = bins
  const [first, end] = partOf(team, features)
  const columns = Int32Array.from({ length: end - first }, (_, i) => first + i)
  return {
    options,
    bins,
    constraints: constraintsOf(options, features),
    team,
    g: new Float64Array(0),
    h: new Float64Array(0),
    packed: team.share(rows),
    rows: Int32Array.from({ length: rows }, (_, i) => i),
    scratch: new Int32Array(rows),
    ordered: new Float64Array(rows),
    goesLeft: new Uint8Array(256),
    width: Math.max(2, ...bins.columns.map(binCount)),
    matrix: packColumns(bins.byFeature, rows, columns),
    spare: [],
    setWords: 0,
  }
}

/**
 * Grows one tree into `forest`, its root at `root`, from the first `count` rows and the given columns, until leaves or
 * gains run out: always the leaf whose split gains most (the older where equal), or, depth-wise, the best of those
 * nearest to the root.
 *
 * A split visits the rows of the smaller child only; the other child's histogram is the difference to the parent's.
 *
 * @see G. Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NIPS
 */
export function growTree(
  grower: Grower,
  forest: Draft,
  root: number,
  count: number,
  columns: Int32Array,
  units: Units,
): readonly GrownLeaf[] {
  const { options } = grower
  const search = createSearch(grower, columns, units)
  const leaves: Leaf[] = [firstLeaf(grower, root, count, search)]
  while (leaves.length < options.maxLeaves) {
    const at = nextToSplit(leaves, options.growth)
    if (at < 0) break
    const parent = leaves[at]!
    // a root and two nodes for each split before this one
    const next = root + 2 * leaves.length - 1
    writeBranch(grower, forest, parent, next, units)
    const [left, right] = divide(grower, parent, next, units)
    leaves[at] = left
    leaves.push(right)
    if (leaves.length < options.maxLeaves) passOn(grower, parent, left, right, search)
    else if (parent.histogram) grower.spare.push(parent.histogram)
  }
  for (const leaf of leaves) {
    writeLeaf(grower, forest, leaf)
    if (leaf.histogram) grower.spare.push(leaf.histogram)
  }
  return leaves
}

function createSearch(grower: Grower, columns: Int32Array, units: Units): Search {
  const { options, bins, constraints, width, team } = grower
  const [first, end] = partOf(team, bins.features)
  const own = columns.filter((column) => column >= first && column < end)
  // where all columns are seen they have been laid out beforehand
  const matrix = own.length === end - first ? grower.matrix : packColumns(bins.byFeature, bins.rows, own)
  const counts = matrix.columns.map((column) => binCount(bins.columns[column]!))
  return { bins, matrix, counts, width, options, constraints, units }
}

function firstLeaf(grower: Grower, root: number, count: number, search: Search): Leaf {
  const { rows, packed, ordered } = grower
  const { matrix, counts, width } = search
  // where a tree sees all rows, they are still in their own order
  const inOrder = count === rows.length ? packed : ordered
  if (inOrder === ordered) gather(packed, rows, 0, count, ordered)
  const range = { start: 0, end: count, restStart: count, restEnd: rows.length }
  const leaf = createLeaf(root, range, 0, sumOf(packed, rows, 0, count), UNBOUND, [], 0)
  if (!splittable(grower, leaf)) return leaf
  leaf.histogram = takeHistogram(grower, search)
  addRows(matrix, rows, 0, count, inOrder, counts, width, leaf.histogram, undefined)
  searchLeaves(grower, [leaf], search)
  return leaf
}

function takeHistogram({ spare, width, matrix }: Grower, search: Search): Float64Array {
  return spare.pop() ?? new Float64Array(width * Math.max(matrix.columns.length, search.matrix.columns.length))
}

/** Whether a leaf is large and shallow enough to be split at all. */
function splittable({ options }: Grower, { rows, depth }: Leaf): boolean {
  return rows >= 2 * options.minSamplesLeaf && depth < options.maxDepth
}

/** Finds the best questions for one or two new leaves, and settles them with the team. */
function searchLeaves(grower: Grower, leaves: readonly Leaf[], search: Search): void {
  const open = leaves.filter((leaf) => splittable(grower, leaf))
  const found = grower.team.agree(open.map((leaf) => findSplit(leaf.histogram!, leaf, search)))
  for (const [i, leaf] of open.entries()) leaf.split = found[i]!
}

/** The position of the leaf to split next; -1 where none can be. */
function nextToSplit(leaves: readonly Leaf[], growth: GradientBoostingOptions['growth']): number {
  let at = -1
  for (let i = 0; i < leaves.length; i++) {
    const { split, depth } = leaves[i]!
    if (split.feature < 0) continue
    const most = leaves[at]
    if (most === undefined) at = i
    else if (growth === 'depth-wise' && depth !== most.depth) at = depth < most.depth ? i : at
    // what differs by rounding alone is equal
    else if (split.gain > most.split.gain * (1 + 1e-12)) at = i
  }
  return at
}

/** Sorts a leaf's rows into those that go left and those that go right, both in their old order. */
function divide(grower: Grower, parent: Leaf, next: number, units: Units): [Leaf, Leaf] {
  const { rows, scratch, goesLeft, bins } = grower
  const { start, end, restStart, restEnd, total, split } = parent
  const column = bins.byFeature.subarray(split.feature * bins.rows, (split.feature + 1) * bins.rows)
  const middle = partition(rows, start, end, column, goesLeft, scratch)
  putBack(scratch, end - middle, rows, middle)
  const restMiddle = partition(rows, restStart, restEnd, column, goesLeft, scratch)
  putBack(scratch, restEnd - restMiddle, rows, restMiddle)

  const path = grower.constraints.extend(parent.path, split.feature)
  const [below, above] = childBounds(grower, parent, units)
  const depth = parent.depth + 1
  const right = total - split.left
  const { extraL2 } = split
  return [
    createLeaf(next, { start, end: middle, restStart, restEnd: restMiddle }, depth, split.left, below, path, extraL2),
    createLeaf(next + 1, { start: middle, end, restStart: restMiddle, restEnd }, depth, right, above, path, extraL2),
  ]
}

function createLeaf(
  node: number,
  range: Range,
  depth: number,
  total: Packed,
  { lowest, highest }: Bounds,
  path: readonly number[],
  extraL2: number,
): Leaf {
  const split = noCandidate()
  return {
    node,
    // named one by one: objects made by spreading have no fixed shape, and all that reads them is then slow
    start: range.start,
    end: range.end,
    restStart: range.restStart,
    restEnd: range.restEnd,
    depth,
    total,
    rows: range.end - range.start,
    lowest,
    highest,
    path,
    extraL2,
    histogram: undefined,
    split,
  }
}

type Bounds = Pick<Node, 'lowest' | 'highest'>

const UNBOUND: Bounds = { lowest: -Infinity, highest: Infinity }

/** Bounds on the outputs of two children: where the feature has a direction, the middle of theirs divides them. */
function childBounds({ options, constraints }: Grower, parent: Leaf, units: Units): [Bounds, Bounds] {
  const { lowest, highest, total, split } = parent
  const direction = constraints.direction[split.feature]!
  if (direction === 0) return [parent, parent]
  const output = (sum: Packed): number => {
    const g = Math.floor(sum) / units.perGradient
    const h = (sum - Math.floor(sum)) / units.perHessian
    return outputOf(g, h, options.l2 + split.extraL2, options, lowest, highest)
  }
  const middle = (output(split.left) + output(total - split.left)) / 2
  const lower = { lowest, highest: Math.min(highest, middle) }
  const upper = { lowest: Math.max(lowest, middle), highest }
  return direction > 0 ? [lower, upper] : [upper, lower]
}

/** Gives two new leaves their histograms, out of their parent's, and their best splits. */
function passOn(grower: Grower, parent: Leaf, left: Leaf, right: Leaf, search: Search): void {
  const { rows, packed, ordered, spare } = grower
  const [small, large] = left.rows <= right.rows ? [left, right] : [right, left]
  const histogram = parent.histogram!
  if (!splittable(grower, large)) {
    spare.push(histogram)
    return
  }
  gather(packed, rows, small.start, small.end, ordered)
  const { matrix, counts, width } = search
  const own = takeHistogram(grower, search)
  addRows(matrix, rows, small.start, small.end, ordered, counts, width, own, histogram)
  small.histogram = own
  large.histogram = histogram
  searchLeaves(grower, [left, right], search)
}

function writeBranch(grower: Grower, forest: Draft, { node, rows, split }: Leaf, next: number, units: Units): void {
  const { bins, goesLeft } = grower
  const { feature, bin, missingLeft, set } = split
  const { edges, categories } = bins.columns[feature]!
  goesLeft.fill(0)
  goesLeft[0] = missingLeft ? 1 : 0
  if (categories) {
    for (const one of set) goesLeft[one] = 1
    forest.set[node] = addSet(
      grower,
      forest,
      set.map((one) => categories[one - 1]!),
    )
  } else {
    goesLeft.fill(1, 1, bin + 1)
    forest.threshold[node] = edges[bin - 1]!
  }
  forest.feature[node] = feature
  forest.left[node] = next
  forest.right[node] = next + 1
  forest.missingLeft[node] = goesLeft[0]!
  // from histogram units to those of the loss
  forest.gain[node] = Math.max(0, (split.gain * units.perHessian) / (units.perGradient * units.perGradient))
  forest.cover[node] = rows
}

/** Appends a set of categories to a forest's sets, which double where they are full, and returns where it begins. */
function addSet(grower: Grower, forest: Draft, categories: readonly number[]): number {
  const words = Math.floor(Math.max(...categories) / 32) + 1
  const at = grower.setWords
  grower.setWords = at + 1 + words
  if (grower.setWords > MOST_SET_WORDS) {
    throw new TradeLearnError(
      'OUT_OF_MEMORY',
      `The sets of categories must take at most ${4 * MOST_SET_WORDS} bytes, but each takes a bit for every category up ` +
        `to ${Math.max(...categories)}: number the categories from 0 up.`,
    )
  }
  if (grower.setWords > forest.sets.length) {
    const sets = new Uint32Array(2 * grower.setWords)
    sets.set(forest.sets)
    forest.sets = sets
  }
  forest.sets[at] = words
  for (const category of categories) forest.sets[at + 1 + (category >>> 5)]! |= 1 << (category & 31)
  return at
}

/** Sets a leaf's value from the derivatives of its rows, unrounded. */
function writeLeaf({ options, g, h, rows }: Grower, forest: Draft, leaf: Leaf): void {
  const { node, start, end, lowest, highest, extraL2 } = leaf
  const gradient = sumOf(g, rows, start, end)
  const hessian = sumOf(h, rows, start, end)
  const output = outputOf(gradient, hessian, options.l2 + extraL2, options, lowest, highest)
  forest.feature[node] = -1
  forest.value[node] = clamp(output * options.learningRate, -VALUE_LIMIT, VALUE_LIMIT)
  forest.cover[node] = end - start
}

/** Gives every branch the mean of its leaves over their rows; children stand after their parents. */
export function fillMeans({ feature, left, right, value, cover }: Forest, root: number, end: number): void {
  for (let node = end - 1; node >= root; node--) {
    if (feature[node]! < 0) continue
    const [l, r] = [left[node]!, right[node]!]
    const mean = (value[l]! * cover[l]! + value[r]! * cover[r]!) / cover[node]!
    // rounding may lead past the limit
    value[node] = clamp(mean, -VALUE_LIMIT, VALUE_LIMIT)
  }
}
