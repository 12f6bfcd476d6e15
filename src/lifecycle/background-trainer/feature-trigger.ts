import type { Snapshot } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { FeatureSummary } from '../feature-health.ts'
import type { RetrainTrigger, RetrainWish } from './retrain-trigger.ts'

/** Options of {@link FeatureTrigger}. */
export type FeatureTriggerOptions = {
  /** Features that have to drift, counted since the last wish. @defaultValue 3 */
  readonly least: number
}

/** Far more names than any schema has. */
const MOST_NAMES = 10_000

/**
 * Asks for a retraining when the feature monitor has found several features to be distributed otherwise than before.
 *
 * A feature counts once until the monitor no longer calls it drifted. O(features) a tick.
 */
export class FeatureTrigger implements RetrainTrigger {
  static readonly type: string = 'feature-trigger'
  static readonly version: number = 1

  readonly options: FeatureTriggerOptions
  /** Drifted features that have been told of in a wish. */
  #told: readonly string[] = []

  constructor({ least = 3 }: Partial<FeatureTriggerOptions> = {}) {
    this.options = { least: integer('least', least) }
  }

  observe(): undefined {
    return undefined
  }

  tick(time: number, features?: FeatureSummary): RetrainWish | undefined {
    if (!features) return undefined
    const { drifted } = features
    this.#told = this.#told.filter((name) => drifted.includes(name))
    const fresh = drifted.filter((name) => !this.#told.includes(name))
    if (fresh.length < this.options.least) return undefined
    this.#told = drifted.slice(0, MOST_NAMES)
    return {
      cause: 'drift',
      trigger: 'drift of features',
      time,
      text: `${fresh.length} features are distributed otherwise than before: ${fresh.slice(0, 5).join(', ')}${fresh.length > 5 ? ', …' : ''}.`,
      evidence: { features: fresh.slice(0, 50), count: fresh.length },
    }
  }

  toJSON(): Snapshot {
    return snapshot(FeatureTrigger, this.options, { told: this.#told })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): FeatureTrigger {
    const { options, state } = checkSnapshot(FeatureTrigger, json)
    const trigger = new FeatureTrigger(unpackState(options, { least: 0 }, 'options'))
    trigger.#told = unpackState(state, { told: [''] }).told.slice(0, MOST_NAMES)
    return trigger
  }
}
