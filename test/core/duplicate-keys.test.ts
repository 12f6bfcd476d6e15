import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSnapshot } from '../../src/core/snapshot.ts'

test.each([
  ['{"type":"a","type":"b"}', '"type" twice at character 12'],
  ['{"a":{"b":[1,{"c":1,"c":2}]}}', '"c" twice at character 20'],
  ['{"a":1,"\\u0061":2}', '"a" twice at character 7'],
  ['{"__proto__":1,"x":2,"__proto__":3}', '"__proto__" twice'],
])('%s says a thing twice', (text, says) => {
  expect(() => parseSnapshot(text)).toThrow(
    expect.objectContaining({ code: 'CORRUPT_SNAPSHOT', message: expect.stringContaining(says) }),
  )
})

test('what says each thing once is read as JSON is, however odd', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 1, 3), (text, indent) => {
      const value: unknown = JSON.parse(text)
      expect(parseSnapshot(JSON.stringify(value, null, indent))).toEqual(value)
    }),
    { numRuns: 300, endOnFailure: true },
  )
  expect(parseSnapshot('[{"a":1},{"a":2},"a","a",{"b":["b","b"],"\\"":{"b":1}}]')).toHaveLength(5)
})

test('whatever is doubled in whatever object is found', () => {
  const object = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 })
  fc.assert(
    fc.property(object, fc.nat(), (value, pick) => {
      const keys = Object.keys(value)
      const key = JSON.stringify(keys[pick % keys.length])
      const text = `${JSON.stringify(value).slice(0, -1)},${key}:0}`
      expect(() => parseSnapshot(`[1,${text}]`)).toThrow(/twice/)
    }),
    { numRuns: 200, endOnFailure: true },
  )
})
