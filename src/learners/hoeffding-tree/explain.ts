import type { Contribution } from '../../contracts.ts'
import { sigmoid } from '../../core/math.ts'
import { sortByMagnitude } from '../contributions.ts'
import { asksBayes, evidence, type LeafPrediction, majorityProbability } from './leaf-prediction.ts'
import type { LeafStatistics } from './leaf-statistics.ts'
import { childOf, type Tree } from './tree.ts'

/**
 * Splits the way from the root's base rate to the prediction for `x` among the features: every branch credits its
 * feature with the change of the class share from parent to child, then naive Bayes, where the leaf asks it, credits
 * every feature with the change that its evidence makes, lower features first. Largest magnitude first.
 */
export function explainTree(
  tree: Tree,
  stats: LeafStatistics,
  how: LeafPrediction,
  x: Float64Array,
): readonly Contribution[] {
  const { feature, child, counts } = tree
  const share = (node: number): number => majorityProbability(counts[2 * node]!, counts[2 * node + 1]!)
  const amounts = new Float64Array(x.length)

  // down the branches
  let node = 0
  while (feature[node]! >= 0) {
    const next = childOf(tree, node, x)
    amounts[feature[node]!]! += share(next) - share(node)
    node = next
  }

  // the evidence in the leaf
  const negative = counts[2 * node]!
  const positive = counts[2 * node + 1]!
  if (negative > 0 && positive > 0 && asksBayes(how, stats, child[node]!)) {
    let logOdds = Math.log(positive / negative)
    let probability = share(node)
    for (let f = 0; f < x.length; f++) {
      logOdds += evidence(stats, child[node]!, x, f)
      const next = sigmoid(logOdds)
      amounts[f]! += next - probability
      probability = next
    }
  }

  return sortByMagnitude(Array.from(amounts, (amount, f) => ({ feature: f, amount })))
}
