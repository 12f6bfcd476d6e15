import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { PostgresStore, SqliteStore } from '../../src/store/sql/index.ts'
import { ENDS, type End, journalVictim, killLoop, type Victim } from './kill-loop.ts'
import { NO_POSTGRES, PostgresServer } from './sql/postgres-server.ts'
import { SQLITES } from './sql/sqlite-drivers.ts'

/** As many as a pull request has time for; `bench/store/kill.ts` does more. */
const KILLS = 20
/** Of each other way to end. */
const OTHERS = 3

async function survives(victim: Victim, kills = KILLS, end: End = 'SIGKILL'): Promise<void> {
  const report = await killLoop(victim, kills, new SeededRng('kill'), end)
  expect(report).toMatchObject({ kills, lostEvents: 0, lostTrades: 0, faults: [] })
  expect(report.events).toBeGreaterThan(kills)
  if (victim.kind !== 'journal') expect(report.trades).toBeGreaterThan(kills)
}

describe('kill -9 in the midst of writing loses nothing acknowledged and needs no operator:', () => {
  test('journal', async () => {
    const victim = journalVictim()
    try {
      await survives(victim)
    } finally {
      victim.free()
    }
  })

  for (const { name, open, skip } of SQLITES) {
    test.skipIf(skip !== undefined)(`SQLite over ${name}${skip ? ` (skipped: ${skip})` : ''}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tradelearn-sqlite-'))
      const where = join(folder, 'trades.db')
      try {
        const store = (): SqliteStore => new SqliteStore({ driver: open(where), stream: 'bot' })
        await survives({ kind: name, where, open: store })
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }

  test.skipIf(NO_POSTGRES !== undefined)(`PostgreSQL${NO_POSTGRES ? ` (skipped: ${NO_POSTGRES})` : ''}`, async () => {
    const server = await PostgresServer.start()
    const where = `postgres://owner@127.0.0.1:${server.port}/postgres`
    const pool = new pg.Pool({ connectionString: where })
    try {
      await survives({ kind: 'pg', where, open: () => new PostgresStore({ connection: pool, stream: 'bot' }) })
    } finally {
      await pool.end()
      await server.stop()
    }
  })
})

describe('no other way to end loses what a journal acknowledged:', () => {
  test.skipIf(process.platform === 'win32').each(ENDS.slice(1))('%s', async (end) => {
    const victim = journalVictim()
    try {
      await survives(victim, OTHERS, end)
    } finally {
      victim.free()
    }
  })
})
