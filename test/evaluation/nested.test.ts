import { describe, expect, test } from 'vitest'
import type { Learner } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/index.ts'
import { type Dataset, nestedWalkForward, WalkForward } from '../../src/evaluation/index.ts'
import { float, MedianPruner, Study } from '../../src/study/index.ts'

const N = 800
const rng = new SeededRng('nested')
const rows = Array.from({ length: N }, (_, i) => Float64Array.of(2 * rng.next() - 1, i))
// the sign of the feature turns around half-way: what was right before is wrong after
const y = rows.map((x, i) => Number(rng.next() < 0.5 + (i < 400 ? 0.4 : -0.4) * x[0]!))
const times = rows.map((_, i) => 1.6e12 + i * 1000)
const dataset: Dataset = {
  rows,
  y,
  netReturns: y.map((label) => label - 0.5),
  times,
  labelEnds: times.map((t) => t + 3000),
}

/** What the learners of a run were taught and asked, by the number of the row. */
type Seen = { readonly taught: number; readonly asked: number }

/** Knows nothing but its parameter: the slope of its answer. */
const slope = (value: number, note: (row: number, what: 'taught' | 'asked') => void): Learner => ({
  task: 'binary',
  seen: 0,
  predict: (x) => {
    note(x[1]!, 'asked')
    return 0.5 + value * x[0]!
  },
  learn: (x) => note(x[1]!, 'taught'),
  toJSON: () => {
    throw new Error('not saved in this test')
  },
})

const options = {
  outer: new WalkForward({ mode: 'rolling', train: 200, test: 100 }),
  inner: (n: number) => new WalkForward({ train: Math.floor(n / 2), test: Math.ceil(n / 4) }),
  study: (fold: number) =>
    new Study({ space: { value: float({ low: -0.45, high: 0.45 }) }, seed: fold, pruner: new MedianPruner() }),
  trials: 25,
  resamples: 50,
}

describe('a walk forward with a search inside', () => {
  test('chooses for each fold what was best before it, and tests it on what came after', async () => {
    const progress: number[] = []
    const found = await nestedWalkForward(dataset, ({ value }) => slope(value, () => {}), {
      ...options,
      onProgress: ({ done, of }) => void progress.push(done / of),
    })
    expect(found.folds.length).toBe(6)
    const slopes = found.chosen.map(({ params }) => params.value)
    // trained on rows 0 to 400 the slope is up, from 400 on down
    for (const value of slopes.slice(0, 3)) expect(value).toBeGreaterThan(0.2)
    for (const value of slopes.slice(4)) expect(value).toBeLessThan(-0.2)
    for (const { counts } of found.chosen) expect(counts.asked).toBe(25)
    expect(found.chosen.some(({ counts }) => counts.pruned > 0)).toBe(true)
    expect(found.folds[0]!.scores.model.logLoss).toBeLessThan(0.69)
    // tested on rows 400 to 500 with what was right before
    expect(found.folds[2]!.scores.model.logLoss).toBeGreaterThan(0.69)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    expect(progress.at(-1)).toBe(1)
  })

  test('shows no trial a row of the test, nor one whose label is open when it begins', async () => {
    const runs: Seen[][] = [[]]
    let highest = { taught: -1, asked: -1 }
    const created = (): void => {
      runs.at(-1)!.push(highest)
      highest = { taught: -1, asked: -1 }
    }
    await nestedWalkForward(
      dataset,
      ({ value }) => {
        created()
        return slope(value, (row, what) => {
          highest = { ...highest, [what]: Math.max(highest[what], row) }
        })
      },
      { ...options, trials: 5, outer: new WalkForward({ mode: 'rolling', train: 200, test: 600 }) },
    )
    // the last learner is the one that is tested
    const trials = runs[0]!
    expect(trials.length).toBeGreaterThan(8)
    for (const { taught, asked } of trials) {
      expect(taught).toBeLessThan(198)
      expect(asked).toBeLessThan(198)
    }
    expect(highest.asked).toBe(799)
  })

  test('says why where no trial was completed', async () => {
    const broken = (): never => {
      throw new Error('out of paper')
    }
    await expect(nestedWalkForward(dataset, broken, options)).rejects.toThrow(
      'No trial of fold 0 was completed: out of paper',
    )
    await expect(nestedWalkForward(dataset, broken, { ...options, trials: 0 })).rejects.toThrow('"trials"')
  })
})
