import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { realDesk } from './desk.ts'
import { MUTANTS } from './mutants.ts'
import { createTally, INVARIANTS, type Invariant, runSequences, type Tally } from './sequence.ts'

/** Of 1e6 and more, `npx tsx bench/lifecycle/invariants.ts` says the same. */
const STEPS = 50_000
const names = Object.keys(INVARIANTS) as Invariant[]

describe(`over ${STEPS} random steps before one account with two gates`, () => {
  const tally = createTally()
  const rng = new SeededRng('invariants')
  while (tally.steps < STEPS) runSequences(rng, realDesk, tally)

  test('no invariant is broken', () => {
    expect(tally.first).toBe(null)
    expect(Object.values(tally.broken).every((times) => times === 0)).toBe(true)
  })

  test.each(names)('%s is at stake often enough to be seen', (name) => {
    expect(tally.atStake[name]).toBeGreaterThan(300)
  })
})

describe('the harness sees a library that is broken on purpose', () => {
  const hunt = (build: typeof realDesk, breaks: Invariant): Tally => {
    const tally = createTally()
    const rng = new SeededRng('mutants')
    // some need many tries to meet what they break
    while (tally.broken[breaks] === 0 && tally.steps < STEPS) runSequences(rng, build, tally)
    return tally
  }

  test.each(MUTANTS)('$breaks: $name', ({ build, breaks }) => {
    expect(hunt(build, breaks).broken[breaks]).toBeGreaterThan(0)
  })

  test('for each invariant', () => {
    expect([...new Set(MUTANTS.map(({ breaks }) => breaks))]).toEqual(names)
  })
})
