import type { Fold, Range, Splitter } from '../contracts.ts'
import { SeededRng } from '../core/rng.ts'
import { holds, type Law } from './law.ts'

/** Rows that a splitter is tried on. */
type Rows = { readonly times: Float64Array; readonly labelEnds: Float64Array }

const MINUTE = 60_000

/**
 * The laws of {@link Splitter}, on rows whose labels settle up to 30 rows later: at even times, and in bunches with gaps.
 *
 * @param trains what it may train on: `"before"` a test alone, or `"around"` it, as cross-validation does
 * @param delay milliseconds from the end of a label until it may be learned from, as the splitter was told
 */
export function splitterLaws(
  create: () => Splitter,
  rows = 1000,
  trains: 'before' | 'around' = 'before',
  delay = 0,
): Law[] {
  const tables: readonly Rows[] = [evenly(rows), inBunches(rows)]
  const folds = ({ times, labelEnds }: Rows): Fold[] => [...create().split(times, labelEnds)]
  /** Tries something on the folds of each table. */
  const tried =
    (check: (fold: Fold, table: Rows) => void): (() => void) =>
    () => {
      for (const table of tables) for (const fold of folds(table)) check(fold, table)
    }
  const known = ({ labelEnds }: Rows, row: number): number => labelEnds[row]! + delay

  const laws: Law[] = [
    {
      name: 'gives at least one fold, with rows to train on and rows to test on',
      run: () => {
        for (const table of tables) holds(folds(table).length > 0, 'no folds')
        tried(({ train, test }) => holds(train.length > 0 && test.length > 0, 'a fold without rows'))()
      },
    },
    {
      name: 'stays within the rows, in order, and never trains on what it tests on',
      run: tried(({ train, test }) => {
        for (const ranges of [train, test]) {
          let last = 0
          for (const { start, end } of ranges) {
            holds(start >= last && end > start && end <= rows, `rows ${start} to ${end} of ${rows}, after ${last}`)
            last = end
          }
        }
        const tested = new Set(rowsOf(test))
        for (const row of rowsOf(train)) holds(!tested.has(row), `row ${row} is trained and tested on`)
      }),
    },
    {
      name: 'trains on no label that overlaps a test',
      run: tried(({ train, test }, table) => {
        const { times } = table
        for (const { start, end } of test) {
          const begin = times[start]!
          let last = begin
          for (let row = start; row < end; row++) last = Math.max(last, known(table, row))
          for (const row of rowsOf(train)) {
            const apart = known(table, row) <= begin || (row >= end && times[row]! >= last)
            holds(apart, `row ${row} is open while rows ${start} to ${end} are`)
          }
        }
      }),
    },
    {
      name: 'splits the same rows the same way',
      run: () => {
        for (const table of tables) {
          holds(JSON.stringify(folds(table)) === JSON.stringify(folds(table)), 'two equal splits differ')
        }
      },
    },
  ]
  return [...laws, trains === 'before' ? onlyBefore() : allAlike()]

  function onlyBefore(): Law {
    return {
      name: 'trains on nothing that comes after the test begins',
      run: tried(({ train, test }, table) => {
        const first = test[0]!.start
        for (const row of rowsOf(train)) {
          holds(row < first && known(table, row) <= table.times[first]!, `row ${row} settles after the test begins`)
        }
      }),
    }
  }

  function allAlike(): Law {
    return {
      name: 'tests every row, and each as often as any other',
      run: () => {
        for (const table of tables) {
          const tests = new Uint32Array(rows)
          for (const { test } of folds(table)) for (const row of rowsOf(test)) tests[row]!++
          for (let row = 0; row < rows; row++) {
            holds(tests[row]! > 0 && tests[row] === tests[0], `row ${row} is tested ${tests[row]} times`)
          }
        }
      },
    }
  }
}

function evenly(rows: number): Rows {
  const rng = new SeededRng('splitter laws')
  const times = Float64Array.from({ length: rows }, (_, i) => 1.6e12 + i * MINUTE)
  return { times, labelEnds: times.map((time) => time + Math.floor(1 + rng.next() * 30) * MINUTE) }
}

/** Rows of which many share a moment, some labels are settled at once, and every hundredth row comes an hour late. */
function inBunches(rows: number): Rows {
  const rng = new SeededRng('splitter laws in bunches')
  let at = 1.6e12
  const times = Float64Array.from({ length: rows }, (_, i) => {
    at += i % 100 === 99 ? 60 * MINUTE : Math.floor(rng.next() * 3) * MINUTE
    return at
  })
  return { times, labelEnds: times.map((time) => time + Math.floor(rng.next() * 30) * MINUTE) }
}

const rowsOf = (ranges: readonly Range[]): number[] =>
  ranges.flatMap(({ start, end }) => Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i))
