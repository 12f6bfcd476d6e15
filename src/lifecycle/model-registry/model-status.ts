import type { RolloutStatus } from '../rollout/rollout-event.ts'
import type { ModelVersion } from './registry-state.ts'

/** Where a version is in its life. */
export type ModelStatus = 'training' | 'shadow' | 'ab_test' | 'production' | 'retired'

/** Where the rollout of a version is; a `RolloutReport` with the version that it is about is one. */
export type ModelTrial = {
  readonly version: number
  /** The step that it is in, from 0. */
  readonly step: number
  readonly status: RolloutStatus
  /** Share of signals that it decides now. */
  readonly share: number
}

/**
 * A version's status, as the mission has it: a view of aliases and rollout, kept nowhere, so that it cannot contradict them.
 *
 * The champion is in `production`. The challenger is in `shadow` until its rollout lets it decide, then in an `ab_test`. What has
 * been either, was rejected, or has no body any more is `retired`; what waits to be tried counts as in `training`.
 */
export function modelStatus(
  { version, kept, rejected, reached }: ModelVersion,
  { champion, challenger }: { readonly champion: number | null; readonly challenger: number | null },
  trial: ModelTrial | null,
): ModelStatus {
  if (version === champion) return 'production'
  if (version === challenger) {
    if (trial === null || trial.version !== version) return 'shadow'
    if (trial.status === 'ended') return 'retired'
    // one that is paused decides nothing now, but has decided
    return trial.share > 0 || trial.step > 0 ? 'ab_test' : 'shadow'
  }
  return kept && rejected === null && reached === 'nothing' ? 'training' : 'retired'
}
