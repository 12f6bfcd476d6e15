import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { createRanking, type Ranking, rank } from './ranking.ts'
import { checkScoredWindow, createScoredWindow, pushScored, type ScoredWindow } from './scored-window.ts'

/** Options of {@link AveragePrecision}. */
export type AveragePrecisionOptions = {
  /** Newest observations that count. @defaultValue 10000 */
  readonly window: number
}

/**
 * How clean the top of the ranking is: the area under the precision-recall curve of the newest observations.
 *
 *     average precision = sum over thresholds of (recall - recall before) · precision
 *
 * Thresholds go down from the highest prediction, equal ones at once; nothing is interpolated. No skill is the share of
 * 1s, not 0.5, so it is the figure for winners that are rare. Exact, not binned. An update is O(1), a reading
 * O(window + k log k) for k updates since the last. NaN while there is no 1 in the window.
 *
 * @see J. Davis, M. Goadrich (2006), "The relationship between precision-recall and ROC curves", ICML
 *
 * @example
 * ```ts
 * const ap = new AveragePrecision({ window: 500 })
 * ap.update(1, 0.7)
 * ap.update(0, 0.4)
 * ap.value // 1
 * ```
 */
export class AveragePrecision implements Metric, Sized {
  static readonly type: string = 'average-precision'
  static readonly version: number = 1

  readonly better = 'higher'
  readonly options: AveragePrecisionOptions
  #state: ScoredWindow = createScoredWindow()
  /** Follows from the window. */
  readonly #ranking: Ranking = createRanking()

  constructor({ window = 10_000 }: Partial<AveragePrecisionOptions> = {}) {
    this.options = { window: integer('window', window) }
  }

  get value(): number {
    const { predictions, labels, weights } = this.#state
    const order = rank(this.#ranking, this.#state)
    let taken = 0
    let won = 0
    let area = 0
    // down from the highest prediction, one group of equals at a time
    for (let i = order.length - 1; i >= 0; ) {
      const prediction = predictions[order[i]!]!
      let groupWon = 0
      for (; i >= 0 && predictions[order[i]!] === prediction; i--) {
        const at = order[i]!
        taken += weights[at]!
        if (labels[at] === 1) groupWon += weights[at]!
      }
      won += groupWon
      area += groupWon * (won / taken)
    }
    return won > 0 ? area / won : NaN
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
    return snapshot(AveragePrecision, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): AveragePrecision {
    const { options, state } = checkSnapshot(AveragePrecision, json)
    const metric = new AveragePrecision(unpackState(options, { window: 0 }, 'options'))
    metric.#state = checkScoredWindow(unpackState(state, createScoredWindow()), metric.options.window)
    return metric
  }
}
