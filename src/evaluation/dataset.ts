import type { Vector } from '../contracts.ts'
import { checkVector, finite, time } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'

/** Closed signals in order of time, one row each: what was known, what came of it, and when that was known. */
export type Dataset = {
  /** Feature vectors, as they were when the signals were made. */
  readonly rows: readonly Vector[]
  /** 1 where the net return was positive, else 0. */
  readonly y: ArrayLike<number>
  /** Net returns, as fractions of the entry price. */
  readonly netReturns: ArrayLike<number>
  /** When the signals were made, epoch milliseconds, ascending; equal times are fine. */
  readonly times: ArrayLike<number>
  /**
   * When each label was known, by the same clock as `times`, never before its row. If candles carry their opening
   * times and signals are stamped at the close, add one bar to the exit times.
   */
  readonly labelEnds: ArrayLike<number>
  /** Names of the features, in schema order. */
  readonly names?: readonly string[]
  /** What each signal is called, no two alike. */
  readonly ids?: readonly string[]
  /** Kinds that the signals fall into, by any number of names (`symbol`, `side`, `source`, `regime`): one value a row. */
  readonly groups?: { readonly [name: string]: readonly string[] }
}

/**
 * Throws unless a dataset is whole: equal lengths, vectors of one length, labels of 0 or 1, times that ascend, no id
 * twice.
 */
export function checkDataset(dataset: Dataset): void {
  const { rows, y, netReturns, times, labelEnds, names, ids, groups = {} } = dataset
  const n = rows.length
  if (n === 0) throw new TradeLearnError('NOT_ENOUGH_DATA', 'A dataset must have at least one row, got none.')
  const columns = { y, netReturns, times, labelEnds, ...(ids && { ids }), ...groups }
  for (const [name, column] of Object.entries<ArrayLike<unknown>>(columns)) {
    if (column.length !== n) {
      throw new TradeLearnError('INVALID_INPUT', `"${name}" must have ${n} values like "rows", got ${column.length}.`)
    }
  }
  const features = names?.length ?? rows[0]!.length
  for (let i = 0; i < n; i++) {
    checkRow(rows[i]!, features, i)
    if (y[i] !== 0 && y[i] !== 1) {
      throw new TradeLearnError('INVALID_INPUT', `"y[${i}]" must be 0 or 1, got ${show(y[i])}.`)
    }
    finite(`netReturns[${i}]`, netReturns[i]!, 'INVALID_INPUT')
    time(`times[${i}]`, times[i]!)
    time(`labelEnds[${i}]`, labelEnds[i]!)
    if (i > 0 && times[i]! < times[i - 1]!) {
      throw new TradeLearnError(
        'OUT_OF_ORDER',
        `"times" must ascend, got ${times[i]} after ${times[i - 1]} at row ${i}.`,
      )
    }
    if (labelEnds[i]! < times[i]!) {
      throw new TradeLearnError(
        'INVALID_TIME',
        `"labelEnds[${i}]" must not lie before its row at ${times[i]}, got ${labelEnds[i]}.`,
      )
    }
  }
  if (ids) checkIds(ids)
}

/** `checkVector` with the number of the row. */
function checkRow(x: Vector, features: number, row: number): void {
  try {
    checkVector(x, features)
  } catch (error) {
    throw new TradeLearnError('INVALID_INPUT', `Row ${row}: ${(error as Error).message}`)
  }
}

function checkIds(ids: readonly string[]): void {
  const first = new Map<string, number>()
  for (const [row, id] of ids.entries()) {
    const before = first.get(id)
    if (before !== undefined) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"ids[${row}]" must be a name of its own, got ${show(id)} of row ${before} again.`,
      )
    }
    first.set(id, row)
  }
}
