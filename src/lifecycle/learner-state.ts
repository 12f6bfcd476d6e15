import type { JsonObject, Snapshot } from '../contracts.ts'
import { oneOf } from '../core/check.ts'
import { packRecord, unpackState } from '../core/state.ts'
import type { DriftMark } from './trade-learner-options.ts'

/** What a TradeLearner remembers besides its parts, its scores and its decisions. */
export type LearnerState = {
  /** When drift was found. */
  readonly marks: DriftMark[]
  /** Open time of the newest candle of any symbol; days before 1970 are negative, so it starts below all. */
  time: number
  /** When the newest label that was learned came about. */
  learnedAt: number
  /** Which models decide; empty for those of the constructor. */
  version: string
  /** Signals explored, and on which day. */
  explored: number
  exploredOn: number
  /** Who decides what is not dealt to a candidate. */
  champion: 'baseline' | 'models'
  /** What the challenger and the champion before are called, and whom the rollout is of; empty for none, or for the configured. */
  challenger: string
  previous: string
  trial: string
}

/** What versions before 5 did not have. */
const IN_5 = { learnedAt: Number.NEGATIVE_INFINITY, version: '', explored: 0, exploredOn: 0 } as const
const NOBODY = { challenger: '', previous: '', trial: '' } as const

/** Nothing has happened. */
export const freshState = (champion: LearnerState['champion']): LearnerState => ({
  marks: [],
  time: Number.NEGATIVE_INFINITY,
  ...IN_5,
  champion,
  ...NOBODY,
})

const SAVED = { ...freshState('baseline'), champion: '', marks: [{ time: 0, detector: '', trades: 0, kept: 0 }] }

/**
 * The state in a snapshot of any version. `champion` is whom today's mode makes champion, which holds until a challenger comes.
 *
 * @throws `CORRUPT_SNAPSHOT`
 */
export function readState({ version, state }: Snapshot, champion: LearnerState['champion']): LearnerState {
  const self = state['self']
  const added = packRecord({ ...(version < 5 ? IN_5 : {}), champion, ...NOBODY })
  const read = unpackState(version < 6 ? { ...added, ...(self as JsonObject) } : self, SAVED, 'state.self')
  oneOf('state.self.champion', read.champion, ['baseline', 'models'], 'CORRUPT_SNAPSHOT')
  const chosen = read.trial === '' || champion === 'models' ? champion : read.champion
  return { ...read, champion: chosen } as LearnerState
}
