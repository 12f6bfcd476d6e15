import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fnv1a } from '../../src/core/hash.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { BaseRate } from '../../src/learners/baseline.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
  trainingMemory,
} from '../../src/learners/gradient-boosting/index.ts'
import { Hedge } from '../../src/learners/hedge.ts'
import { nodeThread, type Thread, TrainingPool } from '../../src/lifecycle/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-worker-'))
const script = join(folder, 'worker.mjs')
beforeAll(async () => {
  // threads of Node 20 cannot run TypeScript
  const entry = join(import.meta.dirname, '../../src/worker/index.ts')
  await build({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  })
})
afterAll(() => rmSync(folder, { recursive: true }))
const spawn = (): Thread => nodeThread(new Worker(script))

const pools: TrainingPool[] = []
const poolOf = (threads: number, more: object = {}): TrainingPool => {
  const pool = new TrainingPool({ threads, spawn, ...more })
  pools.push(pool)
  return pool
}
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()))
})

const rng = new SeededRng('pool')
const FEATURES = 7
const table = Array.from({ length: 600 }, () => {
  const x = Float64Array.from({ length: FEATURES }, (_, f) =>
    rng.next() < 0.05 ? Number.NaN : f === 6 ? Math.floor(9 * rng.next()) : rng.next() - 0.5,
  )
  return { x, y: Number((x[0]! || 0) + (x[6]! > 4 ? 0.2 : 0) + 0.4 * (rng.next() - 0.5) > 0) }
})
const rows = table.map(({ x }) => x)
const labels = table.map(({ y }) => y)
const options = { features: FEATURES, trees: 12, window: 400, maxLeaves: 6, minSamplesLeaf: 5 } as const
const learnAll = (model: GradientBoosting): GradientBoosting => {
  const spread = model.task === 'regression' ? 1 : 0
  for (const { x, y } of table) model.learn(x, y + spread * (x[1]! || 0))
  return model
}
/** A snapshot's digest: whole ones are too long to look at. */
const bitsOf = (model: object): string => fnv1a(JSON.stringify(model))
const finish = (steps: Iterable<unknown>): void => {
  for (const _ of steps);
}

describe('training on other threads', () => {
  const variants: [string, Partial<GradientBoostingInput>][] = [
    ['plain', {}],
    ['sampled', { rowFraction: 0.6, columnFraction: 0.5 }],
    ['goss', { sampling: 'goss' }],
    ['dart', { dropout: 0.3 }],
    ['with categories', { categorical: [6] }],
    [
      'constrained',
      {
        monotone: { increasing: [0] },
        interactions: [
          [0, 1],
          [2, 3, 4],
        ],
        l1: 0.1,
      },
    ],
    ['stopped early', { earlyStoppingRounds: 2 }],
    ['quantile', { task: 'regression', loss: 'quantile', quantiles: [0.7] }],
  ]
  test.each(variants)(
    '%s: one, two and three threads give the bits of refit()',
    async (_, more) => {
      const here = learnAll(new GradientBoosting({ ...options, ...more }))
      finish(here.refit())
      expect(here.trees.length).toBeGreaterThan(0)
      for (const threads of [1, 2, 3]) {
        const there = learnAll(new GradientBoosting({ ...options, ...more }))
        await poolOf(threads).refit(there)
        expect(bitsOf(there), `${threads} threads`).toBe(bitsOf(here))
      }
    },
    60_000,
  )

  test('fit gives the bits of fit, with progress from 0 to 1', async () => {
    const here = new GradientBoosting(options)
    here.fit(rows, labels)
    for (const threads of [1, 2]) {
      const there = new GradientBoosting(options)
      const progress: number[] = []
      await poolOf(threads).fit(there, rows, labels, { onProgress: (done) => progress.push(done) })
      expect(bitsOf(there)).toBe(bitsOf(here))
      expect(progress.at(-1)).toBe(1)
      expect(progress.length).toBeGreaterThan(options.trees)
      expect(progress).toEqual([...progress].sort((a, b) => a - b))
    }
  })

  test('several outputs train in a team too', async () => {
    const create = () => new MultiGradientBoosting({ ...options, loss: 'softmax', classes: 2 })
    const here = create()
    here.fit(rows, labels)
    const there = create()
    await poolOf(2).fit(there, rows, labels)
    expect(bitsOf(there)).toBe(bitsOf(here))
  })

  test('a model made of models sends the one that is due', async () => {
    const create = () =>
      new Hedge({ learners: [new BaseRate({ features: FEATURES }), new GradientBoosting({ ...options })] })
    const [here, there] = [create(), create()]
    for (const model of [here, there]) for (const { x, y } of table) model.learn(x, y)
    finish((here as unknown as GradientBoosting).refit())
    await poolOf(1).refit(there as unknown as GradientBoosting)
    expect(bitsOf(there)).toBe(bitsOf(here))
  })

  test('observations learned meanwhile are kept', async () => {
    const model = learnAll(new GradientBoosting(options))
    const done = poolOf(1).refit(model)
    await new Promise((resolve) => setTimeout(resolve, 0))
    for (const { x, y } of table.slice(0, 30)) model.learn(x, y)
    await done
    expect(model.seen).toBe(630)
    expect(model.trees.length).toBeGreaterThan(0)
  })

  test('and so they are while a table is fitted', async () => {
    const here = new GradientBoosting(options)
    here.fit(rows, labels)
    const there = learnAll(new GradientBoosting(options))
    let learned = false
    const onProgress = (): void => {
      if (learned) return
      learned = true
      for (const model of [here, there]) for (const { x, y } of table.slice(0, 30)) model.learn(x, y)
    }
    await poolOf(1).fit(there, rows, labels, { onProgress })
    expect(there.seen).toBe(630)
    expect(bitsOf(there)).toBe(bitsOf(here))
  })

  test('trainings asked for together run one after another', async () => {
    const pool = poolOf(1)
    const models = [1, 2, 3].map((seed) => learnAll(new GradientBoosting({ ...options, rowFraction: 0.5, seed })))
    await Promise.all(models.map((model) => pool.refit(model)))
    for (const model of models) expect(model.trees.length).toBeGreaterThan(0)
  })
})

describe('what goes wrong', () => {
  test('an abort changes nothing, and the pool goes on', async () => {
    for (const threads of [1, 2]) {
      const pool = poolOf(threads)
      const model = learnAll(new GradientBoosting(options))
      const before = bitsOf(model)
      const controller = new AbortController()
      const onProgress = (): void => controller.abort()
      await expect(pool.refit(model, { signal: controller.signal, onProgress })).rejects.toMatchObject({
        code: 'ABORTED',
      })
      expect(bitsOf(model)).toBe(before)
      await expect(pool.refit(model, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
      await pool.refit(model)
      expect(model.trees.length).toBeGreaterThan(0)
    }
  })

  test('a training beyond the memory is refused before it starts, with both numbers', async () => {
    const model = new GradientBoosting(options)
    const wanted = (trainingMemory(model.options, 600, 2).total / 1e6).toFixed(1)
    const refused = poolOf(2, { maxMemory: 50_000 }).fit(model, rows, labels)
    await expect(refused).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: expect.stringContaining(`0.1 MB, and would take ${wanted} MB`),
    })
    expect(model.seen).toBe(0)
  })

  test('bad rows are refused as by fit', async () => {
    const model = new GradientBoosting(options)
    await expect(poolOf(1).fit(model, rows, labels.slice(1))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(
      poolOf(1).fit(
        model,
        rows,
        labels.map(() => 0.5),
      ),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('a thread that dies is told, and another takes its place', async () => {
    let threads = 0
    const dying = (): Thread => {
      const thread = spawn()
      return ++threads > 1 ? thread : { ...thread, post: () => void thread.post({ id: 0, job: null }, []) }
    }
    const pool = new TrainingPool({ spawn: dying })
    pools.push(pool)
    const model = learnAll(new GradientBoosting(options))
    const before = bitsOf(model)
    await expect(pool.refit(model)).rejects.toMatchObject({ code: 'WORKER_FAILED' })
    expect(bitsOf(model)).toBe(before)
    await pool.refit(model)
    expect(model.trees.length).toBeGreaterThan(0)
  })

  test('a pool that is closed in the middle, or while its threads load, says so and goes on', async () => {
    for (const threads of [1, 2]) {
      const pool = poolOf(threads)
      const model = learnAll(new GradientBoosting(options))
      const loading = pool.refit(model)
      await new Promise((resolve) => setTimeout(resolve, 1))
      const closed = pool.close()
      await expect(loading).rejects.toMatchObject({ code: 'DISPOSED' })
      await closed
      const middle = pool.refit(model, { onProgress: () => void pool.close() })
      await expect(middle).rejects.toMatchObject({ code: 'DISPOSED' })
      expect(model.trees).toEqual([])
      await pool.refit(model)
      expect(model.trees.length).toBeGreaterThan(0)
    }
  })

  test('what onProgress throws fails the training alone', async () => {
    for (const threads of [1, 2]) {
      const pool = poolOf(threads)
      const model = learnAll(new GradientBoosting(options))
      const before = bitsOf(model)
      const onProgress = (): void => {
        throw new Error('from onProgress')
      }
      await expect(pool.refit(model, { onProgress })).rejects.toThrow('from onProgress')
      expect(bitsOf(model)).toBe(before)
      await pool.refit(model)
      expect(model.trees.length).toBeGreaterThan(0)
    }
  })

  test('weights go along', async () => {
    const weights = rows.map((_, i) => 1 + (i % 3))
    const here = new GradientBoosting(options)
    here.fit(rows, labels, weights)
    const there = new GradientBoosting(options)
    await poolOf(1).fit(there, rows, labels, { weights })
    expect(bitsOf(there)).toBe(bitsOf(here))
  })

  test('without threads, with a script that does not load, or with a loss of the user, the work is done here in slices, with the same bits', async () => {
    const none = new TrainingPool({
      spawn: () => {
        throw new Error('none here')
      },
    })
    const loss = {
      name: 'half squared',
      base: () => 0.5,
      derive(y: Float64Array, margins: Float64Array, g: Float64Array, h: Float64Array) {
        for (let i = 0; i < y.length; i++) {
          g[i] = margins[i]! - y[i]!
          h[i] = 1
        }
      },
    }
    const lost = new TrainingPool({ spawn: () => nodeThread(new Worker(join(folder, 'lost.mjs'))) })
    for (const [pool, create] of [
      [none, () => new GradientBoosting(options)],
      [lost, () => new GradientBoosting(options)],
      [poolOf(1), () => new GradientBoosting({ ...options, task: 'regression', loss: loss.name }, loss)],
    ] as const) {
      const here = create()
      here.fit(rows, labels)
      const there = create()
      await pool.fit(there, rows, labels)
      expect(bitsOf(there)).toBe(bitsOf(here))
    }
  })
})

test.skipIf(process.platform !== 'linux')('a thread stands back for the one that decides', async () => {
  /** How far each thread of this process stands back. */
  const niceness = (): Map<string, number> => {
    const read = (thread: string): number => {
      // the fields after the name, which may hold spaces
      const fields = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ')[1]!.split(' ')
      return Number(fields[16])
    }
    return new Map(readdirSync('/proc/self/task').map((thread) => [thread, read(thread)]))
  }
  const before = niceness()
  const worker = new Worker(script)
  await new Promise((resolve) => worker.once('message', resolve))
  const after = niceness()
  expect([...after].filter(([thread, nice]) => !before.has(thread) && nice >= 10).length).toBeGreaterThan(0)
  for (const [thread, nice] of before) if (after.has(thread)) expect(after.get(thread)).toBe(nice)
  await worker.terminate()
})
