import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkSums } from './check-sums.ts'
import { type Confusion, countScore, createConfusion, hitRate, passRate } from './confusion.ts'

/** Options of {@link GeometricMean}. */
export type GeometricMeanOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/**
 * The geometric mean of the shares of winners and of losers that were told right.
 *
 *     G = sqrt(hit rate * pass rate)
 *
 * Neglecting either label costs everything: always saying the same scores 0. O(1) time and memory. NaN until both labels
 * have been seen.
 *
 * @see M. Kubat, S. Matwin (1997), "Addressing the curse of imbalanced training sets", ICML
 *
 * @example
 * ```ts
 * const mean = new GeometricMean()
 * for (const y of [1, 1, 1, 0]) mean.update(y, 0.9)
 * mean.value // 0
 * ```
 */
export class GeometricMean implements Metric, Sized {
  static readonly type: string = 'geometric-mean'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: GeometricMeanOptions
  #state: Confusion = createConfusion()

  constructor({ threshold = 0.5 }: Partial<GeometricMeanOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    return Math.sqrt(hitRate(this.#state) * passRate(this.#state))
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    countScore(this.#state, this.options.threshold, y, prediction, weight)
  }

  toJSON(): Snapshot {
    return snapshot(GeometricMean, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): GeometricMean {
    const { options, state } = checkSnapshot(GeometricMean, json)
    const metric = new GeometricMean(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkSums(unpackState(state, metric.#state))
    return metric
  }
}
