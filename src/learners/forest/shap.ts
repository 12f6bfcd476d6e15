import { clear, follow, followDecisions, take, writeParts } from './shap-follow.ts'
import { runTree } from './shap-kernels.ts'
import type { Shap } from './shap-plan.ts'

export { shapInteractionsFromDecisions, shapInteractionsInto } from './shap-interactions.ts'
export { createShap, type Shap } from './shap-plan.ts'

/**
 * Writes exact SHAP values of the vector that starts at `x[at]`: what each feature adds to each margin, against what
 * the training rows would lead to expect if it were not known.
 *
 * `out` takes outputs × (features + 1) numbers: for each output the features' parts, then the bias. Together they
 * give the margin. Path-dependent as in LightGBM's `pred_contrib`: features left out are averaged over by cover.
 * Exact for any depth; O(questions × half the features on the longest way), and allocates nothing.
 *
 * @see S. M. Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees",
 *   Nature Machine Intelligence 2
 * @see P. Yu, A. Bifet, J. Read, C. Xu (2022), "Linear TreeShap", NeurIPS (the polynomials that are integrated here)
 *
 * @example
 * ```ts
 * const shap = createShap(model.forest)
 * const parts = new Float64Array(shap.size)
 * shapInto(shap, x, 0, parts) // parts[f] for each feature, parts.at(-1) the bias
 * ```
 */
export function shapInto(shap: Shap, x: Float64Array, at: number, out: Float64Array): void {
  take(shap, x, at)
  clear(shap)
  for (let tree = 0; tree < shap.trees; tree++) {
    follow(shap, tree)
    runTree(shap, tree)
  }
  writeParts(shap, out)
}

/**
 * The same for a row whose answers are known: `decisions[node]` is 1 where it goes left at that node of the forest
 * and 0 where it goes right, at every question, on the row's way or not.
 *
 * The idea: toss a coin for every feature that shows it with probability t. Let m(t) be the expected margin where
 * features that are not shown are averaged over by cover. From t = 0 to 1 it runs from the bias to the margin, and a
 * feature's Shapley value is the integral of its part in that rise. At a fixed t the features are independent, so one
 * walk down (the chance of coming to each node) and one up (the mean below it) give all parts at once. They are
 * polynomials in t, which a few Gauss-Legendre points integrate without error.
 *
 * Off the row's way a question turns with probability A × the cover's share there, where A is the chance that the
 * feature is hidden: 1 - t the first time. Where the row took every turn of a feature that was asked above, with share
 * z of the cover, A = z (1 - t) / (t + z (1 - t)) by Bayes' rule and the part counts B = z / (t + z (1 - t))² times;
 * once it was left the feature is hidden for certain: A = 1 and B = 0.
 */
export function shapFromDecisions(shap: Shap, decisions: Uint8Array, out: Float64Array): void {
  clear(shap)
  for (let tree = 0; tree < shap.trees; tree++) {
    followDecisions(shap, tree, decisions)
    runTree(shap, tree)
  }
  writeParts(shap, out)
}
