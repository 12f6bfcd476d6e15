import { expect, test } from 'vitest'
import { logLossOf } from '../../../src/core/math.ts'
import { GradientBoosting } from '../../../src/learners/gradient-boosting/index.ts'
import golden from '../../golden/gradient-boosting.json' with { type: 'json' }
import { comparisonSets, type DataSet, FEATURES, PARAMETERS } from './data.ts'

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

function scoresOf({ task, train, test: { rows, y } }: DataSet): Scores {
  const model = new GradientBoosting({ features: FEATURES, task, ...PARAMETERS })
  model.fit(train.rows, train.y)
  const predicted = rows.map((x) => model.predict(x))
  if (task === 'binary') {
    return { logLoss: mean(predicted.map((p, i) => logLossOf(y[i]!, p))), auc: aucOf(y, predicted) }
  }
  return { rmse: Math.sqrt(mean(predicted.map((p, i) => (p - y[i]!) * (p - y[i]!)))) }
}

const ours = comparisonSets().map((set) => ({ name: set.name, scores: scoresOf(set) }))

/** Differences to LightGBM in one score, over the tables that have it. */
const differences = (score: keyof Scores): number[] =>
  golden.results.flatMap((reference: { name: string } & Scores) => {
    const theirs = reference[score]
    return theirs === undefined ? [] : [ours.find(({ name }) => name === reference.name)!.scores[score]! - theirs]
  })

test.each([
  ['logLoss', 6],
  ['auc', 6],
  ['rmse', 5],
] as const)('%s is that of LightGBM within 0.005 on average', (score, sets) => {
  const all = differences(score)
  expect(all).toHaveLength(sets)
  expect(Math.abs(mean(all))).toBeLessThan(0.005)
  // one table alone scatters by ties and bin edges
  for (const one of all) expect(Math.abs(one)).toBeLessThan(0.02)
})
