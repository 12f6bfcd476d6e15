import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkSums } from './check-sums.ts'
import { type Confusion, countScore, createConfusion } from './confusion.ts'

/** Options of {@link CohenKappa}. */
export type CohenKappaOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/**
 * How far the accuracy is above that of calls drawn blindly, with the same shares of 1s and 0s.
 *
 *     kappa = (accuracy - chance) / (1 - chance)
 *     chance = P(called 1) P(was 1) + P(called 0) P(was 0)
 *
 * 1 for perfect calls, 0 for calls that have nothing to do with the labels. O(1) time and memory. NaN until both labels
 * have been seen or called. It forgives what a base rate gives for nothing, but not what repeating the last label gives:
 * for that see {@link KappaTemporal}.
 *
 * @see J. Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
 *
 * @example
 * ```ts
 * const kappa = new CohenKappa()
 * for (const y of [1, 1, 1, 0]) kappa.update(y, 0.9)
 * kappa.value // 0, where the accuracy is 0.75
 * ```
 */
export class CohenKappa implements Metric, Sized {
  static readonly type: string = 'cohen-kappa'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: CohenKappaOptions
  #state: Confusion = createConfusion()

  constructor({ threshold = 0.5 }: Partial<CohenKappaOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    const { hits, falseAlarms, misses, passes } = this.#state
    const total = hits + falseAlarms + misses + passes
    const [h, f, m, p] = [hits / total, falseAlarms / total, misses / total, passes / total]
    // the formula above without its differences from 1, which lose digits where one cell holds nearly all
    return (2 * (h * p - m * f)) / ((h + f) * (f + p) + (h + m) * (m + p))
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    countScore(this.#state, this.options.threshold, y, prediction, weight)
  }

  toJSON(): Snapshot {
    return snapshot(CohenKappa, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): CohenKappa {
    const { options, state } = checkSnapshot(CohenKappa, json)
    const metric = new CohenKappa(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkSums(unpackState(state, metric.#state))
    return metric
  }
}
