import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Label } from '../../../src/market.ts'
import {
  type DecisionRecord,
  FIGURES,
  type ModelRecord,
  PostgresStore,
  SqliteStore,
  type SqlStore,
} from '../../../src/store/sql/index.ts'
import { codeOf, opened } from '../conformance.ts'
import { NO_POSTGRES, PostgresServer } from './postgres-server.ts'
import { SQLITES } from './sqlite-drivers.ts'
import { trades } from './trades.ts'

let server: PostgresServer
let pool: pg.Pool
beforeAll(async () => {
  if (NO_POSTGRES) return
  server = await PostgresServer.start({ fsync: 'off' })
  pool = new pg.Pool(server.options())
}, 60_000)
afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

/** Stores that a test leaves open. */
const open: SqlStore[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})
const memory = { survives: 'process-kill', stream: 'bot-1' } as const
const places: readonly { name: string; skip: string | undefined; make: () => SqlStore }[] = [
  ...SQLITES.map(({ name, open: driver, skip }) => ({
    name,
    skip,
    make: () => new SqliteStore({ driver: driver(':memory:'), ...memory }),
  })),
  {
    name: 'PostgreSQL',
    skip: NO_POSTGRES,
    make: () => new PostgresStore({ connection: pool, ...memory, schema: `tables_${++schemas}` }),
  },
]
let schemas = 0
function another(make: () => SqlStore): SqlStore {
  const store = make()
  open.push(store)
  return store
}
const START = Date.UTC(2024, 0, 1)
const all = trades(300)
const model: ModelRecord = {
  id: 'champion',
  name: 'boosted trees',
  version: 3,
  status: 'shadow',
  statusSince: START,
  createdAt: START,
  schema: 'f00dcafe',
  hash: 'abc',
  hyperparameters: { trees: 60, deep: { rate: 0.08, none: Number.NaN } },
  trained: { from: START - 1e9, to: START, trades: 500 },
  artefact: '{"type":"gradient-boosting"}',
}

async function filled(store: SqlStore): Promise<void> {
  await opened(store)
  const { tables } = store
  const done = all.flatMap(({ record, outcome }) => [
    tables.recordDecision(record),
    ...(outcome ? [tables.recordOutcome(outcome)] : []),
  ])
  await Promise.all([
    ...done,
    tables.recordModel(model),
    tables.recordMark({ time: START, kind: 'drift', subject: 'adwin', detail: { kept: 100 } }),
    tables.recordPerformance({
      model: 'champion',
      period: 'day',
      start: START,
      end: START + 1,
      trades: 3,
      wins: 1,
      figures: {},
    }),
    tables.recordMark({ time: START + 1, kind: 'status', subject: 'champion' }),
  ])
}

/** The figures by plain computation. */
function expected() {
  const closed = all.flatMap(({ record, outcome }) => (outcome ? [{ ...record, label: outcome.label }] : []))
  const taken = closed.filter(({ decision }) => decision.action !== 'skip')
  const summary = (rows: readonly { label: Label }[]) => {
    const wins = rows.filter(({ label }) => label.y).length
    const net = rows.reduce((sum, { label }) => sum + label.netReturn, 0)
    return { trades: rows.length, wins, win_rate: wins / rows.length, net_return: net, mean_return: net / rows.length }
  }
  const group = <T>(
    rows: readonly T[],
    key: (row: T) => string | number,
  ): readonly (readonly [string | number, T[]])[] => {
    const groups = new Map<string | number, T[]>()
    for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row])
    return [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
  }
  let equity = 1
  let peak = 1
  const curve = [...taken]
    .sort((a, b) => a.label.exitTime - b.label.exitTime)
    .map(({ decision, label }) => {
      equity += decision.size * label.netReturn
      peak = Math.max(peak, equity)
      return {
        exit_time: label.exitTime,
        decision_id: decision.id,
        net_return: label.netReturn,
        equity,
        peak,
        drawdown: (peak - equity) / peak,
      }
    })
  return {
    ml_equity: curve,
    ml_by_symbol: group(taken, ({ decision }) => decision.symbol).map(([symbol, rows]) => ({
      symbol,
      ...summary(rows),
    })),
    ml_by_hour: group(taken, ({ decision }) => new Date(decision.time).getUTCHours()).map(([hour, rows]) => ({
      hour,
      ...summary(rows),
    })),
    ml_by_arm: group(taken, ({ arm }) => arm!).map(([arm, rows]) => ({
      arm,
      ...summary(rows),
      mean_propensity: rows[0]!.propensity!,
    })),
    ml_calibration: group(closed, ({ decision }) => Math.floor(decision.prediction.probability * 10)).map(
      ([bin, rows]) => ({
        model_id: 'champion',
        bin,
        decisions: rows.length,
        mean_probability: rows.reduce((sum, { decision }) => sum + decision.prediction.probability, 0) / rows.length,
        win_rate: summary(rows).win_rate,
      }),
    ),
    ml_overview: [
      {
        decisions: all.length,
        taken: all.filter(({ record }) => record.decision.action !== 'skip').length,
        ...summary(taken),
        best: Math.max(...taken.map(({ label }) => label.netReturn)),
        worst: Math.min(...taken.map(({ label }) => label.netReturn)),
        gross_gain: taken.reduce((sum, { label }) => sum + Math.max(label.netReturn, 0), 0),
        gross_loss: taken.reduce((sum, { label }) => sum - Math.min(label.netReturn, 0), 0),
      },
    ],
    // 300 decisions, 15 of each of 0, 0.1 ... 1.9 ms
    ml_latency: [{ decisions: 300, mean_ms: 0.95, p50_ms: 0.9, p99_ms: 1.9, max_ms: 1.9 }],
  } as const
}

/** The same rows, numbers to the ninth decimal: databases add in another order. */
const rounded = (rows: readonly object[]): unknown =>
  JSON.parse(JSON.stringify(rows, (_, v) => (typeof v === 'number' ? Math.round(v * 1e9) / 1e9 : v)))

for (const { name, skip, make } of places) {
  describe.skipIf(skip !== undefined)(`the tables in ${name}`, () => {
    test('every figure is that of a plain computation', async () => {
      const store = another(make)
      await filled(store)
      for (const [figure, rows] of Object.entries(expected())) {
        expect(rounded(await store.figure(figure as 'ml_equity')), figure).toEqual(rounded(rows))
      }
      const marks = await store.figure('ml_drift_marks')
      expect(marks).toMatchObject([{ marked_at: START, detector: 'adwin' }])
      expect(JSON.parse(String(marks[0]!['detail']))).toEqual({ kept: 100 })
      const models = await store.figure('ml_model_comparison')
      expect(models.map(({ model_id, role, decisions }) => [model_id, role, decisions])).toEqual([
        ['challenger', 'watches', 267],
        ['champion', 'decides', 267],
      ])
      const trades = await store.figure('ml_trades')
      expect(trades).toHaveLength(267)
      const lows = new Map(
        all.map(({ record: { decision } }) => [decision.id, decision.prediction.probabilityLow ?? null]),
      )
      for (const { decision_id, probability_low } of trades) expect(probability_low).toBe(lows.get(String(decision_id)))
      for (const figure of FIGURES) expect((await store.figure(figure)).length, figure).toBeGreaterThan(0)
    })

    test('telling everything again changes nothing', async () => {
      const store = another(make)
      await filled(store)
      const before = await Promise.all(FIGURES.map((figure) => store.figure(figure)))
      const { tables } = store
      await Promise.all(all.map(({ record }) => tables.recordDecision(record)))
      await Promise.all(all.flatMap(({ outcome }) => (outcome ? [tables.recordOutcome(outcome)] : [])))
      await tables.recordModel(model)
      expect(await Promise.all(FIGURES.map((figure) => store.figure(figure)))).toEqual(before)
    })

    test('telling otherwise is a conflict that changes nothing and holds up nobody', async () => {
      const store = another(make)
      await filled(store)
      const before = await Promise.all(FIGURES.map((figure) => store.figure(figure)))
      const { tables } = store
      const { record, outcome } = all[0]!
      const other = { ...record, model: { id: 'other' }, x: Float64Array.of(1, 2, 3) }
      const fresh = { ...record, decision: { ...record.decision, id: 'fresh' } }
      const codes = await Promise.all([
        codeOf(tables.recordDecision(other)),
        codeOf(tables.recordDecision(fresh)),
        codeOf(tables.recordDecision({ ...fresh, schema: 'other' })),
        codeOf(tables.recordOutcome({ ...outcome!, label: { ...outcome!.label, netReturn: 1 } })),
        codeOf(tables.recordModel({ ...model, hash: 'forged' })),
        codeOf(tables.recordOutcome({ ...outcome!, label: { ...outcome!.label, id: 'nobody' } })),
      ])
      expect(codes).toEqual([
        'RECORD_CONFLICT',
        'none',
        'RECORD_CONFLICT',
        'RECORD_CONFLICT',
        'RECORD_CONFLICT',
        'UNKNOWN_DECISION',
      ])
      const after = await Promise.all(FIGURES.map((figure) => store.figure(figure)))
      // the fresh one has no outcome, so it counts as a decision only
      expect(after[FIGURES.indexOf('ml_trades')]).toEqual(before[FIGURES.indexOf('ml_trades')])
      expect((await store.figure('ml_overview'))[0]!['decisions']).toBe(301)
      expect(store.failure).toBeNull()
    })

    test('a model’s status moves on, and not back; a period’s figures are the newest told', async () => {
      const store = another(make)
      await opened(store)
      const { tables } = store
      await tables.recordModel(model)
      await tables.recordModel({ ...model, status: 'production', statusSince: START + 2 })
      await tables.recordModel({ ...model, status: 'ab_test', statusSince: START + 1 })
      const row = {
        model_id: 'champion',
        version: 3,
        status: 'production',
        status_since: START + 2,
        trained_trades: 500,
      }
      expect(await store.figure('ml_model_list')).toMatchObject([row])
      const day = { model: 'champion', period: 'day', start: START, end: START + 1 } as const
      await tables.recordPerformance({ ...day, trades: 3, wins: 1, figures: {} })
      await tables.recordPerformance({ ...day, trades: 4, wins: 1, figures: { netReturn: 0.5, auc: Number.NaN } })
      const period = { scope: 'all', period_start: START, trades: 4, win_rate: 0.25, net_return: 0.5, auc: null }
      expect(await store.figure('ml_periods')).toMatchObject([period])
    })

    test('what cannot be is refused before anything is sent', async () => {
      const store = another(make)
      await opened(store)
      const t = store.tables
      const { record, outcome } = all[0]!
      const refusals: { readonly [what: string]: () => Promise<void> } = {
        'a time in seconds': () => t.recordDecision(changed({ time: 1_700_000_000 })),
        'no side': () => t.recordDecision(changed({ side: 'up' as 'long' })),
        'no symbol': () => t.recordDecision(changed({ symbol: '' })),
        'a symbol without end': () => t.recordDecision(changed({ symbol: 'x'.repeat(1000) })),
        'an id that is a number': () => t.recordDecision(changed({ id: 7 as unknown as string })),
        'fewer names than features': () => t.recordDecision({ ...record, names: [] }),
        'a propensity of 0': () => t.recordDecision({ ...record, propensity: 0 }),
        'a propensity that is no number': () => t.recordDecision({ ...record, propensity: Number.NaN }),
        'an outcome of 2': () => t.recordOutcome({ label: { ...outcome!.label, y: 2 as 1 }, source: 'bot' }),
        'a status of its own': () => t.recordModel({ ...model, status: 'live' as 'shadow' }),
        'a function': () => t.recordModel({ ...model, metrics: { f: (() => 1) as unknown as number } }),
        'half a trade': () =>
          t.recordPerformance({
            model: 'm',
            period: 'day',
            start: START,
            end: START,
            trades: 0.5,
            wins: 0,
            figures: {},
          }),
        nothing: () => t.recordDecision(undefined as unknown as DecisionRecord),
        'no label': () => t.recordOutcome({ source: 'bot' } as never),
        'no model': () => t.recordDecision({ ...record, model: undefined as never }),
      }
      for (const [what, record] of Object.entries(refusals)) expect(await codeOf(record()), what).toBe('INVALID_INPUT')
      expect(store.failure).toBeNull()
    })
  })
}

function changed(change: Partial<DecisionRecord['decision']>): DecisionRecord {
  const { record } = all[0]!
  return { ...record, decision: { ...record.decision, ...change } }
}

test.skipIf(NO_POSTGRES !== undefined || SQLITES.every(({ skip }) => skip))(
  'PostgreSQL and SQLite show the same',
  async () => {
    const stores = places.filter(({ skip }) => !skip).map(({ make }) => another(make))
    for (const store of stores) await filled(store)
    for (const figure of FIGURES.filter((f) => f !== 'ml_drift_marks')) {
      const [first, ...others] = await Promise.all(stores.map(async (store) => rounded(await store.figure(figure))))
      for (const other of others) expect(other, figure).toEqual(first)
    }
  },
)
