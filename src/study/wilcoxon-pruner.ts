import type { Snapshot } from '../contracts.ts'
import { integer, openFraction } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Pruner, Race } from './pruner.ts'
import type { TrialRecord, Verdict } from './trial.ts'
import { wilcoxonGreater } from './wilcoxon.ts'

/** Options of {@link WilcoxonPruner}. */
export type WilcoxonPrunerOptions = {
  /** P-value below which a trial is worse than the best one. @defaultValue 0.1 */
  readonly threshold: number
  /** Steps that both trials must have reported before one may be pruned. With 3 or fewer no p-value is below 0.1.
   *  @defaultValue 2 */
  readonly warmUp: number
}

/**
 * Ends a trial that is shown to be worse than the best one, step by step: the pruner for folds of walk-forward.
 *
 * Folds differ more from each other than trials do. So the trial is compared with the best complete one on the folds that
 * both have been through, by {@link wilcoxonGreater}; and it goes on as long as its mean over those is not the worse one.
 * The test is made after every report, so that a trial just as good is pruned more often than `threshold` says.
 * O(reports^3) a report up to 50.
 *
 * The rules are those of Optuna's `WilcoxonPruner`, with both means taken over the same folds.
 *
 * @see F. Wilcoxon (1945), "Individual comparisons by ranking methods", Biometrics Bulletin 1
 *
 * @example
 * ```ts
 * const study = new Study({ space: { x: float({ low: 0, high: 1 }) }, pruner: new WilcoxonPruner() })
 * ```
 */
export class WilcoxonPruner implements Pruner {
  static readonly type: string = 'wilcoxon-pruner'
  static readonly version: number = 1

  readonly options: WilcoxonPrunerOptions

  constructor({ threshold = 0.1, warmUp = 2 }: Partial<WilcoxonPrunerOptions> = {}) {
    this.options = Object.freeze({
      threshold: openFraction('threshold', threshold),
      warmUp: integer('warmUp', warmUp),
    })
  }

  judge({ reports, rivals, direction }: Race): Verdict {
    const { threshold, warmUp } = this.options
    const sign = direction === 'minimize' ? 1 : -1
    let best: TrialRecord<unknown> | undefined
    for (const rival of rivals) {
      if (rival.state === 'complete' && (!best || sign * rival.value < sign * best.value)) best = rival
    }
    if (!best) return 'go on'
    const values = new Map(best.reports.map(({ step, value }) => [step, value]))
    const differences = reports
      .filter(({ step }) => values.has(step))
      .map(({ step, value }) => sign * (value - values.get(step)!))
    // two differences make no p-value below 1/4
    if (differences.length < Math.max(2, warmUp)) return 'go on'
    if (!(differences.reduce((sum, difference) => sum + difference, 0) > 0)) return 'go on'
    return wilcoxonGreater(differences) < threshold ? 'prune' : 'go on'
  }

  toJSON(): Snapshot {
    return snapshot(WilcoxonPruner, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): WilcoxonPruner {
    const { options, state } = checkSnapshot(WilcoxonPruner, json)
    unpackState(state, {})
    return new WilcoxonPruner(unpackState(options, new WilcoxonPruner().options, 'options'))
  }
}
