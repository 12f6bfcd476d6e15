import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restore } from '../../src/core/index.ts'
import { WalkForward, type WalkForwardOptions } from '../../src/evaluation/index.ts'
import { splitterLaws } from '../../src/testing/index.ts'

const T0 = 1.6e12
const BAR = 3_600_000

for (const mode of ['rolling', 'expanding'] as const) {
  describe(`WalkForward, ${mode}`, () => {
    for (const { name, run } of splitterLaws(() => new WalkForward({ mode, train: 200, test: 50, embargo: 3 }))) {
      test(name, run)
    }
  })
}

/** Rows at uneven times, some equal, with labels of uneven length. */
const table = fc
  .array(fc.record({ gap: fc.integer({ min: 0, max: 3 }), length: fc.integer({ min: 0, max: 25 }) }), {
    minLength: 100,
    maxLength: 300,
  })
  .map((rows) => {
    let at = 0
    const times = rows.map(({ gap }) => T0 + BAR * (at += gap))
    return { times, labelEnds: rows.map(({ length }, i) => times[i]! + length * BAR) }
  })

const options: fc.Arbitrary<WalkForwardOptions> = fc.record({
  mode: fc.constantFrom('rolling', 'expanding'),
  train: fc.integer({ min: 20, max: 100 }),
  test: fc.integer({ min: 1, max: 40 }),
  embargo: fc.integer({ min: 0, max: 10 }),
  holdout: fc.constantFrom(0, 0.1, 0.2, 0.5),
})

describe('every fold of WalkForward', () => {
  test('trains on settled labels only, before the embargo, and leaves the holdout alone', () => {
    let folds = 0
    fc.assert(
      fc.property(table, options, ({ times, labelEnds }, wanted) => {
        const n = times.length
        const held = n - Math.ceil(n * wanted.holdout)
        for (const { train, test: tested } of new WalkForward(wanted).split(times, labelEnds)) {
          folds++
          expect([train.length, tested.length]).toEqual([1, 1])
          const [before, after] = [train[0]!, tested[0]!]
          expect(before.end).toBeGreaterThan(before.start)
          expect(after.end).toBeGreaterThan(after.start)
          expect(before.end).toBeLessThanOrEqual(after.start - wanted.embargo)
          expect(after.end).toBeLessThanOrEqual(held)
          for (let row = before.start; row < before.end; row++) {
            expect(labelEnds[row]!).toBeLessThanOrEqual(times[after.start]!)
          }
          if (held < n) {
            for (let row = after.start; row < after.end; row++) {
              expect(labelEnds[row]!).toBeLessThanOrEqual(times[held]!)
            }
          }
        }
      }),
    )
    expect(folds).toBeGreaterThan(100)
  })

  test('stops training at the first open label, so that quick losers do not come before slow winners', () => {
    fc.assert(
      fc.property(table, options, ({ times, labelEnds }, wanted) => {
        for (const { train, test: tested } of new WalkForward(wanted).split(times, labelEnds)) {
          const [before, after] = [train[0]!, tested[0]!]
          const wall = after.start - wanted.embargo
          if (before.end < wall) expect(labelEnds[before.end]!).toBeGreaterThan(times[after.start]!)
          if (wanted.mode === 'expanding') expect(before.start).toBe(0)
          else expect(before.start).toBe(Math.max(0, wall - wanted.train))
        }
      }),
    )
  })

  test('the tests are neighbours that cover every row from the first training on', () => {
    const times = Array.from({ length: 1000 }, (_, i) => T0 + i * BAR)
    const splitter = new WalkForward({ train: 300, test: 90, embargo: 10, holdout: 0.25 })
    const tests = [...splitter.split(times, times)].map((fold) => fold.test[0]!)
    expect(tests[0]!.start).toBe(310)
    for (let i = 1; i < tests.length; i++) expect(tests[i]!.start).toBe(tests[i - 1]!.end)
    expect(tests.at(-1)!.end).toBe(750)
  })

  test('shapes: rolling trains keep their length, expanding ones grow from the first row', () => {
    const times = Array.from({ length: 500 }, (_, i) => T0 + i * BAR)
    const labelEnds = times.map((t) => t + 5 * BAR)
    const ranges = (mode: 'rolling' | 'expanding') =>
      [...new WalkForward({ mode, train: 100, test: 100, holdout: 0 }).split(times, labelEnds)].map(
        ({ train }) => train[0]!,
      )
    // four rows before each test are still open when it begins
    expect(ranges('rolling')).toEqual([
      { start: 0, end: 96 },
      { start: 100, end: 196 },
      { start: 200, end: 296 },
      { start: 300, end: 396 },
    ])
    expect(ranges('expanding').map(({ start, end }) => [start, end])).toEqual([
      [0, 96],
      [0, 196],
      [0, 296],
      [0, 396],
    ])
  })
})

describe('the holdout of WalkForward', () => {
  const times = Array.from({ length: 500 }, (_, i) => T0 + i * BAR)
  const labelEnds = times.map((t) => t + 5 * BAR)
  const create = () => new WalkForward({ mode: 'rolling', train: 200, test: 50, holdout: 0.2 })

  test('is the newest rows, trained on what was settled before', () => {
    expect(create().openHoldout(times, labelEnds)).toEqual({
      train: [{ start: 200, end: 396 }],
      test: [{ start: 400, end: 500 }],
    })
  })

  test('opens once, and a restart does not close it again', () => {
    const splitter = create()
    expect(splitter.holdoutOpened).toBe(false)
    splitter.openHoldout(times, labelEnds)
    const restored = restore(JSON.parse(JSON.stringify(splitter)), [WalkForward])
    for (const again of [splitter, restored]) {
      expect(again.holdoutOpened).toBe(true)
      expect(() => again.openHoldout(times, labelEnds)).toThrow(
        expect.objectContaining({ code: 'HOLDOUT_OPENED' }) as Error,
      )
    }
    expect(JSON.stringify(restored)).toBe(JSON.stringify(splitter))
  })

  test('stays closed where there is nothing to open', () => {
    const none = new WalkForward({ train: 10, test: 5, holdout: 0 })
    expect(() => none.openHoldout(times, labelEnds)).toThrow('must have rows and settled rows before it, got 0 and 0')
    expect(none.holdoutOpened).toBe(false)
  })

  test('must be a share below 1', () => {
    expect(() => new WalkForward({ train: 10, test: 5, holdout: 1 })).toThrow(
      '"holdout" must be at least 0 and below 1, got 1.',
    )
    expect(() => new WalkForward({ train: 0, test: 5 })).toThrow('"train" must be a whole number of at least 1, got 0.')
  })
})
