import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { SeededRng } from '../../src/core/rng.ts'
import { PostgresStore, SqliteStore } from '../../src/store/sql/index.ts'
import { killLoop, type Victim } from '../../test/store/sql/kill-loop.ts'
import { NO_POSTGRES, PostgresServer } from '../../test/store/sql/postgres-server.ts'
import { SQLITES } from '../../test/store/sql/sqlite-drivers.ts'

/**
 * Kills writers with -9 in the midst of writing and counts what is missing afterwards.
 *
 *     npx tsx bench/store/kill-sql.ts [--kills 500] [--seed text]
 */
const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1]!
}
const kills = Number(option('kills', '500'))
const seed = option('seed', String(Date.now()))
console.log(`Node ${process.version}, ${kills} kills each, seed ${seed}`)

async function run(name: string, victim: Victim): Promise<void> {
  const start = performance.now()
  const report = await killLoop(victim, kills, new SeededRng(seed))
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(
    `${name}: ${report.events} events and ${report.trades} trades acknowledged, ${report.lostEvents} and ${report.lostTrades} lost, ${report.faults.length} faults, ${seconds} s`,
  )
  for (const fault of report.faults.slice(0, 5)) console.log(`  ${fault}`)
  if (report.lostEvents + report.lostTrades + report.faults.length > 0) process.exitCode = 1
}

for (const { name, open, skip } of SQLITES) {
  if (skip !== undefined) {
    console.log(`SQLite over ${name}: skipped, ${skip}`)
    continue
  }
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-sqlite-'))
  const where = join(folder, 'trades.db')
  await run(`SQLite over ${name}`, {
    kind: name,
    where,
    open: () => new SqliteStore({ driver: open(where), stream: 'bot' }),
  })
  rmSync(folder, { recursive: true, force: true })
}
if (NO_POSTGRES) console.log(`PostgreSQL: skipped, ${NO_POSTGRES}`)
else {
  const server = await PostgresServer.start()
  const where = `postgres://owner@127.0.0.1:${server.port}/postgres`
  const pool = new pg.Pool({ connectionString: where })
  await run('PostgreSQL', {
    kind: 'pg',
    where,
    open: () => new PostgresStore({ connection: pool, stream: 'bot' }),
  })
  await pool.end()
  await server.stop()
}
