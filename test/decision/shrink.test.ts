import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shrink } from '../../src/decision/shrink.ts'
import type { Plan } from '../../src/market.ts'

const plan: Plan = { action: 'take', size: 0.1, quantity: 10, price: 100, stop: 98, target: 104, reasons: [] }

test.each([
  ['a stop twice as far halves the size', { stop: 96, target: 104 }, 1, 0.05],
  ['a nearer stop leaves it, and less is lost', { stop: 99, target: 104 }, 1, 0.1],
  ['a stop on the other side counts by its distance', { stop: 104, target: 96 }, 1, 0.05],
  ['half of it is half of it', { stop: 98, target: 110 }, 0.5, 0.05],
  ['more than all of it is all of it', { stop: 98, target: 104 }, 3, 0.1],
])('%s', (_, bracket, share, size) => {
  const shrunk = shrink(plan, bracket, share, 10_000)
  expect(shrunk).toMatchObject({ ...bracket, action: 'take' })
  expect(shrunk.size).toBeCloseTo(size, 12)
  expect(shrunk.quantity).toBeCloseTo(size * 100, 9)
})

test('what may be lost exactly may be lost', () => {
  expect(shrink(plan, { stop: 96, target: 104 }, 1, 10_000)).toEqual({ ...plan, stop: 96, size: 0.05, quantity: 5 })
  expect(shrink(plan, plan, 1, 10_000)).toEqual(plan)
  // nothing is lost at the price itself, before or after
  expect(shrink({ ...plan, stop: 100 }, { stop: 100, target: 104 }, 1, 10_000)).toEqual({ ...plan, stop: 100 })
})

test.each([0, -1, NaN, -Infinity])('a share of %d leaves nothing', (share) => {
  expect(shrink(plan, plan, share, 10_000)).toEqual({ ...plan, action: 'skip', size: 0, quantity: 0 })
})

test('what is too small for a number is no order', () => {
  expect(shrink({ ...plan, quantity: 5e-324 }, { stop: 90, target: 104 }, 1, 10_000)).toMatchObject({
    ...{ action: 'skip', size: 0, quantity: 0 },
  })
  expect(shrink({ ...plan, size: 0, quantity: 0, action: 'skip' }, plan, 1, 10_000).action).toBe('skip')
})

test('size, quantity and what they lose at the stop are never more than they were, to the last bit', () => {
  const price = fc.double({ min: 1e-8, max: 1e7, noNaN: true })
  const number = fc.double({ min: 0, max: 1, noNaN: true })
  const near = fc.oneof(
    number,
    fc.noBias(fc.integer({ min: 1, max: 999 })).map((k) => k / 1000),
  )
  fc.assert(
    fc.property(
      price,
      number,
      near,
      near,
      fc.oneof(number, fc.constant(1)),
      fc.double({ min: 0.01, max: 1e9, noNaN: true }),
      (...drawn) => {
        const [entry, size, before, after, share, equity] = drawn
        const quantity = (size * equity) / entry
        const own = { ...plan, price: entry, size, quantity, stop: entry * (1 - before), target: entry * 2 }
        const shrunk = shrink(own, { stop: entry * (1 - after), target: entry * 3 }, share, equity)
        const [then, now] = [Math.abs(entry - own.stop), Math.abs(entry - shrunk.stop)]
        expect(shrunk.size <= size && shrunk.quantity <= quantity).toBe(true)
        expect(shrunk.size * now <= size * then && shrunk.quantity * now <= quantity * then).toBe(true)
        expect(shrunk.quantity * entry <= shrunk.size * equity).toBe(true)
        expect(shrunk.action === 'skip').toBe(shrunk.size === 0)
        expect(shrunk.size > 0).toBe(shrunk.quantity > 0)
        // and no smaller than that asks for
        if (size < 1e-200 || share < 1e-50 || before < 1e-9) return
        expect(shrunk.size / (size * share * Math.min(1, then / now))).toBeCloseTo(1, 9)
      },
    ),
    { numRuns: 5000 },
  )
})
