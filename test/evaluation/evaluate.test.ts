import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import { type Canary, type Dataset, evaluate, HoldOut, WalkForward } from '../../src/evaluation/index.ts'
import { sweepThresholds } from '../../src/evaluation/thresholds.ts'
import { GradientBoosting, LogisticRegression } from '../../src/learners/index.ts'

const HOUR = 3_600_000

/** One feature that knows `strength` of the label, one of noise, and one walk that tells what time it is. */
function planted(seed: number, n: number, strength: number, open = 3): Dataset {
  const rng = new SeededRng(seed)
  let walk = 0
  const rows = Array.from({ length: n }, () => {
    walk += drawNormal(rng)
    return Float64Array.of(2 * rng.next() - 1, 2 * rng.next() - 1, walk)
  })
  const y = rows.map((x) => Number(rng.next() < 0.5 + strength * x[0]!))
  const times = rows.map((_, i) => 1.6e12 + i * HOUR)
  return {
    names: ['knows', 'noise', 'walk'],
    rows,
    y,
    netReturns: y.map((label) => (label ? 0.01 : -0.01)),
    times,
    labelEnds: times.map((t) => t + open * HOUR),
    groups: { side: rows.map((_, i) => (i % 2 === 0 ? 'long' : 'short')) },
  }
}

const create = (features: number) => new LogisticRegression({ features, optimizer: 'adagrad' })
const splitter = () => new HoldOut({ splitter: new WalkForward({ train: 300, test: 150 }) })
const quick = { resamples: 100 }
const canaryOf = (canaries: readonly Canary[], name: Canary['name']) => canaries.find((canary) => canary.name === name)!

describe('an evaluation', () => {
  const dataset = planted(1, 1500, 0.3)

  test('of a model that knows something says so in every part, with its canaries fine', async () => {
    const stages = new Set<string>()
    const evaluation = await evaluate(dataset, create, {
      ...quick,
      splitter: splitter(),
      onRandomWalk: () => planted(2, 1500, 0),
      onProgress: ({ stage, done }) => {
        expect(done).toBeGreaterThan(0)
        expect(done).toBeLessThanOrEqual(1)
        stages.add(stage)
      },
    })
    const { validation, canaries, importance, features, insights, thresholds, money, missing } = evaluation
    expect(validation.verdict.skill).toBe('shown')
    expect(validation.verdict.tooGood).toBe(false)
    expect(canaries.map(({ name, result }) => [name, result])).toEqual([
      ['shuffledLabels', 'fine'],
      ['randomWalk', 'fine'],
      ['plantedLeak', 'fine'],
      ['reversedTime', 'for comparison'],
      ['shuffledFolds', 'for comparison'],
    ])
    expect(canaryOf(canaries, 'plantedLeak').auc.low).toBeGreaterThan(0.75)
    expect(importance!.permutation.features[0]!.mean.low).toBeGreaterThan(0)
    expect(features!.features.map(({ skill }) => skill)).toEqual(['shown', 'not shown', 'not shown'])
    expect(insights!.insights.some((sentence) => sentence.includes('knows'))).toBe(true)
    expect(thresholds[0]!.coverage).toBe(1)
    expect(thresholds[12]!.precision.low).toBeGreaterThan(thresholds[0]!.precision.value)
    expect(money.probabilistic).toBeGreaterThan(0.99)
    expect(missing).toEqual([])
    expect(stages.has('walk forward')).toBe(true)
    expect([...stages].filter((stage) => stage.startsWith('canary')).length).toBe(5)
    const text = JSON.stringify(evaluation)
    expect(JSON.parse(text).validation.verdict).toEqual(JSON.parse(JSON.stringify(validation.verdict)))
    expect(text).not.toContain('undefined')
  })

  test('does only what is asked for', async () => {
    const evaluation = await evaluate(dataset, create, { ...quick, splitter: splitter(), parts: [] })
    expect(Object.keys(evaluation)).toEqual([
      'version',
      'data',
      'validation',
      'thresholds',
      'money',
      'canaries',
      'missing',
    ])
    expect(evaluation.canaries).toEqual([])
  })

  test('a canary without what it needs says why', async () => {
    const { canaries } = await evaluate(dataset, create, { ...quick, splitter: splitter(), parts: ['canaries'] })
    expect(canaryOf(canaries, 'randomWalk')).toMatchObject({ result: 'not run', skill: 'too little data' })
    expect(canaryOf(canaries, 'randomWalk').text).toContain('No candles')
  })

  test('what the trials returned deflates what the best of them shows', async () => {
    const rng = new SeededRng(3)
    const trialReturns = Array.from({ length: 40 }, () => Float64Array.from({ length: 400 }, () => drawNormal(rng)))
    const { money, validation } = await evaluate(planted(5, 1500, 0.02), create, {
      ...quick,
      splitter: splitter(),
      parts: [],
      trials: 40,
      trialReturns,
    })
    expect(validation.verdict.trials).toBe(40)
    expect(money.effectiveTrials).toBeGreaterThan(35)
    expect(money.deflated).toBeLessThan(money.probabilistic)
    expect(money.overfitting!.trials).toBe(40)
  })

  test('sees nothing of a hold-out', async () => {
    const before = await evaluate(dataset, create, { ...quick, splitter: splitter() })
    const turned = { ...dataset, y: Array.from(dataset.y, (label, i) => (i < 1200 ? label : 1 - label)) }
    const after = await evaluate(turned, create, { ...quick, splitter: splitter() })
    // how many of all rows won is counted, and nothing else
    const { data: _, ...rest } = before
    const { data: __, ...other } = after
    expect(other).toEqual(rest)
  })
})

describe('canaries', () => {
  test('a learner that sees the answers raises the alarm', async () => {
    const dataset = planted(7, 900, 0)
    // it looks rows up in a table that it should not have, whatever labels it is taught
    let answers: ArrayLike<number> = dataset.y
    const peeking = () => ({
      task: 'binary' as const,
      seen: 0,
      predict: (x: Float64Array) =>
        0.5 + 0.2 * (2 * (answers[dataset.rows.findIndex((row) => row[1] === x[1])] ?? 0.5) - 1),
      learn: () => {},
      toJSON: () => {
        throw new Error('not saved in this test')
      },
    })
    const { canaries } = await evaluate(dataset, peeking, {
      ...quick,
      splitter: splitter(),
      parts: ['canaries'],
      onRandomWalk: () => {
        const walk = planted(7, 900, 0)
        answers = walk.y
        return walk
      },
    })
    expect(canaryOf(canaries, 'randomWalk')).toMatchObject({ result: 'alarm', skill: 'shown' })
  })

  test('shuffled folds of overlapping labels look better than they are, which is shown beside', async () => {
    const rng = new SeededRng(11)
    const open = 20
    const steps = Float64Array.from({ length: 1200 + open }, () => drawNormal(rng))
    let walk = 0
    const rows = Array.from({ length: 1200 }, () => {
      walk += drawNormal(rng)
      return Float64Array.of(walk, rng.next())
    })
    const returns = rows.map((_, i) => steps.subarray(i, i + open).reduce((sum, step) => sum + step, 0) / 1000)
    const times = rows.map((_, i) => 1.6e12 + i * HOUR)
    const dataset: Dataset = {
      rows,
      y: returns.map((r) => Number(r > 0)),
      netReturns: returns,
      times,
      labelEnds: times.map((t) => t + open * HOUR),
    }
    const trees = (features: number) => new GradientBoosting({ features, task: 'binary', trees: 20 })
    const { canaries, validation } = await evaluate(dataset, trees, {
      ...quick,
      splitter: splitter(),
      parts: ['canaries'],
    })
    expect(validation.verdict.skill).not.toBe('shown')
    const forward = validation.scores.find(({ name }) => name === 'auc')!.model.value
    expect(canaryOf(canaries, 'shuffledFolds').auc.value).toBeGreaterThan(forward + 0.05)
    expect(canaryOf(canaries, 'shuffledFolds').text).toMatch(/would have claimed 0\.\d{3} more AUC/)
  })
})

describe('a sweep of thresholds', () => {
  const dataset = planted(13, 600, 0.4)
  const predictions = dataset.rows.map((x, row) => {
    return { row, fold: 0, p: 0.5 + 0.4 * x[0]!, y: dataset.y[row] as 0 | 1, netReturn: dataset.netReturns[row]! }
  })

  test('counts what each threshold takes, and what came of it', () => {
    const points = sweepThresholds(predictions, dataset)
    expect(points.length).toBe(20)
    for (const { threshold, coverage, precision, expectancy } of points) {
      const taken = predictions.filter(({ p }) => p >= threshold)
      expect(coverage).toBe(taken.length / 600)
      expect(precision.have).toBe(taken.length)
      expect(precision.value).toBeCloseTo(taken.filter(({ y }) => y === 1).length / taken.length, 12)
      expect(expectancy.value).toBeCloseTo(taken.reduce((sum, { netReturn }) => sum + netReturn, 0) / taken.length, 12)
      expect(precision.low).toBeLessThan(precision.value)
    }
  })

  test('says nothing of fewer than 20, takes equal predictions together, and nothing of nothing', () => {
    expect(
      sweepThresholds(predictions.slice(0, 19), dataset).every(({ precision }) => Number.isNaN(precision.value)),
    ).toBe(true)
    expect(
      sweepThresholds(
        predictions.map((prediction) => ({ ...prediction, p: 0.5 })),
        dataset,
      ).length,
    ).toBe(1)
    expect(sweepThresholds([], dataset)).toEqual([])
  })
})
