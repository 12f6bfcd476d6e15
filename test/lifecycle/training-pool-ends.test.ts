import { afterEach, describe, expect, test, vi } from 'vitest'
import type { BatchLearner, Snapshot } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { GradientBoosting, trainingMemory } from '../../src/learners/gradient-boosting/index.ts'
import { type Thread, TrainingPool } from '../../src/lifecycle/index.ts'
import { type Manner, type ThreadDouble, threadDouble } from './thread-double.ts'

const rng = new SeededRng('ends')
const rows = Array.from({ length: 300 }, () => Float64Array.of(rng.next(), rng.next()))
const labels = rows.map((x) => Number(x[0]! > 0.5))
const options = { features: 2, trees: 6, maxLeaves: 4, window: 200 } as const
const create = (): GradientBoosting => new GradientBoosting(options)
const learnt = (): GradientBoosting => {
  const model = create()
  for (const [i, x] of rows.entries()) model.learn(x, labels[i]!)
  return model
}
const textOf = (model: object): string => JSON.stringify(model)
const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error) => error.code ?? error.message,
  )
const half = {
  name: 'half squared',
  base: () => 0.5,
  derive(y: Float64Array, margins: Float64Array, g: Float64Array, h: Float64Array) {
    for (let i = 0; i < y.length; i++) {
      g[i] = margins[i]! - y[i]!
      h[i] = 1
    }
  },
}
const createCustom = (): GradientBoosting =>
  new GradientBoosting({ ...options, task: 'regression', loss: half.name }, half)

/** A pool over doubles, and the doubles that it has started. */
const poolOf = (
  more: ConstructorParameters<typeof TrainingPool>[0] = {},
  manner?: Manner,
): { readonly pool: TrainingPool; readonly threads: ThreadDouble[] } => {
  const threads: ThreadDouble[] = []
  const spawn = (): Thread => {
    threads.push(threadDouble(manner))
    return threads.at(-1)!
  }
  return { pool: new TrainingPool({ spawn, ...more }), threads }
}

describe('closing the pool', () => {
  test('while threads are loading ends the training, and the pool goes on', async () => {
    const { pool, threads } = poolOf({}, 'loads when told')
    const model = create()
    const done = codeOf(pool.fit(model, rows, labels))
    await vi.waitFor(() => expect(threads).toHaveLength(1))
    await pool.close()
    expect(await done).toBe('DISPOSED')
    expect(model.seen).toBe(0)
    expect(threads[0]!.ended).toBe(true)
    const again = codeOf(pool.fit(model, rows, labels))
    await vi.waitFor(() => expect(threads).toHaveLength(2))
    threads[1]!.load()
    expect(await again).toBe('done')
    expect(model.seen).toBe(300)
  })

  test('ends what waits for its turn, and starts no threads for it', async () => {
    const { pool, threads } = poolOf({}, 'never answers')
    const models = [create(), create(), learnt()]
    const done = [pool.fit(models[0]!, rows, labels), pool.fit(models[1]!, rows, labels), pool.refit(models[2]!)].map(
      codeOf,
    )
    await vi.waitFor(() => expect(threads[0]?.posted).toHaveLength(1))
    await pool.close()
    expect(await Promise.all(done)).toEqual(['DISPOSED', 'DISPOSED', 'DISPOSED'])
    await turn(20)
    expect(threads).toHaveLength(1)
    for (const model of models) expect(model.trees).toEqual([])
    void codeOf(pool.refit(models[2]!))
    await vi.waitFor(() => expect(threads).toHaveLength(2))
    await pool.close()
  })

  test.each([
    ['a table is copied', () => create(), 'fit'],
    ['a model with a loss of its own trains here', () => createCustom(), 'fit'],
    ['a learner that cannot leave refits here', () => learnt(), 'refit'],
  ] as const)('while %s ends that', async (_, make, act) => {
    const { pool } = poolOf()
    const model = make()
    const before = textOf(model)
    const many = Array.from({ length: 200 }, () => rows).flat()
    const done =
      act === 'fit'
        ? pool.fit(
            model,
            many,
            many.map((x) => Number(x[0]! > 0.5)),
          )
        : pool.refit({ refitDue: true, refit: () => slow(model.refit()) })
    const code = codeOf(done)
    await turn()
    await pool.close()
    expect(await code).toBe('DISPOSED')
    expect(textOf(model)).toBe(before)
  })
})

/** The same steps, each long enough for a slice. */
function* slow(steps: Generator<number, void, void>): Generator<number, void, void> {
  for (const done of steps) {
    const end = performance.now() + 3
    while (performance.now() < end);
    yield done
  }
}

describe('an abort', () => {
  test('is heard while threads are loading', async () => {
    const { pool, threads } = poolOf({}, 'loads when told')
    const controller = new AbortController()
    const done = codeOf(pool.fit(create(), rows, labels, { signal: controller.signal }))
    await vi.waitFor(() => expect(threads).toHaveLength(1))
    controller.abort()
    expect(await done).toBe('ABORTED')
    expect(threads[0]!.ended).toBe(true)
  })

  test('of one training leaves those that wait alone', async () => {
    const { pool } = poolOf()
    const controller = new AbortController()
    const [model, next] = [learnt(), learnt()]
    const done = codeOf(pool.refit(model, { signal: controller.signal, onProgress: () => controller.abort() }))
    const after = codeOf(pool.refit(next))
    expect([await done, await after]).toEqual(['ABORTED', 'done'])
    expect([model.trees.length > 0, next.trees.length > 0]).toEqual([false, true])
  })

  test('at the last word of progress is in time', async () => {
    const { pool } = poolOf()
    const controller = new AbortController()
    const model = learnt()
    const onProgress = (done: number): void => void (done === 1 && controller.abort())
    expect(await codeOf(pool.refit(model, { signal: controller.signal, onProgress }))).toBe('ABORTED')
    expect(model.trees).toEqual([])
  })
})

describe('progress', () => {
  const none = (): never => {
    throw new Error('none here')
  }
  test.each([
    ['on a thread', () => poolOf().pool, create],
    ['on two threads that cannot be had', () => new TrainingPool({ threads: 2, spawn: none }), create],
    ['with a loss of its own', () => poolOf().pool, createCustom],
  ])('%s: what it throws, at the first word or at the last, is what the training fails with', async (_, open, make) => {
    for (const from of [0, 1]) {
      const pool = open()
      const model = make()
      const before = textOf(model)
      const onProgress = (done: number): void => {
        if (done >= from) throw new Error(`at ${from}`)
      }
      expect(await codeOf(pool.fit(model, rows, labels, { onProgress }))).toBe(`at ${from}`)
      expect(textOf(model)).toBe(before)
      expect(await codeOf(pool.fit(model, rows, labels))).toBe('done')
    }
  })

  test('ends with 1, said once, before the model changes', async () => {
    for (const pool of [poolOf().pool, new TrainingPool({ spawn: none })]) {
      const model = create()
      const heard: [done: number, seen: number][] = []
      await pool.fit(model, rows, labels, { onProgress: (done) => heard.push([done, model.seen]) })
      expect(heard.at(-1)).toEqual([1, 0])
      expect(heard.filter(([done]) => done === 1)).toHaveLength(1)
    }
  })

  test('of a learner that refits itself is silent once that is done', async () => {
    const model = learnt()
    const throwing = (done: number): void => {
      if (model.trees.length > 0) throw new Error(`at ${done}, too late`)
    }
    await poolOf().pool.refit({ refitDue: true, refit: () => model.refit() }, { onProgress: throwing })
    expect(model.trees.length).toBeGreaterThan(0)
  })
})

describe('threads', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('that were started are ended where not all can be', async () => {
    const threads: ThreadDouble[] = []
    const spawn = (): Thread => {
      if (threads.length === 1) throw new Error('no more')
      threads.push(threadDouble())
      return threads[0]!
    }
    const model = create()
    await new TrainingPool({ threads: 2, spawn }).fit(model, rows, labels)
    expect(model.seen).toBe(300)
    expect(threads[0]!.ended).toBe(true)
  })

  test('that end by themselves fail the training, and no later one', async () => {
    const threads: ThreadDouble[] = []
    const spawn = (): Thread => {
      threads.push(threadDouble(threads.length === 0 ? 'never answers' : 'prompt'))
      return threads.at(-1)!
    }
    const pool = new TrainingPool({ spawn })
    const model = learnt()
    const done = codeOf(pool.refit(model))
    await vi.waitFor(() => expect(threads[0]?.posted).toHaveLength(1))
    threads[0]!.die()
    expect(await done).toBe('WORKER_FAILED')
    expect(model.trees).toEqual([])
    const again = codeOf(pool.refit(model))
    await Promise.resolve()
    threads[0]!.die()
    expect(await again).toBe('done')
    expect(threads).toHaveLength(2)
  })

  test('keep the process alive while they work, and while they are being ended', async () => {
    const { pool, threads } = poolOf()
    await pool.refit(learnt())
    expect(threads[0]!.life).toEqual(['hold', 'release', 'hold', 'release'])
    const done = codeOf(pool.refit(learnt(), { onProgress: () => void pool.close() }))
    expect(await done).toBe('DISPOSED')
    expect(threads[0]!.life.slice(4)).toEqual(['hold', 'end'])
  })

  test('that cannot share memory work alone', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined)
    const { pool, threads } = poolOf({ threads: 2 })
    const [here, there] = [create(), create()]
    here.fit(rows, labels)
    await pool.fit(there, rows, labels)
    expect(textOf(there)).toBe(textOf(here))
    expect(threads).toHaveLength(1)
    expect(() => new TrainingPool({ threads: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('memory', () => {
  /** Rows that count how often they are looked at. */
  const counted = (): { readonly table: readonly Float64Array[]; looks(): number } => {
    let looks = 0
    const table = new Proxy(rows, {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) looks++
        return Reflect.get(target, key)
      },
    })
    return { table, looks: () => looks }
  }

  test('is asked for before the table is copied', async () => {
    const { table, looks } = counted()
    const wanted = trainingMemory(create().options, 300).total
    expect(await codeOf(poolOf({ maxMemory: wanted - 1 }).pool.fit(create(), table, labels))).toBe('OUT_OF_MEMORY')
    expect(looks()).toBe(0)
    expect(await codeOf(poolOf({ maxMemory: wanted }).pool.fit(create(), table, labels))).toBe('done')
  })

  test('is asked for where the loss is the user’s own, in fit and in refit, for one thread', async () => {
    const { pool } = poolOf({ maxMemory: 10_000, threads: 4 })
    const model = createCustom()
    for (const [i, x] of rows.entries()) model.learn(x, labels[i]!)
    const before = textOf(model)
    expect(await codeOf(pool.fit(model, rows, labels))).toBe('OUT_OF_MEMORY')
    expect(await codeOf(pool.refit(model))).toBe('OUT_OF_MEMORY')
    expect(textOf(model)).toBe(before)
    const wanted = trainingMemory(model.options, 300).total
    expect(await codeOf(poolOf({ maxMemory: wanted, threads: 4 }).pool.fit(model, rows, labels))).toBe('done')
  })
})

describe('a model that trains itself', () => {
  /** The mean of the labels. */
  class Mean implements BatchLearner {
    readonly task = 'regression'
    seen = 0
    #mean = 0
    predict(): number {
      return this.#mean
    }
    learn(_x: Float64Array, y: number): void {
      this.seen++
      this.#mean += (y - this.#mean) / this.seen
    }
    fit(table: readonly Float64Array[], y: ArrayLike<number>, weights?: ArrayLike<number>): void {
      this.seen = 0
      for (const [i, x] of table.entries()) this.learn(x, y[i]! * (weights?.[i] ?? 1))
    }
    toJSON(): Snapshot {
      return { type: 'mean', version: 1, options: {}, state: {} }
    }
  }

  test('may be given to fit, with weights, and in its turn', async () => {
    const { pool, threads } = poolOf()
    const model = new Mean()
    const first = pool.fit(create(), rows, labels)
    const second = pool.fit(
      model,
      rows,
      rows.map(() => 3),
      { weights: rows.map(() => 2) },
    )
    await first
    expect(model.seen).toBe(0)
    await second
    expect(model.predict()).toBe(6)
    expect(threads).toHaveLength(1)
  })

  test('is not asked where the training was aborted before, and fails with what it throws', async () => {
    const { pool } = poolOf()
    const model = new Mean()
    expect(await codeOf(pool.fit(model, rows, labels, { signal: AbortSignal.abort() }))).toBe('ABORTED')
    expect(model.seen).toBe(0)
    const failing = {
      fit: () => {
        throw new Error('cannot')
      },
    }
    expect(await codeOf(pool.fit(failing, rows, labels))).toBe('cannot')
  })
})
