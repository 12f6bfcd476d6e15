import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import {
  MedianPruner,
  NoPruner,
  type Pruner,
  patience,
  type Race,
  SuccessiveHalving,
  type TrialRecord,
  WilcoxonPruner,
  wilcoxonGreater,
} from '../../src/study/index.ts'

const reportsOf = (values: readonly number[]) => values.map((value, step) => ({ step, value }))
/** Complete trials with these reports, whose value is the mean of them. */
const complete = (rows: readonly (readonly number[])[]): TrialRecord<unknown>[] =>
  rows.map((values, id) => ({
    id,
    params: {},
    state: 'complete',
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    reports: reportsOf(values),
    reason: '',
  }))
const race = (
  values: readonly number[],
  rivals: readonly TrialRecord<unknown>[],
  others: Partial<Race> = {},
): Race => ({
  reports: reportsOf(values),
  rivals,
  direction: 'minimize',
  ...others,
})
const turned = (rows: readonly (readonly number[])[]): number[][] => rows.map((row) => row.map((value) => -value))

describe('MedianPruner', () => {
  const rows = [
    [1, 9, 9],
    [2, 9, 9],
    [3, 9, 9],
    [4, 9, 9],
  ]

  test('ends what is worse than the median, in either direction, and nothing as good', () => {
    const pruner = new MedianPruner({ startup: 4 })
    expect(pruner.judge(race([2.5], complete(rows)))).toBe('go on')
    expect(pruner.judge(race([2.6], complete(rows)))).toBe('prune')
    expect(pruner.judge(race([-2.5], complete(turned(rows)), { direction: 'maximize' }))).toBe('go on')
    expect(pruner.judge(race([-2.6], complete(turned(rows)), { direction: 'maximize' }))).toBe('prune')
  })

  test('compares means over the same folds, or the newest value', () => {
    // means after two: 5, 5.5, 6, 6.5
    expect(new MedianPruner({ startup: 4 }).judge(race([2, 9.4], complete(rows)))).toBe('go on')
    expect(new MedianPruner({ startup: 4, of: 'newest' }).judge(race([2, 9.4], complete(rows)))).toBe('prune')
  })

  test('waits for its rivals and its warm-up, and leaves out who is pruned or took other steps', () => {
    expect(new MedianPruner({ startup: 5 }).judge(race([99], complete(rows)))).toBe('go on')
    expect(new MedianPruner({ startup: 4, warmUp: 2 }).judge(race([99], complete(rows)))).toBe('go on')
    expect(new MedianPruner({ startup: 4, warmUp: 2 }).judge(race([99, 99], complete(rows)))).toBe('prune')
    const [first, ...rest] = complete(rows)
    expect(new MedianPruner({ startup: 4 }).judge(race([99], [{ ...first!, state: 'pruned' }, ...rest]))).toBe('go on')
    const apart = { reports: [{ step: 1, value: 99 }] }
    expect(new MedianPruner({ startup: 4 }).judge(race([], complete(rows), apart))).toBe('go on')
  })
})

describe('SuccessiveHalving', () => {
  const pruner = new SuccessiveHalving({ warmUp: 2, factor: 3, startup: 3 })

  test('looks at rungs only: 2, 6, 18 reports', () => {
    const rivals = complete(Array.from({ length: 5 }, () => new Array(20).fill(0)))
    const pruned = Array.from({ length: 20 }, (_, i) => i + 1).filter(
      (count) => pruner.judge(race(new Array(count).fill(1), rivals)) === 'prune',
    )
    expect(pruned).toEqual([2, 6, 18])
  })

  test('lets the best third of those on the rung past it, this one and pruned ones included', () => {
    const rivals = complete([1, 2, 3, 4, 5].map((value) => [value, value]))
    rivals[0] = { ...rivals[0]!, state: 'pruned' }
    expect(pruner.judge(race([1.5, 1.5], rivals))).toBe('go on')
    expect(pruner.judge(race([2.5, 2.5], rivals))).toBe('prune')
    const max = complete(turned([1, 2, 3, 4, 5].map((value) => [value, value])))
    expect(pruner.judge(race([-1.5, -1.5], max, { direction: 'maximize' }))).toBe('go on')
    expect(pruner.judge(race([-2.5, -2.5], max, { direction: 'maximize' }))).toBe('prune')
  })

  test('prunes nobody where few have come, and never the best', () => {
    expect(pruner.judge(race([9, 9], complete([[1, 1]])))).toBe('go on')
    expect(
      pruner.judge(
        race(
          [1, 1],
          complete([
            [1, 1],
            [1, 1],
          ]),
        ),
      ),
    ).toBe('go on')
    expect(
      pruner.judge(
        race(
          [2, 2],
          complete([
            [1, 1],
            [1, 1],
          ]),
        ),
      ),
    ).toBe('prune')
  })
})

describe('WilcoxonPruner', () => {
  const best = [1, 5, 2, 8, 3, 4]
  const rivals = complete([best, best.map((value) => value + 9)])
  const worse = best.map((value, i) => value + 0.1 + i / 100)

  test('ends a trial once its p-value against the best one is below the threshold', () => {
    const pruner = new WilcoxonPruner({ threshold: 0.1 })
    const verdicts = best.map((_, i) => pruner.judge(race(worse.slice(0, i + 1), rivals)))
    // 1/2, 1/4, 1/8, and from here on less than 0.1: 1/16
    expect(verdicts).toEqual(['go on', 'go on', 'go on', 'prune', 'prune', 'prune'])
    expect(wilcoxonGreater(worse.slice(0, 4).map((value, i) => value - best[i]!))).toBeCloseTo(1 / 16, 12)
    expect(
      pruner.judge(
        race(
          worse.slice(0, 4).map((value) => -value),
          complete(turned([best])),
          { direction: 'maximize' },
        ),
      ),
    ).toBe('prune')
  })

  test('goes on with what is better, or not known to be worse, and through its warm-up', () => {
    const pruner = new WilcoxonPruner({ threshold: 0.1 })
    expect(
      pruner.judge(
        race(
          best.map((value) => value - 0.1),
          rivals,
        ),
      ),
    ).toBe('go on')
    expect(pruner.judge(race(worse, []))).toBe('go on')
    expect(
      pruner.judge(
        race(
          worse,
          rivals.map((rival) => ({ ...rival, state: 'pruned' as const })),
        ),
      ),
    ).toBe('go on')
    expect(new WilcoxonPruner({ warmUp: 7 }).judge(race(worse, rivals))).toBe('go on')
  })

  test('goes on with a trial that is worse on most folds and better in the mean', () => {
    const odd = best.map((value, i) => (i === 0 ? value - 50 : value + 1 + i / 10))
    expect(wilcoxonGreater(odd.map((value, i) => value - best[i]!))).toBeGreaterThan(0.1)
    const long = Array.from({ length: 12 }, (_, i) => (i === 0 ? -50 : 1 + i / 10))
    expect(wilcoxonGreater(long)).toBeLessThan(0.1)
    expect(new WilcoxonPruner().judge(race(long, complete([new Array(12).fill(0)])))).toBe('go on')
  })

  test('compares the folds that both have been through', () => {
    const late = { reports: worse.map((value, step) => ({ step: step + 3, value })) }
    expect(new WilcoxonPruner().judge(race([], rivals, late))).toBe('go on')
  })

  test('ends a trial that is as good as the best no more often than repeated looks explain', () => {
    const rng = new SeededRng('as good')
    const draw = (): number[] => Array.from({ length: 10 }, () => rng.next())
    let pruned = 0
    for (let i = 0; i < 500; i++) {
      const [mine, other] = [draw(), draw()]
      const pruner = new WilcoxonPruner({ threshold: 0.1 })
      if (mine.some((_, at) => pruner.judge(race(mine.slice(0, at + 1), complete([other]))) === 'prune')) pruned++
    }
    // 0.1 at every look, and seven looks that depend on each other; all of them apart would be 0.52
    expect(pruned / 500).toBeGreaterThan(0.1)
    expect(pruned / 500).toBeLessThan(0.3)
  })
})

test('NoPruner goes on', () => expect((new NoPruner() as Pruner).judge(race([1e9], complete([[0]])))).toBe('go on'))

test.each([
  () => new MedianPruner({ startup: 0 }),
  () => new MedianPruner({ of: 'last' as 'newest' }),
  () => new SuccessiveHalving({ factor: 1 }),
  () => new WilcoxonPruner({ threshold: 1 }),
  () => patience({ trials: 0 }),
  () => patience({ margin: -1 }),
])('options that cannot be are refused: %s', (make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('patience ends once so many trials in a row have brought nothing better', () => {
  const trials = (values: readonly (number | undefined)[]): TrialRecord<unknown>[] =>
    values.map((value, id) => ({
      id,
      params: {},
      state: value === undefined ? 'failed' : 'complete',
      value: value ?? Number.NaN,
      reports: [],
      reason: '',
    }))
  const stop = patience({ trials: 3, margin: 0.1 })
  expect(stop(trials([5, 4, 4, undefined]), 'minimize')).toBe(false)
  expect(stop(trials([5, 4, 4, undefined, 3.95]), 'minimize')).toBe(true)
  expect(stop(trials([5, 4, 4, undefined, 3.8]), 'minimize')).toBe(false)
  expect(stop(trials([5, 4, 6, undefined, 3]), 'maximize')).toBe(false)
  expect(stop(trials([5, 4, 5.05, undefined]), 'maximize')).toBe(true)
})
