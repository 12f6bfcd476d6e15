import type { EventStore, JsonValue, Recovery, StoredEvent } from '../../contracts.ts'
import type { SqlDatabase } from './database.ts'
import { type FigureRow, figureRows } from './figures.ts'
import type { SqlOptions } from './options.ts'
import type { TradeTables } from './records.ts'
import { SqlEvents } from './sql-events.ts'
import { SqlTables } from './sql-tables.ts'
import type { Figure } from './views.ts'

/** A database that keeps a learner's events, and tables of what they mean. */
export interface SqlStore extends EventStore {
  /** Rows for people and dashboards. */
  readonly tables: TradeTables
  /** What a dashboard shows: the rows of a view for this stream, times in epoch milliseconds. */
  figure(name: Figure): Promise<readonly FigureRow[]>
}

/** A store over any SQL database. */
export function sqlStore(database: SqlDatabase, options: SqlOptions): SqlStore {
  const events = new SqlEvents(database, options)
  const tables = new SqlTables(database, options, events)
  return {
    tables,
    get failure(): Error | null {
      return events.failure
    },
    open: (
      onSnapshot: (seq: number, value: JsonValue) => void,
      onEvent: (stored: StoredEvent) => void,
    ): Promise<Recovery> => events.open(onSnapshot, onEvent),
    append: (event) => events.append(event),
    saveSnapshot: (seq, value) => events.saveSnapshot(seq, value),
    figure: async (name) => {
      events.checkOpen()
      return await figureRows(database, options.stream, name)
    },
    flush: async () => {
      await tables.flush()
      await events.flush()
    },
    close: async () => {
      await tables.flush()
      await events.close()
    },
  }
}
