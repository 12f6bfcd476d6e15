import { describe, expect, test } from 'vitest'
import { brokenProtocols } from './broken-protocols.ts'
import { DISKS, firstCaught, live } from './ordeal.ts'

/** Losses to live through; `bench/store/power-loss.ts` lives through more. */
const LOSSES = 20_000
/** How many seeds a broken protocol may survive. */
const SEEDS = 1000

describe('a journal whose machine loses power again and again', () => {
  test('has every event that it acknowledged, none that was never told, and none in part', async () => {
    const sum = await live(LOSSES / 2, DISKS.working)
    expect(sum.violations).toEqual([])
    expect(sum.losses).toBeGreaterThanOrEqual(LOSSES / 2)
    expect(sum.failures).toBe(0)
    // it has been through what it is to survive
    expect(sum.duringOpen).toBeGreaterThan(LOSSES / 20)
    expect(sum.tornTails).toBeGreaterThan(LOSSES / 1000)
    expect(sum.snapshotsRead).toBeGreaterThan(LOSSES / 20)
    expect(sum.checked).toBeGreaterThan(LOSSES)
  })

  test('has them on a disk that is full, and whose syncs fail and forget', async () => {
    const sum = await live(LOSSES / 2, DISKS.failing)
    expect(sum.violations).toEqual([])
    expect(sum.losses).toBeGreaterThanOrEqual(LOSSES / 2)
    expect(sum.failures).toBeGreaterThan(LOSSES / 40)
  })
})

describe('the simulation sees what is wrong with', () => {
  test.for(Object.entries(brokenProtocols))('%s', async ([_, { wrap, faults }], { annotate }) => {
    const seed = await firstCaught(wrap, faults, SEEDS)
    await annotate(`caught at seed ${seed}`)
    expect(seed).toBeLessThanOrEqual(SEEDS)
  })
})
