import type { Snapshot } from '../contracts.ts'
import { integer, oneOf } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { lossOf, type Pruner, type Race, type Yardstick } from './pruner.ts'
import type { Verdict } from './trial.ts'

/** Options of {@link SuccessiveHalving}. */
export type SuccessiveHalvingOptions = {
  /** Reports at the first rung "r". @defaultValue 1 */
  readonly warmUp: number
  /** How many times as many reports the next rung has, and which share goes on to it: one in so many "eta".
   *  @defaultValue 3 */
  readonly factor: number
  /** Trials that must have reached a rung, this one included, before any is pruned there. @defaultValue 3 */
  readonly startup: number
  /** What is compared: means of all reports so far (folds), or the newest alone (a loss that falls with training).
   *  @defaultValue 'mean' */
  readonly of: Yardstick
}

/**
 * Lets one trial in three past each rung, and puts the rungs at 1, 3, 9, ... reports: many trials for little work.
 *
 * A trial that reaches a rung is compared with all that reached it before, pruned ones too, and goes on if it is in the
 * best share of them. Nothing waits for anything, so workers are never idle. Saves more than {@link MedianPruner} where
 * early reports tell much, and loses good trials where they do not.
 * O(rivals x reports) at a rung.
 *
 * @see L. Li et al. (2020), "A system for massively parallel hyperparameter tuning", MLSys (ASHA, the stopping form)
 *
 * @example
 * ```ts
 * const study = new Study({ space: { x: float({ low: 0, high: 1 }) }, pruner: new SuccessiveHalving({ warmUp: 2 }) })
 * ```
 */
export class SuccessiveHalving implements Pruner {
  static readonly type: string = 'successive-halving'
  static readonly version: number = 1

  readonly options: SuccessiveHalvingOptions

  constructor({ warmUp = 1, factor = 3, startup = 3, of = 'mean' }: Partial<SuccessiveHalvingOptions> = {}) {
    this.options = Object.freeze({
      warmUp: integer('warmUp', warmUp),
      factor: integer('factor', factor, 2),
      startup: integer('startup', startup),
      of: oneOf('of', of, ['mean', 'newest']),
    })
  }

  judge({ reports, rivals, direction }: Race): Verdict {
    const { factor, startup, of } = this.options
    const count = reports.length
    if (!this.#isRung(count)) return 'go on'
    const loss = lossOf(reports, count, of, direction)
    let reached = 1
    let better = 0
    for (const rival of rivals) {
      if (rival.reports[count - 1]?.step !== reports[count - 1]!.step) continue
      reached++
      if (lossOf(rival.reports, count, of, direction) < loss) better++
    }
    if (reached < startup) return 'go on'
    // the best one always goes on
    return better < Math.max(1, Math.floor(reached / factor)) ? 'go on' : 'prune'
  }

  toJSON(): Snapshot {
    return snapshot(SuccessiveHalving, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): SuccessiveHalving {
    const { options, state } = checkSnapshot(SuccessiveHalving, json)
    unpackState(state, {})
    return new SuccessiveHalving(unpackState(options, new SuccessiveHalving().options, 'options'))
  }

  #isRung(count: number): boolean {
    const { warmUp, factor } = this.options
    let rung = warmUp
    while (rung < count) rung *= factor
    return rung === count
  }
}
