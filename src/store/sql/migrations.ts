import { TradeLearnError } from '../../core/errors.ts'
import type { Dialect, SqlDatabase, Statement } from './database.ts'
import { TABLES, tables } from './tables.ts'
import { views } from './views.ts'

/** One step from an older layout to a newer one. */
export type Migration = {
  readonly version: number
  readonly name: string
  readonly statements: (dialect: Dialect) => readonly string[]
}

/** Every step since the first, in order. What has been released is never changed. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'tables and views', statements: (d) => [...tables(d), ...guarded(d), ...views(d)] },
]

/**
 * Closes the tables to everybody but their owner and whom the owner lets in. Supabase shows the tables of an exposed schema
 * to every visitor unless row-level security is on.
 */
function guarded(d: Dialect): readonly string[] {
  if (d.name !== 'postgres') return []
  return TABLES.map((name) => `ALTER TABLE ${d.table(name)} ENABLE ROW LEVEL SECURITY`)
}

const versionTable = (d: Dialect): string =>
  `CREATE TABLE IF NOT EXISTS ${d.table('ml_migrations')} (\n  version ${d.types.integer} PRIMARY KEY,\n  name ${d.types.text} NOT NULL,\n  applied_at ${d.types.time} NOT NULL DEFAULT ${d.types.now}\n)${d.strict}`

/**
 * All migrations as one text, for people who run such things by hand: in `psql` or in Supabase's SQL editor.
 *
 * It is for an empty schema; run it in one transaction. A store that is opened afterwards finds nothing left to do.
 */
export function migrationText(dialect: Dialect, schema = 'tradelearn'): string {
  const head = dialect.name === 'postgres' ? [`CREATE SCHEMA IF NOT EXISTS "${schema}"`] : []
  const security =
    dialect.name === 'postgres' ? [`ALTER TABLE ${dialect.table('ml_migrations')} ENABLE ROW LEVEL SECURITY`] : []
  const steps = MIGRATIONS.flatMap(({ version, name, statements }) => [
    ...statements(dialect),
    `INSERT INTO ${dialect.table('ml_migrations')} (version, name) VALUES (${version}, '${name}')`,
  ])
  return `${[...head, versionTable(dialect), ...security, ...steps].join(';\n\n')};\n`
}

/**
 * Brings the database to today's layout, each step in a transaction of its own, at once in one process only.
 *
 * Where it is there already, nothing but a reading happens, so a role that may not create anything can open the store.
 *
 * @throws `UNSUPPORTED_VERSION` where a newer release has been here, `STORE_FAILED` where the role may not create
 */
export async function migrate(database: SqlDatabase, schema: string | null): Promise<void> {
  const d = database.dialect
  const done = await versionOf(database, schema)
  const newest = MIGRATIONS.at(-1)!.version
  if (done > newest) {
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      `The database's layout has version ${done}; this release knows up to ${newest}. Update tradelearn.`,
    )
  }
  for (const { version, name, statements } of MIGRATIONS) {
    if (version <= done) continue
    const steps = [
      // two processes that start together take turns
      ...(d.name === 'postgres' ? ["SELECT pg_advisory_xact_lock(hashtextextended('tradelearn migrations', 0))"] : []),
      ...(schema !== null && done === 0 && !(await hasSchema(database, schema))
        ? [`CREATE SCHEMA IF NOT EXISTS "${schema}"`]
        : []),
      versionTable(d),
      ...(d.name === 'postgres' ? [`ALTER TABLE ${d.table('ml_migrations')} ENABLE ROW LEVEL SECURITY`] : []),
    ].map((sql): Statement => ({ sql, values: [] }))
    const guard = { rows: 1, code: 'RECORD_CONFLICT', message: 'Another process has migrated the database.' } as const
    const claim: Statement = {
      sql: `INSERT INTO ${d.table('ml_migrations')} (version, name) VALUES (${d.parameter(1)}, ${d.parameter(2)}) ON CONFLICT (version) DO NOTHING RETURNING version`,
      values: [version, name],
      guard,
    }
    try {
      await database.transact([...steps, claim, ...statements(d).map((sql): Statement => ({ sql, values: [] }))])
    } catch (error) {
      // done already: by another process, or by us on a connection that broke before it could say so
      if ((error as TradeLearnError).code !== guard.code) throw error
    }
  }
}

async function hasSchema(database: SqlDatabase, schema: string): Promise<boolean> {
  const sql = 'SELECT 1 AS there FROM pg_catalog.pg_namespace WHERE nspname = $1'
  return (await database.transact([{ sql, values: [schema] }]))[0]!.length > 0
}

/** The newest migration that was done; 0 for none. */
async function versionOf(database: SqlDatabase, schema: string | null): Promise<number> {
  const there: Statement =
    schema === null
      ? { sql: "SELECT 1 AS there FROM sqlite_schema WHERE type = 'table' AND name = 'ml_migrations'", values: [] }
      : {
          sql: "SELECT 1 AS there FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'ml_migrations'",
          values: [schema],
        }
  if ((await database.transact([there]))[0]!.length === 0) return 0
  const sql = `SELECT max(version) AS version FROM ${database.dialect.table('ml_migrations')}`
  return Number((await database.transact([{ sql, values: [] }]))[0]![0]?.['version'] ?? 0)
}
