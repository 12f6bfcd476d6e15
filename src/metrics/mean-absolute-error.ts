import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue, checkWeight, LARGEST_VALUE } from './check-score.ts'
import { addLoss, checkLosses, createLosses, type Losses, meanLoss } from './losses.ts'

/**
 * How far predicted values are from what came, on average, in the unit of y.
 *
 *     MAE = mean of |y - prediction|
 *
 * Smallest for the median, so that a few wild returns do not decide it. O(1) time and memory. NaN before the first
 * observation.
 *
 * @example
 * ```ts
 * const error = new MeanAbsoluteError()
 * error.update(0.02, 0.005)
 * error.value // 0.015
 * ```
 */
export class MeanAbsoluteError implements Metric, Sized {
  static readonly type: string = 'mean-absolute-error'
  static readonly version: number = 1

  readonly better = 'lower'
  #state: Losses = createLosses()

  get value(): number {
    return meanLoss(this.#state)
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const error = checkValue('y', y) - checkValue('prediction', prediction)
    addLoss(this.#state, Math.abs(error), checkWeight(weight))
  }

  toJSON(): Snapshot {
    return snapshot(MeanAbsoluteError, {}, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MeanAbsoluteError {
    const metric = new MeanAbsoluteError()
    metric.#state = checkLosses(
      unpackState(checkSnapshot(MeanAbsoluteError, json).state, metric.#state),
      2 * LARGEST_VALUE,
    )
    return metric
  }
}
