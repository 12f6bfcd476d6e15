import { fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { GradientBoosting } from '../../../src/learners/index.ts'
import {
  BackgroundTrainer,
  type RetrainResult,
  type TrainerEvent,
} from '../../../src/lifecycle/background-trainer/index.ts'
import type { PackedModels, RetrainReply } from '../../../src/lifecycle/background-trainer/protocol.ts'
import { type Spawn, spawnProcess, TrainingPool } from '../../../src/lifecycle/index.ts'
import {
  FEATURES,
  HOUR,
  libraryScript,
  newBot,
  removeScripts,
  rowsOf,
  scriptOf,
  smallRecipe,
  spawner,
} from './helpers.ts'

let script = ''
let library = ''
beforeAll(async () => {
  script = await scriptOf(
    'faulty',
    `import { serveRetrains } from 'SRC/lifecycle/background-trainer/serve-retrains.ts'
     import { BaseRate, LinearRegression, LogisticRegression } from 'SRC/learners/index.ts'
     const create = (features) => ({
       success: new LogisticRegression({ features, learningRate: 0.05 }),
       expectedReturn: new LinearRegression({ features, learningRate: 0.01 }),
       stopRisk: new BaseRate({ features }),
     })
     const fault = (name, act) => ({ name, create: (features) => (act(), create(features)) })
     const hoard = []
     serveRetrains([
       { name: 'small', create },
       fault('throws', () => { throw new Error('the recipe is wrong') }),
       fault('throws nothing', () => { throw undefined }),
       fault('exits', () => process.exit(7)),
       fault('hangs', () => { for (;;); }),
       fault('hoards', () => { for (;;) hoard.push(new Array(10_000).fill(0.5)) }),
     ])`,
  )
  library = await libraryScript()
})
afterAll(removeScripts)

type Life = { result: RetrainResult; events: TrainerEvent[]; decided: number; bot: ReturnType<typeof newBot> }

/** One retraining, with a bot that decides on meanwhile. */
async function retrain(recipe: string, spawn: Spawn, more: object = {}): Promise<Life> {
  const bot = newBot()
  const before = bot.models
  const said = before.success.predict(bot.x)
  const events: TrainerEvent[] = []
  const onEvent = (event: TrainerEvent): void => void events.push(event)
  const trainer = new BackgroundTrainer(bot.options({ recipe, spawn, onEvent, ...more }))
  for (const row of rowsOf(300)) trainer.observe(row)
  trainer.request('test')
  let decided = 0
  const deciding = setInterval(() => {
    if (bot.models === before) expect(bot.models.success.predict(bot.x)).toBe(said)
    decided++
  }, 1)
  const result = (await trainer.idle())!
  clearInterval(deciding)
  expect(trainer.running).toBe(false)
  expect(events.filter(({ type }) => type === 'result')).toHaveLength(1)
  await trainer.close()
  return { result, events, decided, bot }
}

/** What must hold after every failure. */
function expectUnharmed({ result, decided, bot }: Life, reason: RegExp): void {
  expect(result).toMatchObject({ outcome: 'failed', text: expect.stringMatching(reason) })
  expect(decided).toBeGreaterThan(0)
  expect(bot.adopted).toEqual([])
}

test('a candidate made in a worker is to the bit that made in slices here, and is adopted once', async () => {
  const there = await retrain('small', spawner(script))
  expect(there.result.outcome).toBe('candidate')
  const here = newBot()
  const trainer = new BackgroundTrainer(here.options({ recipe: smallRecipe }))
  for (const row of rowsOf(300)) trainer.observe(row)
  trainer.request('test')
  expect(await trainer.idle()).toMatchObject({ outcome: 'candidate' })
  expect(there.bot.adopted).toHaveLength(1)
  expect(JSON.stringify(there.bot.models)).toBe(JSON.stringify(here.models))
  expect(there.bot.models.success.predict(Float64Array.of(1, 0, 0, 0))).toBeGreaterThan(0.6)
  expect(there.decided).toBeGreaterThan(0)
})

test('the library’s own worker serves the default recipe', { timeout: 60_000 }, async () => {
  const { result, bot } = await retrain('default', spawner(library))
  expect(result).toMatchObject({ outcome: 'candidate', report: { recipe: 'default', rows: 300, features: FEATURES } })
  expect(bot.models.success.toJSON().type).toBe('online-calibration')
  expect(bot.models.success.seen).toBe(300)
})

/** What `ask` answers at last. */
async function until<T>(ask: () => T | undefined): Promise<T> {
  for (;;) {
    const answer = ask()
    if (answer !== undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a process of its own', () => {
  const inProcess =
    (file: string): Spawn =>
    () =>
      spawnProcess(pathToFileURL(file))

  test('makes the candidate that a worker makes, to the bit', async () => {
    const [there, here] = [await retrain('small', inProcess(script)), await retrain('small', spawner(script))]
    expect(there.result.outcome).toBe('candidate')
    expect(JSON.stringify(there.bot.models)).toBe(JSON.stringify(here.bot.models))
    expect(there.decided).toBeGreaterThan(0)
  })

  test('serves the library’s recipe, and trees of a pool', { timeout: 60_000 }, async () => {
    const { result } = await retrain('default', inProcess(library))
    expect(result).toMatchObject({ outcome: 'candidate', report: { recipe: 'default', rows: 300 } })

    const rng = new SeededRng('trees')
    const rows = Array.from({ length: 200 }, () => Float64Array.of(rng.next(), rng.next()))
    const y = rows.map(([x]) => Number(x! > 0.5))
    const [here, there] = [0, 1].map(() => new GradientBoosting({ features: 2, trees: 5 })) as [
      GradientBoosting,
      GradientBoosting,
    ]
    here.fit(rows, y)
    const pool = new TrainingPool({ spawn: inProcess(library) })
    await pool.fit(there, rows, y)
    await pool.close()
    expect(JSON.stringify(there)).toBe(JSON.stringify(here))
  })

  test('that throws, ends, hangs or cannot load is told of, and the old model stays', async () => {
    expectUnharmed(await retrain('throws', inProcess(script)), /the recipe is wrong/)
    expectUnharmed(await retrain('exits', inProcess(script)), /The worker has ended: it ended with code 7/)
    expectUnharmed(await retrain('hangs', inProcess(script), { timeout: 1500 }), /within 1500 ms; it was ended/)
    expectUnharmed(await retrain('small', inProcess(`${script}.not`)), /The worker has ended: it ended with code 1/)
  })

  test('that is killed says by which signal', async () => {
    const dying: Spawn = () => {
      const thread = inProcess(script)()
      setTimeout(() => void thread.end(), 300)
      return thread
    }
    expectUnharmed(await retrain('hangs', dying), /The worker has ended: it ended with SIGKILL/)
  })

  test.skipIf(process.platform === 'win32')('ends in the middle of its work where its bot was killed', async () => {
    const file = join(dirname(script), 'pid')
    const forever = await scriptOf(
      'forever',
      `import { writeFileSync } from 'node:fs'
       import { parentOf } from 'SRC/lifecycle/threads.ts'
       const parent = parentOf()
       parent.listen(() => {
         writeFileSync(${JSON.stringify(file)}, String(process.pid))
         const wait = new Int32Array(new SharedArrayBuffer(4))
         for (;;) {
           Atomics.wait(wait, 0, 0, 20)
           parent.post({ retrain: 'progress' }, [])
         }
       })`,
    )
    const bot = await scriptOf(
      'doomed',
      `import { spawnProcess } from 'SRC/lifecycle/threads.ts'
       spawnProcess(new URL(${JSON.stringify(pathToFileURL(forever).href)})).post('begin', [])`,
    )
    const child = fork(bot, { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    const pid = await until(() => (existsSync(file) && Number(readFileSync(file, 'utf8'))) || undefined)
    onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGKILL')))
    child.kill('SIGKILL')
    await ended
    await until(() => (isAlive(pid) ? undefined : true))
  })

  test('is not to be had where there are none', () => {
    const original = process.getBuiltinModule
    process.getBuiltinModule = (() => undefined) as typeof original
    try {
      expect(() => spawnProcess()).toThrow('there are no processes here')
    } finally {
      process.getBuiltinModule = original
    }
  })
})

describe('a worker that', () => {
  test('throws is told of, and the old model stays', async () => {
    expectUnharmed(await retrain('throws', spawner(script)), /the recipe is wrong/)
    expectUnharmed(await retrain('throws nothing', spawner(script)), /undefined/)
  })

  test('ends is told of, and the old model stays', async () => {
    expectUnharmed(await retrain('exits', spawner(script)), /The worker has ended: it ended with code 7/)
  })

  test('cannot load its script is told of, and the old model stays', async () => {
    expectUnharmed(await retrain('small', spawner(`${script}.not`)), /The worker has ended: Cannot find module/)
  })

  test('hangs is ended after the time allowed, and the old model stays', async () => {
    expectUnharmed(await retrain('hangs', spawner(script), { timeout: 300 }), /within 300 ms; it was ended/)
  })

  test('runs out of memory is told of, and the old model stays', { timeout: 60_000 }, async () => {
    const spawn = spawner(script, undefined, { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 8 })
    expectUnharmed(await retrain('hoards', spawn), /memory limit/)
  })

  test('does not know the recipe says so', async () => {
    expectUnharmed(await retrain('unheard', spawner(script)), /must serve the recipe "unheard", has "small"/)
  })

  /** Answers of a sound worker, altered on the way. */
  const altering = (alter: (reply: Extract<RetrainReply, { retrain: 'candidate' }>) => unknown): Spawn =>
    spawner(script, (message) => {
      const reply = message as RetrainReply
      return reply.retrain === 'candidate' ? alter(reply) : reply
    })
  const flipped = (models: PackedModels, at: number): PackedModels => {
    const success = models.success.slice()
    success[at]! ^= 4
    return { ...models, success }
  }

  test.each([
    ['with a flipped bit', (r) => ({ ...r, models: flipped(r.models, 100) }), /bytes were altered/],
    [
      'cut short',
      (r) => ({ ...r, models: { ...r.models, stopRisk: r.models.stopRisk.slice(0, -9) } }),
      /bytes were altered/,
    ],
    ['that are no bytes', (r) => ({ ...r, models: { ...r.models, success: 'model' } }), /must be bytes, got "model"/],
    ['that are not there', (r) => ({ ...r, models: null }), /must be bytes, got undefined/],
    [
      'whose outputs differ in the last bit',
      (r) => {
        r.golden.outputs[3] = r.golden.outputs[3]! + Number.EPSILON
        return r
      },
      /must say of golden row 1 what it said in the worker/,
    ],
    ['without golden rows', (r) => ({ ...r, golden: { x: r.golden.x, outputs: [] } }), /Golden rows must be numbers/],
    ['of no golden row', (r) => ({ ...r, golden: { x: new Float64Array(0), outputs: new Float64Array(0) } }), /Golden/],
    ['of another protocol', (r) => ({ ...r, protocol: 2 }), /"protocol" must be 1, got 2/],
    ['of another schema', (r) => ({ ...r, schema: 'xyz' }), /"schema" must be "abc", got "xyz"/],
    ['of another policy', (r) => ({ ...r, policy: 'bold' }), /"policy" must be "none", got "bold"/],
    ['of another job', (r) => ({ ...r, id: 9 }), /"id" must be 0, got 9/],
    ['of a kind that is none', (r) => ({ ...r, retrain: 'gift' }), /must be one of its kind/],
  ] as const satisfies readonly (readonly [
    string,
    (reply: Extract<RetrainReply, { retrain: 'candidate' }>) => unknown,
    RegExp,
  ])[])('hands in models %s is refused, and the old model stays', async (_, alter, reason) => {
    expectUnharmed(await retrain('small', altering(alter)), reason)
  })

  test('hands in whole models in the wrong places is refused', async () => {
    const { hashBytes } = await import('../../../src/lifecycle/background-trainer/protocol.ts')
    const swapped = altering((reply) => {
      const { success, expectedReturn, stopRisk } = reply.models
      const hash = hashBytes(expectedReturn, success, stopRisk)
      return { ...reply, models: { success: expectedReturn, expectedReturn: success, stopRisk, hash } }
    })
    expectUnharmed(await retrain('small', swapped), /"models.success" must be a binary learner, got "regression"/)
  })

  test('hands in a model that no codec here reads is refused', async () => {
    const { hashBytes } = await import('../../../src/lifecycle/background-trainer/protocol.ts')
    const strange = altering((reply) => {
      const success = new TextEncoder().encode('{"type":"eval","version":1,"options":{},"state":{}}')
      const { expectedReturn, stopRisk } = reply.models
      return {
        ...reply,
        models: { success, expectedReturn, stopRisk, hash: hashBytes(success, expectedReturn, stopRisk) },
      }
    })
    expectUnharmed(await retrain('small', strange), /No codec for "eval"/)
  })

  test('says what is no answer at all is waited for no longer than allowed', async () => {
    expectUnharmed(
      await retrain(
        'small',
        spawner(script, () => 42),
        { timeout: 300 },
      ),
      /within 300 ms/,
    )
  })
})

test('a retraining that is aborted changes nothing and counts as none', async () => {
  const bot = newBot()
  const trainer = new BackgroundTrainer(bot.options({ recipe: 'hangs', spawn: spawner(script) }))
  for (const row of rowsOf(300)) trainer.observe(row)
  trainer.request('test')
  setTimeout(() => trainer.abort(), 100)
  expect(await trainer.idle()).toMatchObject({ outcome: 'aborted', code: 'ABORTED' })
  expect(trainer.status()).toMatchObject({ running: false, failures: 0, disabled: false })
  expect(bot.adopted).toEqual([])
})

test('failures are further and further apart, and after too many nothing runs until the operator says so', async () => {
  const bot = newBot()
  const events: TrainerEvent[] = []
  const trainer = new BackgroundTrainer(
    bot.options({
      recipe: 'throws',
      spawn: spawner(script),
      gate: { minDistance: 0, minNewRows: 0, backOff: HOUR, maxFailures: 3 },
      onEvent: (event) => void events.push(event),
    }),
  )
  const rows = rowsOf(300)
  for (const row of rows) trainer.observe(row)
  trainer.request('test')
  let now = rows.at(-1)!.labelEnd
  const began: number[] = []
  for (let hour = 0; hour < 12; hour++) {
    if (trainer.running) began.push(hour)
    await trainer.idle()
    now += HOUR
    trainer.tick(now)
  }
  // an hour after the first, two after the second; the third was the last
  expect(began).toEqual([0, 1, 3])
  expect(trainer.status()).toMatchObject({ failures: 3, disabled: true, waitsFor: '3 failures in a row' })
  expect(events.filter(({ type }) => type === 'disabled')).toEqual([
    {
      type: 'disabled',
      code: 'RETRAIN_DISABLED',
      text: 'No retraining any more after 3 failures in a row; the last: the recipe is wrong',
    },
  ])
  // whoever listens after a restart has to be told anew, but not while the past is lived again
  const saved = JSON.parse(JSON.stringify(trainer)) as Snapshot
  const later: TrainerEvent[] = []
  const settings = { gate: { maxFailures: 3 }, onEvent: (event: TrainerEvent) => void later.push(event) }
  const text = 'No retraining any more after 3 failures in a row before the restart.'
  BackgroundTrainer.restore(saved, bot.options(settings))
  expect(later).toEqual([{ type: 'disabled', code: 'RETRAIN_DISABLED', text }])
  const asleep = new BackgroundTrainer(bot.options(settings))
  asleep.sleep()
  asleep.resume(saved)
  expect(later).toHaveLength(1)
  asleep.wake()
  expect(later.slice(1)).toEqual([{ type: 'disabled', code: 'RETRAIN_DISABLED', text }])

  trainer.reset()
  expect(trainer.running).toBe(true)
  await trainer.close()
})
