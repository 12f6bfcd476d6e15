import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkShares } from './check-sums.ts'

/** Options of {@link KappaM}. */
export type KappaMOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/** Sums of weights: told right, told right by the commoner label so far, were 1, all. */
type State = { right: number; guessed: number; ones: number; total: number }

/**
 * How far the accuracy is above that of always saying what has been commoner so far.
 *
 *     kappa = (accuracy - majority) / (1 - majority)
 *
 * 1 for perfect calls, 0 for calls no better than the base rate, negative for worse ones. The majority is that before
 * the row that is scored (MOA counts the row itself); 0 where both labels are as common. O(1) time and memory. NaN until
 * the majority has been wrong once.
 *
 * @see A. Bifet, G. de Francisci Morales, J. Read, G. Holmes, B. Pfahringer (2015), "Efficient online evaluation of big
 *   data stream classifiers", KDD
 *
 * @example
 * ```ts
 * const kappa = new KappaM()
 * for (const y of [0, 0, 1, 0]) kappa.update(y, 0.3)
 * kappa.value // 0
 * ```
 */
export class KappaM implements Metric, Sized {
  static readonly type: string = 'kappa-m'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: KappaMOptions
  #state: State = { right: 0, guessed: 0, ones: 0, total: 0 }

  constructor({ threshold = 0.5 }: Partial<KappaMOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    const { right, guessed, total } = this.#state
    return guessed < total ? (right - guessed) / (total - guessed) : NaN
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    const s = this.#state
    if (prediction >= this.options.threshold === (y === 1)) s.right += counted
    if (s.ones > s.total - s.ones === (y === 1)) s.guessed += counted
    if (y === 1) s.ones += counted
    s.total += counted
  }

  toJSON(): Snapshot {
    return snapshot(KappaM, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): KappaM {
    const { options, state } = checkSnapshot(KappaM, json)
    const metric = new KappaM(unpackState(options, { threshold: 0 }, 'options'))
    metric.#state = checkShares(unpackState(state, metric.#state), 'total')
    return metric
  }
}
