import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Range } from '../../../src/contracts.ts'
import { restore } from '../../../src/core/index.ts'
import { backtestPaths, CombinatorialPurged, HoldOut, PurgedKFold, WalkForward } from '../../../src/evaluation/index.ts'
import { splitterLaws } from '../../../src/testing/index.ts'

const T0 = 1.6e12

const DELAY = 7 * 60_000
for (const [title, create, delay] of [
  ['PurgedKFold', () => new PurgedKFold({ folds: 6, embargo: 10 }), 0],
  ['PurgedKFold with a delay', () => new PurgedKFold({ folds: 7, delay: DELAY }), DELAY],
  ['CombinatorialPurged', () => new CombinatorialPurged({ groups: 6, tested: 2, embargo: 10 }), 0],
  ['CombinatorialPurged with a delay', () => new CombinatorialPurged({ groups: 7, tested: 3, delay: DELAY }), DELAY],
] as const) {
  describe(title, () => {
    for (const { name, run } of splitterLaws(create, 1000, 'around', delay)) test(name, run)
  })
}
for (const delay of [0, DELAY]) {
  describe(`HoldOut around a WalkForward with a delay of ${delay}`, () => {
    const create = () => new HoldOut({ splitter: new WalkForward({ train: 200, test: 50, delay }) })
    for (const { name, run } of splitterLaws(create, 1000, 'before', delay)) test(name, run)
  })
}

/** Rows at uneven times, many equal, with labels of uneven length. */
const table = fc
  .array(fc.record({ gap: fc.integer({ min: 0, max: 3 }), open: fc.integer({ min: 0, max: 12 }) }), {
    minLength: 12,
    maxLength: 150,
  })
  .map((rows) => {
    let at = 0
    const times = rows.map(({ gap }) => T0 + (at += gap))
    return { times, labelEnds: rows.map(({ open }, i) => times[i]! + open) }
  })
const around = { embargo: fc.integer({ min: 0, max: 5 }), delay: fc.integer({ min: 0, max: 4 }) }
const rowsOf = (ranges: readonly Range[]): number[] =>
  ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))

type Fold = { readonly train: readonly Range[]; readonly test: readonly Range[] }

/** What the purge says, row by row and pair by pair. */
function expectPurged(
  { train, test: tests }: Fold,
  { times, labelEnds }: { readonly times: number[]; readonly labelEnds: number[] },
  { embargo, delay }: { readonly embargo: number; readonly delay: number },
): void {
  const trained = new Set(rowsOf(train))
  const wanted = times.map(() => true)
  for (const { start, end } of tests) {
    const begin = times[start]!
    const known = Math.max(...labelEnds.slice(start, end)) + delay
    for (let row = start; row < end; row++) wanted[row] = false
    // from the first label that is still open on
    let open = false
    for (let row = 0; row < start; row++) {
      open ||= labelEnds[row]! + delay > begin
      if (open) wanted[row] = false
    }
    let after = end
    while (after < times.length && times[after]! < known) wanted[after++] = false
    for (let row = after; row < Math.min(times.length, after + embargo); row++) wanted[row] = false
  }
  expect(times.map((_, row) => trained.has(row))).toEqual(wanted)
  // the law itself: no label that is trained on is open while one of a test is
  for (const { start, end } of tests) {
    for (let row = start; row < end; row++) {
      for (const other of trained) {
        const apart = labelEnds[other]! + delay <= times[start]! || times[other]! >= labelEnds[row]! + delay
        expect(apart, `row ${other} beside row ${row}`).toBe(true)
      }
    }
  }
}

describe('purging', () => {
  test('PurgedKFold tests each row once and trains on no label that overlaps', () => {
    let refused = 0
    fc.assert(
      fc.property(table, fc.record({ folds: fc.integer({ min: 2, max: 6 }), ...around }), (rows, options) => {
        const folds: Fold[] = []
        try {
          for (const fold of new PurgedKFold(options).split(rows.times, rows.labelEnds)) folds.push(fold)
        } catch (error) {
          expect((error as Error).message).toContain('must leave rows to train on')
          refused++
          return
        }
        for (const fold of folds) expectPurged(fold, rows, options)
        expect(folds.flatMap((fold) => rowsOf(fold.test))).toEqual(rows.times.map((_, row) => row))
      }),
      { numRuns: 60 },
    )
    expect(refused).toBeLessThan(20)
  })

  test('CombinatorialPurged tests each row C(N - 1, k - 1) times, and each path has each row once', () => {
    fc.assert(
      fc.property(
        table,
        fc.record({ groups: fc.integer({ min: 3, max: 6 }), tested: fc.integer({ min: 1, max: 2 }), ...around }),
        (rows, options) => {
          const splitter = new CombinatorialPurged(options)
          let folds: Fold[]
          try {
            folds = [...splitter.split(rows.times, rows.labelEnds)]
          } catch (error) {
            expect((error as Error).message).toContain('must leave rows to train on')
            return
          }
          expect(folds.length).toBe(splitter.splits)
          for (const fold of folds) expectPurged(fold, rows, options)
          const predictions = folds.flatMap(({ test: tests }, fold) => rowsOf(tests).map((row) => ({ row, fold })))
          const paths = backtestPaths(predictions)
          expect(paths.length).toBe(splitter.paths)
          for (const path of paths) expect(path.map(({ row }) => row)).toEqual(rows.times.map((_, row) => row))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('six groups of which two are tested make fifteen splits and five paths', () => {
    const splitter = new CombinatorialPurged()
    expect([splitter.splits, splitter.paths]).toEqual([15, 5])
    expect([
      new CombinatorialPurged({ groups: 10, tested: 3 }).splits,
      new CombinatorialPurged({ groups: 10, tested: 3 }).paths,
    ]).toEqual([120, 36])
  })

  test('rows that were not all predicted equally often are named', () => {
    const predictions = [0, 1, 2, 0, 2].map((row, fold) => ({ row, fold }))
    expect(() => backtestPaths(predictions)).toThrow('predicted 2 times, got fewer for row 1.')
    const twice = [0, 0, 1, 1].map((row, i) => ({ row, fold: i < 2 ? 4 : i }))
    expect(() => backtestPaths(twice)).toThrow('got row 0 twice in fold 4.')
    expect(backtestPaths([])).toEqual([])
  })

  test('what cannot be is refused', () => {
    expect(() => new PurgedKFold({ folds: 1 })).toThrow('"folds"')
    expect(() => [...new PurgedKFold({ folds: 5 }).split([T0], [T0])]).toThrow(
      '5 folds must have a row each at least, got 1 rows.',
    )
    expect(() => new CombinatorialPurged({ groups: 3, tested: 3 })).toThrow(
      '"tested" must be below the 3 "groups", got 3.',
    )
    expect(() => new CombinatorialPurged({ groups: 40, tested: 20 })).toThrow('at most 2000 splits')
    expect(() => new CombinatorialPurged({ groups: 1e9, tested: 2 })).toThrow('at most 2000 splits')
    const long = [T0, T0 + 1, T0 + 2].map((t) => t + 100)
    expect(() => [...new CombinatorialPurged({ groups: 3, tested: 2 }).split([T0, T0 + 1, T0 + 2], long)]).toThrow(
      'labels are too long',
    )
  })
})

describe('a hold-out', () => {
  const times = Array.from({ length: 500 }, (_, i) => T0 + i)
  const labelEnds = times.map((t) => t + 5)
  const create = (train = 0) =>
    new HoldOut({ share: 0.2, train, splitter: new WalkForward({ mode: 'rolling', train: 200, test: 50 }) })

  test('is seen by no fold, nor are rows whose labels reach into it', () => {
    fc.assert(
      fc.property(table, fc.constantFrom(0.1, 0.25, 0.6), fc.integer({ min: 0, max: 4 }), (rows, share, delay) => {
        const holdOut = new HoldOut({ share, delay, splitter: new WalkForward({ train: 3, test: 2 }) })
        const held = rows.times.length - Math.ceil(rows.times.length * share)
        for (const { train, test: tested } of holdOut.split(rows.times, rows.labelEnds)) {
          for (const row of [...rowsOf(train), ...rowsOf(tested)]) {
            expect(row).toBeLessThan(held)
            expect(rows.labelEnds[row]! + delay).toBeLessThanOrEqual(rows.times[held]!)
          }
        }
      }),
    )
  })

  test('is the newest rows, trained on what was settled before', () => {
    expect(create().open(times, labelEnds)).toEqual({
      train: [{ start: 0, end: 396 }],
      test: [{ start: 400, end: 500 }],
    })
    expect(create(200).open(times, labelEnds).train).toEqual([{ start: 200, end: 396 }])
    const apart = new HoldOut({ train: 100, embargo: 30, splitter: new WalkForward({ train: 200, test: 50 }) })
    expect(apart.open(times, labelEnds).train).toEqual([{ start: 270, end: 370 }])
  })

  test('reckons with the delay of its splitter unless it is told another', () => {
    const splitter = new WalkForward({ train: 200, test: 50, delay: 10 })
    expect(new HoldOut({ splitter }).options.delay).toBe(10)
    expect(new HoldOut({ splitter }).open(times, labelEnds).train).toEqual([{ start: 0, end: 386 }])
    expect(new HoldOut({ splitter, delay: 0 }).options.delay).toBe(0)
  })

  test('opens once, and a restart does not close it again', () => {
    const holdOut = create()
    expect(holdOut.opened).toBe(false)
    holdOut.open(times, labelEnds, T0 + 900)
    const restored = restore(JSON.parse(JSON.stringify(holdOut)), [HoldOut, WalkForward]) as HoldOut
    for (const again of [holdOut, restored]) {
      expect([again.opened, again.openedAt]).toEqual([true, T0 + 900])
      expect(() => again.open(times, labelEnds)).toThrow(expect.objectContaining({ code: 'HOLDOUT_OPENED' }) as Error)
      expect(() => again.open(times, labelEnds)).toThrow('on 2020-09-13T12:26:40.900Z the rows from')
      expect([...again.split(times, labelEnds)].length).toBe(4)
    }
    expect(JSON.stringify(restored)).toBe(JSON.stringify(holdOut))
  })

  test('stays closed where there is nothing to open', () => {
    const holdOut = new HoldOut({ splitter: new WalkForward({ train: 10, test: 5 }) })
    expect(() => holdOut.open([], [])).toThrow('must have rows and settled rows before it, got 0 and 0')
    expect(() => holdOut.open([T0], [T0])).toThrow('got 1 and 0')
    expect(holdOut.opened).toBe(false)
  })

  test('what cannot be is refused', () => {
    const splitter = new WalkForward({ train: 10, test: 5 })
    for (const share of [0, 1, -1, Number.NaN]) expect(() => new HoldOut({ share, splitter })).toThrow('"share"')
    expect(() => new HoldOut({ splitter: {} as WalkForward })).toThrow('"splitter" must be a splitter')
    expect(() => new HoldOut({ splitter }).open(times, labelEnds, 1e300)).toThrow('"now" must be a time')
    const kept = { opened: false, from: 0, to: 0, openedAt: 0, splitter: JSON.parse(JSON.stringify(splitter)) }
    for (const state of [
      { ...kept, opened: 1 },
      { ...kept, opened: true, from: 2, to: 1 },
      { ...kept, opened: true, to: { $: 'Infinity' } },
      { ...kept, from: 1 },
      { ...kept, openedAt: 1e300 },
      { opened: false, from: 0, to: 0, openedAt: 0 },
    ]) {
      const options = { share: 0.2, train: 0, embargo: 0, delay: 0 }
      expect(() => HoldOut.fromJSON({ type: 'hold-out', version: 1, options, state })).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }) as Error,
      )
    }
  })
})
