import type { Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, positive } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { lengthOf } from '../length-of.ts'
import { packMember, type Restore, restoreMember } from '../members.ts'
import { sizeOf } from '../size.ts'
import { lendAbilities } from './lend-abilities.ts'
import { scaleOdds } from './odds.ts'
import { onlyBinary } from './only-binary.ts'

/** Options of {@link CostWeighting}. */
export type CostWeightingOptions = {
  /** What learns from the weighted stream. */
  readonly learner: Learner
  /** Cost of acting on what turns out a zero, in any unit: a losing trade that was taken. @defaultValue 1 */
  readonly falsePositive: number
  /** Cost of not acting on what turns out a one, in the same unit: a winning trade that was missed. @defaultValue 1 */
  readonly falseNegative: number
}

/**
 * Makes a learner try hardest where its errors are dearest, and still say true probabilities.
 *
 * To act is right when the expected cost of acting is the smaller one:
 *
 *     (1 - p) falsePositive < p falseNegative        so act where p > falsePositive / (falsePositive + falseNegative)
 *
 * That is Bayes' `threshold`; with equal costs it is ½. A true probability is all that it needs. But a learner of
 * limited means (few leaves, a straight line) cannot be right everywhere, and one that is taught with the costs as
 * weights is most right near the threshold. So zeros are learned with `falsePositive` and ones with `falseNegative`
 * times their weight, relative to the mean of both, which moves the threshold to ½ for the learner; its odds are then
 * divided by their ratio.
 *
 * O(1) beside the learner. It can `refit` and `forget` when its learner can. Compare p with {@link threshold}, not with
 * ½.
 *
 * @see C. Elkan (2001), "The foundations of cost-sensitive learning", IJCAI
 *
 * @example
 * ```ts
 * // a loser costs three times what a missed winner would have brought
 * const learner = new CostWeighting({ learner: new LogisticRegression({ features: 2 }), falsePositive: 3 })
 * learner.threshold // 0.75
 * const take = learner.predict(Float64Array.of(1, 2)) > learner.threshold
 * ```
 */
export class CostWeighting implements Learner, Sized {
  static readonly type: string = 'cost-weighting'
  static readonly version: number = 1

  readonly task: 'binary' = 'binary'
  readonly learner: Learner
  readonly options: Omit<CostWeightingOptions, 'learner'>
  /** Probability above which acting is the cheaper error to risk. */
  readonly threshold: number

  constructor({
    learner,
    falsePositive = 1,
    falseNegative = 1,
  }: Partial<CostWeightingOptions> & Pick<CostWeightingOptions, 'learner'>) {
    onlyBinary(learner)
    this.learner = learner
    this.options = {
      falsePositive: positive('falsePositive', falsePositive),
      falseNegative: positive('falseNegative', falseNegative),
    }
    // as ratios, because the sum of two costs may overflow
    this.threshold = 1 / (1 + falseNegative / falsePositive)
    // it keeps nothing of its own
    lendAbilities(this, learner, () => {})
  }

  get seen(): number {
    return this.learner.seen
  }

  get sizeInBytes(): number {
    return sizeOf(this.learner)
  }

  predict(x: Vector): number {
    const { falsePositive, falseNegative } = this.options
    return scaleOdds(this.learner.predict(x), falsePositive / falseNegative)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, lengthOf(x), y, weight)
    const factor = 2 * (y === 1 ? 1 - this.threshold : this.threshold)
    const scaled = Math.min(weight * factor, Number.MAX_VALUE)
    // a weight that rounds to 0 would be refused
    this.learner.learn(x, y, scaled > 0 ? scaled : Number.MIN_VALUE)
  }

  toJSON(): Snapshot {
    return snapshot(CostWeighting, this.options, { learner: packMember(this.learner) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): CostWeighting {
    const { options, state } = checkSnapshot(CostWeighting, json)
    return new CostWeighting({
      ...unpackState(options, { falsePositive: 0, falseNegative: 0 }, 'options'),
      learner: restoreMember(state, 'learner', CostWeighting.type, restore),
    })
  }
}
