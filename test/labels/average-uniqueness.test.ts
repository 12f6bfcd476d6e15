import fc from 'fast-check'
import { expect, test } from 'vitest'
import { averageUniqueness } from '../../src/labels/average-uniqueness.ts'

test('alone is 1, always in company of one is 1/2, half of the time is between', () => {
  expect([...averageUniqueness([0, 10], [10, 20])]).toEqual([1, 1])
  expect([...averageUniqueness([0, 0], [10, 10])]).toEqual([0.5, 0.5])
  expect([...averageUniqueness([0, 5], [10, 15])]).toEqual([0.75, 0.75])
  expect([...averageUniqueness([], [])]).toEqual([])
})

test('a label that ends as it starts takes what is open at that moment', () => {
  expect([...averageUniqueness([5, 0], [5, 10])]).toEqual([0.5, 1])
})

test('is what adding up moment by moment gives', () => {
  const label = fc.record({ start: fc.integer({ min: 0, max: 30 }), length: fc.integer({ min: 1, max: 12 }) })
  fc.assert(
    fc.property(fc.array(label, { maxLength: 25 }), (labels) => {
      const [starts, ends] = [labels.map(({ start }) => start), labels.map(({ start, length }) => start + length)]
      const openIn = (t: number): number =>
        labels.filter(({ start, length }) => start <= t && t < start + length).length
      const plain = labels.map(({ start, length }) => {
        let sum = 0
        for (let t = start; t < start + length; t++) sum += 1 / openIn(t)
        return sum / length
      })
      const found = [...averageUniqueness(starts, ends)]
      expect(found).toEqual(plain.map((u) => expect.closeTo(u, 9)))
    }),
  )
})

test('what makes no sense is refused', () => {
  for (const [starts, ends] of [
    [[1], []],
    [[2], [1]],
    [[Number.NaN], [1]],
    [[0], [Number.POSITIVE_INFINITY]],
  ] as const) {
    expect(() => averageUniqueness(starts, ends)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  }
})
