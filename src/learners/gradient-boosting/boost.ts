import type { Rng } from '../../contracts.ts'
import { addMoment, createMoments } from '../../core/moments.ts'
import { binColumn, joinBins } from './binning.ts'
import { createForest, type Forest, leafOf, trimForest } from './forest.ts'
import { createGrower, growTree } from './grow.ts'
import { LOSSES } from './loss.ts'
import type { GradientBoostingOptions } from './options.ts'
import type { Table } from './window.ts'

/**
 * Trains a forest on a table, one short step at a time: a step bins one feature or grows one tree, then yields the
 * fraction done; the last step returns the forest.
 *
 * Each tree is fitted to the derivatives of the loss at the margins that the trees before it have reached.
 *
 * @see J. H. Friedman (2001), "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29
 */
export function* boost(table: Table, options: GradientBoostingOptions, rng: Rng): Generator<number, Forest, void> {
  const { features, trees, maxLeaves, rowFraction, columnFraction } = options
  const { x } = table
  const rows = table.y.length
  const steps = features + trees
  const loss = LOSSES[options.task]
  const base = loss.base(momentsOf(table))
  if (rows < options.minSamples) return createForest(base, 0, 0)

  // one step a feature: numbers become bins
  const data = new Uint8Array(x.length)
  const edges: Float64Array[] = []
  for (let f = 0; f < features; f++) {
    edges.push(binColumn(x, features, f, options.bins, data))
    yield (f + 1) / steps
  }

  // one step a tree
  const grower = createGrower(options, joinBins(features, data, edges), rows)
  const forest = createForest(base, trees, trees * (2 * maxLeaves - 1))
  const margins = new Float64Array(rows).fill(base)
  const columns = Int32Array.from({ length: features }, (_, f) => f)
  const seenRows = Math.max(1, Math.round(rowFraction * rows))
  const seenColumns = Math.max(1, Math.round(columnFraction * features))
  const sampling = seenRows < rows || seenColumns < features
  let nodes = 0
  let grown = 0
  for (let t = 0; t < trees; t++) {
    loss.derive(table, margins, grower.gradients)
    choose(rng, grower.rows, seenRows)
    choose(rng, columns, seenColumns)
    const leaves = growTree(grower, forest, nodes, seenRows, columns.subarray(0, seenColumns))
    if (leaves.length > 1) {
      for (const { node, start, end } of leaves) {
        for (let i = start; i < end; i++) margins[grower.rows[i]!]! += forest.value[node]!
      }
      for (let i = seenRows; i < rows; i++) {
        const row = grower.rows[i]!
        margins[row]! += forest.value[leafOf(forest, nodes, x, row * features)]!
      }
      forest.roots[grown++] = nodes
      nodes += 2 * leaves.length - 1
    } else if (!sampling) break // nothing left to gain, and the next round would see the same
    if (t + 1 < trees) yield (features + t + 1) / steps
  }
  return trimForest(forest, grown, nodes)
}

/** Weighted moments of a table's labels. */
export function momentsOf({ y, weights }: Table): ReturnType<typeof createMoments> {
  const moments = createMoments()
  for (let i = 0; i < y.length; i++) addMoment(moments, y[i]!, weights[i]!)
  return moments
}

/**
 * Fills `out` with the numbers from 0 up: first `count` of them drawn without replacement, ascending, then the others.
 * Draws nothing where all are wanted.
 *
 * @see D. E. Knuth, "The art of computer programming 2", 3.4.2, algorithm S (selection sampling)
 */
function choose(rng: Rng, out: Int32Array, count: number): void {
  const n = out.length
  let chosen = 0
  let others = count
  for (let i = 0; i < n; i++) {
    const take = count === n || (n - i) * rng.next() < count - chosen
    if (take) out[chosen++] = i
    else out[others++] = i
  }
}
