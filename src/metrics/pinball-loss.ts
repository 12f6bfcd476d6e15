import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { openFraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue, checkWeight, LARGEST_VALUE } from './check-score.ts'
import { addLoss, checkLosses, createLosses, type Losses, meanLoss } from './losses.ts'

/** Options of {@link PinballLoss}. */
export type PinballLossOptions = {
  /** The quantile that is predicted ("alpha"), between 0 and 1. @defaultValue 0.5 */
  readonly quantile: number
}

/**
 * How well a quantile is predicted: the loss that only the true one minimises, in the unit of y.
 *
 *     loss = mean of (quantile if y is above the prediction, else quantile - 1) (y - prediction)
 *
 * At 0.5 it is half the mean absolute error. O(1) time and memory. NaN before the first observation.
 *
 * @see R. Koenker, G. Bassett (1978), "Regression quantiles", Econometrica 46
 *
 * @example
 * ```ts
 * const loss = new PinballLoss({ quantile: 0.05 })
 * loss.update(-0.01, -0.03)
 * loss.value // 0.001
 * ```
 */
export class PinballLoss implements Metric, Sized {
  static readonly type: string = 'pinball-loss'
  static readonly version: number = 1

  readonly better = 'lower'
  readonly options: PinballLossOptions
  #state: Losses = createLosses()

  constructor({ quantile = 0.5 }: Partial<PinballLossOptions> = {}) {
    this.options = { quantile: openFraction('quantile', quantile) }
  }

  get value(): number {
    return meanLoss(this.#state)
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const { quantile } = this.options
    const error = checkValue('y', y) - checkValue('prediction', prediction)
    addLoss(this.#state, Math.max(quantile * error, (quantile - 1) * error), checkWeight(weight))
  }

  toJSON(): Snapshot {
    return snapshot(PinballLoss, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PinballLoss {
    const { options, state } = checkSnapshot(PinballLoss, json)
    const metric = new PinballLoss(unpackState(options, { quantile: 0 }, 'options'))
    metric.#state = checkLosses(unpackState(state, metric.#state), 2 * LARGEST_VALUE)
    return metric
  }
}
