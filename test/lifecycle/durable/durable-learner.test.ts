import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { DecisionPolicy, KillSwitch } from '../../../src/decision/index.ts'
import { type DurableLearner, type DurableOptions, Rollout, TradeLearner } from '../../../src/lifecycle/index.ts'
import type { Decision } from '../../../src/market.ts'
import { Parrot, parrots } from '../doubles.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallOptions,
  stateOf,
} from '../helpers.ts'
import { type BotEvent, botEvent, happen, newWorld, opening } from '../stream.ts'
import { type Disk, emptyDisk, MemoryStore } from './memory-store.ts'

const LEFT_OUT = 46_656

function options(disk: Disk, more: Partial<DurableOptions<SmallSignal>> = {}): DurableOptions<SmallSignal> {
  return { ...smallOptions(), store: new MemoryStore(disk), ...more }
}
const open = (disk: Disk, more: Partial<DurableOptions<SmallSignal>> = {}): Promise<DurableLearner<SmallSignal>> =>
  TradeLearner.open<SmallSignal>(options(disk, more))

/** Plays events on a durable learner whose process dies before each of the events numbered in `deaths`. */
async function live(events: readonly BotEvent[], deaths: ReadonlySet<number>, snapshotEvery: number) {
  const world = newWorld()
  const disk = emptyDisk()
  let learner = await open(disk, { snapshotEvery })
  const decisions: (Decision | undefined)[] = []
  for (const [i, event] of [...opening, ...events].entries()) {
    if (deaths.has(i)) {
      await learner.stored()
      disk.open = false
      learner = await open(disk, { snapshotEvery })
      expect(learner.recovery.warnings).toEqual([])
    }
    decisions.push(happen(learner as unknown as TradeLearner<SmallSignal>, world, event))
    // what acknowledges is awaited by a bot
    if (i % 3 === 0) await learner.stored()
  }
  await learner.stored()
  return { state: stateOf(learner), decisions: JSON.stringify(decisions) }
}

/** The same life without a store; ids are left out where the process would have been started. */
function plain(events: readonly BotEvent[], deaths: ReadonlySet<number>) {
  const world = newWorld()
  const learner = new TradeLearner<SmallSignal>(smallOptions())
  learner.skipIds(LEFT_OUT)
  const decisions: (Decision | undefined)[] = []
  for (const [i, event] of [...opening, ...events].entries()) {
    if (deaths.has(i)) learner.skipIds(LEFT_OUT)
    decisions.push(happen(learner, world, event))
  }
  return { state: stateOf(learner), decisions: JSON.stringify(decisions) }
}

const life = fc.array(botEvent, { minLength: 20, maxLength: 150, size: 'max' })

/** Whose predictions always throw. */
class Broken extends Parrot {
  static override readonly type: string = 'my-broken-parrot'
  override predict(): number {
    throw new RangeError('no answer')
  }
  override toJSON() {
    return { ...super.toJSON(), type: Broken.type }
  }
  static override fromJSON(json: Snapshot): Broken {
    return new Broken(Parrot.fromJSON({ ...json, type: Parrot.type }).task, 0)
  }
}

describe('a learner whose process dies', () => {
  test('goes on as if it had not, to the bit, whatever happened, whenever it died, however many snapshots there are', async () => {
    await fc.assert(
      fc.asyncProperty(
        life,
        fc.array(fc.nat(150), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 3, max: 80 }),
        async (events, stops, snapshotEvery) => {
          const deaths = new Set(stops)
          expect(await live(events, deaths, snapshotEvery)).toEqual(plain(events, deaths))
        },
      ),
      { numRuns: Number(process.env['RUNS'] ?? 60), endOnFailure: true },
    )
  })

  test('knows by id the trades whose outcome is awaited, and takes the outcome', async () => {
    const disk = emptyDisk()
    const first = await open(disk, { killSwitch: patient() })
    first.onCandle(candleAt('A', 1, 100))
    const decision = first.decide(signalAt(1), account)
    await first.stored()
    disk.open = false
    const second = await open(disk, { killSwitch: patient() })
    expect(second.recovery.openDecisions).toEqual([decision])
    expect(second.recovery.lastDecision).toBe(decision.id)
    await second.learn(decision.id, { exitPrice: 101, exitTime: START + 5 * HOUR })
    expect(second.status().trades).toBe(1)
    // told twice, by a bot that did not hear the first answer
    await second.learn(decision.id, { exitPrice: 101, exitTime: START + 5 * HOUR })
    expect(second.status().trades).toBe(1)
  })

  test('never gives an id twice, though a decision was lost with the process', async () => {
    const disk = emptyDisk()
    const first = await open(disk)
    first.onCandle(candleAt('A', 1, 100))
    await first.stored()
    const kept = disk.events.length
    const lost = first.decide(signalAt(1), account)
    disk.events.length = kept
    disk.open = false
    const second = await open(disk)
    expect(second.openDecisions()).toEqual([])
    expect(second.decide(signalAt(1), account).id).not.toBe(lost.id)
    await expect(second.learn(lost.id, { exitPrice: 101, exitTime: START + 5 * HOUR })).rejects.toThrow(
      /closed before|No decision/,
    )
  })

  test('keeps what was decided, where the configuration has changed since', async () => {
    const disk = emptyDisk()
    const first = await open(disk, { policy: new DecisionPolicy({ minTrades: 6, baseSize: 0.02 }) })
    first.onCandle(candleAt('A', 1, 100))
    const decision = first.decide(signalAt(1), account)
    await first.stored()
    disk.open = false
    const second = await open(disk, { policy: new DecisionPolicy({ minTrades: 6, baseSize: 0.01 }) })
    expect(second.openDecisions()).toEqual([decision])
    expect(second.recovery.warnings[0]).toMatch(/1 came out otherwise than they did then, the first at event 3/)
    expect(second.decide(signalAt(1), account).size).toBe(0.01)
  })

  test('says what was taken in then and is refused now, and how often', async () => {
    const disk = emptyDisk()
    const step = { share: 0, hold: HOUR, signals: 20, evidence: 20, approval: false }
    const own = { mode: 'live', models: parrots(0.7), codecs: [Parrot] } as const
    const first = await open(disk, { ...own, rollout: new Rollout({ name: 'first', steps: [step] }) })
    first.onCandle(candleAt('A', 1, 100))
    await first.challenge(parrots(0.6), 'second')
    await first.challenge(parrots(0.8), 'third')
    disk.open = false
    const second = await open(disk, own)
    expect(second.status().challenger).toBe('')
    expect(second.recovery.warnings).toEqual([
      'Events since the snapshot that were taken in then and are refused now: 2, the first of them event 3 (challenge): ' +
        'Challengers need a rollout among the options, in mode "live" or "rollout", got none that can begin anew.',
    ])
    await second.close()
    expect((await open(disk, own)).recovery.warnings).toEqual([])
  })

  test('says what is refused now however much threw then, too', async () => {
    const disk = emptyDisk()
    const step = { share: 0, hold: HOUR, signals: 20, evidence: 20, approval: false }
    const own = { mode: 'live', models: parrots(0.7), codecs: [Broken, Parrot] } as const
    const first = await open(disk, { ...own, rollout: new Rollout({ name: 'first', steps: [step] }) })
    first.onCandle(candleAt('A', 1, 100))
    const broken = { ...parrots(0.6), success: new Broken('binary', 0) }
    for (let i = 0; i < 100; i++) await expect(first.replace(broken, 'broken')).rejects.toThrow('no answer')
    await first.challenge(parrots(0.6), 'second')
    disk.open = false
    const { recovery } = await open(disk, own)
    expect(recovery.warnings).toEqual([
      expect.stringMatching(/refused now: 1, the first of them event 103 \(challenge\): Challengers need a rollout/),
    ])
  })

  test('comes up again though models were offered to it that throw, which threw then', async () => {
    const disk = emptyDisk()
    const own = { models: parrots(0.7), codecs: [Broken, Parrot] }
    const first = await open(disk, own)
    first.onCandle(candleAt('A', 1, 100))
    const broken = { ...parrots(0.6), success: new Broken('binary', 0) }
    await expect(first.replace(broken, 'broken')).rejects.toThrow('no answer')
    await first.stored()
    expect(disk.events.map(({ event }) => (event as { kind: string }).kind)).toContain('models')
    disk.open = false
    const second = await open(disk, own)
    expect([second.status().version, second.recovery.warnings]).toEqual(['', []])
  })

  test('comes up whatever its companions throw, and says it', async () => {
    const faulty = (act: 'sleep' | 'wake') => ({
      [act]: () => {
        throw new Error(`cannot ${act}`)
      },
    })
    const heard: string[] = []
    const last = { sleep: () => void heard.push('sleep'), wake: () => void heard.push('wake') }
    const learner = await open(emptyDisk(), { companions: [faulty('sleep'), faulty('wake'), last] })
    expect(learner.recovery.warnings).toEqual(['Object: cannot sleep', 'Object: cannot wake'])
    expect(heard).toEqual(['sleep', 'wake'])
  })

  test('stays halted', async () => {
    const disk = emptyDisk()
    const first = await open(disk)
    await first.halt('fire')
    disk.open = false
    const second = await open(disk)
    expect(second.status().killSwitch.cause).toEqual({ code: 'OPERATOR', text: 'fire' })
    await second.resume('out')
    disk.open = false
    expect((await open(disk)).status().killSwitch.halted).toBe(false)
  })

  test('has seen an account that was worth nothing, though that was refused', async () => {
    const disk = emptyDisk()
    const first = await open(disk, { killSwitch: new KillSwitch() })
    first.onCandle(candleAt('A', 1, 100))
    expect(() => first.decide(signalAt(1), { equity: 0, positions: [] })).toThrow('account.equity')
    await first.stored()
    disk.open = false
    const second = await open(disk, { killSwitch: new KillSwitch() })
    expect(second.status().killSwitch.cause?.code).toBe('DRAWDOWN')
  })

  test('takes as long to decide again as it took then', async () => {
    const disk = emptyDisk()
    let now = 0
    const slow = { now: () => (now += 500) }
    const first = await open(disk, { clock: slow, killSwitch: new KillSwitch() })
    first.onCandle(candleAt('A', 1, 100))
    first.decide(signalAt(1), account)
    await first.stored()
    expect(first.status().killSwitch.cause?.code).toBe('LATENCY')
    disk.open = false
    const second = await open(disk, { killSwitch: new KillSwitch() })
    expect(second.status().killSwitch).toEqual(first.status().killSwitch)
  })
})

describe('a refit', () => {
  /** Enough closed trades that a refit is due. */
  async function due(disk: Disk, snapshotEvery: number): Promise<DurableLearner<SmallSignal>> {
    const learner = await open(disk, { killSwitch: patient(), snapshotEvery })
    for (let bar = 1; bar < 20; bar++) {
      learner.onCandle(candleAt('A', bar, 100 + (bar % 3)))
      const { id, action } = learner.decide(signalAt(bar), account)
      if (action !== 'skip') await learner.learn(id, { exitPrice: 100 + (bar % 4), exitTime: START + (bar + 2) * HOUR })
    }
    expect(learner.refitDue).toBe(true)
    return learner
  }
  const again = async (disk: Disk) => {
    disk.open = false
    return open(disk, { killSwitch: patient() })
  }
  /** Without the number of the next id, which every start moves on. */
  const known = (learner: object): string => stateOf(learner).replace(/"next":\d+/, '')

  test('that another thread did is done again at the same place, with the data of its beginning', async () => {
    const disk = emptyDisk()
    const learner = await due(disk, 1000)
    const work = learner.beginRefit()!
    const steps = work.run()
    learner.onCandle(candleAt('A', 30, 102))
    let step = steps.next()
    while (!step.done) step = steps.next()
    work.adopt(step.value)
    learner.onCandle(candleAt('A', 31, 103))
    await learner.stored()
    expect(known(await again(disk))).toBe(known(learner))
  })

  test('that a crash has ended changes nothing', async () => {
    const disk = emptyDisk()
    const learner = await due(disk, 1000)
    const before = known(learner)
    learner.beginRefit()
    await learner.stored()
    expect(known(await again(disk))).toBe(before)
  })

  test('makes the next snapshot wait, and is dropped where one does not', async () => {
    const disk = emptyDisk()
    const learner = await due(disk, 4)
    const count = disk.snapshots.length
    const work = learner.beginRefit()!
    for (let bar = 30; bar < 38; bar++) learner.onCandle(candleAt('A', bar, 102))
    await learner.stored()
    expect(disk.snapshots.length).toBe(count)
    await learner.save()
    expect(disk.snapshots.length).toBe(count + 1)
    const before = known(learner)
    let step = work.run().next()
    const steps = work.run()
    while (!step.done) step = steps.next()
    work.adopt(step.value)
    expect(known(learner)).toBe(before)
    await learner.stored()
    expect(known(await again(disk))).toBe(before)
  })
})

describe('a store that fails', () => {
  const failing = async (onStoreFailure: 'reduce-only' | 'halt' | 'continue-frozen') => {
    const disk = emptyDisk()
    const learner = await TradeLearner.open<SmallSignal>({
      ...options(disk, { killSwitch: patient(), onStoreFailure }),
      store: new MemoryStore(disk, 3),
    })
    learner.onCandle(candleAt('A', 1, 100))
    const kept = learner.decide(signalAt(1), account)
    await learner.stored()
    return { disk, learner, kept }
  }

  test('is told to whoever wants an acknowledgement, once and for all, and what was acknowledged is still there', async () => {
    const { disk, learner, kept } = await failing('reduce-only')
    const outcome = { exitPrice: 101, exitTime: START + 5 * HOUR }
    await expect(learner.learn(kept.id, outcome)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('no space left'),
    })
    expect(learner.failure?.code).toBe('STORE_FAILED')
    for (const refused of [
      learner.stored(),
      learner.cancel(kept.id),
      learner.resume('go on'),
      learner.save(),
      learner.halt('fire'),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
    await learner.close()
    const anew = await open(disk, { killSwitch: patient() })
    expect(anew.openDecisions()).toEqual([kept])
    await anew.learn(kept.id, outcome)
    expect(anew.status()).toMatchObject({ trades: 1, killSwitch: { halted: false } })
  })

  test('stops new positions by default, but none from being closed', async () => {
    const { learner } = await failing('reduce-only')
    learner.onCandle(candleAt('A', 2, 100))
    await expect(learner.stored()).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(learner.decide(signalAt(2), account).action).toBe('skip')
    const held = { equity: 100_000, positions: [{ symbol: 'A', side: 'short' as const, notional: 500 }] }
    expect(learner.decide(signalAt(2), held)).toMatchObject({ action: 'take', size: 0.005 })
  })

  test("lets decisions go on with 'continue-frozen', and refuses them with 'halt'", async () => {
    const frozen = await failing('continue-frozen')
    frozen.learner.onCandle(candleAt('A', 2, 100))
    await expect(frozen.learner.stored()).rejects.toThrow()
    expect(frozen.learner.decide(signalAt(2), account).action).not.toBe('skip')
    const halted = await failing('halt')
    halted.learner.onCandle(candleAt('A', 2, 100))
    await expect(halted.learner.stored()).rejects.toThrow()
    expect(() => halted.learner.decide(signalAt(2), account)).toThrow(/no space left/)
  })
})

describe('catching up', () => {
  test('asks until nothing is missing, takes each candle once, and settles what was open', async () => {
    const learner = await open(emptyDisk(), { killSwitch: patient() })
    learner.onCandle(candleAt('A', 1, 100))
    learner.decide(signalAt(1), account)
    const missed = [5, 3, 2, 4, 6, 7, 8].map((bar) => candleAt('A', bar, 100 + bar))
    const asked: (number | undefined)[] = []
    const taken = await learner.catchUp('A', (symbol, since) => {
      expect(symbol).toBe('A')
      asked.push(since)
      return missed.filter(({ time }) => since === undefined || time >= since).slice(0, 4)
    })
    expect(taken).toBe(7)
    expect(asked.length).toBeGreaterThan(2)
    expect(learner.status().trades).toBe(1)
  })

  test('of a symbol that is not known begins at its first candle; what fetch throws is thrown, and what was taken stays', async () => {
    const learner = await open(emptyDisk())
    expect(await learner.catchUp('B', (_, since) => (since === undefined ? [candleAt('B', 1, 20)] : []))).toBe(1)
    let calls = 0
    const failing = learner.catchUp('B', () => {
      if (calls++ > 0) throw new Error('offline')
      return [candleAt('B', 2, 20)]
    })
    await expect(failing).rejects.toThrow('offline')
    expect(await learner.catchUp('B', (_, since) => (since === START + 2 * HOUR ? [] : [candleAt('B', 9, 20)]))).toBe(0)
  })
})

test('what is closed takes nothing more, and has let go of the store', async () => {
  const disk = emptyDisk()
  const learner = await open(disk)
  await expect(open(disk)).rejects.toThrow('held by another')
  await learner.close()
  await learner.close()
  expect(() => learner.onCandle(candleAt('A', 1, 100))).toThrow('must be open')
  await expect(learner.halt('x')).rejects.toMatchObject({ code: 'NOT_OPEN' })
  expect((await open(disk)).recovery).toMatchObject({ replayed: 0, snapshot: 1 })
})

test('an opening that fails lets go of the store, and damaged events are refused', async () => {
  const disk = emptyDisk()
  const learner = await open(disk)
  learner.onCandle(candleAt('A', 1, 100))
  await learner.stored()
  disk.open = false
  disk.events.push({ seq: disk.events.length + 1, event: { kind: 'candle', candle: { symbol: 'A' } } })
  await expect(open(disk)).rejects.toMatchObject({ code: 'CORRUPT_SNAPSHOT' })
  disk.events.splice(-1, 1, { seq: disk.events.length, event: { kind: 'constructor' } })
  await expect(open(disk)).rejects.toThrow('got "constructor"')
  disk.events.pop()
  expect((await open(disk)).recovery.replayed).toBe(2)
})
