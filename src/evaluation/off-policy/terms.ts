import { checkDistribution, type OffPolicyRow, type TargetPolicy } from './rows.ts'

/** What each row contributes. */
export type Terms = {
  /** Σ π known over known actions, and the probability of the others. */
  readonly known: Float64Array
  readonly open: Float64Array
  /** Weight of the action taken; 0 where it is known, and so needs none. */
  readonly weights: Float64Array
  readonly rewards: Float64Array
  /** Σ π q over the others, and q of the action taken; NaN where no model said anything. */
  readonly expected: Float64Array
  readonly own: Float64Array
  /** Σ π over actions that were neither known nor possible. */
  readonly unsupported: number
}

/** The parts of all estimates, row by row. @throws `INVALID_INPUT` for a policy that gives no probabilities */
export function termsOf(rows: readonly OffPolicyRow[], target: TargetPolicy, actions: number): Terms {
  const n = rows.length
  const [known, open, weights] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  const [rewards, expected, own] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  let unsupported = 0
  for (let i = 0; i < n; i++) {
    const row = rows[i]!
    const shares = checkDistribution(`target(rows[${i}])`, target(row, i), actions)
    for (let a = 0; a < actions; a++) {
      const share = shares[a]!
      const reward = row.known?.[a] ?? NaN
      if (!Number.isNaN(reward)) {
        known[i]! += share * reward
        continue
      }
      open[i]! += share
      if (share > 0 && row.propensities[a] === 0) unsupported += share
      expected[i]! += share * (share > 0 ? (row.expected?.[a] ?? NaN) : 0)
      if (a !== row.action) continue
      weights[i] = share / row.propensities[a]!
      rewards[i] = row.reward
      own[i] = share > 0 ? (row.expected?.[a] ?? NaN) : 0
    }
  }
  return { known, open, weights, rewards, expected, own, unsupported: unsupported / n }
}

/** What each row adds to the mean that is an estimate; `snips` is no mean. */
export type Contribution = (terms: Terms, i: number, clip: number) => number

export const CONTRIBUTIONS: {
  readonly [Method in 'direct' | 'ips' | 'doublyRobust' | 'clippedIps' | 'clippedDoublyRobust']: Contribution
} = {
  direct: ({ known, expected }, i) => known[i]! + expected[i]!,
  ips: ({ known, weights, rewards }, i) => known[i]! + weights[i]! * rewards[i]!,
  doublyRobust: ({ known, expected, weights, rewards, own }, i) =>
    known[i]! + expected[i]! + weights[i]! * (rewards[i]! - own[i]!),
  clippedIps: ({ known, weights, rewards }, i, clip) => known[i]! + Math.min(weights[i]!, clip) * rewards[i]!,
  clippedDoublyRobust: ({ known, expected, weights, rewards, own }, i, clip) =>
    known[i]! + expected[i]! + Math.min(weights[i]!, clip) * (rewards[i]! - own[i]!),
}
