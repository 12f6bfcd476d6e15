import type { Range, Splitter } from '../contracts.ts'
import { SeededRng } from '../core/rng.ts'
import { holds, type Law } from './law.ts'

const rowsOf = (ranges: readonly Range[]): number[] =>
  ranges.flatMap(({ start, end }) => Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i))

/**
 * The laws of {@link Splitter}, on rows whose labels settle up to 30 rows later.
 *
 * @param trains what it may train on: `"before"` a test alone, or `"around"` it, as cross-validation does
 */
export function splitterLaws(create: () => Splitter, rows = 1000, trains: 'before' | 'around' = 'before'): Law[] {
  const rng = new SeededRng('splitter laws')
  const times = Float64Array.from({ length: rows }, (_, i) => 1.6e12 + i * 60_000)
  const labelEnds = times.map((time) => time + Math.floor(1 + rng.next() * 30) * 60_000)
  const folds = () => [...create().split(times, labelEnds)]
  return [
    {
      name: 'gives at least one fold, with rows to train on and rows to test on',
      run: () => {
        const all = folds()
        holds(all.length > 0, 'no folds')
        for (const { train, test } of all) {
          holds(rowsOf(train).length > 0 && rowsOf(test).length > 0, 'a fold without rows')
        }
      },
    },
    {
      name: 'stays within the rows and never trains on what it tests on',
      run: () => {
        for (const { train, test } of folds()) {
          const tested = new Set(rowsOf(test))
          for (const row of [...rowsOf(train), ...tested]) holds(row >= 0 && row < rows, `row ${row} of ${rows}`)
          for (const row of rowsOf(train)) holds(!tested.has(row), `row ${row} is trained and tested on`)
        }
      },
    },
    {
      name: 'trains on no label that overlaps a test',
      run: () => {
        for (const { train, test } of folds()) {
          for (const { start, end } of test) {
            const begin = times[start]!
            const known = Math.max(...labelEnds.subarray(start, end))
            for (const row of rowsOf(train)) {
              holds(
                labelEnds[row]! <= begin || times[row]! >= known,
                `row ${row} is open while rows ${start} to ${end} are`,
              )
            }
          }
        }
      },
    },
    ...(trains === 'around'
      ? []
      : [
          {
            name: 'trains on nothing that comes after the test begins',
            run: () => {
              for (const { train, test } of folds()) {
                const begin = Math.min(...rowsOf(test).map((row) => times[row]!))
                for (const row of rowsOf(train))
                  holds(labelEnds[row]! <= begin, `row ${row} settles after the test begins`)
              }
            },
          },
        ]),
    {
      name: 'splits the same rows the same way',
      run: () => holds(JSON.stringify(folds()) === JSON.stringify(folds()), 'two equal splits differ'),
    },
  ]
}
