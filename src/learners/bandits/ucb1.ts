import type { Sized, Snapshot } from '../../contracts.ts'
import { checkHalfLife, nonNegative, positive } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { count } from '../checks.ts'
import {
  type ArmStatistics,
  checkArm,
  checkArmStatistics,
  checkReward,
  createArmStatistics,
  learnArm,
} from './arm-statistics.ts'
import type { Bandit } from './bandit.ts'

/** Options of {@link UCB1}. */
export type UCB1Options = {
  /** Number of arms. */
  readonly arms: number
  /** What the bonus of a little known arm is multiplied by; 1 is the paper's. @defaultValue 1 */
  readonly exploration: number
  /** Rewards after which one counts half; Infinity is the paper's. @defaultValue Infinity */
  readonly halfLife: number
  /** Width of the range that rewards lie in, or `"measured"`: twice their own deviation. @defaultValue "measured" */
  readonly range: number | 'measured'
}

/**
 * Chooses the arm that could be the best: the mean reward so far plus a bonus for being little known.
 *
 *     mean_i + exploration × range × √(2 ln N / n_i)        N = Σ n
 *
 * Every arm is tried once at first. With a `halfLife` counts and means fade, so an arm that has not been tried for long
 * becomes worth a try again. Draws nothing at random: ties go to the arm tried less, then to the lower number. The
 * regret grows with the logarithm of time. A range that is too large explores too much: the bound assumes the worst
 * distribution within it.
 *
 * O(arms) time and memory.
 *
 * @see P. Auer, N. Cesa-Bianchi, P. Fischer (2002), "Finite-time analysis of the multiarmed bandit problem", ML 47
 * @see A. Garivier, E. Moulines (2011), "On upper-confidence bound policies for switching bandit problems", ALT
 *
 * @example
 * ```ts
 * const bandit = new UCB1({ arms: 3, halfLife: 500 })
 * const arm = bandit.choose()
 * bandit.update(arm, 0.4)
 * ```
 */
export class UCB1 implements Bandit, Sized {
  static readonly type: string = 'ucb1'
  static readonly version: number = 1

  readonly options: UCB1Options
  readonly #decay: number
  #state: ArmStatistics

  constructor({
    arms,
    exploration = 1,
    halfLife = Infinity,
    range = 'measured',
  }: Partial<UCB1Options> & Pick<UCB1Options, 'arms'>) {
    this.options = {
      arms: count('arms', arms),
      exploration: nonNegative('exploration', exploration),
      halfLife: checkHalfLife('halfLife', halfLife),
      range: range === 'measured' ? range : positive('range', range),
    }
    this.#decay = decayOf(halfLife)
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

  /** What an arm could bring at best; Infinity before it was tried. */
  boundOf(arm: number): number {
    const { exploration, range, arms } = this.options
    const { counts, means, variance } = this.#state
    checkArm(arm, arms)
    const n = counts[arm]!
    if (n === 0) return Infinity
    let all = 0
    for (let i = 0; i < counts.length; i++) all += counts[i]!
    // values within a range of width 1 deviate by at most half of it
    const width = range === 'measured' ? 2 * Math.sqrt(variance) : range
    // faded counts may add up to less than 1, whose logarithm is no number of tries
    return means[arm]! + exploration * width * Math.sqrt((2 * Math.log(Math.max(all, 1))) / n)
  }

  choose(): number {
    const { counts } = this.#state
    let best = 0
    let bound = this.boundOf(0)
    for (let arm = 1; arm < counts.length; arm++) {
      const other = this.boundOf(arm)
      if (other > bound || (other === bound && counts[arm]! < counts[best]!)) {
        best = arm
        bound = other
      }
    }
    return best
  }

  update(arm: number, reward: number): void {
    learnArm(this.#state, checkArm(arm, this.options.arms), checkReward(reward), this.#decay)
  }

  toJSON(): Snapshot {
    return snapshot(UCB1, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): UCB1 {
    const { options, state } = checkSnapshot(UCB1, json)
    // null stands for the range, which is a number or a word
    const template = { arms: 0, exploration: 0, halfLife: 0, range: null }
    const settings = unpackState(options, template, 'options') as unknown as UCB1Options
    const read = unpackState(state, createArmStatistics(0))
    checkArmStatistics(read, settings.arms)
    const bandit = new UCB1(settings)
    bandit.#state = read
    return bandit
  }
}
