import { TradeLearnError } from '../../core/errors.ts'
import type { Row, SqlDatabase, Statement } from './database.ts'
import { postgresDialect } from './dialects.ts'
import { type Patience, persist, type Verdict, within } from './retry.ts'

/** What is needed of a connection: a client of `pg`, or its like. */
export type PgClient = {
  /** Runs one statement. */
  query(sql: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  /** Gives a pool's client back; `true` has it thrown away. */
  release?(destroy?: boolean): void
  /** Ends a client that belongs to no pool. */
  end?(): Promise<void>
  /** Hears of a connection that breaks while nothing is asked. */
  on?(event: 'error', listener: (error: Error) => void): unknown
}

/** A `Pool` of `pg`, or a `Client` that has not been connected yet. A client that breaks cannot be replaced. */
export type PgConnection = {
  /** A client of the pool; nothing where it is the client itself. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a Client's connect returns a promise of nothing
  connect(): Promise<PgClient | void>
}

/** Options of {@link PostgresDatabase}. */
export type PostgresDatabaseOptions = Patience & {
  readonly connection: PgConnection
  readonly schema: string
  /** `'process-kill'` lets a setting pass by which a power cut loses the newest commits. */
  readonly survives: 'power-loss' | 'process-kill'
  /** Milliseconds after which a statement that is not answered counts as a lost connection. */
  readonly timeout: number
}

/** Errors of the line rather than of the statement: the class 08, the server's going and coming, too many clients. */
const LINE = /^(08...|57P0[1-5]|53300|25P0[34]|E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN))$/
/** Serialisation failure, deadlock, and a lock that was not to be had. */
const RACE = /^(40001|40P01|55P03)$/
/** Data exceptions and violated constraints. */
const VALUE = /^2[23]...$/

/**
 * PostgreSQL through `pg`, on one connection that is renewed when it breaks.
 *
 * A connection may break after `COMMIT` was sent and before the answer came. The transaction is then sent again on a new
 * one; its statements are written so that what was there already stays, and say what is there now.
 *
 * The writer's lock is a session's advisory lock, so it ends with the process that held it, whatever became of that. A pooler
 * that lends a session for one transaction alone (PgBouncer's transaction mode, Supabase's port 6543) cannot hold it.
 */
export class PostgresDatabase implements SqlDatabase {
  readonly dialect: SqlDatabase['dialect']
  readonly #options: PostgresDatabaseOptions
  #client: PgClient | undefined
  #warnings: readonly string[] = []
  /** The key of the lock that is wanted, and whether this connection has it. */
  #lockKey = ''
  #locked = false
  /** The transaction under way; the next one waits for it. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: PostgresDatabaseOptions) {
    this.dialect = postgresDialect(options.schema)
    this.#options = options
  }

  async connect(): Promise<readonly string[]> {
    await this.transact([{ sql: 'SELECT 1', values: [] }])
    return this.#warnings
  }

  async lock(stream: string): Promise<boolean> {
    this.#lockKey = `tradelearn writer ${this.#options.schema} ${stream}`
    await this.transact([{ sql: 'SELECT 1', values: [] }])
    return this.#locked
  }

  transact(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]> {
    const work = (): Promise<readonly (readonly Row[])[]> =>
      persist(() => this.#attempt(statements), judge, this.#options)
    const result = this.#turn.then(work, work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  async close(): Promise<void> {
    await this.#turn
    const client = this.#client
    this.#client = undefined
    if (client === undefined) return
    // the lock belongs to the session, which the pool would lend to somebody else
    if (client.release) client.release(true)
    else await client.end?.()
  }

  async #attempt(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]> {
    const client = this.#client ?? (await this.#open())
    try {
      if (this.#lockKey !== '' && !this.#locked) await this.#takeLock(client)
      await this.#ask(client, 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE')
      const answers: (readonly Row[])[] = []
      for (const { sql, values, guard } of statements) {
        const rows = await this.#ask(client, sql, values)
        if (guard && rows.length !== guard.rows) throw new TradeLearnError(guard.code, guard.message)
        answers.push(rows)
      }
      await this.#ask(client, 'COMMIT')
      return answers
    } catch (error) {
      if (isLost(error)) this.#drop(client)
      else await this.#ask(client, 'ROLLBACK').catch(() => this.#drop(client))
      throw error
    }
  }

  async #open(): Promise<PgClient> {
    const { connection, timeout } = this.#options
    const client = (await within(timeout, connection.connect())) ?? (connection as unknown as PgClient)
    // without a listener, a line that breaks while nothing is asked would end the process
    client.on?.('error', () => this.#drop(client))
    this.#client = client
    this.#locked = false
    try {
      this.#warnings = await this.#check(client)
    } catch (error) {
      this.#drop(client)
      throw error
    }
    return client
  }

  /** Whether a commit of this session survives what is promised. */
  async #check(client: PgClient): Promise<readonly string[]> {
    const sql = `SELECT current_setting('server_version_num')::int AS version, current_setting('synchronous_commit') AS commits, current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages`
    const row = (await this.#ask(client, sql))[0] as { version: number; commits: string; fsync: string; pages: string }
    if (!(row.version >= 150_000)) {
      throw new TradeLearnError('STORE_UNSAFE', `PostgreSQL must be of version 15 or newer, got ${row.version}.`)
    }
    const faults = [
      ...(row.commits === 'off' ? ['synchronous_commit'] : []),
      ...(row.fsync === 'off' ? ['fsync'] : []),
      ...(row.pages === 'off' ? ['full_page_writes'] : []),
    ].map((name) => `PostgreSQL's "${name}" must be on for commits to survive a power cut, got "off".`)
    if (faults.length > 0 && this.#options.survives === 'power-loss') {
      throw new TradeLearnError('STORE_UNSAFE', faults.join(' '))
    }
    return faults
  }

  async #takeLock(client: PgClient): Promise<void> {
    const sql = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS mine'
    this.#locked = (await this.#ask(client, sql, [this.#lockKey]))[0]?.['mine'] === true
  }

  async #ask(client: PgClient, sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const answer = await within(this.#options.timeout, client.query(sql, [...values]))
    return answer.rows as readonly Row[]
  }

  /** Gives up a connection that is of no use any more. */
  #drop(client: PgClient): void {
    if (this.#client !== client) return
    this.#client = undefined
    this.#locked = false
    if (client.release) client.release(true)
    else void client.end?.().catch(() => undefined)
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

/** Whether the line broke: by its code, or by the words with which `pg` says so without one. */
function isLost(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== '') return LINE.test(code)
  return /[Cc]onnection (terminated|ended|error)|not queryable|timeout exceeded/.test(String((error as Error)?.message))
}

function judge(error: unknown): Verdict {
  const code = codeOf(error)
  if (isLost(error) || RACE.test(code)) return 'again'
  return VALUE.test(code) ? 'value' : 'over'
}
