import { overlappingMean } from '../overlap.ts'
import { averageOf, type MeanValue, meanValue } from './mean-value.ts'
import { checkOptions, checkRows, type OffPolicyOptions, type OffPolicyRow, type TargetPolicy } from './rows.ts'
import { CONTRIBUTIONS, type Contribution, type Terms, termsOf } from './terms.ts'

/** Why an estimate was not made. */
export type Refusal = {
  /**
   * `NO_SUPPORT`: the policy would do what was never possible. `TOO_FEW`: too few rows resemble it. `NO_MODEL`: rows without
   * expectations. `OVERLAP`: the labels hardly fit side by side.
   */
  readonly code: 'NO_SUPPORT' | 'TOO_FEW' | 'NO_MODEL' | 'OVERLAP'
  readonly text: string
  /** Rows like these that it would take; Infinity where no number helps. */
  readonly needs: number
}

/** A policy's value per decision by one method: `value`, `low`, `high` and `error` are NaN where it was refused. */
export type ValueEstimate = MeanValue & { readonly refusal: Refusal | null }

/** What a policy would have been worth. */
export type OffPolicyValue = {
  readonly rows: number
  /** Kish's effective number of rows by their weights, and of those that fit side by side without overlap. */
  readonly effective: number
  readonly effectiveSpans: number
  /** Share of the policy's decisions that were not possible when the log was made. */
  readonly unsupported: number
  /** Largest weight. */
  readonly largestWeight: number
  /** Share of the weight that clipping cuts off. */
  readonly clipped: number
  /** What the model expects of it: as good as the model. */
  readonly direct: ValueEstimate
  /** Inverse propensity score: unbiased where propensities are right. */
  readonly ips: ValueEstimate
  /** Its self-normalised form: a little biased, steadier. */
  readonly snips: ValueEstimate
  /** The model, corrected by what was tried: unbiased where either is right. */
  readonly doublyRobust: ValueEstimate
  /** IPS and doubly robust with weights cut off at `clip`: biased towards 0 and towards the model, and steadier. */
  readonly clippedIps: ValueEstimate
  readonly clippedDoublyRobust: ValueEstimate
}

/**
 * What any policy would have been worth, from the log of another one.
 *
 * With rewards r of actions a that were taken with propensity e, probabilities π of the policy in question, weights
 * w = π(a) / e(a), and a model's expectations q,
 *
 *     direct          mean of Σ π q                        ips    mean of w r
 *     doubly robust   mean of Σ π q + w (r - q(a))         snips  Σ w r / Σ w
 *
 * Actions whose reward is known without trying (skipping pays nothing; candles tell what a trade would have returned)
 * are added as what they are, Σ π known, and only the others are weighted; `snips` is normalised within those. A policy
 * that differs from the log in known actions only is thus valued exactly.
 *
 * Intervals are normal ones whose errors count rows together while their labels overlap; `snips` has the error of its
 * linearisation. Heavy weights make them too sure, so an estimate that rests on fewer than `minEffective` effective rows is
 * refused with the number that it would take, and all weighted ones are where the policy gives weight to an action of
 * propensity 0, for which no amount of data is enough.
 *
 * O(rows (actions + log rows)).
 *
 * @see M. Dudík, D. Erhan, J. Langford, L. Li (2014), "Doubly robust policy evaluation and optimization", Statistical
 *   Science 29
 * @see A. Swaminathan, T. Joachims (2015), "The self-normalized estimator for counterfactual learning", NIPS
 *
 * @throws `NOT_ENOUGH_DATA` without rows, `INVALID_INPUT` for rows that cannot be, `INVALID_OPTION`
 *
 * @example
 * ```ts
 * const takeAll = () => [0, 1]
 * const { doublyRobust } = offPolicyValue(rows, takeAll)
 * if (doublyRobust.refusal === null) print(doublyRobust.value, doublyRobust.low, doublyRobust.high)
 * else print(doublyRobust.refusal.text) // needs 840 rows like these, has 300
 * ```
 */
export function offPolicyValue(
  rows: readonly OffPolicyRow[],
  target: TargetPolicy,
  options: Partial<OffPolicyOptions> = {},
): OffPolicyValue {
  const checked = checkOptions(options)
  const actions = checkRows(rows)
  const terms = termsOf(rows, target, actions)
  return estimate(rows, terms, checked)
}

function estimate(rows: readonly OffPolicyRow[], terms: Terms, options: OffPolicyOptions): OffPolicyValue {
  const { known, open, weights, rewards, expected } = terms
  const { clip, minEffective, coverage } = options
  const n = rows.length
  const times = Float64Array.from(rows, ({ time }) => time)
  const labelEnds = Float64Array.from(rows, ({ labelEnd }) => labelEnd)
  const { spans } = overlappingMean(weights, times, labelEnds)

  let total = 0
  let squares = 0
  let largestWeight = 0
  let cut = 0
  let hits = 0
  for (let i = 0; i < n; i++) {
    const w = weights[i]!
    total += w
    squares += w * w
    largestWeight = Math.max(largestWeight, w)
    cut += Math.max(0, w - clip)
    hits += w * rewards[i]!
  }
  const openShare = averageOf(open)
  // where everything is known there is nothing to weigh, and every row counts
  const effective = openShare === 0 ? n : squares > 0 ? (total / squares) * total : 0
  const effectiveSpans = (effective * spans) / n

  const judge = (needsModel: 'model' | 'none', needsWeights: 'weights' | 'none'): Refusal | null => {
    if (needsModel === 'model' && expected.some(Number.isNaN)) {
      return { code: 'NO_MODEL', text: 'Some rows have no expectations of what the policy would do.', needs: Infinity }
    }
    if (needsWeights === 'weights' && terms.unsupported > 0) {
      const share = `${(terms.unsupported * 100).toPrecision(2)} %`
      return { code: 'NO_SUPPORT', text: `${share} of its decisions were not possible in the log.`, needs: Infinity }
    }
    const have = needsWeights === 'weights' ? effectiveSpans : spans
    if (have >= minEffective) return null
    const needs = have > 0 ? Math.ceil((n * minEffective) / have) : Infinity
    const code = needsWeights === 'weights' && effective < minEffective ? 'TOO_FEW' : 'OVERLAP'
    const text = `${have.toFixed(1)} independent rows resemble it; ${minEffective} are wanted: needs ${needs} rows like these, has ${n}.`
    return { code, text, needs }
  }
  const value = (contribution: Contribution, refusal: Refusal | null): ValueEstimate =>
    refusal === null
      ? {
          ...meanValue(
            Float64Array.from(rows, (_, i) => contribution(terms, i, clip)),
            times,
            labelEnds,
            coverage,
          ),
          refusal,
        }
      : refused(refusal, coverage)
  const weighted = judge('none', 'weights')
  const robust = judge('model', 'weights')

  // the ratio's own linear part: how far each row moves it
  const ratio = total > 0 ? hits / total : 0
  const scale = total > 0 ? (openShare * n) / total : 0
  const normalised: Contribution = (_, i) => known[i]! + ratio * open[i]! + scale * weights[i]! * (rewards[i]! - ratio)

  return {
    rows: n,
    effective,
    effectiveSpans,
    unsupported: terms.unsupported,
    largestWeight,
    clipped: total > 0 ? cut / total : 0,
    direct: value(CONTRIBUTIONS.direct, judge('model', 'none')),
    ips: value(CONTRIBUTIONS.ips, weighted),
    snips: value(normalised, weighted),
    doublyRobust: value(CONTRIBUTIONS.doublyRobust, robust),
    clippedIps: value(CONTRIBUTIONS.clippedIps, weighted),
    clippedDoublyRobust: value(CONTRIBUTIONS.clippedDoublyRobust, robust),
  }
}

/** An estimate that was not made. */
export function refused(refusal: Refusal, coverage: number): ValueEstimate {
  return { value: NaN, low: NaN, high: NaN, coverage, error: NaN, refusal }
}
