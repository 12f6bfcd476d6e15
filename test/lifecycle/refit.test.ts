import { describe, expect, test, vi } from 'vitest'
import type { Learner } from '../../src/contracts.ts'
import type { GradientBoosting } from '../../src/learners/index.ts'
import {
  type DefaultModelsOptions,
  defaultModels,
  type Models,
  runInSlices,
  type TradeLearner,
} from '../../src/lifecycle/index.ts'
import {
  account,
  errorOf,
  patient,
  type SmallSignal,
  signalAt,
  smallFeatures,
  smallModels,
  smallOptions,
  stateOf,
  still,
  warm,
} from './helpers.ts'

/** The boosted trees among a default model's experts. */
function treesOf(model: Learner): GradientBoosting {
  const mixture = ('learner' in model ? model.learner : model) as { learners: readonly Learner[] }
  return mixture.learners.at(-1) as GradientBoosting
}
const allTrees = ({ success, expectedReturn, stopRisk }: Models) => [success, expectedReturn, stopRisk].map(treesOf)
const grown = (models: Models): number[] => allTrees(models).map((model) => model.trees.length)

function newLearner(options: DefaultModelsOptions = {}) {
  const models = defaultModels(smallFeatures().schema.size, { refitEvery: 20, ...options })
  const learner = warm<SmallSignal>({ ...smallOptions(), models, killSwitch: patient(), detectors: [] })
  return { learner, models }
}
/** Trades whose wins depend on the confidence. */
function closeTrades(learner: TradeLearner<SmallSignal>, count: number): void {
  for (let i = 0; i < count; i++) {
    const confidence = ((i * 7) % 11) / 10
    const { id, time } = learner.decide(signalAt(6, { meta: { confidence, source: 'ai' } }), account)
    const [exitPrice, exitReason] = confidence > 0.5 ? ([103, 'target'] as const) : ([98, 'stop'] as const)
    learner.learn(id, { exitPrice, exitReason, exitTime: time })
  }
}
const run = (learner: TradeLearner<SmallSignal>): void => {
  for (const _ of learner.refit());
}

describe('boosted trees are trained', () => {
  test('in refit alone by default, never while deciding or learning', () => {
    const { learner, models } = newLearner()
    const refits = allTrees(models).map((model) => vi.spyOn(model, 'refit'))
    expect(learner.refitDue).toBe(false)
    closeTrades(learner, 150)
    for (const refit of refits) expect(refit).not.toHaveBeenCalled()
    expect(grown(models)).toEqual([0, 0, 0])
    expect([learner.refitDue, learner.status().refitDue]).toEqual([true, true])

    for (let i = 0; i < 3; i++) {
      expect(learner.refitDue).toBe(true)
      run(learner)
    }
    expect(learner.refitDue).toBe(false)
    const trees = allTrees(models).map((model) => JSON.stringify(model.trees))
    expect(Math.min(...grown(models))).toBeGreaterThan(0)
    closeTrades(learner, 30)
    expect(allTrees(models).map((model) => JSON.stringify(model.trees))).toEqual(trees)
    expect(learner.refitDue).toBe(true)
  })

  test('within learn where the user asks for it', () => {
    const { learner, models } = newLearner({ refit: 'inline' })
    closeTrades(learner, 150)
    expect(Math.min(...grown(models))).toBeGreaterThan(0)
    expect(learner.refitDue).toBe(false)
    const before = stateOf(learner)
    run(learner)
    expect(stateOf(learner)).toBe(before)
  })
})

describe('a refit', () => {
  test('trains one model a run and changes it at its last step only', () => {
    const { learner, models } = newLearner()
    closeTrades(learner, 150)
    const before = stateOf(learner)
    const work = learner.refit()
    let steps = 0
    for (let step = work.next(); !step.done; step = work.next()) {
      expect(step.value).toBeGreaterThan(0)
      expect(step.value).toBeLessThanOrEqual(1)
      if (stateOf(learner) !== before) expect.fail(`changed at step ${steps}`)
      steps++
    }
    expect(steps).toBeGreaterThan(30)
    expect(grown(models).map((count) => count > 0)).toEqual([true, false, false])
  })

  test('that is dropped half-way has changed nothing', () => {
    const { learner } = newLearner()
    closeTrades(learner, 150)
    const before = stateOf(learner)
    for (const done of learner.refit()) if (done > 0.5) break
    expect(stateOf(learner)).toBe(before)
    expect(learner.refitDue).toBe(true)
  })

  test('keeps what is learned meanwhile', () => {
    const { learner, models } = newLearner()
    closeTrades(learner, 150)
    const work = learner.refit()
    for (let i = 0; i < 10; i++) work.next()
    closeTrades(learner, 5)
    while (!work.next().done);
    expect(learner.status().trades).toBe(155)
    expect(treesOf(models.success).seen).toBe(155)
    expect(grown(models)[0]).toBeGreaterThan(0)
  })

  test('gives the same whether it is sliced or not', async () => {
    const [one, other] = [newLearner().learner, newLearner().learner]
    for (const learner of [one, other]) closeTrades(learner, 150)
    run(one)
    await runInSlices(other.refit(), { sliceMs: 0.01 })
    expect(stateOf(other)).toBe(stateOf(one))
  })
})

describe('runInSlices', () => {
  /** A clock that each look moves on by a millisecond. */
  const ticking = () => {
    let now = 0
    return { now: () => now++ }
  }
  function* count(steps: number, done: number[] = []): Generator<number, void, void> {
    for (let i = 1; i <= steps; i++) {
      done.push(i)
      yield i / steps
    }
  }

  test('lets the event loop turn between two slices', async () => {
    const order: string[] = []
    const work = (function* () {
      for (let i = 0; i < 6; i++) {
        order.push(`step ${i}`)
        yield i / 6
      }
    })()
    setTimeout(() => order.push('timer'), 0)
    await runInSlices(work, { sliceMs: 2, clock: ticking() })
    expect(order[0]).toBe('step 0')
    expect(order.indexOf('timer')).toBeGreaterThan(0)
    expect(order.indexOf('timer')).toBeLessThan(order.indexOf('step 5'))
  })

  test('does as many steps a slice as fit, and reports after each slice', async () => {
    const progress: number[] = []
    await runInSlices(count(10), { sliceMs: 3, clock: ticking(), onProgress: (done) => progress.push(done) })
    expect(progress).toEqual([0.3, 0.6, 0.9, 1])
    progress.length = 0
    await runInSlices(count(10), { clock: still, onProgress: (done) => progress.push(done) })
    expect(progress).toEqual([1])
  })

  test('stops with ABORTED between two steps, and the work is dropped', async () => {
    const { learner } = newLearner()
    closeTrades(learner, 150)
    const before = stateOf(learner)
    const controller = new AbortController()
    let slices = 0
    const run = runInSlices(learner.refit(), {
      sliceMs: 2,
      clock: ticking(),
      signal: controller.signal,
      onProgress: () => {
        if (++slices === 3) controller.abort()
      },
    })
    await expect(run).rejects.toMatchObject({ code: 'ABORTED', message: expect.stringContaining('changed nothing') })
    expect(slices).toBe(3)
    expect(stateOf(learner)).toBe(before)
    expect(learner.refitDue).toBe(true)
  })

  test('lets work that is aborted clean up behind itself', async () => {
    const controller = new AbortController()
    let cleaned = false
    const work = (function* () {
      try {
        for (;;) yield 0.5
      } finally {
        cleaned = true
      }
    })()
    const run = runInSlices(work, {
      sliceMs: 2,
      clock: ticking(),
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' })
    expect(cleaned).toBe(true)
  })

  test('does not even begin where it was aborted before', async () => {
    const done: number[] = []
    await expect(runInSlices(count(3, done), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(done).toEqual([])
  })

  test('passes on what the work throws, and wants a positive slice', async () => {
    const broken = (function* (): Generator<number, void, void> {
      yield 0.5
      throw new Error('out of data')
    })()
    await expect(runInSlices(broken)).rejects.toThrow('out of data')
    await expect(runInSlices(count(1), { sliceMs: 0 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: '"sliceMs" must be a positive number, got 0.',
    })
  })
})

test('drift makes models forget and a refit due', () => {
  const options = smallOptions()
  const models = smallModels(options.features.schema.size)
  const learner = warm<SmallSignal>({ ...options, models, killSwitch: patient() })
  const forgets = vi.spyOn(treesOf(models.success), 'forget')
  const teach = (count: number, sign: 1 | -1): void => {
    for (let i = 0; i < count; i++) {
      const ai = (i * 5) % 7 < 3
      const { id, time } = learner.decide(
        signalAt(6, { meta: { confidence: 0.5, source: ai ? 'ai' : 'rules' } }),
        account,
      )
      learner.learn(id, { exitPrice: 100 + 3 * sign * (ai ? 1 : -1), exitTime: time })
    }
  }
  teach(60, 1)
  while (learner.refitDue) run(learner)
  const calm = learner.status().drift.marks.length
  teach(10, -1)
  const { marks } = learner.status().drift
  expect(marks.length).toBeGreaterThan(calm)
  expect(forgets).toHaveBeenCalled()
  expect(learner.refitDue).toBe(true)
  for (const mark of marks) expect(mark.kept).toBeGreaterThanOrEqual(8)
  expect(['page-hinkley', 'adwin']).toContain(marks.at(-1)!.detector)
  expect(errorOf(() => learner.explain('nobody')).code).toBe('UNKNOWN_DECISION')
})
