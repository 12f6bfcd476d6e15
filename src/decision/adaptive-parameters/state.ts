import { createDecayedMoments, type DecayedMoments } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import type { State as Packable } from '../../core/state.ts'
import { type ChangeEvidence, createChangeEvidence, isEvidence } from './change-detector.ts'
import type { ClusterSums } from './differences.ts'
import { CHANGE, isChange, type ParameterChange, REMEMBERED } from './history.ts'
import type { Layout } from './options.ts'
import { createSourceRecord, isSourceRecord, type SourceRecord } from './source-record.ts'

/** Everything about the parameters that changes, as plain data. */
export type AdaptiveState = {
  /** Signals learned from, clusters of them that are complete, and the number of the next change. */
  seen: number
  clusters: number
  nextId: number
  /** Newest time at which an outcome was known; 0 before the first. */
  time: number
  /** Position of each value in its grid. */
  index: Int32Array
  /** Position of the value that a person has approved last. Never saved: a file cannot say what a person said. */
  approved: Int32Array
  evidence: ChangeEvidence
  cluster: ClusterSums
  /** Signals decided before this belong to the present cluster. */
  clusterEnd: number
  /** How long outcomes take, in milliseconds. */
  duration: DecayedMoments
  record: SourceRecord
  pending: ParameterChange[]
  history: ParameterChange[]
}

/** What of it is saved. */
export type SavedState = Omit<AdaptiveState, 'approved'>

/** Nothing learned yet: every parameter at its approved value. */
export function freshState({ grids, offsets, options }: Layout): AdaptiveState {
  const candidates = offsets.at(-1)!
  const approved = Int32Array.from(grids, (grid) => grid.approved)
  return {
    seen: 0,
    clusters: 0,
    nextId: 1,
    time: 0,
    index: approved.slice(),
    approved,
    evidence: createChangeEvidence(candidates),
    cluster: { sums: new Float64Array(candidates), rows: new Float64Array(candidates) },
    clusterEnd: Number.NEGATIVE_INFINITY,
    duration: createDecayedMoments(),
    record: createSourceRecord(options.sources.length),
    pending: [],
    history: [],
  }
}

/** What a saved state must look like, under the options that it was saved under. */
export function savedTemplate(layout: Layout): Packable {
  const { approved: _, ...fresh } = freshState(layout)
  return { ...fresh, pending: [CHANGE], history: [CHANGE] } as unknown as Packable
}

/** Milliseconds beyond which no time that the library takes lies, nor any between two of them. */
const LONGEST = 2e13

const isBetween = (value: number, low: number, high: number): boolean => value >= low && value <= high

/** Passes a saved state whose parts can have come about, else throws `CORRUPT_SNAPSHOT`. */
export function checkState(state: SavedState, layout: Layout): SavedState {
  const { seen, clusters, nextId, time, index, clusterEnd, duration, cluster, pending, history } = state
  const { names } = layout
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
  const onGrid = ({ name, to }: ParameterChange): boolean => layout.grids[names.indexOf(name)]!.values.includes(to)
  const sane =
    [seen, clusters, nextId].every(isCount) &&
    nextId >= 1 &&
    clusters <= seen &&
    history.length <= REMEMBERED &&
    new Set(pending.map(({ name }) => name)).size === pending.length &&
    [...pending, ...history].every(({ id }) => id < nextId) &&
    pending.every((change) => isChange(change, names) && change.kind === 'proposed' && onGrid(change)) &&
    // a source may be gone, and what happened to it stays
    history.every((change) => isChange(change, [change.name])) &&
    index.every((at, p) => at >= 0 && at < layout.grids[p]!.values.length) &&
    (seen > 0 ? Math.abs(clusterEnd) <= 3 * LONGEST : clusterEnd === Number.NEGATIVE_INFINITY) &&
    isBetween(duration.n, 0, seen) &&
    isBetween(duration.mean, 0, LONGEST) &&
    isBetween(duration.variance, 0, LONGEST * LONGEST) &&
    Math.abs(time) <= LONGEST &&
    cluster.rows.every((rows, k) => isCount(rows) && rows <= seen && Math.abs(cluster.sums[k]!) <= rows * (1 + 1e-9)) &&
    isEvidence(state.evidence) &&
    isSourceRecord(state.record)
  if (sane) return state
  throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "adaptive-parameters" snapshot must agree with itself.')
}
