import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction, positive } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkSums } from './check-sums.ts'
import { type Confusion, countScore, createConfusion } from './confusion.ts'

/** Options of {@link FBeta}. */
export type FBetaOptions = {
  /** How much more recall matters than precision ("beta"). @defaultValue 1 */
  readonly beta: number
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/**
 * The weighted harmonic mean of precision and recall; with `beta` 1, the F1 score.
 *
 *     F = (1 + beta²) hits / ((1 + beta²) hits + beta² misses + false alarms)
 *
 * High only where few of the signals taken lose and few winners are skipped; losers that were skipped do not count. O(1)
 * time and memory. NaN until something is taken or there is a winner.
 *
 * @see C. J. van Rijsbergen (1979), "Information Retrieval", chapter 7
 *
 * @example
 * ```ts
 * const f1 = new FBeta()
 * f1.update(1, 0.7)
 * f1.update(1, 0.2)
 * f1.value // 2 / 3
 * ```
 */
export class FBeta implements Metric, Sized {
  static readonly type: string = 'f-beta'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: FBetaOptions
  #state: Confusion = createConfusion()

  constructor({ beta = 1, threshold = 0.5 }: Partial<FBetaOptions> = {}) {
    this.options = { beta: positive('beta', beta), threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    const { hits, falseAlarms, misses } = this.#state
    // shares of 1 + beta², so that no beta overflows
    const { beta } = this.options
    const ofMisses = 1 / (1 + 1 / beta / beta)
    return hits / (hits + ofMisses * misses + (1 - ofMisses) * falseAlarms)
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    countScore(this.#state, this.options.threshold, y, prediction, weight)
  }

  toJSON(): Snapshot {
    return snapshot(FBeta, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): FBeta {
    const { options, state } = checkSnapshot(FBeta, json)
    const metric = new FBeta(unpackState(options, { beta: 0, threshold: 0 }, 'options'))
    metric.#state = checkSums(unpackState(state, metric.#state))
    return metric
  }
}
