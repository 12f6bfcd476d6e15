import { oneOf } from '../../core/check.ts'
import type { Row, SqlDatabase } from './database.ts'
import { statement } from './insert.ts'
import { FIGURES, type Figure } from './views.ts'

/** Columns that sort a figure's rows, and columns that are times. */
const ORDER: { readonly [name in Figure]: string } = {
  ml_trades: 'exit_time, decision_id',
  ml_overview: 'stream',
  ml_equity: 'exit_time, decision_id',
  ml_calibration: 'model_id, bin',
  ml_by_symbol: 'symbol',
  ml_by_hour: 'hour',
  ml_by_arm: 'arm',
  ml_model_comparison: 'model_id, role',
  ml_model_list: 'name, version',
  ml_periods: 'model_id, scope, period, period_start',
  ml_drift_marks: 'marked_at, detector',
  ml_latency: 'stream',
}
const TIMES: { readonly [name in Figure]?: readonly string[] } = {
  ml_trades: ['signal_time', 'exit_time'],
  ml_equity: ['exit_time'],
  ml_model_list: ['status_since'],
  ml_periods: ['period_start', 'period_end'],
  ml_drift_marks: ['marked_at'],
}

/** One row of a figure. */
export type FigureRow = { readonly [column: string]: string | number | null }

/** The rows of a view for one stream: numbers as numbers, times in epoch milliseconds, JSON as text. */
export async function figureRows(database: SqlDatabase, stream: string, name: Figure): Promise<readonly FigureRow[]> {
  oneOf('name', name, FIGURES)
  const d = database.dialect
  const times = (TIMES[name] ?? []).map((column) => `, ${d.milliseconds(column)} AS ${column}_ms`).join('')
  const sql = `SELECT v.*${times} FROM ${d.table(name)} v WHERE stream = ? ORDER BY ${ORDER[name]}`
  const rows = (await database.transact([statement(d, sql, [stream])]))[0]!
  return rows.map((row) => plain(row, TIMES[name] ?? []))
}

function plain(row: Row, times: readonly string[]): FigureRow {
  const cells = Object.entries(row).filter(
    ([column]) => column !== 'stream' && !times.some((t) => column === `${t}_ms`),
  )
  return Object.fromEntries(
    cells.map(([column, value]) => [column, times.includes(column) ? Number(row[`${column}_ms`]) : cellOf(value)]),
  )
}

function cellOf(value: unknown): string | number | null {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  return typeof value === 'object' ? JSON.stringify(value) : Number(value)
}
