import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkShares } from './check-sums.ts'

/** Options of {@link Precision}. */
export type PrecisionOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/** Sums of weights. */
type State = { hits: number; taken: number }

/**
 * The share of winners among the signals that the model would take.
 *
 *     precision = true positives / (true positives + false positives)
 *
 * O(1) time and memory. For a filter of trades this is the win rate of what is left; compare it with the win rate of
 * all signals. NaN until the model takes one.
 *
 * @example
 * ```ts
 * const precision = new Precision({ threshold: 0.6 })
 * precision.update(1, 0.7)
 * precision.update(0, 0.5) // would be skipped: does not count
 * precision.value // 1
 * ```
 */
export class Precision implements Metric, Sized {
  static readonly type: string = 'precision'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: PrecisionOptions
  #state: State = { hits: 0, taken: 0 }

  constructor({ threshold = 0.5 }: Partial<PrecisionOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    return this.#state.taken > 0 ? this.#state.hits / this.#state.taken : NaN
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    const s = this.#state
    if (prediction < this.options.threshold) return
    s.taken += counted
    if (y === 1) s.hits += counted
  }

  toJSON(): Snapshot {
    return snapshot(Precision, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): Precision {
    const { options, state } = checkSnapshot(Precision, json)
    const metric = new Precision(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkShares(unpackState(state, metric.#state), 'taken')
    return metric
  }
}
