import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { EventStore } from '../../src/contracts.ts'
import { JournalStore } from '../../src/store/journal-store.ts'
import { PostgresStore, SqliteStore, type SqlStore } from '../../src/store/sql/index.ts'
import { trades } from './sql/trades.ts'

/**
 * A bot that is going to die: reads everything back, says what it found, then stores events, and decisions where there are tables
 * for them, as fast as it can, and says what was acknowledged. Arguments: where packages are, the kind of store, its file,
 * directory or connection, and how it ends: by itself in one of these ways, so many milliseconds after so many events were
 * acknowledged, or as it is made to.
 */
const [packages = '', kind = '', where = '', end = '', after = '', events = ''] = process.argv.slice(2)
const load = createRequire(packages)
const say = (line: string): void => void writeSync(1, `${line}\n`)

function make(): EventStore | SqlStore {
  if (kind === 'journal') return new JournalStore({ directory: where, segmentBytes: 20_000 })
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
const tables = 'tables' in store ? store.tables : undefined
let last = 0
const check = (seq: number, event: unknown): void => {
  if (seq !== last + 1 || (event as { n?: unknown }).n !== seq) say(`bad ${seq}`)
  last = seq
}
const { warnings } = await store.open(
  (seq, value) => {
    if ((value as { n?: unknown }).n !== seq) say(`bad snapshot ${seq}`)
    last = seq
  },
  ({ seq, event }) => check(seq, event),
)
for (const warning of warnings) say(`bad warning ${warning}`)
say(`open ${last}`)

let acknowledged = 0
const finish = (): void => {
  if (end === 'exit') process.exit(1)
  if (end === 'abort') process.abort()
  if (end === 'throw') throw new Error('thrown on purpose')
  if (end === 'reject') void Promise.reject(new Error('rejected on purpose'))
}
if (events === '0') setTimeout(finish, Number(after))

const { record, outcome } = trades(1)[0]!
for (;;) {
  // bursts, so that batches are of several sizes
  for (let i = 0; i < 1 + (last % 4); i++) {
    const n = ++last
    void store.append({ n, text: 'x'.repeat(200) }).then(() => {
      say(`event ${n}`)
      if (++acknowledged === Number(events)) setTimeout(finish, Number(after))
    })
    if (!tables) continue
    const id = `t-${n}`
    const decided = tables.recordDecision({ ...record, decision: { ...record.decision, id } })
    const closed = tables.recordOutcome({ ...outcome!, label: { ...outcome!.label, id } })
    void Promise.all([decided, closed]).then(() => say(`trade ${n}`))
  }
  if (last % 30 < 4 && last > 4) void store.saveSnapshot(last - 3, { n: last - 3 })
  await store.flush()
}
