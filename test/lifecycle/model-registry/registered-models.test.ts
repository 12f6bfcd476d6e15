import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import {
  defaultRecipe,
  MemoryModelStore,
  type ModelStore,
  type Models,
  modelBody,
  packModels,
  RegisteredModels,
  type RegisteredModelsOptions,
  type RetrainReport,
  type RetrainResult,
  type Transition,
  unpackModels,
} from '../../../src/lifecycle/index.ts'
import { type Disk, emptyDisk, MemoryStore } from '../durable/memory-store.ts'
import { draft, modelOf, START, why } from './cards.ts'

const settings = { keepBodies: 3 }
type World = { readonly disk: Disk; readonly models: ModelStore; readonly warnings: string[] }
const world = (): World => ({ disk: emptyDisk(), models: new MemoryModelStore(), warnings: [] })
const open = (
  { disk, models, warnings }: World,
  more: Partial<RegisteredModelsOptions> & { readonly failAfter?: number } = {},
): Promise<RegisteredModels> =>
  RegisteredModels.open({
    models,
    events: new MemoryStore(disk, more.failAfter),
    registry: settings,
    onWarning: (text) => warnings.push(text),
    ...more,
  })
const fresh = (n: number) => ({ ...draft(n), model: modelOf(n), time: START + n, by: 'Ada' })
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    ({ code, message }) => code ?? message,
  )
const books = ({ registry }: RegisteredModels): string => JSON.stringify(registry)
const loaded = { schema: 'f00dcafe', read: (model: Snapshot) => model.state['seen'] }

/** What a retraining reports. */
const difference = {
  difference: 0.01,
  p: 0.2,
  low: -1,
  high: 1,
  verdict: 'none',
  text: '',
  have: 90,
  needs: 20,
  stillNeeds: 5,
}
const report = {
  rows: 400,
  features: 3,
  from: START - 1e9,
  to: START - 1e6,
  known: START,
  recipe: 'default',
  params: { trees: 60 },
  chosen: [],
  trials: 0,
  comparison: {
    against: 'champion',
    rows: 200,
    candidate: 0.68,
    other: 0.69,
    logLoss: difference,
    netReturn: difference,
  },
} as unknown as RetrainReport
const wishes = [
  { cause: 'drift', trigger: 'adwin', time: START, text: 'The market has changed.', evidence: {} },
] as const
const candidate = { time: START, wishes, outcome: 'candidate', report, caughtUp: 3, swapMs: 0.1 } as RetrainResult
const details = { name: 'boosting', schema: 'f00dcafe' }
const transition = (status: Transition['to']['status'], change: Partial<Transition> = {}): Transition => ({
  time: START + 9,
  from: { step: 3, status: 'running' },
  to: { step: 4, status },
  cause: 'EARNED',
  text: 'It wins.',
  by: '',
  ...change,
})

describe('registered models', () => {
  test('are the same after a restart, with and without a snapshot in between', async () => {
    for (const snapshotEvery of [1, 3, 200]) {
      const here = world()
      const first = await open(here, { snapshotEvery })
      for (const n of [1, 2, 3, 4, 5]) {
        expect(await first.register(fresh(n))).toBe(n)
        await first.promote(n, why(n))
      }
      await first.rollback('previous', why(9))
      await first.tell({ kind: 'tag', version: 4, tag: 'x', value: 'y', time: START, by: 'Ada' })
      const before = books(first)
      await first.close()
      const second = await open(here, { snapshotEvery })
      expect(books(second)).toBe(before)
      expect(await second.champion(loaded)).toMatchObject({ model: 4, state: 'ready' })
      expect([second.recovery.warnings, here.warnings]).toEqual([[], []])
      if (snapshotEvery === 3) expect(second.recovery.replayed).toBeLessThan(3)
    }
  })

  test('keep only so many models', async () => {
    const here = world()
    const registered = await open(here)
    for (let n = 1; n <= 9; n++) {
      await registered.register(fresh(n))
      await registered.promote(n, why(n))
      expect((await here.models.list()).length).toBeLessThanOrEqual(3)
    }
    expect(registered.registry.versions.map(({ kept }) => kept)).toEqual([...Array(6).fill(false), true, true, true])
    expect(await here.models.list()).toEqual([7, 8, 9].map((n) => modelBody(modelOf(n)).hash).sort())
  })

  test('are written before the books show them: whatever fails, nothing has changed', async () => {
    for (let failAfter = 0; failAfter < 4; failAfter++) {
      const here = world()
      const registered = await open(here, { failAfter })
      let before = books(registered)
      const step = async (work: () => Promise<unknown>): Promise<void> => {
        const written = here.disk.events.length
        const code = await codeOf(work())
        expect(code === 'none').toBe(here.disk.events.length > written)
        if (code !== 'none') expect(books(registered)).toBe(before)
        before = books(registered)
      }
      await step(() => registered.register(fresh(1)))
      await step(() => registered.promote(1, why(1)))
      await step(() => registered.register(fresh(2)))
      await step(() => registered.promote(2, why(2)))
      expect(here.disk.events).toHaveLength(failAfter)
      await registered.close()
      expect(books(await open(here))).toBe(before)
    }
  })

  test('are registered only once the model is stored', async () => {
    const here = world()
    const full: ModelStore = new MemoryModelStore({ maxBytes: 200 })
    const registered = await open({ ...here, models: full })
    await registered.register(fresh(1))
    expect(await codeOf(registered.register(fresh(2)))).toBe('STORE_FULL')
    expect(registered.registry.versions).toHaveLength(1)
    expect(here.disk.events).toHaveLength(1)
  })

  test('leave no model behind that was refused, and sweep what a crash left', async () => {
    const here = world()
    const registered = await open(here)
    expect(await codeOf(registered.register({ ...fresh(1), name: '../x' }))).toBe('INVALID_INPUT')
    expect(await here.models.list()).toEqual([])
    await registered.register(fresh(1))
    const stray = modelBody(modelOf(7)).hash
    await here.models.put(stray, modelOf(7))
    expect(await registered.sweep()).toEqual([stray])
    expect(await here.models.list()).toHaveLength(1)
  })

  test('remove after a restart what a crash kept from being removed', async () => {
    const here = world()
    const first = await open(here)
    await first.register(fresh(1))
    await first.tell({ kind: 'drop', versions: [1], ...why(1) }).catch(() => {})
    await first.close()
    await here.models.put(modelBody(modelOf(1)).hash, modelOf(1))
    await open(here)
    expect(await here.models.list()).toEqual([])
  })

  test('do commands in the order of the calls', async () => {
    const registered = await open(world())
    const calls = [1, 2, 3, 4].map((n) => registered.register(fresh(n)))
    const promoted = registered.promote(4, why(4))
    expect(await Promise.all(calls)).toEqual([1, 2, 3, 4])
    await promoted
    expect(registered.registry.champion).toBe(4)
  })

  test('say at the start which models are missing, and come up on a disk that cannot be read', async () => {
    const here = world()
    const first = await open(here)
    await first.register(fresh(1))
    await first.promote(1, why(1))
    await first.close()
    const empty = await open({ ...here, models: new MemoryModelStore() })
    expect(empty.recovery.warnings).toEqual([expect.stringMatching(/^The model of boosting-1 is missing/)])
    expect(await empty.champion(loaded)).toMatchObject({ state: 'missing', fallback: 'baseline', model: null })
    await empty.close()
    const away = async (): Promise<never> => {
      throw Object.assign(new Error('EIO'), { code: 'STORE_FAILED' })
    }
    const broken = await open({ ...here, models: { put: away, get: away, list: away, remove: away } })
    expect(broken.recovery.warnings).toEqual([expect.stringContaining('EIO')])
    expect(await broken.champion(loaded)).toMatchObject({ state: 'missing', faults: [{ code: 'STORE_FAILED' }] })
  })

  test('refuse a journal that cannot be, name the event, and let go of the lock', async () => {
    const here = world()
    const first = await open(here)
    await first.register(fresh(1))
    await first.close()
    here.disk.events.push({ seq: 2, event: { ...(here.disk.events[0]!.event as object) } as never })
    await expect(open(here)).rejects.toMatchObject({
      code: 'CORRUPT_STORE',
      message: expect.stringContaining('Event 2'),
    })
    expect(here.disk.open).toBe(false)
  })

  test('need no journal', async () => {
    const registered = await RegisteredModels.open({ models: new MemoryModelStore() })
    await registered.register(fresh(1))
    await registered.promote(1, why(1))
    expect(await registered.champion(loaded)).toMatchObject({ model: 1 })
    await registered.close()
  })
})

describe('a retraining', () => {
  test('makes its candidate challenger, with what it was made of', async () => {
    const registered = await open(world())
    await registered.register(fresh(1))
    await registered.promote(1, why(1))
    expect(await registered.adopt(candidate, modelOf(2), details)).toEqual({
      outcome: 'challenger',
      version: 2,
      text: 'The market has changed.',
    })
    const { registry } = registered
    expect([registry.champion, registry.challenger]).toEqual([1, 2])
    expect(registry.find(2)).toMatchObject({
      parent: 1,
      trades: 400,
      trainer: 'default',
      hyperParameters: { trees: 60 },
      metrics: { logLoss: 0.68, logLossOfOther: 0.69, logLossGain: 0.01 },
      dataRange: { from: report.from, to: report.to },
    })
    expect(await registered.load('challenger', loaded)).toMatchObject({ model: 2 })
  })

  test('that was rejected is kept as a card with the reason', async () => {
    const here = world()
    const registered = await open(here)
    const rejected = {
      time: START,
      wishes,
      outcome: 'rejected',
      code: 'NOT_BETTER',
      text: 'It is behind.',
      report,
    } as RetrainResult
    expect(await registered.adopt(rejected, null, details)).toEqual({
      outcome: 'rejected',
      version: 1,
      text: 'NOT_BETTER: It is behind.',
    })
    const early = {
      time: START,
      wishes,
      outcome: 'rejected',
      code: 'TOO_LITTLE_DATA',
      text: 'Few rows.',
    } as RetrainResult
    await registered.adopt(early, null, details)
    expect(registered.registry.versions).toMatchObject([
      { rejected: { code: 'NOT_BETTER', text: 'It is behind.' }, kept: false, model: null, trades: 400 },
      { rejected: { code: 'TOO_LITTLE_DATA' }, trades: 0, dataRange: null },
    ])
    expect(registered.registry.challenger).toBeNull()
    expect(await here.models.list()).toEqual([])
  })

  test('of too little data is rejected, and its model is not stored', async () => {
    const here = world()
    const registered = await open(here)
    const adoption = await registered.adopt(candidate, modelOf(2), { ...details, tradesBySymbol: { A: 390, B: 10 } })
    expect(adoption).toEqual({
      outcome: 'rejected',
      version: 1,
      text: 'NOT_ENOUGH_DATA: It has learned from 10 of 20 trades of symbol "B".',
    })
    expect(await here.models.list()).toEqual([])
  })

  test('that failed has made nothing', async () => {
    const registered = await open(world())
    const failed = { time: START, wishes, outcome: 'failed', code: 'WORKER_FAILED', text: 'It died.' } as RetrainResult
    expect(await registered.adopt(failed, null, details)).toEqual({
      outcome: 'nothing',
      version: null,
      text: 'It died.',
    })
    expect(registered.registry.versions).toEqual([])
  })
})

describe('a rollout', () => {
  const onTrial = async (): Promise<RegisteredModels> => {
    const registered = await open(world())
    await registered.register(fresh(1))
    await registered.promote(1, why(1))
    await registered.adopt(candidate, modelOf(2), details)
    return registered
  }

  test('that reaches all signals makes the challenger champion, once', async () => {
    const registered = await onTrial()
    await registered.follow(2, transition('running'))
    expect(registered.registry.champion).toBe(1)
    await registered.follow(2, transition('promoted'))
    await registered.follow(2, transition('promoted'))
    expect([registered.registry.champion, registered.registry.challenger]).toEqual([2, null])
    expect(registered.registry.history.moves.slice(-2)).toMatchObject([
      { by: 'rollout', reason: 'EARNED: It wins.', to: 2 },
      { alias: 'challenger', to: null },
    ])
  })

  test('that ends on trial takes the challenger away, and the champion stays', async () => {
    const registered = await onTrial()
    const ended = transition('ended', { cause: 'DRAWDOWN', text: 'It fell.' })
    await registered.follow(2, ended)
    await registered.follow(2, ended)
    expect([registered.registry.champion, registered.registry.challenger]).toEqual([1, null])
    expect(registered.registry.status(2)).toBe('retired')
  })

  test('that ends after it has won brings the champion before back, once', async () => {
    const registered = await onTrial()
    await registered.follow(2, transition('promoted'))
    const ended = transition('ended', { cause: 'HARM', text: 'It harms.', by: 'Ada' })
    await registered.follow(2, ended)
    await registered.follow(2, ended)
    expect(registered.registry.champion).toBe(1)
    expect(await registered.champion(loaded)).toMatchObject({ model: 1 })
    expect(registered.registry.history.moves.at(-1)).toMatchObject({
      how: 'rollback',
      by: 'Ada',
      reason: 'HARM: It harms.',
    })
  })
})

describe('the models of a learner as one', () => {
  const models = (): Models => defaultRecipe.create(3, {}, 'seed')
  const taught = (): Models => {
    const made = models()
    for (let i = 0; i < 200; i++) {
      const x = Float64Array.of(i % 7, i % 3, (i * i) % 11)
      made.success.learn(x, i % 2)
      made.expectedReturn.learn(x, (i % 5) / 100)
      made.stopRisk.learn(x, i % 3 === 0 ? 1 : 0)
    }
    return made
  }

  test('go through a registry and predict to the bit as before', async () => {
    const registered = await open(world())
    const before = taught()
    await registered.adopt(candidate, packModels(before), details)
    await registered.promote(1, why(1))
    const read = (saved: Snapshot): Models => unpackModels(saved, 3)
    const { model } = await registered.champion({ schema: 'f00dcafe', read })
    const x = Float64Array.of(1, 2, 3)
    for (const name of ['success', 'expectedReturn', 'stopRisk'] as const) {
      expect(model![name].predict(x)).toBe(before[name].predict(x))
      expect(JSON.stringify(model![name])).toBe(JSON.stringify(before[name]))
    }
  })

  test('are refused where one has the place of another, or takes other vectors', () => {
    const saved = packModels(taught())
    const { success, expectedReturn } = saved.state
    const turned = { ...saved, state: { ...saved.state, success: expectedReturn!, expectedReturn: success! } }
    expect(() => unpackModels(turned, 3)).toThrow('must be a binary learner')
    expect(() => unpackModels(saved, 4)).toThrow('features')
    expect(() => unpackModels({ ...saved, type: 'adwin' }, 3)).toThrow('"models"')
    expect(() => unpackModels({ ...saved, state: { success: success! } }, 3)).toThrow('must hold a snapshot')
  })
})
