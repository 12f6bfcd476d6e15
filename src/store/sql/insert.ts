import type { Dialect, SqlValue, Statement } from './database.ts'

/**
 * One statement that inserts rows, all values as parameters. `after` follows the values: what to do on conflict, what to
 * return.
 */
export function insertRows(
  d: Dialect,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
  after: string,
): Statement {
  let n = 0
  const places = rows.map((row) => `(${row.map(() => d.parameter(++n)).join(', ')})`)
  return {
    sql: `INSERT INTO ${d.table(table)} (${columns.join(', ')}) VALUES ${places.join(', ')} ${after}`,
    values: rows.flat(),
  }
}

/** A statement from text with a `?` for each value. */
export function statement(d: Dialect, sql: string, values: readonly SqlValue[]): Statement {
  let n = 0
  return { sql: sql.replace(/\?/g, () => d.parameter(++n)), values }
}
