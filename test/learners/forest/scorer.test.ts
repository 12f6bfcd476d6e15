import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { createForest, type Forest, leafOf } from '../../../src/learners/forest/forest.ts'
import { marginsInto } from '../../../src/learners/forest/margins.ts'
import {
  createScorer,
  leavesInto,
  scoreInto,
  scoreMany,
  scoreOne,
  stagedInto,
} from '../../../src/learners/forest/scorer.ts'
import { layOutNodes } from '../../../src/learners/forest/scorer-nodes.ts'
import { buildTops, orderTops, planTops } from '../../../src/learners/forest/scorer-tops.ts'
import { AWKWARD, drawForest, drawValue, type Shape } from './scorer-forests.ts'

const shapes: fc.Arbitrary<Shape> = fc.record({
  features: fc.integer({ min: 1, max: 12 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  leaves: fc.oneof(
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 40 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }),
    fc.array(fc.integer({ min: 30, max: 33 }), { maxLength: 5 }),
    fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
    fc.integer({ min: 250, max: 530 }).map((trees) => new Array<number>(trees).fill(3)),
  ),
  thresholds: fc.oneof(
    fc.constant(AWKWARD),
    fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 40 }),
    fc.constant(Array.from({ length: 300 }, (_, i) => i / 3 - 20)),
  ),
  categorical: fc.constantFrom(0, 0, 0.3, 1),
  depth: fc.constantFrom(0, 0.5, 1),
  covers: fc.constantFrom('shares', 'none'),
})

const drawRows = (forest: Forest, thresholds: readonly number[], rows: number, next: () => number): Float64Array =>
  Float64Array.from({ length: rows * forest.features }, () => drawValue(thresholds, next))

type Score = (x: Float64Array, at: number, out: Float64Array) => void

/** Whether the margins of all rows are those of the plain walk, to the bit. */
function expectPlainMargins(forest: Forest, x: Float64Array, score: Score): void {
  const plain = new Float64Array(forest.base.length)
  const fast = new Float64Array(forest.base.length).fill(Number.NaN)
  for (let at = 0; at + forest.features <= x.length; at += forest.features) {
    marginsInto(forest, x, at, plain)
    score(x, at, fast)
    expect(fast).toEqual(plain)
  }
}

/** A scorer whose tops have a chosen width, whatever would be cheapest. */
function scorerOfWidth(forest: Forest, width: number): ReturnType<typeof createScorer> {
  const scorer = createScorer(forest)
  if (scorer.fast === undefined) return scorer
  const tops = width === 0 ? undefined : buildTops(forest, orderTops(forest), scorer.fast.nodes, width)
  return { ...scorer, fast: { ...scorer.fast, tops } }
}

describe('margins of a scorer', () => {
  test('are those of the plain walk to the bit, whatever the forest and the vector', () => {
    fc.assert(
      fc.property(shapes, fc.string(), (shape, seed) => {
        const rng = new SeededRng(`scorer ${seed}`)
        const next = (): number => rng.next()
        const forest = drawForest(shape, next)
        const x = drawRows(forest, shape.thresholds, 12, next)
        const scorer = createScorer(forest)
        expectPlainMargins(forest, x, (...rest) => scoreInto(scorer, ...rest))
      }),
      { numRuns: 400 },
    )
  })

  test.each([0, 4, 8, 16])('are those of the plain walk with tops of %i exits', (width) => {
    fc.assert(
      fc.property(shapes, fc.string(), (shape, seed) => {
        const rng = new SeededRng(`width ${seed}`)
        const next = (): number => rng.next()
        const forest = drawForest(shape, next)
        const x = drawRows(forest, shape.thresholds, 8, next)
        const scorer = scorerOfWidth(forest, width)
        expectPlainMargins(forest, x, (...rest) => scoreInto(scorer, ...rest))
      }),
      { numRuns: 150 },
    )
  })

  test('of an empty forest are its base', () => {
    const out = new Float64Array(2)
    scoreInto(createScorer(createForest(3, [0.25, -0], 0, 0)), new Float64Array(3), 0, out)
    expect(out).toEqual(Float64Array.of(0.25, -0))
  })

  test('of a tree too large for the layout are right as well', () => {
    const rng = new SeededRng('large')
    const shape = {
      outputs: 1,
      leaves: [60_000],
      thresholds: AWKWARD,
      categorical: 0,
      depth: 0,
      covers: 'shares',
    } as const
    const forest = drawForest({ ...shape, features: 3 }, () => rng.next())
    expect(layOutNodes(forest)).toBeUndefined()
    const scorer = createScorer(forest)
    expectPlainMargins(
      forest,
      drawRows(forest, AWKWARD, 20, () => rng.next()),
      (...rest) => scoreInto(scorer, ...rest),
    )
  })

  test('with features that no tree asks for, of very many, are right as well', () => {
    const rng = new SeededRng('wide')
    const shape = {
      outputs: 1,
      leaves: [8, 8],
      thresholds: AWKWARD,
      categorical: 0.2,
      depth: 0,
      covers: 'shares',
    } as const
    const forest = drawForest({ ...shape, features: 40_000 }, () => rng.next())
    const scorer = createScorer(forest)
    expect(scorer.fast).toBeDefined()
    expectPlainMargins(
      forest,
      drawRows(forest, AWKWARD, 4, () => rng.next()),
      (...rest) => scoreInto(scorer, ...rest),
    )
  })

  test('many at once are those one by one', () => {
    const rng = new SeededRng('many')
    const shape = { features: 4, leaves: [9, 20, 3], thresholds: AWKWARD, categorical: 0.2, depth: 0, covers: 'shares' }
    for (const outputs of [1, 3]) {
      const forest = drawForest({ ...shape, outputs } as Shape, () => rng.next())
      const x = drawRows(forest, AWKWARD, 50, () => rng.next())
      const scorer = createScorer(forest)
      const out = new Float64Array(50 * outputs)
      scoreMany(scorer, x, 50, out)
      expectPlainMargins(forest, x, (_, at, margins) =>
        margins.set(out.subarray((at / 4) * outputs, (at / 4 + 1) * outputs)),
      )
      if (outputs === 1) expect(scoreOne(scorer, x.slice(8, 12))).toBe(out[2])
    }
  })
})

describe('a scorer', () => {
  const rng = new SeededRng('one model')
  const shape: Shape = {
    features: 20,
    outputs: 1,
    leaves: new Array<number>(100).fill(31),
    thresholds: Array.from({ length: 255 }, (_, i) => i / 4),
    categorical: 0,
    depth: 0.3,
    covers: 'shares',
  }
  const forest = drawForest(shape, () => rng.next())
  const x = drawRows(forest, shape.thresholds, 500, () => rng.next())

  test.each([0, 4, 8, 16])('with tops of %i exits allocates nothing', (width) => {
    const out = new Float64Array(1)
    const scorer = scorerOfWidth(forest, width)
    const run = (calls: number): void => {
      for (let i = 0; i < calls; i++) scoreInto(scorer, x, (i % 500) * 20, out)
    }
    run(20_000)
    const growths = Array.from({ length: 5 }, () => {
      const before = process.memoryUsage().heapUsed
      run(50_000)
      return process.memoryUsage().heapUsed - before
    })
    // a garbage collection only lowers it, and one number a call would be 800 kB; what is left is the runtime's own
    expect(growths.sort((a, b) => a - b)[2]).toBeLessThan(100_000)
  })

  test('takes tops where they pay, and only as large as the bound allows', () => {
    const tables = createScorer(forest).fast!.tops
    expect(tables).toBeDefined()
    expect(tables!.ints.byteLength + tables!.cuts.byteLength).toBeLessThan(6 << 20)
    const large: Shape = { ...shape, leaves: new Array<number>(3000).fill(31), features: 100 }
    const huge = drawForest(large, () => rng.next())
    expect(planTops(huge, orderTops(huge), 16).cells).toBeGreaterThan(1 << 20)
    const chosen = createScorer(huge).fast!.tops
    expect((chosen?.ints.byteLength ?? 0) + (chosen?.cuts.byteLength ?? 0)).toBeLessThan(6 << 20)
  })

  test('plans no fewer cells than it builds', () => {
    const order = orderTops(forest)
    for (const width of [4, 8, 16]) {
      const plan = planTops(forest, order, width)
      const tops = buildTops(forest, order, layOutNodes(forest)!, width)
      expect(tops.words).toBe(plan.words)
      expect(tops.columns).toBe(plan.columns)
      expect(tops.ints.length - tops.table).toBeLessThanOrEqual(plan.cells)
    }
  })
})

describe('leaves and stages', () => {
  test('leaves are counted within their tree, and lead to the margins; stages add them up', () => {
    fc.assert(
      fc.property(shapes, fc.string(), (shape, seed) => {
        const rng = new SeededRng(`leaves ${seed}`)
        const forest = drawForest(shape, () => rng.next())
        const x = drawRows(forest, shape.thresholds, 2, () => rng.next())
        const { roots, feature, value, base, output } = forest
        const at = forest.features
        const leaves = new Int32Array(roots.length)
        leavesInto(forest, x, at, leaves)
        const staged = new Float64Array(roots.length * base.length)
        stagedInto(forest, x, at, staged)
        const margins = base.slice()
        for (const [t, root] of roots.entries()) {
          const ends = roots[t + 1] ?? feature.length
          const ofTree = Array.from({ length: ends - root }, (_, i) => root + i).filter((node) => feature[node] === -1)
          const leaf = ofTree[leaves[t]!]!
          expect(leaf).toBe(leafOf(forest, root, x, at))
          margins[output[t]!]! += value[leaf]!
          expect(staged.slice(t * base.length, (t + 1) * base.length)).toEqual(margins)
        }
      }),
      { numRuns: 60 },
    )
  })
})
