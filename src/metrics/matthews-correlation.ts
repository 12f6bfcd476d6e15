import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkSums } from './check-sums.ts'
import { type Confusion, countScore, createConfusion, hitRate, passRate } from './confusion.ts'

/** Options of {@link MatthewsCorrelation}. */
export type MatthewsCorrelationOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/**
 * The correlation between what was called and what was.
 *
 *     MCC = (hits * passes - false alarms * misses) / sqrt(called 1 * called 0 * were 1 * were 0)
 *
 * 1 for perfect calls, 0 for calls that have nothing to do with the labels, -1 for calls that are always wrong; the share
 * of winners does not matter. O(1) time and memory. NaN until both labels have been seen and both have been called.
 *
 * @see B. W. Matthews (1975), "Comparison of the predicted and observed secondary structure of T4 phage lysozyme",
 *   Biochimica et Biophysica Acta 405
 *
 * @example
 * ```ts
 * const correlation = new MatthewsCorrelation()
 * correlation.update(1, 0.7)
 * correlation.update(0, 0.2)
 * correlation.value // 1
 * ```
 */
export class MatthewsCorrelation implements Metric, Sized {
  static readonly type: string = 'matthews-correlation'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: MatthewsCorrelationOptions
  #state: Confusion = createConfusion()

  constructor({ threshold = 0.5 }: Partial<MatthewsCorrelationOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    const { hits, falseAlarms, misses, passes } = this.#state
    // shares first, so that no product of sums overflows
    const agree =
      hitRate(this.#state) * passRate(this.#state) * (hits / (hits + falseAlarms)) * (passes / (passes + misses))
    const differ =
      (misses / (hits + misses)) *
      (falseAlarms / (passes + falseAlarms)) *
      (falseAlarms / (hits + falseAlarms)) *
      (misses / (passes + misses))
    return Math.sqrt(agree) - Math.sqrt(differ)
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    countScore(this.#state, this.options.threshold, y, prediction, weight)
  }

  toJSON(): Snapshot {
    return snapshot(MatthewsCorrelation, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MatthewsCorrelation {
    const { options, state } = checkSnapshot(MatthewsCorrelation, json)
    const metric = new MatthewsCorrelation(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkSums(unpackState(state, metric.#state))
    return metric
  }
}
