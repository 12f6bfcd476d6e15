import { describe, expect, test } from 'vitest'
import {
  BackgroundTrainer,
  defaultRecipe,
  MemoryModelStore,
  type Models,
  type OperatorEvent,
  RegisteredModels,
  type RetrainReport,
  type RetrainResult,
  Succession,
  type Transition,
  unpackModels,
} from '../../../src/lifecycle/index.ts'
import { errorOf } from '../helpers.ts'
import { START } from './cards.ts'

const FEATURES = 3
const made = (): Models => defaultRecipe.create(FEATURES, {}, 'made')
const difference = { difference: 0.01, p: 0.2 }
const report = {
  rows: 400,
  from: START - 1e9,
  to: START - 1e6,
  recipe: 'default',
  params: { trees: 60 },
  comparison: { rows: 200, candidate: 0.68, other: 0.69, logLoss: difference, netReturn: difference },
} as unknown as RetrainReport
const candidate = { time: START, wishes: [], outcome: 'candidate', report, caughtUp: 0, swapMs: 0 } as RetrainResult
const rejected = {
  time: START,
  wishes: [],
  outcome: 'rejected',
  code: 'NO_BETTER',
  text: 'It is worse.',
  report,
} as RetrainResult
const failed = { time: START, wishes: [], outcome: 'failed', code: 'WORKER_FAILED', text: 'It died.' } as RetrainResult
const details = { name: 'boosting', schema: 'f00dcafe' }
const transition = (status: Transition['to']['status'], time: number = START + 9): Transition => ({
  time,
  from: { step: 3, status: 'running' },
  to: { step: 4, status },
  cause: 'EARNED',
  text: 'It wins.',
  by: '',
})

async function world(store = new MemoryModelStore()) {
  const warnings: string[] = []
  const challenged: string[] = []
  const registered = await RegisteredModels.open({ models: store })
  const succession = new Succession({ registered, details, onWarning: (text) => warnings.push(text) })
  const trial = { status: 'promoted', step: 0, signals: 299 }
  const learner = {
    ...{ version: 'boosting-0', challenger: '', champion: 'baseline' as const },
    challenge: (_: Models, version: string) => void challenged.push(version),
    replace: (_: Models, version: string) => {
      learner.version = version
    },
    tellRollout: ({ kind }: OperatorEvent) => void (trial.status = kind),
    status: () => ({
      challenger: learner.challenger,
      version: learner.version,
      champion: learner.champion,
      rollout: trial as never,
    }),
  }
  succession.serve(learner)
  const result = async (one: RetrainResult, models: Models | null = null): Promise<void> => {
    if (models !== null) succession.adopt(models)
    succession.onEvent({ type: 'result', result: one })
    await succession.settled()
  }
  return { registered, succession, warnings, challenged, result, trial, learner }
}

describe('a succession', () => {
  test('registers what was trained, puts it to the learner, and makes it champion when its rollout says so', async () => {
    const { registered, succession, warnings, challenged, result } = await world()
    await result(candidate, made())
    expect([challenged, registered.registry.challenger, registered.registry.champion]).toEqual([
      ['boosting-1'],
      1,
      null,
    ])
    succession.moved(transition('running'), 'boosting-1')
    succession.moved(transition('promoted'), 'boosting-1')
    await succession.settled()
    expect([registered.registry.challenger, registered.registry.champion]).toEqual([null, 1])
    const read = (saved: Parameters<typeof unpackModels>[0]): Models => unpackModels(saved, FEATURES)
    const { model, state } = await registered.champion({ schema: 'f00dcafe', read })
    expect([state, model!.success.task]).toEqual(['ready', 'binary'])
    await result(candidate, made())
    succession.moved(transition('promoted'), 'boosting-2')
    succession.moved(transition('ended'), 'boosting-2')
    await succession.settled()
    expect([registered.registry.champion, challenged, warnings]).toEqual([1, ['boosting-1', 'boosting-2'], []])
  })

  test('puts what was rejected or failed to nobody, and does not mistake an older model for it', async () => {
    const { registered, challenged, result, warnings } = await world()
    await result(failed, made())
    await result(rejected)
    expect([challenged, registered.registry.versions.length, registered.registry.challenger]).toEqual([[], 1, null])
    await result(candidate)
    expect([challenged, warnings.length]).toEqual([[], 1])
  })

  test('lets no model decide that could not be stored, and says why', async () => {
    class Full extends MemoryModelStore {
      override async put(): Promise<never> {
        throw new Error('no space left')
      }
    }
    const { registered, challenged, result, warnings } = await world(new Full())
    await result(candidate, made())
    expect([challenged, registered.registry.challenger, warnings]).toEqual([[], null, ['no space left']])
  })

  test('takes the challenger out of the books where the learner would not have it', async () => {
    const { registered, succession, result, warnings, learner } = await world()
    const closed = {
      ...learner,
      challenge: () => {
        throw new Error('no rollout here')
      },
    }
    succession.serve(closed)
    await result(candidate, made())
    expect([registered.registry.challenger, warnings]).toEqual([null, ['no rollout here']])
    expect(registered.registry.history.moves.at(-1)).toMatchObject({
      reason: 'It could not challenge: no rollout here',
    })
    // whoever was on trial before goes on being challenger
    succession.serve(learner)
    await result(candidate, made())
    succession.serve({
      ...closed,
      status: () => ({ ...learner.status(), challenger: 'boosting-2' }),
    })
    await result(candidate, made())
    expect([registered.registry.challenger, warnings.length]).toEqual([2, 2])

    const { succession: alone, registered: books, warnings: told } = await world()
    alone.serve(null as never)
    alone.adopt(made())
    alone.onEvent({ type: 'result', result: candidate })
    await alone.settled()
    expect([books.registry.challenger, told[0]]).toEqual([null, expect.stringContaining('must be served')])
  })

  test('lets a trial come to its end before a model that was trained because it was time is tried', async () => {
    const { registered, challenged, result, trial } = await world()
    const because = (...causes: string[]): RetrainResult =>
      ({ ...candidate, wishes: causes.map((cause) => ({ cause, text: cause })) }) as unknown as RetrainResult
    trial.status = 'running'
    await result(because('schedule'), made())
    expect(challenged).toEqual([])
    expect(registered.registry.find(1).rejected).toEqual({ code: 'OTHER_ON_TRIAL', text: 'boosting-0 is on trial.' })
    await result(because('schedule', 'drift'), made())
    await result(because('performance'), made())
    trial.status = 'ended'
    await result(because('schedule'), made())
    expect(challenged).toEqual(['boosting-2', 'boosting-3', 'boosting-4'])
    // what has had its time in shadow makes room, what decides already does not
    Object.assign(trial, { status: 'running', signals: 300 })
    await result(because('schedule'), made())
    Object.assign(trial, { status: 'running', step: 1 })
    await result(because('schedule'), made())
    expect(challenged.slice(3)).toEqual(['boosting-5'])
  })

  test('writes nothing while the past is lived again, and then the newest of it', async () => {
    const { registered, succession, result } = await world()
    await result(candidate, made())
    await result(candidate, made())
    succession.sleep()
    succession.moved(transition('promoted', START + 1), 'boosting-1')
    succession.moved(transition('promoted', START + 2), 'boosting-2')
    await succession.settled()
    expect(registered.registry.champion).toBeNull()
    succession.wake()
    await succession.settled()
    expect(registered.registry.champion).toBe(2)
    succession.wake()
    await succession.settled()
    expect(registered.registry.history.moves.filter(({ alias }) => alias === 'champion')).toHaveLength(1)
  })

  test('does not write again what the books have done, whatever an operator has said since', async () => {
    const { registered, succession, result, learner } = await world()
    const why = { by: 'Ada', reason: 'it loses' }
    await result(candidate, made())
    await result(candidate, made())
    const [first, second, end] = [
      [transition('promoted', START + 1), 'boosting-1'],
      [transition('promoted', START + 2), 'boosting-2'],
      [transition('ended', START + 4), 'boosting-2'],
    ] as const
    for (const [move, name] of [first, second]) succession.moved(move, name)
    await succession.settled()
    await registered.rollback(1, { time: START + 3, ...why })
    const again = async (move: Transition, name: string): Promise<void> => {
      succession.sleep()
      succession.moved(move, name)
      succession.wake()
      await succession.settled()
    }
    await again(...second)
    expect(registered.registry.champion).toBe(1)
    // and the same of a fall
    learner.version = 'boosting-2'
    await registered.promote(2, { time: START + 3, ...why })
    await again(...end)
    expect(registered.registry.champion).toBe(1)
    await registered.promote(2, { time: START + 5, ...why })
    await again(...end)
    expect(registered.registry.champion).toBe(2)
  })

  test('rolls back in the books and in the learner in one call, and says so', async () => {
    const { registered, succession, result, learner, warnings, trial } = await world()
    const why = { time: START + 3, by: 'Ada', reason: 'it loses' }
    for (const name of ['boosting-1', 'boosting-2']) {
      await result(candidate, made())
      succession.moved(transition('promoted', START), name)
      learner.version = name
    }
    await succession.rollback('previous', why)
    expect([registered.registry.champion, learner.version, trial.status]).toEqual([1, 'boosting-1', 'promoted'])
    await succession.rollback('previous', { ...why, time: START + 4 })
    expect([registered.registry.champion, trial.status]).toEqual([null, 'abort'])
    expect(warnings).toEqual([
      'boosting-2 decides no more; Ada rolled it back: it loses',
      'boosting-1 decides no more, and no model is champion in the books. Ada rolled it back: it loses',
    ])
    await expect(succession.rollback(7, why)).rejects.toThrow(expect.objectContaining({ code: 'UNKNOWN_MODEL' }))
    // a learner that models decide in any case has to be halted by hand
    learner.champion = 'models' as never
    succession.serve(learner)
    await succession.settled()
    expect(warnings.slice(2)).toEqual([
      'No model is champion in the books, but the models of boosting-1 decide: halt or replace them. Ada rolled it back: it loses',
    ])
  })

  test('goes farther back when a champion that came back is thrown out in its turn', async () => {
    const { registered, succession, result } = await world()
    for (const [at, name] of ['boosting-1', 'boosting-2'].entries()) {
      await result(candidate, made())
      succession.moved(transition('promoted', START + at), name)
    }
    await succession.settled()
    await registered.rollback('previous', { time: START + 2, by: 'Ada', reason: 'it loses' })
    // the rollout that watched the others goes on with the learner's models, and without them the baseline decides
    succession.moved(transition('ended', START + 3), 'boosting-1')
    await succession.settled()
    expect([registered.registry.champion, registered.registry.history.moves.at(-1)!.by]).toEqual([null, 'rollout'])
    // one that rose anew is watched for its own sake, in the very moment of its rise, too
    await registered.promote(2, { time: START + 4, by: 'Ada', reason: 'it was not the model' })
    succession.moved(transition('ended', START + 4), 'boosting-2')
    await succession.settled()
    expect(registered.registry.champion).toBe(null)
  })

  test('takes no rise for the fall of the one before it', async () => {
    const { registered, succession, result } = await world()
    for (const name of ['boosting-1', 'boosting-2']) {
      await result(candidate, made())
      succession.moved(transition('promoted', START), name)
    }
    await succession.settled()
    await registered.promote(1, { time: START + 1, by: 'Ada', reason: 'the older one' })
    succession.moved(transition('ended', START), 'boosting-1')
    await succession.settled()
    expect(registered.registry.champion).toBe(2)
  })

  test('leaves a learner alone whose own fall or rise the books have not been told of', async () => {
    const { registered, succession, result, learner, warnings } = await world()
    for (const name of ['boosting-1', 'boosting-2']) {
      await result(candidate, made())
      succession.moved(transition('promoted', START), name)
    }
    await succession.settled()
    // thrown out, and the disk was full
    learner.version = 'boosting-1'
    succession.serve(learner)
    await succession.settled()
    expect([learner.version, registered.registry.champion, warnings]).toEqual(['boosting-1', 2, []])
    // models of the constructor are nobody's in the books
    learner.version = ''
    await registered.rollback('previous', { time: START + 3, by: 'Ada', reason: 'it loses' })
    succession.serve(learner)
    await succession.settled()
    expect([learner.version, warnings]).toEqual(['', []])
  })

  test('puts a challenger on trial that a crash kept from it, and takes the name back where that cannot be', async () => {
    const store = new MemoryModelStore()
    const { registered, succession, result, learner, challenged, warnings, trial } = await world(store)
    trial.status = 'running'
    await result(candidate, made())
    expect(challenged.splice(0)).toEqual(['boosting-1'])
    // the learner is new, and has nobody on trial
    succession.serve(learner)
    await succession.settled()
    expect(challenged.splice(0)).toEqual(['boosting-1'])
    for (const state of [{ challenger: 'boosting-1' }, { version: 'boosting-1', challenger: '' }]) {
      Object.assign(learner, state)
      succession.serve(learner)
      await succession.settled()
      expect(challenged).toEqual([])
    }
    for (const hash of await store.list()) await store.remove(hash)
    learner.version = ''
    succession.serve(learner)
    await succession.settled()
    expect([registered.registry.challenger, challenged, warnings.length]).toEqual([null, [], 1])
    expect(warnings[0]).toMatch(
      /^The challenger of the books must be there, whole and readable, got boosting-1: MISSING_MODEL/,
    )
    expect(warnings[0]).not.toContain('instead')
  })

  test('tells the books of a promotion that they have missed', async () => {
    const { registered, succession, result, learner, trial, challenged } = await world()
    await result(candidate, made())
    Object.assign(learner, { version: 'boosting-1' })
    trial.status = 'running'
    succession.serve(learner)
    await succession.settled()
    expect([registered.registry.champion, registered.registry.challenger]).toEqual([null, 1])
    trial.status = 'promoted'
    succession.serve(learner)
    await succession.settled()
    expect([registered.registry.champion, registered.registry.challenger]).toEqual([1, null])
    expect(challenged).toEqual(['boosting-1'])
  })

  test('knows nothing of models that are in no books, and outlives whoever listens', async () => {
    const { registered, succession } = await world()
    succession.moved(transition('promoted'), '')
    succession.moved(transition('promoted'), 'boosting-7')
    await succession.settled()
    expect(registered.registry.champion).toBeNull()
    const deaf = new Succession({
      registered,
      details,
      onWarning: () => {
        throw new Error('deaf')
      },
    })
    deaf.onEvent({ type: 'result', result: candidate })
    await deaf.settled()
    expect(errorOf(() => new Succession({} as never)).message).toContain('"registered"')
  })

  test('fits into a trainer', async () => {
    const { succession } = await world()
    const schema = { names: ['a', 'b', 'c'], size: 3, fingerprint: 'f00dcafe' }
    const trainer = new BackgroundTrainer({ schema, adopt: succession.adopt, onEvent: succession.onEvent })
    await trainer.close()
  })
})
