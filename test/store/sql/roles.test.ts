import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fnv1a } from '../../../src/core/hash.ts'
import { PostgresStore, postgresDialect, sqliteDialect } from '../../../src/store/sql/index.ts'
import { MIGRATIONS, migrationText } from '../../../src/store/sql/migrations.ts'
import { TABLES } from '../../../src/store/sql/tables.ts'
import { FIGURES } from '../../../src/store/sql/views.ts'
import { opened } from '../conformance.ts'
import { NO_POSTGRES, PostgresServer } from './postgres-server.ts'
import { trades } from './trades.ts'

test('migrations that are released do not change', () => {
  const digests = MIGRATIONS.map(({ version, statements }) => [
    version,
    ...[postgresDialect(), sqliteDialect].map((d) => fnv1a(statements(d).join(';\n'))),
  ])
  expect(digests).toMatchInlineSnapshot(`
    [
      [
        1,
        "fe4f48cb",
        "82cd4d58",
      ],
    ]
  `)
})

test.each(['public', 'a', '_x9'])('%s is a schema', (schema) =>
  expect(postgresDialect(schema).table('t')).toBe(`"${schema}".t`),
)
test.each(['', 'A', '9a', 'a-b', 'a"b', 'a.b', 'x'.repeat(64), undefined as never, 7 as never])(
  '%o is no schema',
  (schema) => {
    if (schema === undefined) return
    expect(() => postgresDialect(schema)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  },
)

describe.skipIf(NO_POSTGRES !== undefined)(`roles${NO_POSTGRES ? ` (skipped: ${NO_POSTGRES})` : ''}`, () => {
  let server: PostgresServer
  let owner: pg.Pool
  const pools: pg.Pool[] = []
  const as = (role: string): pg.Pool => {
    const pool = new pg.Pool(server.options(role))
    pools.push(pool)
    return pool
  }
  beforeAll(async () => {
    server = await PostgresServer.start({ fsync: 'off' })
    owner = as('owner')
    for (const role of ['bot', 'visitor', 'maker']) await owner.query(`CREATE ROLE ${role} LOGIN NOSUPERUSER`)
  }, 60_000)
  afterAll(async () => {
    for (const pool of pools) await pool.end()
    await server?.stop()
  })
  const careless = { survives: 'process-kill', stream: 'bot-1' } as const

  test('a role without any special right sets everything up in a schema of its own', async () => {
    await owner.query('GRANT CREATE ON DATABASE postgres TO maker')
    const { store } = await opened(new PostgresStore({ connection: as('maker'), schema: 'made', ...careless }))
    expect(await store.append(1)).toBe(1)
    await store.close()
  })

  test('the migration runs by hand as one text, and a bot that may only write needs no other right', async () => {
    await owner.query(`BEGIN; ${migrationText(postgresDialect('byhand'), 'byhand')} COMMIT;`)
    await owner.query('GRANT USAGE ON SCHEMA byhand TO bot, visitor')
    for (const table of [...TABLES, 'ml_migrations']) {
      await owner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON byhand.${table} TO bot`)
      await owner.query(`CREATE POLICY bot ON byhand.${table} TO bot USING (true) WITH CHECK (true)`)
    }
    await owner.query('GRANT SELECT ON ALL TABLES IN SCHEMA byhand TO bot, visitor')
    const { store } = await opened(new PostgresStore({ connection: as('bot'), schema: 'byhand', ...careless }))
    const { record, outcome } = trades(1)[0]!
    await store.append(1)
    await store.tables.recordDecision(record)
    await store.tables.recordOutcome(outcome!)
    expect(await store.figure('ml_trades')).toHaveLength(1)

    // whoever was given the right to read, but no policy, as Supabase's visitors are, sees nothing, in views neither
    const visitor = as('visitor')
    for (const name of [...TABLES, ...FIGURES]) {
      const { rows } = await visitor.query(`SELECT count(*)::int AS n FROM byhand.${name}`)
      expect(rows, name).toEqual([{ n: 0 }])
    }
    await store.close()
  })
})
