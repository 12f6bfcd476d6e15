import type { Vector } from '../../contracts.ts'
import { finite } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkArm } from './arm-statistics.ts'
import type { Bandit } from './bandit.ts'

/** A choice that was made at random in the past, and what came of it. */
export type LoggedChoice = {
  readonly arm: number
  readonly reward: number
  readonly context?: Vector
  /** How likely the choice was; leave it out where all arms were equally likely. */
  readonly probability?: number
}

/** What a bandit would have earned. */
export type LogReplay = {
  /** Estimated mean reward; NaN where no choice agreed. */
  readonly meanReward: number
  /** Choices that agreed with the log. */
  readonly matched: number
  /** Choices in the log. */
  readonly total: number
}

/**
 * Estimates what a bandit would have earned, from a log of choices that were made at random.
 *
 * The bandit is asked in each logged situation. Where it chooses what was chosen then, the reward counts and teaches
 * it; all else is skipped, as nobody knows what it would have brought. That is an unbiased picture of a run of
 * `matched` choices where the log's were equally likely; where not, each is weighted by 1 / probability. A log in which
 * an arm was chosen for a reason (by a strategy, say) says nothing of the sort, whatever comes out. The bandit learns.
 *
 * @see L. Li, W. Chu, J. Langford, X. Wang (2011), "Unbiased offline evaluation of contextual-bandit-based news article
 *   recommendation algorithms", WSDM
 *
 * @example
 * ```ts
 * const { meanReward } = replayLog(new UCB1({ arms: 2 }), [{ arm: 0, reward: 1 }, { arm: 1, reward: 0 }])
 * ```
 */
export function replayLog(bandit: Bandit, log: Iterable<LoggedChoice>): LogReplay {
  let [total, matched, weights, earned] = [0, 0, 0, 0]
  for (const { arm, reward, context, probability = 1 / bandit.arms } of log) {
    if (!(probability > 0 && probability <= 1)) {
      throw new TradeLearnError('INVALID_INPUT', `"probability" must be above 0 and up to 1, got ${probability}.`)
    }
    checkArm(arm, bandit.arms)
    finite('reward', reward, 'INVALID_INPUT')
    total++
    if (bandit.choose(context) !== arm) continue
    bandit.update(arm, reward, context)
    matched++
    weights += 1 / probability
    earned += reward / probability
  }
  return { meanReward: earned / weights, matched, total }
}
