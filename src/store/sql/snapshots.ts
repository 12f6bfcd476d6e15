import type { JsonValue } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import type { SqlDatabase } from './database.ts'
import { sha256 } from './digest.ts'
import { statement } from './insert.ts'

/**
 * The newest snapshot of a stream that is whole; null where there is none and none is needed.
 *
 * One that was altered is passed over with a warning, since the events after an older one tell the same.
 *
 * @throws `CORRUPT_STORE` where all were altered and the events before them are gone
 */
export async function newestSnapshot(
  database: SqlDatabase,
  stream: string,
  warnings: string[],
): Promise<{ readonly seq: number; readonly value: JsonValue } | null> {
  const d = database.dialect
  const list = statement(d, `SELECT seq, hash FROM ${d.table('ml_snapshots')} WHERE stream = ? ORDER BY seq DESC`, [
    stream,
  ])
  const rows = (await database.transact([list]))[0]!
  for (const row of rows) {
    const seq = Number(row['seq'])
    const sql = `SELECT ${d.asText('value')} AS value FROM ${d.table('ml_snapshots')} WHERE stream = ? AND seq = ?`
    const text = String((await database.transact([statement(d, sql, [stream, seq])]))[0]![0]?.['value'])
    if ((await sha256(`${stream}\nsnapshot ${seq}\n${text}`)) === row['hash']) {
      return { seq, value: JSON.parse(text) as JsonValue }
    }
    warnings.push(`The snapshot at event ${seq} was altered; an older one, or none, is used.`)
  }
  if (rows.length === 0) return null
  const first = statement(d, `SELECT seq FROM ${d.table('ml_events')} WHERE stream = ? AND seq = 1`, [stream])
  if ((await database.transact([first]))[0]!.length > 0) return null
  throw new TradeLearnError(
    'CORRUPT_STORE',
    `Stream ${JSON.stringify(stream)} must have a whole snapshot, got ${rows.length} that were altered, and its first events are gone.`,
  )
}
