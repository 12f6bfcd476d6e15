import { describe, expect, test, vi } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { ExtremelyFastDecisionTree, HoeffdingTreeClassifier } from '../../../src/learners/hoeffding-tree/index.ts'
import { PlainTree } from './plain-tree.ts'
import { EAGER, makeRows, type Row, replay } from './streams.ts'

const noise = (
  n: number,
  features: number,
  seed: string,
  label: (x: Float64Array, rng: SeededRng) => number,
): Row[] => {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => {
    const x = Float64Array.from({ length: features }, () => drawNormal(rng))
    return { x, y: label(x, rng), weight: 1 }
  })
}

test('one class in two hundred: River wipes what its leaf has seen every grace period and never splits, ours splits', () => {
  const options = { ...EAGER, gracePeriod: 200 }
  // none among the first 400, so that there are never more than one in a hundred
  const rows = noise(12_000, 2, 'rare', (x) => Number(x[0]! > 2.6)).filter(({ y }, i) => i >= 400 || y === 0)
  const river = new PlainTree('river', options)
  const ours = new HoeffdingTreeClassifier({ features: 2, ...options })
  const [theirs, own] = [replay(river, rows), replay(ours, rows)]
  expect(river.root.question).toBeUndefined()
  expect(ours.leaves).toBeGreaterThan(1)
  const found = ({ labels }: { labels: string }): number =>
    rows.filter(({ y }, i) => y === 1 && i > 6000 && labels[i] === '1').length
  const all = rows.filter(({ y }, i) => y === 1 && i > 6000).length
  // all but the one or two next to the border; River's naive Bayes starts anew every 50 rows
  expect(found(own)).toBeGreaterThan(0.8 * all)
  expect(found(theirs)).toBeLessThan(0.5 * all)
})

test('near-equal features: by River’s tie rule an extremely fast tree kills its subtree again and again, ours seldom', () => {
  const options = { ...EAGER, reevaluateEvery: 20 }
  const river = new PlainTree('river', options)
  const ours = new ExtremelyFastDecisionTree({ features: 4, ...options })
  const rng = new SeededRng('rivals')
  const asked: { readonly [who in 'river' | 'ours']: number[] } = { river: [], ours: [] }
  for (let i = 0; i < 12_000; i++) {
    const y = Number(rng.next() < 0.5)
    const x = Float64Array.from({ length: 4 }, () => y + drawNormal(rng))
    river.learn(x, y, 1)
    ours.learn(x, y)
    asked.river.push(river.root.question?.feature ?? -1)
    asked.ours.push(ours.describe()[0]!.split?.feature ?? -1)
  }
  const changes = (of: number[]): number => of.filter((feature, i) => i > 0 && feature !== of[i - 1]).length
  // 4 and 21
  expect(changes(asked.ours)).toBeLessThan(changes(asked.river) / 2)
})

test('leaves are sorted by their promise where memory is short, not after every split as in River', () => {
  const rows = makeRows(4000, 'sorted')
  const sorts = (maxBytes: number): { sorts: number; leaves: number } => {
    const tree = new HoeffdingTreeClassifier({ features: 6, ...EAGER, maxBytes })
    const spy = vi.spyOn(Array.prototype, 'sort')
    for (const { x, y, weight } of rows) tree.learn(x, y, weight)
    const { length } = spy.mock.calls
    spy.mockRestore()
    return { sorts: length, leaves: tree.leaves }
  }
  const roomy = sorts(1e6)
  expect(roomy.leaves).toBeGreaterThan(5)
  expect(roomy.sorts).toBe(0)
  expect(sorts(5000).sorts).toBeGreaterThan(0)
})

describe('400 features', () => {
  const rows = noise(600, 400, 'many', (_, rng) => Number(rng.next() < 0.5)).map(({ x, y, weight }) => ({
    // of two spreads, so that one class's densities vanish and the other's overflow
    x: x.map((value) => value * (y === 1 ? 1e-3 : 1e3)),
    y,
    weight,
  }))

  test('products of densities, as in MOA, are 0, infinite or NaN; sums of logarithms decide', () => {
    const { x, y } = rows[599]!
    const products = [0, 1].map((c) => {
      let product = 1
      for (let f = 0; f < 400; f++) {
        const seen = rows.slice(0, 599).flatMap((row) => (row.y === c ? row.x[f]! : []))
        const mean = seen.reduce((a, b) => a + b, 0) / seen.length
        const variance = seen.reduce((a, b) => a + (b - mean) ** 2, 0) / (seen.length - 1)
        product *= Math.exp(-((x[f]! - mean) ** 2) / variance / 2) / Math.sqrt(2 * Math.PI * variance)
      }
      return product
    })
    const share = products[1]! / (products[0]! + products[1]!)
    expect(Number.isFinite(share)).toBe(false)

    const tree = new HoeffdingTreeClassifier({ features: 400, leafPrediction: 'naive-bayes', gracePeriod: 1e6 })
    for (const row of rows.slice(0, 599)) tree.learn(row.x, row.y)
    expect(tree.predict(x)).toBeCloseTo(y, 12)
  })
})
