import type { JsonValue } from '../../contracts.ts'
import { fraction, positive, text, time } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { type State, unpackState } from '../../core/state.ts'
import type { BracketProbe } from '../../decision/index.ts'

/** A signal whose outcome, or what other distances would have returned, is not known yet. */
export type FollowedSignal = {
  readonly id: string
  readonly time: number
  /** What was compared with the threshold; 0 where the model was not asked, so that no threshold takes it. */
  readonly probability: number
  /** Whether the model's plan was to trade, before any size multiplier. */
  readonly wanted: boolean
  /** Average true range, as a fraction of the price. */
  readonly atr: number
  /** One a source. */
  readonly votes: Float64Array
  /** Whether the stop and the target were the policy's own, a known number of ATR away. */
  readonly ownStop: boolean
  readonly ownTarget: boolean
  /** NaN until it is known. */
  netReturn: number
  /** When the newest of what is known became known. */
  knownAt: number
  /** What each distance would have returned; empty until that is known. */
  stopReturns: Float64Array
  targetReturns: Float64Array
}

/** What a saved one looks like. */
const FOLLOWED: FollowedSignal = follow({
  ...{ id: '', time: 0, probability: 0, wanted: false, atr: 0, votes: new Float64Array(0) },
  ...{ ownStop: false, ownTarget: false },
})

/** A signal that has just been decided. */
export function follow(
  signal: Omit<FollowedSignal, 'netReturn' | 'knownAt' | 'stopReturns' | 'targetReturns'>,
): FollowedSignal {
  const { id, time, probability, wanted, atr, votes, ownStop, ownTarget } = signal
  // in the order in which they are read back, so that a snapshot read back is the same text
  const known = { id, time, probability, wanted, atr, votes, ownStop, ownTarget }
  const unknown = { netReturn: Number.NaN, stopReturns: new Float64Array(0), targetReturns: new Float64Array(0) }
  return { ...known, ...unknown, knownAt: time }
}

/** Reads back the signals that were followed together with a probe. @throws `CORRUPT_SNAPSHOT` */
export function readFollowed(
  json: JsonValue | undefined,
  sources: number,
  probe: BracketProbe,
): Map<string, FollowedSignal> {
  const rows = unpackState(json, [FOLLOWED] as unknown as State, 'state.followed') as unknown as FollowedSignal[]
  const followed = new Map<string, FollowedSignal>()
  const code = 'CORRUPT_SNAPSHOT'
  let probed = 0
  for (const row of rows) {
    text('id', row.id, code)
    time('time', row.time, code)
    fraction('probability', row.probability, code)
    positive('atr', row.atr, code)
    time('knownAt', row.knownAt, code)
    const waits = probe.isOpen(row.id)
    if (waits) probed++
    const numbers = [row.netReturn, ...row.votes, ...row.stopReturns, ...row.targetReturns]
    const sane =
      row.votes.length === sources &&
      row.knownAt >= row.time &&
      fits(row.stopReturns, probe.options.stopAtr) &&
      fits(row.targetReturns, probe.options.targetAtr) &&
      numbers.every((value) => Math.abs(value) !== Infinity) &&
      // what is complete has been learned
      (waits ? row.stopReturns.length + row.targetReturns.length === 0 : Number.isNaN(row.netReturn))
    if (!sane) corrupt()
    followed.set(row.id, row)
  }
  if (followed.size < rows.length || followed.size > probe.options.maxOpen || probed !== probe.openCount) corrupt()
  return followed
}

const fits = (returns: Float64Array, distances: readonly number[]): boolean =>
  returns.length === 0 || returns.length === distances.length

function corrupt(): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', 'An "adaptive-policy" snapshot must agree with itself.')
}
