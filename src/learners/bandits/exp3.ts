import type { Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, finite, fraction, openFraction, text } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { SeededRng } from '../../core/rng.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkCount, count } from '../checks.ts'
import { packMember } from '../members.ts'
import { checkArm } from './arm-statistics.ts'
import type { Bandit } from './bandit.ts'

/** Options of {@link Exp3}. */
export type Exp3Options = {
  /** Number of arms. */
  readonly arms: number
  /** Share γ of choices that are purely random. @defaultValue 0.1 */
  readonly exploration: number
  /** Rewards after which the log weights have halved. @defaultValue Infinity */
  readonly halfLife: number
  /** Reward that counts as 0; lower ones do too. @defaultValue 0 */
  readonly lowest: number
  /** Reward that counts as 1; higher ones do too. @defaultValue 1 */
  readonly highest: number
  /** Seed of the draws. @defaultValue "exp3" */
  readonly seed: string
}

type State = { seen: number; logWeights: Float64Array }

/**
 * Chooses well against any sequence of rewards, even one that an adversary has thought up.
 *
 * Each arm has a weight; the reward of the chosen one counts as many times as it was unlikely to be chosen:
 *
 *     p_i = (1 - γ) w_i / Σ w + γ / K        w_i <- w_i e^(γ r / (p_i K))
 *
 * With γ = √(K ln K / ((e - 1) T)) the expected regret to the best arm in T choices is at most 2.63 √(T K ln K). Where
 * rewards are independent draws, `ThompsonSampling` and `UCB1` lose far less. With a `halfLife` the weights fade back
 * to equal ones, so that it follows a best arm that changes.
 *
 * O(arms) time and memory.
 *
 * @see P. Auer, N. Cesa-Bianchi, Y. Freund, R. E. Schapire (2002), "The nonstochastic multiarmed bandit problem",
 *   SIAM J. Comput. 32
 *
 * @example
 * ```ts
 * const bandit = new Exp3({ arms: 2, lowest: -0.01, highest: 0.01 })
 * const arm = bandit.choose()
 * const chance = bandit.probabilityOf(arm) // to be kept where the reward comes late
 * bandit.update(arm, 0.004, undefined, chance)
 * ```
 */
export class Exp3 implements Bandit, Sized {
  static readonly type: string = 'exp3'
  static readonly version: number = 1

  readonly options: Exp3Options
  readonly #decay: number
  #rng: SeededRng
  #state: State

  constructor({
    arms,
    exploration = 0.1,
    halfLife = Infinity,
    lowest = 0,
    highest = 1,
    seed = 'exp3',
  }: Partial<Exp3Options> & Pick<Exp3Options, 'arms'>) {
    this.options = {
      arms: count('arms', arms),
      exploration: openFraction('exploration', exploration),
      halfLife: checkHalfLife('halfLife', halfLife),
      lowest: finite('lowest', lowest),
      highest: finite('highest', highest),
      seed: text('seed', seed),
    }
    if (!(highest > lowest && highest - lowest < Infinity)) {
      throw new TradeLearnError('INVALID_OPTION', `"highest" must be above ${lowest}, got ${highest}.`)
    }
    this.#decay = decayOf(halfLife)
    this.#rng = new SeededRng(seed)
    this.#state = { seen: 0, logWeights: new Float64Array(arms) }
  }

  get arms(): number {
    return this.options.arms
  }

  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    return 8 + this.#state.logWeights.byteLength
  }

  /** How likely the arm is to be chosen now. */
  probabilityOf(arm: number): number {
    return this.#shareOf(checkArm(arm, this.options.arms), this.#sumOfWeights())
  }

  choose(): number {
    const { arms } = this.options
    const sum = this.#sumOfWeights()
    let rest = this.#rng.next()
    for (let arm = 0; arm < arms - 1; arm++) {
      rest -= this.#shareOf(arm, sum)
      if (rest < 0) return arm
    }
    return arms - 1
  }

  /** `probability` is that of the choice at the time; by default the present one. */
  update(arm: number, reward: number, _context?: Vector, probability: number = this.probabilityOf(arm)): void {
    const { arms, exploration, lowest, highest } = this.options
    checkArm(arm, arms)
    finite('reward', reward, 'INVALID_INPUT')
    if (!(fraction('probability', probability, 'INVALID_INPUT') > 0)) {
      throw new TradeLearnError('INVALID_INPUT', `"probability" must be above 0, got ${show(probability)}.`)
    }
    const s = this.#state
    const { logWeights } = s
    const scaled = Math.max(Math.min((reward - lowest) / (highest - lowest), 1), 0)
    // no choice was ever less likely than this
    const likely = Math.max(probability, exploration / arms)
    for (let i = 0; i < arms; i++) logWeights[i]! *= this.#decay
    logWeights[arm]! += (exploration * scaled) / (likely * arms)
    let top = -Infinity
    for (let i = 0; i < arms; i++) top = Math.max(top, logWeights[i]!)
    for (let i = 0; i < arms; i++) logWeights[i]! -= top
    s.seen++
  }

  toJSON(): Snapshot {
    return snapshot(Exp3, this.options, { ...this.#state, rng: packMember(this.#rng) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): Exp3 {
    const { options, state } = checkSnapshot(Exp3, json)
    const { rng: _, ...own } = state
    const settings = unpackState(options, { ...new Exp3({ arms: 1 }).options }, 'options')
    const read = unpackState<State>(own, { seen: 0, logWeights: new Float64Array(0) })
    checkCount('state.seen', read.seen)
    const sane = read.logWeights.every((w) => w <= 0 && w > -Infinity) && read.logWeights.includes(0)
    if (read.logWeights.length !== settings.arms || !sane) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"state.logWeights" must be ${settings.arms} numbers of which the largest is 0, got others.`,
      )
    }
    const bandit = new Exp3(settings)
    bandit.#state = read
    bandit.#rng = SeededRng.fromJSON(nested(state, 'rng', Exp3.type))
    return bandit
  }

  #shareOf(arm: number, sum: number): number {
    const { arms, exploration } = this.options
    return ((1 - exploration) * Math.exp(this.#state.logWeights[arm]!)) / sum + exploration / arms
  }

  /** At least 1, as the largest log weight is always 0. */
  #sumOfWeights(): number {
    const { logWeights } = this.#state
    let sum = 0
    for (let i = 0; i < logWeights.length; i++) sum += Math.exp(logWeights[i]!)
    return sum
  }
}
