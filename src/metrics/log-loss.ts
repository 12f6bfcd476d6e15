import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { logLossOf } from '../core/math.ts'
import { addMoment, createMoments, type Moments } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkMoments } from './check-sums.ts'

/** Loss of a probability that is 1e-15 away from the truth, in nats; a little more for the last bits. */
const LARGEST_LOSS = 34.6

/**
 * The mean surprise at what happened, in nats.
 *
 *     log loss = mean of -ln p(what happened)
 *
 * A proper score: only honest probabilities minimise it, and one confident mistake costs much (probabilities are kept
 * 1e-15 away from 0 and 1, so at most 34.5). A coin scores ln 2 = 0.693; a base rate b scores its entropy. O(1) time
 * and memory. NaN before the first observation.
 *
 * @example
 * ```ts
 * const loss = new LogLoss()
 * loss.update(1, 0.5)
 * loss.value // 0.693...
 * ```
 */
export class LogLoss implements Metric, Sized {
  static readonly type: string = 'log-loss'
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
    addMoment(this.#state, logLossOf(y, prediction), counted)
  }

  toJSON(): Snapshot {
    return snapshot(LogLoss, {}, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): LogLoss {
    const metric = new LogLoss()
    metric.#state = checkMoments(unpackState(checkSnapshot(LogLoss, json).state, metric.#state), 0, LARGEST_LOSS)
    return metric
  }
}
