import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createForest, trimForest } from '../../../src/learners/forest/forest.ts'
import { type Tree, treeAt } from '../../../src/learners/forest/tree.ts'
import { binTable } from '../../../src/learners/gradient-boosting/bin-table.ts'
import type { Bins } from '../../../src/learners/gradient-boosting/binning.ts'
import { constraintsOf } from '../../../src/learners/gradient-boosting/constraints.ts'
import { packDerivatives } from '../../../src/learners/gradient-boosting/derivatives.ts'
import { createGrower, growTree } from '../../../src/learners/gradient-boosting/grow.ts'
import { addRows, packColumns } from '../../../src/learners/gradient-boosting/histogram.ts'
import {
  type GradientBoostingInput,
  type GradientBoostingOptions,
  resolveOptions,
} from '../../../src/learners/gradient-boosting/options.ts'
import { type Candidate, findSplit } from '../../../src/learners/gradient-boosting/split.ts'
import { alone } from '../../../src/learners/gradient-boosting/team.ts'
import { bestSplit, type PlainSplit, type PlainTable, type SplitRules } from './brute-force.ts'

const upTo = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i)

function binsOf({ rows }: PlainTable, options: GradientBoostingOptions): Bins {
  const steps = binTable(Float64Array.from(rows.flat()), rows[0]!.length, options, alone)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The best split of all rows, as training finds it, with its gain in units of the loss. */
function splitOf(
  table: PlainTable,
  columns: Int32Array,
  input: Omit<GradientBoostingInput, 'features'>,
): Candidate & { threshold: number } {
  const features = table.rows[0]!.length
  const options = resolveOptions({ bins: 255, ...input, features })
  const bins = binsOf(table, options)
  const n = table.rows.length
  const rows = upTo(n)
  const packed = new Float64Array(n)
  const [g, h] = [Float64Array.from(table.gradients), Float64Array.from(table.hessians)]
  const units = packDerivatives(g, h, rows, n, options.l2, packed, alone)
  const matrix = packColumns(bins.byFeature, n, columns)
  const counts = columns.map((f) => bins.columns[f]!.edges.length + 1)
  const histogram = new Float64Array(256 * columns.length)
  addRows(matrix, rows, 0, n, packed, counts, 256, histogram, undefined)
  const total = packed.reduce((a, b) => a + b, 0)
  const node = { total, rows: n, lowest: -Infinity, highest: Infinity, path: [] }
  const constraints = constraintsOf(options, features)
  const found = findSplit(histogram, node, { bins, matrix, counts, width: 256, options, constraints, units })
  const gain = (found.gain * units.perHessian) / (units.perGradient * units.perGradient)
  return { ...found, gain, threshold: found.feature < 0 ? 0 : bins.columns[found.feature]!.edges[found.bin - 1]! }
}

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

const wantedOf = (split: PlainSplit | undefined): object =>
  split
    ? {
        feature: split.feature,
        threshold: split.threshold,
        missingLeft: split.missingLeft,
        gain: expect.closeTo(split.gain, 9),
      }
    : { feature: -1 }

describe('findSplit', () => {
  test('finds the very split that trying everything finds', () => {
    fc.assert(
      fc.property(tables, rules, (table, rule) => {
        const wanted = bestSplit(table, [...upTo(table.rows.length)], rule)
        expect(splitOf(table, upTo(table.rows[0]!.length), rule)).toMatchObject(wantedOf(wanted))
      }),
      { numRuns: 1000 },
    )
  })

  test('with an l1 or a step limit that changes nothing, the other scan finds the same', () => {
    fc.assert(
      fc.property(tables, rules, (table, rule) => {
        const wanted = bestSplit(table, [...upTo(table.rows.length)], rule)
        const found = splitOf(table, upTo(table.rows[0]!.length), { ...rule, maxDeltaStep: 1e9 })
        // alike but for rounding is a matter of luck here
        expect(found.gain).toBeCloseTo(wanted?.gain ?? 0, 9)
      }),
      { numRuns: 500 },
    )
  })

  test('looks at the given columns only', () => {
    const rows = [0, 1, 2, 3].map((i) => [i & 1, i >> 1])
    const table = { rows, gradients: [-5, 5, -4, 4], hessians: [1, 1, 1, 1] }
    const rule = { l2: 0, minSamplesLeaf: 1, minHessianLeaf: 0.1 }
    expect(splitOf(table, Int32Array.of(0, 1), rule).feature).toBe(0)
    expect(splitOf({ ...table, gradients: [-5, 5, -4, 5] }, Int32Array.of(1), rule).feature).toBe(1)
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
          const n = table.rows.length
          const features = table.rows[0]!.length
          const options = resolveOptions({ features, learningRate: 0.5, maxLeaves, maxDepth, bins: 255, ...rule })
          const grower = createGrower(options, binsOf(table, options), alone)
          grower.g = Float64Array.from(table.gradients)
          grower.h = Float64Array.from(table.hessians)
          const units = packDerivatives(grower.g, grower.h, grower.rows, n, options.l2, grower.packed, alone)
          const room = createForest(features, [0], 1, 2 * maxLeaves - 1)
          const leaves = growTree(grower, room, 0, n, upTo(features), units)
          const forest = trimForest(room, 1, 2 * leaves.length - 1)
          expect(shapeOf(treeAt(forest, 0))).toEqual(growPlainly(table, options))
        },
      ),
      { numRuns: 500 },
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
function growPlainly(table: PlainTable, options: GradientBoostingOptions & SplitRules): Shape {
  type Growing = { shape: Shape; members: readonly number[]; depth: number; split: PlainSplit | undefined }
  const nodeOf = (members: readonly number[], depth: number): Growing => ({
    shape: { rows: members.length },
    members,
    depth,
    split:
      depth < options.maxDepth && members.length >= 2 * options.minSamplesLeaf
        ? bestSplit(table, members, options)
        : undefined,
  })
  const root = nodeOf(
    table.rows.map((_, i) => i),
    0,
  )
  const leaves = [root]
  while (leaves.length < options.maxLeaves) {
    const gains = leaves.map(({ split }) => split?.gain ?? 0)
    const most = Math.max(...gains)
    const at = gains.findIndex((gain) => gain >= most * (1 - 1e-9))
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
