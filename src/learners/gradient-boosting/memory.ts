import { MOST_SET_WORDS } from '../forest/forest.ts'
import type { GradientBoostingOptions } from './options.ts'

/** What a training will need, in bytes. */
export type TrainingMemory = {
  /** The table itself; a team of several threads works on a copy that it shares, and both are in `total`. */
  readonly table: number
  /** What a team of threads shares: bins, derivatives. */
  readonly shared: number
  /** What each thread has for itself: its part of the bins row by row, margins, histograms, row numbers. */
  readonly perThread: number
  /** All of it. */
  readonly total: number
}

/**
 * The memory that training will take at most, so that it can be refused before it starts: limits on a worker's heap do
 * not count typed arrays. The caller's own rows are not included. Each question about categories may take a
 * bit for every number up to `largestCategory`, so number them from 0 up; sets never take more than 64 MB in all.
 */
export function trainingMemory(
  options: GradientBoostingOptions,
  rows: number,
  threads: number = 1,
  largestCategory: number = 255,
): TrainingMemory {
  const { features, bins, maxLeaves, minSamplesLeaf, trees, loss, classes, quantiles } = options
  const outputs = loss === 'softmax' ? classes : loss === 'quantile' ? quantiles.length : 1
  const table = 8 * rows * (features + 2)
  const edges = 8 * features * (bins + 1)
  const shared = rows * features + edges + 8 * rows * (2 * outputs + 1) + 64
  const own = Math.ceil(features / threads)
  // leaves that may still be split hold a histogram
  const histograms = Math.min(maxLeaves, Math.max(1, Math.ceil(rows / minSamplesLeaf)) + 1)
  // appending trees to those that are there needs room for both
  const rounds = options.strategy === 'appendTrees' ? trees + options.appended : trees
  const nodes = rounds * outputs * (2 * Math.max(1, Math.min(maxLeaves, rows)) - 1)
  // all columns, and those of one tree where it sees some only
  const matrices = 4 * rows * wordsOf(own) * (options.columnFraction < 1 ? 2 : 1)
  // order, scratch, faded weights and sizes of gradients; nodes twice, as the finished forest is a copy
  const words = options.categorical.length > 0 ? Math.min(MOST_SET_WORDS, (nodes / 2) * wordsOfSet(largestCategory)) : 0
  const perThread =
    matrices + 8 * histograms * own * (bins + 1) + 8 * rows * outputs + 48 * rows + 2 * NODE_BYTES * nodes + 12 * words
  return { table, shared, perThread, total: (threads > 1 ? 2 : 1) * table + shared + threads * perThread }
}

/** Bytes of a node in the arrays of a forest, without the sets of categorical questions. */
const NODE_BYTES = 49

/** Words of a set of categories: their number, and a bit for each category. */
const wordsOfSet = (largest: number): number => 2 + Math.floor(largest / 32)

/** Words that a row's bins take, four to a word, with the two or fewer that fill up tiles. */
const wordsOf = (features: number): number => Math.max(4, Math.ceil(features / 4) + 2)
