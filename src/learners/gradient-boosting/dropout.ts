import type { Rng } from '../../contracts.ts'
import { type Forest, leafOf } from '../forest/forest.ts'

/** Rounds that drop nothing, as a share: as in LightGBM ("skip_drop"), and so the most trees dropped at once. */
const SKIPPED = 0.5
const MOST_DROPPED = 50

/** Trees left out for a round, and what a new tree of each output must be multiplied by. */
export type Dropped = { readonly trees: readonly number[]; readonly factors: Float64Array }

/**
 * Leaves out some of the trees while the next is fitted. The new tree then counts 1 / (k + 1) and each of the k dropped
 * ones of its output k / (k + 1) of what it did, so that together they are as strong as before. Trees that count for
 * more are dropped more often.
 *
 * @see K. V. Rashmi, R. Gilad-Bachrach (2015), "DART: dropouts meet multiple additive regression trees", AISTATS
 */
export class Dropout {
  readonly #rate: number
  readonly #rng: Rng
  /** What each tree counts for, against when it was new and nothing was dropped. */
  readonly #counts: number[] = []

  constructor(rate: number, rng: Rng) {
    this.#rate = rate
    this.#rng = rng
  }

  /** Draws trees and takes them out of the margins. */
  drop(forest: Forest, trees: number, x: Float64Array, margins: Float64Array): Dropped {
    const factors = new Float64Array(forest.base.length).fill(1)
    if (this.#rate === 0) return { trees: [], factors }
    while (this.#counts.length < trees) this.#counts.push(1)
    const dropped: number[] = []
    if (this.#rng.next() >= SKIPPED) {
      const mean = this.#counts.reduce((sum, count) => sum + count, 0) / trees
      for (let t = 0; t < trees && dropped.length < MOST_DROPPED; t++) {
        if (this.#rng.next() < (this.#rate * this.#counts[t]!) / mean) dropped.push(t)
      }
    }
    for (const tree of dropped) {
      addTree(forest, tree, x, margins, -1)
      const k = forest.output[tree]!
      factors[k] = 1 / (1 / factors[k]! + 1)
    }
    return { trees: dropped, factors }
  }

  /**
   * Puts dropped trees back, and notes what trees from `first` on count for. They are weakened where their output has
   * got a new one; where there was no split for it, nothing has taken their place.
   */
  restore(
    forest: Forest,
    first: number,
    trees: number,
    nodes: number,
    dropped: Dropped,
    x: Float64Array,
    margins: Float64Array,
  ): void {
    if (this.#rate === 0) return
    const { output, roots, value } = forest
    for (const tree of dropped.trees) {
      const k = output[tree]!
      if (output.subarray(first, trees).includes(k)) {
        const keep = 1 - dropped.factors[k]!
        this.#counts[tree]! *= keep
        const end = tree + 1 < trees ? roots[tree + 1]! : nodes
        for (let node = roots[tree]!; node < end; node++) value[node]! *= keep
      }
      addTree(forest, tree, x, margins, 1)
    }
    for (let tree = first; tree < trees; tree++) this.#counts.push(dropped.factors[output[tree]!]!)
  }
}

/** Adds a tree's leaves to the margins of all rows, or takes them away with a sign of -1. */
function addTree(forest: Forest, tree: number, x: Float64Array, margins: Float64Array, sign: number): void {
  const { features, roots, output, base, value } = forest
  const rows = margins.length / base.length
  const offset = output[tree]! * rows
  for (let i = 0; i < rows; i++) margins[offset + i]! += sign * value[leafOf(forest, roots[tree]!, x, i * features)]!
}
