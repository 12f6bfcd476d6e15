import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { addMoment, createMoments, type Moments } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkMoments } from './check-sums.ts'

/**
 * The mean squared distance between probabilities and outcomes.
 *
 *     Brier = mean of (p - y)²
 *
 * A proper score like the log loss, but bounded: 0 is clairvoyance, 0.25 a coin, b (1 - b) the base rate b. O(1) time
 * and memory. NaN before the first observation.
 *
 * @see G. W. Brier (1950), "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78
 *
 * @example
 * ```ts
 * const brier = new Brier()
 * brier.update(1, 0.8)
 * brier.value // 0.04
 * ```
 */
export class Brier implements Metric, Sized {
  static readonly type: string = 'brier'
  static readonly version: number = 1

  readonly better = 'lower'
  #state: Moments = createMoments()

  get value(): number {
    return this.#state.n > 0 ? this.#state.mean : NaN
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    addMoment(this.#state, (prediction - y) * (prediction - y), counted)
  }

  toJSON(): Snapshot {
    return snapshot(Brier, {}, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): Brier {
    const metric = new Brier()
    metric.#state = checkMoments(unpackState(checkSnapshot(Brier, json).state, metric.#state), 0, 1)
    return metric
  }
}
