import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import { survivesDamage } from './damage.ts'
import { errorOf, friedman, type Row } from './streams.ts'

const eager = { features: 6, gracePeriod: 50, confidence: 0.01 }
const grown = (options: object = {}, rows: readonly Row[] = friedman(2000, 'grown')): HoeffdingTreeRegressor => {
  const tree = new HoeffdingTreeRegressor({ ...eager, ...options })
  for (const { x, y, weight } of rows) tree.learn(x, y, weight)
  return tree
}

describe('obeys the laws of learners', () => {
  const options = { features: 3, gracePeriod: 20, confidence: 0.1, tieThreshold: 0.2 }
  for (const leafPrediction of ['mean', 'linear', 'adaptive'] as const) {
    for (const observer of ['quantizer', 'e-bst'] as const) {
      const create = () => new HoeffdingTreeRegressor({ ...options, leafPrediction, observer, slots: 24 })
      for (const { name, run } of learnerLaws(create, HoeffdingTreeRegressor)) {
        test(`${leafPrediction}, ${observer}: ${name}`, run)
      }
    }
  }

  for (const { name, run } of learnerLaws(
    () => new HoeffdingTreeRegressor({ ...options, featuresPerLeaf: 2, seed: 7, slots: 24 }),
    HoeffdingTreeRegressor,
  )) {
    test(`two features a leaf: ${name}`, run)
  }

  const variants = [
    { observer: 'quantizer' },
    { observer: 'e-bst' },
    { observer: 'quantizer', featuresPerLeaf: 2, seed: 7 },
    { observer: 'e-bst', featuresPerLeaf: 3 },
  ] as const
  test.each(variants)('%j: among them with a tree that has split', (variant) => {
    const [first, later] = [friedman(1500, 'grown'), friedman(1500, 'later')]
    const tree = grown(variant, first)
    expect(tree.leaves).toBeGreaterThan(5)
    const copy = HoeffdingTreeRegressor.fromJSON(JSON.parse(JSON.stringify(tree)) as Snapshot)
    for (const { x, y } of later) copy.learn(x, y)
    const whole = grown(variant, [...first, ...later])
    expect(whole.leaves).toBeGreaterThan(tree.leaves)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(whole))
  })

  test.each(variants)('%j: a damaged number is refused or does no harm', (variant) => {
    const read = (snapshot: Snapshot) => HoeffdingTreeRegressor.fromJSON(snapshot)
    const refused = survivesDamage(grown({ ...variant, slots: 16 }).toJSON(), read, friedman(100, 'later'), 60)
    expect(refused).toBeGreaterThan(5)
  })
})

describe('splits', () => {
  test('never while all targets are equal', () => {
    const rows = friedman(3000, 'constant').map((row) => ({ ...row, y: 7 }))
    expect(grown({ tieThreshold: 1 }, rows).leaves).toBe(1)
  })

  test('on the feature and near the threshold that matter', () => {
    const rows = friedman(400, 'step').map((row) => ({ ...row, y: row.x[2]! <= 0.6 ? -1 : 1 }))
    for (const observer of ['quantizer', 'e-bst'] as const) {
      const { feature, threshold } = grown({ observer, slots: 128 }, rows).describe()[0]!
      expect(feature).toBe(2)
      expect(Math.abs(threshold! - 0.6)).toBeLessThan(0.03)
    }
  })

  test('in the same way whatever the units of features and targets', () => {
    const scaled = friedman(2000, 'grown').map(({ x, y, weight }) => ({
      x: x.map((v) => v * 1024),
      y: y / 4096,
      weight,
    }))
    const plain = grown({ leafPrediction: 'mean' }).describe()
    for (const [i, node] of grown({ leafPrediction: 'mean' }, scaled).describe().entries()) {
      expect(node.feature).toBe(plain[i]!.feature)
      if (node.threshold !== undefined) expect(node.threshold / 1024).toBeCloseTo(plain[i]!.threshold!, 9)
    }
  })

  test('until there are as many leaves, or levels, as allowed, and then lets the observers go', () => {
    const rows = friedman(6000, 'many')
    expect(grown({ maxLeaves: 7 }, rows).leaves).toBe(7)
    expect(grown({ maxDepth: 2 }, rows).leaves).toBe(4)
    const { taken } = grown({ maxLeaves: 7 }, rows).toJSON().state['observers'] as { taken: { data: string } }
    expect([...atob(taken.data)].every((byte) => byte === '\0')).toBe(true)
    expect(grown({ maxLeaves: 1 }, rows).leaves).toBe(1)
  })

  test('less readily where a gain is asked for', () => {
    expect(grown({ minGain: 0.3 }).leaves).toBeLessThan(grown().leaves)
  })
})

describe('takes in', () => {
  test('a weight of 2 as two observations', () => {
    const rows = friedman(1500, 'weights')
    // slots would do as well, but for rows that stand on a threshold to the last bit
    const options = { leafPrediction: 'mean', observer: 'e-bst' }
    const pairs = rows.flatMap((row) => [row, row])
    const doubled = rows.map((row) => ({ ...row, weight: 2 }))
    const [twice, heavy] = [grown(options, pairs), grown(options, doubled)]
    const [a, b] = [twice.describe(), heavy.describe()]
    expect(b.length).toBe(a.length)
    for (const [i, node] of b.entries()) {
      expect(node.feature).toBe(a[i]!.feature)
      expect(node.mean).toBeCloseTo(a[i]!.mean, 9)
    }
  })

  test('missing values without an edge for features that are often missing', () => {
    const rng = new SeededRng('gaps')
    const rows = friedman(2000, 'gaps').map((row) => {
      const x = row.x.slice()
      // feature 0 is the target itself, but known in one row of twenty only
      x[0] = rng.next() < 0.05 ? row.y : NaN
      return { ...row, x }
    })
    const tree = grown({}, rows)
    expect(tree.describe()[0]!.feature).not.toBe(0)
    expect(errorOf(tree, friedman(500, 'more'))).toBeLessThan(5)
  })

  test('a missing split value on the side that more weight went to', () => {
    const rows = friedman(1000, 'side').map((row) => ({ ...row, y: row.x[2]! <= 0.8 ? -1 : 1 }))
    const tree = grown({ leafPrediction: 'mean', maxLeaves: 2 }, rows)
    expect(tree.predict(Float64Array.of(0.5, 0.5, NaN, 0.5, 0.5, 0.5))).toBeCloseTo(-1, 1)
  })

  test('targets and features of any size without a blow-up', () => {
    const rng = new SeededRng('units')
    const rows = Array.from({ length: 3000 }, () => {
      const x = Float64Array.from([1e6, 1e-6, 1, 1e3, 1, 1], (unit) => unit * (5 + drawNormal(rng)))
      return { x, y: 1e5 * (x[0]! / 1e6 + x[1]! * 1e6) + 1e4 * drawNormal(rng), weight: 1 }
    })
    const targets = rows.map(({ y }) => y)
    const tree = grown({ leafPrediction: 'linear' }, rows)
    for (const unit of [0, 1e9, -1e9, 1e300]) {
      const p = tree.predict(new Float64Array(6).fill(unit))
      expect(p).toBeGreaterThanOrEqual(Math.min(...targets))
      expect(p).toBeLessThanOrEqual(Math.max(...targets))
    }
    // noise of deviation 1e4 has a mean absolute deviation of 8e3
    expect(errorOf(grown({ leafPrediction: 'linear', maxLeaves: 1 }, rows), rows)).toBeLessThan(9500)
  })

  test('weights so small that a deviation comes to nothing', () => {
    const tree = new HoeffdingTreeRegressor({ features: 1, leafPrediction: 'adaptive' })
    for (const [x, weight] of [
      [0, 1e-300],
      [-2.5e-12, 1e-300],
      [0, 2],
    ] as const) {
      tree.learn(Float64Array.of(x), 0, weight)
      expect(tree.predict(Float64Array.of(x))).toBe(0)
    }
  })

  test('anything finite, with finite answers and snapshots that can be read back', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 1, -1.7e308, 1.7e308),
    )
    const row = fc.record({
      x: fc.array(fc.oneof(number, fc.constant(NaN)), { minLength: 2, maxLength: 2 }),
      y: number,
      weight: fc.oneof(fc.constant(1), fc.double({ min: 1e-300, max: 1e300, noNaN: true })),
    })
    const options = fc.record({
      observer: fc.constantFrom('quantizer' as const, 'e-bst' as const),
      leafPrediction: fc.constantFrom('mean' as const, 'linear' as const, 'adaptive' as const),
      slots: fc.integer({ min: 2, max: 8 }),
      radius: fc.constantFrom('deviation' as const, 0.5),
      featuresPerLeaf: fc.constantFrom(1, 2),
    })
    fc.assert(
      fc.property(options, fc.array(row, { maxLength: 60 }), (settings, rows) => {
        const tree = new HoeffdingTreeRegressor({
          features: 2,
          gracePeriod: 5,
          confidence: 0.5,
          minBranchWeight: 1,
          ...settings,
        })
        for (const { x, y, weight } of rows) {
          tree.learn(Float64Array.from(x), y, weight)
          expect(Number.isFinite(tree.predict(Float64Array.from(x)))).toBe(true)
        }
        HoeffdingTreeRegressor.fromJSON(JSON.parse(JSON.stringify(tree)) as Snapshot)
      }),
      { numRuns: 300 },
    )
  })
})

test('linear leaves miss by less than means where the world is linear, and the adaptive ones find out', () => {
  const rng = new SeededRng('line')
  const rows = Array.from({ length: 2000 }, () => {
    const x = Float64Array.from({ length: 6 }, () => drawNormal(rng))
    return { x, y: x[0]! - 2 * x[1]! + x[2]! + 0.1 * drawNormal(rng) }
  })
  const error = (leafPrediction: 'mean' | 'linear' | 'adaptive'): number =>
    errorOf(new HoeffdingTreeRegressor({ ...eager, leafPrediction }), rows)
  expect(error('linear')).toBeLessThan(error('mean') / 2)
  expect(error('adaptive')).toBeLessThan(1.1 * error('linear'))
})

test('refuses options that make no sense', () => {
  const make = (options: object) => () => new HoeffdingTreeRegressor({ ...eager, ...options })
  for (const options of [
    { radius: 0 },
    { slots: 1 },
    { observer: 'magic' },
    { learningRate: 2 },
    { features: 0 },
    { featuresPerLeaf: 7 },
    { featuresPerLeaf: 0 },
    { seed: '' },
  ]) {
    expect(make(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  }
  expect(make({ features: 60_000, slots: 60_000 })).toThrow(/within 1073741824 bytes/)
})
