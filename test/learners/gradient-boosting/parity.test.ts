import { describe, expect, test } from 'vitest'
import { logLossOf } from '../../../src/core/math.ts'
import {
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import golden from '../../golden/gradient-boosting.json' with { type: 'json' }
import { comparisonSets, type DataSet, FEATURES, PARAMETERS, SAMPLING } from './data.ts'
import { isMonotone, meanScore, PARITY_CASES, type ParityCase, tablesOf, weightsFor } from './parity-cases.ts'

type Scores = { readonly logLoss?: number; readonly auc?: number; readonly rmse?: number }

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Area under the ROC curve from ranks, with half a point for ties. */
function aucOf(y: readonly number[], p: readonly number[]): number {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!)
  const wins = y.filter((label) => label === 1).length
  let ranks = 0
  for (let i = 0; i < order.length; ) {
    let end = i
    while (end < order.length && p[order[end]!] === p[order[i]!]) end++
    for (let k = i; k < end; k++) if (y[order[k]!] === 1) ranks += (i + end + 1) / 2
    i = end
  }
  return (ranks - (wins * (wins + 1)) / 2) / (wins * (y.length - wins))
}

function scoresOf({ task, train, test: { rows, y } }: DataSet, more: Partial<GradientBoostingInput>): Scores {
  const model = new GradientBoosting({ features: FEATURES, task, ...PARAMETERS, ...more })
  model.fit(train.rows, train.y)
  const predicted = rows.map((x) => model.predict(x))
  if (task === 'binary') {
    return { logLoss: mean(predicted.map((p, i) => logLossOf(y[i]!, p))), auc: aucOf(y, predicted) }
  }
  return { rmse: Math.sqrt(mean(predicted.map((p, i) => (p - y[i]!) * (p - y[i]!)))) }
}

const runs = { all: {}, sampled: SAMPLING } as const
type Run = keyof typeof runs
const ours = comparisonSets().map((set) => ({
  name: set.name,
  all: scoresOf(set, runs.all),
  sampled: scoresOf(set, runs.sampled),
}))

/** Differences to LightGBM in one score, over the tables that have it. */
const differences = (run: Run, score: keyof Scores): number[] =>
  golden.results.flatMap((reference: { name: string } & { readonly [R in Run]: Scores }) => {
    const theirs = reference[run][score]
    const mine = ours.find(({ name }) => name === reference.name)![run][score]!
    return theirs === undefined ? [] : [mine - theirs]
  })

test.each([
  ['all', 'logLoss', 6],
  ['all', 'auc', 6],
  ['all', 'rmse', 5],
  ['sampled', 'logLoss', 6],
  ['sampled', 'auc', 6],
  ['sampled', 'rmse', 5],
] as const)('with %s rows and columns, %s is that of LightGBM within 0.005 on average', (run, score, tables) => {
  const found = differences(run, score)
  expect(found).toHaveLength(tables)
  expect(Math.abs(mean(found))).toBeLessThan(0.005)
  // one table alone scatters by ties, bin edges and draws
  for (const one of found) expect(Math.abs(one)).toBeLessThan(0.02)
})

type Reference = {
  readonly name: string
  readonly scores: readonly number[]
  readonly plain?: { readonly scores: readonly number[] }
}

/** Our score on one table, with the case's parameters or without them. */
function scoreOf(one: ParityCase, table: DataSet, more: ParityCase['ours']): { score: number; monotone: boolean } {
  const { train, test: held, task } = table
  const options = { features: FEATURES, ...PARAMETERS, ...more }
  const weights = one.weighted && more === one.ours ? weightsFor(table) : undefined
  if (options.loss === 'softmax') {
    const model = new MultiGradientBoosting({ ...options, loss: 'softmax' })
    model.fit(train.rows, train.y, weights)
    const out = new Float64Array(model.outputs)
    const predicted = held.rows.flatMap((x) => [...model.predictInto(x, out)])
    return { score: meanScore(one.score, held.y, predicted), monotone: false }
  }
  const model = new GradientBoosting({ ...options, task })
  model.fit(train.rows, train.y, weights)
  const predicted = held.rows.map((x) => model.predict(x))
  return { score: meanScore(one.score, held.y, predicted), monotone: isMonotone(table, (x) => model.predict(x)) }
}

describe.each(PARITY_CASES)('$name', (one) => {
  const reference = (golden.cases as readonly Reference[]).find(({ name }) => name === one.name)!
  const found = tablesOf(one.tables).map((table) => scoreOf(one, table, one.ours))

  test(`scores as LightGBM does, within ${one.tolerance} on average`, () => {
    expect(found).toHaveLength(reference.scores.length)
    const apart = found.map(({ score }, i) => score - reference.scores[i]!)
    expect(Math.abs(mean(apart)), String(apart)).toBeLessThan(one.tolerance)
  })
})

test('constrained predictions rise and fall as they must, and would not by themselves', () => {
  const one = PARITY_CASES.find(({ name }) => name === 'monotone')!
  const every = (more: ParityCase['ours']): boolean =>
    tablesOf(one.tables).every((table) => scoreOf(one, table, more).monotone)
  expect(every(one.ours)).toBe(true)
  expect(every({})).toBe(false)
})
