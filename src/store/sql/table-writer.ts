import type { JsonValue, Snapshot } from '../../contracts.ts'
import { integer, text } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { type State, unpackState } from '../../core/state.ts'
import type { Companion, DecidedSignal, EndedSignal } from '../../lifecycle/index.ts'
import { addToDay, DAY, type ModelDay, newModelDay, performanceOf } from './model-day.ts'
import type { ModelRecord } from './records.ts'
import { pauseOf } from './retry.ts'
import { RowSender } from './row-sender.ts'
import type { SqlStore } from './sql-store.ts'
import { packRow, type RowToTell, type SeenModel, type ToldRow, unpackDay, unpackModel, unpackRow } from './told-row.ts'

/** What the learner cannot know of a model: its name, its numbers, the model itself. */
export type ModelDescription = Partial<
  Pick<ModelRecord, 'name' | 'hash' | 'hyperparameters' | 'metrics' | 'trained' | 'parent' | 'artefact' | 'notes'>
>

/** Options of {@link TableWriter}. */
export type TableWriterOptions = {
  /** The learner's features, for their names. */
  readonly features: { readonly schema: { readonly names: readonly string[]; readonly fingerprint: string } }
  /**
   * What is known of the version of a model, for `ml_models`; asked once when it first decides and once when it stops.
   * @defaultValue its version as its name and hash
   */
  readonly describe?: (version: string) => ModelDescription
  /** What the policy is known by. @defaultValue nothing */
  readonly policyHash?: string
  /** Most rows that may wait; the oldest are dropped and counted. @defaultValue 20_000 */
  readonly capacity?: number
  /** Most rows made at a time, some 50 microseconds each. @defaultValue 50 */
  readonly batch?: number
  /** Labels after which the figures of a day under way are told. @defaultValue 20 */
  readonly everyLabels?: number
  /**
   * Resolves once what the learner was told is stored, so that no row tells of what a crash makes undone: needed where events are
   * kept in another store, `() => learner.stored()`. @defaultValue `store.flush`
   */
  readonly stored?: () => Promise<unknown>
  /** How waiting is done. @defaultValue the host's `setTimeout` */
  readonly wait?: (milliseconds: number) => Promise<void>
}

/** What a model is called that the constructor was given, as in a `DecisionLog`. */
const FIRST = 'first'
/** Versions may be sentences; columns of ids hold this many characters. */
const LONGEST_ID = 100

const fresh = () => ({
  /** The day under way in epoch milliseconds; -1 before the first. */
  day: -1,
  /** Versions seen. */
  versions: 0,
  /** The one that decides; null before the first. */
  model: null as SeenModel | null,
  /** The model of each open decision. */
  open: new Map<string, string>(),
  /** The day's figures by model. */
  days: new Map<string, ModelDay>(),
})

/**
 * Keeps the tables for a learner: what it decides, what becomes of it, which models decide, how each day went.
 *
 * It goes along as a companion. What it is told it copies and queues, a microsecond's work; rows are made and sent in later turns
 * of the event loop, and only once the events behind them are stored. What has not been stored yet is part of the learner's
 * snapshot, and what came after that snapshot is told again when the past is lived through: after a crash every row is
 * there, once.
 *
 * It fails no decision. The first error of the database is kept in `failure` and told once through `status().faults`; from
 * then on nothing is sent, and rows wait, the oldest dropped and counted, for the next start. Rows that are refused, one by
 * one, are counted and told likewise.
 *
 * @example
 * ```ts
 * const store = new SqliteStore({ driver: new Database('trades.db'), stream: 'bot-1' })
 * const writer = new TableWriter(store, { features })
 * const learner = await TradeLearner.open({ features, store, companions: [writer] })
 * ```
 */
export class TableWriter implements Companion {
  static readonly type: string = 'table-writer'
  static readonly version: number = 1

  readonly #store: Pick<SqlStore, 'tables'>
  readonly #options: Pick<TableWriterOptions, 'features' | 'policyHash'> &
    Required<Pick<TableWriterOptions, 'describe' | 'capacity' | 'everyLabels'>>
  #state = fresh()
  /** Labels since the figures were told, and the rows that told them, by model. */
  #labels = 0
  readonly #told = new Map<string, number>()
  #asleep = false
  readonly #sender: RowSender

  constructor(store: Pick<SqlStore, 'tables' | 'flush'>, options: TableWriterOptions) {
    if (typeof store?.tables?.recordDecision !== 'function') {
      throw new TradeLearnError('INVALID_OPTION', `"store" must be a SqliteStore or PostgresStore, got ${show(store)}.`)
    }
    const schema = options?.features?.schema
    if (!Array.isArray(schema?.names)) {
      throw new TradeLearnError('INVALID_OPTION', `"features" must have a schema with names, got ${show(schema)}.`)
    }
    const { describe = () => ({}), stored = () => store.flush(), wait = pauseOf, policyHash } = options
    this.#store = store
    this.#options = {
      features: { schema: { names: [...schema.names], fingerprint: schema.fingerprint } },
      describe,
      capacity: integer('capacity', options.capacity ?? 20_000),
      everyLabels: integer('everyLabels', options.everyLabels ?? 20),
      ...(policyHash === undefined ? {} : { policyHash: text('policyHash', policyHash) }),
    }
    const batch = integer('batch', options.batch ?? 50)
    const { capacity } = this.#options
    this.#sender = new RowSender((row) => this.#record(row), { capacity, batch, stored, wait })
  }

  // ---------------------------------------------------------------- queries

  /** Why nothing is sent any more, or null. Latched until the learner is opened anew. */
  get failure(): TradeLearnError | null {
    return this.#sender.failure
  }

  /** Rows that wait. */
  get waiting(): number {
    return this.#sender.waiting
  }

  /** Rows that were dropped because too many waited. */
  get lost(): number {
    return this.#sender.lost
  }

  /** Rows that the tables did not take. */
  get refused(): number {
    return this.#sender.refused
  }

  // --------------------------------------------------------------- commands

  opened(id: string, time: number, { decision, x, version, meta, latency }: DecidedSignal): void {
    const { trial, mode } = decision
    if (this.#state.day < 0) this.#enterDay(time)
    // a rollout that deals nothing out yet, or everything already, is no test
    const dealt = trial !== undefined && trial.propensity < 1
    const status = dealt ? 'ab_test' : mode === 'live' ? 'production' : 'shadow'
    const model = this.#modelOf(version === '' ? FIRST : version.slice(0, LONGEST_ID), status, time)
    const { open } = this.#state
    open.set(id, model.id)
    if (open.size > this.#options.capacity) open.delete(open.keys().next().value!)
    const arm = trial?.arm ?? (mode === 'live' ? 'model' : 'baseline')
    const record = { decision, x: x.slice(), meta: { ...meta }, latency, arm, propensity: trial?.propensity ?? 1 }
    this.#queue({ kind: 'decision', record: { ...record, model: { id: model.id, version: model.version } } })
    this.#sender.speak()
  }

  observe(_row: unknown, { decision, label, told }: EndedSignal): void {
    const model = this.#state.open.get(decision.id)
    // one from before anybody wrote tables
    if (model === undefined) return
    this.#state.open.delete(decision.id)
    // what a bot says of a time may be anything
    if (!told) this.#enterDay(label.exitTime)
    this.#queue({ kind: 'outcome', record: { label: { ...label }, source: told ? 'bot' : 'candles' } })
    const { days, day } = this.#state
    const sums = days.get(model) ?? newModelDay(model, day)
    days.set(model, sums)
    addToDay(sums, label, decision, decision.prediction.probability)
    if (++this.#labels >= this.#options.everyLabels) this.#tellDays()
    this.#sender.speak()
  }

  /** It will have no outcome; its row stays without one. */
  dropped(id: string): void {
    this.#state.open.delete(id)
  }

  tick(time: number): void {
    this.#enterDay(time)
    this.#sender.speak()
  }

  /** The past is lived through: what is told may be in the tables already. */
  sleep(): void {
    this.#asleep = true
    this.#sender.sleep()
  }

  wake(): void {
    this.#asleep = false
    this.#sender.wake()
  }

  /** Resolves once everything told so far is stored, the figures of the day included, or cannot be. */
  async flush(): Promise<void> {
    if (this.#labels > 0) this.#tellDays()
    await this.#sender.flush()
  }

  // --------------------------------------------------------------- mechanics

  /** Whoever decides now; a change of models, or of their standing, makes rows of `ml_models`. */
  #modelOf(id: string, status: SeenModel['status'], time: number): SeenModel {
    const state = this.#state
    const { model } = state
    if (model?.id === id && model.status === status) return model
    const since = { status, statusSince: time }
    if (model?.id === id) state.model = { ...model, ...since }
    else {
      if (model) this.#queue({ kind: 'model', record: { ...model, status: 'retired', statusSince: time } })
      state.model = { id, version: ++state.versions, ...since, createdAt: time, before: model?.id ?? '' }
    }
    this.#queue({ kind: 'model', record: state.model! })
    return state.model!
  }

  #enterDay(time: number): void {
    const day = Math.floor(time / DAY) * DAY
    if (!(day > this.#state.day)) return
    if (this.#labels > 0) this.#tellDays()
    this.#state.days.clear()
    this.#told.clear()
    this.#state.day = day
  }

  /** Queues the figures of the day under way, in the place of those that still wait. */
  #tellDays(): void {
    const { days } = this.#state
    this.#labels = 0
    for (const day of days.values()) {
      const before = this.#told.get(day.model)
      if (before !== undefined) this.#sender.drop(before)
      const copy = { ...day, predictions: [...day.predictions], outcomes: [...day.outcomes] }
      this.#told.set(day.model, this.#queue({ kind: 'day', record: copy }))
    }
  }

  #queue(row: RowToTell): number {
    return this.#sender.add({ ...row, again: this.#asleep } as ToldRow)
  }

  #record(row: ToldRow): Promise<void> {
    const { tables } = this.#store
    const { features, describe, policyHash } = this.#options
    const { names, fingerprint: schema } = features.schema
    if (row.kind === 'outcome') return tables.recordOutcome(row.record)
    if (row.kind === 'day') return tables.recordPerformance(performanceOf(row.record))
    if (row.kind === 'decision') {
      return tables.recordDecision({
        ...row.record,
        names,
        schema,
        ...(policyHash === undefined ? {} : { policyHash }),
      })
    }
    const { before, ...model } = row.record
    const parent = before === '' ? {} : { parent: before }
    return tables.recordModel({ name: model.id, hash: model.id, ...parent, ...describe(model.id), ...model, schema })
  }

  // ---------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    const { day, versions, model, open, days } = this.#state
    const state = {
      ...{ day, versions, lost: this.#sender.lost, labels: this.#labels, model, open: [...open] },
      days: [...days.values()],
    }
    const whole = snapshot(TableWriter, {}, state as unknown as { readonly [key: string]: State })
    return { ...whole, state: { ...whole.state, rows: this.#sender.rows().map(packRow) } }
  }

  /** Goes on where `saved` stopped. @throws `CORRUPT_SNAPSHOT`, changing nothing */
  resume(saved: Snapshot): void {
    const { rows, days, ...rest } = checkSnapshot(TableWriter, saved).state
    const state = unpackState(rest, { day: 0, versions: 0, lost: 0, labels: 0, model: null as State, open: [['']] })
    for (const name of ['versions', 'lost', 'labels'] as const) integer(name, state[name], 0, 'CORRUPT_SNAPSHOT')
    const waiting = listOf(rows, 'rows').map((row, i) => unpackRow(row, `rows[${i}]`))
    const sums = listOf(days, 'days').map((day, i) => unpackDay(day, `days[${i}]`))
    const open = state.open as unknown as readonly (readonly [string, string])[]
    this.#state = {
      day: integer('day', state.day, -1, 'CORRUPT_SNAPSHOT'),
      versions: state.versions,
      model: state.model === null ? null : unpackModel(rest['model']!, 'state.model'),
      open: new Map(open),
      days: new Map(sums.map((day) => [day.model, day])),
    }
    this.#labels = state.labels
    this.#told.clear()
    this.#sender.resume(waiting, state.lost)
  }
}

function listOf(json: JsonValue | undefined, name: string): readonly JsonValue[] {
  if (Array.isArray(json)) return json as readonly JsonValue[]
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"state.${name}" must be a list, got ${show(json)}.`)
}
