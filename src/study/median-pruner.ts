import type { Snapshot } from '../contracts.ts'
import { integer, oneOf } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { lossOf, type Pruner, type Race, type Yardstick } from './pruner.ts'
import type { Verdict } from './trial.ts'

/** Options of {@link MedianPruner}. */
export type MedianPrunerOptions = {
  /** Complete trials that must have come as far before any is pruned. @defaultValue 5 */
  readonly startup: number
  /** Reports of a trial before it may be pruned. @defaultValue 1 */
  readonly warmUp: number
  /** What is compared: means of all reports so far (folds), or the newest alone (a loss that falls with training).
   *  @defaultValue 'mean' */
  readonly of: Yardstick
}

/**
 * Ends a trial that is worse than half of the complete trials were after as many reports.
 *
 * Robust and cheap; keeps the better half whatever they are worth, so it saves at most half of the work of a search.
 * O(rivals x reports) a report.
 *
 * @see D. Golovin et al. (2017), "Google Vizier: a service for black-box optimization", KDD
 *
 * @example
 * ```ts
 * const study = new Study({ space: { x: float({ low: 0, high: 1 }) }, pruner: new MedianPruner({ warmUp: 2 }) })
 * ```
 */
export class MedianPruner implements Pruner {
  static readonly type: string = 'median-pruner'
  static readonly version: number = 1

  readonly options: MedianPrunerOptions

  constructor({ startup = 5, warmUp = 1, of = 'mean' }: Partial<MedianPrunerOptions> = {}) {
    this.options = Object.freeze({
      startup: integer('startup', startup),
      warmUp: integer('warmUp', warmUp),
      of: oneOf('of', of, ['mean', 'newest']),
    })
  }

  judge({ reports, rivals, direction }: Race): Verdict {
    const { startup, warmUp, of } = this.options
    const count = reports.length
    if (count < warmUp) return 'go on'
    const { step } = reports[count - 1]!
    const losses = rivals
      .filter((rival) => rival.state === 'complete' && rival.reports[count - 1]?.step === step)
      .map((rival) => lossOf(rival.reports, count, of, direction))
      .sort((a, b) => a - b)
    if (losses.length < startup) return 'go on'
    const half = losses.length >>> 1
    // halves first, so that the sum of huge losses does not overflow
    const median = losses.length % 2 === 1 ? losses[half]! : losses[half - 1]! / 2 + losses[half]! / 2
    return lossOf(reports, count, of, direction) > median ? 'prune' : 'go on'
  }

  toJSON(): Snapshot {
    return snapshot(MedianPruner, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MedianPruner {
    const { options, state } = checkSnapshot(MedianPruner, json)
    unpackState(state, {})
    return new MedianPruner(unpackState(options, new MedianPruner().options, 'options'))
  }
}
