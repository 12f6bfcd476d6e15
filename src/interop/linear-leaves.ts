import type { ErrorCode } from '../core/errors.ts'
import { TradeLearnError } from '../core/errors.ts'

/** Leaves that are lines: LightGBM's `linear_tree`. All empty where there are none. */
export type LinearLeaves = {
  /** Where each node's terms begin, one entry more than there are nodes. */
  readonly start: Int32Array
  readonly constant: Float64Array
  /** The column and the factor of each term. */
  readonly column: Int32Array
  readonly factor: Float64Array
}

/** No linear leaves. */
export function noLinearLeaves(): LinearLeaves {
  return {
    start: new Int32Array(0),
    constant: new Float64Array(0),
    column: new Int32Array(0),
    factor: new Float64Array(0),
  }
}

/** What the leaf `node` adds for these columns: its line, or `value` where one that it needs is missing. */
export function lineAt(linear: LinearLeaves, node: number, columns: Float64Array, value: number): number {
  const { start, constant, column, factor } = linear
  let sum = constant[node]!
  for (let i = start[node]!; i < start[node + 1]!; i++) {
    const x = columns[column[i]!]!
    if (x !== x) return value
    sum += factor[i]! * x
  }
  return sum
}

/** Throws `code` unless the lines fit a forest of so many nodes and columns. */
export function checkLinearLeaves(linear: LinearLeaves, nodes: number, columns: number, code: ErrorCode): void {
  const { start, constant, column, factor } = linear
  const wanted = (holds: boolean, what: string, got: number): void => {
    if (!holds) throw new TradeLearnError(code, `Linear leaves must have ${what}, got ${got}.`)
  }
  if (start.length === 0) {
    wanted(constant.length + column.length + factor.length === 0, 'no terms where none begin', column.length)
    return
  }
  wanted(start.length === nodes + 1 && start[0] === 0, `${nodes + 1} beginnings`, start.length)
  wanted(constant.length === nodes, `${nodes} constants`, constant.length)
  wanted(factor.length === column.length && start[nodes] === column.length, 'a factor a term', factor.length)
  for (let i = 0; i < nodes; i++) wanted(start[i + 1]! >= start[i]!, 'ascending beginnings', start[i + 1]!)
  for (const number of constant) wanted(Math.abs(number) <= 1e100, 'constants within 1e100', number)
  for (const number of factor) wanted(Math.abs(number) <= 1e100, 'factors within 1e100', number)
  for (const c of column) wanted(c >= 0 && c < columns, `columns below ${columns}`, c)
}
