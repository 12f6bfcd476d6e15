import { describe, expect, test } from 'vitest'
import type { Learner, Splitter } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/index.ts'
import { type Dataset, type Trainer, WalkForward, walkForward, walkForwardWith } from '../../src/evaluation/index.ts'
import { GradientBoosting, LogisticRegression } from '../../src/learners/index.ts'
import { TrainingPool } from '../../src/lifecycle/index.ts'

const rng = new SeededRng('folds')
const N = 900
const rows = Array.from({ length: N }, () => Float64Array.from({ length: 5 }, () => rng.next()))
const y = rows.map((x) => Number(rng.next() < 0.3 + 0.4 * x[0]!))
const times = rows.map((_, i) => 1.6e12 + i * 1000)
const dataset: Dataset = {
  rows,
  y,
  netReturns: y.map((label) => label - 0.5),
  times,
  labelEnds: times.map((t) => t + 2500),
}
const trees = () => new GradientBoosting({ features: 5, task: 'binary', trees: 10 })
const splitter = () => new WalkForward({ train: 200, test: 100 })
const options = { resamples: 50 }

/** Trains here, after a wait of its own. */
const waiting = (turns: number): Trainer => ({
  fit: async (model, table, labels, { onProgress }) => {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve))
    onProgress?.(0.5)
    model.fit(table, labels)
  },
})

describe('walking forward with several trainers', () => {
  const wanted = walkForward(dataset, trees, splitter(), options)

  test('finds to the bit what one after another finds, in threads too', async () => {
    const pools = [new TrainingPool(), new TrainingPool()]
    expect(await walkForwardWith(pools, dataset, trees, splitter(), options)).toEqual(wanted)
    await Promise.all(pools.map((pool) => pool.close()))
    for (const trainers of [[waiting(0)], [waiting(5), waiting(1), waiting(0)]]) {
      expect(await walkForwardWith(trainers, dataset, trees, splitter(), options)).toEqual(wanted)
    }
  })

  test('learners that cannot be fitted learn here', async () => {
    const create = (): Learner => new LogisticRegression({ features: 5 })
    const here = walkForward(dataset, create, splitter(), options)
    expect(await walkForwardWith([waiting(1), waiting(0)], dataset, create, splitter(), options)).toEqual(here)
  })

  test('progress rises to the end', async () => {
    const told: number[] = []
    const onProgress = ({ done, of }: { done: number; of: number }): void => void told.push(done / of)
    await walkForwardWith([waiting(3), waiting(0)], dataset, trees, splitter(), { ...options, onProgress })
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(1)
    expect(told.length).toBe(2 * wanted.folds.length)
  })

  test('what a trainer throws ends it, after the folds that were begun', async () => {
    let ended = 0
    const slow: Trainer = {
      fit: async (...args) => {
        await waiting(20).fit(...args)
        ended++
      },
    }
    const broken: Trainer = { fit: () => Promise.reject(new Error('no memory')) }
    await expect(walkForwardWith([slow, broken], dataset, trees, splitter(), options)).rejects.toThrow('no memory')
    expect(ended).toBe(1)
    await expect(walkForwardWith([], dataset, trees, splitter())).rejects.toThrow('"trainers"')
  })

  test('an abort is heard before the next fold', async () => {
    const signal = { aborted: false }
    const onProgress = (): void => {
      signal.aborted = true
    }
    const aborted = walkForwardWith([waiting(0)], dataset, trees, splitter(), { ...options, signal, onProgress })
    await expect(aborted).rejects.toThrow('aborted after 1 of 7 folds')
  })
})

test('a row that two folds have tested counts once, with the mean of their predictions', () => {
  const twice: Splitter = {
    split: () => [100, 200].map((end) => ({ train: [{ start: 0, end }], test: [{ start: 300, end: 500 }] })),
  }
  const once = walkForward(dataset, trees, { split: (...args) => [...twice.split(...args)].slice(0, 1) }, options)
  const both = walkForward(dataset, trees, twice, options)
  expect(both.predictions.length).toBe(400)
  const accuracy = (result: typeof both) => result.scores.find(({ name }) => name === 'accuracy')!.model
  expect(accuracy(both).have).toBe(200)
  const right = both.folds[0]!.predictions.filter(
    ({ p, y: label }, i) => Number((p + both.folds[1]!.predictions[i]!.p) / 2 >= 0.5) === label,
  )
  expect(accuracy(both).value).toBe(right.length / 200)
  expect(accuracy(once).have).toBe(200)
})
