import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue, StoredEvent } from '../../../src/contracts.ts'
import { DecisionPolicy } from '../../../src/decision/index.ts'
import { GradientBoosting } from '../../../src/learners/index.ts'
import {
  type Difference,
  type DurableLearner,
  digestOf,
  type JournalLife,
  type JournalReplay,
  type Models,
  type RestoreOptions,
  replayJournal,
  TradeLearner,
} from '../../../src/lifecycle/index.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallFeatures,
  smallOptions,
} from '../helpers.ts'
import { type BotEvent, botEvent, happen, newWorld, opening } from '../stream.ts'
import { type Disk, emptyDisk, MemoryStore } from './memory-store.ts'

type Options = Partial<RestoreOptions<SmallSignal>>

const open = (disk: Disk, more: Options = {}, snapshotEvery = 1000): Promise<DurableLearner<SmallSignal>> =>
  TradeLearner.open<SmallSignal>({ ...smallOptions(), ...more, store: new MemoryStore(disk), snapshotEvery })

/** A life on a disk, with a death before each of the events numbered in `deaths`. */
async function live(events: readonly BotEvent[], deaths: ReadonlySet<number>, snapshotEvery: number) {
  const world = newWorld()
  const disk = emptyDisk()
  let learner = await open(disk, {}, snapshotEvery)
  for (const [i, event] of [...opening, ...events].entries()) {
    if (deaths.has(i)) {
      await learner.stored()
      disk.open = false
      learner = await open(disk, {}, snapshotEvery)
    }
    happen(learner as unknown as TradeLearner<SmallSignal>, world, event)
    if (i % 3 === 0) await learner.stored()
  }
  await learner.stored()
  return { disk, digest: digestOf(learner) }
}

const lifeOf = ({ events }: Disk): JournalLife => ({ snapshot: null, events })
const replay = (life: JournalLife, more: Options = {}): JournalReplay =>
  replayJournal<SmallSignal>(life, { ...smallOptions(), ...more })

/** Flat and rising markets with a signal a bar, some of them traded and told. */
async function plainLife(more: Options = {}, bars = 30): Promise<Disk> {
  const disk = emptyDisk()
  const learner = await open(disk, { killSwitch: patient(), ...more })
  for (let bar = 1; bar <= bars; bar++) {
    learner.onCandle(candleAt('A', bar, 100 + (bar % 3)))
    const { id, action } = learner.decide(signalAt(bar, { meta: { confidence: (bar % 7) / 7, source: 'ai' } }), account)
    if (action !== 'skip') await learner.learn(id, { exitPrice: 100 + (bar % 4), exitTime: START + (bar + 2) * HOUR })
    if (learner.refitDue) for (const _ of learner.refit());
  }
  await learner.stored()
  return disk
}

describe('a journal that is lived through again', () => {
  const life = fc.array(botEvent, { minLength: 20, maxLength: 120, size: 'max' })

  test('comes to the same decisions and the same state, whatever happened, from the beginning and from every snapshot', async () => {
    await fc.assert(
      fc.asyncProperty(
        life,
        fc.array(fc.nat(120), { maxLength: 3 }),
        fc.integer({ min: 5, max: 80 }),
        async (events, stops, snapshotEvery) => {
          const { disk, digest } = await live(events, new Set(stops), snapshotEvery)
          const whole = replay(lifeOf(disk))
          expect(whole).toMatchObject({
            equal: true,
            different: 0,
            refused: 0,
            from: 0,
            to: disk.events.length,
            digest,
          })
          expect(whole.decisions).toBe(disk.events.filter(({ event }) => kindOf(event) === 'decide').length)
          for (const snapshot of disk.snapshots) {
            expect(replay({ snapshot, events: disk.events })).toMatchObject({ equal: true, from: snapshot.seq, digest })
          }
        },
      ),
      { numRuns: Number(process.env['RUNS'] ?? 40), endOnFailure: true },
    )
  })

  test('leaves the journal as it was, and tells of every event', async () => {
    const disk = await plainLife({}, 8)
    const text = JSON.stringify(disk)
    const heard: number[] = []
    replayJournal<SmallSignal>(lifeOf(disk), smallOptions(), { onEvent: (seq) => heard.push(seq) })
    expect(heard).toEqual(disk.events.map(({ seq }) => seq))
    expect(JSON.stringify(disk)).toBe(text)
  })

  test('lets companions sleep', async () => {
    const disk = await plainLife({}, 8)
    const heard: string[] = []
    const companion = {
      sleep: () => heard.push('sleep'),
      wake: () => heard.push('wake'),
      opened: () => heard.push('x'),
    }
    replay(lifeOf(disk), { killSwitch: patient(), companions: [companion] })
    expect(heard[0]).toBe('sleep')
    expect(heard).toContain('x')
    expect(heard).not.toContain('wake')
  })
})

const differs = (path: string, then: JsonValue, now: JsonValue): Difference => ({ path, then, now })
const kindOf = (event: JsonValue): unknown => (event as { readonly kind: string }).kind

describe('a journal under other options', () => {
  test('names the decisions that a policy changes, by the field that it changes', async () => {
    const disk = await plainLife({ policy: new DecisionPolicy({ minTrades: 6, baseSize: 0.02 }) })
    const found = replay(lifeOf(disk), {
      killSwitch: patient(),
      policy: new DecisionPolicy({ minTrades: 6, baseSize: 0.01 }),
    })
    expect(found.equal).toBe(false)
    expect(found.differences[0]).toEqual({ seq: 3, id: expect.stringMatching(/^tl-/), ...differs('size', 0.02, 0.01) })
    const taken = disk.events.filter(({ event }) => (event as { decision?: { size: number } }).decision?.size)
    expect(found.different).toBe(taken.length)
    // what was decided then stands, so the state is that of then
    expect(found.digest).toBe(
      replay(lifeOf(disk), { killSwitch: patient(), policy: new DecisionPolicy({ minTrades: 6, baseSize: 0.02 }) })
        .digest,
    )
  })

  test('names the action that a threshold changes', async () => {
    const disk = await plainLife({ policy: new DecisionPolicy({ minTrades: 6, takeAbove: 0.01, skipBelow: 0 }) })
    const { differences } = replay(lifeOf(disk), {
      killSwitch: patient(),
      policy: new DecisionPolicy({ minTrades: 6, takeAbove: 1, skipBelow: 1 }),
    })
    expect(differences[0]).toMatchObject({ path: 'action', now: 'skip' })
  })

  test('names the prediction that another seed makes', async () => {
    const models = (seed: string): Models => {
      const { models } = smallOptions()
      const features = smallFeatures().schema.size
      const few = { trees: 4, minSamples: 8, minSamplesLeaf: 2, refitEvery: 6, window: 40, rowFraction: 0.5 }
      return { ...models!, success: new GradientBoosting({ features, task: 'binary', ...few, seed }) }
    }
    const disk = await plainLife({ models: models('one') }, 40)
    expect(replay(lifeOf(disk), { killSwitch: patient(), models: models('one') }).equal).toBe(true)
    const { differences } = replay(lifeOf(disk), { killSwitch: patient(), models: models('two') })
    expect(differences[0]!.path).toMatch(/^prediction\./)
  })

  test('names the prediction that another model makes, before what follows from it', async () => {
    const disk = await plainLife()
    const { models } = smallOptions()
    const { differences } = replay(lifeOf(disk), {
      killSwitch: patient(),
      models: { ...models!, success: { ...plainLearner(), predict: () => 0.123 } },
    })
    expect(differences[0]).toMatchObject({ path: 'prediction.probability', now: 0.123 })
  })

  test('counts all differences and keeps the first 100', async () => {
    const disk = await plainLife({}, 130)
    const found = replay(lifeOf(disk), { killSwitch: patient(), mode: 'shadow' })
    expect(found.different).toBe(130)
    expect(found.differences.map(({ path }) => path)).toEqual(Array.from({ length: 100 }, () => expect.any(String)))
    expect(found.differences[0]).toMatchObject(differs('mode', 'live', 'shadow'))
  })

  test('names decisions that are not made any more, and events that are refused', async () => {
    const disk = await plainLife({}, 5)
    const found = replay(lifeOf(disk), {
      killSwitch: patient(),
      policy: {
        options: { minTrades: 6 },
        baseline: (context) => new DecisionPolicy().baseline(context),
        decide: () => {
          throw new Error('not today')
        },
      },
    })
    expect(found.differences[0]).toMatchObject(differs('action', 'take', null))
    expect(found.refused).toBe(5)
    expect(found.faults[0]).toBe('Event 3 (decide): not today')
    expect(found.faults[1]).toMatch(/^Event 4 \(learn\): Decision "tl-\w+" was closed before/)
  })
})

/** A model without any knowledge. */
function plainLearner() {
  const json = { type: 'plain', version: 1, options: {}, state: {} }
  return { task: 'binary' as const, seen: 0, predict: () => 0.5, learn: () => {}, toJSON: () => json }
}

describe('a journal that cannot be read', () => {
  test('is refused by the number of the event', async () => {
    const { events } = await plainLife({}, 5)
    const other = (event: JsonValue): StoredEvent[] => events.map((one) => (one.seq === 4 ? { seq: 4, event } : one))
    const refuse = (broken: readonly StoredEvent[]): unknown =>
      errorOf(() => replay({ snapshot: null, events: broken }))
    expect(refuse(other({ kind: 'teleport', to: 'mars' }))).toMatchObject({
      code: 'CORRUPT_SNAPSHOT',
      message: expect.stringMatching(/^Event 4: An event must be one of .*, got "teleport"/),
    })
    expect(refuse(other(null))).toMatchObject({ code: 'CORRUPT_SNAPSHOT', message: expect.stringContaining('Event 4') })
    expect(refuse(events.filter(({ seq }) => seq !== 3))).toMatchObject({
      code: 'CORRUPT_STORE',
      message: expect.stringContaining('event 3 next, got 4'),
    })
    const snapshot = { seq: 2, value: { type: 'trade-learner', version: 999, options: {}, state: {} } }
    expect(errorOf(() => replay({ snapshot, events }))).toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      message: expect.stringMatching(/^The snapshot of event 2: /),
    })
  })
})
