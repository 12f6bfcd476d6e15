import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkShares } from './check-sums.ts'

/** Options of {@link Recall}. */
export type RecallOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/** Sums of weights. */
type State = { hits: number; winners: number }

/**
 * The share of all winners that the model would take.
 *
 *     recall = true positives / (true positives + false negatives)
 *
 * O(1) time and memory. One minus this is the share of good trades that the filter costs. NaN until there is a winner.
 *
 * @example
 * ```ts
 * const recall = new Recall()
 * recall.update(1, 0.7)
 * recall.update(1, 0.2)
 * recall.value // 0.5
 * ```
 */
export class Recall implements Metric, Sized {
  static readonly type: string = 'recall'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: RecallOptions
  #state: State = { hits: 0, winners: 0 }

  constructor({ threshold = 0.5 }: Partial<RecallOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    return this.#state.winners > 0 ? this.#state.hits / this.#state.winners : NaN
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    const s = this.#state
    if (y === 0) return
    s.winners += counted
    if (prediction >= this.options.threshold) s.hits += counted
  }

  toJSON(): Snapshot {
    return snapshot(Recall, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): Recall {
    const { options, state } = checkSnapshot(Recall, json)
    const metric = new Recall(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkShares(unpackState(state, metric.#state), 'winners')
    return metric
  }
}
