import { expect, test } from 'vitest'
import type { JsonValue } from '../../../src/contracts.ts'
import { type Difference, firstDifference } from '../../../src/lifecycle/durable/first-difference.ts'

const differs = (path: string, then: JsonValue, now: JsonValue): Difference => ({ path, then, now })
const nan = (): JsonValue => ({ $: 'NaN' })

test('equal values do not differ, in whatever order their fields were written', () => {
  expect(firstDifference({ a: 1, b: [nan(), null, { c: 'x' }] }, { b: [nan(), null, { c: 'x' }], a: 1 })).toBeNull()
})

test('the first difference is the one whose name comes first, but for the fields that are asked for first', () => {
  const [then, now] = [
    { z: 1, a: { c: 1, b: 1 } },
    { z: 2, a: { b: 2, c: 2 } },
  ]
  expect(firstDifference(then, now)).toEqual(differs('a.b', 1, 2))
  expect(firstDifference(then, now, ['z'])).toEqual(differs('z', 1, 2))
})

test('a list differs where it does, and where it is longer', () => {
  expect(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual(differs('a[1].b', 2, 3))
  expect(firstDifference([1], [1, 2])).toEqual(differs('[1]', null, 2))
  expect(firstDifference([1, 2], [1])).toEqual(differs('[1]', 2, null))
})

test('to be missing is not to be null, and numbers that JSON does not have are numbers', () => {
  expect(firstDifference({ a: null }, {})).toEqual(differs('a', null, null))
  expect(firstDifference({}, { toString: 1 })).toEqual(differs('toString', null, 1))
  expect(firstDifference({ a: nan() }, { a: { $: '-0' } })).toEqual(differs('a', nan(), { $: '-0' }))
  expect(firstDifference({ a: 0 }, { a: { $: '-0' } })).toEqual(differs('a', 0, { $: '-0' }))
  expect(firstDifference({ a: [] }, { a: {} })).toEqual(differs('a', [], {}))
  expect(firstDifference(0.1 + 0.2, 0.3)).toEqual(differs('', 0.1 + 0.2, 0.3))
})
