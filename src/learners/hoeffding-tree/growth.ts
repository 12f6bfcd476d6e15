import { createLayout, type Layout } from './layout.ts'
import { asksBayes, bayesLogOdds, leafProbability, majorityProbability } from './leaf-prediction.ts'
import {
  checkLeafStatistics,
  createLeafStatistics,
  dropFeatures,
  type LeafStatistics,
  leavePlace,
  takePlace,
} from './leaf-statistics.ts'
import { shareOutPlaces } from './memory.ts'
import type { HoeffdingTreeOptions } from './options.ts'
import { boundOf, type Candidate, createCandidate, findSplit } from './split.ts'
import { addChildren, checkTree, createTree, depthOf, growTree, rebuild, type Tree, WHICH } from './tree.ts'

/** Weights of observations count no more than this, so that no sum of them overflows. */
export const HEAVIEST = 1e12

/** What does not change while a tree grows, and scratch paper; nothing learnt. */
export type Kernel = {
  readonly options: HoeffdingTreeOptions
  readonly layout: Layout
  readonly candidate: Candidate
}

/** A tree and what its nodes have seen. */
export type Grown = { tree: Tree; leaves: LeafStatistics }

/** The kernel of a tree for `classes`; the rest is as in {@link createLayout}. */
export function createKernel(options: HoeffdingTreeOptions, classes: number, extra = 0, places: 1 | 2 = 1): Kernel {
  const layout = createLayout(options, classes, extra, places)
  return { options, layout, candidate: createCandidate(layout) }
}

/** A tree of one leaf that has seen nothing. */
export function plant({ options, layout }: Kernel): Grown {
  const tree = createTree(layout.classes, 1)
  const leaves = createLeafStatistics(layout, 1)
  tree.place[0] = takePlace(leaves, layout, options.seed)
  return { tree, leaves }
}

/** The shape of a {@link Grown} in a snapshot. */
export function templateGrown({ layout }: Kernel): Grown {
  return { tree: createTree(layout.classes, 0), leaves: createLeafStatistics(layout, 0) }
}

/** Throws unless a tree that was read back, or `roots` of them, can be worked with. */
export function checkGrown({ tree, leaves }: Grown, { layout }: Kernel, roots = 1): void {
  checkLeafStatistics(leaves, layout)
  checkTree(tree, layout, leaves.taken, roots)
}

/** Bytes of the arrays and numbers of a record. */
export function bytesOf(record: { readonly [name: string]: number | ArrayBufferView }): number {
  let sum = 0
  for (const part of Object.values(record)) sum += typeof part === 'number' ? 8 : part.byteLength
  return sum
}

/** P(y = 1) at a leaf of a tree for two classes. */
export function probabilityAt(
  { options, layout }: Kernel,
  { tree, leaves }: Grown,
  leaf: number,
  x: Float64Array,
): number {
  const { counts, place } = tree
  return leafProbability(
    options.leafPrediction,
    layout,
    leaves,
    place[leaf]!,
    x,
    counts[2 * leaf]!,
    counts[2 * leaf + 1]!,
  )
}

/**
 * Whether a leaf's answer would have been right, for which it keeps the score of majority and naive Bayes where it
 * chooses between the two; in an empty leaf the majority gets the point.
 */
export function scoreLeaf(
  { options, layout }: Kernel,
  { tree, leaves }: Grown,
  leaf: number,
  x: Float64Array,
  y: number,
  weight: number,
): boolean {
  const how = options.leafPrediction
  const at = tree.place[leaf]!
  const negative = tree.counts[2 * leaf]!
  const positive = tree.counts[2 * leaf + 1]!
  const majority = majorityProbability(negative, positive) > 0.5 === (y === 1)
  if (at < 0 || how === 'majority') return majority
  const asked = asksBayes(how, leaves, at)
  const both = negative > 0 && positive > 0
  const bayes = both ? bayesLogOdds(layout, leaves, at, x, negative, positive) > 0 === (y === 1) : majority
  const empty = negative + positive === 0
  if (majority || empty) leaves.majorityRight[at]! += weight
  if (bayes && !empty) leaves.bayesRight[at]! += weight
  return asked ? bayes : majority
}

/** Whether enough has come in at a node since its last attempt; if so, this is the next attempt. */
export function isDue(leaves: LeafStatistics, place: number, period: number): boolean {
  const arrived = leaves.arrived[place]!
  if (arrived - leaves.lastAttempt[place]! < period) return false
  leaves.lastAttempt[place] = arrived
  return true
}

/** Whether a leaf may have children: it holds two classes, and tree and depth, which is `above` at the root, allow it. */
export function mayGrow({ layout, options }: Kernel, tree: Tree, leaf: number, above = 0): boolean {
  const { classes } = layout
  let present = 0
  for (let c = 0; c < classes; c++) if (tree.counts[classes * leaf + c]! > 0) present++
  return present > 1 && tree.leaves < layout.maxLeaves && above + depthOf(tree, leaf) < options.maxDepth
}

/**
 * Searches the best split of a leaf, and tells whether it is good enough: G(best) - G(second) > ε, or ε < τ. Where it is
 * not, features that the best one beats by more than ε are dropped if the options say so.
 */
export function findsSplit(kernel: Kernel, { tree, leaves }: Grown, leaf: number): boolean {
  const { options, layout, candidate: best } = kernel
  const { minGain, tieThreshold } = options
  const place = tree.place[leaf]!
  findSplit(options, layout, leaves, place, best)
  const bound = boundAt(kernel, tree, leaf)
  if (best.gain > minGain && (best.gain - Math.max(best.runnerUp, minGain) > bound || bound < tieThreshold)) return true
  dropPoorFeatures(kernel, leaves, place, bound)
  return false
}

/** Drops the features that the best one of the last search beats by more than ε, if the options say so. */
export function dropPoorFeatures(
  { options, layout, candidate: best }: Kernel,
  leaves: LeafStatistics,
  place: number,
  bound: number,
): void {
  if (options.poorFeatures === 'keep') return
  const keep = best.gains.map((gain) => (best.gain - gain > bound ? 0 : 1))
  dropFeatures(leaves, layout, place, keep)
}

/** Hoeffding's bound ε for the gains at a node. */
export function boundAt({ options, layout }: Kernel, tree: Tree, node: number): number {
  const { classes } = layout
  return boundOf(options, tree.counts.subarray(classes * node, classes * (node + 1)))
}

/** Whether the split that was found fits into the tree. */
export function hasRoom({ layout, candidate }: Kernel, tree: Tree): boolean {
  return tree.leaves + candidate.branches - 1 <= layout.maxLeaves
}

/** Hangs the leaves of the split that was found below a node without any, and returns the first. */
export function split({ options, layout, candidate }: Kernel, { tree, leaves }: Grown, node: number): number {
  const { classes } = layout
  const { branches, question, answers, counts } = candidate
  growTree(tree, classes, tree.leaves + branches - 1, layout.maxLeaves)
  tree.feature[node] = candidate.feature
  tree.question[node] = question
  tree.threshold[node] = candidate.threshold
  const first = addChildren(tree, node, branches)
  tree.counts.set(counts.subarray(0, classes * branches), classes * first)
  for (let b = 0; b < branches; b++) {
    if (question === WHICH) tree.answer[first + b] = answers[b]!
    tree.place[first + b] = takePlace(leaves, layout, options.seed)
  }
  return first
}

/** Tries to split a leaf, which gives its place up for those of its children. */
export function tryToSplit(kernel: Kernel, grown: Grown, leaf: number, above = 0): boolean {
  const { tree, leaves } = grown
  if (!mayGrow(kernel, tree, leaf, above) || !findsSplit(kernel, grown, leaf) || !hasRoom(kernel, tree)) return false
  leavePlace(leaves, tree.place[leaf]!)
  tree.place[leaf] = -1
  split(kernel, grown, leaf)
  shareOutPlaces(kernel, grown)
  return true
}

/**
 * Drops all nodes that no way leads to from `roots` any more, with their places, and numbers the others anew. Returns the
 * new number of every old node; -1 for those that were dropped.
 */
export function prune({ layout }: Kernel, { tree, leaves }: Grown, roots: readonly number[] = [0]): Int32Array {
  const to = rebuild(tree, layout.classes, roots)
  leaves.taken.fill(0)
  for (let node = 0; node < tree.nodes; node++) if (tree.place[node]! >= 0) leaves.taken[tree.place[node]!] = 1
  return to
}
