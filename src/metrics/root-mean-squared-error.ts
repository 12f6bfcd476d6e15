import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue, checkWeight, LARGEST_VALUE } from './check-score.ts'
import { addLoss, checkLosses, createLosses, type Losses, meanLoss } from './losses.ts'

/**
 * How far predicted values are from what came, large misses counting more than in proportion, in the unit of y.
 *
 *     RMSE = root of the mean of (y - prediction)²
 *
 * Smallest for the mean; of returns with fat tails it is mostly about the few largest. O(1) time and memory. NaN before the
 * first observation.
 *
 * @example
 * ```ts
 * const error = new RootMeanSquaredError()
 * error.update(0.02, 0.005)
 * error.value // 0.015
 * ```
 */
export class RootMeanSquaredError implements Metric, Sized {
  static readonly type: string = 'root-mean-squared-error'
  static readonly version: number = 1

  readonly better = 'lower'
  #state: Losses = createLosses()

  get value(): number {
    return Math.sqrt(meanLoss(this.#state))
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const error = checkValue('y', y) - checkValue('prediction', prediction)
    addLoss(this.#state, error * error, checkWeight(weight))
  }

  toJSON(): Snapshot {
    return snapshot(RootMeanSquaredError, {}, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RootMeanSquaredError {
    const metric = new RootMeanSquaredError()
    metric.#state = checkLosses(
      unpackState(checkSnapshot(RootMeanSquaredError, json).state, metric.#state),
      4 * LARGEST_VALUE * LARGEST_VALUE,
    )
    return metric
  }
}
