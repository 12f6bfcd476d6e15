import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PostgresStore, SqliteStore, type SqlStore } from '../../../src/store/sql/index.ts'
import { trades } from './trades.ts'

/**
 * A bot that is going to be killed: reads everything back, says what it found, then stores events and decisions as fast as
 * it can and says what was acknowledged. Arguments: where packages are, the kind of store, and its file or connection.
 */
const [packages, kind, where] = process.argv.slice(2) as [string, string, string]
const load = createRequire(packages)
const say = (line: string): void => void writeSync(1, `${line}\n`)

function make(): SqlStore {
  if (kind === 'better-sqlite3') return new SqliteStore({ driver: new (load('better-sqlite3'))(where), stream: 'bot' })
  if (kind === 'node:sqlite') {
    return new SqliteStore({ driver: new (load('node:sqlite').DatabaseSync)(where), stream: 'bot' })
  }
  const pg = load('pg') as typeof import('pg')
  const pool = new pg.Pool({ connectionString: where })
  pool.on('error', () => undefined)
  return new PostgresStore({ connection: pool, stream: 'bot', lockWait: 10_000 })
}

const store = make()
let last = 0
const check = (seq: number, event: unknown): void => {
  if (seq !== last + 1 || (event as { n?: unknown }).n !== seq) say(`bad ${seq}`)
  last = seq
}
await store.open(
  (seq, value) => {
    if ((value as { n?: unknown }).n !== seq) say(`bad snapshot ${seq}`)
    last = seq
  },
  ({ seq, event }) => check(seq, event),
)
say(`open ${last}`)

const { record, outcome } = trades(1)[0]!
for (;;) {
  // bursts, so that batches are of several sizes
  for (let i = 0; i < 3; i++) {
    const n = ++last
    const id = `t-${n}`
    void store.append({ n, text: 'x'.repeat(200) }).then(() => say(`event ${n}`))
    const decided = store.tables.recordDecision({ ...record, decision: { ...record.decision, id } })
    const closed = store.tables.recordOutcome({ ...outcome!, label: { ...outcome!.label, id } })
    void Promise.all([decided, closed]).then(() => say(`trade ${n}`))
  }
  if (last % 30 === 0) void store.saveSnapshot(last - 3, { n: last - 3 })
  await store.flush()
}
