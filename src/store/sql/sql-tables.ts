import { show, TradeLearnError } from '../../core/errors.ts'
import { Batches } from './batches.ts'
import { textCell } from './cells.ts'
import type { Row, SqlDatabase, SqlValue, Statement } from './database.ts'
import { sha256 } from './digest.ts'
import { insertRows, statement } from './insert.ts'
import type { SqlOptions } from './options.ts'
import type {
  DecisionRecord,
  MarkRecord,
  ModelRecord,
  OutcomeRecord,
  PerformanceRecord,
  TradeTables,
} from './records.ts'
import { type Cells, featureRow, markRow, modelRow, outcomeRow, performanceRow, predictionRows } from './rows.ts'

type Answers = readonly (readonly Row[])[]
type Refusal = Error | undefined

/** A decision to be stored with others in one go. */
type DecisionJob = {
  readonly id: string
  readonly text: string
  readonly features: Cells
  readonly predictions: readonly Cells[]
}
/** Anything else: its statements, given the hash of its text, and what their answers say about it. */
type OtherJob = {
  readonly text: string
  readonly statements: (hash: string) => readonly Statement[]
  readonly refusal: (answers: Answers, hash: string) => Refusal
}
type Job = DecisionJob | OtherJob

/** What the tables need to know of the writer whose they are. */
export type Writer = {
  /** Throws unless the store is open. */
  readonly checkOpen: () => void
  /** Undoes a transaction where another writer has taken over. */
  readonly fence: () => Statement
}

/**
 * The tables of one stream, written in batches beside the decisions that they tell of.
 *
 * Each batch is one transaction, decisions first, all of them in one statement a table. A value that the database refuses
 * although it was checked here would take the batch with it; the records are then stored one by one, and only the culprit
 * is refused.
 */
export class SqlTables implements TradeTables {
  readonly #database: SqlDatabase
  readonly #stream: string
  readonly #queue: Batches<Job>
  readonly #writer: Writer

  constructor(database: SqlDatabase, options: SqlOptions, writer: Writer) {
    this.#database = database
    this.#stream = options.stream
    this.#writer = writer
    this.#queue = new Batches(
      (jobs) => this.#write(jobs),
      options,
      () => options.wait(0),
    )
  }

  async recordDecision(record: DecisionRecord): Promise<void> {
    const d = this.#database.dialect
    const features = featureRow(d, this.#stream, record)
    const predictions = predictionRows(d, this.#stream, record)
    const text = JSON.stringify([features, predictions])
    await this.#add({ id: String(features['decision_id']), text, features, predictions })
  }

  async recordOutcome(record: OutcomeRecord): Promise<void> {
    const d = this.#database.dialect
    const cells = outcomeRow(d, record)
    const id = textCell('label.id', record.label.id, 100)
    const key = [this.#stream, id]
    const table = d.table('ml_trade_features')
    const set = Object.keys(cells).map((column) => `${column} = ?, `)
    const update = `UPDATE ${table} SET ${set.join('')}outcome_hash = ?, outcome_recorded_at = ${d.types.now} WHERE stream = ? AND decision_id = ? AND outcome_hash IS NULL`
    const there = `SELECT outcome_hash AS hash FROM ${table} WHERE stream = ? AND decision_id = ?`
    await this.#add({
      text: JSON.stringify(cells),
      statements: (hash) => [statement(d, update, [...Object.values(cells), hash, ...key]), statement(d, there, key)],
      refusal: ([, rows], hash) => {
        const row = rows![0]
        if (row === undefined) {
          return new TradeLearnError('UNKNOWN_DECISION', `Decision ${show(id)} must be recorded before its outcome.`)
        }
        return row['hash'] === hash ? undefined : conflict(`Decision ${show(id)} has another outcome already.`)
      },
    })
  }

  async recordModel(record: ModelRecord): Promise<void> {
    const d = this.#database.dialect
    const row = modelRow(d, this.#stream, record)
    const table = d.table('ml_models')
    const changes = ['status', 'metrics', 'status_since', 'notes'].map((column) => `${column} = excluded.${column}`)
    // what a model is does not change, and an older status that is told late changes nothing
    const same = `${table}.content_hash = excluded.content_hash AND ${table}.status_since <= excluded.status_since`
    const after = `ON CONFLICT (stream, model_id) DO UPDATE SET ${changes.join(', ')} WHERE ${same}`
    const there = `SELECT content_hash FROM ${table} WHERE stream = ? AND model_id = ?`
    await this.#add({
      text: JSON.stringify(row),
      statements: () => [
        insertRows(d, 'ml_models', Object.keys(row), [Object.values(row)], after),
        statement(d, there, [this.#stream, row['model_id']!]),
      ],
      refusal: ([, rows]) =>
        rows![0]?.['content_hash'] === row['content_hash']
          ? undefined
          : conflict(`Model ${show(record.id)} was recorded with another content before.`),
    })
  }

  async recordPerformance(record: PerformanceRecord): Promise<void> {
    const key = ['stream', 'model_id', 'scope', 'period', 'period_start']
    await this.#replace('ml_performance', key, performanceRow(this.#database.dialect, this.#stream, record))
  }

  async recordMark(record: MarkRecord): Promise<void> {
    const key = ['stream', 'marked_at', 'kind', 'subject']
    await this.#replace('ml_marks', key, markRow(this.#database.dialect, this.#stream, record))
  }

  async flush(): Promise<void> {
    await this.#queue.idle()
  }

  // --------------------------------------------------------------- mechanics

  /** Stores a row in the place of the one with its key. */
  async #replace(table: string, key: readonly string[], row: Cells): Promise<void> {
    const columns = Object.keys(row)
    const set = columns.filter((column) => !key.includes(column)).map((column) => `${column} = excluded.${column}`)
    const after = `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${set.join(', ')}`
    const insert = insertRows(this.#database.dialect, table, columns, [Object.values(row)], after)
    await this.#add({ text: JSON.stringify(row), statements: () => [insert], refusal: () => undefined })
  }

  async #add(job: Job): Promise<void> {
    this.#writer.checkOpen()
    this.#queue.checkRoom(job.text.length)
    await this.#queue.add(job, job.text.length)
  }

  async #write(jobs: readonly Job[]): Promise<readonly Refusal[]> {
    try {
      return await this.#store(jobs)
    } catch (error) {
      if ((error as TradeLearnError).code !== 'INVALID_INPUT' || jobs.length === 1) throw error
    }
    const refusals: Refusal[] = []
    for (const job of jobs) {
      const alone = await this.#store([job]).catch((error: Error) => [error])
      refusals.push(alone[0])
    }
    return refusals
  }

  async #store(jobs: readonly Job[]): Promise<readonly Refusal[]> {
    const hashes = await Promise.all(jobs.map(({ text }) => sha256(text)))
    const refusals: Refusal[] = jobs.map(() => undefined)
    const fresh = await this.#newDecisions(jobs, hashes, refusals)
    const statements = [this.#writer.fence(), ...this.#insertDecisions(fresh)]
    const answered: { readonly i: number; readonly start: number; readonly end: number }[] = []
    for (const [i, job] of jobs.entries()) {
      if ('id' in job) continue
      const start = statements.length
      statements.push(...job.statements(hashes[i]!))
      answered.push({ i, start, end: statements.length })
    }
    const answers = await this.#database.transact(statements)
    for (const { i, start, end } of answered) {
      refusals[i] = (jobs[i] as OtherJob).refusal(answers.slice(start, end), hashes[i]!)
    }
    return refusals
  }

  /** The decisions that are not stored yet, with their hashes; those stored otherwise get a refusal. */
  async #newDecisions(
    jobs: readonly Job[],
    hashes: readonly string[],
    refusals: Refusal[],
  ): Promise<readonly { readonly job: DecisionJob; readonly hash: string }[]> {
    const ids = jobs.flatMap((job) => ('id' in job ? [job.id] : []))
    if (ids.length === 0) return []
    const d = this.#database.dialect
    const sql = `SELECT decision_id, hash FROM ${d.table('ml_trade_features')} WHERE stream = ? AND decision_id IN (${ids.map(() => '?').join(', ')})`
    const rows = (await this.#database.transact([statement(d, sql, [this.#stream, ...ids])]))[0]!
    const known = new Map(rows.map((row) => [String(row['decision_id']), row['hash']]))
    const fresh: { readonly job: DecisionJob; readonly hash: string }[] = []
    for (const [i, job] of jobs.entries()) {
      if (!('id' in job)) continue
      const there = known.get(job.id)
      if (there === undefined) fresh.push({ job, hash: hashes[i]! })
      else if (there !== hashes[i]) refusals[i] = conflict(`Decision ${show(job.id)} was recorded otherwise before.`)
      if (there === undefined) known.set(job.id, hashes[i]!)
    }
    return fresh
  }

  #insertDecisions(fresh: readonly { readonly job: DecisionJob; readonly hash: string }[]): readonly Statement[] {
    return [
      ...this.#insertAll(
        'ml_trade_features',
        fresh.map(({ job, hash }) => ({ ...job.features, hash })),
      ),
      ...this.#insertAll(
        'ml_predictions',
        fresh.flatMap(({ job }) => job.predictions),
      ),
    ]
  }

  /** Rows that may be there already, in statements that no database finds too long. */
  #insertAll(table: string, rows: readonly Cells[]): readonly Statement[] {
    if (rows.length === 0) return []
    const columns = Object.keys(rows[0]!)
    const values = rows.map((row) => columns.map((column): SqlValue => row[column]!))
    const most = Math.floor(MOST_PARAMETERS / columns.length)
    const statements: Statement[] = []
    for (let i = 0; i < values.length; i += most) {
      statements.push(
        insertRows(this.#database.dialect, table, columns, values.slice(i, i + most), 'ON CONFLICT DO NOTHING'),
      )
    }
    return statements
  }
}

/** SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535. */
const MOST_PARAMETERS = 32_000

const conflict = (text: string): TradeLearnError => new TradeLearnError('RECORD_CONFLICT', text)
