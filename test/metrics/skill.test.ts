import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Codec, Metric, Snapshot } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/index.ts'
import { BalancedAccuracy } from '../../src/metrics/balanced-accuracy.ts'
import { CohenKappa } from '../../src/metrics/cohen-kappa.ts'
import { FBeta } from '../../src/metrics/f-beta.ts'
import { GeometricMean } from '../../src/metrics/geometric-mean.ts'
import { Rolling } from '../../src/metrics/index.ts'
import { KappaM } from '../../src/metrics/kappa-m.ts'
import { KappaTemporal } from '../../src/metrics/kappa-temporal.ts'
import { MatthewsCorrelation } from '../../src/metrics/matthews-correlation.ts'
import { metricLaws } from '../../src/testing/index.ts'

const classes = { BalancedAccuracy, CohenKappa, FBeta, GeometricMean, KappaM, KappaTemporal, MatthewsCorrelation }
const each = Object.entries(classes)
type SkillCodec = Codec<Metric>

for (const [name, Skill] of each) {
  describe(name, () => {
    for (const law of metricLaws(() => new Skill(), Skill as SkillCodec)) test(law.name, law.run)
    for (const law of metricLaws(() => new Skill({ threshold: 0.4 }), Skill as SkillCodec)) {
      test(`with another threshold ${law.name}`, law.run)
    }
  })
}

type Row = readonly [y: number, prediction: number, weight: number]

/** Labels that come in runs, calls that lean towards them, three weights. */
function rowsOf(seed: string, n: number): Row[] {
  const rng = new SeededRng(seed)
  let y = 0
  return Array.from({ length: n }, () => {
    if (rng.next() < 0.2) y = 1 - y
    return [y, 0.3 * y + 0.7 * rng.next(), [0.5, 1, 2][Math.floor(3 * rng.next())]!]
  })
}

const play = <M extends Metric>(metric: M, rows: readonly Row[]): M => {
  for (const [y, prediction, weight] of rows) metric.update(y, prediction, weight)
  return metric
}

describe('by their definitions, with weights', () => {
  const rows = rowsOf('definitions', 500)
  const sum = (of: (row: Row, i: number) => boolean): number =>
    rows.reduce((total, row, i) => total + (of(row, i) ? row[2] : 0), 0)
  const called = ([, prediction]: Row): number => Number(prediction >= 0.5)
  const total = sum(() => true)
  const accuracy = sum((row) => called(row) === row[0]) / total

  test('the Matthews correlation is the correlation of calls and labels', () => {
    const mean = (of: (row: Row) => number): number => rows.reduce((s, row) => s + row[2] * of(row), 0) / total
    const [c, y] = [mean(called), mean((row) => row[0])]
    const covariance = mean((row) => (called(row) - c) * (row[0] - y))
    const expected = covariance / Math.sqrt(c * (1 - c) * y * (1 - y))
    expect(play(new MatthewsCorrelation(), rows).value).toBeCloseTo(expected, 13)
  })

  test('kappa-temporal measures the accuracy against that of the last label, from the second row on', () => {
    const later = total - rows[0]![2]
    const right = sum((row, i) => i > 0 && called(row) === row[0]) / later
    const repeated = sum((row, i) => i > 0 && rows[i - 1]![0] === row[0]) / later
    expect(play(new KappaTemporal(), rows).value).toBeCloseTo((right - repeated) / (1 - repeated), 13)
  })

  test('kappa-M measures the accuracy against that of the commoner label so far', () => {
    let [ones, seen] = [0, 0]
    const majority =
      sum(([y, , weight]) => {
        const guess = Number(ones > seen - ones)
        ones += y * weight
        seen += weight
        return guess === y
      }) / total
    expect(play(new KappaM(), rows).value).toBeCloseTo((accuracy - majority) / (1 - majority), 13)
  })

  test('the F score is the harmonic mean of precision and recall', () => {
    const hits = sum((row) => called(row) === 1 && row[0] === 1)
    const precision = hits / sum((row) => called(row) === 1)
    const recall = hits / sum((row) => row[0] === 1)
    expect(play(new FBeta(), rows).value).toBeCloseTo((2 * precision * recall) / (precision + recall), 13)
    expect(play(new FBeta({ beta: 1e200 }), rows).value).toBeCloseTo(recall, 13)
    expect(play(new FBeta({ beta: 1e-200 }), rows).value).toBeCloseTo(precision, 13)
  })
})

describe('what needs no model scores nothing', () => {
  const rows = rowsOf('nothing', 2000)

  test('repeating the last label has a kappa-temporal of 0, though an accuracy and a kappa far above chance', () => {
    const repeated = rows.map((row, i): Row => [row[0], rows[i - 1]?.[0] ?? 0, 1])
    expect(play(new KappaTemporal(), repeated).value).toBe(0)
    expect(play(new CohenKappa(), repeated).value).toBeGreaterThan(0.5)
  })

  test('always saying the same scores 0, or half', () => {
    const same = rows.map((row): Row => [row[0], 0.9, 1])
    expect(play(new CohenKappa(), same).value).toBeCloseTo(0, 14)
    expect(play(new GeometricMean(), same).value).toBe(0)
    expect(play(new BalancedAccuracy(), same).value).toBe(0.5)
    expect(play(new MatthewsCorrelation(), same).value).toBeNaN()
  })

  test('saying what has been commoner so far has a kappa-M of 0', () => {
    let ones = 0
    const commoner = rows.map(([y], i): Row => {
      const guess = Number(ones > i - ones)
      ones += y
      return [y, guess, 1]
    })
    expect(play(new KappaM(), commoner).value).toBe(0)
  })
})

test.each(each)('%s: calls that are always right score 1', (_, Skill) => {
  const right = rowsOf('right', 100).map(([y, , weight]): Row => [y, y, weight])
  expect(play(new Skill(), right).value).toBeCloseTo(1, 14)
})

test.each(each)('%s is NaN while only one label has been seen and called', (name, Skill) => {
  const ones: Row[] = [
    [1, 0.9, 1],
    [1, 0.9, 1],
  ]
  // the F score needs no losers, and kappa-M has once guessed wrongly: the first time
  expect(Number.isNaN(play(new Skill(), ones).value)).toBe(name !== 'FBeta' && name !== 'KappaM')
})

test.each(each)('%s scales: the unit of the weights changes nothing', (_, Skill) => {
  const rows = rowsOf('scale', 60)
  const plain = play(new Skill(), rows).value
  for (const scale of [1e-49, 1e-9, 1e9, 1e49]) {
    const scaled = rows.map(([y, prediction, weight]): Row => [y, prediction, scale * weight])
    expect(play(new Skill(), scaled).value).toBeCloseTo(plain, 12)
  }
})

test.each(each)('%s refuses damaged snapshots', (_, Skill) => {
  const json = JSON.parse(JSON.stringify(play(new Skill(), rowsOf('damaged', 20)))) as Snapshot
  const states: Snapshot['state'][] = Object.keys(json.state).map((key) => ({ ...json.state, [key]: -3 }))
  for (const state of [...states, {}, { ...json.state, other: 1 }]) {
    expect(() => Skill.fromJSON({ ...json, state })).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  }
  expect(() => Skill.fromJSON({ ...json, options: { ...json.options, threshold: 2 } })).toThrow('from 0 to 1')
})

const file = new URL('../../../shared/reference/river/metrics/metrics_stats_scalers.json', import.meta.url)
type Reference = {
  readonly checkpoints: readonly number[]
  readonly binary: readonly Row[]
  readonly results: { readonly [name: string]: readonly number[] }
}
const golden = JSON.parse(readFileSync(new URL('../golden/skill-metrics.json', import.meta.url), 'utf8')) as Reference

const twins: { readonly [river: string]: () => Metric } = {
  'bin.BalancedAccuracy': () => new BalancedAccuracy(),
  'bin.F1': () => new FBeta(),
  'bin.FBeta2': () => new FBeta({ beta: 2 }),
  'bin.MCC': () => new MatthewsCorrelation(),
  'bin.CohenKappa': () => new CohenKappa(),
  'bin.GeometricMean': () => new GeometricMean(),
  'bin.weighted.F1': () => new FBeta(),
  'bin.weighted.MCC': () => new MatthewsCorrelation(),
  'bin.Rolling200.F1': () => new Rolling(() => new FBeta(), { window: 200 }),
  'bin.Rolling200.MCC': () => new Rolling(() => new MatthewsCorrelation(), { window: 200 }),
  'bin.Rolling200.BalancedAccuracy': () => new Rolling(() => new BalancedAccuracy(), { window: 200 }),
  'bin.Rolling200.CohenKappa': () => new Rolling(() => new CohenKappa(), { window: 200 }),
}

const sources: [string, Reference | undefined][] = [
  ['the first rows of the stream', golden],
  ['the whole stream', existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Reference) : undefined],
]
for (const [what, reference] of sources) {
  describe.skipIf(!reference)(`${what} give the same numbers as River 0.24.2`, () => {
    test.each(Object.entries(twins))('%s', (name, create) => {
      const { checkpoints, binary, results } = reference!
      const metric = create()
      let compared = 0
      binary.forEach(([y, prediction, weight], i) => {
        metric.update(y, prediction, name.includes('weighted') ? weight : 1)
        const at = checkpoints.indexOf(i + 1)
        // where nothing is defined yet we say NaN, River 0 or 1
        if (at < 0 || Number.isNaN(metric.value)) return
        expect(Math.abs(metric.value - results[name]![at]!)).toBeLessThan(1e-12)
        compared++
      })
      expect(compared).toBeGreaterThanOrEqual(checkpoints.length - 1)
    })
  })
}
