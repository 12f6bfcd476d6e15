import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExploration, type ExplorableDecision, explore } from '../../src/lifecycle/exploration.ts'
import type { Plan, Reason } from '../../src/market.ts'
import { errorOf } from './helpers.ts'

const because = (code: string): Reason => ({ code, text: code })
const baseline: Plan = {
  action: 'take',
  size: 0.1,
  quantity: 100,
  price: 100,
  stop: 98,
  target: 102,
  reasons: [because('BASELINE')],
}
const skip: Plan = { ...baseline, action: 'skip', size: 0, quantity: 0, reasons: [because('SKIP_BAND')] }
const asked = (id: string, parts: Partial<ExplorableDecision> = {}): ExplorableDecision => ({
  id,
  model: skip,
  baseline,
  equity: 100_000,
  exploredToday: 0,
  ...parts,
})
const options = createExploration({ share: 0.1, size: 0.002, seed: 's' })
/** An id that is drawn. */
const drawn = Array.from({ length: 200 }, (_, i) => `tl-${i}`).find((id) => explore(asked(id), options).explored)!

test('off by default: nothing is explored, and the propensity says so', () => {
  for (let i = 0; i < 500; i++) {
    expect(explore(asked(`tl-${i}`), createExploration())).toEqual({ plan: skip, explored: false, propensity: 0 })
  }
})

test('about the share is explored, evenly over ids that count upwards', () => {
  const picked = Array.from({ length: 20_000 }, (_, i) => explore(asked(`tl-${i.toString(36)}`), options).explored)
  const count = (from: number, to: number) => picked.slice(from, to).filter(Boolean).length
  // four deviations of a binomial count
  expect(Math.abs(count(0, 20_000) - 2000)).toBeLessThan(4 * Math.sqrt(1800))
  for (let from = 0; from < 20_000; from += 5000) {
    expect(Math.abs(count(from, from + 5000) - 500)).toBeLessThan(4 * Math.sqrt(450))
  }
  const pairs = picked.filter((yes, i) => yes && picked[i + 1]).length
  expect(Math.abs(pairs - 200)).toBeLessThan(4 * Math.sqrt(200))
})

test('what is explored is as small as can be, at the baseline bracket, with its reason and propensity', () => {
  const { plan, propensity } = explore(asked(drawn), options)
  expect(plan).toMatchObject({ action: 'reduce', size: 0.002, price: 100, stop: 98, target: 102 })
  expect(plan.quantity * plan.price).toBeLessThanOrEqual(0.002 * 100_000)
  expect(plan.reasons.map(({ code }) => code)).toEqual(['EXPLORED'])
  expect(propensity).toBe(0.1)
})

test('asking again gives the same answer, another seed another one', () => {
  const answers = (seed: string) =>
    Array.from({ length: 300 }, (_, i) => explore(asked(`tl-${i}`), { ...options, seed }).explored).join()
  expect(answers('s')).toBe(answers('s'))
  expect(answers('s')).not.toBe(answers('t'))
})

describe('never', () => {
  const never = (parts: Partial<ExplorableDecision>) =>
    expect(explore(asked(drawn, parts), options)).toMatchObject({
      explored: false,
      propensity: 0,
      plan: { action: 'skip' },
    })

  test.each([
    'OUT_OF_DISTRIBUTION',
    'INVALID_PREDICTION',
    'MAX_RISK',
    'MAX_POSITION',
    'KILL_SWITCH',
    'WARMING_UP',
    'NEW_CODE',
  ])('where %s stands, alone or beside the band', (code) => {
    never({ model: { ...skip, reasons: [because(code)] } })
    never({ model: { ...skip, reasons: [because('SKIP_BAND'), because(code)] } })
  })
  test('where limits or a halt leave the baseline nothing', () =>
    never({ baseline: { ...skip, reasons: [because('KILL_SWITCH')] } }))
  test('where no reason is given', () => never({ model: { ...skip, reasons: [] } }))
  test('beyond the cap of a day', () => never({ exploredToday: 3 }))
})

test('what the model takes is taken as it is, with a propensity of 1', () => {
  const model: Plan = { ...baseline, size: 0.05, quantity: 50 }
  expect(explore(asked(drawn, { model }), options)).toEqual({ plan: model, explored: false, propensity: 1 })
})

test('an explored trade is never larger than the baseline, whatever the numbers', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-9, max: 1, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      fc.double({ min: 1, max: 1e9, noNaN: true }),
      fc.nat(),
      (size, price, equity, n) => {
        const wide = createExploration({ share: 0.1, size: 0.01 })
        const base: Plan = {
          ...baseline,
          size,
          price,
          quantity: (size * equity) / price,
          stop: price * 0.98,
          target: price * 1.02,
        }
        const { plan } = explore(asked(`id-${n}`, { baseline: base, equity }), wide)
        expect(plan.size).toBeLessThanOrEqual(Math.min(size, 0.01))
        expect(plan.quantity).toBeLessThanOrEqual(base.quantity)
        expect(plan.quantity * price).toBeLessThanOrEqual(plan.size * equity)
      },
    ),
  )
})

test('options and questions that cannot be are refused', () => {
  for (const bad of [{ share: 0.2 }, { share: -1 }, { size: 0 }, { size: 2 }, { maxPerDay: 1.5 }, { seed: '' }]) {
    expect(errorOf(() => createExploration(bad)).code).toBe('INVALID_OPTION')
  }
  for (const bad of [{ id: '' }, { equity: Number.NaN }, { exploredToday: -1 }]) {
    expect(errorOf(() => explore(asked('a', bad), options)).code).toBe('INVALID_INPUT')
  }
})
