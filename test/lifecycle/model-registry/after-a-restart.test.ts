import { describe, expect, test } from 'vitest'
import { DecisionPolicy } from '../../../src/decision/index.ts'
import {
  MemoryModelStore,
  RegisteredModels,
  type RetrainResult,
  Rollout,
  Succession,
  TradeLearner,
} from '../../../src/lifecycle/index.ts'
import type { Decision } from '../../../src/market.ts'
import { Parrot, parrots } from '../doubles.ts'
import { emptyDisk, MemoryStore } from '../durable/memory-store.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallFeatures,
  smallOptions,
} from '../helpers.ts'

const report = {
  ...{ rows: 400, from: START - 1e9, to: START - 1e6, recipe: 'default', params: {} },
  comparison: {
    ...{ rows: 200, candidate: 0.68, other: 0.69 },
    ...{ logLoss: { difference: 0.01, p: 0.2 }, netReturn: { difference: 0.01, p: 0.2 } },
  },
}
const candidate = { time: START, wishes: [], outcome: 'candidate', report, caughtUp: 0, swapMs: 0 } as unknown
const steps = [0, 0.5].map((share) => ({ share, hold: 0, signals: 1, evidence: 0, approval: true }))
const guards = { margin: 0, endBelowAccuracy: 0, pauseBelowAccuracy: 0, maxDrawdown: 0.99 }

/** Two disks and a folder that outlive the processes of a bot whose models come from a registry. */
function world(mode: 'live' | 'rollout' = 'live') {
  const [own, books, models] = [emptyDisk(), emptyDisk(), new MemoryModelStore()]
  let bar = 0
  const open = async () => {
    const warnings: string[] = []
    const stores = [new MemoryStore(own), new MemoryStore(books)] as const
    const registered = await RegisteredModels.open({ models, events: stores[1] })
    const details = { name: 'm', schema: 'f00d' }
    const codecs = [Parrot]
    const succession = new Succession({ registered, details, codecs, onWarning: (text) => warnings.push(text) })
    const learner = await TradeLearner.open<SmallSignal>({
      ...{ ...smallOptions(), features: smallFeatures(), mode, models: parrots(0.6), killSwitch: patient() },
      ...{ policy: new DecisionPolicy({ minTrades: 0 }), detectors: [], codecs, companions: [succession] },
      rollout: new Rollout({ name: 'first', steps, ...guards }),
      store: stores[0],
    })
    succession.serve(learner)
    await succession.settled()
    const live = async (): Promise<Decision> => {
      learner.onCandle(candleAt('A', bar, 100))
      const decision = learner.decide(signalAt(++bar), account)
      const { id, action } = decision
      if (action !== 'skip') await learner.learn(id, { exitPrice: 101, exitTime: START + bar * HOUR })
      return decision
    }
    /** Models are trained, and put on trial. */
    const train = async (probability: number): Promise<void> => {
      await live()
      succession.adopt(parrots(probability))
      succession.onEvent({ type: 'result', result: candidate as RetrainResult })
      await succession.settled()
    }
    /** Models are trained, tried, and let decide. */
    const promote = async (probability: number): Promise<void> => {
      await train(probability)
      for (let tries = 0; learner.status().rollout!.status !== 'promoted' && tries < 20; tries++) {
        await live()
        await learner.tellRollout({ kind: 'approve', time: START + bar * HOUR, by: 'Ada' })
      }
      await succession.settled()
    }
    const abort = async (): Promise<void> => {
      await learner.tellRollout({ kind: 'abort', time: START + bar * HOUR, by: 'Ada', reason: 'enough' })
      await succession.settled()
    }
    const said = (): number => learner.predict(signalAt(bar), account).probability
    const kill = async (): Promise<void> => {
      await learner.stored()
      for (const store of stores) store.kill()
    }
    return { registered, succession, learner, warnings, live, train, promote, abort, said, kill }
  }
  /** What `tradelearn models --rollback` does. */
  const rollBack = async (to: number | 'previous' = 'previous'): Promise<void> => {
    const registered = await RegisteredModels.open({ models, events: new MemoryStore(books) })
    await registered.rollback(to, { time: START + 1e9, by: 'Ada', reason: 'it loses' })
    await registered.close()
  }
  return { open, rollBack, models, books }
}

test('a rollback in the books, told while no bot ran, is in force after its restart, and stays so', async () => {
  const { open, rollBack } = world()
  const first = await open()
  await first.promote(0.7)
  await first.promote(0.8)
  expect([first.learner.status().version, first.registered.registry.champion, first.said()]).toEqual(['m-2', 2, 0.8])
  await first.kill()
  await rollBack()

  const second = await open()
  expect([second.learner.status().version, second.registered.registry.champion, second.said()]).toEqual(['m-1', 1, 0.7])
  expect(second.warnings).toEqual(['m-2 decides no more; Ada rolled it back: it loses'])
  const { total } = second.registered.registry.history
  await second.live()
  await second.kill()

  const third = await open()
  expect([third.learner.status().version, third.said(), third.warnings]).toEqual(['m-1', 0.7, []])
  expect(third.registered.registry.history.total).toBe(total)
  // whoever is trained next challenges whom the operator chose
  await third.promote(0.9)
  expect([third.learner.status().version, third.registered.registry.champion]).toEqual(['m-3', 3])
})

test('so are two rollbacks, one after the other', async () => {
  const { open, rollBack } = world()
  const first = await open()
  for (const probability of [0.7, 0.8, 0.9]) await first.promote(probability)
  await first.kill()
  await rollBack()
  await rollBack()
  const second = await open()
  expect([second.learner.status().version, second.registered.registry.champion, second.said()]).toEqual(['m-1', 1, 0.7])
  expect(second.warnings).toEqual(['m-3 decides no more; Ada rolled it back: it loses'])
  // nor does the trial of what was thrown out bring back what was thrown out before it
  await second.live()
  await second.abort()
  expect([second.learner.status().version, second.registered.registry.champion]).toEqual(['m-1', 1])
})

test('a rollback to the champion before ends the trial that it was lost to, and needs no file', async () => {
  const { open, rollBack, models } = world()
  const first = await open()
  await first.promote(0.7)
  await first.promote(0.8)
  await first.kill()
  await rollBack()
  for (const hash of await models.list()) await models.remove(hash)
  const { learner, warnings, said } = await open()
  expect([learner.status().version, learner.status().rollout!.status]).toEqual(['m-1', 'ended'])
  expect(said()).toBe(0.7)
  expect(warnings).toEqual(['m-2 decides no more; Ada rolled it back: it loses'])
})

test('a rollback to a model that is gone says who decides', async () => {
  const { open, rollBack, models } = world()
  const first = await open()
  for (const probability of [0.7, 0.8, 0.9]) await first.promote(probability)
  const { hash } = first.registered.registry.find(1).model!
  await first.kill()
  await rollBack()
  await rollBack()
  await models.remove(hash)
  const { learner, warnings, said } = await open()
  expect([learner.status().version, said()]).toEqual(['m-2', 0.8])
  expect(warnings).toEqual([
    'm-2 decides, and not m-1, though Ada rolled it back: it loses. The champion of the books must be there, whole and ' +
      `readable, got m-1: MISSING_MODEL: The model of m-1 must be in the store, got none named ${hash}.`,
  ])
})

describe('a rollback to the baseline', () => {
  test('ends the trial of the models that decide', async () => {
    const { open, rollBack } = world('rollout')
    const first = await open()
    await first.promote(0.7)
    await first.kill()
    await rollBack()
    const second = await open()
    expect(second.warnings).toEqual([
      'm-1 decides no more, and no model is champion in the books. Ada rolled it back: it loses',
    ])
    expect(second.learner.status()).toMatchObject({ champion: 'baseline', rollout: { status: 'ended' } })
    expect((await second.live()).mode).toBe('shadow')
  })

  test('ends the watch over the models that decide, and their challenger goes on beside the baseline', async () => {
    const { open, rollBack } = world('rollout')
    const first = await open()
    await first.promote(0.7)
    await first.train(0.8)
    await first.kill()
    await rollBack()
    for (const warnings of [
      ['m-1 decides no more, and no model is champion in the books. Ada rolled it back: it loses'],
      [],
    ]) {
      const next = await open()
      const { learner, registered } = next
      expect(learner.status()).toMatchObject({ version: 'm-2', challenger: '', champion: 'baseline' })
      expect([learner.status().rollout!.status, registered.registry.challenger]).toEqual(['running', 2])
      expect((await next.live()).mode).toBe('shadow')
      expect(next.warnings).toEqual(warnings)
      await next.kill()
    }
    const last = await open()
    await last.abort()
    expect([last.registered.registry.challenger, last.registered.registry.champion]).toEqual([null, null])
  })

  test('ends the trial of the models that decide after a challenger has failed', async () => {
    const { open, rollBack } = world('rollout')
    const first = await open()
    await first.promote(0.7)
    await first.train(0.8)
    await first.abort()
    await first.kill()
    await rollBack()
    const second = await open()
    expect(second.learner.status()).toMatchObject({
      version: 'm-1',
      champion: 'baseline',
      rollout: { status: 'ended' },
    })
    expect((await second.live()).mode).toBe('shadow')
    expect(second.warnings).toEqual([
      'm-1 decides no more, and no model is champion in the books. Ada rolled it back: it loses',
    ])
  })

  test('says who decides all the same where models have decided from the start', async () => {
    const { open, rollBack } = world('live')
    const first = await open()
    await first.promote(0.7)
    await first.train(0.8)
    await first.kill()
    await rollBack()
    const second = await open()
    expect(second.learner.status()).toMatchObject({ version: '', challenger: 'm-2', rollout: { status: 'running' } })
    expect(second.registered.registry.challenger).toBe(2)
    expect((await second.live()).mode).toBe('live')
    expect(second.warnings).toEqual([
      'No model is champion in the books, but the models of the start decide: halt or replace them. Ada rolled it back: it loses',
    ])
  })
})

test('a model that was chosen anew is thrown out in the books, too, where the rollout ends that goes on with it', async () => {
  const { open, rollBack } = world('rollout')
  const first = await open()
  await first.promote(0.7)
  await first.abort()
  await first.promote(0.8)
  expect([first.learner.status().champion, first.registered.registry.champion]).toEqual(['baseline', 2])
  await first.kill()
  await rollBack(1)
  const second = await open()
  expect(second.learner.status()).toMatchObject({ version: 'm-1', rollout: { status: 'promoted' } })
  expect((await second.live()).mode).toBe('live')
  await second.abort()
  expect(second.registered.registry.champion).toBe(null)
  expect((await second.live()).mode).toBe('shadow')
})

test('a challenger that a crash left in the books alone is tried after the restart', async () => {
  const { open, books } = world()
  const first = await open()
  await first.promote(0.7)
  const events = books.events.length
  await first.live()
  // the process ends between the registration of the next and its challenge
  const status = () => first.learner.status()
  first.succession.serve({ status, challenge: () => new Promise(() => {}) } as never)
  first.succession.adopt(parrots(0.8))
  first.succession.onEvent({ type: 'result', result: candidate as RetrainResult })
  while (books.events.length < events + 2) await new Promise((resolve) => setTimeout(resolve, 1))
  await first.kill()

  const second = await open()
  expect(second.learner.status()).toMatchObject({ version: 'm-1', challenger: 'm-2' })
  await second.live()
  await second.kill()
  const third = await open()
  expect([third.learner.status().challenger, third.warnings]).toEqual(['m-2', []])
})
