import type { JsonValue, Recovery, StoredEvent } from '../../contracts.ts'
import { positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { FigureRow } from './figures.ts'
import { type SqlStoreOptions, sqlOptions } from './options.ts'
import { type PgConnection, PostgresDatabase } from './postgres-database.ts'
import type { TradeTables } from './records.ts'
import { type SqlStore, sqlStore } from './sql-store.ts'
import type { Figure } from './views.ts'

/** Options of {@link PostgresStore}. */
export type PostgresStoreOptions = SqlStoreOptions & {
  /**
   * A `Pool` of `pg`, of which the store holds one connection, or a `Client` that is not connected yet. A pool lets the store
   * go on after a broken connection; a client cannot be connected twice.
   */
  readonly connection: PgConnection
  /** The schema that holds the tables. @defaultValue 'tradelearn' */
  readonly schema?: string
  /** Milliseconds after which a statement that is not answered counts as a lost connection. @defaultValue 20_000 */
  readonly timeout?: number
}

/**
 * Keeps events and trade tables in PostgreSQL 15 or newer, Supabase included.
 *
 * What is acknowledged was committed; a commit whose answer got lost is sent again and compared, never assumed. Deadlocks and
 * lost connections are tried again for as long as `patience` says. One writer a stream: a second `open` fails at once and
 * names the holder, and a writer that was overtaken writes nothing.
 *
 * The connection must be a session of its own: direct, or through a pooler in session mode.
 *
 * @example
 * ```ts
 * import pg from 'pg'
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
 * const store = new PostgresStore({ connection: pool, stream: 'bot-1' })
 * ```
 */
export class PostgresStore implements SqlStore {
  readonly tables: TradeTables
  readonly #store: SqlStore

  constructor(options: PostgresStoreOptions) {
    const { connection, schema = 'tradelearn', timeout = 20_000 } = options
    if (typeof connection?.connect !== 'function') {
      const wanted = '"connection" must be a Pool or a Client of pg'
      throw new TradeLearnError('INVALID_OPTION', `${wanted}, got ${show(connection)}.`)
    }
    const checked = sqlOptions(options, schema)
    const database = new PostgresDatabase({ ...checked, connection, schema, timeout: positive('timeout', timeout) })
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
