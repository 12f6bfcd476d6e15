import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restore } from '../../../src/core/index.ts'
import { HoldOut, type SpanUnit, WalkForward, type WalkForwardOptions } from '../../../src/evaluation/index.ts'
import { splitterLaws } from '../../../src/testing/index.ts'

const T0 = 1.6e12
const BAR = 3_600_000

const MINUTE = 60_000
for (const mode of ['rolling', 'expanding'] as const) {
  for (const [unit, train, testUnits, embargo, delay] of [
    ['rows', 200, 50, 3, 0],
    ['rows', 200, 1, 0, 7 * MINUTE],
    ['milliseconds', 300 * MINUTE, 45 * MINUTE, 5 * MINUTE, 7 * MINUTE],
    ['milliseconds', 300 * MINUTE, 1, 0, 0],
  ] as const) {
    describe(`WalkForward, ${mode}, ${train} ${unit} and ${testUnits}, delay ${delay}`, () => {
      const create = () => new WalkForward({ mode, unit, train, test: testUnits, embargo, delay })
      for (const { name, run } of splitterLaws(create, 1000, 'before', delay)) test(name, run)
    })
  }
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
  unit: fc.constant('rows' as const),
  train: fc.integer({ min: 20, max: 100 }),
  test: fc.integer({ min: 1, max: 40 }),
  embargo: fc.integer({ min: 0, max: 10 }),
  delay: fc.constantFrom(0, BAR, 4 * BAR),
})
const spans: fc.Arbitrary<WalkForwardOptions> = fc.record({
  mode: fc.constantFrom('rolling', 'expanding'),
  unit: fc.constantFrom('days', 'weeks', 'months'),
  train: fc.integer({ min: 1, max: 4 }),
  test: fc.integer({ min: 1, max: 3 }),
  embargo: fc.integer({ min: 0, max: 1 }),
  delay: fc.constantFrom(0, BAR),
})

describe('every fold of WalkForward', () => {
  test('trains on labels known by then, before the embargo', () => {
    let folds = 0
    fc.assert(
      fc.property(table, options, ({ times, labelEnds }, wanted) => {
        const n = times.length
        for (const { train, test: tested } of new WalkForward(wanted).split(times, labelEnds)) {
          folds++
          expect([train.length, tested.length]).toEqual([1, 1])
          const [before, after] = [train[0]!, tested[0]!]
          expect(before.end).toBeGreaterThan(before.start)
          expect(after.end).toBeGreaterThan(after.start)
          expect(before.end).toBeLessThanOrEqual(after.start - wanted.embargo)
          expect(after.end).toBeLessThanOrEqual(n)
          for (let row = before.start; row < before.end; row++) {
            expect(labelEnds[row]! + wanted.delay).toBeLessThanOrEqual(times[after.start]!)
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
          if (before.end < wall) expect(labelEnds[before.end]! + wanted.delay).toBeGreaterThan(times[after.start]!)
          if (wanted.mode === 'expanding') expect(before.start).toBe(0)
          else expect(before.start).toBe(Math.max(0, wall - wanted.train))
        }
      }),
    )
  })

  test('the tests are neighbours that cover every row from the first training on', () => {
    const times = Array.from({ length: 1000 }, (_, i) => T0 + i * BAR)
    const splitter = new WalkForward({ train: 300, test: 90, embargo: 10 })
    const tests = [...splitter.split(times, times)].map((fold) => fold.test[0]!)
    expect(tests[0]!.start).toBe(310)
    for (let i = 1; i < tests.length; i++) expect(tests[i]!.start).toBe(tests[i - 1]!.end)
    expect(tests.at(-1)!.end).toBe(1000)
  })

  test('shapes: rolling trains keep their length, expanding ones grow from the first row', () => {
    const times = Array.from({ length: 500 }, (_, i) => T0 + i * BAR)
    const labelEnds = times.map((t) => t + 5 * BAR)
    const ranges = (mode: 'rolling' | 'expanding') =>
      [...new WalkForward({ mode, train: 100, test: 100 }).split(times, labelEnds)].map(({ train }) => train[0]!)
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

describe('WalkForward by time', () => {
  test('trains and tests on whole units of the calendar, each test the next, with labels known by then', () => {
    let folds = 0
    fc.assert(
      fc.property(table, spans, ({ times: hours, labelEnds: ends }, wanted) => {
        // two days a row instead of an hour
        const stretch = (time: number): number => T0 + 48 * (time - T0)
        const [times, labelEnds] = [hours.map(stretch), ends.map(stretch)]
        const unit = (row: number): string => keyOf(times[row]!, wanted.unit)
        let last = -1
        for (const { train, test: tested } of new WalkForward(wanted).split(times, labelEnds)) {
          folds++
          const [before, after] = [train[0]!, tested[0]!]
          expect(after.start).toBeGreaterThanOrEqual(last)
          last = after.end
          // a unit is tested whole or not at all
          if (after.start > 0) expect(unit(after.start - 1)).not.toBe(unit(after.start))
          if (after.end < times.length) expect(unit(after.end)).not.toBe(unit(after.end - 1))
          expect(
            new Set(Array.from({ length: after.end - after.start }, (_, i) => unit(after.start + i))).size,
          ).toBeLessThanOrEqual(wanted.test)
          expect(
            new Set(Array.from({ length: before.end - before.start }, (_, i) => unit(before.start + i))).size,
          ).toBeLessThanOrEqual(wanted.mode === 'rolling' ? wanted.train : Number.POSITIVE_INFINITY)
          if (wanted.mode === 'expanding') expect(before.start).toBe(0)
          for (let row = before.start; row < before.end; row++) {
            expect(labelEnds[row]! + wanted.delay).toBeLessThanOrEqual(times[after.start]!)
          }
        }
      }),
    )
    expect(folds).toBeGreaterThan(300)
  })

  test('a year of days in months: twelve to train on, then one after another', () => {
    const first = Date.UTC(2020, 0, 1)
    const times = Array.from({ length: 731 }, (_, i) => first + i * 24 * BAR)
    const of = (unit: SpanUnit, train: number, testUnits: number) =>
      [...new WalkForward({ unit, train, test: testUnits, mode: 'rolling' }).split(times, times)].map((fold) =>
        [fold.train[0]!.start, fold.train[0]!.end, fold.test[0]!.start, fold.test[0]!.end].map((row) =>
          new Date(first + row * 24 * BAR).toISOString().slice(0, 10),
        ),
      )
    expect(of('months', 12, 1).slice(0, 2)).toEqual([
      ['2020-01-01', '2021-01-01', '2021-01-01', '2021-02-01'],
      ['2020-02-01', '2021-02-01', '2021-02-01', '2021-03-01'],
    ])
    expect(of('quarters', 2, 2)).toEqual([
      ['2020-01-01', '2020-07-01', '2020-07-01', '2021-01-01'],
      ['2020-07-01', '2021-01-01', '2021-01-01', '2021-07-01'],
      ['2021-01-01', '2021-07-01', '2021-07-01', '2022-01-01'],
    ])
    expect(of('years', 1, 1)).toEqual([['2020-01-01', '2021-01-01', '2021-01-01', '2022-01-01']])
    // weeks begin on Monday, and the first of 2020 was a Wednesday
    expect(of('weeks', 1, 1)[0]).toEqual(['2020-01-01', '2020-01-06', '2020-01-06', '2020-01-13'])
    expect(of('milliseconds', 100 * 24 * BAR, 300 * 24 * BAR)[0]!.slice(2)).toEqual(['2020-04-10', '2021-02-04'])
  })

  test('by milliseconds it is what one would do row by row', () => {
    const lengths = fc.record({
      mode: fc.constantFrom('rolling', 'expanding'),
      train: fc.integer({ min: 1, max: 60 * BAR }),
      test: fc.integer({ min: 1, max: 30 * BAR }),
      embargo: fc.integer({ min: 0, max: 10 * BAR }),
      delay: fc.integer({ min: 0, max: 5 * BAR }),
    })
    let folds = 0
    fc.assert(
      fc.property(table, lengths, ({ times, labelEnds }, wanted) => {
        const { mode, train, test: span, embargo, delay } = wanted
        const first = times[0]! + train + embargo
        const tests = new Map<number, number[]>()
        for (const [row, time] of times.entries()) {
          if (time < first) continue
          const number = Math.floor((time - first) / span)
          tests.set(number, [...(tests.get(number) ?? []), row])
        }
        const expected = [...tests].flatMap(([number, rows]) => {
          const wall = first + number * span - embargo
          const known: number[] = []
          for (const [row, time] of times.entries()) {
            if (time >= wall || (mode === 'rolling' && time < wall - train)) continue
            if (labelEnds[row]! + delay > times[rows[0]!]!) break
            known.push(row)
          }
          const range = (of: number[]) => [{ start: of[0]!, end: of.at(-1)! + 1 }]
          return known.length > 0 ? [{ train: range(known), test: range(rows) }] : []
        })
        const splitter = new WalkForward({ ...wanted, mode: mode as 'rolling', unit: 'milliseconds' })
        expect([...splitter.split(times, labelEnds)]).toEqual(expected)
        folds += expected.length
      }),
      { numRuns: 60 },
    )
    expect(folds).toBeGreaterThan(100)
  })

  test('times without rows are passed over', () => {
    const times = [0, 1, 2, 700, 701].map((day) => T0 + day * 24 * BAR)
    const folds = [...new WalkForward({ unit: 'days', train: 1, test: 1 }).split(times, times)]
    expect(folds.map(({ test: tested }) => tested[0])).toEqual([
      { start: 1, end: 2 },
      { start: 2, end: 3 },
      { start: 3, end: 4 },
      { start: 4, end: 5 },
    ])
    expect([...new WalkForward({ unit: 'years', train: 1, test: 1 }).split([], [])]).toEqual([])
  })

  test('spans beyond the calendar end with the rows, and trainings that long are never whole', () => {
    const times = Array.from({ length: 800 }, (_, i) => Date.UTC(2020, 0, 1) + i * 24 * BAR)
    for (const unit of ['weeks', 'months', 'quarters', 'years'] as const) {
      const [fold, ...more] = [
        ...new WalkForward({ unit, train: 1, test: Number.MAX_SAFE_INTEGER }).split(times, times),
      ]
      expect([fold!.test[0]!.end, more]).toEqual([800, []])
      expect([...new WalkForward({ unit, train: Number.MAX_SAFE_INTEGER, test: 1 }).split(times, times)]).toEqual([])
    }
  })
})

test('a window that moves on forgets what it has passed: one long label empties it only while it is in it', () => {
  const times = Array.from({ length: 100 }, (_, i) => T0 + i * BAR)
  const labelEnds = times.with(20, times[99]!)
  const trains = [...new WalkForward({ mode: 'rolling', train: 10, test: 5 }).split(times, labelEnds)].map(
    ({ train, test: tested }) => [train[0]!.start, train[0]!.end, tested[0]!.start],
  )
  expect(trains.slice(0, 7)).toEqual([
    [0, 10, 10],
    [5, 15, 15],
    [10, 20, 20],
    [15, 20, 25],
    // from 20 to 30 the first label is the open one, so that fold is left out
    [25, 35, 35],
    [30, 40, 40],
    [35, 45, 45],
  ])
})

function keyOf(time: number, unit: SpanUnit): string {
  const date = new Date(time)
  if (unit === 'months') return date.toISOString().slice(0, 7)
  if (unit === 'days') return date.toISOString().slice(0, 10)
  const monday = new Date(time - ((date.getUTCDay() + 6) % 7) * 24 * BAR)
  return monday.toISOString().slice(0, 10)
}

test('rows that cannot be are refused by their number', () => {
  const split = (times: number[], ends: number[]) => () => [
    ...new WalkForward({ train: 1, test: 1 }).split(times, ends),
  ]
  const t = [T0, T0 + 1, T0 + 2]
  expect(split(t, t.slice(1))).toThrow('"labelEnds" must have 3 values like "times", got 2.')
  expect(split([T0, T0 + 2, T0 + 1], [T0, T0 + 2, T0 + 2])).toThrow(
    '"times" must ascend, got 1600000000001 after 1600000000002 at row 2.',
  )
  expect(split(t, [T0, T0, T0 + 2])).toThrow('"labelEnds[1]" must not lie before its row')
  expect(split([T0, Number.NaN, T0], t)).toThrow('"times[1]"')
  expect(split([T0, T0 + 1, 1e300], t)).toThrow('"times[2]" must be a time in whole epoch milliseconds, got 1e+300.')
  expect(split(t, [T0, Infinity, T0 + 2])).toThrow('"labelEnds[1]"')
  expect(() => new WalkForward({ train: 1, test: 1, unit: 'fortnights' as 'days' })).toThrow('"unit"')
  expect(() => new WalkForward({ train: 0, test: 5 })).toThrow('"train" must be a whole number of at least 1, got 0.')
  expect(() => new WalkForward({ train: 1, test: 1, delay: -1 })).toThrow('"delay"')
})

test('a snapshot reads back; one of version 1 had a hold-out inside and is read by that', () => {
  const splitter = new WalkForward({ mode: 'rolling', unit: 'weeks', train: 8, test: 2, embargo: 1, delay: 5 })
  expect(restore(JSON.parse(JSON.stringify(splitter)), [WalkForward]).options).toEqual(splitter.options)
  const old = {
    type: 'walk-forward',
    version: 1,
    options: { mode: 'rolling', train: 200, test: 50, embargo: 3, holdout: 0.25 },
    state: { opened: true, from: 5, to: 9 },
  }
  expect(() => WalkForward.fromJSON(old)).toThrow('read it with HoldOut.fromJSON')
  const read = HoldOut.fromJSON(old)
  expect([read.opened, read.options]).toEqual([true, { share: 0.25, train: 200, embargo: 3, delay: 0 }])
  expect(() => read.open([T0], [T0])).toThrow('the rows from 5 to 9')
  const without = { ...old, options: { ...old.options, holdout: 0 }, state: { opened: false, from: 0, to: 0 } }
  expect(WalkForward.fromJSON(without).options).toEqual(
    new WalkForward({ mode: 'rolling', train: 200, test: 50, embargo: 3 }).options,
  )
})
