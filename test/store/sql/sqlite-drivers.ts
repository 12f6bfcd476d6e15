import { createRequire } from 'node:module'
import type { SqliteDriver } from '../../../src/store/sql/index.ts'

const load = createRequire(import.meta.url)

/** A way to open a SQLite file; `skip` is why there is none. */
export type SqliteChoice = {
  readonly name: string
  readonly open: (path: string) => SqliteDriver
  readonly skip: string | undefined
}

/** The drivers that are to be had here. */
export const SQLITES: readonly SqliteChoice[] = [betterSqlite(), nodeSqlite()]

function betterSqlite(): SqliteChoice {
  const name = 'better-sqlite3'
  try {
    const Database = load('better-sqlite3') as new (path: string) => SqliteDriver
    // a package without its binary fails here
    new Database(':memory:').close()
    return { name, open: (path) => new Database(path), skip: undefined }
  } catch (error) {
    return { name, open: missing, skip: (error as Error).message.split('\n')[0]! }
  }
}

function nodeSqlite(): SqliteChoice {
  const name = 'node:sqlite'
  try {
    const { DatabaseSync } = load('node:sqlite') as { DatabaseSync: new (path: string) => SqliteDriver }
    return { name, open: (path) => new DatabaseSync(path), skip: undefined }
  } catch {
    return { name, open: missing, skip: 'Node has it from version 22 on' }
  }
}

function missing(): never {
  throw new Error('not to be had here')
}
