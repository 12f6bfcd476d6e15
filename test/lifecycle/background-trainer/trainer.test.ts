import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { ADWIN, ScaleFree } from '../../../src/drift/index.ts'
import { LogisticRegression } from '../../../src/learners/index.ts'
import {
  BackgroundTrainer,
  DriftTrigger,
  dailyAnalysis,
  defaultTriggers,
  FeatureTrigger,
  PerformanceTrigger,
  RetrainGate,
  type RetrainReport,
  RowLog,
  ScheduleTrigger,
  type SettledRow,
  type TrainerEvent,
  weeklyAnalysis,
} from '../../../src/lifecycle/background-trainer/index.ts'
import { learnInOrder } from '../../../src/lifecycle/background-trainer/recipe.ts'
import type { Models } from '../../../src/lifecycle/index.ts'
import { float } from '../../../src/study/index.ts'
import { FEATURES, HOUR, libraryScript, newBot, removeScripts, rowsOf, smallModels, spawner } from './helpers.ts'

let library = ''
beforeAll(async () => {
  library = await libraryScript()
})
afterAll(removeScripts)

const reread = <T>(part: T): Snapshot => JSON.parse(JSON.stringify(part)) as Snapshot

async function run(rows: readonly SettledRow[], more: object = {}) {
  const bot = newBot()
  const events: TrainerEvent[] = []
  const trainer = new BackgroundTrainer(bot.options({ onEvent: (event) => void events.push(event), ...more }))
  for (const row of rows) trainer.observe(row)
  trainer.request('test')
  const result = await trainer.idle()
  return { bot, trainer, result, events }
}

describe('a retraining', () => {
  test('begins in a later turn, never within the call that asks for it', async () => {
    const bot = newBot()
    const trainer = new BackgroundTrainer(bot.options())
    for (const row of rowsOf(200)) trainer.observe(row)
    trainer.request('now')
    expect(trainer.running).toBe(true)
    expect(bot.adopted).toEqual([])
    await trainer.idle()
    expect(bot.adopted).toHaveLength(1)
  })

  test('uses complete cohorts alone, and the candidate learns what came in meanwhile, in order, before it is adopted', async () => {
    const rows = rowsOf(300)
    const bot = newBot()
    const late = rowsOf(7, 'late', 300)
    let reports: RetrainReport | undefined
    const trainer = new BackgroundTrainer(
      bot.options({
        adopt: (models, report) => {
          bot.adopted.push(models)
          reports = report
        },
        onEvent: (event) => {
          // while it is at work
          if (event.type === 'progress') {
            const row = late.shift()
            if (row) trainer.observe(row)
          }
        },
        sliceMs: 0.01,
      }),
    )
    trainer.opened('waits', rows[250]!.time)
    for (const row of rows) trainer.observe(row)
    trainer.request('test')
    const result = await trainer.idle()
    expect(result).toMatchObject({ outcome: 'candidate', caughtUp: 57 })
    expect(reports).toMatchObject({ rows: 250 })

    const wanted = smallModels(FEATURES)
    const all = [...rows, ...rowsOf(7, 'late', 300)]
    for (const _ of learnInOrder(
      wanted.success,
      all.map(({ x }) => x),
      all.map(({ y }) => y),
    ));
    expect(JSON.stringify(bot.adopted[0]!.success)).toBe(JSON.stringify(wanted.success))
    expect(bot.adopted[0]!.stopRisk.seen).toBe(307)
  })

  test('is rejected where the champion knew more, with the figures', async () => {
    const rows = rowsOf(400).map((row) => ({ ...row, probability: row.y ? 0.9 : 0.1 }))
    const { bot, result } = await run(rows)
    expect(result).toMatchObject({
      outcome: 'rejected',
      code: 'NOT_BETTER',
      report: { comparison: { against: 'champion', rows: 200 } },
    })
    expect((result as { text: string }).text).toMatch(
      /not ahead: log loss .* against 0\.1054 of the champion on 200 rows/,
    )
    expect(bot.adopted).toEqual([])
  })

  test('is held against the base rate where there is no champion, and rejected on noise', async () => {
    const rows = rowsOf(400).map((row, i) => {
      const y = ((i * 7919) % 13) % 2 ? 1 : 0
      return { ...row, probability: Number.NaN, y, netReturn: y ? 0.01 : -0.01 } as SettledRow
    })
    const { result } = await run(rows)
    expect(result).toMatchObject({ outcome: 'rejected', report: { comparison: { against: 'base rate' } } })
  })

  test('has to be shown to be better where the plan says so', async () => {
    const rows = rowsOf(110)
    expect((await run(rows, { plan: { minCompared: 20 } })).result).toMatchObject({ outcome: 'candidate' })
    expect((await run(rows, { plan: { minCompared: 20, accept: 'shown', coverage: 0.999 } })).result).toMatchObject({
      outcome: 'rejected',
      code: 'NOT_BETTER',
    })
  })

  test('searches parameters on training rows alone where it has trials', async () => {
    const create = (features: number, { rate = 0.05 }: { rate?: number }): Models => ({
      ...smallModels(features),
      success: new LogisticRegression({ features, learningRate: rate }),
    })
    const recipe = { name: 'searching', space: { rate: float({ low: 0.01, high: 0.2, log: true }) }, create }
    const { result } = await run(rowsOf(300), { recipe, plan: { trials: 3, folds: 2 } })
    expect(result).toMatchObject({ outcome: 'candidate', report: { trials: 9 } })
    const { chosen, params } = (result as { report: RetrainReport }).report
    for (const one of [...chosen, params]) expect(one['rate']).toBeGreaterThanOrEqual(0.01)
    expect(chosen).toHaveLength(2)
  })

  test('whose adoption throws is a failure, and is wished again', async () => {
    const adopt = (): void => {
      throw new Error('no room')
    }
    const { result, trainer } = await run(rowsOf(200), { adopt })
    expect(result).toMatchObject({ outcome: 'failed', text: 'no room' })
    expect(trainer.status()).toMatchObject({ failures: 1, wishes: [{ cause: 'asked' }] })
  })

  test('in slices lets other events have their turn', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    await run(rowsOf(300), { sliceMs: 0.05 })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(5)
  })

  test('nothing that a listener or a trigger of the user’s own throws reaches the bot', async () => {
    const broken = {
      ...new ScheduleTrigger(),
      observe: () => {
        throw new Error('broken')
      },
      tick: () => undefined,
      toJSON: () => new ScheduleTrigger().toJSON(),
    }
    const faults: string[] = []
    const onEvent = (event: TrainerEvent): void => {
      if (event.type === 'fault') faults.push(event.text)
      throw new Error('listener')
    }
    const { result } = await run(rowsOf(150), { triggers: [broken], onEvent })
    expect(result).toMatchObject({ outcome: 'candidate' })
    expect(faults[0]).toMatch(/broken/)
  })

  test('a trainer that was saved while one ran wishes it again, and keeps rows, waits and failures', async () => {
    const bot = newBot()
    const options = bot.options({ triggers: defaultTriggers() })
    const trainer = new BackgroundTrainer(options)
    trainer.opened('waits', rowsOf(1)[0]!.time)
    for (const row of rowsOf(150)) trainer.observe(row)
    trainer.request('test')
    const saved = reread(trainer)
    await trainer.close()
    const again = BackgroundTrainer.restore(saved, options)
    expect(JSON.stringify(again)).toBe(JSON.stringify(saved))
    expect(again.status()).toMatchObject({ rows: 150, open: 1, wishes: [{ cause: 'asked' }] })
    expect(() =>
      BackgroundTrainer.restore(saved, { ...options, schema: { size: FEATURES, fingerprint: 'other' } }),
    ).toThrow(expect.objectContaining({ code: 'SCHEMA_MISMATCH' }))
    const damaged = { ...saved, state: { ...saved.state, log: { ...(saved.state['log'] as object), version: 9 } } }
    expect(() => BackgroundTrainer.restore(damaged as Snapshot, options)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }),
    )
  })
})

describe('triggers', () => {
  const row = (i: number, more: Partial<SettledRow> = {}): SettledRow => ({ ...rowsOf(1, `t${i}`, i)[0]!, ...more })

  test('a drift trigger asks when the losses have risen, and not before', () => {
    const trigger = new DriftTrigger({ watch: 'loss', detector: new ScaleFree(() => new ADWIN({ direction: 'up' })) })
    const asked: number[] = []
    for (let i = 0; i < 800; i++) {
      const y = i % 3 ? 1 : 0
      // right two times in three, then wrong as often
      const wish = trigger.observe(row(i, { y, probability: i < 500 ? 0.67 : 0.1 }))
      if (wish) {
        asked.push(i)
        expect(wish).toMatchObject({ cause: 'drift', evidence: { detector: 'scale-free' } })
      }
    }
    expect(asked.length).toBeGreaterThan(0)
    expect(asked[0]).toBeGreaterThan(500)
  })

  test('a performance trigger asks once the model is worse than the base rate, and starts anew', () => {
    const trigger = new PerformanceTrigger({ minSamples: 50 })
    const asked: number[] = []
    for (let i = 0; i < 400; i++) {
      const y = i % 2 ? 1 : 0
      const bad = i >= 200
      if (trigger.observe(row(i, { y, probability: (y === 1) === bad ? 0.2 : 0.8 }))) asked.push(i)
    }
    expect(asked[0]).toBeGreaterThan(200)
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(50)
  })

  test('a schedule asks in event time, given enough new rows', () => {
    const trigger = new ScheduleTrigger({ every: 24 * HOUR, minNewRows: 10 })
    const asked = rowsOf(100).flatMap((one, i) => (trigger.observe(one) ? [i] : []))
    expect(asked).toEqual([24, 48, 72, 96])
    expect(trigger.tick(rowsOf(100)[99]!.labelEnd + 100 * HOUR)).toBeUndefined()
  })

  test('a feature trigger asks once for features that drift together', () => {
    const summary = (drifted: string[]) => ({
      completeness: 1,
      stuck: [],
      incomplete: [],
      unseen: [],
      outOfRange: [],
      drifted,
    })
    const trigger = new FeatureTrigger({ least: 2 })
    expect(trigger.tick(1e12, summary(['a']))).toBeUndefined()
    expect(trigger.tick(1e12, summary(['a', 'b']))).toMatchObject({ cause: 'drift', evidence: { count: 2 } })
    expect(trigger.tick(1e12, summary(['a', 'b']))).toBeUndefined()
    expect(trigger.tick(1e12, summary([]))).toBeUndefined()
    expect(trigger.tick(1e12, summary(['a', 'b']))).toBeDefined()
  })

  test('a gate doubles its waits after failures and rejections, and shuts after too many', () => {
    const gate = new RetrainGate({ minDistance: 10, minNewRows: 0, backOff: 3, maxFailures: 3 })
    const at = 1e12
    gate.begin(at)
    gate.end('rejected', at + 1)
    expect(gate.notBefore).toBe(at + 20)
    gate.begin(at + 20)
    gate.end('rejected', at + 21)
    expect(gate.notBefore).toBe(at + 60)
    gate.begin(at + 60)
    gate.end('candidate', at + 61)
    expect(gate.notBefore).toBe(at + 70)
    gate.end('failed', at + 100)
    expect(gate.notBefore).toBe(at + 103)
    gate.end('failed', at + 103)
    expect(gate.notBefore).toBe(at + 109)
    expect(gate.disabled).toBe(false)
    gate.end('failed', at + 109)
    expect(gate.closedBecause(at + 1e9)).toBe('3 failures in a row')
    const again = RetrainGate.fromJSON(reread(gate))
    expect(again.disabled).toBe(true)
    gate.reset()
    expect(gate.closedBecause(at + 110)).toBeUndefined()
  })
})

describe('the row log', () => {
  test('gives rows decided before the oldest that waits, unless that has waited too long', () => {
    const rows = rowsOf(20)
    const log = new RowLog({ features: FEATURES, staleAfter: 100 * HOUR })
    log.open('waits', rows[5]!.time)
    for (const row of [...rows].reverse()) log.settle(row)
    expect(log.complete(rows[19]!.labelEnd).map(({ id }) => id)).toEqual(rows.slice(0, 5).map(({ id }) => id))
    expect(log.complete(rows[5]!.time + 101 * HOUR)).toHaveLength(20)
    log.drop('waits')
    expect(log.complete(rows[19]!.labelEnd)).toHaveLength(20)
  })

  test('is bounded, and refuses what is no row', () => {
    const log = new RowLog({ features: FEATURES, remember: 10, maxOpen: 3 })
    for (const row of rowsOf(30)) log.settle(row)
    for (let i = 0; i < 9; i++) log.open(`o${i}`, rowsOf(1)[0]!.time)
    expect([log.settledCount, log.openCount]).toEqual([10, 3])
    expect([...RowLog.fromJSON(reread(log)).settled()]).toEqual([...log.settled()])
    const good = rowsOf(1)[0]!
    for (const bad of [
      { probability: 2 },
      { y: 2 },
      { netReturn: NaN },
      { x: new Float64Array(3) },
      { labelEnd: good.time - 1 },
    ]) {
      expect(() => log.settle({ ...good, ...bad } as SettledRow)).toThrow(
        expect.objectContaining({ name: 'TradeLearnError' }),
      )
    }
  })
})

describe('looks at the rows', () => {
  test('tell how calibrated, how changed, and where it pays', () => {
    const rows = rowsOf(800).map((row, i) => ({
      ...row,
      x: i < 600 ? row.x : row.x.map((value, f) => (f === 2 ? value + 1 : value)),
    }))
    const daily = dailyAnalysis(rows)
    expect(daily).toMatchObject({ rows: 800, calibration: { labels: 800 } })
    expect(daily.calibration.logLoss).toBeCloseTo(Math.LN2, 12)
    expect(daily.drift.map(({ feature }) => feature)).toEqual([2])
    expect(daily.bySymbol.map(({ group, trades }) => [group, trades])).toEqual([
      ['A', 400],
      ['B', 400],
    ])
    expect(daily.byHour.map(({ group }) => group)).toEqual(
      Array.from({ length: 24 }, (_, h) => String(h).padStart(2, '0')),
    )
    const weekly = weeklyAnalysis(rows)
    expect(weekly.byWeekday).toHaveLength(7)
    expect(weekly.importance[0]).toMatchObject({ feature: 0 })
    expect(weekly.importance[0]!.correlation).toBeGreaterThan(0.4)
    expect(weekly.patterns!.tested.single).toBeGreaterThan(10)
    expect(dailyAnalysis([])).toMatchObject({ rows: 0, drift: [], bySymbol: [] })
  })

  test('come at the turn of days and weeks of event time, from a worker', { timeout: 30_000 }, async () => {
    const events: TrainerEvent[] = []
    const bot = newBot()
    const trainer = new BackgroundTrainer(
      bot.options({
        spawn: spawner(library),
        analyses: ['daily', 'weekly'],
        minRows: 1000,
        onEvent: (event) => void events.push(event),
      }),
    )
    // from Sunday, 13 September 2020, 12:26
    for (const row of rowsOf(40)) trainer.observe(row)
    const kinds = (): string[] => events.map(({ type }) => type)
    for (let i = 0; i < 500 && kinds().length < 3; i++) await new Promise((resolve) => setTimeout(resolve, 20))
    await trainer.close()
    expect(kinds()).toEqual(['daily', 'weekly', 'daily'])
  })
})
