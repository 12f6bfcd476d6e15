import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { PostgresStore, SqliteStore } from '../../../src/store/sql/index.ts'
import { type Place, storeConformance } from '../conformance.ts'
import { NO_POSTGRES, PostgresServer } from './postgres-server.ts'
import { SQLITES } from './sqlite-drivers.ts'

for (const { name, open, skip } of SQLITES) {
  const make = async (): Promise<Place> => {
    const folder = mkdtempSync(join(tmpdir(), 'tradelearn-sqlite-'))
    return {
      store: () => new SqliteStore({ driver: open(join(folder, 'trades.db')), stream: 'bot-1', lockWait: 60 }),
      free: async () => rmSync(folder, { recursive: true, force: true }),
    }
  }
  storeConformance(`SqliteStore over ${name}`, make, skip)
}

let server: PostgresServer
let pool: pg.Pool
let places = 0
beforeAll(async () => {
  if (NO_POSTGRES) return
  server = await PostgresServer.start()
  pool = new pg.Pool(server.options())
}, 60_000)
afterAll(async () => {
  await pool?.end()
  await server?.stop()
})
storeConformance(
  'PostgresStore over pg',
  async () => {
    const stream = `bot-${++places}`
    return {
      store: () => new PostgresStore({ connection: pool, schema: 'conformance', stream, lockWait: 60 }),
      free: async () => undefined,
    }
  },
  NO_POSTGRES,
)
