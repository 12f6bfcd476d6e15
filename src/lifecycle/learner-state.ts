import type { JsonObject, Snapshot } from '../contracts.ts'
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
}

/** What versions before 5 did not have. */
const ADDED = { learnedAt: Number.NEGATIVE_INFINITY, version: '', explored: 0, exploredOn: 0 } as const

/** Nothing has happened. */
export const freshState = (): LearnerState => ({ marks: [], time: Number.NEGATIVE_INFINITY, ...ADDED })

const SAVED: LearnerState = { ...freshState(), marks: [{ time: 0, detector: '', trades: 0, kept: 0 }] }

/** The state in a snapshot of any version. @throws `CORRUPT_SNAPSHOT` */
export function readState({ version, state }: Snapshot): LearnerState {
  const self = state['self']
  const whole = version < 5 ? { ...packRecord(ADDED), ...(self as JsonObject) } : self
  return unpackState(whole, SAVED, 'state.self')
}
