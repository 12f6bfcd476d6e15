import { describe, expect, test } from 'vitest'
import { brokenProtocols } from './broken-protocols.ts'
import { type Ordeal, ordeal, type Wrap } from './ordeal.ts'
import type { Faults } from './sim-fs.ts'

/** Losses to live through; `LOSSES=1000000` for a night. */
const LOSSES = Number(process.env['LOSSES'] ?? 20_000)
/** How many seeds a broken protocol may survive. */
const SEEDS = 1000

/** Goes through seeds until there have been so many losses, and adds up what happened. */
async function live(losses: number, faults: Faults): Promise<Omit<Ordeal, 'violations'>> {
  const sum = { losses: 0, duringOpen: 0, checked: 0, tornTails: 0, snapshotsRead: 0, failures: 0 }
  for (let seed = 1; sum.losses < losses; seed++) {
    const one = await ordeal(seed, faults)
    expect(one.violations).toEqual([])
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += one[key]
  }
  return sum
}

async function firstCaught(wrap: Wrap, faults: Faults | undefined): Promise<number> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    if ((await ordeal(seed, faults, wrap)).violations.length > 0) return seed
  }
  return Number.POSITIVE_INFINITY
}

describe('a journal whose machine loses power again and again', () => {
  test('has every event that it acknowledged, none that was never told, and none in part', async () => {
    const sum = await live(LOSSES / 2, { shortWrite: 0.1 })
    expect(sum.failures).toBe(0)
    // it has been through what it is to survive
    expect(sum.duringOpen).toBeGreaterThan(LOSSES / 20)
    expect(sum.tornTails).toBeGreaterThan(LOSSES / 1000)
    expect(sum.snapshotsRead).toBeGreaterThan(LOSSES / 20)
    expect(sum.checked).toBeGreaterThan(LOSSES)
  }, 60_000)

  test('has them on a disk that is full, and whose syncs fail and forget', async () => {
    const sum = await live(LOSSES / 2, { shortWrite: 0.1, eio: 0.03, capacity: 30_000 })
    expect(sum.failures).toBeGreaterThan(LOSSES / 40)
  }, 60_000)
})

describe('the simulation sees what is wrong with', () => {
  test.each(Object.entries(brokenProtocols))(
    '%s',
    async (_, { wrap, faults }) => {
      expect(await firstCaught(wrap, faults)).toBeLessThanOrEqual(SEEDS)
    },
    30_000,
  )
})
