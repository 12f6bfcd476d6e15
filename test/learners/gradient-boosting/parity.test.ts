import { expect, test } from 'vitest'
import { logLossOf } from '../../../src/core/math.ts'
import { GradientBoosting, type GradientBoostingInput } from '../../../src/learners/gradient-boosting/index.ts'
import golden from '../../golden/gradient-boosting.json' with { type: 'json' }
import { comparisonSets, type DataSet, FEATURES, PARAMETERS, SAMPLING } from './data.ts'

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
