import { clear, follow, followDecisions, remember, take, writeParts } from './shap-follow.ts'
import { runTree } from './shap-kernels.ts'
import type { Shap } from './shap-plan.ts'

/**
 * Writes SHAP interaction values of the vector that starts at `x[at]`: how much of a feature's part is its own, and
 * how much it shares with each other feature.
 *
 * `out` takes outputs × (features + 1)² numbers, rows and columns with the bias last. Row i adds up to feature i's
 * SHAP value, and what two features share stands half in the row of each. Exact, like `shapInto`, whose cost it has
 * about twice for every feature.
 *
 * @see S. M. Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees",
 *   Nature Machine Intelligence 2
 */
export function shapInteractionsInto(shap: Shap, x: Float64Array, at: number, out: Float64Array): void {
  take(shap, x, at)
  for (let tree = 0; tree < shap.trees; tree++) follow(shap, tree)
  interact(shap, out)
}

/** The same for a row whose answers are known: see `shapFromDecisions`. */
export function shapInteractionsFromDecisions(shap: Shap, decisions: Uint8Array, out: Float64Array): void {
  for (let tree = 0; tree < shap.trees; tree++) followDecisions(shap, tree, decisions)
  interact(shap, out)
}

/** Half of what showing a feature for certain, rather than hiding it, changes in each other feature's part. */
function interact(shap: Shap, out: Float64Array): void {
  const { forest, size, hidden, shown, bias } = shap
  const stride = forest.features + 1
  const parts = new Float64Array(size)
  clear(shap)
  for (let tree = 0; tree < shap.trees; tree++) runTree(shap, tree)
  writeParts(shap, parts)
  const without = new Float64Array(size)
  const withIt = new Float64Array(size)
  out.fill(0, 0, size * stride)
  for (let f = 0; f < forest.features; f++) {
    partsWhere(shap, f, hidden, without)
    partsWhere(shap, f, shown, withIt)
    for (let k = 0; k < bias.length; k++) {
      const row = (k * stride + f) * stride
      let own = parts[k * stride + f]!
      for (let j = 0; j < forest.features; j++) {
        if (j === f) continue
        const shared = (withIt[k * stride + j]! - without[k * stride + j]!) / 2
        out[row + j] = shared
        own -= shared
      }
      out[row + f] = own
    }
  }
  for (let k = 0; k < bias.length; k++) out[(k + 1) * stride * stride - 1] = bias[k]!
}

/** Writes the others' parts where one feature is hidden or shown for certain, in the trees that ask for it. */
function partsWhere(shap: Shap, feature: number, place: number, out: Float64Array): void {
  clear(shap)
  for (let tree = 0; tree < shap.trees; tree++) {
    if (!tell(shap, tree, feature, place)) continue
    runTree(shap, tree)
    tell(shap, tree, feature, 0)
    remember(shap, tree)
  }
  writeParts(shap, out)
}

/** Says at a tree's questions about a feature where A and B stand; returns whether there are any. */
function tell({ begins, steps, parts, forest }: Shap, tree: number, feature: number, place: number): boolean {
  let any = false
  for (let step = 8 * begins[4 * tree]!; step < 8 * begins[4 * tree + 4]!; step += 8) {
    if ((steps[step + 3]! - parts) % (forest.features + 1) !== feature) continue
    steps[step + 2] = place
    any = true
  }
  return any
}
