import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ExtremelyFastDecisionTree, HoeffdingTreeClassifier } from '../../../src/learners/hoeffding-tree/index.ts'
import golden from '../../golden/hoeffding-tree-classifier.json' with { type: 'json' }
import type { PlainOptions } from './plain-node.ts'
import { PlainTree } from './plain-tree.ts'
import { expectRun, expectTree, recorded, rowsOf, runOf, sharedQuestions } from './recorded.ts'
import { DEFAULTS, EAGER, RIVER, type Row, readRows, replay } from './streams.ts'

/**
 * The chain that ties the classes to River: a second, plain tree of this test by River's rules equals River's recorded
 * runs, row for row; by our rules it equals the class.
 */
type Run = {
  readonly name: keyof typeof golden.river
  readonly file: string
  readonly runs: string
  readonly options: PlainOptions
  readonly weighted: boolean
  /** Questions of River's last tree that the class asks at the same place, and how many there are. */
  readonly shared: readonly [same: number, all: number]
}
const drift = { file: 'binary_drift.csv', runs: 'trees/binary_drift.json', weighted: false }
const missing = { file: 'binary_missing_weighted.csv', runs: 'trees/missing_weighted.json', options: EAGER }
const majority = { ...EAGER, leafPrediction: 'majority' as const }
const FAST = { ...EAGER, reevaluateEvery: 20 }
const RUNS: readonly Run[] = [
  { name: 'HT_default', ...drift, options: DEFAULTS, shared: [3, 3] },
  { name: 'HT_g50_d01', ...drift, options: EAGER, shared: [18, 19] },
  { name: 'HT_mc', ...drift, options: majority, shared: [18, 19] },
  { name: 'HT_nb', ...drift, options: { ...EAGER, leafPrediction: 'naive-bayes' }, shared: [18, 19] },
  { name: 'HT_gauss25', ...drift, options: { ...majority, thresholds: 25 }, shared: [17, 20] },
  { name: 'HT_gini', ...drift, options: { ...EAGER, criterion: 'gini' }, shared: [14, 16] },
  { name: 'HT_hellinger', ...drift, options: { ...EAGER, criterion: 'hellinger' }, shared: [0, 49] },
  { name: 'HT_depth3', ...drift, options: { ...EAGER, maxDepth: 3 }, shared: [7, 7] },
  { name: 'HT_poor', ...drift, options: { ...majority, poorFeatures: 'remove' }, shared: [18, 20] },
  { name: 'HT_missing_weighted', ...missing, weighted: true, shared: [4, 11] },
  { name: 'HT_missing_weighted_unweighted', ...missing, weighted: false, shared: [3, 6] },
  { name: 'EFDT_default', ...drift, options: { ...DEFAULTS, reevaluateEvery: 20 }, shared: [1, 2] },
  { name: 'EFDT_g50_r100', ...drift, options: { ...EAGER, reevaluateEvery: 100 }, shared: [1, 4] },
  { name: 'EFDT_missing_weighted', ...missing, options: FAST, weighted: true, shared: [0, 21] },
  { name: 'EFDT_missing_weighted_unweighted', ...missing, options: FAST, weighted: false, shared: [0, 12] },
]

type DocCase = { name: string; value: number; sampled_predictions: [number, number | null][] }

const create = (features: number, { reevaluateEvery, ...options }: PlainOptions) =>
  reevaluateEvery === undefined
    ? new HoeffdingTreeClassifier({ features, ...options })
    : // River's branches take in every row
      new ExtremelyFastDecisionTree({ features, reevaluateEvery, settledAfter: Infinity, ...options })

describe.skipIf(!recorded).each(RUNS)('$name', ({ name, file, runs, options, weighted, shared }) => {
  const load = () => ({ rows: rowsOf(file, weighted), river: runOf(runs, name) })

  test('the plain tree by River’s rules is River: every label, probability, split and leaf', () => {
    const { rows, river } = load()
    const plain = new PlainTree('river', options)
    const { labels, predictions } = replay(plain, rows)
    expectRun(river, rows, labels, predictions)
    expectTree(river, plain.nodes())
  })

  test('the class is the plain tree by our rules, row for row', () => {
    const { rows, river } = load()
    const tree = create(rows[0]!.x.length, options)
    const [ours, plain] = [replay(tree, rows), replay(new PlainTree('ours', options), rows)]
    expect(ours.labels).toBe(plain.labels)
    for (const [i, p] of plain.predictions.entries()) expect(Math.abs(ours.predictions[i]! - p)).toBeLessThan(1e-9)

    expect(sharedQuestions(river, tree.describe())).toEqual(shared)
    const [, accuracy, nodes] = river.checkpoints.at(-1)!
    expect({ river: { accuracy, nodes }, ours: { accuracy: ours.accuracy, nodes: 2 * tree.leaves - 1 } }).toEqual(
      golden.river[name],
    )
  })
})

describe.skipIf(!recorded)('HT_histogram', () => {
  const histogram = { ...majority, thresholds: 32 }
  const load = () => ({
    rows: rowsOf('binary_drift.csv', false),
    river: runOf('trees/binary_drift.json', 'HT_histogram'),
  })

  test('the plain tree by River’s rules is River: every label, probability, split and leaf', () => {
    const { rows, river } = load()
    const plain = new PlainTree('river', { ...histogram, histogram: 256 })
    const { labels, predictions } = replay(plain, rows)
    expectRun(river, rows, labels, predictions)
    expectTree(river, plain.nodes())
  })

  test('ours, whose bins follow the data, is right more often by three points', () => {
    const { rows, river } = load()
    const tree = new HoeffdingTreeClassifier({ features: 10, observer: 'histogram', bins: 256, ...histogram })
    expect(replay(tree, rows).accuracy).toBeGreaterThan(river.checkpoints.at(-1)![1]! + 0.03)
  })
})

describe.skipIf(!recorded).each([
  { name: 'HT_docs', options: {} },
  { name: 'EFDT_docs', options: { reevaluateEvery: 100 } },
] as const)('$name: nominal features with a branch for every category', ({ name, options }) => {
  const load = () => {
    const cases = Object.values(
      JSON.parse(readFileSync(join(RIVER, 'trees/docstring_cases.json'), 'utf8')),
    ).flat() as DocCase[]
    const nominal = { nominal: [3, 4, 5], nominalSplits: 'multiway' } as const
    return {
      rows: readRows('doc_agrawal_f0_seed42_1000.csv'),
      river: cases.find((doc) => doc.name === name)!,
      all: { ...DEFAULTS, gracePeriod: 100, confidence: 1e-5, ...nominal, ...options },
    }
  }
  const accuracyOf = (labels: string, rows: readonly Row[]): number =>
    rows.filter(({ y }, i) => labels[i] === String(y)).length / (rows.length - 1)

  test('the plain tree by River’s rules gives the published number', () => {
    const { rows, river, all } = load()
    const { labels } = replay(new PlainTree('river', all), rows)
    expect(accuracyOf(labels, rows)).toBeCloseTo(river.value, 12)
    for (const [i, label] of river.sampled_predictions.slice(1)) expect(labels[i]).toBe(String(label))
  })

  test('the class is the plain tree by our rules', () => {
    const { rows, river, all } = load()
    const { labels, predictions } = replay(create(9, all), rows)
    const plain = replay(new PlainTree('ours', all), rows)
    expect(labels).toBe(plain.labels)
    for (const [i, p] of plain.predictions.entries()) expect(Math.abs(predictions[i]! - p)).toBeLessThan(1e-9)
    expect(Math.abs(accuracyOf(labels, rows) - river.value)).toBeLessThan(0.01)
  })
})
