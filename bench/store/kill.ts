import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { SeededRng } from '../../src/core/rng.ts'
import { PostgresStore, SqliteStore } from '../../src/store/sql/index.ts'
import { journalVictim, killLoop, type Victim } from '../../test/store/kill-loop.ts'
import { NO_POSTGRES, PostgresServer } from '../../test/store/sql/postgres-server.ts'
import { SQLITES } from '../../test/store/sql/sqlite-drivers.ts'

const HELP = `Kills writers with -9 in the midst of writing, 0 to 40 ms after each has opened its store and 0 to 5 events
were acknowledged, and counts what is missing afterwards: journal, SQLite and PostgreSQL, as far as they are here.

    npx tsx bench/store/kill.ts [--kills 500] [--seed text] [--only journal]

  --kills   of each store
  --seed    of the moments
  --only    stores whose name contains this: journal, SQLite, PostgreSQL`

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now()) },
    only: { type: 'string', default: '' },
    help: { type: 'boolean' },
  },
})
const { seed, only } = values
const kills = Number(values.kills)
const isWanted = (name: string): boolean => name.toLowerCase().includes(only.toLowerCase())

async function run(name: string, victim: Victim): Promise<void> {
  const start = performance.now()
  const report = await killLoop(victim, kills, new SeededRng(seed))
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  const trades = victim.kind === 'journal' ? '' : ` and ${report.trades} trades`
  const lost = victim.kind === 'journal' ? report.lostEvents : `${report.lostEvents} and ${report.lostTrades}`
  console.log(
    `${name}: ${report.events} events${trades} acknowledged, ${lost} lost, ${report.faults.length} faults, ${seconds} s`,
  )
  for (const fault of report.faults.slice(0, 5)) console.log(`  ${fault}`)
  if (report.lostEvents + report.lostTrades + report.faults.length > 0) process.exitCode = 1
}

async function runJournal(): Promise<void> {
  const victim = journalVictim()
  await run('journal', victim)
  victim.free()
}

async function runSqlite({ name, open, skip }: (typeof SQLITES)[number]): Promise<void> {
  if (skip !== undefined) {
    console.log(`SQLite over ${name}: skipped, ${skip}`)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-sqlite-'))
  const where = join(folder, 'trades.db')
  const store = (): SqliteStore => new SqliteStore({ driver: open(where), stream: 'bot' })
  await run(`SQLite over ${name}`, { kind: name, where, open: store })
  rmSync(folder, { recursive: true, force: true })
}

async function runPostgres(): Promise<void> {
  if (NO_POSTGRES !== undefined) {
    console.log(`PostgreSQL: skipped, ${NO_POSTGRES}`)
    return
  }
  const server = await PostgresServer.start()
  const where = `postgres://owner@127.0.0.1:${server.port}/postgres`
  const pool = new pg.Pool({ connectionString: where })
  await run('PostgreSQL', { kind: 'pg', where, open: () => new PostgresStore({ connection: pool, stream: 'bot' }) })
  await pool.end()
  await server.stop()
}

async function runAll(): Promise<void> {
  console.log(`Node ${process.version}, ${kills} kills each, seed ${seed}`)
  if (isWanted('journal')) await runJournal()
  for (const choice of SQLITES) if (isWanted(`SQLite over ${choice.name}`)) await runSqlite(choice)
  if (isWanted('PostgreSQL')) await runPostgres()
}

if (values.help) console.log(HELP)
else await runAll()
