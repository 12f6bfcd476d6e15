import type { Sized, Snapshot } from '../../contracts.ts'
import { checkHalfLife, fraction, oneOf, text } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { drawNormal } from '../../core/draw.ts'
import { SeededRng } from '../../core/rng.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { count } from '../checks.ts'
import { packMember } from '../members.ts'
import {
  type ArmStatistics,
  checkArm,
  checkArmStatistics,
  checkReward,
  createArmStatistics,
  learnArm,
} from './arm-statistics.ts'
import type { Bandit } from './bandit.ts'
import { drawBeta } from './draw-beta.ts'

/** Options of {@link ThompsonSampling}. */
export type ThompsonSamplingOptions = {
  /** Number of arms. */
  readonly arms: number
  /** What rewards are: `"binary"` 0 or 1, or shares of a success between; `"number"` anything. @defaultValue "binary" */
  readonly reward: 'binary' | 'number'
  /** Rewards after which one counts half. @defaultValue Infinity */
  readonly halfLife: number
  /** Seed of the draws. @defaultValue "thompson" */
  readonly seed: string
}

/**
 * Chooses each arm as often as it is likely to be the best one.
 *
 * A mean reward is drawn for every arm from what is believed of it, and the highest draw wins:
 *
 *     binary:  Beta(1 + successes, 1 + failures)
 *     number:  Normal((Σ reward + m) / (n + 1), s² / (n + 1))        m, s² = mean and variance of all rewards
 *
 * The one imagined reward of an unknown arm is an average one, so neither a unit nor a level of the rewards matters.
 * With a
 * `halfLife` beliefs fade back to those of an unknown arm. It usually loses less than `UCB1`, and stands late rewards better,
 * because it does not choose the same arm until they come.
 *
 * O(arms) time and memory.
 *
 * @see W. R. Thompson (1933), "On the likelihood that one unknown probability exceeds another", Biometrika 25
 * @see S. Agrawal, N. Goyal (2013), "Further optimal regret bounds for Thompson sampling", AISTATS
 *
 * @example
 * ```ts
 * const bandit = new ThompsonSampling({ arms: 3, seed: 'strategies' })
 * const arm = bandit.choose()
 * bandit.update(arm, 1)
 * ```
 */
export class ThompsonSampling implements Bandit, Sized {
  static readonly type: string = 'thompson-sampling'
  static readonly version: number = 1

  readonly options: ThompsonSamplingOptions
  readonly #decay: number
  #rng: SeededRng
  #state: ArmStatistics

  constructor({
    arms,
    reward = 'binary',
    halfLife = Infinity,
    seed = 'thompson',
  }: Partial<ThompsonSamplingOptions> & Pick<ThompsonSamplingOptions, 'arms'>) {
    this.options = {
      arms: count('arms', arms),
      reward: oneOf('reward', reward, ['binary', 'number']),
      halfLife: checkHalfLife('halfLife', halfLife),
      seed: text('seed', seed),
    }
    this.#decay = decayOf(halfLife)
    this.#rng = new SeededRng(seed)
    this.#state = createArmStatistics(arms)
  }

  get arms(): number {
    return this.options.arms
  }

  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    return 4 * 8 + this.#state.counts.byteLength + this.#state.means.byteLength
  }

  choose(): number {
    let best = 0
    let highest = -Infinity
    for (let arm = 0; arm < this.options.arms; arm++) {
      const draw = this.#drawMean(arm)
      if (draw > highest) {
        best = arm
        highest = draw
      }
    }
    return best
  }

  update(arm: number, reward: number): void {
    checkArm(arm, this.options.arms)
    const checked = this.options.reward === 'binary' ? fraction('reward', reward, 'INVALID_INPUT') : checkReward(reward)
    learnArm(this.#state, arm, checked, this.#decay)
  }

  toJSON(): Snapshot {
    return snapshot(ThompsonSampling, this.options, { ...this.#state, rng: packMember(this.#rng) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ThompsonSampling {
    const { options, state } = checkSnapshot(ThompsonSampling, json)
    const { rng: _, ...own } = state
    const settings = unpackState(options, { ...new ThompsonSampling({ arms: 1 }).options }, 'options')
    const read = unpackState(own, createArmStatistics(0))
    checkArmStatistics(read, settings.arms)
    const bandit = new ThompsonSampling(settings)
    bandit.#state = read
    bandit.#rng = SeededRng.fromJSON(nested(state, 'rng', ThompsonSampling.type))
    return bandit
  }

  #drawMean(arm: number): number {
    const { counts, means, mean, variance } = this.#state
    const n = counts[arm]!
    if (this.options.reward === 'binary') {
      const successes = n * Math.min(Math.max(means[arm]!, 0), 1)
      return drawBeta(this.#rng, 1 + successes, 1 + Math.max(n - successes, 0))
    }
    // rewards that never differed say nothing about their unit: any will do to choose at random
    const s = variance > 0 ? Math.sqrt(variance) : 1
    return (n * means[arm]! + mean) / (n + 1) + (s * drawNormal(this.#rng)) / Math.sqrt(n + 1)
  }
}
