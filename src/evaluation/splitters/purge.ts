import type { Range } from '../../contracts.ts'
import { time } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { firstFrom } from '../overlap.ts'

/** Times of rows and of the ends of their labels, as a splitter gets them. */
export type Rows = { readonly times: ArrayLike<number>; readonly labelEnds: ArrayLike<number> }

/** Throws unless every label ends after it began and rows are in order of time; names the first row that is not. */
export function checkRows({ times, labelEnds }: Rows): void {
  if (labelEnds.length !== times.length) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"labelEnds" must have ${times.length} values like "times", got ${labelEnds.length}.`,
    )
  }
  for (let row = 0; row < times.length; row++) {
    time(`times[${row}]`, times[row]!)
    time(`labelEnds[${row}]`, labelEnds[row]!)
    if (row > 0 && times[row]! < times[row - 1]!) {
      throw new TradeLearnError(
        'OUT_OF_ORDER',
        `"times" must ascend, got ${times[row]} after ${times[row - 1]} at row ${row}.`,
      )
    }
    if (labelEnds[row]! < times[row]!) {
      throw new TradeLearnError(
        'INVALID_TIME',
        `"labelEnds[${row}]" must not lie before its row at ${times[row]}, got ${labelEnds[row]}.`,
      )
    }
  }
}

/**
 * The end of the longest run of rows from `start` whose labels are all known by `time`, a label being known `delay` after
 * its end.
 *
 * A label that is still open would tell the future, so training stops at the first one. Later rows that settled early go
 * too: losers close faster than winners, so keeping them would show the model a worse market than there was.
 */
export function settledUntil({ labelEnds }: Rows, { start, end }: Range, time: number, delay: number): number {
  for (let row = start; row < end; row++) if (labelEnds[row]! + delay > time) return row
  return end
}

/**
 * What may be trained on beside tests: rows whose labels are known before a test begins, and rows that begin once the last
 * label of a test is known, `embargo` rows later.
 *
 * O(rows x tests).
 */
export function trainAround(
  rows: Rows,
  tests: readonly Range[],
  { embargo, delay }: { readonly embargo: number; readonly delay: number },
): Range[] {
  const { times, labelEnds } = rows
  const n = times.length
  const open = new Uint8Array(n)
  for (const { start, end } of tests) {
    const begin = settledUntil(rows, { start: 0, end: start }, times[start]!, delay)
    let known = times[start]!
    for (let row = start; row < end; row++) known = Math.max(known, labelEnds[row]! + delay)
    open.fill(1, begin, Math.min(n, Math.max(end, firstFrom(times, known, end)) + embargo))
  }
  return runsOf(open)
}

/** The runs of rows that are not marked. */
function runsOf(marked: Uint8Array): Range[] {
  const runs: Range[] = []
  let start = 0
  for (let row = 0; row <= marked.length; row++) {
    if (row < marked.length && marked[row] === 0) continue
    if (row > start) runs.push({ start, end: row })
    start = row + 1
  }
  return runs
}
