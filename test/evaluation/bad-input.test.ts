import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/index.ts'
import {
  CombinatorialPurged,
  checkDataset,
  type Dataset,
  evaluate,
  PurgedKFold,
  WalkForward,
  walkForward,
} from '../../src/evaluation/index.ts'
import { GradientBoosting, LogisticRegression } from '../../src/learners/index.ts'

const rng = new SeededRng('bad input')
const N = 300
const rows = Array.from({ length: N }, () => Float64Array.of(rng.next(), rng.next()))
const times = rows.map((_, i) => 1.6e12 + i * 3_600_000)
const y = rows.map(() => Number(rng.next() < 0.5))
const whole: Dataset = {
  rows,
  y,
  netReturns: y.map((label) => label / 50 - 0.01),
  times,
  labelEnds: times.map((t) => t + 7_200_000),
  ids: rows.map((_, i) => `signal ${i}`),
}
const swap = <T>(column: ArrayLike<T>, at: number, value: T): T[] => Array.from(column).with(at, value)
const splitter = () => new WalkForward({ train: 100, test: 50 })
const create = (features: number) => new LogisticRegression({ features })

describe('rows that cannot be are refused with a code, by their number', () => {
  test.each<[string, Partial<Dataset>, string, string]>([
    [
      'a label that ends before it began',
      { labelEnds: swap(whole.labelEnds, 17, times[16]!) },
      'INVALID_TIME',
      'labelEnds[17]',
    ],
    ['times that do not ascend', { times: swap(times, 40, times[38]!) }, 'OUT_OF_ORDER', 'at row 40'],
    ['a time that is none', { times: swap(times, 40, Number.NaN) }, 'INVALID_TIME', 'times[40]'],
    [
      'a return that is none',
      { netReturns: swap(whole.netReturns, 123, Number.NaN) },
      'INVALID_INPUT',
      'netReturns[123]',
    ],
    ['an infinite return', { netReturns: swap(whole.netReturns, 5, Infinity) }, 'INVALID_INPUT', 'netReturns[5]'],
    ['a label that is neither 0 nor 1', { y: swap(whole.y, 9, 0.5) }, 'INVALID_INPUT', 'y[9]'],
    [
      'an id that was there before',
      { ids: swap(whole.ids!, 200, 'signal 7') },
      'INVALID_INPUT',
      '"ids[200]" must be a name of its own, got "signal 7" of row 7',
    ],
    ['a column that is too short', { y: y.slice(1) }, 'INVALID_INPUT', '"y" must have 300 values like "rows", got 299'],
    ['a group that is too short', { groups: { side: ['long'] } }, 'INVALID_INPUT', '"side" must have 300 values'],
    [
      'a vector of another length',
      { rows: swap(rows, 3, Float64Array.of(1)) },
      'INVALID_INPUT',
      'Row 3: "x" must have 2 features, got 1.',
    ],
    ['nothing', { rows: [], y: [], netReturns: [], times: [], labelEnds: [], ids: [] }, 'NOT_ENOUGH_DATA', 'got none'],
  ])('%s', async (_, damage, code, words) => {
    const dataset = { ...whole, ...damage }
    const coded = expect.objectContaining({ code, message: expect.stringContaining(words) as string }) as Error
    expect(() => checkDataset(dataset)).toThrow(coded)
    expect(() => walkForward(dataset, () => create(2), splitter())).toThrow(coded)
    await expect(evaluate(dataset, create, { splitter: splitter() })).rejects.toThrow(coded)
  })

  test('fewer rows than folds, and no fold at all', async () => {
    const few: Dataset = {
      rows: rows.slice(0, 3),
      y: y.slice(0, 3),
      netReturns: [0, 0, 0],
      times: times.slice(0, 3),
      labelEnds: times.slice(0, 3),
    }
    for (const [of, words] of [
      [new PurgedKFold({ folds: 5 }), '5 folds must have a row each at least, got 3 rows.'],
      [new CombinatorialPurged({ groups: 6 }), '6 groups must have a row each at least, got 3 rows.'],
      [splitter(), 'at least one fold, got none of 3 rows.'],
    ] as const) {
      await expect(evaluate(few, create, { splitter: of })).rejects.toThrow(words)
    }
  })
})

test('options that cannot be are refused', async () => {
  for (const [name, value] of [
    ['trials', 0],
    ['coverage', 1],
    ['resamples', 0],
    ['threshold', 2],
    ['stake', -1],
  ] as const) {
    await expect(evaluate(whole, create, { splitter: splitter(), [name]: value })).rejects.toThrow(`"${name}"`)
  }
  await expect(evaluate(whole, create, { splitter: splitter(), trialReturns: [[1, 2], [1]] })).rejects.toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }) as Error,
  )
})

describe('data that nothing can be learned from makes a report all the same', () => {
  const constant = { ...whole, rows: rows.map(() => Float64Array.of(1, 1)) }
  const cases: { readonly [title: string]: Dataset } = {
    'one class only': { ...whole, y: y.map(() => 1), netReturns: y.map(() => 0.01) },
    'features that never move': constant,
    'returns that never move': { ...whole, netReturns: y.map(() => 0) },
    'features that are all missing': { ...whole, rows: rows.map(() => Float64Array.of(Number.NaN, Number.NaN)) },
    'features of 1e300': { ...whole, rows: rows.map((x) => x.map((value) => value * 1e300)) },
    'all at one moment': { ...whole, times: times.map(() => times[0]!), labelEnds: times.map(() => times[0]!) },
    'labels that outlast everything': { ...whole, labelEnds: times.map((t, i) => (i < 150 ? t : times.at(-1)! + 1)) },
  }
  const trees = (features: number) => new GradientBoosting({ features, task: 'binary', trees: 5 })

  test.each(Object.entries(cases))('%s', async (_, dataset) => {
    for (const learner of [create, trees]) {
      const { validation, canaries } = await evaluate(dataset, learner, { splitter: splitter(), resamples: 20 })
      expect(validation.verdict.skill).not.toBe('shown')
      expect(validation.verdict.text).not.toMatch(/NaN|undefined|Infinity/)
      for (const { p } of validation.predictions) expect(p >= 0 && p <= 1).toBe(true)
      expect(canaries.length).toBe(5)
    }
  })
})
