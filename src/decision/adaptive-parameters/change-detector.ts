import { clamp } from '../../core/math.ts'

/**
 * Shares of what a unit of difference could lose that are bet on a candidate, from cautious to bold: the right one is
 * the mean difference over its mean square, which nobody knows beforehand.
 */
const BETS: readonly number[] = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8]
/** Evidence counts no further than this: far above any threshold, far below what a double holds. */
const LARGEST = 1e15

/**
 * Running evidence that each of several candidates is better than what is in use, as plain data.
 *
 * `capital` holds one row of bets a candidate; the other arrays one number a candidate.
 */
export type ChangeEvidence = {
  readonly capital: Float64Array
  /** Steps at which the candidate made a difference, since the evidence began. */
  readonly n: Float64Array
  /** Exponentially weighted mean and variance of those differences. */
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/** No evidence yet. */
export function createChangeEvidence(candidates: number): ChangeEvidence {
  return {
    capital: new Float64Array(candidates * BETS.length),
    n: new Float64Array(candidates),
    mean: new Float64Array(candidates),
    variance: new Float64Array(candidates),
  }
}

/** Forgets the evidence for the candidates from `from` to before `to`. */
export function forgetEvidence({ capital, n, mean, variance }: ChangeEvidence, from: number, to: number): void {
  capital.fill(0, from * BETS.length, to * BETS.length)
  for (const numbers of [n, mean, variance]) numbers.fill(0, from, to)
}

/**
 * Takes in by how much a candidate did better than what is in use, as a share of the most that it could have lost:
 * -1 or more. 0 is no evidence and changes nothing. O(1).
 *
 * Every bet starts anew with each difference and keeps what it has won, the Shiryaev-Roberts recursion of an e-detector:
 *
 *     capital <- (capital + 1)(1 + share difference)
 *
 * While the candidate is no better on average, given what was known before, a bet gains 1 a step at most. So the mean
 * number of steps until the bets' average passes a threshold A is at least A, whatever the distribution; and no window
 * has to be chosen, for a change that comes late is found as soon as one that was there from the start.
 *
 * @see J. Shin, A. Ramdas, A. Rinaldo (2023), "E-detectors: a nonparametric framework for sequential change detection",
 *   arXiv 2203.03532
 */
export function addDifference(evidence: ChangeEvidence, candidate: number, difference: number, decay: number): void {
  if (difference === 0) return
  const { capital, n, mean, variance } = evidence
  const x = clamp(difference, -1, 1)
  const first = candidate * BETS.length
  for (let b = 0; b < BETS.length; b++) {
    capital[first + b] = Math.min((capital[first + b]! + 1) * (1 + BETS[b]! * x), LARGEST)
  }
  // the weights of the past, in units of the newest
  n[candidate]! += 1
  const share = (1 - decay) / (1 - Math.exp(n[candidate]! * Math.log(decay)))
  const delta = x - mean[candidate]!
  mean[candidate]! += share * delta
  variance[candidate] = (1 - share) * (variance[candidate]! + share * delta * delta)
}

/** The evidence for a candidate: what its bets are worth on average. */
export function capitalOf({ capital }: ChangeEvidence, candidate: number): number {
  const first = candidate * BETS.length
  let sum = 0
  for (let b = 0; b < BETS.length; b++) sum += capital[first + b]!
  return sum / BETS.length
}

/** Standard error of a candidate's mean difference under exponential weights; NaN below two differences. */
export function errorOf({ n, variance }: ChangeEvidence, candidate: number, decay: number): number {
  const steps = n[candidate]!
  if (steps < 2) return NaN
  const left = Math.exp(steps * Math.log(decay))
  // Kish's effective number: the square of the weights' sum over the sum of their squares
  const effective = ((1 - left) * (1 + decay)) / ((1 + left) * (1 - decay))
  return Math.sqrt(variance[candidate]! / (effective - 1))
}

/** Whether `evidence` can have come from differences. */
export function isEvidence({ capital, n, mean, variance }: ChangeEvidence): boolean {
  return (
    capital.every((value) => value >= 0 && value <= LARGEST) &&
    n.every((value) => Number.isSafeInteger(value) && value >= 0) &&
    mean.every((value) => value >= -1 && value <= 1) &&
    variance.every((value) => value >= 0 && value <= 1)
  )
}
