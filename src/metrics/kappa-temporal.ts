import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { fraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkShares, corrupt } from './check-sums.ts'

/** Options of {@link KappaTemporal}. */
export type KappaTemporalOptions = {
  /** A prediction of at least this counts as a 1. @defaultValue 0.5 */
  readonly threshold: number
}

/** The last label, -1 before the first, and sums of weights: told right, told right by repeating it, all. */
type State = { last: number; right: number; repeated: number; total: number }

/**
 * How far the accuracy is above that of repeating the last label.
 *
 *     kappa = (accuracy - persistence) / (1 - persistence)
 *
 * Where labels come in runs, as in most markets, repeating the last one is right most of the time and needs no model; this
 * is what remains. 1 for perfect calls, 0 for calls no better than repeating, negative for worse ones. Labels must be
 * scored in the order in which they become known. The first one counts for neither side, as there is nothing to repeat
 * (MOA lets the repeater say 0 there). O(1) time and memory. NaN until the label has changed once.
 *
 * @see I. Žliobaitė, A. Bifet, J. Read, B. Pfahringer, G. Holmes (2015), "Evaluation methods and decision theory for
 *   classification of streaming data with temporal dependence", Machine Learning 98
 *
 * @example
 * ```ts
 * const kappa = new KappaTemporal()
 * for (const y of [0, 0, 1, 1]) kappa.update(y, 0.1 + 0.8 * y)
 * kappa.value // 1
 * ```
 */
export class KappaTemporal implements Metric, Sized {
  static readonly type: string = 'kappa-temporal'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: KappaTemporalOptions
  #state: State = { last: -1, right: 0, repeated: 0, total: 0 }

  constructor({ threshold = 0.5 }: Partial<KappaTemporalOptions> = {}) {
    this.options = { threshold: fraction('threshold', threshold) }
  }

  get value(): number {
    const { right, repeated, total } = this.#state
    return repeated < total ? (right - repeated) / (total - repeated) : NaN
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    const s = this.#state
    if (s.last >= 0) {
      s.total += counted
      if (prediction >= this.options.threshold === (y === 1)) s.right += counted
      if (s.last === y) s.repeated += counted
    }
    s.last = y
  }

  toJSON(): Snapshot {
    return snapshot(KappaTemporal, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): KappaTemporal {
    const { options, state } = checkSnapshot(KappaTemporal, json)
    const metric = new KappaTemporal(unpackState(options, { threshold: 0 }, 'options'))
    const { last, ...sums } = unpackState(state, metric.#state)
    if (last !== -1 && last !== 0 && last !== 1) corrupt('last', '0, 1 or -1 for none', last)
    metric.#state = { last, ...checkShares(sums, 'total') }
    return metric
  }
}
