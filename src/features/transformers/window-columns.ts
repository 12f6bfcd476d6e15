import type { JsonObject } from '../../contracts.ts'
import { checkVector, integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { createSortedWindow, pushSorted, type SortedWindow } from '../../core/sorted-window.ts'
import { unpackState } from '../../core/state.ts'

/** A window of recent values a feature. */
export type WindowColumns = readonly SortedWindow[]

/** As saved: what is sorted follows from the values. */
export type SavedColumns = {
  readonly columns: readonly { readonly values: Float64Array; readonly head: number; readonly size: number }[]
}

export const createColumns = (features: number, window: number): WindowColumns =>
  Array.from({ length: features }, () => createSortedWindow(window))

/** Takes in a row; missing values are left out. */
export function learnColumns(columns: WindowColumns, x: Float64Array): void {
  checkVector(x, columns.length)
  for (let i = 0; i < columns.length; i++) if (x[i] === x[i]) pushSorted(columns[i]!, x[i]!)
}

/** Throws unless `x` and `out` have a number for each feature. */
export function checkInOut(x: Float64Array, out: Float64Array, features: number, outputs: number = features): void {
  checkVector(x, features)
  checkOut(out, outputs)
}

/** Throws unless `out` is a vector with room for `outputs` numbers. */
export function checkOut(out: Float64Array, outputs: number): void {
  if (out instanceof Float64Array && out.length === outputs) return
  throw new TradeLearnError('INVALID_INPUT', `"out" must be a Float64Array of ${outputs}, got ${show(out)}.`)
}

export const saveColumns = (columns: WindowColumns): SavedColumns => ({
  columns: columns.map(({ values, head, size }) => ({ values, head, size })),
})

/** What a saved state must look like. Of any length, so that no file's option makes room for more than the file holds. */
const TEMPLATE: SavedColumns = { columns: [{ values: new Float64Array(0), head: 0, size: 0 }] }

/** Windows from a saved state, which may be damaged or hostile. */
export function loadColumns(state: JsonObject, features: number, window: number): WindowColumns {
  const code = 'CORRUPT_SNAPSHOT'
  const { columns } = unpackState(state, TEMPLATE)
  if (columns.length !== features) {
    throw new TradeLearnError(code, `"state.columns" must have ${features} items, got ${columns.length}.`)
  }
  return columns.map(({ values, head, size }) => {
    integer('head', head, 0, code)
    integer('size', size, 0, code)
    const full = size === window
    const sound = values.length === window && size <= window && head < window && (full || head === size)
    if (!sound || !values.every(Number.isFinite)) {
      throw new TradeLearnError(
        code,
        `A window of ${window} must hold finite numbers up to its head, got ${size} of ${values.length} up to ${head}.`,
      )
    }
    const sorted = new Float64Array(window)
    sorted.set(values.slice(0, size).sort())
    return { values, sorted, head, size }
  })
}
