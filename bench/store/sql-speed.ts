import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { PostgresStore, SqliteStore, type SqlStore } from '../../src/store/sql/index.ts'
import { NO_POSTGRES, PostgresServer } from '../../test/store/sql/postgres-server.ts'
import { SQLITES } from '../../test/store/sql/sqlite-drivers.ts'

/**
 * Durable acknowledgements a second of the SQL stores, one at a time and with many waiting, and how long opening takes.
 *
 *     npx tsx bench/store/sql-speed.ts [--seconds 3]
 */
const at = process.argv.indexOf('--seconds')
const seconds = at < 0 ? 3 : Number(process.argv[at + 1])
const event = { kind: 'learn', id: 'bot-1', outcome: { exitPrice: 101.25, exitTime: 1_704_067_200_000 } }
const nothing = (): void => undefined

async function measure(name: string, make: () => SqlStore): Promise<void> {
  const store = make()
  await store.open(nothing, nothing)
  for (const waiting of [1, 64, 1000]) {
    const latencies: number[] = []
    const end = performance.now() + seconds * 1000
    const one = async (): Promise<void> => {
      while (performance.now() < end) {
        const start = performance.now()
        await store.append(event)
        latencies.push(performance.now() - start)
      }
    }
    await Promise.all(Array.from({ length: waiting }, one))
    latencies.sort((a, b) => a - b)
    const quantile = (q: number): string => latencies[Math.floor(q * (latencies.length - 1))]!.toFixed(1)
    const rate = Math.round(latencies.length / seconds)
    console.log(`${name}, ${waiting} waiting: ${rate}/s, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`)
  }
  await store.close()
  const again = make()
  const start = performance.now()
  const { replayed } = await again.open(nothing, nothing)
  console.log(`${name}: ${replayed} events read back in ${((performance.now() - start) / 1000).toFixed(2)} s`)
  await again.close()
}

console.log(`Node ${process.version}`)
for (const { name, open, skip } of SQLITES) {
  if (skip !== undefined) continue
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-sqlite-'))
  const make = (): SqlStore => new SqliteStore({ driver: open(join(folder, 'x.db')), stream: 'a' })
  await measure(`SQLite over ${name}`, make)
  rmSync(folder, { recursive: true, force: true })
}
if (!NO_POSTGRES) {
  const server = await PostgresServer.start()
  const pool = new pg.Pool(server.options())
  await measure('PostgreSQL', () => new PostgresStore({ connection: pool, stream: 'a' }))
  await pool.end()
  await server.stop()
}
