import { show, TradeLearnError } from '../../core/errors.ts'
import type { Dialect } from './database.ts'

/** PostgreSQL 15 and later, with the tables in one schema. */
export function postgresDialect(schema = 'tradelearn'): Dialect {
  // 63 bytes, as PostgreSQL's names
  if (typeof schema !== 'string' || !/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"schema" must be 1 to 63 characters of a-z, 0-9 and _, and begin with no digit, got ${show(schema)}.`,
    )
  }
  const table = (name: string): string => `"${schema}".${name}`
  return {
    name: 'postgres',
    table,
    parameter: (n) => `$${n}`,
    types: {
      text: 'text',
      integer: 'bigint',
      real: 'double precision',
      flag: 'boolean',
      time: 'timestamptz',
      json: 'jsonb',
      verbatim: 'json',
      now: 'now()',
    },
    strict: '',
    whole: (expression) => `floor(${expression})::int`,
    hour: (expression) => `extract(hour from ${expression} at time zone 'UTC')::int`,
    time: (milliseconds) => new Date(milliseconds).toISOString(),
    milliseconds: (expression) => `(extract(epoch from ${expression}) * 1000)::double precision`,
    count: (expression) => `count(${expression})::int`,
    number: (expression) => `${expression}::double precision`,
    asText: (column) => `${column}::text`,
    holdRow: 'FOR UPDATE',
    // without security_invoker a view would show its reader what its owner may see, past row-level security
    view: (name, columns) => `CREATE VIEW ${table(name)} (${columns}) WITH (security_invoker = true) AS`,
  }
}

/** SQLite 3.37 and later. Times are whole epoch milliseconds, truth values 0 and 1, JSON is text. */
export const sqliteDialect: Dialect = {
  name: 'sqlite',
  table: (name) => name,
  parameter: () => '?',
  types: {
    text: 'TEXT',
    integer: 'INTEGER',
    real: 'REAL',
    flag: 'INTEGER',
    time: 'INTEGER',
    json: 'TEXT',
    verbatim: 'TEXT',
    // 2440587.5 is the Julian day of 1970-01-01
    now: "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))",
  },
  strict: ' STRICT',
  whole: (expression) => `CAST(${expression} AS INTEGER)`,
  hour: (expression) => `CAST(strftime('%H', ${expression} / 1000.0, 'unixepoch') AS INTEGER)`,
  time: (milliseconds) => milliseconds,
  milliseconds: (expression) => expression,
  count: (expression) => `count(${expression})`,
  number: (expression) => expression,
  asText: (column) => column,
  holdRow: '',
  view: (name, columns) => `CREATE VIEW ${name} (${columns}) AS`,
}
