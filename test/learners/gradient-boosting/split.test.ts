import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bins, binColumn, joinBins } from '../../../src/learners/gradient-boosting/binning.ts'
import { createForest, trimForest } from '../../../src/learners/gradient-boosting/forest.ts'
import { createGrower, growTree } from '../../../src/learners/gradient-boosting/grow.ts'
import { addRows, createHistogram } from '../../../src/learners/gradient-boosting/histogram.ts'
import { resolveOptions } from '../../../src/learners/gradient-boosting/options.ts'
import { findSplit } from '../../../src/learners/gradient-boosting/split.ts'
import { type Tree, treeAt } from '../../../src/learners/gradient-boosting/tree.ts'
import { bestSplit, type PlainSplit, type PlainTable } from './brute-force.ts'

const column = (f: number, features: number): Int32Array => Int32Array.from({ length: features }, (_, i) => i + f)

function binsOf({ rows }: PlainTable): Bins {
  const features = rows[0]!.length
  const x = Float64Array.from(rows.flat())
  const data = new Uint8Array(x.length)
  const edges = Array.from({ length: features }, (_, f) => binColumn(x, features, f, 255, data))
  return joinBins(features, data, edges)
}
const pairsOf = ({ gradients, hessians }: PlainTable): Float64Array =>
  Float64Array.from(gradients.flatMap((g, i) => [g, hessians[i]!]))

/** Few values, so that ties, duplicates, constants and missing values are common. */
const tables: fc.Arbitrary<PlainTable> = fc
  .record({ features: fc.integer({ min: 1, max: 4 }), n: fc.integer({ min: 1, max: 24 }) })
  .chain(({ features, n }) => {
    const value = fc.constantFrom(-1, 0, 1, 2, 7, Number.NaN)
    const many = { minLength: n, maxLength: n }
    return fc.record({
      rows: fc.array(fc.array(value, { minLength: features, maxLength: features }), many),
      gradients: fc.array(fc.integer({ min: -4, max: 4 }), many),
      hessians: fc.array(fc.integer({ min: 1, max: 2 }), many),
    })
  })
const rules = fc.record({
  l2: fc.constantFrom(0, 1, 3),
  minSamplesLeaf: fc.integer({ min: 1, max: 4 }),
  minHessianLeaf: fc.constantFrom(0.001, 3),
})

describe('findSplit', () => {
  test('finds the very split that trying everything finds', () => {
    fc.assert(
      fc.property(tables, rules, (table, rule) => {
        const bins = binsOf(table)
        const n = table.rows.length
        const rows = Int32Array.from({ length: n }, (_, i) => i)
        const histogram = createHistogram(bins)
        addRows(histogram, bins, column(0, bins.features), pairsOf(table), rows, 0, n)
        const total = { g: add(table.gradients), h: add(table.hessians), n }
        const found = findSplit(histogram, bins, column(0, bins.features), total, rule)
        const wanted = bestSplit(table, [...rows], rule)
        expect(found && { ...found, bin: bins.edges[found.feature]![found.bin], left: found.left.n }).toEqual(
          wanted && {
            feature: wanted.feature,
            bin: wanted.threshold,
            missingLeft: wanted.missingLeft,
            gain: expect.closeTo(wanted.gain, 10),
            left: wanted.left.length,
          },
        )
      }),
      { numRuns: 500 },
    )
  })

  test('looks at the given columns only', () => {
    const table = {
      rows: [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      gradients: [-5, 5, -4, 4],
      hessians: [1, 1, 1, 1],
    }
    const bins = binsOf(table)
    const histogram = createHistogram(bins)
    const second = column(1, 1)
    addRows(histogram, bins, second, pairsOf(table), Int32Array.of(0, 2), 0, 2)
    const split = findSplit(
      histogram,
      bins,
      second,
      { g: -9, h: 2, n: 2 },
      { l2: 0, minSamplesLeaf: 1, minHessianLeaf: 0.1 },
    )
    expect(split?.feature).toBe(1)
  })
})

describe('growTree', () => {
  test('grows the very tree that trying everything grows, leaf by leaf', () => {
    fc.assert(
      fc.property(
        tables,
        rules,
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
        (table, rule, maxLeaves, maxDepth) => {
          const bins = binsOf(table)
          const n = table.rows.length
          const options = resolveOptions({ features: bins.features, learningRate: 0.5, maxLeaves, maxDepth, ...rule })
          const grower = createGrower(options, bins, n)
          grower.gradients.set(pairsOf(table))
          const room = createForest(0, 1, 2 * maxLeaves - 1)
          const leaves = growTree(grower, room, 0, n, column(0, bins.features))
          const forest = trimForest(room, 1, 2 * leaves.length - 1)
          expect(shapeOf(treeAt(forest, 0))).toEqual(growPlainly(table, options))
        },
      ),
      { numRuns: 300 },
    )
  })
})

const add = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

type Shape = { rows: number; value?: unknown; ask?: string; left?: Shape; right?: Shape }

function shapeOf(tree: Tree): Shape {
  if (!('left' in tree)) return { rows: tree.rows, value: tree.value }
  const ask = `x[${tree.feature}] <= ${tree.threshold}, missing ${tree.missing}`
  return { rows: tree.rows, ask, left: shapeOf(tree.left), right: shapeOf(tree.right) }
}

/** Leaf-wise growth by definition. */
function growPlainly(table: PlainTable, options: Parameters<typeof createGrower>[0]): Shape {
  type Node = { shape: Shape; members: readonly number[]; depth: number; split: PlainSplit | undefined }
  const nodeOf = (members: readonly number[], depth: number): Node => ({
    shape: { rows: members.length },
    members,
    depth,
    split: depth < options.maxDepth ? bestSplit(table, members, options) : undefined,
  })
  const root = nodeOf(
    table.rows.map((_, i) => i),
    0,
  )
  const leaves = [root]
  while (leaves.length < options.maxLeaves) {
    const gains = leaves.map(({ split }) => split?.gain ?? 0)
    const at = gains.indexOf(Math.max(...gains))
    const { shape, split, depth } = leaves[at]!
    if (!split) break
    const [left, right] = [nodeOf(split.left, depth + 1), nodeOf(split.right, depth + 1)]
    shape.ask = `x[${split.feature}] <= ${split.threshold}, missing ${split.missingLeft ? 'left' : 'right'}`
    shape.left = left.shape
    shape.right = right.shape
    leaves.splice(at, 1, left)
    leaves.push(right)
  }
  for (const { shape, members } of leaves) {
    const g = add(members.map((i) => table.gradients[i]!))
    const h = add(members.map((i) => table.hessians[i]!))
    shape.value = expect.closeTo((-g / (h + options.l2)) * options.learningRate, 12)
  }
  return root.shape
}
