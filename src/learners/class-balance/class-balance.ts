import type { Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { checkHalfLife, checkObservation, integer, positive } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkCount } from '../checks.ts'
import { lengthOf } from '../length-of.ts'
import { packMember, type Restore, restoreMember } from '../members.ts'
import { newestShare } from '../newest-share.ts'
import { sizeOf } from '../size.ts'
import { lendAbilities } from './lend-abilities.ts'
import { scaleOdds } from './odds.ts'
import { onlyBinary } from './only-binary.ts'

/** Options of {@link ClassBalance}. */
export type ClassBalanceOptions = {
  /** What learns from the balanced stream. */
  readonly learner: Learner
  /** Share of the total weight that the rarer class is to have, above 0 to ½. @defaultValue 0.5 */
  readonly share: number
  /** Observations after which one counts half in the estimate of how rare the class is. @defaultValue Infinity */
  readonly halfLife: number
  /** Most that an observation's weight is multiplied by. @defaultValue 100 */
  readonly maxWeight: number
}

type Settings = Omit<ClassBalanceOptions, 'learner'>
/** Faded sums over the observations of either class: of their weights, and of the weights that they were learned with. */
type Sums = { zeros: number; ones: number; learnedZeros: number; learnedOnes: number }
/** `held` counts the observations behind the sums. */
type State = { held: number } & Sums

/** One imagined observation of each class, as in `BaseRate`: before the first label neither is the rarer. */
const fresh = (): State => ({ held: 0, zeros: 1, ones: 1, learnedZeros: 1, learnedOnes: 1 })

/** Sums stay within these, so that ratios of ratios of them are numbers. */
const LEAST = 1e-70
const LARGEST = 1e70

/**
 * Lets a learner see both classes equally often, and still say true probabilities.
 *
 * A learner that is shown 2 winners in 100 needs long to find what makes them win. This one multiplies the weight of
 * the rarer class until it has `share` of the total, and lowers that of the other so that the total stays the same:
 *
 *     π = how rare it is so far        weight × share / π  and  weight × (1 - share) / (1 - π)
 *
 * What the learner then says is right for a balanced world. Its odds are multiplied back by the ratio of the classes as
 * they came over the ratio as they were learned, so that 2 % means 2 %:
 *
 *     odds = odds said × (ones / zeros) / (ones learned / zeros learned)
 *
 * O(1) beside the learner. Give `halfLife` about the learner's own memory, or the correction speaks of another past
 * than the learner. Use it for learners that take small steps (linear ones, trees that wait for weight); one that is
 * exact anyway (`BayesianLogisticRegression`) gains nothing. A threshold on the corrected probability is not ½ where
 * errors have different costs: see {@link CostWeighting}.
 *
 * It can `refit`, `forget` and `beginRefit` when its learner can.
 *
 * @see C. Elkan (2001), "The foundations of cost-sensitive learning", IJCAI, theorem 2
 *
 * @example
 * ```ts
 * const learner = new ClassBalance({ learner: new LogisticRegression({ features: 3 }) })
 * learner.learn(Float64Array.of(1, 2, 3), 0)
 * ```
 */
export class ClassBalance implements Learner, Sized {
  static readonly type: string = 'class-balance'
  static readonly version: number = 2

  readonly task: 'binary' = 'binary'
  readonly learner: Learner
  readonly options: Settings
  readonly #decay: number
  #state: State = fresh()

  constructor({
    learner,
    share = 0.5,
    halfLife = Infinity,
    maxWeight = 100,
  }: Partial<ClassBalanceOptions> & Pick<ClassBalanceOptions, 'learner'>) {
    onlyBinary(learner)
    if (!(share > 0 && share <= 0.5)) {
      throw new TradeLearnError('INVALID_OPTION', `"share" must be a number above 0 and up to 0.5, got ${share}.`)
    }
    this.learner = learner
    this.options = {
      share,
      halfLife: checkHalfLife('halfLife', halfLife),
      maxWeight: positive('maxWeight', maxWeight),
    }
    this.#decay = decayOf(halfLife)
    lendAbilities(this, learner, (keep) => this.#forget(integer('keep', keep, 0, 'INVALID_INPUT')))
  }

  get seen(): number {
    return this.learner.seen
  }

  /** Share of ones among the observations so far, faded by `halfLife`. */
  get baseRate(): number {
    const { zeros, ones } = this.#state
    return ones / (zeros + ones)
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state) + sizeOf(this.learner)
  }

  predict(x: Vector): number {
    const { zeros, ones, learnedZeros, learnedOnes } = this.#state
    return scaleOdds(this.learner.predict(x), (ones / zeros) * (learnedZeros / learnedOnes))
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, lengthOf(x), y, weight)
    const s = this.#state
    const scaled = Math.min(weight * this.#factorOf(y), Number.MAX_VALUE)
    // the learner may still refuse the length of x; a weight that rounds to 0 teaches nothing, as it would anyway
    this.learner.learn(x, y, scaled > 0 ? scaled : weight)
    const decay = this.#decay
    s.zeros = clamp(s.zeros * decay + (y === 0 ? weight : 0), LEAST, LARGEST)
    s.ones = clamp(s.ones * decay + (y === 1 ? weight : 0), LEAST, LARGEST)
    s.learnedZeros = clamp(s.learnedZeros * decay + (y === 0 ? scaled : 0), LEAST, LARGEST)
    s.learnedOnes = clamp(s.learnedOnes * decay + (y === 1 ? scaled : 0), LEAST, LARGEST)
    s.held++
  }

  toJSON(): Snapshot {
    return snapshot(ClassBalance, this.options, { ...this.#state, learner: packMember(this.learner) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): ClassBalance {
    const { version, options, state } = checkSnapshot(ClassBalance, json)
    const { learner: _, ...rest } = state
    const balance = new ClassBalance({
      ...unpackState(options, { share: 0, halfLife: 0, maxWeight: 0 }, 'options'),
      learner: restoreMember(state, 'learner', ClassBalance.type, restore),
    })
    // version 1 could not forget, and so did not count
    const own = version === 1 ? { ...rest, held: balance.learner.seen } : rest
    const { held, ...sums } = unpackState(own, fresh())
    checkCount('state.held', held)
    for (const [name, sum] of Object.entries(sums)) checkSum(name, sum)
    balance.#state = { held, ...sums }
    return balance
  }

  /** Shrinks the sums to those of the newest `keep` observations, so that as many more outweigh them. */
  #forget(keep: number): void {
    const s = this.#state
    const share = newestShare(keep, s.held, this.options.halfLife)
    s.zeros = shrink(s.zeros, share)
    s.ones = shrink(s.ones, share)
    s.learnedZeros = shrink(s.learnedZeros, share)
    s.learnedOnes = shrink(s.learnedOnes, share)
    s.held = Math.min(s.held, keep)
  }

  /** What the weight of a class is multiplied by. */
  #factorOf(y: number): number {
    const { share, maxWeight } = this.options
    const rate = this.baseRate
    const rarer = Math.min(rate, 1 - rate)
    // the class is not that rare
    if (rarer >= share) return 1
    const isRarer = rate < 0.5 === (y === 1)
    return Math.min(isRarer ? share / rarer : (1 - share) / (1 - rarer), maxWeight)
  }
}

/** A share of a sum; what is taken off comes back as the imagined observation. */
function shrink(sum: number, share: number): number {
  return clamp(share * sum + (1 - share), LEAST, LARGEST)
}

function checkSum(name: string, sum: number): void {
  if (sum >= LEAST && sum <= LARGEST) return
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"state.${name}" must lie from ${LEAST} to ${LARGEST}, got ${sum}.`)
}
