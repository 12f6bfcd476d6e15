import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkShares } from './check-sums.ts'

/** Options of {@link Accuracy}. */
export type AccuracyOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/** Sums of weights. */
type State = { right: number; total: number }

/**
 * The share of predictions on the right side of the threshold.
 *
 *     accuracy = right / all
 *
 * O(1) time and memory. Read it beside the share of the commoner label: always saying "0" scores 0.55 where 55 % of
 * trades lose. NaN before the first observation.
 *
 * @example
 * ```ts
 * const accuracy = new Accuracy()
 * accuracy.update(1, 0.7)
 * accuracy.update(0, 0.6)
 * accuracy.value // 0.5
 * ```
 */
export class Accuracy implements Metric, Sized {
  static readonly type: string = 'accuracy'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: AccuracyOptions
  #state: State = { right: 0, total: 0 }

  constructor({ threshold = 0.5 }: Partial<AccuracyOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    return this.#state.total > 0 ? this.#state.right / this.#state.total : NaN
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    const s = this.#state
    s.total += counted
    if (prediction >= this.options.threshold === (y === 1)) s.right += counted
  }

  toJSON(): Snapshot {
    return snapshot(Accuracy, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): Accuracy {
    const { options, state } = checkSnapshot(Accuracy, json)
    const metric = new Accuracy(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkShares(unpackState(state, metric.#state), 'total')
    return metric
  }
}
