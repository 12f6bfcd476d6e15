import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { createRanking, type Ranking, rank } from './ranking.ts'
import { checkScoredWindow, createScoredWindow, pushScored, type ScoredWindow } from './scored-window.ts'

/** Options of {@link AUC}. */
export type AUCOptions = {
  /** Newest observations that count. @defaultValue 10000 */
  readonly window: number
}

/**
 * How well predictions rank winners above losers: the area under the ROC curve of the newest observations.
 *
 * It is the chance that a random winner was given a higher probability than a random loser, ties counting half:
 *
 *     AUC = sum over winners i, losers j of w_i w_j ([p_i > p_j] + [p_i = p_j] / 2) / (W_winners W_losers)
 *
 * Exact, not binned. 0.5 is no skill; honest walk-forward values on hourly prices lie near 0.51. An update is O(1), a
 * reading O(window + k log k) for k updates since the last: a rolling AUC that is read at every step costs one pass over
 * its window, and no error builds up as it would by adding and taking away. NaN until both labels are in the window.
 *
 * @see J. A. Hanley, B. J. McNeil (1982), "The meaning and use of the area under a receiver operating characteristic
 *   (ROC) curve", Radiology 143
 *
 * @example
 * ```ts
 * const auc = new AUC({ window: 500 })
 * auc.update(1, 0.7)
 * auc.update(0, 0.4)
 * auc.value // 1
 * ```
 */
export class AUC implements Metric, Sized {
  static readonly type: string = 'auc'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: AUCOptions
  #state: ScoredWindow = createScoredWindow()
  /** Follows from the window. */
  readonly #ranking: Ranking = createRanking()

  constructor({ window = 10_000 }: Partial<AUCOptions> = {}) {
    this.options = { window: integer('window', window) }
  }

  get value(): number {
    const { predictions, labels, weights } = this.#state
    const order = rank(this.#ranking, this.#state)
    let losers = 0
    let winners = 0
    let area = 0
    // walk up the predictions, one group of equals at a time
    for (let i = 0; i < order.length; ) {
      const prediction = predictions[order[i]!]!
      let groupLosers = 0
      let groupWinners = 0
      for (; i < order.length && predictions[order[i]!] === prediction; i++) {
        const at = order[i]!
        if (labels[at] === 1) groupWinners += weights[at]!
        else groupLosers += weights[at]!
      }
      area += groupWinners * (losers + groupLosers / 2)
      losers += groupLosers
      winners += groupWinners
    }
    return winners > 0 && losers > 0 ? area / (winners * losers) : NaN
  }

  /** Memory that its window takes, in bytes, with the order of its predictions. */
  get sizeInBytes(): number {
    return bytesOf(this.#state) + Uint32Array.BYTES_PER_ELEMENT * this.#state.size
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    pushScored(this.#state, this.options.window, y, prediction, counted)
    this.#ranking.pending++
  }

  toJSON(): Snapshot {
    return snapshot(AUC, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): AUC {
    const { options, state } = checkSnapshot(AUC, json)
    const metric = new AUC(unpackState(options, { window: 0 }, 'options'))
    metric.#state = checkScoredWindow(unpackState(state, createScoredWindow()), metric.options.window)
    return metric
  }
}
