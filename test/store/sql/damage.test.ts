import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PostgresStore, SqliteStore, type SqlStore, type SqlStoreOptions } from '../../../src/store/sql/index.ts'
import { codeOf, opened } from '../conformance.ts'
import { NO_POSTGRES, PostgresServer } from './postgres-server.ts'
import { SQLITES } from './sqlite-drivers.ts'

/** A database that can be reached behind the store's back. */
type Place = {
  readonly name: string
  readonly skip: string | undefined
  readonly store: (options?: Partial<SqlStoreOptions>) => SqlStore
  /** Runs a statement; `ml.` stands before the tables. */
  readonly run: (sql: string) => Promise<void>
}
let server: PostgresServer
let pool: pg.Pool
let folder = ''
let stream = ''
let streams = 0
const stores: SqlStore[] = []
const kept = <T extends SqlStore>(store: T): T => {
  stores.push(store)
  return store
}
beforeAll(async () => {
  if (NO_POSTGRES) return
  server = await PostgresServer.start({ fsync: 'off' })
  pool = new pg.Pool(server.options())
}, 60_000)
afterAll(async () => {
  await pool?.end()
  await server?.stop()
})
beforeEach(() => {
  stream = `damage-${++streams}`
  folder = mkdtempSync(join(tmpdir(), 'tradelearn-damage-'))
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined)
  rmSync(folder, { recursive: true, force: true })
})

const places: readonly Place[] = [
  ...SQLITES.map(
    ({ name, skip, open }): Place => ({
      name,
      skip,
      store: (options) => kept(new SqliteStore({ driver: open(join(folder, 'x.db')), stream, ...options })),
      run: async (sql) => {
        const driver = open(join(folder, 'x.db'))
        driver.exec(sql.replaceAll('ml.', ''))
        driver.close()
      },
    }),
  ),
  {
    name: 'PostgreSQL',
    skip: NO_POSTGRES,
    store: (options) => kept(new PostgresStore({ connection: pool, stream, survives: 'process-kill', ...options })),
    run: async (sql) => void (await pool.query(sql.replaceAll('ml.', 'tradelearn.'))),
  },
]

for (const { name, skip, store, run } of places) {
  describe.skipIf(skip !== undefined)(`${name}, damaged:`, () => {
    /** Ten events and snapshots at 2, 4, 6 and 8. */
    async function filled(options: Partial<SqlStoreOptions> = {}): Promise<void> {
      const { store: open } = await opened(store(options))
      for (let i = 1; i <= 10; i++) {
        await open.append({ i })
        if (i % 2 === 0 && i < 10) await open.saveSnapshot(i, { upTo: i })
      }
      await open.close()
    }
    const where = (seq: number): string => `WHERE stream = '${stream}' AND seq = ${seq}`

    test.each([
      [
        'an event that was altered',
        `UPDATE ml.ml_events SET event = '{"i":99}' @`,
        /event 9 whole, got one that was altered/,
      ],
      ['an event that is missing', 'DELETE FROM ml.ml_events @', /event 9 whole, got 10 next/],
      ['an event in the place of another', 'UPDATE ml.ml_events SET seq = 11 @', /event 9 whole, got 10 next/],
    ])('%s is refused and named', async (_, sql, message) => {
      await filled()
      await run(sql.replace('@', where(9)))
      const error = await opened(store()).catch((e) => e)
      expect(error.code).toBe('CORRUPT_STORE')
      expect(error.message).toMatch(message)
    })

    test('a snapshot that was altered is passed over, loudly', async () => {
      await filled()
      await run(`UPDATE ml.ml_snapshots SET value = '{"upTo":7}' ${where(8)}`)
      const { recovery, seen } = await opened(store())
      expect(recovery.snapshot).toEqual({ seq: 6, value: { upTo: 6 } })
      expect(recovery.warnings).toEqual(
        expect.arrayContaining([expect.stringMatching(/snapshot at event 8 was altered/)]),
      )
      expect(seen.map(({ seq }) => seq)).toEqual([7, 8, 9, 10])
    })

    test('without any whole snapshot all events tell the story, where they are still there', async () => {
      await filled()
      await run(`UPDATE ml.ml_snapshots SET value = '1' WHERE stream = '${stream}'`)
      const { seen } = await opened(store())
      expect(seen).toHaveLength(10)
      const other = `${stream}-pruned`
      stream = other
      await filled({ keepEvents: 'since-snapshots' })
      await run(`UPDATE ml.ml_snapshots SET value = '1' WHERE stream = '${stream}'`)
      const error = await opened(store()).catch((e) => e)
      expect([error.code, error.message]).toEqual(['CORRUPT_STORE', expect.stringMatching(/3 that were altered/)])
    })

    test('events older than the oldest snapshot may be let go of', async () => {
      await filled({ keepEvents: 'since-snapshots' })
      const { recovery, seen, store: open } = await opened(store())
      expect([recovery.snapshot?.seq, seen.length]).toEqual([8, 2])
      await open.close()
      await run(`DELETE FROM ml.ml_snapshots ${where(8)}`)
      const again = await opened(store())
      expect([again.recovery.snapshot?.seq, again.seen.length]).toEqual([6, 4])
    })

    test('streams do not see each other', async () => {
      await filled()
      const { seen, recovery } = await opened(store({ stream: `${stream}.other` }))
      expect([seen, recovery.snapshot]).toEqual([[], null])
    })

    test('what waits is bounded', async () => {
      const { store: open } = await opened(store({ maxWaiting: 1000 }))
      const codes = await Promise.all(Array.from({ length: 30 }, (_, i) => codeOf(open.append('x'.repeat(90 + i)))))
      expect(new Set(codes)).toEqual(new Set(['none', 'STORE_FULL']))
      // one that is larger than all room goes alone, and what was refused left no gap
      expect(await open.append('y'.repeat(5000))).toBe(codes.filter((code) => code === 'none').length + 1)
      expect(open.failure).toBeNull()
    })

    test.each(['', '..', '../x', 'a/b', 'A', "x'; DROP", '.x', 'x'.repeat(65), 7])('%o is no stream', (bad) => {
      expect(() => store({ stream: bad as string })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    })
  })
}
