import { meanValue } from './mean-value.ts'
import { offPolicyValue, type Refusal, refused, type ValueEstimate } from './off-policy-value.ts'
import { checkOptions, type OffPolicyOptions, type OffPolicyRow, type TargetPolicy } from './rows.ts'
import { CONTRIBUTIONS, termsOf } from './terms.ts'

/** How much more one policy would have been worth than another, by each method. */
export type OffPolicyDifference = {
  readonly direct: ValueEstimate
  readonly ips: ValueEstimate
  readonly doublyRobust: ValueEstimate
}

/**
 * What the first policy would have been worth more than the second, per decision, on the same rows.
 *
 * Where both do the same a row says nothing about the difference, so its interval is far narrower than those of the two
 * values. Refused where either value is; see {@link offPolicyValue}.
 *
 * @example
 * ```ts
 * const { doublyRobust } = offPolicyDifference(rows, modelPolicy, takeAll)
 * const better = doublyRobust.low > 0
 * ```
 */
export function offPolicyDifference(
  rows: readonly OffPolicyRow[],
  first: TargetPolicy,
  second: TargetPolicy,
  options: Partial<OffPolicyOptions> = {},
): OffPolicyDifference {
  const { clip, coverage } = checkOptions(options)
  const values = [offPolicyValue(rows, first, options), offPolicyValue(rows, second, options)] as const
  const actions = rows[0]!.propensities.length
  const terms = [termsOf(rows, first, actions), termsOf(rows, second, actions)] as const
  const times = Float64Array.from(rows, ({ time }) => time)
  const labelEnds = Float64Array.from(rows, ({ labelEnd }) => labelEnd)
  const difference = (method: keyof OffPolicyDifference): ValueEstimate => {
    const refusal: Refusal | null = values[0][method].refusal ?? values[1][method].refusal
    if (refusal !== null) return refused(refusal, coverage)
    const contribution = CONTRIBUTIONS[method]
    const gaps = Float64Array.from(rows, (_, i) => contribution(terms[0], i, clip) - contribution(terms[1], i, clip))
    return { ...meanValue(gaps, times, labelEnds, coverage), refusal }
  }
  return { direct: difference('direct'), ips: difference('ips'), doublyRobust: difference('doublyRobust') }
}
