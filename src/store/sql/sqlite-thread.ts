import { type ErrorCode, TradeLearnError } from '../../core/errors.ts'
import type { Row, SqlDatabase, Statement } from './database.ts'
import { sqliteDialect } from './dialects.ts'

/** A port of `node:worker_threads`: a `Worker` on this side, its `parentPort` on the other. */
export type Port = {
  postMessage(message: unknown): void
  /** Hears `"message"`; a `Worker` also says `"error"` and `"exit"`. */
  on(event: string, listener: (value: unknown) => void): unknown
  /** Ends a `Worker`. */
  terminate?(): Promise<unknown>
}

type Request = { readonly id: number } & (
  | { readonly call: 'connect' | 'close' }
  | { readonly call: 'lock'; readonly stream: string }
  | { readonly call: 'transact'; readonly statements: readonly Statement[] }
)
type Reply = { readonly id: number; readonly value?: unknown; readonly error?: { code: ErrorCode; message: string } }

/**
 * Answers, in a worker, what {@link threadedSqlite} asks in another thread.
 *
 * @example
 * ```ts
 * // sqlite-worker.js
 * import { parentPort, workerData } from 'node:worker_threads'
 * import Database from 'better-sqlite3'
 * import { serveSqlite, sqliteDatabase } from 'tradelearn/store'
 * serveSqlite(parentPort, sqliteDatabase({ driver: new Database(workerData) }))
 * ```
 */
export function serveSqlite(port: Port, database: SqlDatabase): void {
  port.on('message', (message) => {
    const request = message as Request
    answer(database, request).then(
      (value) => port.postMessage({ id: request.id, value } satisfies Reply),
      (error: TradeLearnError) =>
        port.postMessage({
          id: request.id,
          error: { code: error.name === 'TradeLearnError' ? error.code : 'STORE_FAILED', message: error.message },
        } satisfies Reply),
    )
  })
}

async function answer(database: SqlDatabase, request: Request): Promise<unknown> {
  switch (request.call) {
    case 'transact':
      return await database.transact(request.statements)
    case 'lock':
      return await database.lock(request.stream)
    default:
      return await database[request.call]()
  }
}

/**
 * SQLite in another thread, so that no commit holds up this one.
 *
 * A worker that ends or fails leaves the outcome of what it was doing unknown: all that was asked, and all that is asked
 * afterwards, fails with `STORE_FAILED`, and opening a new store finds out.
 *
 * @example
 * ```ts
 * const worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: 'trades.db' })
 * const store = new SqliteStore({ database: threadedSqlite(worker), stream: 'bot-1' })
 * ```
 */
export function threadedSqlite(port: Port): SqlDatabase {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let next = 1
  let failure: TradeLearnError | undefined

  const fail = (reason: string): void => {
    failure ??= new TradeLearnError('STORE_FAILED', `The thread of the database has failed: ${reason}.`)
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  port.on('message', (message) => {
    const { id, value, error } = message as Reply
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error) asked?.reject(new TradeLearnError(error.code, error.message))
    else asked?.resolve(value)
  })
  port.on('error', (error) => fail(String((error as Error)?.message ?? error)))
  port.on('exit', (code) => fail(`it ended with code ${code}`))

  const ask = (request: { readonly call: string; readonly [field: string]: unknown }): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure)
      const id = next++
      waiting.set(id, { resolve, reject })
      port.postMessage({ ...request, id })
    })
  return {
    dialect: sqliteDialect,
    connect: () => ask({ call: 'connect' }) as Promise<readonly string[]>,
    lock: (stream) => ask({ call: 'lock', stream }) as Promise<boolean>,
    transact: (statements) => ask({ call: 'transact', statements }) as Promise<readonly (readonly Row[])[]>,
    close: async () => {
      if (!failure) await ask({ call: 'close' })
      await port.terminate?.()
    },
  }
}
