import type { JsonValue, Recovery, StoredEvent } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { SqlDatabase } from './database.ts'
import type { FigureRow } from './figures.ts'
import { type SqlStoreOptions, sqlOptions } from './options.ts'
import type { TradeTables } from './records.ts'
import { pauseOf } from './retry.ts'
import { type SqlStore, sqlStore } from './sql-store.ts'
import { SqliteDatabase, type SqliteDriver } from './sqlite-database.ts'
import type { Figure } from './views.ts'

/** Options of {@link SqliteStore}: a driver for this thread, or a database in another. */
export type SqliteStoreOptions = SqlStoreOptions &
  (
    | {
        /** An open `Database` of `better-sqlite3` or `DatabaseSync` of `node:sqlite`, the store's own; it closes it. */
        readonly driver: SqliteDriver
      }
    | {
        /** What `threadedSqlite` gives; `survives` and `patience` are then those of the other side. */
        readonly database: SqlDatabase
      }
  )

/** Options of {@link sqliteDatabase}. */
export type SqliteDatabaseChoices = Pick<SqlStoreOptions, 'survives' | 'patience' | 'wait'> & {
  readonly driver: SqliteDriver
}

/** A SQLite database as `serveSqlite` wants it, for a store in another thread. */
export function sqliteDatabase({
  driver,
  survives = 'power-loss',
  patience = 30_000,
  wait = pauseOf,
}: SqliteDatabaseChoices): SqlDatabase {
  if (typeof driver?.prepare === 'function') return new SqliteDatabase({ driver, survives, patience, wait })
  const wanted = '"driver" must be a Database of better-sqlite3 or node:sqlite'
  throw new TradeLearnError('INVALID_OPTION', `${wanted}, got ${show(driver)}.`)
}

/**
 * Keeps events and trade tables in a SQLite file.
 *
 * What is acknowledged was committed with the write-ahead log and `synchronous = FULL`. Such a commit takes some milliseconds,
 * in which a driver blocks its thread: batches are written in later turns of the event loop, one commit for all that has come
 * meanwhile, and a store over `threadedSqlite` never blocks this thread at all.
 *
 * @example
 * ```ts
 * import Database from 'better-sqlite3'
 * const store = new SqliteStore({ driver: new Database('trades.db'), stream: 'bot-1' })
 * ```
 */
export class SqliteStore implements SqlStore {
  readonly tables: TradeTables
  readonly #store: SqlStore

  constructor(options: SqliteStoreOptions) {
    const checked = sqlOptions(options, null)
    const database = 'database' in options ? options.database : sqliteDatabase({ ...checked, driver: options.driver })
    this.#store = sqlStore(database, checked)
    this.tables = this.#store.tables
  }

  get failure(): Error | null {
    return this.#store.failure
  }

  figure(name: Figure): Promise<readonly FigureRow[]> {
    return this.#store.figure(name)
  }

  open(onSnapshot: (seq: number, value: JsonValue) => void, onEvent: (stored: StoredEvent) => void): Promise<Recovery> {
    return this.#store.open(onSnapshot, onEvent)
  }

  append(event: JsonValue): Promise<number> {
    return this.#store.append(event)
  }

  saveSnapshot(seq: number, value: JsonValue): Promise<void> {
    return this.#store.saveSnapshot(seq, value)
  }

  flush(): Promise<void> {
    return this.#store.flush()
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}
