import type { Contribution } from '../../contracts.ts'
import { sortByMagnitude } from '../contributions.ts'
import { type Shap, shapInto } from './shap.ts'

/** What a forest says of one output, and why. */
export type ExplainedOutput = {
  /** What it says before looking at any feature. */
  readonly base: number
  /** The features' parts; those without one are left out. Largest magnitude first. */
  readonly contributions: readonly Contribution[]
}

/**
 * Exact SHAP values of one output's margin. Where `turn` makes something else of margins, all parts are stretched
 * alike until they and the base add up to that.
 */
export function explainOutput(
  shap: Shap,
  x: Float64Array,
  output: number,
  turn: (margin: number) => number,
): ExplainedOutput {
  const all = new Float64Array(shap.size)
  shapInto(shap, x, 0, all)
  const side = x.length + 1
  const parts = all.subarray(output * side, (output + 1) * side)
  const bias = parts[x.length]!
  const margin = parts.reduce((sum, part) => sum + part, 0)
  const [base, value] = [turn(bias), turn(margin)]
  const stretch = value === margin && base === bias ? 1 : margin === bias ? 0 : (value - base) / (margin - bias)
  const named = Array.from(parts.subarray(0, x.length), (part, feature) => ({ feature, amount: part * stretch }))
  return { base, contributions: sortByMagnitude(named.filter(({ amount }) => amount !== 0)) }
}
