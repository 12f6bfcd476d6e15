import type { Bins } from './binning.ts'
import { CELL } from './histogram.ts'
import type { GradientBoostingOptions } from './options.ts'

/** Sums over the rows of a node: gradients, hessians, rows. */
export type Sums = { readonly g: number; readonly h: number; readonly n: number }

/** A question and what it is worth. */
export type Split = {
  readonly feature: number
  /** The last bin that goes left. */
  readonly bin: number
  /** Where missing values go. */
  readonly missingLeft: boolean
  /** Half of this is the drop of the loss, to second order. */
  readonly gain: number
  /** What goes left. */
  readonly left: Sums
}

/** What a split must respect. */
export type SplitRules = Pick<GradientBoostingOptions, 'l2' | 'minSamplesLeaf' | 'minHessianLeaf'>

/**
 * The best question for a node, or `undefined` where none gains anything.
 *
 * With leaf values -G / (H + λ), the value of cutting a node in two is
 *
 *     gain = GL² / (HL + λ) + GR² / (HR + λ) - G² / (H + λ)
 *
 * Every feature's bins are walked once from low to high, with the missing values tried on the right and on the left.
 * Bins without rows are passed over: they ask the same question as the bin before them. Equal gains fall to the lower
 * feature, then the lower threshold, then missing values on the right. Where a node has no missing values, later ones
 * go with the majority.
 *
 * @see T. Chen, C. Guestrin (2016), "XGBoost: a scalable tree boosting system", KDD
 */
export function findSplit(
  histogram: Float64Array,
  { edges, offsets }: Bins,
  columns: Int32Array,
  total: Sums,
  { l2, minSamplesLeaf, minHessianLeaf }: SplitRules,
): Split | undefined {
  const unsplit = (total.g * total.g) / (total.h + l2)
  let best = unsplit
  let bestFeature = -1
  let bestBin = 0
  let bestSide = 0
  let bestLeft: Sums = total
  for (let c = 0; c < columns.length; c++) {
    const feature = columns[c]!
    const bins = edges[feature]!.length
    const first = CELL * offsets[feature]!
    const missing = first + CELL * bins
    const missingRows = histogram[missing + 2]!
    const sides = missingRows > 0 ? 2 : 1
    let g = 0
    let h = 0
    let n = 0
    for (let bin = 0; bin < bins; bin++) {
      const cell = first + CELL * bin
      const rows = histogram[cell + 2]!
      if (rows === 0) continue
      g += histogram[cell]!
      h += histogram[cell + 1]!
      n += rows
      // the right side only shrinks from here on
      if (total.n - n < minSamplesLeaf) break

      // side 0 keeps the missing values right, side 1 puts them left
      for (let side = 0; side < sides; side++) {
        const leftG = side === 0 ? g : g + histogram[missing]!
        const leftH = side === 0 ? h : h + histogram[missing + 1]!
        const leftN = side === 0 ? n : n + missingRows
        const rightG = total.g - leftG
        const rightH = total.h - leftH
        if (leftN < minSamplesLeaf || total.n - leftN < minSamplesLeaf) continue
        if (leftH < minHessianLeaf || rightH < minHessianLeaf) continue
        const score = (leftG * leftG) / (leftH + l2) + (rightG * rightG) / (rightH + l2)
        if (score > best) {
          best = score
          bestFeature = feature
          // a question about missingness alone must hold for values that this node has not seen
          bestBin = side === 0 && n + missingRows === total.n ? bins - 1 : bin
          bestSide = missingRows > 0 ? side : 2 * leftN >= total.n ? 1 : 0
          bestLeft = { g: leftG, h: leftH, n: leftN }
        }
      }
    }
  }
  if (bestFeature < 0) return undefined
  return { feature: bestFeature, bin: bestBin, missingLeft: bestSide === 1, gain: best - unsplit, left: bestLeft }
}
