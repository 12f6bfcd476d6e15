import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkSums } from './check-sums.ts'
import { type Confusion, countScore, createConfusion, hitRate, passRate } from './confusion.ts'

/** Options of {@link BalancedAccuracy}. */
export type BalancedAccuracyOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/**
 * The mean of the shares of winners and of losers that were told right.
 *
 *     balanced accuracy = (hit rate + pass rate) / 2
 *
 * Always saying the commoner label scores 0.5 however common it is. O(1) time and memory. NaN until both labels have been
 * seen.
 *
 * @see K. H. Brodersen et al. (2010), "The balanced accuracy and its posterior distribution", ICPR
 *
 * @example
 * ```ts
 * const balanced = new BalancedAccuracy()
 * for (const y of [1, 1, 1, 0]) balanced.update(y, 0.9)
 * balanced.value // 0.5, where the accuracy is 0.75
 * ```
 */
export class BalancedAccuracy implements Metric, Sized {
  static readonly type: string = 'balanced-accuracy'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: BalancedAccuracyOptions
  #state: Confusion = createConfusion()

  constructor({ threshold = 0.5 }: Partial<BalancedAccuracyOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    return (hitRate(this.#state) + passRate(this.#state)) / 2
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    countScore(this.#state, this.options.threshold, y, prediction, weight)
  }

  toJSON(): Snapshot {
    return snapshot(BalancedAccuracy, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): BalancedAccuracy {
    const { options, state } = checkSnapshot(BalancedAccuracy, json)
    const metric = new BalancedAccuracy(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkSums(unpackState(state, metric.#state))
    return metric
  }
}
