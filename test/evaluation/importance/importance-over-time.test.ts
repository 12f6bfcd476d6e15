import { describe, expect, test } from 'vitest'
import type { Learner, Snapshot, Splitter, Vector } from '../../../src/contracts.ts'
import { dropColumnImportance } from '../../../src/evaluation/importance/drop-column.ts'
import { correlatedGroups } from '../../../src/evaluation/importance/feature-groups.ts'
import { importanceOverTime } from '../../../src/evaluation/importance/importance-over-time.ts'
import { type Dataset, WalkForward } from '../../../src/evaluation/index.ts'
import {
  BayesianLogisticRegression,
  GradientBoosting,
  KNearestNeighbours,
  LinearRegression,
  LogisticRegression,
} from '../../../src/learners/index.ts'
import { planted } from './markets.ts'

const logistic = (features: number): LogisticRegression => new LogisticRegression({ features })
const splitter = new WalkForward({ mode: 'rolling', train: 400, test: 150 })
const data = planted(1300, 'a')
const unsaved = (): Snapshot => {
  throw new Error('not saved in this test')
}

describe('importance over time', () => {
  const { permutation, explanation } = importanceOverTime(data, logistic, splitter)

  test('puts the planted feature and its copy first in every fold and the noise near 0', () => {
    expect(permutation.folds.length).toBe(6)
    for (const { amounts } of permutation.folds) {
      const best = [...amounts.keys()].sort((a, b) => amounts[b]! - amounts[a]!).slice(0, 2)
      expect(best.sort()).toEqual([0, 2])
    }
    const [signal, noise, copy] = permutation.features
    expect(signal!.mean.low).toBeGreaterThan(0.01)
    expect(copy!.mean.low).toBeGreaterThan(0.01)
    expect(Math.abs(noise!.mean.value)).toBeLessThan(0.005)
    expect(signal!.positive).toBe(1)
  })

  test('explains every fold and knows which way a feature pushes', () => {
    expect(explanation!.unit).toBe('log-odds')
    const [signal, noise] = explanation!.features
    expect(signal!.signStability).toBe(1)
    expect(signal!.direction.value).toBeGreaterThan(0.95)
    expect(signal!.meanAbsolute.value).toBeGreaterThan(5 * noise!.meanAbsolute.value)
    expect(explanation!.folds.every(({ explained }) => explained === 150)).toBe(true)
  })

  test('mean sizes are those of the learner asked by hand', () => {
    const [fold] = [...splitter.split(data.times, data.labelEnds)]
    const learner = logistic(5)
    for (let row = fold!.train[0]!.start; row < fold!.train[0]!.end; row++) learner.learn(data.rows[row]!, data.y[row]!)
    const { start, end } = fold!.test[0]!
    let sum = 0
    for (let row = start; row < end; row++) {
      sum += Math.abs(learner.explain(data.rows[row]!).find(({ feature }) => feature === 3)?.amount ?? 0)
    }
    expect(explanation!.folds[0]!.meanAbsolute[3]).toBeCloseTo(sum / (end - start), 10)
  })

  test('says that the order of features lasts', () => {
    expect(permutation.drift.stability.value).toBeGreaterThan(0.4)
    expect(permutation.drift.text).toMatch(
      /^From fold to fold the order of features keeps a rank correlation of 0\.\d\d /,
    )
  })

  test('is the same again, and plain data', () => {
    const again = importanceOverTime(data, logistic, splitter)
    expect(again).toEqual({ permutation, explanation })
    expect(JSON.parse(JSON.stringify(again)).permutation.features[0].mean.value).toBe(
      permutation.features[0]!.mean.value,
    )
  })

  test('of two that say the same each looks worth less than both shuffled together', () => {
    const groups = correlatedGroups(data.rows)
    expect(groups).toEqual([[0, 2], [1], [3], [4]])
    const grouped = importanceOverTime(data, logistic, splitter, { groups }).permutation
    expect(grouped.features[0]!.name).toBe('signal + copy')
    const [signal, , copy] = permutation.features
    expect(grouped.features[0]!.mean.value).toBeGreaterThan(1.3 * Math.max(signal!.mean.value, copy!.mean.value))
  })

  test('works for boosting, neighbours and regressions alike', () => {
    const small = new WalkForward({ train: 400, test: 200 })
    const short: Dataset = { ...planted(1000, 'b', { strength: 2 }) }
    const boosted = importanceOverTime(
      short,
      (features) => new GradientBoosting({ features, task: 'binary', trees: 20 }),
      small,
      { repeats: 2 },
    )
    expect(boosted.permutation.features[0]!.mean.value).toBeGreaterThan(0.01)
    expect(boosted.explanation!.features[0]!.meanAbsolute.value).toBeGreaterThan(0)
    const neighbours = importanceOverTime(
      short,
      (features) => new KNearestNeighbours({ features, task: 'binary' }),
      small,
      { repeats: 1 },
    )
    expect(neighbours.explanation).toBeUndefined()
    // regressions are trained on net returns, of which the signal explains four fifths
    const line = importanceOverTime(short, (features) => new LinearRegression({ features }), small)
    expect(line.permutation.features[0]!.mean.value).toBeGreaterThan(0)
  })

  test('any loss can be asked about', () => {
    const squared = importanceOverTime(data, logistic, splitter, { loss: (y, p) => (y - p) * (y - p) }).permutation
    expect(squared.features[0]!.mean.value).toBeLessThan(permutation.features[0]!.mean.value)
    expect(squared.features[0]!.mean.low).toBeGreaterThan(0)
    expect(() => importanceOverTime(data, logistic, splitter, { loss: () => NaN })).toThrow(/rise of the loss/)
  })

  test('a model that knows its training rows by heart is worth nothing on test rows', () => {
    const parrot = (): Learner => {
      const known = new Map<string, number>()
      return {
        task: 'binary',
        seen: 0,
        predict: (x: Vector) => known.get(x.join()) ?? 0.5,
        learn: (x, y) => void known.set(x.join(), 0.1 + 0.8 * y),
        toJSON: unsaved,
      }
    }
    for (const { amounts } of importanceOverTime(data, parrot, splitter).permutation.folds) {
      expect(amounts).toEqual([0, 0, 0, 0, 0])
    }
  })
})

describe('importance by dropped columns', () => {
  test('a feature with a stand-in is not missed; both together are', () => {
    const create = (features: number): Learner => new BayesianLogisticRegression({ features })
    const alone = dropColumnImportance(data, create, splitter)
    expect(Math.abs(alone.features[2]!.mean.value)).toBeLessThan(0.01)
    const both = dropColumnImportance(data, create, splitter, { groups: [[0, 2], [1]] })
    expect(both.features[0]!.mean.low).toBeGreaterThan(0.05)
    expect(Math.abs(both.features[1]!.mean.value)).toBeLessThan(0.01)
    expect(both.folds[0]!.errors[0]).toBeGreaterThan(0)
  })

  test('trains groups + 1 models a fold, each for its features, and tells how far it is', () => {
    const asked: (readonly string[])[] = []
    const told: number[] = []
    dropColumnImportance(
      data,
      (features, names) => {
        asked.push(names)
        expect(names.length).toBe(features)
        return logistic(features)
      },
      splitter,
      {
        onProgress: ({ done, of }) => {
          expect(of).toBe(36)
          told.push(done)
        },
      },
    )
    expect(told).toEqual(Array.from({ length: 36 }, (_, i) => i + 1))
    expect(asked[0]).toEqual(data.names)
    expect(asked[1]).toEqual(['noise', 'copy', 'walk', 'more noise'])
  })

  test('stops when asked to, and refuses to drop everything', () => {
    const signal = { aborted: false }
    const stop = { signal, onProgress: ({ done }: { done: number }) => void (signal.aborted = done === 3) }
    expect(() => dropColumnImportance(data, logistic, splitter, stop)).toThrow(/aborted after 3 of 36/)
    expect(() => dropColumnImportance(data, logistic, splitter, { groups: [[0, 1, 2, 3, 4]] })).toThrow(/all of them/)
  })
})

describe('edges', () => {
  const one: Splitter = {
    split: () => [{ train: [{ start: 0, end: 400 }], test: [{ start: 400, end: 420 }] }],
  }

  test('folds of fewer than 30 test rows say nothing', () => {
    const { permutation, explanation } = importanceOverTime(data, logistic, one)
    expect(permutation.folds[0]!.amounts.every(Number.isNaN)).toBe(true)
    expect(permutation.features[0]!.mean).toMatchObject({ value: NaN, have: 0, needs: 3 })
    expect(permutation.drift.text).toBe('N/A (needs 3 folds of enough rows, has 0).')
    expect(explanation!.folds[0]!.direction.every(Number.isNaN)).toBe(true)
    expect(dropColumnImportance(data, logistic, one).folds[0]!.amounts.every(Number.isNaN)).toBe(true)
  })

  test('no fold, wrong groups and an abort are coded errors', () => {
    const none: Splitter = { split: () => [] }
    const code = (run: () => unknown): string => {
      try {
        run()
      } catch (error) {
        return (error as { code: string }).code
      }
      return 'no error'
    }
    expect(code(() => importanceOverTime(data, logistic, none))).toBe('NOT_ENOUGH_DATA')
    expect(code(() => importanceOverTime(data, logistic, splitter, { groups: [[5]] }))).toBe('INVALID_OPTION')
    expect(code(() => importanceOverTime(data, logistic, splitter, { groups: [[]] }))).toBe('INVALID_OPTION')
    expect(code(() => importanceOverTime(data, logistic, splitter, { groups: [[1, 1]] }))).toBe('INVALID_OPTION')
    expect(code(() => importanceOverTime(data, logistic, splitter, { signal: { aborted: true } }))).toBe('ABORTED')
  })

  test('constant and missing features are worth nothing and break nothing', () => {
    const rows = data.rows.map((x) => Float64Array.of(x[0]!, 1, NaN))
    const { permutation, explanation } = importanceOverTime(
      { ...data, rows, names: ['a', 'b', 'c'] },
      logistic,
      splitter,
    )
    expect(permutation.features.slice(1).map(({ mean }) => mean.value)).toEqual([0, 0])
    expect(explanation!.features[2]!.signStability).toBeNaN()
    expect(permutation.drift.text).toBe('N/A (needs 5 features, has 3).')
  })
})
