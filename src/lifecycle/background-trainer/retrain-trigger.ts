import type { JsonObject, Serializable } from '../../contracts.ts'
import type { FeatureSummary } from '../feature-health.ts'
import type { SettledRow } from './settled-row.ts'

/** Why a retraining is asked for. */
export type RetrainCause = 'drift' | 'performance' | 'schedule' | 'asked'

/** A wish for a retraining, with what speaks for it. */
export type RetrainWish = {
  readonly cause: RetrainCause
  /** Who asks. */
  readonly trigger: string
  /** Event time. */
  readonly time: number
  readonly text: string
  readonly evidence: JsonObject
}

/**
 * Something that asks for retrainings. Whether and when one begins is not its business.
 *
 * Laws: depends on what it is shown alone; one that has asked starts counting anew, so that one change is one wish.
 */
export interface RetrainTrigger extends Serializable {
  /** Takes in a settled row. */
  observe(row: SettledRow): RetrainWish | undefined
  /** Takes in that time has passed, and what the feature monitor says where there is one. */
  tick(time: number, features?: FeatureSummary): RetrainWish | undefined
}
