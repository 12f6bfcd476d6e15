import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DurableLearner, Rollout, TradeLearner } from '../../../src/lifecycle/index.ts'
import type { Decision } from '../../../src/market.ts'
import { type SqliteDriver, SqliteStore, TableWriter } from '../../../src/store/sql/index.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  signalAt,
  smallModels,
  smallOptions,
} from '../../lifecycle/helpers.ts'
import { SQLITES } from './sqlite-drivers.ts'

const driver = SQLITES.find(({ skip }) => skip === undefined)

type Life = {
  readonly learner: DurableLearner<SmallSignal>
  readonly writer: TableWriter
  readonly store: SqliteStore
  readonly database: SqliteDriver
}

async function open(path: string): Promise<Life> {
  const database = driver!.open(path)
  const store = new SqliteStore({ driver: database, stream: 'bot-1', lockWait: 0 })
  const options = { ...smallOptions(), killSwitch: patient() }
  const writer = new TableWriter(store, { features: options.features, everyLabels: 4 })
  const learner = await TradeLearner.open<SmallSignal>({ ...options, store, companions: [writer], snapshotEvery: 40 })
  return { learner, writer, store, database }
}

const rows = (database: SqliteDriver, sql: string): readonly Record<string, number | string | null>[] =>
  database.prepare(sql).all() as never

test.skipIf(driver === undefined)(
  'a life that is cut short four times has each decision, outcome, model and day in the tables, once',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tradelearn-tables-'))
    const path = join(folder, 'trades.db')
    const decisions: Decision[] = []
    const told: string[] = []
    let life = await open(path)
    for (let bar = 0; bar < 6; bar++) {
      for (const symbol of ['A', 'B']) life.learner.onCandle(candleAt(symbol, bar, 100))
    }
    for (let i = 0; i < 60; i++) {
      const { learner } = life
      const decision = learner.decide(signalAt(6 + i, { symbol: i % 2 ? 'A' : 'B' }), account)
      decisions.push(decision)
      if (i % 3 === 0) {
        await learner.learn(decision.id, { exitPrice: i % 2 ? 103 : 98, exitTime: decision.time + HOUR })
        told.push(decision.id)
      } else await learner.cancel(decision.id)
      if (i === 30) await learner.replace(smallModels(smallOptions().features.schema.size), 'second')
      const move = 1 + 0.03 * Math.sin(i)
      for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, 6 + i, 100 * move))
      if (i % 12 === 11) {
        await learner.stored()
        // what the process had not sent yet goes with it: the store is let go of without the learner's farewell
        await life.store.close()
        life.database.close()
        life = await open(path)
      }
    }
    await life.learner.stored()
    await life.writer.flush()
    expect(life.writer.failure).toBe(null)
    expect([life.writer.waiting, life.writer.lost, life.writer.refused]).toEqual([0, 0, 0])
    expect(life.learner.status().faults).toEqual([])

    const { database } = life
    const kept = rows(database, 'SELECT * FROM ml_predictions')
    expect(kept).toHaveLength(decisions.length)
    const features = rows(database, 'SELECT count(*) AS n FROM ml_trade_features')[0]!['n']
    expect(features).toBeGreaterThanOrEqual(decisions.length)
    const models = rows(database, 'SELECT * FROM ml_models')
    expect(models).toHaveLength(2)
    const { trades } = life.learner.status()
    const days = rows(database, 'SELECT * FROM ml_performance')
    expect(days.length).toBeGreaterThanOrEqual(2)
    const labelled = days.reduce(
      (sum, { metrics }) => sum + (JSON.parse(String(metrics)) as { labels: number }).labels,
      0,
    )
    expect(labelled).toBe(trades)
    await life.learner.close()
    database.close()
    rmSync(folder, { recursive: true, force: true })
  },
)

test.skipIf(driver === undefined)(
  'a database that fails keeps no decision from being made, and is told of once',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tradelearn-tables-'))
    const life = await open(join(folder, 'trades.db'))
    const broken = {
      ...life.store,
      flush: () => Promise.reject(new Error('the disk is gone')),
      tables: life.store.tables,
    }
    const options = { ...smallOptions(), killSwitch: patient() }
    const writer = new TableWriter(broken as never, { features: options.features, capacity: 5 })
    const learner = new TradeLearner<SmallSignal>({ ...options, companions: [writer] })
    for (let bar = 0; bar < 6; bar++) for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100))
    for (let i = 0; i < 10; i++) learner.cancel(learner.decide(signalAt(6), account).id)
    await writer.flush()
    expect(writer.failure?.message).toMatch(/the disk is gone/)
    for (let i = 0; i < 10; i++) learner.cancel(learner.decide(signalAt(6), account).id)
    expect(writer.waiting).toBe(5)
    expect(writer.lost).toBeGreaterThan(10)
    expect(learner.status().faults.filter((text) => /disk is gone/.test(text))).toHaveLength(1)
    await life.learner.close()
    life.database.close()
    rmSync(folder, { recursive: true, force: true })
  },
)

test('what is no store is refused', () => {
  expect(() => new TableWriter({} as never, { features: smallOptions().features })).toThrow(
    /SqliteStore or PostgresStore/,
  )
})

test.skipIf(driver === undefined)(
  'a model is in a test only while signals are dealt between it and another',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tradelearn-tables-'))
    const database = driver!.open(join(folder, 'trades.db'))
    const store = new SqliteStore({ driver: database, stream: 'bot-1', lockWait: 0 })
    // shadow for one settled signal, a half of the signals for another, then all
    const steps = [0, 0.5].map((share) => ({ share, hold: 0, signals: 1, evidence: 0, approval: false }))
    const options = {
      ...smallOptions(),
      mode: 'rollout' as const,
      rollout: new Rollout({ name: 'first', steps, margin: 0, endBelowAccuracy: 0, pauseBelowAccuracy: 0 }),
      killSwitch: patient(),
    }
    const writer = new TableWriter(store, { features: options.features, everyLabels: 4 })
    const learner = await TradeLearner.open<SmallSignal>({ ...options, store, companions: [writer] })
    const seen: string[] = []
    for (let bar = 0; bar < 60; bar++) {
      learner.onCandle(candleAt('A', bar, 100 * (1 + 0.03 * Math.sin(bar))))
      const decision = learner.decide(signalAt(bar + 1), account)
      await learner.stored()
      await writer.flush()
      const [{ status }] = rows(database, 'SELECT status FROM ml_models') as [{ status: string }]
      expect(status).toBe(
        decision.trial!.propensity < 1 ? 'ab_test' : decision.mode === 'live' ? 'production' : 'shadow',
      )
      if (seen.at(-1) !== status) seen.push(status)
      if (decision.action !== 'skip') await learner.cancel(decision.id)
    }
    expect(seen[0]).toBe('shadow')
    expect(seen).toContain('ab_test')
    await learner.close()
    database.close()
    rmSync(folder, { recursive: true })
  },
)
