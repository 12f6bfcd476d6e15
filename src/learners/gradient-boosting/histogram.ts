import type { Bins } from './binning.ts'

/** Numbers kept a bin: sum of gradients, sum of hessians, rows. */
export const CELL = 3

/** An empty histogram over all bins of all features. */
export function createHistogram({ offsets }: Bins): Float64Array {
  return new Float64Array(CELL * offsets[offsets.length - 1]!)
}

/** Adds the rows `rows[start]` to `rows[end - 1]`, in the given columns only. The inner loop of all training. */
export function addRows(
  histogram: Float64Array,
  { data, offsets, features }: Bins,
  columns: Int32Array,
  gradients: Float64Array,
  rows: Int32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const row = rows[i]!
    const gradient = gradients[2 * row]!
    const hessian = gradients[2 * row + 1]!
    const base = row * features
    for (let c = 0; c < columns.length; c++) {
      const feature = columns[c]!
      const cell = CELL * (offsets[feature]! + data[base + feature]!)
      histogram[cell]! += gradient
      histogram[cell + 1]! += hessian
      histogram[cell + 2]! += 1
    }
  }
}

/** Turns a parent's histogram into one child's by taking away the other child's: cheaper than visiting its rows. */
export function subtract(parent: Float64Array, child: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i]! -= child[i]!
}
