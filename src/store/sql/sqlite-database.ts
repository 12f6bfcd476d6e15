import { show, TradeLearnError } from '../../core/errors.ts'
import type { Row, SqlDatabase, Statement } from './database.ts'
import { sqliteDialect } from './dialects.ts'
import { type Patience, persist, type Verdict } from './retry.ts'

/** What is needed of a statement of `better-sqlite3` or `node:sqlite`. */
export type SqliteStatement = {
  /** `better-sqlite3` says here whether the statement returns rows. */
  readonly reader?: boolean
  all(...values: unknown[]): unknown[]
  run(...values: unknown[]): unknown
}

/** A `Database` of `better-sqlite3`, a `DatabaseSync` of `node:sqlite`, or their like. */
export type SqliteDriver = {
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  close(): unknown
}

/** Options of {@link SqliteDatabase}. */
export type SqliteDatabaseOptions = Patience & {
  readonly driver: SqliteDriver
  /** `'process-kill'` commits without waiting for the disk. */
  readonly survives: 'power-loss' | 'process-kill'
}

/** Prepared statements that are kept. */
const KEPT_STATEMENTS = 100
/** SQLITE_BUSY and SQLITE_LOCKED; SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH and SQLITE_RANGE. */
const BUSY = [5, 6]
const VALUE = [18, 19, 20, 25]
const CODES: { readonly [name: string]: number } = {
  BUSY: 5,
  LOCKED: 6,
  TOOBIG: 18,
  CONSTRAINT: 19,
  MISMATCH: 20,
  RANGE: 25,
}

/**
 * SQLite through a driver that somebody else has loaded, on a connection of its own.
 *
 * Drivers are synchronous: a commit blocks this thread until the disk has it, some milliseconds. Where that is too long, run
 * it in a worker (`serveSqlite`, `threadedSqlite`). A file that another connection is writing to is tried again without
 * blocking.
 *
 * The writer's lock is SQLite's own lock on a small file beside the database, which the system lifts when the process ends,
 * whatever it ended by.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly dialect: SqlDatabase['dialect'] = sqliteDialect
  readonly #options: SqliteDatabaseOptions
  readonly #prepared = new Map<string, SqliteStatement>()
  #turn: Promise<unknown> = Promise.resolve()
  #open = true

  constructor(options: SqliteDatabaseOptions) {
    this.#options = options
  }

  async connect(): Promise<readonly string[]> {
    const { survives } = this.#options
    return await this.#patiently(() => {
      // drivers wait for a busy file by blocking the thread; we wait by letting it go on
      this.#ask('PRAGMA busy_timeout = 0')
      this.#ask('PRAGMA foreign_keys = ON')
      const warnings: string[] = []
      const file = this.#fileName()
      const mode = String(Object.values(this.#ask('PRAGMA journal_mode = WAL')[0] ?? {})[0])
      this.#ask(`PRAGMA synchronous = ${survives === 'power-loss' ? 'FULL' : 'NORMAL'}`)
      const level = Number(Object.values(this.#ask('PRAGMA synchronous')[0] ?? {})[0])
      if (file === '') {
        warnings.push('The SQLite database is in memory: nothing stays.')
      } else if (mode !== 'wal') {
        warnings.push(`SQLite's "journal_mode" must be "wal", got ${show(mode)}.`)
      }
      // 2 is FULL, 3 is EXTRA
      if (survives === 'power-loss' && !(level >= 2)) {
        warnings.push(`SQLite's "synchronous" must be FULL for commits to survive a power cut, got ${show(level)}.`)
      }
      if (warnings.length > 0 && survives === 'power-loss')
        throw new TradeLearnError('STORE_UNSAFE', warnings.join(' '))
      return warnings
    })
  }

  lock(stream: string): Promise<boolean> {
    return this.#patiently(() => this.#tryLock(stream))
  }

  transact(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]> {
    const work = (): Promise<readonly (readonly Row[])[]> => this.#patiently(() => this.#attempt(statements))
    const result = this.#turn.then(work, work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  async close(): Promise<void> {
    await this.#turn
    if (!this.#open) return
    this.#open = false
    this.#prepared.clear()
    this.#options.driver.close()
  }

  #tryLock(stream: string): boolean {
    const file = this.#fileName()
    // nobody else can reach a database in memory
    if (file === '') return true
    try {
      this.#ask('ATTACH DATABASE ? AS writer', [`${file}.${stream}.lock`])
      // in this mode the lock that a write takes stays when the write is done
      this.#ask('PRAGMA writer.locking_mode = EXCLUSIVE')
      this.#ask('PRAGMA writer.journal_mode = DELETE')
      this.#ask('CREATE TABLE IF NOT EXISTS writer.lock (taken INTEGER)')
      this.#ask('INSERT OR REPLACE INTO writer.lock (rowid, taken) VALUES (1, 1)')
      return true
    } catch (error) {
      this.#attempted('ROLLBACK')
      this.#attempted('DETACH DATABASE writer')
      if (BUSY.includes(codeOf(error))) return false
      throw error
    }
  }

  #patiently<T>(work: () => T): Promise<T> {
    return persist(async () => work(), judge, this.#options)
  }

  /** One transaction from end to end, with nothing of this thread in between. */
  #attempt(statements: readonly Statement[]): readonly (readonly Row[])[] {
    this.#ask('BEGIN IMMEDIATE')
    try {
      const answers = statements.map(({ sql, values, guard }) => {
        const rows = this.#ask(sql, values)
        if (guard && rows.length !== guard.rows) throw new TradeLearnError(guard.code, guard.message)
        return rows
      })
      this.#ask('COMMIT')
      return answers
    } catch (error) {
      this.#attempted('ROLLBACK')
      throw error
    }
  }

  /** What may have nothing to do: SQLite rolls some errors back by itself. */
  #attempted(sql: string): void {
    try {
      this.#ask(sql)
    } catch {
      // there was nothing to do
    }
  }

  #ask(sql: string, values: readonly unknown[] = []): readonly Row[] {
    if (!this.#open) throw new TradeLearnError('NOT_OPEN', 'The database has been closed.')
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#options.driver.prepare(sql)
      if (this.#prepared.size >= KEPT_STATEMENTS) this.#prepared.delete(this.#prepared.keys().next().value!)
      this.#prepared.set(sql, statement)
    }
    // better-sqlite3 refuses to read from a statement that returns nothing
    if (statement.reader === false) {
      statement.run(...values)
      return []
    }
    return statement.all(...values) as readonly Row[]
  }

  /** The main file's path; empty for a database in memory. */
  #fileName(): string {
    return String(this.#ask('PRAGMA database_list').find(({ name }) => name === 'main')?.['file'] ?? '')
  }
}

/** SQLite's primary result code: `node:sqlite` gives it as a number, `better-sqlite3` as a name. */
function codeOf(error: unknown): number {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown }
  // the low byte; the rest says more than is needed here
  if (typeof errcode === 'number') return errcode & 255
  const name = /^SQLITE_([A-Z]+)/.exec(String(code ?? ''))?.[1] ?? ''
  return Object.hasOwn(CODES, name) ? CODES[name]! : 0
}

function judge(error: unknown): Verdict {
  const code = codeOf(error)
  if (BUSY.includes(code)) return 'again'
  return VALUE.includes(code) ? 'value' : 'over'
}
