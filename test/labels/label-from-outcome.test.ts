import { describe, expect, test } from 'vitest'
import { labelFromOutcome } from '../../src/labels/index.ts'
import type { Outcome } from '../../src/market.ts'

const decision = { id: 'a', side: 'long', price: 100 } as const
const outcome: Outcome = { exitPrice: 102, exitTime: 1_700_000_000_000 }

describe('labelFromOutcome', () => {
  test('takes price and costs from the decision where the outcome leaves them out', () => {
    expect(labelFromOutcome(decision, outcome, 0.001)).toEqual({
      id: 'a',
      y: 1,
      netReturn: 0.02 - 0.001,
      exitReason: 'exit',
      exitPrice: 102,
      exitTime: 1_700_000_000_000,
      ambiguous: false,
      maxFavorable: 0.02,
      maxAdverse: 0,
      bars: 0,
    })
  })

  test('takes what was really paid where it is told', () => {
    const label = labelFromOutcome(decision, { ...outcome, entryPrice: 101, fees: 0.02, exitReason: 'target' }, 0.001)
    expect(label).toMatchObject({ y: 0, netReturn: 1 / 101 - 0.02, exitReason: 'target' })
  })

  test('a short gains what the price falls', () => {
    const label = labelFromOutcome({ ...decision, side: 'short' }, outcome, 0)
    expect(label).toMatchObject({ y: 0, netReturn: -0.02, maxFavorable: 0, maxAdverse: 0.02 })
  })

  test('a return of nothing is no gain', () => {
    expect(labelFromOutcome(decision, { ...outcome, exitPrice: 100 }, 0)).toMatchObject({ y: 0, netReturn: 0 })
  })

  test('rebates add to the return', () => {
    expect(labelFromOutcome(decision, { ...outcome, exitPrice: 100, fees: -0.0001 }, 0.001).y).toBe(1)
  })

  test('keeps excursions that went further than the exit, and no smaller ones', () => {
    const wide = { maxFavorable: 0.05, maxAdverse: 0.03, bars: 7 }
    expect(labelFromOutcome(decision, outcome, 0, wide)).toMatchObject(wide)
    const narrow = { maxFavorable: 0.01, maxAdverse: 0.03, bars: 7 }
    expect(labelFromOutcome(decision, outcome, 0, narrow)).toMatchObject({ ...narrow, maxFavorable: 0.02 })
  })

  test.each([
    { exitPrice: 0 },
    { exitPrice: NaN },
    { exitTime: 1_700_000_000 },
    { exitReason: 'panic' as 'exit' },
    { entryPrice: -5 },
    { fees: 12.5 },
    { fees: NaN },
  ])('%j is no outcome', (bad) => {
    expect(() => labelFromOutcome(decision, { ...outcome, ...bad }, 0.001)).toThrow(
      expect.objectContaining({ code: 'INVALID_OUTCOME' }),
    )
  })

  test.each([
    ['a gain', { exitPrice: 10_200 }, 'long'],
    ['a loss', { exitPrice: 10_200 }, 'short'],
    ['a wrong unit of the price paid', { exitPrice: 65_000, entryPrice: 65 }, 'long'],
    ['more than a number holds', { exitPrice: 1e300, entryPrice: 1e-300 }, 'short'],
  ] as const)('%s of more than 100 times the stake is no outcome', (_, absurd, side) => {
    const act = (): unknown => labelFromOutcome({ ...decision, side }, { ...outcome, ...absurd }, 0.001)
    expect(act).toThrow(expect.objectContaining({ code: 'INVALID_OUTCOME' }))
    expect(act).toThrow('at most 100 times the stake')
  })

  test('a gain of 100 times the stake is one', () => {
    expect(labelFromOutcome(decision, { ...outcome, exitPrice: 10_100 }, 0).netReturn).toBe(100)
  })

  test('nothing is no outcome', () => {
    expect(() => labelFromOutcome(decision, null as unknown as Outcome, 0)).toThrow(
      expect.objectContaining({ code: 'INVALID_OUTCOME' }),
    )
  })
})
