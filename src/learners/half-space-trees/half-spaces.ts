import type { Rng } from '../../contracts.ts'

/**
 * Random cuts of the unit cube: tree after tree, each in heap order, so that node v has the children 2v + 1 and 2v + 2.
 *
 * A tree of height h has 2^h - 1 branches, each with the feature it looks at and the value from which on it goes right.
 */
export type HalfSpaces = { readonly feature: Int32Array; readonly cut: Float64Array }

/** A cut leaves at least this share of the range on either side, as in River. */
const PADDING = 0.15

/** Branches of a full tree: one fewer than its leaves. */
export const branchesOf = (height: number): number => (1 << height) - 1

/**
 * Cuts the unit cube at random, `trees` times.
 *
 * Features are drawn by the width of what is left of them. Draws come in River's order: the feature, then the place,
 * then the left side before the right.
 */
export function cutHalfSpaces(features: number, trees: number, height: number, rng: Rng): HalfSpaces {
  const branches = branchesOf(height)
  const feature = new Int32Array(trees * branches)
  const cut = new Float64Array(trees * branches)
  const low = new Float64Array(features)
  const high = new Float64Array(features).fill(1)

  const grow = (first: number, v: number): void => {
    if (v >= branches) return
    const j = drawByWidth(low, high, rng)
    const [from, to] = [low[j]!, high[j]!]
    const [start, end] = [from + PADDING * (to - from), to - PADDING * (to - from)]
    const at = start + (end - start) * rng.next()
    feature[first + v] = j
    cut[first + v] = at
    high[j] = at
    grow(first, 2 * v + 1)
    high[j] = to
    low[j] = at
    grow(first, 2 * v + 2)
    low[j] = from
  }
  for (let tree = 0; tree < trees; tree++) grow(tree * branches, 0)
  return { feature, cut }
}

function drawByWidth(low: Float64Array, high: Float64Array, rng: Rng): number {
  let total = 0
  for (let j = 0; j < low.length; j++) total += high[j]! - low[j]!
  const at = rng.next() * total
  let sum = 0
  for (let j = 0; j < low.length - 1; j++) {
    sum += high[j]! - low[j]!
    if (sum > at) return j
  }
  return low.length - 1
}
