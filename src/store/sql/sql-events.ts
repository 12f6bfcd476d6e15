import type { EventStore, JsonValue, Recovery, StoredEvent } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { Batches } from './batches.ts'
import type { Row, SqlDatabase, Statement } from './database.ts'
import { sha256 } from './digest.ts'
import { insertRows, statement } from './insert.ts'
import { migrate } from './migrations.ts'
import type { SqlOptions } from './options.ts'
import { newestSnapshot } from './snapshots.ts'

type Item = { readonly seq: number; readonly text: string }

/** Events of one answer while reading back: a few megabytes at a kilobyte each. */
const PAGE = 2000
/** Snapshots that are kept. */
const KEPT_SNAPSHOTS = 3

/**
 * The events and snapshots of one stream in a SQL database.
 *
 * An event's row holds its number, its text to the letter, and the SHA-256 of stream, number and text. A batch is one
 * transaction: the writer's row is held and its epoch compared, the events are inserted where they are not there yet, and
 * the hashes that are there now are read and compared. So a transaction may be sent twice, and an event is acknowledged only
 * when the database has said that it holds this text under this number.
 *
 * Reading back checks that no number is missing and that every text has its hash.
 */
export class SqlEvents implements EventStore {
  readonly #database: SqlDatabase
  readonly #options: SqlOptions
  readonly #queue: Batches<Item>
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new'
  #failure: TradeLearnError | null = null
  #epoch = 0
  #next = 1

  constructor(database: SqlDatabase, options: SqlOptions) {
    this.#database = database
    this.#options = options
    this.#queue = new Batches(
      (items) => this.#write(items),
      options,
      () => options.wait(0),
    )
  }

  get failure(): Error | null {
    return this.#failure
  }

  async open(
    onSnapshot: (seq: number, value: JsonValue) => void,
    onEvent: (stored: StoredEvent) => void,
  ): Promise<Recovery> {
    if (this.#state !== 'new') throw new TradeLearnError('NOT_OPEN', 'A store can be opened once; make a new one.')
    this.#state = 'opening'
    try {
      const warnings = [...(await this.#database.connect())]
      await migrate(this.#database, this.#options.schema)
      await this.#lock()
      const snapshot = await newestSnapshot(this.#database, this.#options.stream, warnings)
      if (snapshot) onSnapshot(snapshot.seq, snapshot.value)
      const replayed = await this.#replay(snapshot?.seq ?? 0, onEvent)
      this.#state = 'open'
      return { snapshot, replayed, tornTail: null, warnings }
    } catch (error) {
      this.#state = 'closed'
      await this.#database.close().catch(() => undefined)
      throw error
    }
  }

  async append(event: JsonValue): Promise<number> {
    this.checkOpen()
    const text = textOf('event', event)
    this.#queue.checkRoom(text.length)
    const seq = this.#next++
    await this.#queue.add({ seq, text }, text.length)
    return seq
  }

  async saveSnapshot(seq: number, value: JsonValue): Promise<void> {
    this.checkOpen()
    integer('seq', seq, 0, 'INVALID_INPUT')
    if (seq >= this.#next) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"seq" must be that of an event, at most ${this.#next - 1}, got ${seq}.`,
      )
    }
    const text = textOf('value', value)
    // a snapshot must not stand before its events do
    await this.flush()
    const { stream, keepEvents } = this.#options
    const d = this.#database.dialect
    const hash = await sha256(`${stream}\nsnapshot ${seq}\n${text}`)
    const kept = `SELECT seq FROM ${d.table('ml_snapshots')} WHERE stream = ? ORDER BY seq DESC LIMIT ${KEPT_SNAPSHOTS}`
    const statements = [
      this.fence(),
      insertRows(
        d,
        'ml_snapshots',
        ['stream', 'seq', 'epoch', 'value', 'hash'],
        [[stream, seq, this.#epoch, text, hash]],
        'ON CONFLICT (stream, seq) DO UPDATE SET epoch = excluded.epoch, value = excluded.value, hash = excluded.hash',
      ),
      statement(d, `DELETE FROM ${d.table('ml_snapshots')} WHERE stream = ? AND seq NOT IN (${kept})`, [
        stream,
        stream,
      ]),
    ]
    if (keepEvents === 'since-snapshots') {
      const oldest = `SELECT min(seq) FROM ${d.table('ml_snapshots')} WHERE stream = ?`
      const sql = `DELETE FROM ${d.table('ml_events')} WHERE stream = ? AND seq <= (${oldest})`
      statements.push(statement(d, sql, [stream, stream]))
    }
    await this.#latching(() => this.#database.transact(statements))
  }

  async flush(): Promise<void> {
    await this.#queue.idle()
    if (this.#failure) throw this.#failure
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await this.#queue.idle()
    await this.#database.close()
    if (this.#failure) throw this.#failure
  }

  /** Throws unless the store is open and whole. */
  checkOpen(): void {
    if (this.#failure) throw this.#failure
    if (this.#state !== 'open') throw new TradeLearnError('NOT_OPEN', 'The store must be open: await open() first.')
  }

  /** Holds the writer's row, and undoes everything where another writer has taken over. */
  fence(): Statement {
    const { stream } = this.#options
    const d = this.#database.dialect
    const sql = `SELECT epoch FROM ${d.table('ml_streams')} WHERE stream = ? AND epoch = ? ${d.holdRow}`
    const message = `Another writer has taken over stream ${show(stream)}; this one's epoch was ${this.#epoch}.`
    return { ...statement(d, sql, [stream, this.#epoch]), guard: { rows: 1, code: 'STORE_LOCKED', message } }
  }

  // --------------------------------------------------------------- mechanics

  /** What fails once fails for good: what came after it would stand behind a gap. */
  async #latching<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure) throw this.#failure
    try {
      return await work()
    } catch (error) {
      const { code, message } = error as TradeLearnError
      this.#failure =
        code === 'STORE_LOCKED' ? (error as TradeLearnError) : new TradeLearnError('STORE_FAILED', message)
      throw this.#failure
    }
  }

  /** Becomes the one writer, in a new epoch. */
  async #lock(): Promise<void> {
    const { stream, holder, lockWait, wait } = this.#options
    const d = this.#database.dialect
    for (let waited = 0; !(await this.#database.lock(stream)); waited += 50) {
      // the session of a process that has just died may live for a moment
      if (waited >= lockWait) throw await this.#lockedBy()
      await wait(50)
    }
    const streams = d.table('ml_streams')
    const take = insertRows(
      d,
      'ml_streams',
      ['stream', 'epoch', 'holder'],
      [[stream, 1, holder]],
      `ON CONFLICT (stream) DO UPDATE SET epoch = ${streams}.epoch + 1, holder = excluded.holder, opened_at = ${d.types.now} RETURNING epoch`,
    )
    this.#epoch = Number((await this.#database.transact([take]))[0]![0]!['epoch'])
  }

  async #lockedBy(): Promise<TradeLearnError> {
    const { stream } = this.#options
    const d = this.#database.dialect
    const sql = `SELECT holder, ${d.milliseconds('opened_at')} AS since FROM ${d.table('ml_streams')} WHERE stream = ?`
    const row = (await this.#database.transact([statement(d, sql, [stream])]))[0]![0]
    const since = Number(row?.['since'])
    const when = Number.isFinite(since) ? new Date(since).toISOString() : 'just now'
    return new TradeLearnError(
      'STORE_LOCKED',
      `Stream ${show(stream)} must have one writer, got another: ${show(row?.['holder'] ?? 'unknown')}, since ${when}.`,
    )
  }

  async #write(items: readonly Item[]): Promise<readonly undefined[]> {
    await this.#latching(async () => {
      const { stream } = this.#options
      const d = this.#database.dialect
      const hashes = await Promise.all(items.map(({ seq, text }) => hashOf(stream, seq, text)))
      const rows = items.map(({ seq, text }, i) => [stream, seq, this.#epoch, text, hashes[i]!])
      const columns = ['stream', 'seq', 'epoch', 'event', 'hash']
      const between = `SELECT seq, hash FROM ${d.table('ml_events')} WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq`
      const [, , there] = await this.#database.transact([
        this.fence(),
        insertRows(d, 'ml_events', columns, rows, 'ON CONFLICT (stream, seq) DO NOTHING'),
        statement(d, between, [stream, items[0]!.seq, items.at(-1)!.seq]),
      ])
      const odd = items.findIndex(
        ({ seq }, i) => Number(there![i]?.['seq']) !== seq || there![i]?.['hash'] !== hashes[i],
      )
      if (odd < 0) return
      throw new TradeLearnError(
        'STORE_FAILED',
        `Event ${items[odd]!.seq} of stream ${show(stream)} must be the one just stored, got another.`,
      )
    })
    return []
  }

  /** Hands over every event after `seq` and sets where to go on. */
  async #replay(seq: number, onEvent: (stored: StoredEvent) => void): Promise<number> {
    const { stream } = this.#options
    const d = this.#database.dialect
    const sql = `SELECT seq, ${d.asText('event')} AS event, hash FROM ${d.table('ml_events')} WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ${PAGE}`
    let last = seq
    for (;;) {
      const rows = (await this.#database.transact([statement(d, sql, [stream, last])]))[0]!
      const hashes = await Promise.all(rows.map((row) => hashOf(stream, Number(row['seq']), String(row['event']))))
      for (const [i, row] of rows.entries()) {
        onEvent({ seq: last + 1, event: checkRow(row, hashes[i]!, stream, last + 1) })
        last++
      }
      if (rows.length < PAGE) break
    }
    this.#next = last + 1
    return last - seq
  }
}

const hashOf = (stream: string, seq: number, text: string): Promise<string> =>
  sha256(`${stream}\nevent ${seq}\n${text}`)

/** The event of a row that is the wanted one, whole. */
function checkRow(row: Row, hash: string, stream: string, wanted: number): JsonValue {
  const seq = Number(row['seq'])
  const fault =
    seq !== wanted ? `got ${seq} next: events are missing` : row['hash'] !== hash ? 'got one that was altered' : ''
  if (fault === '') return JSON.parse(String(row['event'])) as JsonValue
  throw new TradeLearnError('CORRUPT_STORE', `Stream ${show(stream)} must hold event ${wanted} whole, ${fault}.`)
}

/** A value as it is at this moment. */
function textOf(name: string, value: JsonValue): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw new TradeLearnError('INVALID_INPUT', `"${name}" must be JSON, got an error: ${(error as Error).message}.`)
  }
  if (text !== undefined) return text
  throw new TradeLearnError('INVALID_INPUT', `"${name}" must be JSON, got ${show(value)}.`)
}
