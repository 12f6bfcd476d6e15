import fc from 'fast-check'
import { expect, test } from 'vitest'
import { floatBefore } from '../../src/interop/xgboost-tree.ts'

const scratch = new DataView(new ArrayBuffer(4))

test('no float lies between a float and the one before it', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const before = floatBefore(value, scratch)
      expect(before).toBeLessThan(value)
      if (before === -Infinity) return
      expect(Math.fround(before)).toBe(before)
      // whatever lies between them is rounded to one of them
      expect([before, value].some((end) => end === Math.fround((before + value) / 2))).toBe(true)
    }),
  )
})

test('the ends of the line', () => {
  const largest = 3.4028234663852886e38
  expect(floatBefore(Infinity, scratch)).toBe(largest)
  expect(floatBefore(-largest, scratch)).toBe(-Infinity)
  expect(floatBefore(-Infinity, scratch)).toBe(-Infinity)
  expect(floatBefore(0, scratch)).toBe(-1.401298464324817e-45)
  expect(floatBefore(-0, scratch)).toBe(-1.401298464324817e-45)
  expect(floatBefore(1.401298464324817e-45, scratch)).toBe(0)
  expect(floatBefore(Number.NaN, scratch)).toBeNaN()
})
