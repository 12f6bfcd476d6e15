import { describe, expect, test, vi } from 'vitest'
import { HoeffdingTreeRegressor, type RegressionTreeInput } from '../../../src/learners/regression-tree/index.ts'
import { addToSlots, clearSlots, META } from '../../../src/learners/regression-tree/quantizer.ts'
import { codeOf, edited, type Parts } from '../edited.ts'
import { friedman } from './streams.ts'

const small = { features: 6, gracePeriod: 20, confidence: 0.3, maxLeaves: 16, slots: 8 }
const grown = (options: Partial<RegressionTreeInput> = {}, rows = 600): HoeffdingTreeRegressor => {
  const tree = new HoeffdingTreeRegressor({ ...small, ...options })
  for (const { x, y } of friedman(rows, 'hostile')) tree.learn(x, y)
  return tree
}

describe.each(['quantizer', 'e-bst'] as const)('a saved tree that observes by %s', (observer) => {
  const tree = grown({ observer }, 150)
  const read = (change: (state: Parts) => void): unknown =>
    codeOf(() => HoeffdingTreeRegressor.fromJSON(edited(tree, change)))

  test('is read as it was written', () => {
    expect(read(() => {})).toBe(undefined)
  })

  test('is refused with scales that no targets have', () => {
    for (const change of [
      { low: Number.POSITIVE_INFINITY },
      { high: Number.NEGATIVE_INFINITY },
      { low: 2, high: 1 },
      { high: 1e308 },
    ]) {
      expect(read(({ scales }) => Object.assign(scales, change))).toBe('CORRUPT_SNAPSHOT')
    }
    expect(read(({ scales }) => scales.moments.fill(-0.7))).toBe('CORRUPT_SNAPSHOT')
  })

  test('is refused with weights, means and slopes beyond what learning leads to', () => {
    const each = (step: number, at: number, value: number) => (list: Float64Array) => {
      for (let i = at; i < list.length; i += step) list[i] = value
    }
    const changes: readonly ((state: Parts) => void)[] = [
      ({ tree }) => each(3, 0, -0.7)(tree.stats),
      ({ tree }) => each(3, 1, 1.7e308)(tree.stats),
      ({ tree }) => each(3, 2, -1)(tree.stats),
      ({ tree }) => tree.linear.fill(1.7e308),
      ({ tree }) => tree.weight.fill(-1),
      ({ tree }) => tree.errors.fill(-1),
      ({ observers }) => each(4, observer === 'quantizer' ? 0 : 1, -1)(observers.data),
      ({ observers }) => each(4, 2, 1.7e308)(observers.data),
      ({ observers }) => each(4, 3, Number.NaN)(observers.data),
    ]
    for (const change of changes) expect(read(change), String(change)).toBe('CORRUPT_SNAPSHOT')
  })
})

test('a full tree lets its observers go', () => {
  const [growing, full] = [grown({ maxLeaves: 64 }, 3000), grown({ maxLeaves: 4 }, 3000)]
  expect(growing.leaves).toBeGreaterThan(4)
  expect(full.leaves).toBe(4)
  // what seven nodes with linear models, and six scales, take
  expect(full.sizeInBytes).toBeLessThan(2000)
  const copy = HoeffdingTreeRegressor.fromJSON(JSON.parse(JSON.stringify(full)))
  for (const { x, y } of friedman(100, 'later')) {
    full.learn(x, y)
    copy.learn(x, y)
  }
  expect(JSON.stringify(copy)).toBe(JSON.stringify(full))
})

test('a leaf compares mean and model by what they would have said before they knew the target', () => {
  const tree = new HoeffdingTreeRegressor({ features: 1 })
  const x = Float64Array.of(1)
  const errors = (): Float64Array => {
    let found = new Float64Array(0)
    edited(tree, (state) => {
      found = state.tree.errors.slice(0, 2)
    })
    return found
  }
  // both say 0, and so miss by the target
  tree.learn(x, 10)
  expect([...errors()]).toEqual([100, 100])
  // both say 10, as there is no spread to learn from
  tree.learn(x, 30)
  expect([...errors()]).toEqual([0.95 * 100 + 400, 0.95 * 100 + 400])
})

test('an outlier that moves no slot copies none', () => {
  const slots = 8
  const [data, meta] = [new Float64Array(4 * slots), new Float64Array(META)]
  clearSlots(meta, 0, 1)
  for (let i = 0; i < 40; i++) addToSlots(data, 0, slots, meta, 0, 1, i % 4, i, 1)
  // the first shifts the slots as far as they go
  addToSlots(data, 0, slots, meta, 0, 1, 1000, 1, 1)
  const copied = vi.spyOn(data, 'slice')
  const weight = data[4 * (slots - 1)]!
  for (let i = 0; i < 5; i++) addToSlots(data, 0, slots, meta, 0, 1, 1000, 1, 1)
  expect(copied).not.toHaveBeenCalled()
  expect(data[4 * (slots - 1)]).toBe(weight + 5)
})
