import { finite } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkAmount, checkAmounts, checkCount, checkNumber, checkNumbers } from '../checks.ts'

/** What is known of the arms: rewards counted and averaged, the past fading, and of all rewards together. */
export type ArmStatistics = {
  seen: number
  readonly counts: Float64Array
  readonly means: Float64Array
  total: number
  mean: number
  variance: number
}

/** Rewards beyond count as this large, so that their squares stay finite. */
export const LARGEST_REWARD = 1e100
/** Counts fade no further, so that ratios of them stay finite. */
const LEAST_COUNT = 1e-100

/** No rewards yet. */
export function createArmStatistics(arms: number): ArmStatistics {
  return { seen: 0, counts: new Float64Array(arms), means: new Float64Array(arms), total: 0, mean: 0, variance: 0 }
}

/** Passes the number of an arm, else throws. */
export function checkArm(arm: number, arms: number): number {
  if (Number.isSafeInteger(arm) && arm >= 0 && arm < arms) return arm
  throw new TradeLearnError('INVALID_INPUT', `"arm" must be a whole number from 0 to ${arms - 1}, got ${show(arm)}.`)
}

/** Passes a finite reward, cut to ±1e100; else throws. */
export function checkReward(reward: number): number {
  return Math.max(Math.min(finite('reward', reward, 'INVALID_INPUT'), LARGEST_REWARD), -LARGEST_REWARD)
}

/** Takes in one reward; all counts fade first. O(arms). */
export function learnArm(s: ArmStatistics, arm: number, reward: number, decay: number): void {
  const { counts, means } = s
  if (decay < 1) {
    for (let i = 0; i < counts.length; i++) {
      if (counts[i]! > 0) counts[i] = Math.max(counts[i]! * decay, LEAST_COUNT)
    }
  }
  counts[arm]! += 1
  means[arm]! += (reward - means[arm]!) / counts[arm]!
  s.total = s.total * decay + 1
  const share = 1 / s.total
  const delta = reward - s.mean
  s.mean += share * delta
  s.variance = (1 - share) * (s.variance + share * delta * delta)
  s.seen++
}

/** Throws unless the numbers read from a snapshot can be statistics of that many arms. */
export function checkArmStatistics(s: ArmStatistics, arms: number): void {
  const { seen, counts, means, total, mean, variance } = s
  checkCount('state.seen', seen)
  checkAmounts('state.counts', counts, arms, seen)
  checkAmount('state.total', total, seen)
  // a little more than rewards can be, for the last bits
  checkNumbers('state.means', means, arms, 2 * LARGEST_REWARD)
  checkNumber('state.mean', mean, 2 * LARGEST_REWARD)
  checkAmount('state.variance', variance, 2 * LARGEST_REWARD * LARGEST_REWARD)
}
