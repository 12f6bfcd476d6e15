import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { snapshot } from '../../src/core/snapshot.ts'
import { DecisionPolicy, KillSwitch, RiskLedger } from '../../src/decision/index.ts'
import { BackgroundTrainer, type SettledRow } from '../../src/lifecycle/background-trainer/index.ts'
import { type Companion, DecisionLog, TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import { Parrot, parrots } from './doubles.ts'
import { emptyDisk, MemoryStore } from './durable/memory-store.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  patient,
  refused,
  type SmallSignal,
  signalAt,
  smallModels,
  smallOptions,
  stateOf,
  warm,
} from './helpers.ts'

type Options = Partial<TradeLearnerOptions<SmallSignal>>
const learnerOf = (options: Options): TradeLearner<SmallSignal> =>
  warm({ ...smallOptions(), policy: new DecisionPolicy({ minTrades: 0 }), killSwitch: patient(), ...options })

/** Writes down what it is told. */
class Scribe implements Companion {
  static readonly type: string = 'scribe'
  static readonly version: number = 1
  told: string[] = []
  opened(id: string): void {
    this.told.push(`opened ${id}`)
  }
  observe({ id, y }: SettledRow, { told }: { readonly told: boolean }): void {
    this.told.push(`${told ? 'told' : 'candles'} ${id} ${y}`)
  }
  dropped(id: string): void {
    this.told.push(`dropped ${id}`)
  }
  tick(time: number): void {
    this.told.push(`tick ${(time / HOUR) % 24}`)
  }
  toJSON(): Snapshot {
    return snapshot(Scribe, {}, { told: this.told })
  }
  resume({ state }: Snapshot): void {
    this.told = [...(state['told'] as string[])]
  }
}

describe('a companion', () => {
  test('is told what happens, in order, after it has happened', () => {
    const scribe = new Scribe()
    const learner = learnerOf({ mode: 'shadow', companions: [scribe] })
    scribe.told = []
    const { id, time } = learner.decide(signalAt(6), account)
    const other = learner.decide(signalAt(6, { symbol: 'B' }), account)
    learner.cancel(other.id)
    learner.learn(id, { exitPrice: 103, exitTime: time + HOUR })
    learner.onCandle(candleAt('B', 6, 90, 100))
    expect(scribe.told).toEqual([
      `opened ${id}`,
      `opened ${other.id}`,
      `told ${id} 1`,
      `candles ${other.id} 0`,
      'tick 6',
    ])
  })

  test('is told of what is forgotten where too much is open', () => {
    const scribe = new Scribe()
    const learner = learnerOf({ models: parrots(0), companions: [scribe], maxOpen: 2 })
    const ids = [0, 1, 2].map(() => learner.decide(signalAt(6), account).id)
    expect(scribe.told).toContain(`dropped ${ids[0]}`)
  })

  test('that throws harms nobody and is named in the status', () => {
    const scribe = new Scribe()
    class Clumsy implements Companion {
      opened(): void {
        throw new Error('I have dropped it')
      }
    }
    const [with_, without] = [[new Clumsy(), scribe], []].map((companions) =>
      learnerOf({ companions, models: parrots(0) }),
    )
    const plans = [with_!, without!].map((learner) => learner.decide(signalAt(6), account))
    expect(plans[0]).toEqual(plans[1])
    expect(scribe.told.at(-1)).toBe(`opened ${plans[0]!.id}`)
    expect(with_!.status().faults).toEqual(['Clumsy: I have dropped it'])
    for (let i = 0; i < 30; i++) with_!.decide(signalAt(6, { symbol: i % 2 ? 'A' : 'B' }), account).id
    expect(with_!.status().faults.length).toBeLessThanOrEqual(20)
  })

  test('goes on after a restart where it stopped; what is no list is refused', () => {
    const [scribe, again] = [new Scribe(), new Scribe()]
    const learner = learnerOf({ companions: [scribe] })
    learner.decide(signalAt(6), account)
    const saved = JSON.parse(stateOf(learner)) as Snapshot
    const restored = TradeLearner.restore<SmallSignal>(saved, {
      ...{ ...smallOptions(), killSwitch: patient(), companions: [again] },
    } as never)
    expect(again.told).toEqual(scribe.told)
    expect(stateOf(restored)).toBe(stateOf(learner))
    const damaged = { ...saved, state: { ...saved.state, companions: 'none' } }
    expect(errorOf(() => TradeLearner.restore(damaged, smallOptions() as never)).code).toBe('CORRUPT_SNAPSHOT')
    expect(errorOf(() => learnerOf({ companions: 3 as never })).code).toBe('INVALID_OPTION')
  })

  test('of which a snapshot knows nothing starts anew', () => {
    const saved = stateOf(learnerOf({}))
    const scribe = new Scribe()
    TradeLearner.restore(saved, { ...smallOptions(), companions: [scribe] } as never)
    expect(scribe.told).toEqual([])
  })
})

describe('a decision log that goes along', () => {
  test('holds every decision with the arm, the propensity and what became of it', () => {
    const log = new DecisionLog()
    const learner = learnerOf({ mode: 'shadow', models: parrots(0.1), companions: [log] })
    const { id, time } = learner.decide(signalAt(6), account)
    learner.learn(id, { exitPrice: 103, exitTime: time + HOUR })
    const second = learner.decide(signalAt(6, { symbol: 'B' }), account)
    learner.cancel(second.id)
    learner.onCandle(candleAt('B', 6, 90, 100))
    const [first, other] = [...log.decisions()]
    expect(first).toMatchObject({ id, arm: 'baseline', propensity: 1, traded: true, modelVersion: 'first' })
    expect([first!.trade?.y, first!.candles, first!.model.action]).toEqual([1, null, 'skip'])
    expect([other!.trade, other!.candles?.y]).toEqual([null, 0])
    expect(learner.status().faults).toEqual([])
    expect(log.toRows('candles')).toHaveLength(2)
  })
})

describe('exploration', () => {
  const options = (share: number, companions: readonly Companion[] = []): Options => ({
    models: parrots(0.1),
    exploration: { share, maxPerDay: 2, reasons: ['SKIP_BAND', 'WARMING_UP'] },
    companions,
  })
  const explored = (share: number) => {
    const log = new DecisionLog()
    const learner = learnerOf(options(share, [log]))
    const decisions = Array.from({ length: 480 }, (_, i) => {
      const decision = learner.decide(signalAt(6 + i), account)
      for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, 6 + i, 100))
      return decision
    })
    return { learner, log, decisions, tried: decisions.filter(({ action }) => action !== 'skip') }
  }

  test('trades a known share of what the model would skip, at the smallest size, up to a number a day', () => {
    const { decisions, tried, log, learner } = explored(0.1)
    const days = tried.map(({ time }) => Math.floor(time / (24 * HOUR)))
    const onOneDay = (day: number): number => days.filter((other) => other === day).length
    expect(Math.max(...days.map(onOneDay))).toBe(2)
    expect(new Set(days).size).toBeGreaterThan(10)
    for (const { size, reasons, exploration } of tried) {
      expect(size).toBeLessThanOrEqual(0.005)
      expect(reasons.at(-1)!.code).toBe('EXPLORED')
      expect(exploration).toEqual({ explored: true, propensity: 0.1 })
    }
    // once a day is used up the rest of it is certain to be skipped
    const certain = decisions.filter(({ exploration }) => exploration === undefined)
    expect(certain.length).toBeGreaterThan(10)
    for (const { time } of certain) expect(onOneDay(Math.floor(time / (24 * HOUR)))).toBe(2)
    expect([...log.decisions()].map(({ propensity }) => propensity)).toEqual(
      decisions.map(({ exploration }) => exploration?.propensity ?? 0),
    )
    expect(learner.status().faults).toEqual([])
  })

  test('is off unless asked for, and counts on after a restart', () => {
    expect(explored(0).tried).toEqual([])
    const learner = learnerOf(options(0.1))
    let bar = 6
    for (; learner.decide(signalAt(bar), account).exploration !== undefined; bar++) {
      for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100))
    }
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), {
      ...{ ...smallOptions(), policy: new DecisionPolicy({ minTrades: 0 }), killSwitch: patient() },
      ...options(0.1),
      codecs: [Parrot],
    } as never)
    expect(again.decide(signalAt(bar), account).exploration).toBeUndefined()
    expect(again.decide(signalAt(bar + 24), account).exploration).toBeDefined()
  })
})

describe('replace', () => {
  test('puts other models in charge from the next signal on, and says which', () => {
    const learner = learnerOf({ mode: 'live', models: parrots(0.9) })
    expect(learner.decide(signalAt(6), account).action).toBe('take')
    const before = learner.status()
    learner.replace(parrots(0.1), 'second')
    expect(learner.status()).toEqual({ ...before, version: 'second' })
    expect(learner.decide(signalAt(6), account).action).toBe('skip')
  })

  test.each([
    ['nothing', null, 'INVALID_OPTION', /success/],
    ['another task', { ...parrots(0.5), success: new Parrot('regression', 0) }, 'INVALID_OPTION', /binary/],
    ['no number', parrots(Number.NaN), 'INVALID_OPTION', /finite/],
  ])('refuses %s and stays as it was', (_, models, code, says) => {
    const learner = learnerOf({})
    refused(learner, code, says, () => learner.replace(models as never, 'x'))
    refused(learner, 'INVALID_INPUT', /version/, () => learner.replace(parrots(0.5), ''))
  })

  test('outlives a crash of the process', async () => {
    const disk = emptyDisk()
    const open = () => TradeLearner.open<SmallSignal>({ ...smallOptions(), store: new MemoryStore(disk) } as never)
    const learner = await open()
    for (let bar = 0; bar < 6; bar++) for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100))
    await learner.replace(smallModels(smallOptions().features.schema.size), 'second')
    const { id, time } = learner.decide(signalAt(6), account)
    await learner.learn(id, { exitPrice: 103, exitTime: time + HOUR })
    const state = JSON.parse(stateOf(learner)) as { state: { parts: unknown } }
    disk.open = false
    const again = await open()
    expect(again.status().version).toBe('second')
    expect((JSON.parse(stateOf(again)) as typeof state).state.parts).toEqual(state.state.parts)
    await expect(again.replace(null as never, 'third')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await again.close()
  })
})

describe('a background trainer that goes along', () => {
  test('hears of each decision and label, and begins nothing while the past is told again', async () => {
    const { features } = smallOptions()
    const { size, fingerprint } = features.schema
    const events: string[] = []
    const newTrainer = () =>
      new BackgroundTrainer({
        schema: { size, fingerprint },
        triggers: [],
        spawn: null,
        minRows: 4,
        adopt: () => {},
        onEvent: ({ type }) => events.push(type),
      })
    const disk = emptyDisk()
    const trainer = newTrainer()
    const open = (companion: BackgroundTrainer) =>
      TradeLearner.open<SmallSignal>({
        ...{ ...smallOptions(), killSwitch: patient(), store: new MemoryStore(disk), companions: [companion] },
      } as never)
    const learner = await open(trainer)
    for (let bar = 0; bar < 6; bar++) for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100))
    for (let i = 0; i < 3; i++) {
      const { id, time } = learner.decide(signalAt(6), account)
      await learner.learn(id, { exitPrice: 103, exitTime: time + HOUR })
    }
    learner.decide(signalAt(7), account)
    expect(trainer.status()).toMatchObject({ rows: 3, open: 1 })
    disk.open = false
    const again = newTrainer()
    again.sleep()
    again.request('while it sleeps')
    await open(again)
    expect(again.status()).toMatchObject({ rows: 3, open: 1, running: false })
    await again.close()
    await trainer.close()
    expect(events).not.toContain('started')
  })
})

describe('a risk ledger', () => {
  const policy = () => new DecisionPolicy({ minTrades: 0, limits: { maxOrders: 2, ordersWindow: HOUR } })
  const options = (): Options => ({ models: parrots(0.9), policy: policy(), ledger: new RiskLedger() })

  test('lets no more orders pass than the operator allows, and remembers them over a restart', () => {
    const learner = learnerOf(options())
    const sizes = [0, 1, 2].map((i) => learner.decide(signalAt(6, { symbol: i % 2 ? 'B' : 'A' }), account).size)
    expect(sizes.map((size) => size > 0)).toEqual([true, true, false])
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), {
      ...{ ...smallOptions(), killSwitch: patient(), ...options() },
      codecs: [Parrot],
    } as never)
    expect(again.decide(signalAt(6), account).action).toBe('skip')
    expect(again.decide(signalAt(8), account).action).not.toBe('skip')
  })

  test('that is missing lets nothing pass where a limit needs it', () => {
    const learner = learnerOf({ models: parrots(0.9), policy: policy() })
    expect(learner.decide(signalAt(6), account).action).toBe('skip')
  })
})

describe('scopes of the kill switch', () => {
  test('halt one symbol and leave the other, and end by won probes at the smallest size', () => {
    const killSwitch = new KillSwitch({
      losses: Number.POSITIVE_INFINITY,
      symbol: { losses: 2, lockFor: { losses: 10 * HOUR } },
      probes: 1,
    })
    const learner = learnerOf({ models: parrots(0.9), killSwitch })
    for (let i = 0; i < 2; i++) {
      const { id, time } = learner.decide(signalAt(6), account)
      learner.learn(id, { exitPrice: 98, exitTime: time + HOUR })
    }
    const [a, b] = ['A', 'B'].map((symbol) => learner.decide(signalAt(8, { symbol }), account))
    expect([a!.action, a!.reasons[0]!.code]).toEqual(['skip', 'KILL_SWITCH'])
    expect(b!.action).toBe('take')
    expect(learner.status().killSwitch.halted).toBe(false)
    const probe = learner.decide(signalAt(18), account)
    expect(probe.reasons.map(({ code }) => code)).toContain('PROBE')
    expect(probe.size).toBeLessThanOrEqual(0.01)
    // one probe is out, as many as there may be
    expect(learner.decide(signalAt(18), account).action).toBe('skip')
    learner.learn(probe.id, { exitPrice: 103, exitTime: probe.time + HOUR })
    expect(learner.decide(signalAt(20), account).size).toBeGreaterThan(0.01)
  })

  test('a model that is halted leaves its place to the baseline', () => {
    const killSwitch = new KillSwitch({ losses: Number.POSITIVE_INFINITY, model: { losses: 2 } })
    const learner = learnerOf({ models: parrots(0.55), killSwitch })
    for (let i = 0; i < 2; i++) {
      const { id, time, mode } = learner.decide(signalAt(6), account)
      expect(mode).toBe('live')
      learner.learn(id, { exitPrice: 98, exitTime: time + HOUR })
    }
    const { action, mode, reasons, size } = learner.decide(signalAt(8), account)
    expect([action, mode, reasons[0]!.code, size]).toEqual(['take', 'shadow', 'MODEL_HALTED', 0.1])
  })

  test('a cancelled probe makes room for another', () => {
    const killSwitch = new KillSwitch({ losses: 1, lockFor: { losses: HOUR }, probes: 1 })
    const learner = learnerOf({ models: parrots(0.9), killSwitch })
    const { id, time } = learner.decide(signalAt(6), account)
    learner.learn(id, { exitPrice: 98, exitTime: time + HOUR })
    const probe = learner.decide(signalAt(9), account)
    expect(probe.size).toBeCloseTo(0.01)
    expect(learner.decide(signalAt(9), account).action).toBe('skip')
    learner.cancel(probe.id)
    expect(learner.decide(signalAt(9), account).size).toBeCloseTo(0.01)
  })

  test('data that is too old halts its symbol only', () => {
    const learner = learnerOf({ models: parrots(0.9), killSwitch: new KillSwitch({ staleAfter: 2 * HOUR }) })
    learner.onCandle(candleAt('B', 20, 100))
    expect(learner.decide(signalAt(21, { symbol: 'A' }), account).reasons.map(({ code }) => code)).toContain(
      'KILL_SWITCH',
    )
    expect(learner.decide(signalAt(21, { symbol: 'B' }), account).action).toBe('take')
  })
})
