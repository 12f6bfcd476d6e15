import { show, TradeLearnError } from '../../core/errors.ts'
import { sigmoid } from '../../core/math.ts'
import { areRough, borderAfter, type FeatureBins, rebin } from './feature-bins.ts'

/** Sums of derivatives: rows, g, h, g², h², g h. */
export const SUMS = 6

/** What does not change while a tree grows, and scratch paper; nothing learnt. */
export type TreeKernel = {
  readonly features: number
  readonly bins: number
  readonly binary: boolean
  readonly maxLeaves: number
  readonly maxDepth: number
  readonly gracePeriod: number
  readonly l2: number
  readonly splitPenalty: number
  /** The F statistic from which on a change of the loss is no accident. */
  readonly critical: number
  readonly codes: Uint8Array
  readonly scratch: Float64Array
}

/**
 * A tree of numbers as flat arrays that grow when a leaf splits; the children of a branch stand side by side behind it.
 */
export type GradientTree = {
  nodes: number
  /** Feature of a branch, -1 for leaves; the value up to which rows go left; the left child; steps from the root. */
  feature: Int32Array
  threshold: Float64Array
  child: Int32Array
  depth: Int32Array
  /** Where a leaf's histograms stand, -1 for none. */
  place: Int32Array
  /** What a leaf says. */
  value: Float64Array
  /** {@link SUMS} of what a leaf has seen since it last changed its mind, and its rows at the last attempt to. */
  totals: Float64Array
  attempt: Float64Array
  /** By place: whether it is taken, and {@link SUMS} in every bin of every feature. */
  taken: Uint8Array
  sums: Float64Array
}

/** A lone leaf in a tree with room for so many nodes; 0 gives the template of a saved state. */
export function createGradientTree(kernel: TreeKernel, room: number): GradientTree {
  const words = (): Int32Array => new Int32Array(room).fill(-1)
  const tree = {
    nodes: 1,
    feature: words(),
    threshold: new Float64Array(room),
    child: words(),
    depth: new Int32Array(room),
    place: words(),
    value: new Float64Array(room),
    totals: new Float64Array(room * SUMS),
    attempt: new Float64Array(room),
    taken: new Uint8Array(0),
    sums: new Float64Array(0),
  }
  if (room > 0) takePlace(kernel, tree, 0)
  return tree
}

/** The leaf that `x` falls into; missing values go left. O(depth). */
export function leafOf({ feature, threshold, child }: GradientTree, x: Float64Array): number {
  let node = 0
  while (feature[node]! >= 0) {
    node = x[feature[node]!]! > threshold[node]! ? child[node]! + 1 : child[node]!
  }
  return node
}

/**
 * Takes in a row, whose bins stand in the kernel, at its leaf; from time to time the leaf changes its value or splits, if
 * that lowers the loss for sure. Returns whether it did. O(depth + features).
 */
export function learnGradient(
  kernel: TreeKernel,
  tree: GradientTree,
  bins: FeatureBins,
  x: Float64Array,
  y: number,
  weight: number,
): boolean {
  const leaf = leafOf(tree, x)
  const { features, bins: width, codes } = kernel
  const { value, totals, sums, place } = tree
  const p = kernel.binary ? sigmoid(value[leaf]!) : value[leaf]!
  const g = p - y
  const h = kernel.binary ? p * (1 - p) : 1
  const wg = weight * g
  const wh = weight * h
  const from = leaf * SUMS
  totals[from] = totals[from]! + weight
  totals[from + 1] = totals[from + 1]! + wg
  totals[from + 2] = totals[from + 2]! + wh
  totals[from + 3] = totals[from + 3]! + wg * g
  totals[from + 4] = totals[from + 4]! + wh * h
  totals[from + 5] = totals[from + 5]! + wg * h
  if (place[leaf]! >= 0) {
    let bin = place[leaf]! * features * width
    for (let f = 0; f < features; f++, bin += width) {
      const at = (bin + codes[f]!) * SUMS
      sums[at] = sums[at]! + weight
      sums[at + 1] = sums[at + 1]! + wg
      sums[at + 2] = sums[at + 2]! + wh
      sums[at + 3] = sums[at + 3]! + wg * g
      sums[at + 4] = sums[at + 4]! + wh * h
      sums[at + 5] = sums[at + 5]! + wg * h
    }
  }
  if (totals[from]! - tree.attempt[leaf]! < kernel.gracePeriod) return false
  tree.attempt[leaf] = totals[from]!
  return reconsider(kernel, tree, bins, leaf)
}

/** What is won on some rows by the best change of their value; the parts of a {@link Change}. */
type Part = { step: number; sum: number; squares: number }

/** The best step for rows with these sums, -G / (H + λ n), and the changes of loss it makes: their sum and that of squares. */
function partOf(sums: Float64Array, at: number, l2: number, part: Part): void {
  const denominator = sums[at + 2]! + l2 * sums[at]!
  const d = denominator > 0 ? -sums[at + 1]! / denominator : 0
  part.step = d
  part.sum = d * (sums[at + 1]! + 0.5 * d * sums[at + 2]!)
  part.squares = d * d * (sums[at + 3]! + d * (sums[at + 5]! + 0.25 * d * sums[at + 4]!))
}

/** The F statistic of a mean change that is not 0: n mean² / variance. */
function evidence(n: number, sum: number, squares: number): number {
  const variance = (squares - (sum * sum) / n) / (n - 1)
  return variance > 0 ? (sum * sum) / n / variance : 0
}

/** Changes the value of a leaf, or splits it, by what lowers the loss most, where that is no accident. */
function reconsider(kernel: TreeKernel, tree: GradientTree, bins: FeatureBins, leaf: number): boolean {
  const { features, bins: width, l2, splitPenalty, critical } = kernel
  const { totals, sums, place } = tree
  const from = leaf * SUMS
  const n = totals[from]!
  if (!(n > 1)) return false
  const left: Part = { step: 0, sum: 0, squares: 0 }
  const right: Part = { step: 0, sum: 0, squares: 0 }

  // all rows together
  partOf(totals, from, l2, left)
  let least = left.sum
  let squares = left.squares
  let feature = -1
  let code = 0
  let [stepLeft, stepRight] = [left.step, 0]

  // cut in two
  const may = place[leaf]! >= 0
  const below = new Float64Array(SUMS)
  const above = new Float64Array(SUMS)
  for (let f = 0; may && f < features; f++) {
    below.fill(0)
    const first = (place[leaf]! * features + f) * width * SUMS
    for (let c = 0; c < width - 1; c++) {
      if (!(sums[first + c * SUMS]! > 0)) continue
      for (let k = 0; k < SUMS; k++) {
        below[k] = below[k]! + sums[first + c * SUMS + k]!
        above[k] = totals[from + k]! - below[k]!
      }
      if (!(above[0]! > ROUNDING * n)) break
      partOf(below, 0, l2, left)
      partOf(above, 0, l2, right)
      const sum = left.sum + right.sum + splitPenalty
      if (!(sum < least)) continue
      least = sum
      squares = left.squares + right.squares
      feature = f
      code = c
      stepLeft = left.step
      stepRight = right.step
    }
  }
  if (!(least < 0 && evidence(n, least, squares) > critical)) return false

  if (feature < 0) {
    tree.value[leaf] = moved(kernel, tree.value[leaf]!, stepLeft, n)
    startAnew(kernel, tree, leaf)
  } else {
    const before = tree.value[leaf]!
    const first = split(kernel, tree, leaf, feature, borderAfter(bins, width, feature, code))
    tree.value[first] = moved(kernel, before, stepLeft, n)
    tree.value[first + 1] = moved(kernel, before, stepRight, n)
  }
  return true
}

/** Share of a leaf's rows below which what is left on the right is rounding. */
const ROUNDING = 1e-9

/**
 * A value after a step. Log-odds stay within log(2n), what n rows of one class can speak for: without that the value of a
 * pure leaf goes on growing, and takes as long to come back when its class changes.
 */
function moved({ binary }: TreeKernel, value: number, step: number, n: number): number {
  const to = value + step
  if (!binary) return to
  const most = Math.log(2 * Math.max(1, n))
  return to > most ? most : to < -most ? -most : to
}

/** Forgets what a leaf saw, which was about another value. */
function startAnew({ features, bins }: TreeKernel, { totals, attempt, sums, place }: GradientTree, leaf: number): void {
  totals.fill(0, leaf * SUMS, (leaf + 1) * SUMS)
  attempt[leaf] = 0
  const width = features * bins * SUMS
  if (place[leaf]! >= 0) sums.fill(0, place[leaf]! * width, (place[leaf]! + 1) * width)
}

/** Turns a leaf into a branch and returns the first of its leaves. */
function split(kernel: TreeKernel, tree: GradientTree, node: number, feature: number, threshold: number): number {
  growTree(kernel, tree)
  const left = tree.nodes
  tree.feature[node] = feature
  tree.threshold[node] = threshold
  tree.child[node] = left
  tree.nodes += 2
  leavePlace(tree, node)
  const full = tree.nodes >= 2 * kernel.maxLeaves - 1
  for (let side = 0; side < 2; side++) {
    const leaf = left + side
    tree.depth[leaf] = tree.depth[node]! + 1
    if (!full && tree.depth[leaf]! < kernel.maxDepth) takePlace(kernel, tree, leaf)
  }
  // the shape is final, and histograms are of no use any more
  if (full) for (let leaf = 0; leaf < tree.nodes; leaf++) leavePlace(tree, leaf)
  if (tree.taken.indexOf(1) < 0) {
    tree.taken = new Uint8Array(0)
    tree.sums = new Float64Array(0)
  }
  return left
}

function growTree(kernel: TreeKernel, tree: GradientTree): void {
  const room = tree.feature.length
  if (tree.nodes + 2 <= room) return
  const { taken, sums } = tree
  const larger = createGradientTree(kernel, Math.min(2 * kernel.maxLeaves - 1, 2 * room + 1))
  for (const name of ['feature', 'child', 'depth', 'place', 'threshold', 'value', 'totals', 'attempt'] as const) {
    larger[name].set(tree[name])
  }
  Object.assign(tree, larger, { nodes: tree.nodes, taken, sums })
}

function takePlace({ features, bins, maxLeaves }: TreeKernel, tree: GradientTree, leaf: number): void {
  if (maxLeaves === 1) return
  const width = features * bins * SUMS
  let place = tree.taken.indexOf(0)
  if (place < 0) {
    place = tree.taken.length
    const taken = new Uint8Array(Math.min(maxLeaves + 1, Math.max(1, 2 * place)))
    taken.set(tree.taken)
    const sums = new Float64Array(taken.length * width)
    sums.set(tree.sums)
    tree.taken = taken
    tree.sums = sums
  }
  tree.taken[place] = 1
  tree.sums.fill(0, place * width, (place + 1) * width)
  tree.place[leaf] = place
}

function leavePlace({ taken, place }: GradientTree, node: number): void {
  if (place[node]! >= 0) taken[place[node]!] = 0
  place[node] = -1
}

/** Carries all histograms over to a feature's new borders; leaves with the first, rough ones start anew. */
export function moveTreeBorders(
  kernel: TreeKernel,
  tree: GradientTree,
  bins: FeatureBins,
  moved: number,
  old: Float64Array,
  low: number,
  high: number,
): void {
  const { features, bins: width, scratch } = kernel
  const fresh = bins.borders.subarray(moved * (width - 2), (moved + 1) * (width - 2))
  for (let leaf = 0; leaf < tree.nodes; leaf++) {
    if (tree.place[leaf]! < 0) continue
    if (areRough(bins)) startAnew(kernel, tree, leaf)
    else {
      const from = (tree.place[leaf]! * features + moved) * width * SUMS
      rebin(tree.sums, from, SUMS, SUMS, old, fresh, low, high, scratch)
    }
  }
}

/** Sums of derivatives, which are squares of values at most, stay far below this whatever their weights. */
const LARGEST_SUM = 1e305
/** Room for rounding in what leaves say. */
const ROUNDED_UP = 1 + 1e-6

/** Throws unless every index of a tree that was read back leads where it should, and leaves say at most `most`. */
export function checkGradientTree(tree: GradientTree, { features, bins, maxLeaves }: TreeKernel, most: number): void {
  const { nodes, feature, child, depth, place, taken } = tree
  const room = feature.length
  let sound = Number.isSafeInteger(nodes) && nodes >= 1 && nodes <= room && room <= 2 * maxLeaves - 1 && nodes % 2 === 1
  sound &&= [tree.threshold, child, depth, place, tree.value, tree.attempt].every(({ length }) => length === room)
  sound &&= tree.totals.length === room * SUMS && taken.length <= maxLeaves + 1
  sound &&= tree.sums.length === taken.length * features * bins * SUMS
  sound &&= tree.value.every((value) => Math.abs(value) <= ROUNDED_UP * most)
  sound &&= tree.threshold.every((value) => value === value) && tree.attempt.every((rows) => rows >= 0)
  sound &&= [tree.totals, tree.sums].every((list) => list.every((sum) => Math.abs(sum) <= LARGEST_SUM))
  // what is not in use yet will be leaves
  for (let node = nodes; sound && node < room; node++) sound = feature[node] === -1 && place[node] === -1
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
