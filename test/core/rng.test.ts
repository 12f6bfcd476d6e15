import { describe, expect, test } from 'vitest'
import type { JsonValue, Snapshot } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { packState } from '../../src/core/state.ts'

describe('a state that the generator cannot reach is refused', () => {
  const json = new SeededRng('state').toJSON()
  const read = (change: { readonly [key: string]: JsonValue }): SeededRng =>
    SeededRng.fromJSON({ ...json, state: { ...json.state, ...change } } as Snapshot)
  const corrupt = expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' })

  test.each(['s0', 's1', 's2'])('words outside of [0, 1) or of more than 32 bits as %s', (key) => {
    for (const value of [Number.NaN, Infinity, -0.5, 1, 1e9, 1 / 3]) {
      expect(() => read({ [key]: packState(value) })).toThrow(corrupt)
    }
    expect(read({ [key]: 0.5 }).next()).toBeLessThan(1)
  })

  test('carries that are no whole number, or no smaller than the multiplier', () => {
    for (const c of [Number.NaN, -1, 0.5, 2_091_639, 1e300]) {
      expect(() => read({ c: packState(c) })).toThrow(corrupt)
    }
  })

  test('the two states that draw the same number for ever', () => {
    const last = 1 - 1 / 4_294_967_296
    expect(() => read({ c: 0, s0: 0, s1: 0, s2: 0 })).toThrow(corrupt)
    expect(() => read({ c: 2_091_638, s0: last, s1: last, s2: last })).toThrow(corrupt)
  })

  test('those of a long life are reached', () => {
    const rng = new SeededRng('long')
    for (let i = 0; i < 100_000; i++) {
      rng.next()
      if (i % 1000 === 0) SeededRng.fromJSON(JSON.parse(JSON.stringify(rng)) as Snapshot)
    }
  })
})
