import { expect, test } from 'vitest'
import { DecisionPolicy } from '../../../src/decision/index.ts'
import {
  MemoryModelStore,
  RegisteredModels,
  type RetrainResult,
  Rollout,
  Succession,
  TradeLearner,
} from '../../../src/lifecycle/index.ts'
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
function world() {
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
      ...{ ...smallOptions(), features: smallFeatures(), mode: 'live', models: parrots(0.6), killSwitch: patient() },
      ...{ policy: new DecisionPolicy({ minTrades: 0 }), detectors: [], codecs, companions: [succession] },
      rollout: new Rollout({ name: 'first', steps, ...guards }),
      store: stores[0],
    })
    succession.serve(learner)
    await succession.settled()
    const live = async (): Promise<void> => {
      learner.onCandle(candleAt('A', bar, 100))
      const { id, action } = learner.decide(signalAt(++bar), account)
      if (action !== 'skip') await learner.learn(id, { exitPrice: 101, exitTime: START + bar * HOUR })
    }
    /** Models are trained, tried, and let decide. */
    const promote = async (probability: number): Promise<void> => {
      await live()
      succession.adopt(parrots(probability))
      succession.onEvent({ type: 'result', result: candidate as RetrainResult })
      await succession.settled()
      for (let tries = 0; learner.status().challenger !== '' && tries < 20; tries++) {
        await live()
        await learner.tellRollout({ kind: 'approve', time: START + bar * HOUR, by: 'Ada' })
      }
      await succession.settled()
    }
    const said = (): number => learner.predict(signalAt(bar), account).probability
    const kill = async (): Promise<void> => {
      await learner.stored()
      for (const store of stores) store.kill()
    }
    return { registered, succession, learner, warnings, live, promote, said, kill }
  }
  /** What `tradelearn models --rollback` does. */
  const rollBack = async (): Promise<void> => {
    const registered = await RegisteredModels.open({ models, events: new MemoryStore(books) })
    await registered.rollback('previous', { time: START + 1e9, by: 'Ada', reason: 'it loses' })
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
