import type { Contribution } from '../../contracts.ts'
import { sigmoid } from '../../core/math.ts'
import { sortByMagnitude } from '../contributions.ts'
import type { Grown, Kernel } from './growth.ts'
import { asksBayes, evidence, majorityProbability } from './leaf-prediction.ts'
import { childOf } from './tree.ts'

/**
 * Splits the way from the base rate of `root` to the prediction below it among the features: every branch credits its
 * feature with the change of the class share from parent to child, then naive Bayes, where the leaf asks it, credits
 * every feature with the change that its evidence makes, lower features first. Adds the parts, times `scale`, to
 * `amounts`.
 */
export function addAmounts(
  { layout, options }: Kernel,
  { tree, leaves }: Grown,
  root: number,
  x: Float64Array,
  scale: number,
  amounts: Float64Array,
): void {
  const { feature, place, counts } = tree
  const share = (node: number): number => majorityProbability(counts[2 * node]!, counts[2 * node + 1]!)

  // down the branches
  let node = root
  while (feature[node]! >= 0) {
    const next = childOf(tree, layout, node, x)
    amounts[feature[node]!]! += scale * (share(next) - share(node))
    node = next
  }

  // the evidence in the leaf
  const negative = counts[2 * node]!
  const positive = counts[2 * node + 1]!
  const at = place[node]!
  if (!(negative > 0 && positive > 0 && asksBayes(options.leafPrediction, leaves, at))) return
  let logOdds = Math.log(positive / negative)
  let probability = share(node)
  for (let slot = 0; slot < leaves.used[at]!; slot++) {
    logOdds += evidence(layout, leaves, at, x, slot, slot + 1)
    const next = sigmoid(logOdds)
    amounts[leaves.feature[at * layout.slots + slot]!]! += scale * (next - probability)
    probability = next
  }
}

/** The parts of all features, largest magnitude first. */
export function explainTree(kernel: Kernel, grown: Grown, x: Float64Array): readonly Contribution[] {
  const amounts = new Float64Array(x.length)
  addAmounts(kernel, grown, 0, x, 1, amounts)
  return toContributions(amounts)
}

/** The parts as a list, largest magnitude first. */
export function toContributions(amounts: Float64Array): readonly Contribution[] {
  return sortByMagnitude(Array.from(amounts, (amount, feature) => ({ feature, amount })))
}
