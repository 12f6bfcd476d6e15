import type { Accompanied } from '../companion.ts'
import type { FeatureSummary } from '../feature-health.ts'
import type { LoadedModel } from '../model-registry/index.ts'
import type { Status } from '../trade-learner-options.ts'
import { summaryOf } from './day-count.ts'
import type { Health } from './health.ts'
import { calibrationOf } from './model-record.ts'
import type { WatchState } from './watch-state.ts'

/** What a start found, as `RegisteredModels.champion` answers. */
export type FoundModel = Pick<LoadedModel<unknown>, 'state' | 'fallback' | 'reason'> &
  Partial<Pick<LoadedModel<unknown>, 'version'>>

/** What an `AlertWatch` knows besides what it has counted. */
export type Surroundings = {
  readonly status: Status
  readonly rollout: Accompanied['rollout']
  readonly features: FeatureSummary | undefined
  readonly found: FoundModel | null
  readonly storeFailure: string | null
  readonly trainingDisabled: string | null
  /** Whether the past is lived through again: what of this only today's process knows is left out then. */
  readonly past: boolean
  /** Limits of the watch's own; those of the kill switch where left out. */
  readonly drawdownLimit: number | undefined
}

/**
 * Trades for which a mark of drift stands: a detector says it once and has forgotten the old regime by then, but models need
 * about as many to know the new one, as many as `minTrades` asks of untried ones.
 */
const DRIFT_STANDS = 100

/** The record that alert rules read, of what a learner says and what was counted beside it. Pure. */
export function healthOf(state: WatchState, around: Surroundings): Health {
  const { status, rollout, features, storeFailure, trainingDisabled, past } = around
  const { record, latencyLimit: limit } = state
  const { value, limit: halts } = status.killSwitch.drawdown
  const allowed = around.drawdownLimit ?? halts
  return {
    locks: status.killSwitch.locks,
    // a limit that is switched off is none
    ...(value >= 0 && allowed < Infinity ? { drawdown: { value, limit: allowed } } : {}),
    accuracy: record.accuracy,
    wins: { model: record.taken, baseline: record.all },
    model: modelHealth(state, around),
    ...(past ? {} : { storeFailure, trainingDisabled }),
    drift: driftOf(status, record.since),
    ...(features === undefined ? {} : { features }),
    ...(limit < Infinity ? { latency: { ...record.latency, limit } } : {}),
    calibration: calibrationOf(record.bins),
    ...(status.rollout === null ? {} : { rollout: rolloutHealth(state, status.rollout, rollout) }),
    happenings: state.news,
    summary: summaryOf(state.day),
  }
}

/** A model that was loaded at the start says itself what it learned from, until it learns here. */
function modelHealth(
  { begun, learnedAt }: WatchState,
  { status, found, past }: Surroundings,
): NonNullable<Health['model']> {
  const { state = 'ready', fallback = null, reason = '', version = null } = found ?? {}
  const made = version === null ? begun : (version.dataRange?.to ?? version.createdAt)
  const trades = Math.max(status.trades, version?.trades ?? 0)
  return { state: past ? 'unknown' : state, fallback, reason, trainedAt: Math.max(made, learnedAt), trades }
}

function driftOf({ drift, trades }: Status, since: number): NonNullable<Health['drift']> {
  const mark = drift.marks.at(-1)
  // what was found before these models took over was said of others
  const stands = mark !== undefined && mark.time >= since && trades - mark.trades < DRIFT_STANDS
  return stands ? { level: 'drift', detector: mark.detector } : { level: 'stable', detector: '' }
}

function rolloutHealth(
  { arms: { trial, step, share, candidate, champion }, challenger }: WatchState,
  report: NonNullable<Status['rollout']>,
  rollout: Accompanied['rollout'],
): NonNullable<Health['rollout']> {
  const last = rollout?.history.at(-1)
  const paused = report.status === 'paused' ? (last?.text ?? 'no reason given') : null
  const arms = [
    { name: 'candidate', n: candidate, share },
    { name: 'champion', n: champion, share: 1 - share },
  ]
  return { paused, arms: step === report.step && trial === challenger ? arms : [] }
}
