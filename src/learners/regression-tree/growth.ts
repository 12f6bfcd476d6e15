import { type Candidate, clearCandidate, createCandidate, varianceOf } from './candidate.ts'
import { addTarget, learnLinear, predictLinear, type Scales, standardise } from './leaf-model.ts'
import {
  createObservers,
  dropPoorValues,
  leavePlace,
  letGo,
  type Observers,
  observe,
  search,
  takePlace,
} from './observers.ts'
import type { RegressionTreeOptions } from './options.ts'
import { createTree, ERRORS, growTree, STATS, type Tree } from './tree.ts'

/** What is kept of the squared errors of mean and model from one row of a leaf to the next: as in River. */
const FADE = 0.95

/** What does not change while a tree grows, and scratch paper; nothing learnt. */
export type Kernel = {
  readonly options: RegressionTreeOptions
  /** Numbers of a linear model; 0 where leaves have none. */
  readonly width: number
  readonly candidate: Candidate
  /** A standardised row. */
  readonly z: Float64Array
}

/** A tree and what its leaves observe. */
export type Grown = { readonly tree: Tree; readonly observers: Observers }

/** The kernel of a tree. */
export function createKernel(options: RegressionTreeOptions): Kernel {
  const { features, leafPrediction } = options
  const width = leafPrediction === 'mean' ? 0 : features + 1
  return { options, width, candidate: createCandidate(), z: new Float64Array(features) }
}

/** A tree of one leaf that has seen nothing. */
export function plant({ options, width }: Kernel): Grown {
  const tree = createTree(1, width)
  const observers = createObservers(options, 1)
  if (options.maxLeaves > 1) tree.place[0] = takePlace(observers, options, -1)
  return { tree, observers }
}

/** What a leaf says. The row stands standardised in the kernel where leaves have linear models. */
export function valueAt(kernel: Kernel, { tree }: Grown, scales: Scales, leaf: number): number {
  const { options, width, z } = kernel
  const { errors, stats, linear } = tree
  const how = options.leafPrediction
  const asksMean = how === 'mean' || (how === 'adaptive' && errors[leaf * ERRORS]! < errors[leaf * ERRORS + 1]!)
  return asksMean ? stats[leaf * STATS + 1]! : predictLinear(scales, linear, leaf * width, z)
}

/** Puts a row in the kernel, as linear models see it. */
export function show({ width, z }: Kernel, scales: Scales, x: Float64Array): void {
  if (width > 0) standardise(scales, x, z)
}

/** Teaches a leaf a row, which stands standardised in the kernel, and splits the leaf where that is due. */
export function learnAt(
  kernel: Kernel,
  grown: Grown,
  scales: Scales,
  leaf: number,
  x: Float64Array,
  y: number,
  weight: number,
): void {
  const { options, width, z } = kernel
  const { tree, observers } = grown
  const { stats, errors, linear } = tree
  const at = leaf * STATS

  // who would have been nearer? only then the scales hear of the target
  if (width === 0) addTarget(scales, x.length, y, weight)
  else {
    const byMean = y - stats[at + 1]!
    const byModel = y - predictLinear(scales, linear, leaf * width, z)
    errors[leaf * ERRORS] = FADE * errors[leaf * ERRORS]! + weight * byMean * byMean
    errors[leaf * ERRORS + 1] = FADE * errors[leaf * ERRORS + 1]! + weight * byModel * byModel
    addTarget(scales, x.length, y, weight)
    learnLinear(scales, linear, leaf * width, z, y, weight, options.learningRate)
  }

  // take it in
  const n = stats[at]! + weight
  const deviation = y - stats[at + 1]!
  stats[at] = n
  stats[at + 1] = stats[at + 1]! + (weight / n) * deviation
  stats[at + 2] = stats[at + 2]! + weight * Math.max(0, deviation * (y - stats[at + 1]!))
  const place = tree.place[leaf]!
  if (place < 0) return
  observe(observers, options, place, x, y, weight)

  // time to try a split?
  if (n - tree.attempt[leaf]! < options.gracePeriod) return
  tree.attempt[leaf] = n
  tryToSplit(kernel, grown, leaf)
}

/** Splits a leaf if its best feature beats the second for sure: merit(second) / merit(best) < 1 - ε, or ε < τ. */
function tryToSplit(kernel: Kernel, grown: Grown, leaf: number): void {
  const { options, candidate: best } = kernel
  const { tree, observers } = grown
  const n = tree.stats[leaf * STATS]!
  const place = tree.place[leaf]!
  clearCandidate(best)
  search(observers, options, place, n, best)
  if (!(best.merit > options.minGain * varianceOf(n, tree.stats[leaf * STATS + 2]!))) return
  const bound = Math.sqrt(-Math.log(options.confidence) / (2 * n))
  const ratio = best.second / best.merit
  if (ratio < 1 - bound || bound < options.tieThreshold) split(kernel, grown, leaf)
  else if (best.second > 0) dropPoorValues(observers, options, place, n, best.merit * (ratio - 2 * bound), best)
}

/** Hangs two leaves below one, by the split that was found; at the last leaf, or the last level, observing ends. */
function split(kernel: Kernel, { tree, observers }: Grown, node: number): void {
  const { options, width, candidate } = kernel
  growTree(tree, width, 2 * options.maxLeaves - 1)
  const left = tree.nodes
  tree.feature[node] = candidate.feature
  tree.threshold[node] = candidate.threshold
  tree.child[node] = left
  tree.nodes += 2
  const full = tree.nodes >= 2 * options.maxLeaves - 1
  const deep = tree.depth[node]! + 1 >= options.maxDepth
  const parent = tree.place[node]!
  for (let side = 0; side < 2; side++) {
    const leaf = left + side
    const stats = side === 0 ? candidate.left : candidate.right
    tree.stats.set(stats, leaf * STATS)
    tree.weight[leaf] = stats[0]!
    tree.attempt[leaf] = stats[0]!
    tree.depth[leaf] = tree.depth[node]! + 1
    tree.errors.copyWithin(leaf * ERRORS, node * ERRORS, (node + 1) * ERRORS)
    tree.linear.copyWithin(leaf * width, node * width, (node + 1) * width)
    if (!full && !deep) tree.place[leaf] = takePlace(observers, options, parent)
  }
  leavePlace(observers, parent)
  tree.place[node] = -1
  if (!full) return
  for (let leaf = 0; leaf < tree.nodes; leaf++) {
    if (tree.place[leaf]! >= 0) leavePlace(observers, tree.place[leaf]!)
    tree.place[leaf] = -1
  }
  letGo(observers, options)
}
